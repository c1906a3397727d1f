/* tnode.h - asks and timers: a node each, in a table of the worker that armed it.
 *
 *   the actor's side (its slices, on any worker)     generation, tag, its list of timers
 *   the home worker's side                           wheel entry {index, gen}, period, free list
 *
 *   node[index]   32 B   generation, type, whose, links                  the usual tick, a signal without a tag, needs no more
 *   extra[index]  32 B   tag; payload, message and period, or target     touched when it holds something
 *
 * gen is odd while the node lives. Ending it (answer, cancel, death) makes gen even: from then on mail that names the old
 * generation is stale and never reaches the handler, and so is the entry in the wheel. An ended node goes back to its home: at
 * once when we are there, else by the `returned` stack. A handle is the home's number and the index.
 *
 * What the handler gets:
 *   once, flat, 16 B at most     lies in the node; a message is made when it is due
 *   once, else                   a message that is ready: home and the actor exchange the pointer for NULL, and whoever gets it
 *                                owns it
 *   repeating                    such a message as a template. A tick is a small message {handle, gen}; the actor makes the copy
 *                                in its own slice
 *
 * Cost: the usual timer is half a line of memory and 13 B in the wheel; arming, canceling and firing touch its neighbors in the
 * actor's list besides. Guarded by bench timers and ask.
 */
#ifndef ACTOR_TNODE_H
#define ACTOR_TNODE_H
#include "actor/actor_system.h"
#include "sched/wheel.h"

enum tnode_kind {
    TNODE_ASK = 1,
    TNODE_TIMER, /* once */
    TNODE_REPEATING,
    TNODE_RETRY /* a back-off; tag: the directive that waits */
};
/* class, when there is no message. BARE: nor anything else, its extra part was not written. */
enum { TNODE_BARE = 0xfe, TNODE_INLINE = 0xff, TNODE_INLINE_UNITS = 2 /* of 8 B */ };
enum { TNODE_HOME_SHIFT = 24, TNODES_MAX = 1 << TNODE_HOME_SHIFT, TNODE_INDEX = TNODES_MAX - 1 };
enum { TNODE_PAGE = 128, TNODE_PAGES = TNODES_MAX / TNODE_PAGE };
enum { TNODE_AHEAD = 8 /* free nodes are prefetched */ };
#define TNODE_AFTER_MAX (UINT64_C(1) << 48) /* sums of times do not wrap; the wheel brings all beyond 17 years forward */

struct tnode {
    _Atomic(uint32_t) gen;  /* the actor ends it; home reads it when firing */
    _Atomic(uint32_t) type; /* the mail that it waits for: an answer, a tick; read by tnodes_waiting */
    uint32_t slot;          /* whose; set before arming, as who */
    union {
        struct {
            uint8_t kind;
            uint8_t armed; /* home: the wheel holds an entry of this life that was not told to be dead */
            /* repeating: a tick is in the mailbox: home sets, the actor clears. Ticks missed meanwhile coalesce. ASK: the news is
             * on its way */
            _Atomic(uint8_t) inflight;
            uint8_t class; /* pool class of the message, or TNODE_BARE, TNODE_INLINE: there is none */
        };
        uint32_t about; /* all four, to begin with */
    };
    uint64_t who; /* generation of the actor */
    union {
        uint32_t incarnation; /* ASK: of the asker; an answer for an earlier one is stale */
        uint32_t next;        /* others: the actor's list, a handle */
    };
    union {
        uint32_t prev;     /* the actor's list, a handle; ASK: that of its turn, which a rollback ends */
        uint32_t returned; /* index of the next one on its way home */
    };
};
_Static_assert(sizeof(struct tnode) == 32, "two nodes are one cache line");

struct tnode_extra {
    uint64_t tag;
    union {
        actor_ref target;                  /* ASK: for actor_ask_failed */
        uint64_t inline_[2];               /* TIMER, once: the payload */
        struct {                           /* TIMER with a message, REPEATING */
            _Atomic(struct msg *) message; /* what the handler gets */
            uint64_t period_ms;
        };
    };
    uint64_t unused;
};
_Static_assert(sizeof(struct tnode_extra) == sizeof(struct tnode), "pages of both go back together");

struct tnodes {
    uint32_t home;
    uint32_t
        nfree; /* a stack of indexes, apart from the nodes: those on top can be prefetched, all at once */
    uint32_t *free;
    uint32_t npages; /* a stack of pages of nodes that were given back */
    uint32_t *page;
    uint32_t *floor; /* by page, the generation that such a page goes on from */
    uint32_t stuck;  /* so many were free after a trim that did not help; 0: it did */
    struct env *env;
    struct wheel *wheel; /* the home worker's */
    struct tnode *node;  /* a reserved range of TNODES_MAX; extra, free, page and floor are ranges too */
    struct tnode_extra *extra;
    /* Indexes ever made, 0 included, which is nobody. Home writes, tnodes_waiting reads. */
    _Atomic(uint32_t) used;
    _Alignas(64) _Atomic(struct tnode *) returned; /* ended elsewhere */
};

int tnodes_new(struct tnodes **ret, struct env *env, uint32_t home, struct wheel *wheel);
void tnodes_free(struct tnodes *t);

/* Any worker: the node of a handle, alive or not. NULL: no such handle. */
INLINE struct tnode *
tnode_at(struct system *sys, uint32_t handle)
{
    struct tnodes *t = sys->tn[handle >> TNODE_HOME_SHIFT];

    return unlikely(t == NULL) ? NULL : &t->node[handle & TNODE_INDEX];
}
INLINE struct tnode_extra *
tnode_extra(struct system *sys, uint32_t handle)
{
    return &sys->tn[handle >> TNODE_HOME_SHIFT]->extra[handle & TNODE_INDEX];
}
/* Of a handle that this worker has made. */
INLINE struct tnode *
tnode_own(const struct actx *x, uint32_t handle)
{
    return &x->tn->node[handle & TNODE_INDEX];
}
/* Whose it is. */
INLINE actor_ref
tnode_who(const struct actx *x, const struct tnode *n)
{
    return (actor_ref){x->node, n->slot, n->who};
}
/* Arm a timer or a retry on this worker. after_ms counts from the turn's time. The caller sets what the kind needs beyond that: type,
 * class and message or inline_. period_ms: 0 but for REPEATING. Returns the handle. 0: no memory, or this worker cannot (the port, a
 * worker that was taken over); nothing has changed then. */
uint32_t tnode_arm(struct actx *x, enum tnode_kind kind, actor_ref who, uint64_t after_ms, uint64_t period_ms,
                   uint64_t tag);
/* The same for an ask of the actor in hand; type: of the answer, 0: any. timeout_ms counts from the worker's next look at the
 * clock. The turn's list of asks is the caller's. */
uint32_t tnode_ask(struct actx *x, actor_ref target, uint32_t type, uint64_t timeout_ms, uint64_t tag);
INLINE bool
tnode_is(const struct tnode *n, uint32_t gen)
{
    return n != NULL && (gen & 1) && atomic_load_explicit(&n->gen, memory_order_relaxed) == gen;
}
INLINE bool
tnode_lives(const struct tnode *n)
{
    return atomic_load_explicit(&n->gen, memory_order_relaxed) & 1;
}

/* The actor's list of its timers. The links are the actor's, but the worker that fires a node reads them too, to prefetch; so
 * stores are atomic. */
INLINE void
tnode_link(struct actx *x, struct cell_ext *ext, uint32_t handle, struct tnode *n)
{
    __atomic_store_n(&n->prev, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&n->next, ext->timers, __ATOMIC_RELAXED);
    if (ext->timers != 0)
        __atomic_store_n(&tnode_at(x->sys, ext->timers)->prev, handle, __ATOMIC_RELAXED);
    ext->timers = handle;
}
INLINE void
tnode_unlink(struct actx *x, struct cell_ext *ext, const struct tnode *n)
{
    if (n->prev != 0)
        __atomic_store_n(&tnode_at(x->sys, n->prev)->next, n->next, __ATOMIC_RELAXED);
    else
        ext->timers = n->next;
    if (n->next != 0)
        __atomic_store_n(&tnode_at(x->sys, n->next)->prev, n->prev, __ATOMIC_RELAXED);
}

/* --- the usual ways, without a call --- */
/* Out of line: no node is free. Finds or makes some; false: there are none. */
COLD bool tnodes_refill_(struct actx *x);
/* There is one. */
INLINE uint32_t
tnode_pop_(struct tnodes *t)
{
    const uint32_t n = t->nfree - 1, *free = t->free;

    t->nfree = n;
    __builtin_prefetch(&t->node[free[n < TNODE_AHEAD ? 0 : n - TNODE_AHEAD]], 1);
    return free[n];
}
/* A free node, which stays so until tnode_begin_. The index; 0: none can be had. */
INLINE uint32_t
tnode_take_(struct actx *x)
{
    if (unlikely(x->tn->nfree == 0) && !tnodes_refill_(x))
        return 0;
    return tnode_pop_(x->tn);
}
/* Of a node that begins. */
INLINE uint32_t
tnode_about_(enum tnode_kind kind, uint8_t class)
{
    const uint8_t about[] = {(uint8_t)kind, 1, 0, class}; /* kind, armed, inflight, class */
    uint32_t word;

    __builtin_memcpy(&word, about, sizeof word);
    return word;
}
/* Alive from here on. The caller has set what lies in extra, if class says that there is anything. */
INLINE void
tnode_begin_(struct tnode *n, uint32_t about, actor_ref who, uint32_t type, uint32_t gen)
{
    atomic_store_explicit(&n->type, type, memory_order_relaxed); /* pairs with the load in tnodes_waiting */
    __atomic_store_n(&n->slot, who.slot, __ATOMIC_RELAXED);
    __atomic_store_n(&n->about, about, __ATOMIC_RELAXED);
    n->who = who.gen;
    atomic_store_explicit(&n->gen, gen, memory_order_relaxed);
}
/* Home: an ended node is free. Its entry in the wheel is dead, or has fired. */
INLINE void
tnode_put_free_(struct tnodes *t, struct tnode *n, uint32_t index)
{
    if (n->armed) {
        n->armed = 0;
        wheel_dead(t->wheel);
    } else {
        wheel_done(t->wheel);
    }
    t->free[t->nfree++] = index;
}
INLINE void
tnode_end_here_(struct tnodes *t, struct tnode *n, uint32_t index)
{
    atomic_store_explicit(&n->gen, atomic_load_explicit(&n->gen, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    tnode_put_free_(t, n, index);
}

/* tnode_ask where all that it needs is at hand; else 0, and nothing has changed. It reads no clock: the deadline counts from the
 * worker's next reading, at most CLOCK_TURNS_MOST turns from here, and nothing fires before that anyway. */
INLINE uint32_t
tnode_ask_usual(struct actx *x, actor_ref target, uint32_t type, uint64_t timeout_ms, uint64_t tag)
{
    struct tnodes *t = x->tn;
    struct wheel *w;
    uint32_t i, gen;

    if (unlikely(x->w.foreign))
        return 0;
    w = t->wheel;
    if (unlikely(t->nfree == 0) || unlikely(w->nwaiting == WHEEL_WAITING) || unlikely(w->held >= w->room) ||
        unlikely(timeout_ms > TNODE_AFTER_MAX))
        return 0;
    i = tnode_pop_(t);
    gen = atomic_load_explicit(&t->node[i].gen, memory_order_relaxed) + 1;
    wheel_wait_(w, i, gen, timeout_ms);
    t->extra[i].target = target;
    t->extra[i].tag = tag;
    t->node[i].incarnation = x->me->incarnation;
    tnode_begin_(&t->node[i], tnode_about_(TNODE_ASK, TNODE_INLINE), x->me->ref, type, gen);
    return t->home << TNODE_HOME_SHIFT | i;
}

/* The actor's side: end it. Its message is freed. */
void tnode_end_(struct actx *x, uint32_t handle);
INLINE void
tnode_end(struct actx *x, uint32_t handle)
{
    struct tnodes *t = x->tn;
    struct tnode *n = &t->node[handle & TNODE_INDEX];

    if (likely(!x->w.foreign) && likely(handle >> TNODE_HOME_SHIFT == t->home) &&
        likely(n->class >= TNODE_BARE))
        tnode_end_here_(t, n, handle & TNODE_INDEX);
    else
        tnode_end_(x, handle);
}
/* Any thread: how many asks and timers of actors that run b wait for mail of this type (by full name)? A count of no single
 * moment: what is armed or ended meanwhile may or may not be in it. */
uint64_t tnodes_waiting(struct system *sys, const struct behaviour *b, const char *type);
/* Home: take back what others ended. */
void tnodes_collect(struct actx *x);
/* Home (tnode_trim.c): are there many more free nodes than others? Give them back. */
bool tnodes_surplus(const struct actx *x);
void tnodes_trim(struct actx *x);
void tnodes_page_(struct tnodes *t); /* the nodes of a page that was given back are free again */
/* Home: due. Bound as task_ops.fire. */
size_t tnodes_fire(struct worker *w, const struct wheel_entry *e, size_t n);

#endif
