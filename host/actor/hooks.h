/* hooks.h - what the actor floor asks of the floors above; bound once, before actors run. */
#ifndef ACTOR_HOOKS_H
#define ACTOR_HOOKS_H
#include <actor/host.h>
#include <stdbool.h>
#include <stdint.h>

struct actx;
struct cell;

enum failure_kind {
    FAILURE_RETURNED, /* a handler returned actor_fail() */
    FAILURE_START,    /* start did */
    FAILURE_LIMIT,    /* the turn outran a limit of the host */
    FAILURE_CHILD     /* a child's supervision escalated to this actor */
};
struct failure {
    enum failure_kind kind;
    int32_t code;                  /* > 0: the plugin's; else -ERR_* */
    bool resumable;                /* everything was undone */
    bool has_message, redelivered; /* a message is in hand; it failed before and was kept */
    uint32_t type;                 /* message type id, 0 = none */
    const char *text;              /* valid during the call */
};
struct verdict {
    enum actor_directive directive;
    uint64_t delay_ns; /* before a restart, or before the message in hand is handled again */
    bool retry;        /* keep the message in hand: it is the next to be handled */
    bool quarantine;   /* it failed so often that it is given up, for a reason of its own */
    bool group;        /* the parent was told about siblings; nothing more to do here */
};

struct actor_hooks {
    void *self;
    /* c failed in its own slice: what shall happen? Worker thread, must not block. */
    void (*failed)(void *self, struct actx *x, struct cell *c, const struct failure *f, struct verdict *ret);
    /* c restarted or ended: its history (cell_ext.supervision) may be reset or freed. final: it ended. */
    void (*ended)(void *self, struct actx *x, struct cell *c, bool final);
    /* c is about to restart: do its children stay? NULL: they stop. */
    bool (*keeps_children)(void *self, const struct cell *c);
    /* c is new, has a name or a parent with a policy: how long may its turns take? 0: as the node says; UINT64_MAX: for ever.
     * Looked at once. NULL: as the node says. */
    uint64_t (*hard_limit_ns)(void *self, const struct cell *c);
};

#endif
