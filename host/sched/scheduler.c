/* sched.c - making and unmaking workers, the injection queue, the port. */
#include "sched/scheduler.h"

static void *
worker_block(struct sched *s, struct worker *w)
{
    return (char *)w - s->ops.worker_offset;
}

/* So that listing a worker that is whole cannot fail. One thread makes workers: first init's, then the watchdog's. */
static int
make_room(struct sched *s)
{
    uint32_t cap = s->call ? s->call * 2 : 8;
    struct worker **all;

    if (s->nall < s->call)
        return 0;
    all = env_alloc(s->env, cap * sizeof *all);
    if (all == NULL)
        return -ERR_NOMEM;
    mutex_lock(&s->all_lock);
    for (uint32_t i = 0; i < s->nall; i++)
        all[i] = s->all[i];
    env_free(s->env, s->all, s->call * sizeof *all);
    s->all = all;
    s->call = cap;
    mutex_unlock(&s->all_lock);
    return 0;
}

static void
free_parts(struct sched *s, struct worker *w)
{
    if (w->wheel != NULL)
        wheel_fini(w->wheel, &w->pool);
    pool_fini(&w->pool);
    env_free_lines(s->env, w->runq, sizeof *w->runq);
    env_free(s->env, w->wheel, sizeof *w->wheel);
    env_free_lines(s->env, w->recorder, sizeof *w->recorder);
    env_free_lines(s->env, w->seat, sizeof *w->seat);
    env_free_lines(s->env, worker_block(s, w), s->ops.worker_bytes);
}

int
sched_worker_new_(struct sched *s, struct worker **ret, uint32_t id, bool foreign)
{
    int r = make_room(s);
    char *block = r < 0 ? NULL : env_alloc_lines(s->env, s->ops.worker_bytes);
    struct worker *w;

    if (block == NULL)
        return -ERR_NOMEM;
    w = (struct worker *)(void *)(block + s->ops.worker_offset);
    w->sched = s;
    w->id = id;
    w->foreign = foreign;
    w->once = s->cfg.simulated;
    worker_run_over_(w);
    w->inject_left = INJECT_SLICES;
    w->clock_at = w->clock_turns = CLOCK_TURNS;
    atomic_store_explicit(&w->in_host, 1, memory_order_relaxed);
    w->now_ns = env_mono_ns(s->env);
    rng_seed(&w->rng, s->env->seed(s->env) + id);
    w->runq = env_alloc_lines(s->env, sizeof *w->runq);
    w->wheel = env_alloc(s->env, sizeof *w->wheel);
    w->recorder = env_alloc_lines(s->env, sizeof *w->recorder);
    w->seat = env_alloc_lines(s->env, sizeof *w->seat);
    pool_init(&w->pool, &s->depot, &w->counters);
    r = -ERR_NOMEM;
    if (w->runq == NULL || w->wheel == NULL || w->recorder == NULL || w->seat == NULL)
        goto fail;
    runq_init(w->runq, s->cfg.workers > 1);
    wheel_init(w->wheel, w->now_ns / 1000000);
    r = s->ops.worker_init(w);
    if (r < 0) {
        runq_fini(w->runq);
        goto fail;
    }
    epoch_join(&s->epoch, w->seat); /* a seat that joined stays for the node's life */
    mutex_lock(&s->all_lock);
    s->all[s->nall++] = w;
    mutex_unlock(&s->all_lock);
    *ret = w;
    return 0;

fail:
    free_parts(s, w);
    return r;
}

void
sched_worker_free_(struct sched *s, struct worker *w)
{
    s->ops.worker_fini(w);
    runq_fini(w->runq);
    free_parts(s, w);
}

int
sched_init(struct sched *s, struct env *env, const struct sched_config *cfg, const struct task_ops *ops,
           void *owner)
{
    int r = 0;

    if (cfg->workers == 0 || cfg->workers > SCHED_WORKERS_MAX)
        return -ERR_INVALID;
    s->env = env;
    s->cfg = *cfg;
    s->ops = *ops;
    s->owner = owner;
    s->inject_tail = &s->inject_head;
    mutex_init(&s->inject_lock);
    mutex_init(&s->width_lock);
    width_init(&s->width, cfg->workers);
    mutex_init(&s->park_lock);
    mutex_init(&s->port_lock);
    mutex_init(&s->all_lock);
    depot_init(&s->depot, env);
    epoch_init(&s->epoch);
    for (uint32_t i = 0; i < cfg->workers && r == 0; i++) {
        struct worker *w;

        r = sched_worker_new_(s, &w, i, false);
        if (r == 0) {
            atomic_store_explicit(&s->workers[i], w, memory_order_release);
            s->nworkers = i + 1;
        }
    }
    if (r == 0)
        r = sched_worker_new_(s, &s->port, cfg->workers, true);
    if (r < 0)
        sched_fini(s);
    return r;
}

void
sched_fini(struct sched *s)
{
    epoch_fini(&s->epoch, s->port);
    for (uint32_t i = s->nall; i > 0; i--)
        sched_worker_free_(s, s->all[i - 1]);
    env_free(s->env, s->all, s->call * sizeof *s->all);
    s->all = NULL;
    s->nall = s->call = 0;
    s->leaked = depot_live(&s->depot);
    depot_fini(&s->depot);
    mutex_fini(&s->inject_lock);
    mutex_fini(&s->width_lock);
    mutex_fini(&s->park_lock);
    mutex_fini(&s->port_lock);
    mutex_fini(&s->all_lock);
}

void
sched_queue_(struct sched *s, struct task *t)
{
    t->next = NULL;
    mutex_lock(&s->inject_lock);
    *s->inject_tail = t;
    s->inject_tail = &t->next;
    /* sequentially consistent, as is the look at parked: pairs with the opposite order in worker_thread.c */
    atomic_fetch_add_explicit(&s->injected, 1, memory_order_seq_cst);
    mutex_unlock(&s->inject_lock);
}

void
sched_inject(struct sched *s, struct task *t)
{
    sched_queue_(s, t);
    if (atomic_load_explicit(&s->parked, memory_order_seq_cst) != 0 && !SABOTAGE(lost_wake))
        sched_wake_apart_(s);
}

/* How many w may take: its share, and no more than its ring has room for. Thieves only make more room. */
static uint32_t
share(const struct sched *s, const struct worker *w)
{
    uint32_t awake = s->nworkers - atomic_load_explicit(&s->parked, memory_order_relaxed);
    uint32_t n = atomic_load_explicit(&s->injected, memory_order_relaxed) / (awake > 1 ? awake : 1) + 1;
    uint32_t waiting = runq_waiting(w->runq), room = waiting < RUNQ_RING ? RUNQ_RING - waiting : 0;

    n = n < INJECT_BATCH ? n : INJECT_BATCH;
    return n < room + 1 ? n : room + 1; /* one is run at once */
}

struct task *
sched_inject_take(struct sched *s, struct worker *w)
{
    struct task *first, *t, *next;
    uint32_t n, took = 0;

    if (atomic_load_explicit(&s->injected, memory_order_relaxed) == 0)
        return NULL;
    n = share(s, w);
    mutex_lock(&s->inject_lock);
    first = t = s->inject_head;
    while (t != NULL && took < n) {
        t = t->next;
        took++;
    }
    s->inject_head = t;
    if (t == NULL)
        s->inject_tail = &s->inject_head;
    atomic_fetch_sub_explicit(&s->injected, took, memory_order_relaxed);
    mutex_unlock(&s->inject_lock);
    if (first == NULL)
        return NULL;
    for (t = first->next; took > 1; took--, t = next) {
        next = t->next;
        runq_push_ring(w->runq, t);
    }
    return first;
}

struct worker *
sched_port_enter(struct sched *s)
{
    mutex_lock(&s->port_lock);
    epoch_online(&s->epoch, s->port->seat);
    s->port->now_ns = env_mono_ns(s->env);
    return s->port;
}

void
sched_port_leave(struct sched *s, struct worker *port)
{
    epoch_hand_over(&s->epoch, port->seat);
    epoch_offline(port->seat);
    mutex_unlock(&s->port_lock);
}

uint64_t
sched_counter(struct sched *s, enum counter id)
{
    uint64_t sum = 0;

    mutex_lock(&s->all_lock);
    for (uint32_t i = 0; i < s->nall; i++)
        sum += counters_value(&s->all[i]->counters, id);
    mutex_unlock(&s->all_lock);
    return sum;
}
