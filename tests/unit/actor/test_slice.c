/* test_slice.c - how slices share a worker: who falls behind catches up, and the others are not forgotten. */
#include "fixture.h"

enum { PRODUCERS = 8, BURST = 400, TURNS = 200, SENT_BEFORE = 2000, HANDLED_NS = 10, SENT_NS = 10 };

static actor_ref consumer, bystander;
static uint64_t sent = SENT_BEFORE, handled, most, visits, visits_apart, visited_at;

TestSuite(slice, .fini = rig_stop);

static actor_result
handle(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)ctx;
    (void)self;
    (void)arg;
    handled++;
    rig.env.mono_ns += HANDLED_NS;
    return ACTOR_OK;
}

/* A burst, and again. */
static actor_result
flood(actor_ctx *ctx, void *self, uint64_t turns)
{
    (void)self;
    for (int i = 0; i < BURST; i++)
        cr_assert_eq(actor_tell(ctx, consumer, go, .fn = (uint64_t)(uintptr_t)handle), 0);
    sent += BURST;
    rig.env.mono_ns += BURST * SENT_NS;
    if (turns > 1)
        actor_tell(ctx, actor_self(ctx), go, .fn = (uint64_t)(uintptr_t)flood, .arg = turns - 1);
    return ACTOR_OK;
}

/* Who has nothing to do with it. */
static actor_result
stand_by(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    if (visited_at != 0 && rig.env.mono_ns - visited_at > visits_apart)
        visits_apart = rig.env.mono_ns - visited_at;
    visited_at = rig.env.mono_ns;
    visits++;
    if (handled < (uint64_t)SENT_BEFORE + PRODUCERS * BURST * TURNS)
        actor_tell(ctx, actor_self(ctx), go, .fn = (uint64_t)(uintptr_t)stand_by);
    return ACTOR_OK;
}

static void
post(actor_ref to, go_fn *fn, uint64_t arg)
{
    struct actx *x = system_enter(&rig.sys, ACTOR_NOBODY);

    actor_tell(&x->ctx, to, go, .fn = (uint64_t)(uintptr_t)fn, .arg = arg);
    system_leave(x);
}

Test(slice, who_falls_behind_catches_up_while_its_senders_go_on)
{
    actor_ref ps[PRODUCERS];

    rig_start();
    consumer = rig_spawn("t.small");
    bystander = rig_spawn("t.small");
    for (int i = 0; i < PRODUCERS; i++)
        ps[i] = rig_spawn("t.small");
    for (int i = 0; i < PRODUCERS; i++)
        post(ps[i], flood, TURNS);
    for (int i = 0; i < SENT_BEFORE; i++) /* it begins with more than a slice can do, and behind them */
        post(consumer, handle, 0);
    post(bystander, stand_by, 0);
    while (rig_slice())
        if (sent - handled > most)
            most = sent - handled;
    cr_assert_eq(handled, SENT_BEFORE + PRODUCERS * BURST * TURNS);
    /* 3,200 come in a round and 1,000 would go: two thirds of 640,000 would be left at the end */
    cr_assert_lt(most, 20000, "%llu waited", (unsigned long long)most);
    cr_log_info("%llu waited", (unsigned long long)most);
    cr_assert_gt(visits, 100);
    /* a round of the others, and a slice of the consumer after each of them */
    cr_assert_leq(visits_apart, (PRODUCERS + 1) * (200000 + BURST * SENT_NS) + 200000, "%llu ns",
                  (unsigned long long)visits_apart);
}
