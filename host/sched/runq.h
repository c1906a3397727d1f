/* runq.h - a worker's run queue: a one-deep LIFO slot before a stack of new tasks before a FIFO ring.
 *
 *   owner: runq_push() --> [slot] --displaced--> [ring: oldest ..... newest] --> owner: runq_pop()
 *                            |                      +--> thief: runq_steal_ring(), half of it, when it asks for help
 *                            +-------------------------> thief: runq_steal_slot(), when the owner sat long in one turn
 *   owner: runq_push_nest() --> [nest: chain, chain, ... newest chain] --> owner: runq_pop(), from the newest chain
 *                                  +-------------------> thief: runq_steal_nest(), the oldest chain
 *
 * The slot keeps a conversation on one worker: the actor just made runnable runs next, while its message is
 * in cache. At most LIFO_STREAK visits in a row while the ring waits. The owner touches the slot with plain
 * loads and stores; a thief announces itself in `steals`, runs a process-wide memory barrier, and both settle
 * under `lock` if they met. Nothing that waits is private to the owner: it could sit behind a long turn.
 *
 * The nest holds tasks that have never run, a chain for those that came together. The newest chain goes first: a tree of tasks is
 * walked in depth, so that its height waits at a time and not its width, and a task runs while it is in cache. The ring waits
 * until the nest is empty, a millisecond at most, and then has a round; and what lies deepest in the nest goes to the ring one by one, a task
 * every ten milliseconds (worker_clock), so that newer tasks do not keep it for ever.
 *
 * `help` says what thieves may take. Written rarely, and all that a worker without work reads of another's queue.
 */
#ifndef SCHED_RUNQ_H
#define SCHED_RUNQ_H
#include "base/thread.h"
#include "base/util.h"
#include "sched/task.h"
#include <stdatomic.h>
#include <stdbool.h>

enum { RUNQ_RING = 1024, RUNQ_LIFO_STREAK = 16, RUNQ_NEST = 256, RUNQ_CHAIN = 32 /* tasks in a chain */ };
enum runq_help {
    RUNQ_NO_HELP,
    RUNQ_HELP_LIGHT, /* tasks wait here: others may take half, as far as light work is to spread (width.h) */
    RUNQ_HELP /* they wait behind long turns: anybody may, and take the slot too when there is nothing else */
};

struct runq {
    _Atomic(struct task *) slot; /* owner; a thief only through runq_steal_slot */
    uint32_t seen, streak;
    uint32_t nested; /* chains in the nest, those that thieves took included */
    bool shared;     /* there are thieves */
    bool nest_next;  /* when the slot's streak is over: the nest's turn, not the ring's */
    uint32_t round;  /* visits that the ring has before the nest goes on */
    /* Written by thieves and owner: lines of their own. */
    _Alignas(64) _Atomic(uint32_t) head;   /* owner and thieves move it by compare-and-swap */
    _Alignas(64) _Atomic(uint32_t) tail;   /* the owner moves it */
    _Alignas(64) _Atomic(uint32_t) steals; /* thieves raise it, under lock */
    _Atomic(uint32_t)
        help; /* enum runq_help; relaxed: a hint of the owner and the watchdog, cleared by a thief */
    struct mutex lock;
    struct task *stolen; /* under lock: taken from the slot, the owner not told yet */
    uint64_t round_ns,
        aged_ns; /* owner: when the ring's round began; when the oldest task of the nest went to the ring */
    _Alignas(64) _Atomic(struct task *)
        nest[RUNQ_NEST]; /* chains, linked by task.next; owner and thieves exchange NULL for one */
    _Alignas(64) _Atomic(struct task *) ring[RUNQ_RING];
};

void runq_init(struct runq *q, bool shared);
void runq_fini(struct runq *q);
/* Owner. false: the ring is full and t was not taken. */
INLINE bool
runq_push_ring(struct runq *q, struct task *t)
{
    uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);

    /* acquire; pairs with the release when a claimer moves head: its reads of the entry are done */
    if (unlikely(tail - atomic_load_explicit(&q->head, memory_order_acquire) >= RUNQ_RING))
        return false;
    atomic_store_explicit(&q->ring[tail % RUNQ_RING], t, memory_order_relaxed);
    /* release; pairs with the acquire of tail in runq_steal_ring */
    atomic_store_explicit(&q->tail, tail + 1, memory_order_release);
    return true;
}

/* Owner: a thief was at the slot since our last look. true: it has taken t. */
COLD bool runq_settle_(struct runq *q, struct task *t);

/* Owner. Puts t into the slot; returns what must go to the ring instead, or NULL. Cost: a load, a store, a
 * compare. */
INLINE struct task *
runq_push_slot(struct runq *q, struct task *t)
{
    struct task *old = atomic_load_explicit(&q->slot, memory_order_relaxed);

    /* release; pairs with the acquire in runq_steal_slot. The order against `steals` comes from the thief's
     * barrier. */
    atomic_store_explicit(&q->slot, t, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst); /* compiler only */
    if (unlikely(atomic_load_explicit(&q->steals, memory_order_relaxed) != q->seen) && runq_settle_(q, old))
        return NULL;
    return old;
}

/* Owner. t goes into the slot, as one whose streak is over: whoever waits elsewhere has one visit first. false: the slot is not
 * free, and t was not taken. */
bool runq_push_after_one(struct runq *q, struct task *t);

/* Owner. Tasks in the ring. */
INLINE uint32_t
runq_waiting(const struct runq *q)
{
    return atomic_load_explicit(&q->tail, memory_order_relaxed) -
           atomic_load_explicit(&q->head, memory_order_relaxed);
}

/* Owner. first..: up to RUNQ_CHAIN tasks that have never run, linked, the last one's next is NULL. They run in this order, before all that is in
 * the nest. false: it is full and they were not taken. */
INLINE bool
runq_push_nest(struct runq *q, struct task *first)
{
    if (unlikely(q->nested == RUNQ_NEST))
        return false;
    /* release; pairs with the acquire in runq_steal_nest */
    atomic_store_explicit(&q->nest[q->nested++], first, memory_order_release);
    return true;
}

/* Owner, now and then: the ring's round, and a task that is to go to the ring, or NULL. */
struct task *runq_age(struct runq *q, uint64_t now_ns);

/* Out of line: the slot is empty, or its streak is over; a thief was at the slot since our last look. */
struct task *runq_pop_other_(struct runq *q, struct task *t);
COLD struct task *runq_pop_met_(struct runq *q, struct task *t);

/* Owner. The next task. NULL: neither slot nor nest nor ring holds one; who leaves or sleeps relies on that. */
INLINE struct task *
runq_pop(struct runq *q)
{
    struct task *t = atomic_load_explicit(&q->slot, memory_order_relaxed);

    if (unlikely(t == NULL) || unlikely(++q->streak > RUNQ_LIFO_STREAK))
        return runq_pop_other_(q, t);
    atomic_store_explicit(&q->slot, NULL, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst); /* compiler only: the thief's barrier does the rest */
    if (unlikely(atomic_load_explicit(&q->steals, memory_order_relaxed) != q->seen))
        return runq_pop_met_(q, t);
    return t;
}

/* Any other worker. Up to max tasks, half of what waits, the oldest; 0: none, or another was faster. */
uint32_t runq_steal_ring(struct runq *q, struct task **ret, uint32_t max);
/* Any other worker. The oldest chain of the nest, or NULL. */
struct task *runq_steal_nest(struct runq *q);
/* Any other worker, when the owner has been in one turn for long: takes the task from the slot, or NULL. */
struct task *runq_steal_slot(struct runq *q);

#endif
