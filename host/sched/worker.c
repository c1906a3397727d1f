/* worker.c - what a worker does between slices, apart from sleeping (worker_thread.c). */
#include "sched/scheduler.h"

bool
worker_clock(struct worker *w, uint32_t n)
{
    struct sched *s = w->sched;
    uint64_t now = env_mono_ns(s->env);
    bool over;

    w->clock_left = CLOCK_TURNS;
    if (n <= CLOCK_TURNS)
        w->slice_start_ns = w->now_ns; /* first reading inside this slice */
    over = now - w->slice_start_ns > s->cfg.slice_ns || n + CLOCK_TURNS > s->cfg.slice_turns;
    w->now_ns = now;
    worker_timers(w);
    worker_wake_maybe_(w);
    return over;
}

static void
fire(void *self, struct wheel_node *node)
{
    struct worker *w = self;

    w->sched->ops.fire(w, node);
}

void
worker_timers(struct worker *w)
{
    if (!w->foreign)
        wheel_advance(w->wheel, w->now_ns / 1000000, fire, w);
}

void
worker_push_slow_(struct worker *w, struct task *t)
{
    sched_inject(w->sched, t);
}

void
worker_ring_slow_(struct worker *w, struct task *t)
{
    sched_inject(w->sched, t);
}

void
worker_wake_maybe_(struct worker *w)
{
    struct sched *s = w->sched;

    /* Never for a single runnable actor: waking costs more than running it here. */
    if (!w->foreign && atomic_load_explicit(&s->parked, memory_order_relaxed) != 0 &&
        runq_waiting(w->runq) >= 2 && atomic_load_explicit(&s->spinning, memory_order_relaxed) == 0)
        sched_wake(s);
}

struct task *
worker_next_slow_(struct worker *w)
{
    struct task *t = NULL;

    if (w->inject_left == 0) {
        w->inject_left = INJECT_SLICES;
        /* here too, not only when idle: under full load nobody else would ever free what actors leave */
        epoch_collect(&w->sched->epoch, w);
        t = sched_inject_take(w->sched, w);
        if (t == NULL)
            t = runq_pop(w->runq);
    }
    return t != NULL ? t : sched_inject_take(w->sched, w);
}
