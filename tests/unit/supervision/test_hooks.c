/* The policy's settings at work: on the actor fixture, with this folder's supervision in place of the fixture's own. */
#include "../actor/fixture.h"
#include "supervision/hooks.h"
#include <string.h>

static struct supervision sup;
static struct policy of_parent;
static actor_ref a, kid;

static void
layer(const char *says, struct policy *ret)
{
    struct err e = {0};

    cr_assert_eq(policy_parse(says, ret, &e), 0, "%s", e.text);
}

/* Every actor's policy. */
static void
start(const char *says)
{
    struct policy mine, all;

    rig_start();
    layer(says, &mine);
    policy_default(&all);
    sup = (struct supervision){0};
    policy_merge((const struct policy *[]){&mine, &all}, 2, &sup.node);
    supervision_bind(&sup, &rig.sys);
    a = rig_spawn_under(rig.sys.user, "a");
}

TestSuite(hooks, .fini = rig_stop);

static actor_result
fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    rig_own(ctx, arg, 0);
    return actor_fail(ctx, 5, "told to");
}

Test(hooks, a_message_that_failed_is_tried_again_after_the_back_off)
{
    start("attempts 3, failures off, backoff 100ms jitter 0%");
    rig_do(a, fail, 1);
    rig_num(a, 2);
    rig_run();
    cr_assert_eq(rig_events(a, EV_OWN), 1);
    cr_assert_eq(rig_cell(a)->life, CELL_HELD);
    rig_advance(90);
    cr_assert_eq(rig_events(a, EV_OWN), 1);
    rig_advance(20);
    cr_assert_eq(rig_events(a, EV_OWN), 2);
    cr_assert_eq(rig_cell(a)->incarnation, 0, "its policy says resume");
    rig_advance(180); /* the second delay is twice the first */
    cr_assert_eq(rig_events(a, EV_OWN), 2);
    cr_assert_str_eq(rig_nums(a), "", "mail waits behind the message that is tried again");
    rig_advance(40);
    cr_assert_eq(rig_events(a, EV_OWN), 3);
    cr_assert_eq(rig_dead(DEAD_quarantined), 1);
    cr_assert_str_eq(rig_nums(a), "2");
}

Test(hooks, without_a_back_off_it_is_tried_again_at_once)
{
    start("attempts 3, failures off");
    rig_do(a, fail, 1);
    cr_assert_eq(rig_events(a, EV_OWN), 3);
    cr_assert_eq(rig_dead(DEAD_quarantined), 1);
}

Test(hooks, an_actor_that_waits_to_try_again_can_be_stopped)
{
    start("attempts 3, failures off, backoff 1h jitter 0%");
    rig_do(a, fail, 1);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_null(rig_cell(a));
    cr_assert_eq(rig_dead(DEAD_stopped), 1);
}

Test(hooks, children_stop_with_a_restart)
{
    start("restart");
    kid = rig_spawn_under(a, "kid");
    rig_do(a, fail, 1);
    cr_assert_eq(rig_cell(a)->incarnation, 1);
    cr_assert_null(rig_cell(kid));
}

Test(hooks, children_that_are_kept_live_on_through_a_restart)
{
    start("restart, children keep");
    kid = rig_spawn_under(a, "kid");
    rig_thing(kid)->n = 41;
    rig_do(a, fail, 1);
    cr_assert_eq(rig_cell(a)->incarnation, 1);
    cr_assert_not_null(rig_cell(kid));
    rig_num(kid, 7);
    rig_run();
    cr_assert_eq(rig_thing(kid)->n, 42, "with their state");
    cr_assert_eq(rig_cell(kid)->incarnation, 0);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_null(rig_cell(kid), "a stop ends them");
}

Test(hooks, a_kept_child_whose_failure_restarts_its_parent_restarts_too)
{
    start("any: escalate, child: restart, children keep");
    kid = rig_spawn_under(a, "kid");
    rig_do(kid, fail, 1);
    cr_assert_eq(rig_cell(a)->incarnation, 1);
    cr_assert_eq(rig_cell(kid)->incarnation, 1);
    cr_assert_eq(rig_cell(kid)->life, CELL_RUNNING);
}

static const struct policy *
ini(void *self, const struct cell *c)
{
    return c->ext != NULL && c->ext->name != NULL && strcmp(c->ext->name, "limited") == 0 ? self : NULL;
}

/* The one in the middle gave up too: whoever waits for it must not wait for ever. */
Test(hooks, kept_children_that_wait_below_one_that_escalated_go_on_as_well)
{
    actor_ref grandkid;

    start("any: escalate, child: escalate, children keep");
    layer("child: restart, children keep", &of_parent); /* of the topmost: by its name */
    sup.of_actor = ini;
    sup.self = &of_parent;
    a = rig_spawn_under(rig.sys.user, "limited");
    kid = rig_spawn_under(a, "kid");
    grandkid = rig_spawn_under(kid, "grandkid");
    rig_do(grandkid, fail, 1);
    cr_assert_eq(rig_cell(a)->incarnation, 1);
    cr_assert_eq(rig_cell(kid)->life, CELL_RUNNING);
    cr_assert_eq(rig_cell(grandkid)->life, CELL_RUNNING);
    cr_assert_eq(rig_cell(grandkid)->incarnation, 1);
    rig_num(grandkid, 3);
    rig_run();
    cr_assert_str_eq(rig_nums(grandkid), "3");
}

/* --- hard_limit --- */
static actor_result
take(actor_ctx *ctx, void *self, uint64_t ms)
{
    rig_own(ctx, ms, 0);
    rig.env.mono_ns += ms * 1000000;
    ((thing *)self)->mode = ms;
    return ACTOR_OK;
}

static actor_ref
limited(const char *says)
{
    layer(says, &of_parent);
    sup.of_actor = ini;
    sup.self = &of_parent;
    return rig_spawn_under(rig.sys.user, "limited");
}

Test(hooks, an_actor_with_a_hard_limit_of_its_own_fails_a_longer_turn)
{
    actor_ref b;

    start("failures off");
    b = limited("hard_limit 20ms, limit: resume");
    rig_do(b, take, 19);
    cr_assert_eq(rig_thing(b)->mode, 19);
    rig_thing(b)->mode = 0;
    rig_do(b, take, 30);
    cr_assert_eq(rig_thing(b)->mode, 0, "its turn was undone");
    cr_assert_eq(rig_dead(DEAD_failed), 1);
    rig_do(a, take, 30);
    cr_assert_eq(rig_thing(a)->mode, 30, "others have none");
    rig_thing(b)->mode = 0;
    for (uint64_t i = 1; i <= 3; i++)
        rig_num(b, i);
    rig_run();
    cr_assert_str_eq(rig_nums(b), "1 2 3");
    cr_assert(!rig_slice(), "and it goes idle");
}

Test(hooks, hard_limit_off_exempts_an_actor_from_the_nodes)
{
    actor_ref b;

    start("failures off");
    rig_worker(0)->hard_limit_ns = 10 * 1000000; /* of who is born from here on */
    b = limited("hard_limit off");
    a = rig_spawn_under(rig.sys.user, "b");
    rig_do(b, take, 30);
    cr_assert_eq(rig_thing(b)->mode, 30);
    rig_do(a, take, 30);
    cr_assert_eq(rig_dead(DEAD_failed), 1);
}

static actor_result
give_birth(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    return actor_spawn(ctx, &kid, "thing", "", args) == 0 ? ACTOR_OK : actor_fail(ctx, 1, "no spawn");
}

Test(hooks, a_parents_policy_limits_the_turns_of_its_children)
{
    start("failures off");
    layer("hard_limit 20ms", &of_parent);
    rig_behaviour("t.thing")->policy = &of_parent;
    rig_do(a, give_birth, 0);
    cr_assert_not_null(rig_cell(kid));
    rig_do(kid, take, 30);
    cr_assert_eq(rig_dead(DEAD_failed), 1);
    rig_do(a, take, 30);
    cr_assert_eq(rig_thing(a)->mode, 30);
}
