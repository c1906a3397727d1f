/* Ten thousand actors on two workers for some seconds: tells, asks, spawns, stops, crashes, watches, timers, stashes, at random.
 * Then everything ends, and each message has had exactly one fate. ACTOR_STRESS_MS says how long; ACTOR_STRESS_SEED which. */
#include "base/random.h"
#include "fixture.h"
#include <sched.h>
#include <stdlib.h>

enum { ACTORS = 10000, KNOWN = 4096 };
static _Atomic(uint64_t)
    known_gen[KNOWN]; /* some references, old ones among them; torn pairs are stale, and that is fine */
static _Atomic(uint32_t) known_slot[KNOWN];
static _Atomic(uint64_t) turns, answers, no_answers, ends, fails;

#define DO(F)    F(u64, seed) F(u32, hops)
#define HELLO(F) F(u64, n) F(str, s)
#define NODE(F)  F(u64, n) F(u64, open) F(u64, stashing) F(str, text) F(list(u64), seen)
ACTOR_MESSAGE(act, 1, DO)
ACTOR_MESSAGE(hello, 1, HELLO)
ACTOR_SIGNAL(tock, 1)
ACTOR_STATE(citizen, 1, NODE)

static actor_ref
somebody(uint64_t r)
{
    return actor_ref_make_(1, atomic_load_explicit(&known_slot[r % KNOWN], memory_order_relaxed),
                           atomic_load_explicit(&known_gen[r % KNOWN], memory_order_relaxed));
}

static void
remember(actor_ref a, uint64_t r)
{
    atomic_store_explicit(&known_slot[r % KNOWN], a.slot, memory_order_relaxed);
    atomic_store_explicit(&known_gen[r % KNOWN], a.gen, memory_order_relaxed);
}

/* One random thing. */
static void
random_deed(actor_ctx *ctx, citizen *self, uint64_t r, uint32_t hops)
{
    actor_ref to = somebody(r >> 8), kid;
    char buf[200];

    switch (r % 32) {
    case 0:
    case 1:
        if (actor_spawn(ctx, &kid, "citizen", NULL, actor_none) == 0) {
            remember(kid, r >> 20);
            actor_tell(ctx, kid, act, .seed = r, .hops = hops);
        }
        break;
    case 2:
        actor_stop(ctx, to, r & 64 ? ACTOR_STOP_NOW : ACTOR_STOP_DRAIN);
        break;
    case 3:
        actor_watch(ctx, to);
        break;
    case 4:
        actor_unwatch(ctx, to);
        break;
    case 5:
    case 6:
    case 7:
        if (actor_ask(ctx, to, hello, 1 + (r >> 40) % 20, r, hello, .n = r) == 0)
            self->open++;
        break;
    case 8: {
        int64_t id = actor_timer(ctx, (r >> 30) % 8, r & 128 ? 1 + (r >> 50) % 5 : 0, 1, tock);

        if (r & 256)
            actor_timer_cancel(ctx, id);
        break;
    }
    case 9:
        __builtin_memset(buf, 'x', sizeof buf);
        actor_set(ctx, &self->text, actor_str_make_(buf, (uint32_t)(r >> 33) % 200));
        actor_append(ctx, &self->seen, r);
        if (self->seen.n > 50)
            actor_clear(ctx, &self->seen);
        break;
    case 10:
        self->stashing = 1;
        break;
    case 11:
        actor_unstash_all(ctx);
        self->stashing = 0;
        break;
    case 12:
        __builtin_memset(buf, 'y', sizeof buf);
        actor_tell(ctx, to, hello, .n = 1, .s = actor_str_make_(buf, (uint32_t)(r >> 33) % 200));
        break;
    case 13:
        actor_lookup(ctx, "/user/nobody");
        break;
    case 14: {
        act *m = actor_new(ctx, act);

        if (m != NULL && (r & 512)) {
            m->hops = 0;
            actor_send(ctx, to, m);
        }
        break;
    }
    case 15:
        if (r & (1 << 12))
            actor_flush(ctx);
        break;
    default:
        actor_tell(ctx, to, act, .seed = r, .hops = hops);
        break;
    }
}

ACTOR_ON(citizen, act, ctx, self, m)
{
    uint64_t r = actor_random(ctx);

    atomic_fetch_add_explicit(&turns, 1, memory_order_relaxed);
    self->n++;
    if (self->stashing && r % 4 == 0)
        return ACTOR_STASH;
    if (m->hops > 0)
        for (unsigned i = 0; i < 1 + r % 3; i++)
            random_deed(ctx, self, actor_random(ctx), m->hops - 1);
    r >>= 16;
    if (r % 97 == 0) {
        atomic_fetch_add_explicit(&fails, 1, memory_order_relaxed);
        return actor_fail(ctx, 1 + (int)(r % 3), "as it happens");
    }
    if (r % 193 == 1)
        return ACTOR_UNHANDLED;
    if (r % 389 == 2)
        return ACTOR_STOP;
    return ACTOR_OK;
}
ACTOR_ON(citizen, hello, ctx, self, m)
{
    if (actor_tag(ctx) != 0) {
        atomic_fetch_add_explicit(&answers, 1, memory_order_relaxed);
        return ACTOR_OK;
    }
    if (m->n % 7 == 0)
        return ACTOR_OK; /* no answer */
    if (m->n % 7 == 1) {
        actor_forward(ctx, somebody(m->n >> 3));
        return ACTOR_OK;
    }
    actor_reply(ctx, hello, .n = m->n, .s = actor_view(self->text));
    return ACTOR_OK;
}
ACTOR_ON(citizen, tock, ctx, self, m)
{
    random_deed(ctx, self, actor_random(ctx), 1);
    return ACTOR_OK;
}
ACTOR_ON(citizen, actor_terminated, ctx, self, m)
{
    atomic_fetch_add_explicit(&ends, 1, memory_order_relaxed);
    return ACTOR_OK;
}
ACTOR_ON(citizen, actor_ask_failed, ctx, self, m)
{
    atomic_fetch_add_explicit(&no_answers, 1, memory_order_relaxed);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(citizen, ACTOR_ROW(citizen, act), ACTOR_ROW(citizen, hello), ACTOR_ROW(citizen, tock),
                ACTOR_ROW(citizen, actor_terminated), ACTOR_ROW(citizen, actor_ask_failed))
RIG_PLUGIN(city, "city", "1.0.0", &citizen_behaviour);

/* Failures: every directive comes up. Escalated ones end the actor. */
static void
decide(void *self, struct actx *x, struct cell *c, const struct failure *f, struct verdict *ret)
{
    (void)self;
    (void)c;
    ret->directive = f->kind == FAILURE_START ? ACTOR_DIRECTIVE_STOP
                     : f->code == 1           ? ACTOR_DIRECTIVE_RESUME
                     : f->code == 2           ? ACTOR_DIRECTIVE_RESTART
                                              : ACTOR_DIRECTIVE_ESCALATE;
    ret->delay_ns = f->code == 2 && rng_u64(&x->w.rng) % 2 == 0 ? 3000000 : 0;
}

static void
populate(struct actx *x, struct cell *c, void *arg)
{
    struct behaviour *b = registry_find(&rig.sys, "city.citizen", 12);

    for (uint32_t i = 0; i < ACTORS && c != NULL; i++) {
        struct cell *child;

        if (spawn_cell(x, &child, b, NULL, 0, NULL, NULL, NULL) == 0)
            remember(child->ref, i);
    }
    atomic_store_explicit((_Atomic(uint64_t) *)arg, 1, memory_order_release); /* pairs with rig_until */
}

static uint64_t
setting(const char *name, uint64_t dflt)
{
    const char *s = getenv(name);

    return s == NULL ? dflt : strtoull(s, NULL, 10);
}

static void
stir(uint64_t ms, uint64_t seed)
{
    uint64_t end = env_mono_ns(env_real()) + ms * 1000000;
    struct rng r;

    rng_seed(&r, seed);
    while (env_mono_ns(env_real()) < end) {
        struct actx *x = system_enter(&rig.sys, rig.sys.user);

        for (int i = 0; i < 64; i++)
            actor_tell(&x->ctx, somebody(rng_u64(&r)), act, .seed = rng_u64(&r), .hops = 6);
        system_leave(x);
        if (gauge_value(&rig.sys.alive) < ACTORS / 2) { /* births keep up with deaths */
            _Atomic(uint64_t) done = 0;

            cr_assert_eq(system_call(&rig.sys, rig.sys.user, populate, &done), 0);
            rig_until(&done, 1);
        }
        while (atomic_load(&rig.sys.sched.injected) > 64)
            sched_yield();
    }
}

static void
city_life(uint32_t workers)
{
    static const actor_plugin *const more[] = {&city, NULL};
    _Atomic(uint64_t) done = 0;

    rig_make_threads(&(struct rig_config){.workers = workers, .more = more});
    rig.sys.hooks.failed = decide;
    cr_assert_eq(sched_start(&rig.sys.sched), 0);
    cr_assert_eq(system_call(&rig.sys, rig.sys.user, populate, &done), 0);
    rig_until(&done, 1);
    stir(setting("ACTOR_STRESS_MS", 1500), setting("ACTOR_STRESS_SEED", 1));
    rig_end_all();
    cr_assert_eq(gauge_value(&rig.sys.alive), 0);
    cr_assert_gt(atomic_load(&answers), 0);
    cr_assert_gt(atomic_load(&no_answers), 0);
    cr_assert_gt(atomic_load(&ends), 0);
    cr_assert_gt(atomic_load(&fails), 0);
    rig_stop();
}

TestSuite(stress);

Test(stress, all_messages_have_one_fate_with_two_workers)
{
    city_life(2);
}

Test(stress, all_messages_have_one_fate_with_one_worker)
{
    city_life(1);
}

Test(stress, all_messages_have_one_fate_with_four_workers)
{
    city_life(4);
}
