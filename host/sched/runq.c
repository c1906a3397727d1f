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
runq_claim_(struct runq *q)
{
    for (;;) {
        uint32_t h = atomic_load_explicit(&q->head, memory_order_acquire);
        uint32_t n = atomic_load_explicit(&q->tail, memory_order_relaxed) - h;

        if (n == 0)
            return NULL;
        if (n > RUNQ_CLAIM)
            n = RUNQ_CLAIM;
        if (q->shared && n > 1)
            n /= 2;
        for (uint32_t i = 0; i < n; i++)
            q->batch[i] = atomic_load_explicit(&q->ring[(h + i) % RUNQ_RING], memory_order_relaxed);
        /* release: our reads of the ring come before the owner's reuse of it in runq_push_ring */
        if (atomic_compare_exchange_strong_explicit(&q->head, &h, h + n, memory_order_acq_rel,
                                                    memory_order_relaxed)) {
            q->bi = 1;
            q->bn = n;
            return q->batch[0];
        }
    }
}

uint32_t
runq_steal_ring(struct runq *q, struct task **ret, uint32_t max, bool all)
{
    uint32_t h = atomic_load_explicit(&q->head, memory_order_acquire);
    /* acquire; pairs with the release in runq_push_ring: entries below tail are written, and so are their
     * tasks */
    uint32_t n = atomic_load_explicit(&q->tail, memory_order_acquire) - h;

    if (n == 0 || n > RUNQ_RING)
        return 0;
    n = all ? (n + 1) / 2 : n / 2;
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
