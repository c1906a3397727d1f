/* trim.c - when does memory go back to the system?
 *
 *   a worker goes to sleep
 *     no surplus            --> it sleeps until it is woken: a node at rest has nothing to do here
 *     a surplus             --> its cached blocks go to the depot; it looks again after a second at the latest
 *     a surplus for 1 s,    --> trim
 *       unused in that time
 *
 * A load that comes in bursts less than a second apart keeps its memory. Nothing of this is on the way of a message.
 */
#include "sched/scheduler.h"

#define TRIM_AFTER_NS UINT64_C(1000000000)

static bool
own_surplus(struct worker *w)
{
    const struct task_ops *ops = &w->sched->ops;

    return wheel_surplus(w->wheel) || (ops->surplus != NULL && ops->surplus(w, TRIM_OWN));
}

static uint64_t
trim_own(struct worker *w)
{
    uint64_t since = w->surplus_ns, now = w->now_ns;

    if (!own_surplus(w)) {
        w->surplus_ns = 0;
        return PARK_FOREVER;
    }
    if (since == 0)
        w->surplus_ns = since = now;
    if (now - since < TRIM_AFTER_NS)
        return since + TRIM_AFTER_NS - now;
    wheel_trim(w->wheel, &w->pool);
    if (w->sched->ops.trim != NULL)
        w->sched->ops.trim(w, TRIM_OWN);
    w->surplus_ns = 0;
    return PARK_FOREVER;
}

static bool
surplus_above(struct worker *w)
{
    const struct task_ops *ops = &w->sched->ops;

    return ops->surplus != NULL && ops->surplus(w, TRIM_SHARED);
}

static bool
shared_surplus(struct worker *w)
{
    return depot_surplus(&w->sched->depot) != 0 || surplus_above(w);
}

/* What waits for an epoch to pass: ours, since we are about to sleep. The last worker that goes to sleep gets all of it. */
static void
collect(struct worker *w)
{
    struct epoch *e = &w->sched->epoch;

    epoch_hand_over(e, w->seat);
    for (int i = 0; i < 3 && atomic_load_explicit(&e->waiting, memory_order_relaxed) != 0; i++) {
        if (atomic_load_explicit(&w->seat->seen, memory_order_relaxed) != EPOCH_OFFLINE)
            epoch_quiet(e, w->seat);
        epoch_collect(e, w);
    }
}

static uint64_t
trim_shared(struct worker *w)
{
    struct sched *s = w->sched;
    uint64_t since = atomic_load_explicit(&s->surplus_ns, memory_order_relaxed), now = w->now_ns;

    if (!shared_surplus(w)) {
        if (since != 0)
            atomic_store_explicit(&s->surplus_ns, 0, memory_order_relaxed);
        return PARK_FOREVER;
    }
    pool_flush(&w->pool);
    if (since == 0 || now < since) {
        depot_watch(&s->depot);
        atomic_store_explicit(&s->surplus_ns, now, memory_order_relaxed);
        return TRIM_AFTER_NS;
    }
    if (now - since < TRIM_AFTER_NS)
        return since + TRIM_AFTER_NS - now;
    /* whoever moves the time on does it */
    if (!atomic_compare_exchange_strong_explicit(&s->surplus_ns, &since, now, memory_order_relaxed,
                                                 memory_order_relaxed))
        return TRIM_AFTER_NS;
    if (depot_unused(&s->depot) != 0 || surplus_above(w)) {
        if (s->ops.trim != NULL)
            s->ops.trim(w, TRIM_SHARED);
        else
            depot_trim(&s->depot);
    }
    depot_watch(&s->depot);
    return shared_surplus(w) ? TRIM_AFTER_NS : PARK_FOREVER;
}

uint64_t
worker_trim(struct worker *w)
{
    uint64_t own, shared;

    collect(w);
    own = trim_own(w);
    shared = trim_shared(w);
    return own < shared ? own : shared;
}
