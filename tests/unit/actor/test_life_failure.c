#include "actor/life.h"
#include "fixture.h"

TestSuite(life_failure, .init = rig_start, .fini = rig_stop);

static actor_ref a, b;
static int got;

static void
two(void)
{
    a = rig_spawn("t.thing");
    b = rig_spawn("t.thing");
}

static actor_result
fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    return actor_fail(ctx, 5, "no");
}

static actor_result
set_mode(actor_ctx *ctx, void *self, uint64_t mode)
{
    (void)ctx;
    ((thing *)self)->mode = mode;
    return ACTOR_OK;
}

static actor_result
unstash(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)arg;
    ((thing *)self)->mode = MODE_NOTE;
    got = actor_unstash_all(ctx);
    return ACTOR_OK;
}

static void
order(actor_ref who, enum actor_directive d)
{
    struct actx *x = system_enter(&rig.sys, rig.sys.user);
    struct order *o = cell_order_new(x, ORDER_DIRECTIVE);

    o->a = d;
    cell_order(x, rig_cell(who), o);
    system_leave(x);
    rig_run();
}

/* --- stash --- */
Test(life_failure, stashed_mail_comes_back_in_order_before_newer_mail)
{
    two();
    rig_do(a, set_mode, MODE_STASH);
    for (uint64_t i = 1; i <= 3; i++)
        rig_num(a, i);
    rig_run();
    rig_post(a, unstash, 0);
    rig_num(a, 4);
    rig_num(a, 5);
    rig_run();
    cr_assert_eq(got, 3);
    cr_assert_str_eq(rig_nums(a), "1 2 3 4 5");
}

static actor_result
unstash_and_fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    unstash(ctx, self, arg);
    return actor_fail(ctx, 5, "no");
}

Test(life_failure, an_unstash_in_a_failed_turn_did_not_happen)
{
    two();
    rig_do(a, set_mode, MODE_STASH);
    rig_num(a, 1);
    rig_run();
    rig_do(a, unstash_and_fail, 0);
    cr_assert_str_eq(rig_nums(a), "");
    rig_do(a, unstash, 0);
    cr_assert_str_eq(rig_nums(a), "1");
}

Test(life_failure, unstashing_nothing_is_no_error)
{
    two();
    rig_do(a, unstash, 0);
    cr_assert_eq(got, 0);
}

Test(life_failure, the_stash_is_bounded)
{
    two();
    rig_do(a, set_mode, MODE_STASH);
    for (uint64_t i = 0; i < STASH_MAX + 5; i++)
        rig_num(a, i);
    rig_run();
    cr_assert_eq(rig_dead(DEAD_mailbox_full), 5);
    cr_assert_eq(rig_cell(a)->ext->nstash, STASH_MAX);
}

/* --- restart --- */
Test(life_failure, a_restart_makes_fresh_state_from_the_same_arguments)
{
    actor_ref r;

    cr_assert_eq(
        rig_try_spawn(&r, rig.sys.user, "t.thing", NULL, &(args){.arg = 44, .text = ACTOR_STR("hello")}), 0);
    rig_num(r, 1);
    rig_run();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_do(r, fail, 0);
    cr_assert_not_null(rig_cell(r)); /* the reference stays */
    cr_assert_eq(rig_cell(r)->incarnation, 1);
    cr_assert_eq(rig_thing(r)->n, 0);
    cr_assert_eq(rig_events(r, EV_START), 2);
    cr_assert_eq(rig_event(r, EV_START, 1)->a, 44);
    cr_assert_eq(rig_event(r, EV_START, 1)->b, 5);
    cr_assert_eq(rig_events(r, EV_STOPPED), 1); /* of the old life */
    rig_end(r, ACTOR_STOP_NOW);
    cr_assert_eq(rig_events(r, EV_STOPPED), 2);
}

Test(life_failure, a_restart_keeps_queued_mail)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_post(a, fail, 0);
    rig_num(a, 1);
    rig_num(a, 2);
    rig_run();
    cr_assert_str_eq(rig_nums(a), "1 2");
    cr_assert_eq(rig_thing(a)->n, 2);
}

Test(life_failure, a_restart_brings_the_stash_back)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_do(a, set_mode, MODE_STASH);
    rig_num(a, 1);
    rig_num(a, 2);
    rig_run();
    rig_post(a, fail, 0);
    rig_num(a, 3);
    rig_run();
    cr_assert_str_eq(rig_nums(a), "1 2 3");
}

Test(life_failure, a_restart_ends_the_children_first)
{
    actor_ref kid;

    two();
    kid = rig_spawn_under(a, "kid");
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_do(a, fail, 0);
    cr_assert_null(rig_cell(kid));
    cr_assert_eq(rig_cell(a)->incarnation, 1);
    cr_assert_neq(rig_spawn_under(a, "kid").gen, 0);
}

Test(life_failure, a_restart_keeps_the_name)
{
    actor_ref r = rig_spawn_under(rig.sys.user, "anna");

    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_do(r, fail, 0);
    cr_assert(actor_ref_eq(names_lookup(&rig.sys, "/user/anna", 10), r));
}

Test(life_failure, a_restart_after_a_back_off_holds_the_mail_until_then)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_policy.delay_ns = 100 * 1000000;
    rig_do(a, fail, 0);
    rig_num(a, 1);
    rig_advance(90);
    cr_assert_str_eq(rig_nums(a), "");
    cr_assert_eq(rig_cell(a)->life, CELL_HELD);
    rig_check_balance();
    rig_advance(20);
    cr_assert_str_eq(rig_nums(a), "1");
    cr_assert_eq(rig_cell(a)->incarnation, 1);
}

Test(life_failure, an_actor_that_waits_for_its_back_off_can_be_stopped)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_policy.delay_ns = UINT64_C(3600000000000);
    rig_do(a, fail, 0);
    rig_num(a, 1);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_null(rig_cell(a));
    cr_assert_eq(rig_dead(DEAD_stopped), 1);
}

Test(life_failure, an_order_restarts_an_actor_that_waits_for_its_back_off)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_policy.delay_ns = UINT64_C(3600000000000);
    rig_do(a, fail, 0);
    order(a, ACTOR_DIRECTIVE_RESTART);
    cr_assert_eq(rig_cell(a)->life, CELL_RUNNING);
    cr_assert_eq(rig_cell(a)->incarnation, 1);
}

Test(life_failure, a_back_off_that_was_overtaken_does_not_restart_again)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_policy.delay_ns = 50 * 1000000;
    rig_do(a, fail, 0);
    order(a, ACTOR_DIRECTIVE_RESUME);
    cr_assert_eq(rig_cell(a)->life, CELL_RUNNING);
    rig_policy.delay_ns = UINT64_C(3600000000000);
    rig_do(a, fail, 0); /* held anew, for an hour */
    rig_advance(200);
    cr_assert_eq(rig_cell(a)->life, CELL_HELD);
    cr_assert_eq(rig_cell(a)->incarnation, 0);
}

/* --- failure --- */
Test(life_failure, the_failing_message_is_a_dead_letter_with_its_code)
{
    struct dead_letter l;
    uint64_t next;

    two();
    rig_do(a, fail, 0);
    cr_assert_eq(rig_dead(DEAD_failed), 1);
    cr_assert_eq(dead_copy(rig.sys.dead, 0, &l, 1, &next), 1);
    cr_assert_eq(l.code, 5);
    cr_assert(actor_ref_eq(l.target, a));
    cr_assert_eq(rig_policy.last.code, 5);
    cr_assert_eq(rig_policy.last.resumable, true);
}

static actor_result
fail_oddly(actor_ctx *ctx, void *self, uint64_t code)
{
    (void)self;
    return actor_fail(ctx, (int32_t)code, "odd");
}

Test(life_failure, a_code_outside_the_plugins_range_counts_as_failed)
{
    two();
    rig_do(a, fail_oddly, 0);
    cr_assert_eq(rig_policy.last.code, -ERR_FAILED);
    rig_do(a, fail_oddly, 70000);
    cr_assert_eq(rig_policy.last.code, -ERR_FAILED);
    rig_do(a, fail_oddly, 65535);
    cr_assert_eq(rig_policy.last.code, 65535);
}

Test(life_failure, a_held_actor_handles_nothing_until_it_is_told_to_go_on)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_ESCALATE; /* to /user: that stops it; so hold it by hand */
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_policy.delay_ns = UINT64_C(3600000000000);
    rig_do(a, fail, 0);
    for (uint64_t i = 1; i <= 3; i++)
        rig_num(a, i);
    rig_run();
    cr_assert_str_eq(rig_nums(a), "");
    order(a, ACTOR_DIRECTIVE_RESUME);
    cr_assert_str_eq(rig_nums(a), "1 2 3");
}

Test(life_failure, exhausted_supervision_under_user_stops_the_actor)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_ESCALATE;
    rig_do(a, fail, 0);
    cr_assert_null(rig_cell(a));
    cr_assert_not_null(rig_cell(b));
}

static int fatal;
static void
note_fatal(void *self, const char *why)
{
    (void)self;
    (void)why;
    fatal++;
}

Test(life_failure, exhausted_supervision_under_system_is_fatal)
{
    actor_ref s = rig_spawn_under(rig.sys.system, "daemon");

    rig.sys.fatal = note_fatal;
    rig_policy.directive = ACTOR_DIRECTIVE_ESCALATE;
    rig_do(s, fail, 0);
    cr_assert_eq(fatal, 1);
}

static enum actor_directive parent_says;
static void
escalate_child(void *self, struct actx *x, struct cell *c, const struct failure *f, struct verdict *ret)
{
    (void)self;
    (void)x;
    rig_policy.asked++;
    rig_policy.last = *f;
    rig_policy.last_who = c->ref;
    ret->directive = f->kind == FAILURE_CHILD ? parent_says : ACTOR_DIRECTIVE_ESCALATE;
}

Test(life_failure, an_escalated_failure_is_the_parents_to_answer)
{
    actor_ref kid;

    two();
    kid = rig_spawn_under(a, "kid");
    rig.sys.hooks.failed = escalate_child;
    parent_says = ACTOR_DIRECTIVE_RESTART;
    rig_do(kid, fail, 0);
    cr_assert_eq(rig_policy.asked, 2);
    cr_assert_eq(rig_policy.last.kind, FAILURE_CHILD);
    cr_assert_eq(rig_policy.last.code, 5);
    cr_assert(actor_ref_eq(rig_policy.last_who, a));
    cr_assert_null(rig_cell(kid)); /* the parent restarted, its children ended */
    cr_assert_eq(rig_cell(a)->incarnation, 1);
}

Test(life_failure, a_parent_that_goes_on_restarts_the_child_that_escalated)
{
    actor_ref kid;

    two();
    kid = rig_spawn_under(a, "kid");
    rig.sys.hooks.failed = escalate_child;
    parent_says = ACTOR_DIRECTIVE_RESUME;
    rig_do(kid, fail, 0);
    cr_assert_eq(rig_cell(kid)->incarnation, 1);
    cr_assert_eq(rig_cell(kid)->life, CELL_RUNNING);
    cr_assert_eq(rig_cell(a)->incarnation, 0);
}

Test(life_failure, a_child_that_escalates_to_a_held_parent_is_not_forgotten)
{
    actor_ref kid;

    two();
    kid = rig_spawn_under(a, "kid");
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_policy.delay_ns = UINT64_C(3600000000000);
    rig_do(a, fail, 0); /* held */
    rig.sys.hooks.failed = escalate_child;
    parent_says = ACTOR_DIRECTIVE_RESUME;
    rig_do(kid, fail, 0);
    order(a, ACTOR_DIRECTIVE_RESUME);
    cr_assert_eq(rig_cell(kid)->life, CELL_RUNNING);
}

Test(life_failure, escalation_goes_on_up_to_user)
{
    actor_ref kid;

    two();
    kid = rig_spawn_under(a, "kid");
    rig.sys.hooks.failed = escalate_child;
    parent_says = ACTOR_DIRECTIVE_ESCALATE;
    rig_do(kid, fail, 0);
    cr_assert_null(rig_cell(a));
    cr_assert_null(rig_cell(kid));
    cr_assert_not_null(rig_cell(b));
}
