#include "fixture.h"

TestSuite(watch, .init = rig_start, .fini = rig_stop);

static actor_ref a, b;
static int got;

static void
two(void)
{
    a = rig_spawn("t.thing");
    b = rig_spawn("t.thing");
}

static actor_result
watch_b(actor_ctx *ctx, void *self, uint64_t times)
{
    (void)self;
    for (uint64_t i = 0; i < times; i++)
        got = actor_watch(ctx, b);
    return ACTOR_OK;
}

static actor_result
unwatch_b(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    got = actor_unwatch(ctx, b);
    return ACTOR_OK;
}

Test(watch, a_watcher_hears_of_the_end_once_and_with_the_reason)
{
    two();
    rig_do(a, watch_b, 1);
    rig_end(b, ACTOR_STOP_NOW);
    cr_assert_eq(rig_events(a, EV_TERMINATED), 1);
    cr_assert(actor_ref_eq(rig_event(a, EV_TERMINATED, 0)->who, b));
    cr_assert_eq(rig_event(a, EV_TERMINATED, 0)->a, ACTOR_REASON_STOPPED);
}

Test(watch, watching_twice_is_watching_once)
{
    two();
    rig_do(a, watch_b, 3);
    rig_do(a, watch_b, 1);
    rig_end(b, ACTOR_STOP_NOW);
    cr_assert_eq(rig_events(a, EV_TERMINATED), 1);
}

Test(watch, who_watches_the_dead_hears_at_once)
{
    two();
    rig_end(b, ACTOR_STOP_NOW);
    rig_do(a, watch_b, 1);
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_events(a, EV_TERMINATED), 1);
    cr_assert_eq(rig_event(a, EV_TERMINATED, 0)->a, ACTOR_REASON_NOT_FOUND);
    rig_do(a, watch_b, 1); /* and again, each time that it asks */
    cr_assert_eq(rig_events(a, EV_TERMINATED), 2);
}

Test(watch, nobody_cannot_be_watched)
{
    two();
    b = ACTOR_NOBODY;
    rig_do(a, watch_b, 1);
    cr_assert_eq(got, -ERR_INVALID);
}

Test(watch, unwatch_ends_it)
{
    two();
    rig_do(a, watch_b, 1);
    rig_do(a, unwatch_b, 1);
    rig_end(b, ACTOR_STOP_NOW);
    cr_assert_eq(rig_events(a, EV_TERMINATED), 0);
}

Test(watch, unwatch_drops_a_terminated_that_waits_in_the_mailbox)
{
    two();
    rig_do(a, watch_b, 1);
    rig_post(a, unwatch_b, 0);
    {
        struct actx *x = system_enter(&rig.sys, rig.sys.user);

        actor_stop(&x->ctx, b, ACTOR_STOP_NOW);
        system_leave(x);
    }
    rig_run();
    cr_assert_eq(rig_events(a, EV_TERMINATED), 0);
}

static actor_result
tell_then_stop(actor_ctx *ctx, void *self, uint64_t n)
{
    (void)self;
    for (uint64_t i = 1; i <= n; i++)
        actor_tell(ctx, a, num, .v = i);
    return ACTOR_STOP;
}

Test(watch, terminated_follows_all_mail_of_the_deceased)
{
    size_t last = 0, term = 0;

    two();
    rig_do(a, watch_b, 1);
    rig_do(b, tell_then_stop, 5);
    cr_assert_str_eq(rig_nums(a), "1 2 3 4 5");
    for (size_t i = 0; i < rig.nev; i++) {
        if (rig.ev[i].kind == EV_NUM)
            last = i;
        if (rig.ev[i].kind == EV_TERMINATED)
            term = i;
    }
    cr_assert_gt(term, last);
}

Test(watch, all_watchers_hear)
{
    actor_ref w[20];

    two();
    for (size_t i = 0; i < ARRAY_LEN(w); i++) {
        w[i] = rig_spawn("t.thing");
        rig_do(w[i], watch_b, 1);
    }
    rig_end(b, ACTOR_STOP_NOW);
    for (size_t i = 0; i < ARRAY_LEN(w); i++)
        cr_assert_eq(rig_events(w[i], EV_TERMINATED), 1);
}

Test(watch, a_watcher_that_ends_first_is_forgotten)
{
    two();
    rig_do(a, watch_b, 1);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_eq(rig_cell(b)->ext == NULL ? 0 : rig_cell(b)->ext->watchers.n, 0);
    rig_end(b, ACTOR_STOP_NOW);
}

static actor_result
watch_self(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    got = actor_watch(ctx, actor_self(ctx));
    return ACTOR_OK;
}

Test(watch, an_actor_that_watches_itself_ends_as_others_do)
{
    two();
    rig_do(a, watch_self, 0);
    cr_assert_eq(got, 0);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_null(rig_cell(a));
}

static actor_result
fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    return actor_fail(ctx, 5, "no");
}

Test(watch, watchers_stay_over_a_restart_and_hear_nothing_of_it)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_do(a, watch_b, 1);
    rig_do(b, fail, 0);
    cr_assert_eq(rig_cell(b)->incarnation, 1);
    cr_assert_eq(rig_events(a, EV_TERMINATED), 0);
    rig_end(b, ACTOR_STOP_NOW);
    cr_assert_eq(rig_events(a, EV_TERMINATED), 1);
    cr_assert_eq(rig_event(a, EV_TERMINATED, 0)->b, 1); /* its incarnation */
}

Test(watch, who_fails_for_good_ends_as_failed)
{
    two();
    rig_policy.directive = ACTOR_DIRECTIVE_STOP;
    rig_do(a, watch_b, 1);
    rig_do(b, fail, 0);
    cr_assert_eq(rig_event(a, EV_TERMINATED, 0)->a, ACTOR_REASON_FAILED);
}

static actor_result
watch_and_stash(actor_ctx *ctx, void *self, uint64_t arg)
{
    ((thing *)self)->mode = MODE_STASH;
    return watch_b(ctx, self, arg);
}

static actor_result
take_again(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)arg;
    ((thing *)self)->mode = MODE_NOTE;
    actor_unstash_all(ctx);
    return ACTOR_OK;
}

Test(watch, a_stashed_terminated_comes_back)
{
    two();
    rig_do(a, watch_and_stash, 1);
    rig_end(b, ACTOR_STOP_NOW);
    cr_assert_eq(rig_events(a, EV_TERMINATED), 1);
    rig_do(a, take_again, 0);
    cr_assert_eq(rig_events(a, EV_TERMINATED), 2);
}

Test(watch, a_watch_that_crosses_the_end_is_answered)
{
    struct actx *x;
    struct order *o;

    two();
    rig_do(a, watch_b, 1);
    rig_cell(b)->ext->watchers.n = 0; /* as if the order were still on its way */
    x = system_enter(&rig.sys, rig.sys.user);
    actor_stop(&x->ctx, b, ACTOR_STOP_NOW);
    system_leave(x);
    while (rig_slice())
        ;
    cr_assert_null(rig_cell(b));
    cr_assert_eq(rig_events(a, EV_TERMINATED), 0);
    x = system_enter(&rig.sys,
                     rig.sys.user); /* whoever brings it saw b alive: its slot waits for all slices */
    o = cell_order_new(x, ORDER_WATCH);
    o->who = a;
    cell_order(x, cell_at(&rig.sys, b.slot), o);
    system_leave(x);
    rig_run();
    cr_assert_eq(rig_events(a, EV_TERMINATED), 1);
    cr_assert(actor_ref_eq(rig_event(a, EV_TERMINATED, 0)->who, b));
    cr_assert_eq(rig_event(a, EV_TERMINATED, 0)->a, ACTOR_REASON_STOPPED);
}
