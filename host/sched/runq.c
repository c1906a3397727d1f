/* runq.c - the slow halves of runq.h. */
#include "sched/runq.h"
#include "sched/barrier.h"

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

struct task *
runq_pop_ring_(struct runq *q)
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
