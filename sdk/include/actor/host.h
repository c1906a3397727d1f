/* actor/host.h - what the host does for a behaviour, as one table reached through the context (foundation F1).
 *
 * Threads: only inside the callback that got ctx, on its thread. None of these blocks. Effects (sends, spawns, timers, stops,
 * watches) wait in the turn's outbox and happen when the turn ends well; a failed turn undoes them. Views handed in are
 * copied before the call returns; views handed out live until the callback returns.
 * Returns: 0 or ACTOR_E_*; nothing has happened then.
 * The table grows at its end only: test with ACTOR_HAS(ctx, fn) before calling what is newer than the ABI you require.
 */
#ifndef ACTOR_HOST_H
#define ACTOR_HOST_H

#include <actor/schema.h>
#include <actor/system.h>

#ifdef __cplusplus
extern "C" {
#endif

enum actor_stop_mode {
    ACTOR_STOP_NOW = 1,  /* after the turn it is in; its mail becomes dead letters, asks fail at once */
    ACTOR_STOP_DRAIN = 2 /* after all mail that is queued now */
};
enum actor_directive { /* what supervision answers to a failure */
    ACTOR_DIRECTIVE_DEFAULT = 0,
    ACTOR_DIRECTIVE_RESUME,
    ACTOR_DIRECTIVE_RESTART,
    ACTOR_DIRECTIVE_STOP,
    ACTOR_DIRECTIVE_ESCALATE
};
typedef struct actor_spawn_opts { /* zero means: the default */
    uint32_t size;                /* sizeof(actor_spawn_opts); filled by the macro */
    uint32_t on_failure;          /* enum actor_directive: overrides the behaviour's policy */
    uint32_t on_start_failure;
    uint32_t max_restarts, within_ms;
    uint32_t flags;
} actor_spawn_opts;
typedef struct actor_old actor_old; /* state of the version before, read by field name in ACTOR_ON_MIGRATE */
typedef struct actor_job_ctx actor_job_ctx;

typedef struct actor_host {
    uint32_t size;
    uint16_t abi_major, abi_minor;
    uint64_t features;

    /* Messages. m is a struct of type t; everything it points to is copied. */
    int (*tell)(actor_ctx *, actor_ref to, const actor_type *t, const void *m);
    /* A zeroed message to fill in place; dies at turn end unless sent. Flat types, or views into memory that outlives the
     * send. NULL: no memory. */
    void *(*msg_new)(actor_ctx *, const actor_type *t);
    /* Send what msg_new gave. Ownership moves, even on error. */
    int (*send)(actor_ctx *, actor_ref to, void *m);
    /* To the sender of the message in hand: answers its ask, or tells it. ACTOR_E_DEAD when there is none. */
    int (*reply)(actor_ctx *, const actor_type *t, const void *m);
    /* The answer (of type answer) or actor_ask_failed arrives as mail; actor_tag() then gives tag. Exactly one of the two. */
    int (*ask)(actor_ctx *, actor_ref to, const actor_type *answer, uint64_t timeout_ms, uint64_t tag,
               const actor_type *t, const void *m);
    /* Pass on the message in hand with its sender and its ask. */
    int (*forward)(actor_ctx *, actor_ref to);
    /* Publish the outbox now; what is published stays even if the turn fails later. */
    int (*flush)(actor_ctx *);

    /* Who. */
    actor_ref (*self)(actor_ctx *);
    actor_ref (*sender)(actor_ctx *);
    actor_ref (*parent)(actor_ctx *);
    uint64_t (*tag)(actor_ctx *); /* of the ask, timer or job that this mail answers; else 0 */
    actor_ref (*lookup)(actor_ctx *, actor_str path_or_alias); /* ACTOR_NOBODY if there is none */

    /* Life. The reference is final at once and takes mail at once. name {NULL, 0}: none. opts may be NULL. */
    int (*spawn)(actor_ctx *, actor_ref *ret, actor_str behaviour, actor_str name, const actor_spawn_opts *opts,
                 const actor_type *args, const void *m);
    int (*stop)(actor_ctx *, actor_ref who, enum actor_stop_mode mode);
    /* actor_terminated arrives once, at once when who is not alive. Watching twice is watching once. */
    int (*watch)(actor_ctx *, actor_ref who);
    int (*unwatch)(actor_ctx *, actor_ref who);
    int (*unstash_all)(actor_ctx *); /* stashed mail goes before the queued mail, in its order; count or ACTOR_E_* */

    /* Time. Timers die with their actor; a tick that was cancelled never arrives. Resolution 1 ms. */
    uint64_t (*now_ns)(actor_ctx *);  /* monotonic; the same within a turn */
    uint64_t (*real_ns)(actor_ctx *); /* since 1970 */
    uint64_t (*random)(actor_ctx *);
    /* every_ms 0: once. Returns an id > 0, or ACTOR_E_* as a negative number. */
    int64_t (*timer)(actor_ctx *, uint64_t after_ms, uint64_t every_ms, uint64_t tag, const actor_type *t,
                     const void *m);
    int (*timer_cancel)(actor_ctx *, int64_t id); /* ACTOR_E_NOTFOUND: it is over or was never */

    /* Memory. */
    void *(*alloc)(actor_ctx *, size_t bytes); /* zeroed scratch, gone at turn end; NULL: no memory */
    int (*set_str)(actor_ctx *, actor_string *dst, actor_str v);
    int (*set_bin)(actor_ctx *, actor_bytes *dst, actor_bin v);
    /* Lists and maps of the actor's own state. at = n appends. v: an element as in messages (views are copied). */
    int (*list_insert)(actor_ctx *, actor_list *l, uint32_t at, const void *v);
    int (*list_set)(actor_ctx *, actor_list *l, uint32_t at, const void *v);
    int (*list_remove)(actor_ctx *, actor_list *l, uint32_t at);
    int (*list_clear)(actor_ctx *, actor_list *l);
    int (*map_put)(actor_ctx *, actor_map *m, const void *key, const void *v);
    const void *(*map_get)(actor_ctx *, const actor_map *m, const void *key); /* the value in state, or NULL */
    int (*map_remove)(actor_ctx *, actor_map *m, const void *key);
    int (*map_clear)(actor_ctx *, actor_map *m);

    /* Work that blocks: runs job row `job` of this behaviour on a thread of its own pool, then mails its output (or
     * actor_ask_failed) with tag. The plugin's version stays loaded until then. */
    int (*job)(actor_ctx *, actor_str job, uint64_t tag, const actor_type *t, const void *m);
    void *(*job_alloc)(actor_job_ctx *, size_t bytes); /* memory for what the output points to; NULL: none */

    /* Words. */
    actor_result (*fail)(actor_ctx *, int32_t code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
    void (*log)(actor_ctx *, enum actor_log_level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
    const void *(*config)(actor_ctx *);      /* the plugin's ACTOR_CONFIG struct; NULL without one */
    const char *(*version)(actor_ctx *);     /* of the plugin build that is running */
    /* In ACTOR_ON_MIGRATE: read a field of the old state. ret: as in messages. kind: enum actor_kind. */
    int (*old_get)(actor_ctx *, const actor_old *, const char *field, uint32_t kind, void *ret);
    uint32_t (*old_version)(actor_ctx *, const actor_old *);
    /* "actor.NAME/1": tables of later features; NULL when absent. */
    const void *(*extension)(actor_ctx *, const char *id);

    /* Since 1.1. As tell, for a type whose struct has 8 bytes: they are the word. Faster: nothing goes through memory twice. */
    int (*tell_word)(actor_ctx *, actor_ref to, const actor_type *t, uint64_t word);
} actor_host;

/* What a job gets in place of a context. */
struct actor_job_ctx {
    const actor_host *host;
};

#ifdef __cplusplus
}
#endif
#endif
