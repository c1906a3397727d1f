/* sim.c - see sim.h. */
#include "sched/sim.h"
#include "sched/barrier.h"

enum { STEAL_MAX = 64, MS = 1000000 };

void
sim_init(struct sim *sim, struct sched *s, uint64_t *clock_ns, uint64_t seed)
{
    barrier_register(); /* stealing from a slot goes through it */
    *sim = (struct sim){.sched = s, .clock_ns = clock_ns, .hash = UINT64_C(0xcbf29ce484222325)};
    rng_seed(&sim->rng, seed);
    s->sim = sim;
    /* all sleep, as workers without work do; the first injection wakes one */
    for (uint32_t i = 0; i < s->nworkers; i++)
        sim->parked[i] = true;
    atomic_store_explicit(&s->parked, s->nworkers, memory_order_relaxed);
}

void
sim_note(struct sim *sim, uint64_t v)
{
    sim->hash = (sim->hash ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    sim->hash ^= sim->hash >> 29;
}

static bool
one_in(struct sim *sim, uint64_t n)
{
    return rng_below(&sim->rng, n) == 0;
}

static struct worker *
worker(const struct sim *sim, uint32_t i)
{
    return atomic_load_explicit(&sim->sched->workers[i], memory_order_relaxed);
}

/* --- sleeping --- */
static void
unpark(struct sim *sim, uint32_t i)
{
    struct worker *w = worker(sim, i);

    sim->parked[i] = false;
    atomic_fetch_sub_explicit(&sim->sched->parked, 1, memory_order_relaxed);
    epoch_online(&sim->sched->epoch, w->seat);
    w->now_ns = *sim->clock_ns;
}

void
sim_wake_(struct sim *sim)
{
    uint32_t n = sim->sched->nworkers, first = (uint32_t)rng_below(&sim->rng, n);

    for (uint32_t k = 0; k < n; k++) {
        if (sim->parked[(first + k) % n]) {
            unpark(sim, (first + k) % n);
            return;
        }
    }
}

static void
stop_spinning(struct sim *sim, uint32_t i)
{
    if (sim->spinner != i + 1)
        return;
    sim->spinner = 0;
    atomic_store_explicit(&sim->sched->spinning, 0, memory_order_relaxed);
}

/* List ourselves, look again, sleep: as in worker_thread.c. Returns a task that the second look found. */
static struct task *
park(struct sim *sim, uint32_t i)
{
    struct sched *s = sim->sched;
    struct task *t;

    stop_spinning(sim, i);
    sim->parked[i] = true;
    atomic_fetch_add_explicit(&s->parked, 1, memory_order_relaxed);
    t = sched_inject_take(s, worker(sim, i));
    if (t == NULL) {
        epoch_hand_over(&s->epoch, worker(sim, i)->seat);
        epoch_offline(worker(sim, i)->seat);
        return NULL;
    }
    sim->parked[i] = false;
    atomic_fetch_sub_explicit(&s->parked, 1, memory_order_relaxed);
    return t;
}

/* A sleeper wakes up by itself when its next timer is due. Returns how many are awake. */
static uint32_t
wake_due(struct sim *sim)
{
    uint32_t awake = 0;

    for (uint32_t i = 0; i < sim->sched->nworkers; i++) {
        if (sim->parked[i] && wheel_next(worker(sim, i)->wheel) <= *sim->clock_ns / MS)
            unpark(sim, i);
        awake += !sim->parked[i];
    }
    return awake;
}

/* --- where a task comes from --- */
static struct task *
steal_from(struct sim *sim, struct worker *w, uint32_t victim, enum sim_source *ret)
{
    struct worker *v = worker(sim, victim);
    struct task *got[STEAL_MAX], *t;
    uint32_t n = runq_steal_ring(v->runq, got, 1 + (uint32_t)rng_below(&sim->rng, STEAL_MAX));

    if (n > 0) {
        *ret = SIM_STOLEN;
        sim->steals += n;
        for (uint32_t j = 1; j < n; j++)
            worker_push_ring(w, got[j]);
        return got[0];
    }
    t = runq_steal_nest(v->runq);
    if (t != NULL) {
        *ret = SIM_STOLEN;
        sim->steals++;
        if (t->next != NULL)
            worker_push_new(w, t->next);
        return t;
    }
    /* only from a worker that sits long in one turn; in virtual time any turn may have been long */
    if (!one_in(sim, 8) || atomic_load_explicit(&v->runq->slot, memory_order_relaxed) == NULL)
        return NULL;
    t = runq_steal_slot(v->runq);
    *ret = SIM_STOLEN_SLOT;
    sim->steals += t != NULL;
    return t;
}

static struct task *
steal(struct sim *sim, struct worker *w, enum sim_source *ret)
{
    uint32_t n = sim->sched->nworkers, first = (uint32_t)rng_below(&sim->rng, n);
    struct task *t = NULL;

    for (uint32_t k = 0; k < n && t == NULL; k++)
        if ((first + k) % n != w->id)
            t = steal_from(sim, w, (first + k) % n, ret);
    return t;
}

static struct task *
choose(struct sim *sim, struct worker *w, enum sim_source *ret)
{
    uint64_t dice = rng_below(&sim->rng, 16);
    struct task *t = NULL;

    if (dice == 0) {
        *ret = SIM_INJECTED;
        t = sched_inject_take(sim->sched, w);
    } else if (dice == 1) {
        t = steal(sim, w, ret);
    }
    if (t == NULL) {
        *ret = SIM_OWN;
        t = worker_next(w);
    }
    return t;
}

/* Nothing in its own queue: what a worker does before it sleeps. */
static struct task *
idle(struct sim *sim, struct worker *w, enum sim_source *ret)
{
    struct sched *s = sim->sched;
    struct task *t;

    w->now_ns = *sim->clock_ns;
    worker_collect(w);
    epoch_quiet(&s->epoch, w->seat);
    worker_timers(w);
    *ret = SIM_OWN;
    t = runq_pop(w->runq);
    if (t == NULL) {
        *ret = SIM_INJECTED;
        t = sched_inject_take(s, w);
    }
    if (t == NULL)
        t = steal(sim, w, ret);
    if (t != NULL) {
        stop_spinning(sim, w->id);
        return t;
    }
    if (sim->spinner == 0 && one_in(sim, 2)) {
        sim->spinner = w->id + 1;
        atomic_store_explicit(&s->spinning, 1, memory_order_relaxed);
    }
    sim->last.act = SIM_IDLED;
    if (one_in(sim, 3)) {
        sim->last.act = SIM_PARKED;
        *ret = SIM_INJECTED;
        t = park(sim, w->id);
    }
    return t;
}

/* --- a slice --- */
/* The worker's recorder says what happened: each new record goes into the hash. */
static void
fold(struct sim *sim, const struct worker *w, uint64_t before)
{
    const struct recorder *r = w->recorder;
    uint64_t n = atomic_load_explicit(&r->n, memory_order_relaxed);

    if (n - before > RECORDER_N)
        before = n - RECORDER_N;
    for (uint64_t i = before; i < n; i++) {
        uint64_t who, what;

        for (int k = 0; k < 4; k++)
            sim_note(sim, atomic_load_explicit(&r->w[i % RECORDER_N][k], memory_order_relaxed));
        who = atomic_load_explicit(&r->w[i % RECORDER_N][1], memory_order_relaxed);
        what = atomic_load_explicit(&r->w[i % RECORDER_N][2], memory_order_relaxed);
        if (what >> 48 == REC_SLICE) {
            sim->last.slot = (uint32_t)(who >> 32);
            sim->last.turns += (uint32_t)who;
        }
    }
}

static void
slice(struct sim *sim, struct worker *w, struct task *t)
{
    static const uint32_t budgets[] = {1, 33, 64, 1000};
    struct sched *s = sim->sched;

    stop_spinning(sim, w->id);
    sim->last.act = SIM_SLICE;
    /* the clock is due after so many turns; then the slice is over when it has had its budget */
    s->cfg.slice_turns = budgets[rng_below(&sim->rng, ARRAY_LEN(budgets))];
    w->clock_at =
        atomic_load_explicit(&w->stamp, memory_order_relaxed) + 1 + rng_below(&sim->rng, CLOCK_TURNS);
    s->ops.run(w, t);
    if (!one_in(sim, 4)) /* else it is slow to say so: memory that waits for it waits longer */
        epoch_quiet(&s->epoch, w->seat);
    sim->slices++;
}

static uint32_t
nth_awake(const struct sim *sim, uint32_t n)
{
    uint32_t i = 0;

    for (;; i++)
        if (!sim->parked[i] && n-- == 0)
            return i;
}

static enum sim_act
run_one(struct sim *sim, uint32_t awake)
{
    uint32_t i = nth_awake(sim, (uint32_t)rng_below(&sim->rng, awake));
    struct worker *w = worker(sim, i);
    uint64_t records = atomic_load_explicit(&w->recorder->n, memory_order_relaxed);
    struct task *t;

    sim->last.worker = i;
    t = choose(sim, w, &sim->last.source);
    if (t == NULL)
        t = idle(sim, w, &sim->last.source);
    if (t != NULL)
        slice(sim, w, t);
    fold(sim, w, records);
    sim->turns += sim->last.turns;
    sim_note(sim, (uint64_t)sim->last.act << 56 | (uint64_t)sim->last.source << 48 | (uint64_t)i << 32 |
                      atomic_load_explicit(&w->type, memory_order_relaxed));
    return sim->last.act;
}

/* All sleep. */
static enum sim_act
jump(struct sim *sim, uint64_t until_ns)
{
    uint64_t tick = WHEEL_NONE;

    for (uint32_t i = 0; i < sim->sched->nworkers; i++) {
        uint64_t t = wheel_next(worker(sim, i)->wheel);

        if (t < tick)
            tick = t;
    }
    if (tick == WHEEL_NONE || tick > until_ns / MS) {
        if (until_ns != UINT64_MAX && *sim->clock_ns < until_ns)
            *sim->clock_ns = until_ns;
        return SIM_QUIET;
    }
    if (tick * MS > *sim->clock_ns)
        *sim->clock_ns = tick * MS;
    sim_note(sim, *sim->clock_ns);
    return SIM_JUMPED;
}

enum sim_act
sim_step(struct sim *sim, uint64_t until_ns)
{
    uint32_t awake;

    sim->last = (struct sim_step){0};
    sim->steps++;
    if (one_in(sim, 4)) { /* handlers take time: mostly microseconds, now and then milliseconds */
        uint64_t ns = rng_below(&sim->rng, one_in(sim, 32) ? 20 * MS : MS / 10);

        if (until_ns - *sim->clock_ns > ns && *sim->clock_ns < until_ns)
            *sim->clock_ns += ns;
    }
    awake = wake_due(sim);
    sim->last.act = awake > 0 ? run_one(sim, awake) : jump(sim, until_ns);
    sim->last.ns = *sim->clock_ns;
    return sim->last.act;
}

uint32_t
sim_stranded(const struct sim *sim)
{
    uint32_t n = atomic_load_explicit(&sim->sched->injected, memory_order_relaxed);

    for (uint32_t i = 0; i < sim->sched->nworkers; i++) {
        const struct runq *q = worker(sim, i)->runq;

        n += runq_waiting(q) + (atomic_load_explicit(&q->slot, memory_order_relaxed) != NULL);
        for (uint32_t k = 0; k < RUNQ_NEST; k++)
            for (struct task *t = atomic_load_explicit(&q->nest[k], memory_order_relaxed); t != NULL;
                 t = t->next)
                n++;
    }
    return n;
}
