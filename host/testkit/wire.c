/* wire.c - putting a world together: who answers the calls upward in a test. */
#include "testkit/world.h"

/* --- the blocking pool: jobs wait until the seed picks them --- */
static int
blocking(void *self, void (*fn)(void *arg), void (*done)(void *arg, int code), void *arg)
{
    struct world *w = self;

    if (w->njobs == WORLD_JOBS_MAX)
        return -ERR_FULL;
    w->jobs[w->njobs++] = (struct world_job){fn, done, arg};
    return 0;
}

static void
run_job(struct world *w)
{
    uint32_t i = (uint32_t)rng_below(&w->rng, w->njobs);
    struct world_job j = w->jobs[i];

    w->jobs[i] = w->jobs[--w->njobs];
    j.fn(j.arg);
    j.done(j.arg, 0);
}

/* --- life --- */
int
world_init(struct world *w, const struct world_config *cfg, struct err *e)
{
    struct system_config sc = {
        .sched = {.workers = cfg->workers, .slice_turns = 1000, .slice_ns = 200000, .simulated = true},
        .node = 1,
        .max_cells = cfg->max_cells != 0 ? cfg->max_cells : 65536,
        .dead_bytes = cfg->dead_bytes != 0 ? cfg->dead_bytes : 65536,
    };
    struct runtime_config rc = {.sys = &w->sys, .unload = RUNTIME_UNLOAD_NEVER};
    int r;

    *w = (struct world){0};
    env_fake_init(&w->env, cfg->seed);
    rng_seed(&w->rng, cfg->seed + 1);
    r = log_new(&w->log, &w->env.env, cfg->sink, cfg->level, LOG_TEXT, false);
    if (r < 0)
        return err_set(e, -r, "no log: %s", err_text(r));
    r = system_init(&w->sys, &w->env.env, w->log, &sc);
    if (r < 0) {
        log_free(w->log, 0);
        return err_set(e, -r, "no actor system: %s", err_text(r));
    }
    sim_init(&w->sim, &w->sys.sched, &w->env.mono_ns, cfg->seed + 2);
    policy_default(&w->supervision.node);
    supervision_bind(&w->supervision, &w->sys);
    w->sys.blocking = blocking;
    w->sys.blocking_self = w;
    r = runtime_new(&w->runtime, &rc, e);
    if (r < 0)
        world_fini(w, NULL);
    return r;
}

int
world_link(struct world *w, const actor_plugin *p, struct version **ret, struct err *e)
{
    return runtime_link(w->runtime, p, NULL, ret, e);
}

void
world_fini(struct world *w, struct world_end *ret)
{
    w->env.fail_at = 0;
    while (w->njobs > 0) {
        struct world_job j = w->jobs[--w->njobs];

        j.done(j.arg, -ERR_CANCELED);
    }
    if (w->swapping != NULL)
        runtime_swap_end(w->runtime, w->swapping);
    runtime_free(w->runtime);
    system_fini(&w->sys);
    log_free(w->log, 0);
    if (ret != NULL)
        *ret = (struct world_end){w->sys.sched.leaked, w->env.live_bytes};
}

/* --- steps --- */
int
world_swap(struct world *w, struct version *to, const struct swap_options *o, struct err *e)
{
    int r;

    if (w->swapping != NULL)
        return err_set(e, ERR_BUSY, "a swap is under way");
    w->swap = (struct swap_status){0};
    r = runtime_swap(w->runtime, to, o, &w->swapping, NULL, e);
    if (r < 0)
        w->swapping = NULL;
    return r;
}

static void
step_swap(struct world *w)
{
    if (runtime_swap_step(w->runtime, w->swapping, &w->swap)) {
        runtime_swap_end(w->runtime, w->swapping);
        w->swapping = NULL;
    }
}

enum world_state
world_step(struct world *w, uint64_t until_ns)
{
    enum { PATIENCE = 1000 };

    /* the pool and the control thread run beside the workers: now and then, in no order */
    if (w->njobs > 0 && rng_below(&w->rng, 8) == 0)
        run_job(w);
    if (w->swapping != NULL && rng_below(&w->rng, 8) == 0)
        step_swap(w);
    if (sim_step(&w->sim, until_ns) != SIM_QUIET) {
        w->fruitless = 0;
        return WORLD_BUSY;
    }
    if (sim_stranded(&w->sim) > 0)
        return WORLD_STUCK;
    if (w->njobs > 0) {
        run_job(w);
        return WORLD_BUSY;
    }
    if (w->swapping != NULL) {
        step_swap(w);
        return ++w->fruitless > PATIENCE ? WORLD_STUCK : WORLD_BUSY;
    }
    return WORLD_QUIET;
}

/* --- accounts --- */
static void
count(const struct msg *m, struct balance *user, struct balance *system)
{
    for (; m != NULL; m = atomic_load_explicit(&m->next, memory_order_relaxed)) {
        if (m->head & MSG_F_SYSTEM)
            system->queued++;
        else
            user->queued++;
    }
}

uint64_t
world_dead(const struct world *w, enum dead_reason r)
{
    const struct sched *s = &w->sys.sched;
    uint64_t n = 0;

    for (uint32_t i = 0; i < s->nall; i++)
        n += atomic_load_explicit(&actx_of(s->all[i])->dead->v[r], memory_order_relaxed);
    return n;
}

void
world_balance(struct world *w, struct balance *user, struct balance *system)
{
    struct sched *s = &w->sys.sched;
    uint32_t used = atomic_load_explicit(&w->sys.slots_used, memory_order_relaxed);

    *user = (struct balance){.accepted = sched_counter(s, COUNTER_sent_user),
                             .handled = sched_counter(s, COUNTER_handled_user),
                             .rolled_back = sched_counter(s, COUNTER_rolled_back)};
    *system = (struct balance){.accepted = sched_counter(s, COUNTER_sent_system),
                               .handled = sched_counter(s, COUNTER_handled_system),
                               .dead = sched_counter(s, COUNTER_dropped_system)};
    for (unsigned r = 0; r < DEAD_REASONS; r++)
        user->dead += world_dead(w, (enum dead_reason)r);
    for (uint32_t slot = 1; slot < used; slot++) {
        const struct cell *c = cell_at(&w->sys, slot);

        if (c->life == CELL_FREE)
            continue;
        count(atomic_load_explicit(&c->mb.head, memory_order_relaxed), user, system);
        if (c->ext != NULL) {
            count(c->ext->stash, user, system);
            count(c->ext->replay, user, system);
        }
    }
}

bool
balance_holds(const struct balance *b)
{
    return b->accepted == b->handled + b->dead + b->rolled_back + b->queued;
}
