#include "fixture.h"
#include "base/random.h"
#include <sched.h>
#include <stdio.h>
#include <string.h>

extern const actor_plugin actor_plugin_entry; /* fixture_plugin.c */

struct rig rig;
struct rig_policy rig_policy;
static struct rng order;

/* --- supervision --- */
static void
failed(void *self, struct actx *x, struct cell *c, const struct failure *f, struct verdict *ret)
{
    (void)self;
    (void)x;
    rig_policy.asked++;
    rig_policy.last = *f;
    rig_policy.last_who = c->ref;
    ret->delay_ns = rig_policy.delay_ns;
    ret->directive = rig_policy.directive;
    if (rig_policy.directive == ACTOR_DIRECTIVE_DEFAULT)
        ret->directive = f->kind == FAILURE_START ? ACTOR_DIRECTIVE_STOP : ACTOR_DIRECTIVE_RESUME;
}

static void
ended(void *self, struct actx *x, struct cell *c, bool final)
{
    (void)self;
    (void)x;
    (void)c;
    (void) final;
}

/* --- life --- */
static struct env *
rig_env(void)
{
    return rig.threads ? env_real() : &rig.env.env;
}

static int
bind_all(const actor_plugin *const *more)
{
    struct err e = {0};
    int r = bind_plugin(&rig.sys, &actor_plugin_entry, 1, &rig.bound[0], &e);

    rig.nbound = r == 0;
    for (size_t i = 0; r == 0 && more != NULL && more[i] != NULL; i++) {
        r = bind_plugin(&rig.sys, more[i], (uint32_t)i + 2, &rig.bound[rig.nbound], &e);
        rig.nbound += r == 0;
    }
    if (r == 0)
        r = bound_publish(&rig.sys, rig.bound, rig.nbound);
    cr_assert(r == 0 || r == -ERR_NOMEM, "%s", e.text);
    return r;
}

static void
free_all(void)
{
    system_fini(&rig.sys);
    while (rig.nbound > 0)
        bound_free(&rig.sys, rig.bound[--rig.nbound]);
}

static int
make(const struct rig_config *cfg)
{
    struct system_config sc = {
        .sched = {.workers = cfg->workers == 0 ? 1 : cfg->workers,
                  .slice_turns = 1000,
                  .slice_ns = 200000,
                  .simulated = !rig.threads},
        .node = 1,
        .max_cells = 1u << 20,
        .dead_bytes = 1 << 16,
    };
    int r = system_init(&rig.sys, rig_env(), NULL, &sc);

    if (r < 0)
        return r;
    rig.sys.hooks = (struct actor_hooks){NULL, failed, ended};
    r = bind_all(cfg->more);
    if (r < 0)
        free_all();
    return r;
}

int
rig_start_with(const struct rig_config *cfg)
{
    int r;

    memset(&rig, 0, sizeof rig);
    memset(&rig_policy, 0, sizeof rig_policy);
    env_fake_init(&rig.env, cfg->seed + 1);
    rng_seed(&order, cfg->seed + 1);
    rig.env.fail_at = cfg->fail_at;
    r = make(cfg);
    if (r < 0)
        cr_assert_eq(rig.env.live_bytes, 0, "%llu bytes left of a start that failed",
                     (unsigned long long)rig.env.live_bytes);
    return r;
}

void
rig_start(void)
{
    cr_assert_eq(rig_start_with(&(struct rig_config){0}), 0);
}

void
rig_make_threads(const struct rig_config *cfg)
{
    memset(&rig, 0, sizeof rig);
    memset(&rig_policy, 0, sizeof rig_policy);
    rig.threads = true;
    cr_assert_eq(make(cfg), 0);
}

void
rig_start_threads(uint32_t workers)
{
    rig_make_threads(&(struct rig_config){.workers = workers});
    cr_assert_eq(sched_start(&rig.sys.sched), 0);
}

void
rig_end_all(void)
{
    struct actx *x = system_enter(&rig.sys, rig.sys.root);

    cell_poke(x, cell_at(&rig.sys, rig.sys.user.slot), ATTN_STOP);
    system_leave(x);
    while (gauge_value(&rig.sys.alive) != 0)
        sched_yield();
}

void
rig_stop(void)
{
    if (rig.threads)
        cr_assert_eq(sched_stop(&rig.sys.sched, UINT64_C(30000000000)), 0);
    rig_check_balance();
    rig.env.fail_at = 0;
    free_all();
    cr_expect_eq(rig.sys.sched.leaked, 0, "%llu blocks are still out",
                 (unsigned long long)rig.sys.sched.leaked);
    if (!rig.threads)
        cr_expect_eq(rig.env.live_bytes, 0, "%llu bytes are left", (unsigned long long)rig.env.live_bytes);
}

/* --- balance --- */
static void
count_list(const struct msg *m)
{
    for (; m != NULL; m = atomic_load(&m->next)) {
        if (m->head & MSG_F_SYSTEM)
            rig.queued_system++;
        else
            rig.queued_user++;
    }
}

static void
count_queued(void)
{
    uint32_t used = atomic_load(&rig.sys.slots_used);

    rig.queued_user = rig.queued_system = 0;
    for (uint32_t s = 1; s < used; s++) {
        struct cell *c = cell_at(&rig.sys, s);

        if (c->life == CELL_FREE)
            continue;
        count_list(atomic_load(&c->mb.head));
        if (c->ext != NULL) {
            count_list(c->ext->stash);
            count_list(c->ext->replay);
        }
    }
}

uint64_t
rig_counter(enum counter id)
{
    return sched_counter(&rig.sys.sched, id);
}

uint64_t
rig_dead(enum dead_reason r)
{
    const struct dead_counts *all[64];

    for (uint32_t i = 0; i < rig.sys.sched.nall; i++)
        all[i] = actx_of(rig.sys.sched.all[i])->dead;
    return dead_sum(all, rig.sys.sched.nall, r);
}

void
rig_check_balance(void)
{
    uint64_t dead = 0, accepted = rig_counter(COUNTER_sent_user);
    uint64_t handled = rig_counter(COUNTER_handled_user), rolled = rig_counter(COUNTER_rolled_back);

    for (unsigned r = 0; r < DEAD_REASONS; r++)
        dead += rig_dead((enum dead_reason)r);
    count_queued();
    cr_expect_eq(accepted, handled + dead + rolled + rig.queued_user,
                 "user lane: sent %llu, handled %llu, dead %llu, rolled back %llu, queued %llu",
                 (unsigned long long)accepted, (unsigned long long)handled, (unsigned long long)dead,
                 (unsigned long long)rolled, (unsigned long long)rig.queued_user);
    accepted = rig_counter(COUNTER_sent_system);
    handled = rig_counter(COUNTER_handled_system);
    dead = rig_counter(COUNTER_dropped_system);
    cr_expect_eq(accepted, handled + dead + rig.queued_system,
                 "system lane: sent %llu, handled %llu, dropped %llu, queued %llu",
                 (unsigned long long)accepted, (unsigned long long)handled, (unsigned long long)dead,
                 (unsigned long long)rig.queued_system);
}

/* --- without threads --- */
struct actx *
rig_worker(uint32_t i)
{
    return actx_of(atomic_load(&rig.sys.sched.workers[i]));
}

bool
rig_slice(void)
{
    uint32_t n = rig.sys.sched.nworkers, first = n == 1 ? 0 : (uint32_t)(rng_u64(&order) % n);

    for (uint32_t k = 0; k < n; k++) {
        struct worker *w = &rig_worker((first + k) % n)->w;
        struct task *t;

        w->now_ns = rig.env.mono_ns;
        worker_timers(w);
        t = worker_next(w);
        if (t == NULL)
            continue;
        rig.sys.sched.ops.run(w, t);
        return true;
    }
    return false;
}

void
rig_run(void)
{
    unsigned long slices = 0;

    do {
        while (rig_slice())
            cr_assert_lt(++slices, 10000000ul, "it never comes to rest");
        for (uint32_t i = 0; i < rig.sys.sched.nworkers; i++)
            worker_collect(&rig_worker(i)->w);
    } while (rig_slice());
}

void
rig_advance(uint64_t ms)
{
    rig_run();
    for (uint64_t i = 0; i < ms; i++) {
        rig.env.mono_ns += 1000000;
        rig_run();
    }
}

/* --- actors --- */
struct spawn_request {
    struct behaviour *b;
    const char *name;
    const args *a;
    actor_ref ref;
    int r;
    _Atomic(uint64_t) done;
};

static void
do_spawn(struct actx *x, struct cell *c, void *arg)
{
    struct spawn_request *q = arg;
    struct cell *child;

    q->r = -ERR_DEAD;
    if (c != NULL) {
        q->r = spawn_cell(x, &child, q->b, q->name, q->name == NULL ? 0 : (uint32_t)strlen(q->name), NULL,
                          q->a == NULL ? NULL : q->b->args, q->a);
        if (q->r == 0)
            q->ref = child->ref;
    }
    atomic_store_explicit(&q->done, 1, memory_order_release); /* pairs with rig_until */
}

struct behaviour *
rig_behaviour(const char *name)
{
    struct actx *x = system_enter(&rig.sys, ACTOR_NOBODY);
    struct behaviour *b = registry_find(&rig.sys, name, strlen(name));

    system_leave(x);
    return b;
}

int
rig_try_spawn(actor_ref *ret, actor_ref parent, const char *behaviour, const char *name, const args *a)
{
    struct spawn_request q = {.b = rig_behaviour(behaviour), .name = name, .a = a};
    int r;

    cr_assert_not_null(q.b, "no behaviour %s", behaviour);
    r = system_call(&rig.sys, parent, do_spawn, &q);
    if (r < 0)
        return r;
    if (rig.threads)
        rig_until(&q.done, 1);
    else
        rig_run();
    cr_assert_eq(atomic_load(&q.done), 1);
    if (q.r == 0)
        *ret = q.ref;
    return q.r;
}

actor_ref
rig_spawn(const char *behaviour)
{
    actor_ref r = {0};

    cr_assert_eq(rig_try_spawn(&r, rig.sys.user, behaviour, NULL, NULL), 0);
    return r;
}

actor_ref
rig_spawn_under(actor_ref parent, const char *name)
{
    actor_ref r = {0};

    cr_assert_eq(rig_try_spawn(&r, parent, "t.thing", name, NULL), 0);
    return r;
}

actor_ref
rig_spawn_small(void)
{
    return rig_spawn("t.small");
}

struct cell *
rig_cell(actor_ref r)
{
    struct cell *c = cell_at(&rig.sys, r.slot);

    return cell_gen(c) == r.gen ? c : NULL;
}

thing *
rig_thing(actor_ref r)
{
    cr_assert_not_null(rig_cell(r));
    return rig_cell(r)->state;
}

small *
rig_small(actor_ref r)
{
    cr_assert_not_null(rig_cell(r));
    return rig_cell(r)->state;
}

/* --- sending --- */
void
rig_post(actor_ref to, go_fn *fn, uint64_t arg)
{
    struct actx *x = system_enter(&rig.sys, ACTOR_NOBODY);

    actor_tell(&x->ctx, to, go, .fn = (uint64_t)(uintptr_t)fn, .arg = arg);
    system_leave(x);
}

void
rig_do(actor_ref to, go_fn *fn, uint64_t arg)
{
    rig_post(to, fn, arg);
    rig_run();
}

void
rig_num(actor_ref to, uint64_t v)
{
    struct actx *x = system_enter(&rig.sys, ACTOR_NOBODY);

    actor_tell(&x->ctx, to, num, .v = v);
    system_leave(x);
}

void
rig_end(actor_ref who, enum actor_stop_mode mode)
{
    struct actx *x = system_enter(&rig.sys, rig.sys.user);

    actor_stop(&x->ctx, who, mode);
    system_leave(x);
    if (!rig.threads)
        rig_run();
}

void
rig_on(actor_ref who, void (*fn)(struct actx *, struct cell *, void *arg), void *arg)
{
    cr_assert_eq(system_call(&rig.sys, who, fn, arg), 0);
    rig_run();
}

/* --- events --- */
void
rig_note(struct event e)
{
    cr_assert_lt(rig.nev, ARRAY_LEN(rig.ev));
    rig.ev[rig.nev++] = e;
}

void
rig_own(actor_ctx *ctx, uint64_t a, uint64_t b)
{
    rig_note((struct event){.kind = EV_OWN, .self = actor_self(ctx), .a = a, .b = b, .tag = actor_tag(ctx)});
}

size_t
rig_events(actor_ref self, enum event_kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < rig.nev; i++)
        n += rig.ev[i].kind == kind && actor_ref_eq(rig.ev[i].self, self);
    return n;
}

const struct event *
rig_event(actor_ref self, enum event_kind kind, size_t i)
{
    for (size_t k = 0; k < rig.nev; k++)
        if (rig.ev[k].kind == kind && actor_ref_eq(rig.ev[k].self, self) && i-- == 0)
            return &rig.ev[k];
    cr_assert(false, "no such event");
    return NULL;
}

const char *
rig_nums(actor_ref self)
{
    static char buf[1024];
    size_t at = 0;

    buf[0] = 0;
    for (size_t i = 0; i < rig.nev && at + 24 < sizeof buf; i++)
        if (rig.ev[i].kind == EV_NUM && actor_ref_eq(rig.ev[i].self, self))
            at += (size_t)snprintf(buf + at, sizeof buf - at, "%s%llu", at == 0 ? "" : " ",
                                   (unsigned long long)rig.ev[i].a);
    return buf;
}

void
rig_until(_Atomic(uint64_t) *what, uint64_t at_least)
{
    while (atomic_load_explicit(what, memory_order_acquire) < at_least)
        sched_yield();
}
