#include "fixture.h"
#include <string.h>

TestSuite(commit, .init = rig_start, .fini = rig_stop);

static actor_ref a, b, child;
static int64_t timer;

static void
two(void)
{
    a = rig_spawn("t.thing");
    b = rig_spawn("t.thing");
}

static actor_result
everything_then(actor_ctx *ctx, thing *self)
{
    static const uint64_t one = 1;

    self->n = 99;
    actor_set(ctx, &self->text, ACTOR_STR("changed"));
    actor_append(ctx, &self->seen, one);
    actor_put(ctx, &self->counts, one, one);
    cr_assert_eq(actor_tell(ctx, b, num, .v = 1), 0);
    cr_assert_eq(actor_spawn(ctx, &child, "thing", "kid", args), 0);
    cr_assert_eq(actor_tell(ctx, child, num, .v = 2), 0);
    timer = actor_timer(ctx, 10, 0, 1, num, .v = 3);
    cr_assert_gt(timer, 0);
    cr_assert_eq(actor_ask(ctx, b, num, 100, 4, get), 0);
    cr_assert_eq(actor_watch(ctx, b), 0);
    cr_assert_eq(actor_stop(ctx, b, ACTOR_STOP_NOW), 0);
    cr_assert_not_null(actor_new(ctx, num));
    cr_assert_not_null(actor_alloc(ctx, 10000));
    return ACTOR_OK;
}

static actor_result
everything_and_fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)arg;
    everything_then(ctx, self);
    return actor_fail(ctx, 5, "no");
}

static actor_result
everything(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)arg;
    return everything_then(ctx, self);
}

static actor_result
fill(actor_ctx *ctx, void *self, uint64_t arg)
{
    thing *t = self;

    t->n = arg;
    actor_set(ctx, &t->text, ACTOR_STR("as it was"));
    for (uint64_t i = 0; i < 20; i++) {
        actor_append(ctx, &t->seen, i);
        actor_put(ctx, &t->counts, i, i * i);
    }
    return ACTOR_OK;
}

Test(commit, a_turn_that_ends_well_does_all_it_asked_for)
{
    two();
    rig_do(a, everything, 0);
    cr_assert_str_eq(rig_nums(b), ""); /* stopped now, before its mail */
    cr_assert_null(rig_cell(b));
    cr_assert_eq(rig_events(a, EV_TERMINATED), 1);
    cr_assert_eq(rig_events(child, EV_START), 1);
    cr_assert_str_eq(rig_nums(child), "2");
    rig_advance(20);
    cr_assert_str_eq(rig_nums(a), "3");
    cr_assert_eq(rig_event(a, EV_NUM, 0)->tag, 1);
    cr_assert_eq(rig_thing(a)->n, 100); /* the tick counted as well */
    cr_assert_eq(rig_thing(a)->text.n, 7);
}

Test(commit, a_failed_turn_publishes_nothing)
{
    two();
    rig_do(a, everything_and_fail, 0);
    cr_assert_str_eq(rig_nums(b), "");
    cr_assert_not_null(rig_cell(b));
    cr_assert_eq(rig_events(a, EV_TERMINATED), 0);
    cr_assert_eq(rig_events(child, EV_START), 0);
    cr_assert_null(rig_cell(child));
    cr_assert_eq(rig_counter(COUNTER_rolled_back), 3); /* two tells, one ask */
    rig_advance(200);
    cr_assert_str_eq(rig_nums(a), ""); /* no tick */
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 0);
}

Test(commit, a_failed_turn_restores_flat_state)
{
    a = rig_spawn_small();
    rig_small(a)->mode = MODE_FAIL;
    rig_num(a, 17); /* the handler raises n and sets last */
    rig_run();
    cr_assert_eq(rig_small(a)->n, 0);
    cr_assert_eq(rig_small(a)->last, 0);
    cr_assert_eq(rig_dead(DEAD_failed), 1);
}

Test(commit, a_failed_turn_restores_what_containers_held)
{
    thing *t;

    two();
    rig_do(a, fill, 12);
    rig_do(a, everything_and_fail, 0);
    t = rig_thing(a);
    cr_assert_eq(t->n, 12);
    cr_assert_eq(t->text.n, 9);
    cr_assert_eq(memcmp(t->text.p, "as it was", 9), 0);
    cr_assert_eq(t->seen.n, 20);
    cr_assert_eq(t->seen.v[19], 19);
    cr_assert_eq(t->counts.n, 20);
}

static actor_result
clear_and_fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    thing *t = self;

    (void)arg;
    actor_clear(ctx, &t->seen);
    actor_clear_map(ctx, &t->counts);
    actor_set(ctx, &t->text, ACTOR_STR(""));
    for (uint64_t i = 0; i < 500; i++)
        actor_append(ctx, &t->seen, i);
    return actor_fail(ctx, 5, "no");
}

Test(commit, a_failed_turn_restores_containers_that_it_emptied_and_filled)
{
    thing *t;

    two();
    rig_do(a, fill, 1);
    rig_do(a, clear_and_fail, 0);
    t = rig_thing(a);
    cr_assert_eq(t->seen.n, 20);
    cr_assert_eq(t->counts.n, 20);
    cr_assert_eq(t->text.n, 9);
    rig_do(a, everything, 0); /* and it can go on */
    cr_assert_eq(rig_thing(a)->seen.n, 21);
}

Test(commit, a_name_is_free_again_when_its_spawn_was_rolled_back)
{
    two();
    rig_do(a, everything_and_fail, 0);
    rig_do(a, everything, 0);
    cr_assert_not_null(rig_cell(child));
    cr_assert_eq(rig_events(child, EV_START), 1);
}

Test(commit, spawned_and_ended_agree_after_a_roll_back)
{
    two();
    rig_do(a, everything_and_fail, 0);
    cr_assert_eq(rig_counter(COUNTER_spawned), 3);
    cr_assert_eq(rig_counter(COUNTER_ended), 1);
    cr_assert_eq(gauge_value(&rig.sys.alive), 2);
    cr_assert_eq(gauge_value(&rig_behaviour("t.thing")->actors), 2);
}

static actor_result
flush_and_fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    actor_tell(ctx, b, num, .v = 1);
    cr_assert_eq(actor_spawn(ctx, &child, "thing", "kid", args), 0);
    actor_tell(ctx, child, num, .v = 2);
    cr_assert_eq(actor_ask(ctx, b, num, 100, 4, get), 0);
    cr_assert_eq(actor_flush(ctx), 0);
    actor_tell(ctx, b, num, .v = 3);
    return actor_fail(ctx, 5, "no");
}

Test(commit, what_was_flushed_stays_when_the_turn_fails)
{
    two();
    rig_do(a, flush_and_fail, 0);
    cr_assert_str_eq(rig_nums(b), "1");
    cr_assert_not_null(rig_cell(child));
    cr_assert_eq(rig_events(child, EV_START), 1);
    cr_assert_str_eq(rig_nums(child), "2");
    cr_assert_str_eq(rig_nums(a), "1"); /* the answer to the ask */
    cr_assert_eq(rig_counter(COUNTER_rolled_back), 1);
}

Test(commit, a_message_without_a_row_is_a_dead_letter)
{
    struct actx *x;

    two();
    x = system_enter(&rig.sys, ACTOR_NOBODY);
    actor_tell(&x->ctx, a, nobody_handles);
    system_leave(x);
    rig_run();
    cr_assert_eq(rig_dead(DEAD_unhandled), 1);
}

Test(commit, a_handler_may_say_unhandled_and_its_turn_is_undone)
{
    a = rig_spawn_small();
    rig_small(a)->mode = MODE_UNHANDLED;
    rig_num(a, 3);
    rig_run();
    cr_assert_eq(rig_dead(DEAD_unhandled), 1);
    cr_assert_eq(rig_small(a)->last, 0);
    cr_assert_eq(rig_policy.asked, 0);
}

static actor_result
tell_it(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    actor_tell(ctx, b, num, .v = arg);
    return ACTOR_OK;
}

Test(commit, a_handler_that_cannot_fail_goes_without_a_copy_of_the_state)
{
    char mark[UNDO_BYTES], *copy = rig_worker(0)->state_undo;

    a = rig_spawn_small();
    b = rig_spawn("t.sure");
    memset(mark, 0xa5, sizeof mark);
    rig_do(a, tell_it, 6);
    memcpy(copy, mark, sizeof mark);
    rig_num(b, 5);
    rig_run();
    cr_assert_eq(((sure *)rig_cell(b)->state)->n, 11);
    cr_assert_arr_eq(copy, mark, sizeof mark);
    rig_do(a, tell_it, 1); /* a's own turn is copied, and so is the one that b's answer takes */
    cr_assert_arr_neq(copy, mark, sizeof mark);
    cr_assert_eq(((sure *)rig_cell(b)->state)->n, 12);
    cr_assert_eq(rig_small(a)->last, 12);
}

static actor_result
change_tell_and_fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    ((sure *)self)->n = arg;
    actor_tell(ctx, a, num, .v = arg);
    return actor_fail(ctx, 5, "no");
}

Test(commit, what_a_row_that_cannot_fail_returns_is_taken_for_ok)
{
    a = rig_spawn_small();
    b = rig_spawn("t.sure");
    rig_do(b, change_tell_and_fail, 8);
    cr_assert_eq(((sure *)rig_cell(b)->state)->n, 8);
    cr_assert_eq(rig_small(a)->last, 8);
    cr_assert_eq(rig_policy.asked, 0);
    cr_assert_eq(rig_dead(DEAD_failed), 0);
}

static actor_result
tell_and_stop(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    actor_tell(ctx, b, num, .v = arg);
    return ACTOR_STOP;
}

Test(commit, a_turn_that_ends_in_stop_publishes_first)
{
    two();
    rig_do(a, tell_and_stop, 6);
    cr_assert_str_eq(rig_nums(b), "6");
    cr_assert_null(rig_cell(a));
    cr_assert_eq(rig_event(a, EV_STOPPED, 0)->a, ACTOR_REASON_STOPPED);
}

static actor_result
change_large_and_fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    large *l = self;

    l->n = arg;
    actor_append(ctx, &l->seen, arg);
    return actor_fail(ctx, 5, "no");
}

Test(commit, a_turn_over_large_state_cannot_be_undone_and_supervision_is_told)
{
    actor_ref l = rig_spawn("t.large");

    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_do(l, change_large_and_fail, 4);
    cr_assert_eq(rig_policy.last.resumable, false);
    cr_assert_eq(((large *)rig_cell(l)->state)->n, 0); /* the restart made it anew */
    cr_assert_eq(((large *)rig_cell(l)->state)->seen.n, 0);
    cr_assert_eq(rig_cell(l)->incarnation, 1);
}

static actor_result
work_hard(actor_ctx *ctx, void *self, uint64_t n)
{
    thing *t = self;

    for (uint64_t i = 0; i < n; i++) {
        char *p = actor_alloc(ctx, 300);

        memset(p, 'z', 300);
        actor_set(ctx, &t->text, actor_str_make_(p, 300));
    }
    return ACTOR_OK;
}

Test(commit, scratch_is_gone_after_each_turn)
{
    uint64_t held;

    two();
    rig_do(a, work_hard, 100);
    held = arena_held(&rig_worker(0)->scratch);
    for (int i = 0; i < 50; i++)
        rig_do(a, work_hard, 100);
    cr_assert_leq(arena_held(&rig_worker(0)->scratch), held);
}
