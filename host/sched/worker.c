/* worker.c - what a worker does between slices, apart from sleeping (worker_thread.c). */
#include "sched/scheduler.h"

void
worker_heavy(struct worker *w, bool heavy)
{
    if (atomic_load_explicit(&w->heavy, memory_order_relaxed) == heavy ||
        atomic_exchange_explicit(&w->heavy, heavy, memory_order_relaxed) == heavy)
        return;
    atomic_fetch_add_explicit(&w->sched->heavy, heavy ? 1u : UINT32_MAX, memory_order_relaxed);
}

void
worker_guest(struct worker *w, bool guest)
{
    if (atomic_load_explicit(&w->guest, memory_order_relaxed) != guest &&
        atomic_exchange_explicit(&w->guest, guest, memory_order_relaxed) != guest)
        atomic_fetch_add_explicit(&w->sched->guests, guest ? 1u : UINT32_MAX, memory_order_relaxed);
}

void
worker_heavy_over(struct worker *w)
{
    w->apart_until = 0;
    worker_heavy(w, false);
}

/* Messages that all workers have handled and sent. Sent ones count, as whoever sends many works too; the handled are told at slice
 * ends. */
static uint64_t
done(struct sched *s)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < s->nworkers; i++) {
        const struct worker *w = atomic_load_explicit(&s->workers[i], memory_order_acquire);

        n += atomic_load_explicit(&w->counters.v[COUNTER_handled_user], memory_order_relaxed) +
             atomic_load_explicit(&w->counters.v[COUNTER_sent_user], memory_order_relaxed);
    }
    return n;
}

/* Tell others what waits here, wake one when work is to spread, go when it is to spread less: not with a nest, which would be handed
 * over as a row, and a tree of tasks then be walked in breadth; nor for one that spins, which will sleep. took: the last turns. */
static void
spread(struct worker *w, uint64_t took, uint64_t turns)
{
    struct sched *s = w->sched;
    uint64_t sent = atomic_load_explicit(&w->counters.v[COUNTER_sent_user], memory_order_relaxed);
    bool heavy = took > HEAVY_NS * (turns + sent - w->sent), apart;
    bool stays = !atomic_load_explicit(&w->guest, memory_order_relaxed) &&
                 atomic_load_explicit(&s->guests, memory_order_relaxed) != 0;
    bool waits = runq_waiting(w->runq) != 0 || w->runq->nested != 0;
    uint32_t help = !waits ? RUNQ_NO_HELP : heavy ? RUNQ_HELP : RUNQ_HELP_LIGHT;
    uint32_t parked = atomic_load_explicit(&s->parked, memory_order_relaxed), awake, spinning;

    w->sent = sent;
    apart = heavy || w->now_ns < w->apart_until;
    worker_heavy(w, apart);
    if (heavy)
        worker_guest(w, false); /* it has come for other work */
    awake = sched_awake_light_(s);
    spinning = atomic_load_explicit(&s->spinning, memory_order_relaxed);
    if (atomic_load_explicit(&w->runq->help, memory_order_relaxed) != help)
        atomic_store_explicit(&w->runq->help, help, memory_order_relaxed);
    if (s->sim != NULL) { /* any choice is right there, so that all are tried */
        if (waits && parked != 0)
            sched_wake(s);
        return;
    }
    if (!heavy && width_due(&s->width, w->now_ns) && mutex_trylock(&s->width_lock)) {
        width_sample(&s->width, w->now_ns, done(s), awake, waits);
        mutex_unlock(&s->width_lock);
    }
    if (waits && parked != 0 && (heavy || awake < width_target(&s->width)) && spinning == 0) {
        sched_wake(s);
    } else if (!apart && !stays && awake > width_target(&s->width) + spinning && w->runq->nested == 0 &&
               !atomic_exchange_explicit(&s->leaving, true, memory_order_relaxed)) {
        w->leaves = true; /* one at a time, so that not all go */
        worker_look_up(w);
    }
    /* what a worker that left had in hand may be what ours are waiting for */
    if (atomic_load_explicit(&s->injected, memory_order_relaxed) != 0)
        worker_look_up(w);
}

static void
age(struct worker *w)
{
    struct task *t = runq_age(w->runq, w->now_ns);

    if (t != NULL)
        worker_push_ring(w, t);
}

static size_t
fire(void *self, const struct wheel_entry *e, size_t n)
{
    struct worker *w = self;

    return w->sched->ops.fire(w, e, n);
}

/* Not all that is due at once: a burst of ticks would be out of cache before its turns come. */
static void
timers(struct worker *w, size_t most)
{
    if (!w->foreign)
        wheel_advance(w->wheel, &w->pool, w->now_ns / 1000000, most, fire, w);
}

void
worker_timers(struct worker *w)
{
    timers(w, TIMERS_LEAST);
}

/* Turns until the next reading. */
static uint32_t
stretch(uint32_t turns, uint64_t took)
{
    if (took > CLOCK_LONG_NS)
        return turns > 1 ? turns / 2 : 1;
    return took < CLOCK_SHORT_NS && turns < CLOCK_TURNS_MOST ? 2 * turns : turns;
}

bool
worker_clock(struct worker *w, uint32_t n)
{
    struct sched *s = w->sched;
    uint64_t now = env_mono_ns(s->env), took = now - w->now_ns;
    uint64_t stamp = atomic_load_explicit(&w->stamp, memory_order_relaxed), turns = stamp - w->clock_from;
    bool over;

    /* The first reading in a slice: it began with the stretch, or amid it, and then what went before is not its own. */
    if (n < turns)
        w->slice_start_ns = now;
    else if (n == turns)
        w->slice_start_ns = w->now_ns;
    over = now - w->slice_start_ns > s->cfg.slice_ns || n >= s->cfg.slice_turns;
    w->now_ns = now;
    w->clock_turns = stretch(w->clock_turns, took);
    w->clock_from = stamp;
    w->clock_at =
        stamp + (over || s->cfg.slice_turns - n > w->clock_turns ? w->clock_turns : s->cfg.slice_turns - n);
    timers(w, (w->wheel->open < TIMERS_OPEN ? TIMERS_LEAST : 1) + took / TIMER_NS);
    if (w->runq->nested != 0)
        age(w);
    if (unlikely(epoch_moved(&s->epoch, w->seat)))
        w->again = 1;
    if (s->nworkers > 1 && !w->foreign)
        spread(w, took, turns);
    return over;
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
worker_displaced_(struct worker *w, struct task *t)
{
    worker_push_ring(w, t);
}

bool
worker_push_after_one(struct worker *w, struct task *t)
{
    return !w->foreign && runq_push_after_one(w->runq, t);
}

void
worker_push_new(struct worker *w, struct task *first)
{
    struct task *next;

    if (likely(!w->foreign) && likely(runq_push_nest(w->runq, first)))
        return;
    for (; first != NULL; first = next) {
        next = first->next;
        worker_push_ring(w, first);
    }
}

/* To the injection queue, without waking anybody: those that are awake take it. */
static void
hand_over(struct worker *w)
{
    struct task *t;

    while ((t = runq_pop(w->runq)) != NULL)
        sched_queue_(w->sched, t);
}

void
worker_collect(struct worker *w)
{
    epoch_collect_own(&w->sched->epoch, w->seat, w);
    epoch_collect(&w->sched->epoch, w);
}

void
worker_run_over_(struct worker *w)
{
    w->again = w->once ? 1 : INJECT_SLICES;
    if (!w->once)
        w->inject_left = 1;
}

struct task *
worker_next_slow_(struct worker *w)
{
    struct task *t = NULL;

    if (unlikely(w->leaves)) {
        w->inject_left = INJECT_SLICES;
        hand_over(w);
        return NULL;
    }

    if (w->inject_left == 0) {
        w->inject_left = INJECT_SLICES;
        /* here too, not only when idle: under full load nobody else would ever free what actors leave */
        worker_collect(w);
        t = sched_inject_take(w->sched, w);
        if (t == NULL)
            t = runq_pop(w->runq);
    }
    return t != NULL ? t : sched_inject_take(w->sched, w);
}
