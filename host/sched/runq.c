/* runq.c - the slow halves of runq.h. */
#include "sched/runq.h"
#include "sched/barrier.h"

enum { ROUND_NS = 1000 * 1000, AGE_NS = 10 * 1000 * 1000 };

void
runq_init(struct runq *q, bool shared)
{
    mutex_init(&q->lock);
    q->shared = shared;
}

void
runq_fini(struct runq *q)
{
    mutex_fini(&q->lock);
}

bool
runq_settle_(struct runq *q, struct task *t)
{
    bool lost;

    mutex_lock(&q->lock);
    q->seen = atomic_load_explicit(&q->steals, memory_order_relaxed);
    lost = t != NULL && q->stolen == t;
    q->stolen = NULL;
    mutex_unlock(&q->lock);
    return lost;
}

static struct task *
pop_ring(struct runq *q)
{
    uint32_t h = atomic_load_explicit(&q->head, memory_order_relaxed);

    while (h != atomic_load_explicit(&q->tail, memory_order_relaxed)) {
        struct task *t = atomic_load_explicit(&q->ring[h % RUNQ_RING], memory_order_relaxed);

        if (!q->shared) {
            atomic_store_explicit(&q->head, h + 1, memory_order_relaxed);
            return t;
        }
        /* Relaxed: whoever moves head past h has the task, and only we write the ring. What thieves have read of it is ordered
         * by their release in runq_steal_ring. */
        if (atomic_compare_exchange_weak_explicit(&q->head, &h, h + 1, memory_order_relaxed,
                                                  memory_order_relaxed))
            return t;
    }
    return NULL;
}

/* The oldest task of the newest chain. */
static struct task *
nest_take(struct runq *q)
{
    while (q->nested != 0) {
        _Atomic(struct task *) *chain = &q->nest[q->nested - 1];
        /* Relaxed: only we put chains here. A thief may take one at any time, then it is NULL. */
        struct task *t = q->shared ? atomic_exchange_explicit(chain, NULL, memory_order_relaxed)
                                   : atomic_load_explicit(chain, memory_order_relaxed);

        if (t != NULL && t->next != NULL) {
            /* release; pairs with the acquire in runq_steal_nest */
            atomic_store_explicit(chain, t->next, memory_order_release);
            return t;
        }
        atomic_store_explicit(chain, NULL, memory_order_relaxed);
        q->nested--;
        if (t != NULL)
            return t;
    }
    return NULL;
}

static struct task *
pop_nest(struct runq *q)
{
    struct task *t;

    if (unlikely(q->round != 0)) {
        t = pop_ring(q);
        q->round = t != NULL ? q->round - 1 : 0;
        if (t != NULL)
            return t;
    }
    t = nest_take(q);
    return t != NULL ? t : pop_ring(q);
}

struct task *
runq_age(struct runq *q, uint64_t now_ns)
{
    if (now_ns - q->round_ns < ROUND_NS)
        return NULL;
    q->round_ns = now_ns;
    q->round = runq_waiting(q);
    if (now_ns - q->aged_ns < AGE_NS)
        return NULL;
    q->aged_ns = now_ns;
    for (uint32_t i = 0; i < q->nested; i++) {
        struct task *t = atomic_exchange_explicit(&q->nest[i], NULL, memory_order_relaxed);

        if (t == NULL)
            continue;
        /* release; pairs with the acquire in runq_steal_nest */
        atomic_store_explicit(&q->nest[i], t->next, memory_order_release);
        return t;
    }
    return NULL;
}

/* Nest and ring in turn, so that a slot that is never empty keeps neither waiting. */
static struct task *
pop_in_turn(struct runq *q)
{
    struct task *t;

    if (likely(q->nested == 0))
        return pop_ring(q);
    q->nest_next = !q->nest_next;
    t = q->nest_next ? nest_take(q) : pop_ring(q);
    if (t == NULL)
        t = q->nest_next ? pop_ring(q) : nest_take(q);
    return t;
}

struct task *
runq_pop_met_(struct runq *q, struct task *t)
{
    if (!runq_settle_(q, t))
        return t;
    q->streak = 0;
    return unlikely(q->nested != 0) ? pop_nest(q) : pop_ring(q);
}

struct task *
runq_pop_other_(struct runq *q, struct task *t)
{
    struct task *waited;

    q->streak = 0;
    if (t == NULL)
        return unlikely(q->nested != 0) ? pop_nest(q) : pop_ring(q);
    waited = pop_in_turn(q);
    return waited != NULL ? waited : runq_pop(q); /* nobody waits: look again after as many visits */
}

bool
runq_push_after_one(struct runq *q, struct task *t)
{
    if (atomic_load_explicit(&q->slot, memory_order_relaxed) != NULL)
        return false;
    runq_push_slot(q, t); /* nothing to displace: a thief takes, it does not put */
    q->streak = RUNQ_LIFO_STREAK;
    return true;
}

struct task *
runq_steal_nest(struct runq *q)
{
    for (uint32_t i = 0; i < RUNQ_NEST; i++) {
        struct task *t;

        if (atomic_load_explicit(&q->nest[i], memory_order_relaxed) == NULL)
            continue;
        /* acquire; pairs with the release in runq_push_nest and nest_take */
        t = atomic_exchange_explicit(&q->nest[i], NULL, memory_order_acquire);
        if (t != NULL)
            return t;
    }
    return NULL;
}

uint32_t
runq_steal_ring(struct runq *q, struct task **ret, uint32_t max)
{
    uint32_t h = atomic_load_explicit(&q->head, memory_order_acquire);
    /* acquire; pairs with the release in runq_push_ring: entries below tail are written, and so are their
     * tasks */
    uint32_t n = atomic_load_explicit(&q->tail, memory_order_acquire) - h;

    if (n == 0 || n > RUNQ_RING)
        return 0;
    n = (n + 1) / 2;
    if (n > max)
        n = max;
    if (n == 0)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        ret[i] = atomic_load_explicit(&q->ring[(h + i) % RUNQ_RING], memory_order_relaxed);
    if (!atomic_compare_exchange_strong_explicit(&q->head, &h, h + n, memory_order_acq_rel,
                                                 memory_order_relaxed))
        return 0;
    return n;
}

struct task *
runq_steal_slot(struct runq *q)
{
    struct task *t = NULL;

    mutex_lock(&q->lock);
    if (q->stolen == NULL) {
        atomic_fetch_add_explicit(&q->steals, 1, memory_order_relaxed);
        /* from here on the owner sees `steals`, or we see its last store to the slot */
        if (barrier_all_threads())
            t = atomic_load_explicit(&q->slot, memory_order_acquire);
        if (t != NULL) {
            struct task *seen = t;

            q->stolen = t;
            /* By compare-and-swap: the owner may just be storing its next task over t, and that one must stay. It then
             * learns from `stolen` that t is gone. */
            atomic_compare_exchange_strong_explicit(&q->slot, &seen, NULL, memory_order_relaxed,
                                                    memory_order_relaxed);
        }
    }
    mutex_unlock(&q->lock);
    return t;
}
