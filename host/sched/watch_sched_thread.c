/* watch_sched_thread.c - see watch_sched.h. */
#include "sched/watch_sched_thread.h"

static uint64_t
parked_until(void *self)
{
    struct sched *s = self;
    uint64_t first = UINT64_MAX;

    /* seq_cst: pairs with the decrement in sched_wake, see watchdog_thread.h; and with the increment of a worker that parks */
    if (atomic_load_explicit(&s->parked, memory_order_seq_cst) != s->nworkers)
        return 0;
    for (uint32_t i = 0; i < s->nworkers; i++) {
        /* relaxed: only we replace workers, and what they wrote came with parked */
        const struct worker *w = atomic_load_explicit(&s->workers[i], memory_order_relaxed);
        uint64_t t = atomic_load_explicit(&w->parked_until, memory_order_relaxed);

        first = t < first ? t : first;
    }
    return first;
}

static void
take_sample(void *self, uint32_t i, struct watch_sample *ret)
{
    struct sched *s = self;
    /* Acquire: pairs with the release in sched_take_over; the struct of a new worker is whole. Old ones live as long as s. */
    struct worker *w = atomic_load_explicit(&s->workers[i], memory_order_acquire);

    /* Relaxed: the worker writes them by plain stores, in no order. A mixture costs one look, since only two equal looks
     * count. */
    *ret = (struct watch_sample){
        .owner = (uint64_t)(uintptr_t)w,
        .stamp = atomic_load_explicit(&w->stamp, memory_order_relaxed),
        .slot = atomic_load_explicit(&w->slot, memory_order_relaxed),
        .type = atomic_load_explicit(&w->type, memory_order_relaxed),
        .in_host = atomic_load_explicit(&w->in_host, memory_order_relaxed) != 0,
    };
}

/* A worker looks at its own queue between turns, never inside one. What others handed over may wait for it too. */
static void
relieve(void *self, uint32_t i)
{
    struct sched *s = self;
    struct worker *w = atomic_load_explicit(&s->workers[i], memory_order_acquire);
    /* acquire; pairs with the release in sched_take_over */
    struct runq *q = __atomic_load_n(&w->runq, __ATOMIC_ACQUIRE);

    worker_heavy(w, true);
    if (atomic_load_explicit(&s->injected, memory_order_relaxed) == 0 &&
        atomic_load_explicit(&q->tail, memory_order_relaxed) ==
            atomic_load_explicit(&q->head, memory_order_relaxed) &&
        atomic_load_explicit(&q->slot, memory_order_relaxed) == NULL)
        return;
    atomic_store_explicit(&q->help, RUNQ_HELP, memory_order_relaxed);
    if (atomic_load_explicit(&s->parked, memory_order_relaxed) != 0)
        sched_wake(s);
}

static int
take_over(void *self, uint32_t worker)
{
    return sched_take_over(self, worker);
}

void
sched_watch_ops(struct sched *s, struct watch_ops *ret)
{
    *ret = (struct watch_ops){.self = s,
                              .workers = s->nworkers,
                              .parked_until = parked_until,
                              .sample = take_sample,
                              .relieve = s->nworkers > 1 ? relieve : NULL,
                              .take_over = take_over};
}
