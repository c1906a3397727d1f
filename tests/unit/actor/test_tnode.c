#include "tnode_rig.h"

TestSuite(tnode, .init = rig_start, .fini = rig_stop);

static int got;

static actor_result
ask_100ms(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    got = actor_ask(ctx, b, num, 100, tag, get);
    return ACTOR_OK;
}

static actor_result
cancel(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    got = actor_timer_cancel(ctx, timer);
    return ACTOR_OK;
}

/* --- asks --- */
Test(tnode, an_ask_that_nobody_answers_times_out_once)
{
    two();
    rig_do(b, put_off, MODE_STASH); /* puts the question off */
    rig_do(a, ask_100ms, 5);
    rig_advance(90);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 0);
    rig_advance(20);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 1);
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->a, ERR_TIMEOUT);
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->tag, 5);
    cr_assert(actor_ref_eq(rig_event(a, EV_ASK_FAILED, 0)->who, b));
    rig_advance(3000);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 1);
    cr_assert_eq(nodes_live(), 0);
}

Test(tnode, an_answer_that_comes_too_late_reaches_nobody)
{
    two();
    rig_do(b, put_off, MODE_STASH);
    rig_do(a, ask_100ms, 5);
    rig_advance(150);
    rig_do(b, wake_up, 0);
    cr_assert_str_eq(rig_nums(a), "");
    cr_assert_eq(rig_dead(DEAD_late_reply), 1);
}

Test(tnode, a_put_off_question_can_still_be_answered_in_time)
{
    two();
    rig_do(b, put_off, MODE_STASH);
    rig_do(a, ask_100ms, 5);
    rig_advance(50);
    rig_do(b, wake_up, 0);
    cr_assert_str_eq(rig_nums(a), "0");
    rig_advance(100);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 0);
    cr_assert_eq(nodes_live(), 0);
}

Test(tnode, asking_the_dead_is_a_status)
{
    two();
    rig_end(b, ACTOR_STOP_NOW);
    rig_do(a, ask_100ms, 5);
    cr_assert_eq(got, -ERR_DEAD);
    rig_advance(200);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 0);
}

Test(tnode, an_ask_to_an_actor_that_stops_fails_at_once)
{
    two();
    rig_do(b, put_off, MODE_STASH);
    rig_do(a, ask_100ms, 6);
    rig_end(b, ACTOR_STOP_NOW);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 1);
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->a, ERR_DEAD);
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->tag, 6);
    cr_assert(actor_ref_eq(rig_event(a, EV_ASK_FAILED, 0)->who, b));
    rig_advance(200);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 1);
}

static actor_result
ask_unknown(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    got = actor_ask(ctx, b, num, 100, tag, nobody_handles);
    return ACTOR_OK;
}

Test(tnode, an_ask_without_a_row_fails_at_once)
{
    two();
    rig_do(a, ask_unknown, 6);
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->a, ERR_UNHANDLED);
    cr_assert_eq(rig_dead(DEAD_unhandled), 1);
}

static actor_result
ask_num(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    got = actor_ask(ctx, b, num, 100, tag, num, .v = 1);
    return ACTOR_OK;
}

Test(tnode, an_ask_whose_handler_does_not_reply_fails_at_once)
{
    two();
    rig_do(a, ask_num, 6);
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->a, ERR_UNHANDLED);
    cr_assert_str_eq(rig_nums(b), "1");
}

Test(tnode, an_ask_whose_turn_fails_fails_at_once_although_it_had_replied)
{
    two();
    rig_thing(b)->mode = MODE_FAIL; /* get replies, then fails: the reply is rolled back */
    rig_do(a, ask_100ms, 6);
    cr_assert_str_eq(rig_nums(a), "");
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 1);
    cr_assert_eq((int64_t)rig_event(a, EV_ASK_FAILED, 0)->a, -7); /* the handler's own code */
}

static actor_result
ask_text(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    got = actor_ask(ctx, b, text, 100, tag, get); /* but get answers with num */
    return ACTOR_OK;
}

Test(tnode, an_answer_of_another_type_than_expected_fails_the_ask)
{
    two();
    rig_do(a, ask_text, 9);
    cr_assert_str_eq(rig_nums(a), "");
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 1);
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->a, ERR_TYPE);
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->tag, 9);
    cr_assert_eq(rig_dead(DEAD_type_mismatch), 1);
    cr_assert_eq(nodes_live(), 0);
}

static actor_result
stash_answers(actor_ctx *ctx, void *self, uint64_t tag)
{
    ((thing *)self)->mode = MODE_STASH;
    return ask_100ms(ctx, self, tag);
}

Test(tnode, an_answer_may_be_stashed_and_keeps_its_tag)
{
    two();
    rig_do(a, stash_answers, 9);
    cr_assert_str_eq(rig_nums(a), "");
    rig_advance(200);
    rig_do(a, wake_up, 0);
    cr_assert_str_eq(rig_nums(a), "0");
    cr_assert_eq(rig_event(a, EV_NUM, 0)->tag, 9);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 0);
    cr_assert_eq(rig_dead(DEAD_late_reply), 0);
}

static actor_result
fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    return actor_fail(ctx, 5, "no");
}

static actor_result
ask_then_fail_next(actor_ctx *ctx, void *self, uint64_t tag)
{
    actor_tell(ctx, actor_self(ctx), go, .fn = (uint64_t)(uintptr_t)fail);
    return ask_100ms(ctx, self, tag);
}

Test(tnode, answers_to_a_life_before_a_restart_are_stale)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_do(b, put_off, MODE_STASH);
    rig_do(a, ask_then_fail_next, 9);
    cr_assert_eq(rig_cell(a)->incarnation, 1);
    rig_do(b, wake_up, 0);
    cr_assert_str_eq(rig_nums(a), "");
    cr_assert_eq(rig_dead(DEAD_late_reply), 1);
    rig_advance(200);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 0);
    cr_assert_eq(nodes_live(), 0);
}

Test(tnode, deadlines_of_a_life_before_a_restart_are_stale_and_their_nodes_come_back)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_do(b, put_off, MODE_STASH);
    rig_do(a, ask_then_fail_next, 9);
    rig_advance(200);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 0);
    rig_advance(2000);
    cr_assert_eq(nodes_live(), 0);
}

static actor_result
ask_and_hold(actor_ctx *ctx, void *self, uint64_t tag)
{
    ask_100ms(ctx, self, tag);
    actor_tell(ctx, actor_self(ctx), go, .fn = (uint64_t)(uintptr_t)fail);
    return ACTOR_OK;
}

Test(tnode, a_deadline_that_waits_in_the_mailbox_of_an_actor_that_ends_costs_no_node)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_policy.delay_ns = UINT64_C(500000000);
    rig_do(b, put_off, MODE_STASH);
    rig_do(a, ask_and_hold, 9);
    rig_advance(200); /* the deadline's mail is queued: a is held */
    cr_assert_eq(rig_cell(a)->life, CELL_HELD);
    rig_end(a, ACTOR_STOP_NOW);
    rig_advance(3000);
    cr_assert_eq(nodes_live(), 0);
}

Test(tnode, an_open_ask_of_an_actor_that_ended_goes_at_its_deadline)
{
    two();
    rig_do(b, put_off, MODE_STASH);
    rig_do(a, ask_100ms, 9);
    rig_end(a, ACTOR_STOP_NOW);
    rig_advance(150);
    cr_assert_eq(nodes_live(), 0);
}

static actor_result
ask_for_ever(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    got = actor_ask(ctx, b, num, UINT64_MAX, tag, get);
    return ACTOR_OK;
}

Test(tnode, an_endless_deadline_is_not_over_at_once)
{
    two();
    rig_do(b, put_off, MODE_STASH);
    rig_do(a, ask_for_ever, 9);
    cr_assert_eq(got, 0);
    rig_advance(1000);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 0);
}

/* --- timers --- */
Test(tnode, a_timer_ticks_once_and_never_early)
{
    two();
    rig_do(a, arm, 50);
    cr_assert_gt(timer, 0);
    rig_advance(50);
    cr_assert_str_eq(rig_nums(a), "");
    rig_advance(2);
    cr_assert_str_eq(rig_nums(a), "50");
    cr_assert_eq(rig_event(a, EV_NUM, 0)->tag, 7);
    rig_advance(500);
    cr_assert_str_eq(rig_nums(a), "50");
    cr_assert_eq(nodes_live(), 0);
}

Test(tnode, a_periodic_timer_ticks_again_and_again_without_drift)
{
    two();
    rig_do(a, arm_every, 10);
    rig_advance(1001);
    cr_assert_eq(rig_events(a, EV_NUM), 100);
}

Test(tnode, a_cancelled_timer_ticks_no_more)
{
    two();
    rig_do(a, arm_every, 10);
    rig_advance(35);
    rig_do(a, cancel, 0);
    cr_assert_eq(got, 0);
    rig_advance(100);
    cr_assert_eq(rig_events(a, EV_NUM), 3);
    cr_assert_eq(nodes_live(), 0);
}

Test(tnode, cancelling_what_is_over_is_a_status)
{
    two();
    rig_do(a, arm, 5);
    rig_advance(10);
    rig_do(a, cancel, 0);
    cr_assert_eq(got, -ERR_NOTFOUND);
    rig_do(b, cancel, 0);
    cr_assert_eq(got, -ERR_NOTFOUND);
}

Test(tnode, a_timer_of_another_actor_cannot_be_cancelled)
{
    two();
    rig_do(a, arm, 5);
    rig_do(b, cancel, 0);
    cr_assert_eq(got, -ERR_NOTFOUND);
    rig_advance(10);
    cr_assert_str_eq(rig_nums(a), "5");
}

static actor_result
cancel_and_tick_waits(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)arg;
    rig.env.mono_ns += 20000000;
    rig_worker(0)->w.now_ns = rig.env.mono_ns;
    worker_timers(&rig_worker(0)->w); /* the tick comes while we are in our turn, behind it in the mailbox */
    return cancel(ctx, self, 0);
}

Test(tnode, a_tick_in_the_mailbox_is_dropped_when_its_timer_is_cancelled)
{
    two();
    rig_do(a, arm, 5);
    rig_do(a, cancel_and_tick_waits, 0);
    cr_assert_eq(got, 0);
    cr_assert_str_eq(rig_nums(a), "");
    cr_assert_eq(rig_counter(COUNTER_ticks_stale), 1);
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

Test(tnode, ticks_that_find_one_waiting_coalesce)
{
    two();
    rig_do(a, arm_every, 10);
    rig_do(a, let_time_pass, 55); /* five are due while a is busy */
    cr_assert_eq(rig_events(a, EV_NUM), 1);
    cr_assert_eq(rig_counter(COUNTER_ticks_coalesced), 4);
    rig_advance(10);
    cr_assert_eq(rig_events(a, EV_NUM), 2);
}

Test(tnode, timers_die_with_their_owner)
{
    two();
    rig_do(a, arm_every, 10);
    rig_do(a, arm, 15);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_eq(nodes_live(), 0);
    rig_advance(100);
    cr_assert_eq(rig_events(a, EV_NUM), 0);
    cr_assert_eq(rig_counter(COUNTER_sent_system),
                 rig_counter(COUNTER_handled_system) + rig_counter(COUNTER_dropped_system));
}

Test(tnode, a_tick_never_reaches_the_actor_that_has_the_slot_next)
{
    actor_ref next;

    two();
    rig_do(a, arm_every, 5);
    rig_end(a, ACTOR_STOP_NOW);
    for (int i = 0; i < 200; i++) {
        next = rig_spawn("t.thing");
        if (next.slot == a.slot)
            break;
    }
    cr_assert_eq(next.slot, a.slot);
    rig_advance(50);
    cr_assert_eq(rig_events(next, EV_NUM), 0);
}

Test(tnode, timers_of_a_life_before_a_restart_tick_no_more)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_do(a, arm_every, 10);
    rig_do(a, fail, 0);
    rig_advance(100);
    cr_assert_eq(rig_events(a, EV_NUM), 0);
    cr_assert_eq(nodes_live(), 0);
}

static actor_result
cancel_own_tick(actor_ctx *ctx, void *self, uint64_t arg)
{
    rig_own(ctx, 1, 0);
    return cancel(ctx, self, arg);
}

static actor_result
arm_go_every(actor_ctx *ctx, void *self, uint64_t ms)
{
    (void)self;
    timer = actor_timer(ctx, ms, ms, 8, go, .fn = (uint64_t)(uintptr_t)cancel_own_tick);
    return ACTOR_OK;
}

Test(tnode, a_handler_may_cancel_the_timer_whose_tick_it_handles)
{
    two();
    rig_do(a, arm_go_every, 10);
    rig_advance(100);
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_events(a, EV_OWN), 1);
}

static actor_result
arm_and_cancel_in_one_turn(actor_ctx *ctx, void *self, uint64_t ms)
{
    arm(ctx, self, ms);
    return cancel(ctx, self, 0);
}

Test(tnode, a_timer_may_be_cancelled_in_the_turn_that_armed_it)
{
    two();
    rig_do(a, arm_and_cancel_in_one_turn, 10);
    cr_assert_eq(got, 0);
    rig_advance(50);
    cr_assert_str_eq(rig_nums(a), "");
    cr_assert_eq(nodes_live(), 0);
}

static actor_result
cancel_and_fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    cancel(ctx, self, arg);
    return actor_fail(ctx, 5, "no");
}

Test(tnode, a_cancel_in_a_failed_turn_did_not_happen)
{
    two();
    rig_do(a, arm, 10);
    rig_do(a, cancel_and_fail, 0);
    rig_advance(50);
    cr_assert_str_eq(rig_nums(a), "10");
}

Test(tnode, one_actor_may_have_hundreds_of_timers)
{
    two();
    rig_do(a, arm_many, 700);
    rig_advance(30);
    cr_assert_eq(rig_thing(a)->n, 700);
    cr_assert_eq(nodes_live(), 0);
    rig_do(a, arm_many, 700);
    cr_assert_leq(rig.sys.tn[0]->used, 1024);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_eq(nodes_live(), 0);
}
