/* The clock as a turn sees it: the worker reads its own every 32 turns only. */
#include "fixture.h"

TestSuite(turn_now, .init = rig_start, .fini = rig_stop);

static actor_result
take_50_ms(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    rig_own(ctx, actor_now_ns(ctx), 0);
    rig.env.mono_ns += 50000000;
    rig_own(ctx, actor_now_ns(ctx), 0);
    return ACTOR_OK;
}

static actor_result
arm_10_ms(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    actor_timer(ctx, 10, 0, 1, num, .v = 1);
    rig_own(ctx, actor_now_ns(ctx), 0);
    return ACTOR_OK;
}

Test(turn_now, a_turn_sees_one_time_and_the_next_turn_of_the_slice_a_later_one)
{
    actor_ref a = rig_spawn_small();

    rig_post(a, take_50_ms, 0);
    rig_post(a, take_50_ms, 0);
    rig_run();
    cr_assert_eq(rig_event(a, EV_OWN, 0)->a, rig_event(a, EV_OWN, 1)->a);
    cr_assert_eq(rig_event(a, EV_OWN, 2)->a, rig_event(a, EV_OWN, 1)->a + 50000000);
}

Test(turn_now, a_timer_armed_after_a_long_turn_of_the_same_slice_does_not_come_early)
{
    actor_ref a = rig_spawn_small();

    rig_post(a, take_50_ms, 0);
    rig_post(a, arm_10_ms, 0);
    rig_run();
    cr_assert_eq(rig_events(a, EV_NUM), 0);
    rig_advance(9);
    cr_assert_eq(rig_events(a, EV_NUM), 0);
    rig_advance(3);
    cr_assert_eq(rig_events(a, EV_NUM), 1);
}
