#include "actor/life.h"
#include "fixture.h"

TestSuite(life, .init = rig_start, .fini = rig_stop);

static actor_ref a, b;
static int got;

static void
two(void)
{
    a = rig_spawn("t.thing");
    b = rig_spawn("t.thing");
}

static actor_result
set_mode(actor_ctx *ctx, void *self, uint64_t mode)
{
    (void)ctx;
    ((thing *)self)->mode = mode;
    return ACTOR_OK;
}

static void
post_stop(actor_ref who, enum actor_stop_mode mode)
{
    struct actx *x = system_enter(&rig.sys, rig.sys.user);

    actor_stop(&x->ctx, who, mode);
    system_leave(x);
}

/* --- start --- */
static actor_result
fail_to_start(actor_ctx *ctx, thing *self, const args *x)
{
    (void)self;
    (void)x;
    return actor_fail(ctx, 3, "not today");
}

static actor_result
spawn_failing(actor_ctx *ctx, void *self, uint64_t arg)
{
    actor_ref r;

    (void)self;
    (void)arg;
    got = actor_spawn(ctx, &r, "thing", "kid", args, .fn = (uint64_t)(uintptr_t)fail_to_start);
    b = r;
    got = got < 0 ? got : actor_watch(ctx, r);
    return ACTOR_OK;
}

Test(life, start_gets_the_arguments_before_any_mail)
{
    actor_ref r;

    cr_assert_eq(
        rig_try_spawn(&r, rig.sys.user, "t.thing", NULL, &(args){.arg = 44, .text = ACTOR_STR("hello")}), 0);
    cr_assert_eq(rig_event(r, EV_START, 0)->a, 44);
    cr_assert_eq(rig_event(r, EV_START, 0)->b, 5);
}

Test(life, an_actor_whose_start_fails_ends_and_says_why)
{
    two();
    rig_do(a, spawn_failing, 0);
    cr_assert_eq(got, 0);
    cr_assert_null(rig_cell(b));
    cr_assert_eq(rig_policy.last.kind, FAILURE_START);
    cr_assert_eq(rig_policy.last.code, 3);
    cr_assert_eq(rig_event(a, EV_TERMINATED, 0)->a, ACTOR_REASON_START_FAILED);
}

Test(life, the_stop_hook_does_not_run_when_start_failed)
{
    two();
    rig_do(a, spawn_failing, 0);
    cr_assert_eq(rig_events(b, EV_START), 1);
    cr_assert_eq(rig_events(b, EV_STOPPED), 0);
}

static actor_result
spawn_and_stop(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    cr_assert_eq(actor_spawn(ctx, &b, "thing", NULL, args), 0);
    cr_assert_eq(actor_stop(ctx, b, ACTOR_STOP_NOW), 0);
    return ACTOR_OK;
}

Test(life, an_actor_that_is_stopped_before_its_start_runs_neither_hook)
{
    two();
    rig_do(a, spawn_and_stop, 0);
    cr_assert_null(rig_cell(b));
    cr_assert_eq(rig_events(b, EV_START), 0);
    cr_assert_eq(rig_events(b, EV_STOPPED), 0);
}

static actor_result
stop_at_start(actor_ctx *ctx, thing *self, const args *x)
{
    (void)ctx;
    (void)self;
    (void)x;
    return ACTOR_STOP;
}

Test(life, a_start_may_end_its_actor_well)
{
    actor_ref r;

    cr_assert_eq(
        rig_try_spawn(&r, rig.sys.user, "t.thing", NULL, &(args){.fn = (uint64_t)(uintptr_t)stop_at_start}),
        0);
    cr_assert_null(rig_cell(r));
    cr_assert_eq(rig_events(r, EV_STOPPED), 1);
    cr_assert_eq(rig_policy.asked, 0);
}

/* --- stop --- */
Test(life, stop_now_makes_dead_letters_of_the_mail)
{
    two();
    for (uint64_t i = 0; i < 3; i++)
        rig_num(a, i);
    post_stop(a, ACTOR_STOP_NOW);
    rig_run();
    cr_assert_str_eq(rig_nums(a), "");
    cr_assert_eq(rig_dead(DEAD_stopped), 3);
    cr_assert_eq(rig_events(a, EV_STOPPED), 1);
}

Test(life, stop_drain_handles_what_is_queued_and_no_more)
{
    two();
    rig_num(a, 1);
    rig_num(a, 2);
    post_stop(a, ACTOR_STOP_DRAIN);
    rig_num(a, 3);
    rig_run();
    cr_assert_str_eq(rig_nums(a), "1 2");
    cr_assert_null(rig_cell(a));
    cr_assert_eq(rig_dead(DEAD_stopped), 1);
}

Test(life, a_stopped_actor_leaves_its_stash_as_dead_letters)
{
    two();
    rig_do(a, set_mode, MODE_STASH);
    rig_num(a, 1);
    rig_num(a, 2);
    rig_run();
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_eq(rig_dead(DEAD_stopped), 2);
}

static unsigned order_of_end[8], ends;
static void
note_end(actor_ctx *ctx, thing *self, uint32_t reason)
{
    (void)reason;
    (void)self;
    order_of_end[ends++] = actor_self(ctx).slot;
}

static actor_result
note_at_end(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)ctx;
    (void)arg;
    ((thing *)self)->at_stop = (uint64_t)(uintptr_t)note_end;
    return ACTOR_OK;
}

Test(life, children_end_before_their_parent)
{
    actor_ref kid, grandkid;

    two();
    kid = rig_spawn_under(a, "kid");
    grandkid = rig_spawn_under(kid, "grandkid");
    rig_do(a, note_at_end, 0);
    rig_do(kid, note_at_end, 0);
    rig_do(grandkid, note_at_end, 0);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_eq(ends, 3);
    cr_assert_eq(order_of_end[0], grandkid.slot);
    cr_assert_eq(order_of_end[1], kid.slot);
    cr_assert_eq(order_of_end[2], a.slot);
    cr_assert_eq(gauge_value(&rig.sys.alive), 1);
}

Test(life, a_thousand_children_end_with_their_parent)
{
    two();
    for (int i = 0; i < 1000; i++)
        rig_spawn_under(a, NULL);
    cr_assert_eq(gauge_value(&rig.sys.alive), 1002);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_eq(gauge_value(&rig.sys.alive), 1);
}

Test(life, the_guardians_cannot_be_stopped_by_actors)
{
    struct actx *x;

    two();
    x = system_enter(&rig.sys, a);
    cr_assert_eq(actor_stop(&x->ctx, rig.sys.user, ACTOR_STOP_NOW), -ERR_DENIED);
    cr_assert_eq(actor_stop(&x->ctx, rig.sys.system, ACTOR_STOP_DRAIN), -ERR_DENIED);
    cr_assert_eq(actor_stop(&x->ctx, rig.sys.root, ACTOR_STOP_NOW), -ERR_DENIED);
    cr_assert_eq(actor_stop(&x->ctx, b, (enum actor_stop_mode)9), -ERR_INVALID);
    system_leave(x);
}

static void
last_words(actor_ctx *ctx, thing *self, uint32_t reason)
{
    (void)reason;
    (void)self;
    rig_own(ctx, actor_sender(ctx).slot, 0); /* there is no message in hand, so nobody sent it */
    rig_own(ctx, (uint64_t)(-actor_reply(ctx, num, .v = 1)), 0);
    rig_own(ctx, (uint64_t)(-actor_forward(ctx, b)), 0);
    actor_tell(ctx, b, num, .v = 77);
}

static actor_result
speak_last(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)ctx;
    (void)arg;
    ((thing *)self)->at_stop = (uint64_t)(uintptr_t)last_words;
    return ACTOR_OK;
}

Test(life, the_stop_hook_sends_but_has_no_message_in_hand)
{
    two();
    rig_do(a, speak_last, 0);
    rig_num(b, 1); /* a worker that has just handled something */
    rig_run();
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_eq(rig_event(a, EV_OWN, 0)->a, 0);
    cr_assert_eq(rig_event(a, EV_OWN, 1)->a, ERR_DEAD);
    cr_assert_eq(rig_event(a, EV_OWN, 2)->a, ERR_INVALID);
    cr_assert_str_eq(rig_nums(b), "1 77");
}

static void
spawn_at_stop(actor_ctx *ctx, thing *self, uint32_t reason)
{
    (void)self;
    (void)reason;
    got = actor_spawn(ctx, &b, "thing", NULL, args);
    actor_timer(ctx, 5, 5, 0, num, .v = 1);
}

static actor_result
spawn_last(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)ctx;
    (void)arg;
    ((thing *)self)->at_stop = (uint64_t)(uintptr_t)spawn_at_stop;
    return ACTOR_OK;
}

Test(life, children_of_the_stop_hook_end_too)
{
    two();
    rig_do(a, spawn_last, 0);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_eq(got, 0);
    cr_assert_null(rig_cell(a));
    cr_assert_null(rig_cell(b));
    cr_assert_eq(rig_events(a, EV_STOPPED), 1);
    rig_advance(20);
}

static void
spawn_child(struct actx *x, struct cell *c, void *arg)
{
    struct cell *child;

    (void)arg;
    got = c == NULL ? -ERR_DEAD : spawn_cell(x, &child, atomic_load(&c->beh), NULL, 0, NULL, NULL, NULL);
}

Test(life, an_actor_that_is_ending_takes_its_latest_children_along)
{
    actor_ref kid;

    two();
    kid = rig_spawn_under(a, "kid");
    post_stop(a, ACTOR_STOP_NOW);
    rig_slice(); /* a waits for its child; then somebody spawns another under it */
    cr_assert_eq(rig_cell(a)->life, CELL_STOPPING);
    cr_assert_eq(system_call(&rig.sys, a, spawn_child, NULL), 0);
    rig_run();
    cr_assert_null(rig_cell(kid));
    cr_assert_null(rig_cell(a));
    cr_assert_eq(gauge_value(&rig.sys.alive), 1);
}

static struct cell *called_with = (struct cell *)1;
static void
note_call(struct actx *x, struct cell *c, void *arg)
{
    (void)x;
    (void)arg;
    called_with = c;
}

Test(life, a_call_to_an_actor_that_ends_first_still_comes)
{
    two();
    post_stop(a, ACTOR_STOP_NOW);
    rig_slice();
    cr_assert_eq(system_call(&rig.sys, a, note_call, NULL), -ERR_DEAD);
    {
        struct actx *x = system_enter(&rig.sys, rig.sys.root);
        struct order *o = cell_order_new(x, ORDER_CALL);

        o->fn = note_call;
        cell_order(x, cell_at(&rig.sys, a.slot), o); /* it was on its way */
        system_leave(x);
    }
    rig_run();
    cr_assert_null(called_with);
}
