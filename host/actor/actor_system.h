/* actor_system.h - all actors of one node: cells, names, message types, behaviours, dead letters, over one scheduler.
 *
 *   /            the root guardian
 *   /system      the host's own actors; their failure stops the node
 *   /user        everything else; exhausted supervision stops the actor and logs
 *
 * Many systems live in one process; nothing here is global.
 */
#ifndef ACTOR_ACTOR_SYSTEM_H
#define ACTOR_ACTOR_SYSTEM_H
#include "actor/actx.h"
#include "actor/behaviour.h"
#include "actor/cell.h"
#include "actor/dead.h"
#include "actor/hooks.h"
#include "base/gauge.h"
#include "base/growth.h"
#include "base/hmap.h"
#include "base/log.h"
#include "sched/scheduler.h"

struct system_config {
    struct sched_config sched;
    uint32_t node;          /* number in references; not 0 */
    uint32_t max_cells;     /* address space reserved: 192 B each; 16 M by default */
    uint64_t dead_bytes;    /* kept dead letters */
    uint64_t hard_limit_ns; /* a turn that takes longer fails; 0: off */
};

/* What is sent without a plugin: ids in the catalogue. */
struct system_types {
    const struct msg_type *terminated, *ask_failed, *child_failed, *none;
};

struct behaviour_index; /* registry.c */
struct system {
    struct env *env;
    struct log *log;
    struct system_config cfg;
    struct sched sched;
    struct cell *cells;
    struct growth cells_growth;
    _Alignas(64) _Atomic(uint32_t) slots_used; /* slots ever handed out */
    _Atomic(uint64_t) gens_used;
    struct mutex slots_lock; /* guards what follows; see slots.h */
    uint32_t *free_slots, nfree, free_cap;
    uint32_t *free_groups, ngroups, groups_cap;
    bool slots_trimming;
    uint32_t slots_stuck;   /* so many were free after the last trim, which did not help; 0: it did */
    _Atomic(bool) trimming; /* a job of trim.c is under way */
    struct gauge alive;     /* user actors; a part for each worker */
    struct tnodes *tn[SCHED_WORKERS_MAX + 1];
    struct mutex types_lock; /* writers of types */
    struct types types;
    struct system_types st;
    struct mutex names_lock; /* guards names */
    struct hmap
        names; /* parent slot (4 B) + name -> slot; parent slot 0 + alias -> a copy of the reference */
    _Atomic(struct behaviour_index *) index; /* name -> behaviour; replaced as a whole */
    struct dead_ring *dead;
    struct actor_hooks hooks;
    struct behaviour guardian;
    actor_ref root, system, user;
    /* Run fn(arg) on a thread that may block, then done(arg, 0); or done(arg, -ERR_CANCELED): fn never ran; or
     * done(arg, -ERR_TIMEOUT): it still runs. 0, or -ERR_* and neither will be called. NULL: there is none. */
    int (*blocking)(void *self, void (*fn)(void *arg), void (*done)(void *arg, int code), void *arg);
    void *blocking_self;
    _Atomic(bool) stopping;                     /* no new user actors */
    void (*fatal)(void *self, const char *why); /* a /system actor failed for good; any worker */
    void *fatal_self;
};

/* Memory of *sys is the caller's, zeroed. Guardians exist afterwards; workers do not run yet. 0, -ERR_NOMEM, -ERR_INVALID. */
int system_init(struct system *sys, struct env *env, struct log *log, const struct system_config *cfg);
/* After sched_stop. Frees every actor without running its stop hook. */
void system_fini(struct system *sys);

/* --- cells --- */
/* The cell if the reference is alive. The caller is a worker inside a slice, or holds the port. */
INLINE bool
cell_is(const struct actx *x, const struct cell *c, actor_ref r)
{
    if (SABOTAGE(stale_ref))
        return r.gen != 0 && cell_gen(c) != 0;
    return likely(cell_gen(c) == r.gen && r.gen != 0 && r.node == x->node);
}
INLINE struct cell *
cell_resolve(const struct actx *x, actor_ref r)
{
    /* within the reserved range: a forged slot reads a cell that does not match */
    return likely(r.slot < x->cells_max && cell_is(x, &x->cells[r.slot], r)) ? &x->cells[r.slot] : NULL;
}
INLINE struct cell *
cell_at(const struct system *sys, uint32_t slot)
{
    return &sys->cells[slot];
}
/* A cell for behaviour b: zeroed state with defaults, tail EMPTY, not in the tree. NULL: no memory, or full. */
struct cell *cell_new(struct actx *x, struct behaviour *b);
/* State and arena go; unless it restarts, arguments too. */
void cell_drop_state(struct actx *x, struct cell *c);
/* The extension goes: when nobody can look at the cell any more. */
void cell_drop_ext(struct actx *x, struct cell *c);
void cell_drop_memory(struct actx *x, void *state, bool big, unsigned cls, struct arena *arena);
/* Fresh state of this behaviour; _memory: zeroed only. 0 or -ERR_NOMEM. */
int cell_init_state(struct actx *x, struct cell *c, struct behaviour *b);
int cell_init_memory(struct actx *x, struct cell *c, struct behaviour *b);
/* The arena behind the state, made when first needed. NULL: no memory. */
struct arena *cell_arena(struct actx *x, struct cell *c);
void cells_source(struct actx *x);
/* Count, keep and perhaps log a dead letter. m stays the caller's. reason: enum dead_reason. */
void dead_letter(struct actx *x, actor_ref target, const struct msg *m, unsigned reason, int32_t code);
/* Make a task of it unless it is scheduled. */
void cell_schedule(struct actx *x, struct cell *c);
/* Push a control order (memory: cell_order_new, or the dying child's chunk). Any thread that holds an actx. */
void cell_order(struct actx *x, struct cell *c, struct order *o);
/* Raise an attention bit (ATTN_STOP) and see to it that the actor looks. Any thread that holds an actx. */
void cell_poke(struct actx *x, struct cell *c, uint32_t bit);
/* The epoch passed: the slot may be used again. */
void cell_free_slot(struct actx *x, struct cell *c);
/* NULL: no memory. */
struct order *cell_order_new(struct actx *x, enum order_kind kind);

/* --- extension of a cell: what few actors need --- */
struct watch_list {
    actor_ref *v;
    uint32_t n, cap;
};
struct cell_failure { /* the last one, and how many there were */
    uint64_t n;
    int32_t code;
    char text[100];
};
struct cell_ext {
    struct watch_list watchers, watching;
    struct msg *stash, **stash_end; /* waits for unstash */
    struct msg *replay;             /* goes before the mailbox */
    uint64_t hard_limit_ns;         /* in place of the node's; UINT64_MAX: none; 0: the node's counts */
    uint32_t nstash;
    uint32_t timers; /* newest node, a handle; 0 = none */
    uint32_t name_len;
    char *name; /* own copy; NULL: anonymous */
    actor_spawn_opts opts;
    void *supervision;            /* of the supervision floor */
    struct cell_failure *failure; /* NULL: never failed, or no memory to note it */
};
enum { STASH_MAX = 10000 };
struct cell_ext *cell_ext_get(struct actx *x, struct cell *c); /* NULL: no memory */

/* --- names (names.c) --- */
/* 0, -ERR_EXISTS, -ERR_INVALID (1..255 of A-Za-z0-9-_. , first alphanumeric), -ERR_NOMEM. */
int names_claim(struct actx *x, struct cell *c, const char *name, uint32_t len);
void names_release(struct actx *x, struct cell *c);
/* As claim; -ERR_DEAD. An alias of somebody who has ended is free again. */
int names_alias(struct system *sys, const char *alias, uint32_t len, actor_ref who);
void names_fini(struct system *sys);
/* "/user/a/b", an alias, or "slot.generation". All zero: none. */
actor_ref names_lookup(struct system *sys, const char *path, size_t len);
/* Writes "/user/a" or "/user/a/17.4711"; returns the length that it has, as snprintf. In c's own slice, or while it cannot end:
 * those above it then live too, and their names were set before c was born. */
size_t names_path(struct system *sys, const struct cell *c, char *buf, size_t buf_bytes);
/* Every name that is taken, under the lock (so each() must not come back here): the slot it stands for, the slot of the parent
 * (0: an alias), the name without NUL. Until each() returns false. Any thread. */
void names_each(struct system *sys,
                bool (*each)(void *arg, uint32_t slot, uint32_t parent, const char *name, size_t len),
                void *arg);

/* --- behaviours by name (registry.c) --- */
/* Replace the index by these; the old one goes when all have passed a slice end. Control thread. 0 or -ERR_NOMEM. */
int registry_publish(struct system *sys, struct behaviour *const *all, const char *const *names, size_t n);
/* Worker in a slice, or the port's holder. NULL: unknown. */
struct behaviour *registry_find(struct system *sys, const char *name, size_t len);
/* The same for a spawner that runs `own`: a short name means its own plugin first. Looks first among what this worker found last. */
struct behaviour *registry_find_from(struct actx *x, const struct behaviour *own, actor_str name);
void registry_free(struct system *sys,
                   struct behaviour_index *ix); /* nobody looks any more; NULL is allowed */

/* --- from outside the workers --- */
/* Everything between enter and leave is one turn, in the name of `from`; only to send (spawn with system_call). Blocks shortly. */
struct actx *system_enter(struct system *sys, actor_ref from);
/* Publishes what was sent and lets the port go. */
void system_leave(struct actx *x);
/* Run fn(x, cell, arg) inside the slice of `who`, before its mail; what it sends and spawns (as children of who) is published
 * when it returns. If the actor ends first, fn runs with cell NULL. 0; -ERR_DEAD, -ERR_NOMEM: it will not run. Does not wait. */
int system_call(struct system *sys, actor_ref who, void (*fn)(struct actx *, struct cell *, void *arg),
                void *arg);

#endif
