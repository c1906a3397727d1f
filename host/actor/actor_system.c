/* actor_system.c - making and unmaking all of it. */
#include "actor/actor_system.h"
#include "actor/call.h"
#include "actor/life.h"
#include "actor/message.h"
#include "actor/outbox.h"
#include "actor/slots.h"
#include "actor/tnode.h"
#include "actor/trim.h"
#include "actor/turn.h"
#include <actor/system.h>
#include <string.h>

/* --- workers --- */
static int
worker_make(struct worker *w)
{
    struct actx *x = actx_of(w);
    struct system *sys = w->sched->owner;

    x->ctx.host = &call_table;
    x->sys = sys;
    x->cells = sys->cells;
    x->cells_max = sys->cfg.max_cells;
    x->node = sys->cfg.node;
    x->hard_limit_ns = sys->cfg.hard_limit_ns;
    outbox_init(x);
    cells_source(x);
    arena_init(&x->scratch, &x->source, NULL, 0);
    undo_init(&x->undo, NULL, &x->scratch);
    x->dead = env_alloc_lines(sys->env, sizeof *x->dead);
    if (x->dead == NULL)
        return -ERR_NOMEM;
    if (sys->tn[w->id] == NULL && tnodes_new(&sys->tn[w->id], sys->env, w->id, w->wheel) < 0) {
        env_free_lines(sys->env, x->dead, sizeof *x->dead);
        return -ERR_NOMEM;
    }
    x->tn = sys->tn[w->id]; /* a worker that takes over inherits the table with the wheel */
    return 0;
}

static void
worker_unmake(struct worker *w)
{
    struct actx *x = actx_of(w);
    struct system *sys = x->sys;

    outbox_fini(x);
    arena_drop(&x->scratch);
    env_free(sys->env, x->fx, x->fxcap * sizeof *x->fx);
    env_free_lines(sys->env, x->dead, sizeof *x->dead);
}

/* --- guardians --- */
static struct cell *
guardian(struct actx *x, struct behaviour *b, struct cell *parent, const char *name)
{
    struct cell *c = cell_new(x, b);

    if (c == NULL)
        return NULL;
    c->flags |= CELL_SYSTEM;
    if (parent != NULL) {
        life_adopt(x, parent, c);
        if (names_claim(x, c, name, (uint32_t)strlen(name)) < 0)
            return NULL;
    }
    atomic_store_explicit(&c->mb.tail, MBOX_IDLE, memory_order_release);
    return c;
}

static int
types_builtin(struct system *sys)
{
    static const struct {
        const actor_schema_head *(*schema)(void);
        size_t at;
    } all[] = {
        {actor_terminated_schema_, offsetof(struct system_types, terminated)},
        {actor_ask_failed_schema_, offsetof(struct system_types, ask_failed)},
        {actor_child_failed_schema_, offsetof(struct system_types, child_failed)},
        {actor_none_schema_, offsetof(struct system_types, none)},
    };
    struct schema_raw raw[ARRAY_LEN(all)];
    struct schema_set *set;
    int r;

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const actor_schema_head *h = all[i].schema();

        raw[i] = (struct schema_raw){h, h->head_bytes + (size_t)h->nfields * h->field_bytes};
    }
    r = schema_set_new(&set, sys->env, raw, ARRAY_LEN(all), "actor", NULL);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ARRAY_LEN(all) && r == 0; i++)
        r = types_add(&sys->types, set->v[i],
                      (const struct msg_type **)(void *)((char *)&sys->st + all[i].at), NULL);
    schema_set_free(set);
    return r;
}

static void
failed_default(void *self, struct actx *x, struct cell *c, const struct failure *f, struct verdict *ret)
{
    (void)self;
    (void)x;
    (void)c;
    ret->directive =
        f->kind == FAILURE_RETURNED && f->resumable ? ACTOR_DIRECTIVE_RESUME : ACTOR_DIRECTIVE_STOP;
}

static void
ended_default(void *self, struct actx *x, struct cell *c, bool final)
{
    (void)self;
    (void)x;
    (void)c;
    (void) final;
}

int
system_init(struct system *sys, struct env *env, struct log *log, const struct system_config *cfg)
{
    static const struct task_ops ops = {
        .worker_bytes = sizeof(struct actx),
        .worker_offset = offsetof(struct actx, w),
        .worker_init = worker_make,
        .worker_fini = worker_unmake,
        .run = actor_run,
        .fire = tnodes_fire,
        .surplus = trim_surplus,
        .trim = trim_do,
    };
    struct cell *root, *system, *user;
    struct actx *x;
    int r = -ERR_NOMEM;

    if (cfg->node == 0 || cfg->max_cells < 1024)
        return -ERR_INVALID;
    sys->env = env;
    sys->log = log;
    sys->cfg = *cfg;
    sys->hooks = (struct actor_hooks){NULL, failed_default, ended_default};
    mutex_init(&sys->slots_lock);
    mutex_init(&sys->types_lock);
    mutex_init(&sys->names_lock);
    hmap_init(&sys->names);
    types_init(&sys->types, env, 0);
    atomic_store_explicit(&sys->slots_used, 1, memory_order_relaxed); /* slot 0 is nobody */
    sys->cells = env->reserve(env, (size_t)cfg->max_cells * sizeof(struct cell));
    if (sys->cells == NULL || gauge_init(&sys->alive, env, cfg->sched.workers + 1) < 0 ||
        dead_ring_new(&sys->dead, env, cfg->dead_bytes) < 0 || types_builtin(sys) < 0)
        goto fail;
    r = sched_init(&sys->sched, env, &cfg->sched, &ops, sys);
    if (r < 0)
        goto fail;
    sys->guardian =
        (struct behaviour){.name = "actor.guardian", .version = "host", .zero_state = true, .state_bytes = 8};
    r = behaviour_dispatch(sys, &sys->guardian, NULL);
    if (r < 0)
        goto fail_sched;
    x = actx_of(sys->sched.port);
    r = -ERR_NOMEM;
    root = guardian(x, &sys->guardian, NULL, "");
    system = root == NULL ? NULL : guardian(x, &sys->guardian, root, "system");
    user = system == NULL ? NULL : guardian(x, &sys->guardian, root, "user");
    if (user == NULL)
        goto fail_sched;
    sys->root = root->ref;
    sys->system = system->ref;
    sys->user = user->ref;
    return 0;

fail_sched:
    system_fini(sys);
    return r;
fail:
    for (uint32_t i = 0; i <= SCHED_WORKERS_MAX; i++)
        tnodes_free(sys->tn[i]);
    types_fini(&sys->types);
    dead_ring_free(sys->dead);
    gauge_fini(&sys->alive, env);
    if (sys->cells != NULL)
        env->release(env, sys->cells, (size_t)cfg->max_cells * sizeof(struct cell));
    hmap_fini(&sys->names);
    return r;
}

/* Whatever still lives: memory only. */
static void
sweep_cells(struct system *sys, struct actx *x)
{
    uint32_t used = atomic_load_explicit(&sys->slots_used, memory_order_relaxed);

    for (uint32_t s = 1; s < used; s++) {
        struct cell *c = cell_at(sys, s);
        struct order *o;

        if (c->life == CELL_FREE)
            continue;
        x->me = c;
        sys->hooks.ended(sys->hooks.self, x, c, true);
        if (cell_gen(c) != 0) {
            life_end_timers(x, c);
            __atomic_store_n(&c->ref.gen, 0, __ATOMIC_RELAXED);
        }
        for (o = atomic_exchange_explicit(&c->orders, NULL, memory_order_acquire); o != NULL;) {
            struct order *next = o->next;

            if (o->kind != ORDER_CHILD_EXITED)
                pool_put(&x->w.pool, 0, o);
            o = next;
        }
        life_free_lists(x, c);
        (void)mbox_wake(&c->mb); /* an idle mailbox would make mbox_first wait for a pusher */
        life_drain(x, c, c->ref, DEAD_shutting_down);
        cell_drop_state(x, c);
        cell_drop_ext(x, c);
        c->life = CELL_FREE;
    }
    x->me = NULL;
}

void
system_fini(struct system *sys)
{
    struct actx *x = actx_of(sys->sched.port);
    struct behaviour_index *ix = atomic_exchange_explicit(&sys->index, NULL, memory_order_acq_rel);

    epoch_fini(&sys->sched.epoch, sys->sched.port); /* reclaims what waited */
    epoch_init(&sys->sched.epoch);
    sweep_cells(sys, x);
    registry_free(sys, ix);
    behaviour_fini(sys, &sys->guardian);
    for (uint32_t i = 0; i <= SCHED_WORKERS_MAX; i++)
        tnodes_free(sys->tn[i]);
    sched_fini(&sys->sched);
    types_fini(&sys->types);
    dead_ring_free(sys->dead);
    gauge_fini(&sys->alive, sys->env);
    slots_fini(sys);
    sys->env->release(sys->env, sys->cells, (size_t)sys->cfg.max_cells * sizeof(struct cell));
    names_fini(sys);
    mutex_fini(&sys->slots_lock);
    mutex_fini(&sys->types_lock);
    mutex_fini(&sys->names_lock);
}

/* --- from outside --- */
struct actx *
system_enter(struct system *sys, actor_ref from)
{
    struct actx *x = actx_of(sched_port_enter(&sys->sched));

    x->me = cell_at(sys, from.slot);
    x->cur = NULL;
    atomic_fetch_add_explicit(&x->w.stamp, 1, memory_order_relaxed); /* a turn of its own, for the caps */
    return x;
}

int
system_call(struct system *sys, actor_ref who, void (*fn)(struct actx *, struct cell *, void *arg), void *arg)
{
    struct actx *x = system_enter(sys, sys->root);
    struct cell *c = cell_resolve(x, who);
    struct order *o = c == NULL ? NULL : cell_order_new(x, ORDER_CALL);
    int r = c == NULL ? -ERR_DEAD : o == NULL ? -ERR_NOMEM : 0;

    if (r == 0) {
        o->fn = fn;
        o->arg = arg;
        cell_order(x, c, o);
    }
    system_leave(x);
    return r;
}

void
system_leave(struct actx *x)
{
    turn_commit(x, x->me);
    sends_tally(x);
    worker_collect(&x->w);
    x->me = NULL;
    sched_port_leave(&x->sys->sched, &x->w);
}
