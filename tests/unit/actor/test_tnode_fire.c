#include "tnode_rig.h"

TestSuite(tnode_fire, .init = rig_start, .fini = rig_stop);

/* Fired and not handled yet. */
static uint64_t
open_now(void)
{
    return rig_worker(0)->tn->wheel->open;
}

static actor_result
let_time_pass(actor_ctx *ctx, void *self, uint64_t ms)
{
    (void)ctx;
    (void)self;
    for (uint64_t i = 0; i < ms; i++) {
        rig.env.mono_ns += 1000000;
        rig_worker(0)->w.now_ns = rig.env.mono_ns;
        worker_timers(&rig_worker(0)->w);
    }
    return ACTOR_OK;
}

static actor_result
arm_bare(actor_ctx *ctx, void *self, uint64_t ms)
{
    (void)self;
    timer = actor_timer(ctx, ms, 0, 0, num, .v = 0);
    return ACTOR_OK;
}

Test(tnode_fire, a_timer_without_payload_and_tag_shows_nothing_of_the_one_before_in_its_node)
{
    int64_t before;

    two();
    rig_do(a, arm, 5);
    before = timer;
    rig_advance(10);
    rig_do(a, arm_bare, 5);
    cr_assert_eq((uint32_t)timer, (uint32_t)before, "the same node");
    rig_advance(10);
    cr_assert_str_eq(rig_nums(a), "5 0");
    cr_assert_eq(rig_event(a, EV_NUM, 0)->tag, 7);
    cr_assert_eq(rig_event(a, EV_NUM, 1)->tag, 0);
}

Test(tnode_fire, a_tick_that_is_put_off_keeps_its_tag_and_is_counted_once)
{
    two();
    rig_do(a, arm, 5);
    rig_do(a, put_off, MODE_STASH);
    rig_advance(10);
    cr_assert_str_eq(rig_nums(a), "");
    cr_assert_eq(nodes_live(), 0);
    rig_do(a, wake_up, 0);
    cr_assert_str_eq(rig_nums(a), "5");
    cr_assert_eq(rig_event(a, EV_NUM, 0)->tag, 7);
}

Test(tnode_fire, ticks_whose_turns_fail_or_stop_their_actor_have_one_fate_each)
{
    two();
    rig_do(a, put_off, MODE_FAIL);
    rig_do(b, put_off, MODE_STOP);
    rig_do(a, arm_many, 3);
    rig_do(b, arm_many, 3);
    rig_advance(30);
    cr_assert_null(rig_cell(b));
    cr_assert_eq(nodes_live(), 0);
    cr_assert_eq(rig_counter(COUNTER_sent_system),
                 rig_counter(COUNTER_handled_system) + rig_counter(COUNTER_dropped_system));
}

static actor_result
tell_then_tick(actor_ctx *ctx, void *self, uint64_t n)
{
    (void)self;
    for (uint64_t i = 0; i < n; i++) {
        actor_tell(ctx, actor_self(ctx), num, .v = 100 + i);
        actor_tell(ctx, actor_self(ctx), text,
                   .s = ACTOR_STR("a message that needs a block of a larger class than ticks do"));
    }
    let_time_pass(ctx, self, 5);
    return ACTOR_OK;
}

Test(tnode_fire, ticks_beside_mail_of_other_classes_come_in_order)
{
    two();
    rig_do(a, arm_bare, 1);
    rig_do(a, arm_bare, 2);
    rig_do(a, tell_then_tick, 2);
    cr_assert_str_eq(rig_nums(a), "0 0 100 101");
    cr_assert_eq(rig_events(a, EV_TEXT), 2);
    cr_assert_eq(nodes_live(), 0);
}

Test(tnode_fire, a_burst_comes_in_parts_and_the_next_waits_until_they_are_handled)
{
    struct worker *w = &rig_worker(0)->w;

    two();
    rig_do(a, arm_many, 2000);
    rig.env.mono_ns += 30000000;
    w->now_ns = rig.env.mono_ns;
    worker_timers(w);
    cr_assert_geq(open_now(), TIMERS_LEAST);
    cr_assert_lt(open_now(), TIMERS_LEAST + WHEEL_CHUNK);
    for (int i = 0; i < 20; i++)
        worker_clock(w, CLOCK_TURNS);
    cr_assert_geq(open_now(), TIMERS_OPEN);
    cr_assert_lt(open_now(), TIMERS_OPEN + 20 * WHEEL_CHUNK, "they wait while those before are not handled");
    rig_run();
    cr_assert_eq(rig_thing(a)->n, 2000);
    cr_assert_eq(open_now(), 0);
}

static actor_result
cancel_and_tick_waits(actor_ctx *ctx, void *self, uint64_t arg)
{
    let_time_pass(ctx, self, 20); /* the tick comes while we are in our turn, behind it in the mailbox */
    cr_assert_eq(actor_timer_cancel(ctx, timer), 0);
    return arg == 0 ? ACTOR_OK : ACTOR_STOP;
}

static actor_result
ask_100ms(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    cr_assert_eq(actor_ask(ctx, b, num, 100, tag, get), 0);
    return ACTOR_OK;
}

Test(tnode_fire, ticks_that_nobody_handles_are_not_waited_for_when_their_timers_end)
{
    two();
    rig_do(a, arm, 5);
    rig_do(a, cancel_and_tick_waits, 0);
    rig_do(a, arm_every, 10);
    rig_do(b, put_off, MODE_STASH);
    rig_do(a, ask_100ms, 5);
    rig_advance(200);
    rig_end(a, ACTOR_STOP_NOW);
    rig_advance(2000);
    cr_assert_eq(open_now(), 0);
}
