/* Every allocation of a busy little world fails once: nothing crashes, nothing leaks, every message has its fate.
 * In plain builds the calls of the environment fail; in counted builds (AddressSanitizer) each block as well. */
#include "fixture.h"
#include <string.h>

TestSuite(faults);

static actor_ref a, b, c;

static actor_result
busy(actor_ctx *ctx, void *self, uint64_t round)
{
    thing *t = self;
    actor_ref kid = {0};
    num *m;
    char *p = actor_alloc(ctx, 5000);

    actor_set(ctx, &t->text,
              ACTOR_STR("some text that takes memory, more than fits beside the cell, surely"));
    for (uint64_t i = 0; i < 40; i++) {
        actor_append(ctx, &t->seen, i);
        actor_put(ctx, &t->counts, round * 100 + i, i);
    }
    actor_tell(ctx, b, text, .s = p == NULL ? ACTOR_STR("short") : actor_str_make_(p, 5000));
    actor_tell(ctx, c, num, .v = round);
    actor_ask(ctx, b, num, 20, 1, get);
    actor_ask(ctx, c, num, 20, 2, nobody_handles);
    actor_timer(ctx, 3, round % 2 == 0 ? 4 : 0, 3, num, .v = 9);
    actor_watch(ctx, b);
    m = actor_new(ctx, num);
    if (m != NULL)
        actor_send(ctx, c, m);
    if (actor_spawn(ctx, &kid, "thing", round % 2 == 0 ? "kid" : NULL, args, .text = ACTOR_STR("hi")) == 0) {
        actor_tell(ctx, kid, num, .v = 1);
        actor_watch(ctx, kid);
        if (round % 3 == 0)
            actor_stop(ctx, kid, ACTOR_STOP_DRAIN);
    }
    t->mode = round % 4 == 1 ? MODE_STASH : MODE_NOTE;
    if (round % 4 == 2)
        actor_unstash_all(ctx);
    return round % 5 == 4 ? actor_fail(ctx, 3, "round %d", (int)round) : ACTOR_OK;
}

static void
post(actor_ref to, uint64_t round)
{
    struct actx *x = system_enter(&rig.sys, ACTOR_NOBODY);

    actor_tell(&x->ctx, to, go, .fn = (uint64_t)(uintptr_t)busy, .arg = round);
    system_leave(x);
}

/* true: the allocation that was to fail was reached. */
static bool
live_with(uint64_t fail_at, bool from_then_on, bool restart)
{
    bool reached;

    if (rig_start_with(&(struct rig_config){0}) < 0)
        cr_assert_fail("the world needs a start");
    rig_policy.directive = restart ? ACTOR_DIRECTIVE_RESTART : ACTOR_DIRECTIVE_RESUME;
    rig_policy.delay_ns = restart ? 2000000 : 0;
    cr_assert_eq(rig_try_spawn(&a, rig.sys.user, "t.thing", "a", NULL), 0);
    cr_assert_eq(rig_try_spawn(&b, rig.sys.user, "t.thing", "b", NULL), 0);
    cr_assert_eq(rig_try_spawn(&c, rig.sys.user, "t.small", NULL, NULL), 0);
    rig.env.fail_from = from_then_on;
    rig.env.fail_at = fail_at;
    for (uint64_t round = 0; round < 6; round++) {
        post(a, round);
        rig_advance(4);
        rig.nev = 0;
    }
    reached = rig.env.fail_at == 0 || from_then_on;
    rig.env.fail_at = 0;
    rig_advance(30);
    rig_end(b, ACTOR_STOP_NOW);
    rig_end(a, ACTOR_STOP_NOW);
    rig_advance(2100);
    rig_stop();
    return reached;
}

Test(faults, each_single_failure_is_survived_by_actors_that_resume)
{
    uint64_t n = 1;

    while (live_with(n, false, false))
        n++;
    cr_assert_gt(n, 5);
}

Test(faults, each_single_failure_is_survived_by_actors_that_restart)
{
    uint64_t n = 1;

    while (live_with(n, false, true))
        n++;
    cr_assert_gt(n, 5);
}

Test(faults, memory_that_runs_out_for_good_is_survived)
{
    for (uint64_t n = 1; n < 60; n++) {
        live_with(n, true, false);
        live_with(n, true, true);
    }
}

Test(faults, a_start_without_memory_leaves_nothing_behind)
{
    uint64_t n = 1;

    while (rig_start_with(&(struct rig_config){.fail_at = n, .workers = 2}) < 0)
        cr_assert_lt(++n, 1000);
    cr_assert_gt(n, 20);
    rig_stop();
}
