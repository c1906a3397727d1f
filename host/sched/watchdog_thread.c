/* watchdog_thread.c - see watchdog_thread.h. */
#include "sched/watchdog_thread.h"
#include "base/err.h"

/* Sleep until a worker wakes up, unless one has meanwhile. true: one may have been awake for an interval, by its timer. */
static bool
fall_asleep(struct watchdog *w, uint64_t interval)
{
    uint64_t until, now;
    bool nudged = true;

    /* seq_cst, before parked_until(): pairs with the load in watchdog_nudge, see watchdog_thread.h */
    atomic_store_explicit(&w->asleep, true, memory_order_seq_cst);
    until = w->ops.parked_until(w->ops.self);
    if (until == UINT64_MAX) {
        parker_park(&w->parker, PARK_FOREVER);
    } else if (until != 0) {
        now = env_mono_ns(w->env);
        nudged = parker_park(&w->parker, (until > now ? until - now : 0) + interval);
    }
    atomic_store_explicit(&w->asleep, false, memory_order_relaxed);
    return !nudged;
}

void
watchdog_wake_(struct watchdog *w)
{
    /* One of many that wake up at once is enough. */
    if (atomic_exchange_explicit(&w->asleep, false, memory_order_seq_cst))
        parker_unpark(&w->parker);
}

static void
look(struct watchdog *w)
{
    uint64_t now = env_mono_ns(w->env);

    w->clock_ns += watch_elapsed_ns(now - w->looked_ns, w->limit_ns);
    w->looked_ns = now;
    for (uint32_t i = 0; i < w->ops.workers; i++) {
        struct watch_event e[WATCH_EVENTS];
        struct watch_sample s;
        size_t n;

        w->ops.sample(w->ops.self, i, &s);
        if (w->ops.relieve != NULL && s.slot != 0 && s.stamp == w->state[i].last.stamp &&
            s.slot == w->state[i].last.slot)
            w->ops.relieve(w->ops.self, i);
        n = watch_step(&w->state[i], i, &s, w->clock_ns, w->limit_ns, w->ops.take_over != NULL, e);
        for (size_t k = 0; k < n; k++) {
            e[k].since_ns = now - e[k].lasted_ns;
            if (e[k].kind == WATCH_TAKE_OVER) {
                int r = w->ops.take_over(w->ops.self, i);

                watch_took(&w->state[i], r);
                if (r < 0)
                    continue;
                e[k].kind = WATCH_TAKEN;
            }
            w->ops.report(w->ops.report_self, &e[k]);
        }
    }
    atomic_store_explicit(&w->looks, atomic_load_explicit(&w->looks, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

static void
watchdog_main(void *arg)
{
    struct watchdog *w = arg;
    uint64_t interval = watch_interval_ns(w->limit_ns);

    if (w->ops.relieve != NULL && interval > WATCH_RELIEVE_NS)
        interval = WATCH_RELIEVE_NS;

    /* Acquire: pairs with the release in watchdog_stop. */
    while (!atomic_load_explicit(&w->stop, memory_order_acquire)) {
        /* The interval comes before the look: what has just woken up is not stuck. A wake-up during it is stop's, or an old
         * one that costs one early look. */
        if (w->ops.parked_until(w->ops.self) == 0 || !fall_asleep(w, interval))
            parker_park(&w->parker, interval);
        else if (w->ops.parked_until(w->ops.self) != 0)
            continue;
        if (!atomic_load_explicit(&w->stop, memory_order_acquire))
            look(w);
    }
}

int
watchdog_start(struct watchdog *w, struct env *env, const struct watch_ops *ops, uint64_t limit_ns)
{
    int r;

    *w = (struct watchdog){.env = env, .ops = *ops, .limit_ns = limit_ns != 0 ? limit_ns : WATCH_LIMIT_NS};
    parker_init(&w->parker);
    w->state = env_alloc(env, ops->workers * sizeof *w->state);
    if (w->state == NULL)
        return -ERR_NOMEM;
    r = thread_start(&w->thread, "watchdog", watchdog_main, w, 0);
    if (r < 0) {
        env_free(env, w->state, ops->workers * sizeof *w->state);
        w->state = NULL;
    }
    return r;
}

void
watchdog_stop(struct watchdog *w)
{
    if (w->state == NULL)
        return;
    /* Release; pairs with the acquire in watchdog_main. The unpark is kept if it comes before the park. */
    atomic_store_explicit(&w->stop, true, memory_order_release);
    parker_unpark(&w->parker);
    thread_join(&w->thread);
    env_free(w->env, w->state, w->ops.workers * sizeof *w->state);
    w->state = NULL;
}
