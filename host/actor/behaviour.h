/* behaviour.h - one version of one behaviour, as the host runs it: dispatch table, hooks, state schema.
 *
 * The plugin floor makes one from each loaded version; host code makes its own for system actors. The dispatch table maps every
 * known layout of a row's message name to {handler, conversion}; it is replaced as a whole when a new layout appears.
 */
#ifndef ACTOR_BEHAVIOUR_H
#define ACTOR_BEHAVIOUR_H
#include "base/err.h"
#include "base/gauge.h"
#include "base/thread.h"
#include "msg/plan.h"
#include "msg/schema.h"
#include "msg/types.h"
#include "sched/epoch.h"
#include <actor/plugin.h>
#include <stdatomic.h>

enum { UNDO_UNIT = 32 };

struct dispatch_row {
    uint64_t key; /* MSG_KEY of the header: type id, no flags; 0 = empty */
    union {
        actor_handler fn;
        actor_nofail_handler nofail_fn;
    };
    const struct plan *plan; /* NULL: same layout, the pointer is handed over */
    uint32_t expects;        /* type id */
    uint16_t undo;           /* the behaviour's, or 0: the handler cannot fail */
    bool nofail;             /* that one: nofail_fn */
};
struct dispatch {
    struct retired retired;
    struct env *env;
    size_t bytes;
    uint32_t mask, nrows;
    struct dispatch_row rows[]; /* mask + 1; a key sits at key & mask */
};

struct behaviour_msg { /* what a row was declared with; the dispatch table is built from these */
    const struct msg_type *type;
    actor_handler fn; /* nofail: an actor_nofail_handler */
    bool nofail;
};
struct behaviour_job {
    const char *name;
    const struct msg_type *in, *out;
    actor_job_fn fn;
};

/* A switch from one version to the next; made by the plugin floor, followed by each actor at its next boundary. */
struct behaviour;
struct swap {
    uint32_t id;
    struct behaviour *to;
    const struct plan
        *plan;    /* of the state; NULL: equal layout, but strings move to the new arena all the same */
    bool migrate; /* call to->migrate after the plan */
    _Atomic(uint64_t) done;          /* actors; raised by workers */
    _Atomic(uint64_t) refused;       /* once the first one's reason is there */
    _Atomic(uint32_t) first_refused; /* slot of the first that could not follow, 0 = none */
    struct mutex lock;               /* guards err */
    struct err err;                  /* of the first */
};

struct behaviour {
    _Atomic(const struct dispatch *) dispatch; /* read each slice */
    _Atomic(struct swap *) swap;               /* read each slice; not NULL: actors move on */
    uint32_t state_bytes;
    uint16_t undo;       /* so many UNDO_UNITs of state are copied before a turn; 0 = none */
    bool undoable;       /* a failed turn can be undone: resume is possible */
    bool zero_state;     /* fresh state is all zero: no default, nothing to own */
    struct gauge actors; /* cells that run it now; made with the first dispatch table */
    const struct schema *state;
    actor_handler start;         /* may be NULL */
    const struct msg_type *args; /* what start expects; NULL: any arguments are refused */
    actor_stop_hook stop;        /* may be NULL */
    actor_migrate_hook migrate;  /* may be NULL */
    actor_save_hook save;        /* of opaque state; NULL without */
    actor_load_hook load;
    /* Host behaviours that talk for the control plane: handles answers, failed asks, Terminated and what else has no row; the
     * type is in ctx's message in hand. Looked at on the slow path only, after the dispatch table. NULL: unhandled. */
    actor_handler any;
    const struct behaviour_msg *msgs;
    const struct behaviour_job *jobs;
    uint32_t nmsgs, njobs;
    const void *config; /* the plugin's settings struct; may be NULL */
    const char *name;   /* full: "counter.counter" */
    const char *plugin, *version;
    uint32_t version_id;     /* unique in the node */
    const char *policy_text; /* how it supervises its children; the plugin\'s, may be NULL */
    const void *policy;      /* of the supervision floor; may be NULL: the node's */
    _Atomic(uint64_t) pins;  /* jobs in flight */
};

struct system;
/* Build (or build anew, when the catalogue has grown) the dispatch table and publish it. The control thread.
 * 0; -ERR_NOMEM; -ERR_SCHEMA: a known layout of a row's message cannot be converted: e names it and the field. */
int behaviour_dispatch(struct system *sys, struct behaviour *b, struct err *e);
/* The same with a table that was made elsewhere, d->bytes of d->env, which b then owns. No slice runs. 0, or -ERR_NOMEM and d stays the
 * caller's. */
int behaviour_dispatch_by(struct system *sys, struct behaviour *b, struct dispatch *d);
/* No actor runs it any more and every worker passed a slice end: frees the dispatch table. The struct stays the caller's. */
void behaviour_fini(struct system *sys, struct behaviour *b);

INLINE const struct dispatch_row *
dispatch_find(const struct dispatch *d, uint64_t key)
{
    const struct dispatch_row *r = &d->rows[key & d->mask];

    return r->key == key ? r : NULL;
}

#endif
