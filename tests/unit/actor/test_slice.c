/* test_slice.c - how slices share a worker: who falls behind catches up, and the others are not forgotten. */
#include "fixture.h"

enum { PRODUCERS = 8, SENT_BEFORE = 2000, HANDLED_NS = 10, SENT_NS = 10 };

static actor_ref consumer, bystander;
static uint64_t burst, all; /* messages a turn, and in all */
static uint64_t sent, handled, most, visits, visits_apart, visited_at;

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
    for (uint64_t i = 0; i < burst; i++)
        cr_assert_eq(actor_tell(ctx, consumer, go, .fn = (uint64_t)(uintptr_t)handle), 0);
    sent += burst;
    rig.env.mono_ns += burst * SENT_NS;
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
    if (handled < all)
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

/* Eight producers, and a consumer that begins with more than a slice can do, behind them. */
static void
flooded(uint64_t messages_a_turn, uint64_t turns)
{
    actor_ref ps[PRODUCERS];

    sent = SENT_BEFORE; /* anew: the shim runs all tests in one process */
    handled = most = visits = visits_apart = visited_at = 0;
    burst = messages_a_turn;
    all = SENT_BEFORE + PRODUCERS * burst * turns;
    rig_start();
    consumer = rig_spawn("t.small");
    bystander = rig_spawn("t.small");
    for (int i = 0; i < PRODUCERS; i++)
        ps[i] = rig_spawn("t.small");
    for (int i = 0; i < PRODUCERS; i++)
        post(ps[i], flood, turns);
    for (int i = 0; i < SENT_BEFORE; i++)
        post(consumer, handle, 0);
    post(bystander, stand_by, 0);
    while (rig_slice())
        if (sent - handled > most)
            most = sent - handled;
    cr_assert_eq(handled, all);
    cr_log_info("%llu of %llu waited", (unsigned long long)most, (unsigned long long)all);
    /* a round of the others, and a slice of the consumer after each of them */
    cr_assert_gt(visits, turns / 2);
    cr_assert_leq(visits_apart, (PRODUCERS + 1) * (200000 + burst * SENT_NS) + 200000, "%llu ns",
                  (unsigned long long)visits_apart);
}

/* 3,200 come in a round and 1,000 would go: two thirds of 640,000 would be left at the end. */
Test(slice, who_falls_behind_is_not_stopped_by_its_turns)
{
    flooded(400, 200);
    cr_assert_lt(most, 20000, "%llu waited", (unsigned long long)most);
}

/* As much time as a slice has: eight such turns in a round, and one slice of the consumer, would leave seven eighths of 6.4 M.
 * 160,000 come in each of the five rounds before it is known to be behind. */
Test(slice, who_falls_behind_runs_again_after_one_other)
{
    flooded(20000, 40);
    cr_assert_lt(most, all / 4, "%llu waited", (unsigned long long)most);
}
