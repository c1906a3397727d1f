/* tnode.h - asks and timers: one node each, in a table of the worker that armed it.
 *
 *   the actor's side (its slices, on any worker)     generation, tag, template, its list of timers
 *   the home worker's side                           wheel links, period, free list
 *
 * gen is odd while the node lives. Ending it (answer, cancel, death) makes gen even: from then on mail that names the old
 * generation is stale and never reaches the handler. An ended node goes back to its home: at once when we are there, else by
 * the `returned` stack. A firing node sends a small message {handle, gen}; its payload is the template, looked up in the
 * actor's own slice, so firing touches nothing that the actor owns.
 */
#ifndef ACTOR_TNODE_H
#define ACTOR_TNODE_H
#include "actor/actx.h"
#include "sched/wheel.h"

enum tnode_kind { TNODE_ASK = 1, TNODE_TIMER, TNODE_RETRY /* a back-off; tag: the directive that waits */ };
enum { TNODE_CHUNK = 256, TNODE_CHUNKS = 65536 / 4, TNODE_HOME_SHIFT = 24 };

struct tnode {
    struct wheel_node wheel; /* home */
    _Atomic(uint32_t) gen;   /* the actor ends it; home reads it when firing */
    _Atomic(uint32_t)
        inflight; /* a tick is in the mailbox: home sets, the actor clears. Ticks missed meanwhile coalesce */
    uint32_t handle; /* home id << 24 | index; never changes */
    uint32_t kind;
    actor_ref who; /* set before arming */
    uint64_t tag;
    uint64_t period_ms;     /* 0: once */
    struct msg *template;   /* TIMER: what the handler gets; the actor's */
    _Atomic(uint32_t) type; /* the mail that it waits for: an answer, a tick; read by tnodes_waiting */
    actor_ref target;       /* ASK: for actor_ask_failed */
    uint32_t incarnation;   /* ASK: of the asker; an answer for an earlier one is stale */
    uint32_t next, prev;    /* TIMER: the actor's list, handles; free list uses next */
    struct tnode *returned;
};

struct tnodes {
    uint32_t home;
    uint32_t free, used; /* free list (index); indexes ever made */
    struct env *env;
    struct wheel *wheel;              /* the home worker's */
    _Atomic(struct tnode *) returned; /* ended elsewhere */
    _Atomic(struct tnode *)
        chunk[TNODE_CHUNKS]; /* release/acquire: a handle that travels in a message finds its chunk */
};

int tnodes_new(struct tnodes **ret, struct env *env, uint32_t home, struct wheel *wheel);
void tnodes_free(struct tnodes *t);

/* Any worker: the node of a handle, alive or not. NULL: no such handle. */
struct tnode *tnode_at(struct system *sys, uint32_t handle);
/* Arm on this worker. NULL: no memory, or this worker cannot (the port, a worker that was taken over). */
struct tnode *tnode_arm(struct actx *x, enum tnode_kind kind, actor_ref who, uint64_t after_ms,
                        uint64_t period_ms, uint64_t tag);
/* The actor's side: end it. Its template is freed. */
void tnode_end(struct actx *x, struct tnode *n);
INLINE bool
tnode_is(const struct tnode *n, uint32_t gen)
{
    return n != NULL && (gen & 1) && atomic_load_explicit(&n->gen, memory_order_relaxed) == gen;
}
/* Any thread: how many asks and timers of actors that run b wait for mail of this type (by full name)? A count of no single
 * moment: what is armed or ended meanwhile may or may not be in it. */
uint64_t tnodes_waiting(struct system *sys, const struct behaviour *b, const char *type);
/* Home: take back what others ended. */
void tnodes_collect(struct actx *x);
/* Home: due. */
void tnode_fire(struct worker *w, struct wheel_node *wn);

#endif
