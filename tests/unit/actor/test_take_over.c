/* A handler that does not return: its worker moves to another thread, the actor stays with the old one until it does. */
#include "fixture.h"
#include <sched.h>

TestSuite(take_over);

static _Atomic(uint64_t) stuck, gate, came_back, counted, ticks;
static actor_ref a, b;
static int after[5];

static actor_result
count(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)ctx;
    (void)self;
    atomic_fetch_add(arg == 0 ? &counted : &ticks, 1);
    return ACTOR_OK;
}

static actor_result
tick_on(actor_ctx *ctx, void *self, uint64_t ms)
{
    (void)self;
    cr_assert_gt(actor_timer(ctx, ms, ms, 0, go, .fn = (uint64_t)(uintptr_t)count, .arg = 1), 0);
    return ACTOR_OK;
}

static actor_result
stick(actor_ctx *ctx, void *self, uint64_t fails)
{
    actor_ref kid;

    ((thing *)self)->n = 5;
    actor_tell(ctx, b, go, .fn = (uint64_t)(uintptr_t)count);
    atomic_store(&stuck, 1);
    while (!atomic_load(&gate))
        sched_yield();
    /* From here on another thread runs what was this worker's. */
    after[0] = actor_tell(ctx, b, go, .fn = (uint64_t)(uintptr_t)count);
    after[1] = actor_spawn(ctx, &kid, "thing", "kid", args);
    after[2] = actor_set(ctx, &((thing *)self)->text, ACTOR_STR("it is well past the usual time now"));
    after[3] = (int)actor_timer(ctx, 1, 0, 0, num, .v = 1);
    after[4] = actor_watch(ctx, b);
    atomic_store(&came_back, 1);
    return fails ? actor_fail(ctx, 4, "too late") : ACTOR_OK;
}

static void
begin(void)
{
    atomic_store(&stuck, 0);
    atomic_store(&gate, 0);
    atomic_store(&came_back, 0);
    atomic_store(&counted, 0);
    atomic_store(&ticks, 0);
    rig_start_threads(1);
    a = rig_spawn("t.thing");
    b = rig_spawn("t.thing");
    rig_post(b, tick_on, 2);
    rig_until(&ticks, 1);
}

static void
take_over(void)
{
    int r;

    rig_until(&stuck, 1);
    while ((r = sched_take_over(&rig.sys.sched, 0)) == -ERR_BUSY)
        sched_yield();
    cr_assert_eq(r, 0);
}

static void
others_go_on(void)
{
    uint64_t was = atomic_load(&ticks);
    actor_ref fresh;

    for (int i = 0; i < 100; i++)
        rig_post(b, count, 0);
    rig_until(&counted, 100);
    rig_until(&ticks, was + 3); /* the wheel moved along */
    fresh = rig_spawn("t.thing");
    rig_post(fresh, count, 0);
    rig_until(&counted, 101);
}

static uint64_t in_slice;
static void
look(struct actx *x, struct cell *c, void *arg)
{
    (void)x;
    in_slice = c == NULL ? 0 : ((thing *)c->state)->n;
    atomic_store_explicit((_Atomic(uint64_t) *)arg, 1, memory_order_release); /* pairs with rig_until */
}

static uint64_t
state_of_a(void)
{
    _Atomic(uint64_t) done = 0;

    cr_assert_eq(system_call(&rig.sys, a, look, &done), 0);
    rig_until(&done, 1);
    return in_slice;
}

Test(take_over, the_others_go_on_and_the_late_turn_still_counts)
{
    begin();
    rig_post(a, stick, 0);
    take_over();
    others_go_on();
    atomic_store(&gate, 1);
    rig_until(&came_back, 1);
    rig_until(&counted, 103); /* both of its tells */
    cr_assert_eq(state_of_a(), 5);
    cr_assert_eq(after[0], 0);
    cr_assert_eq(after[1], 0);
    cr_assert_eq(after[2], 0);
    cr_assert_eq(after[3], -ERR_NOMEM); /* its wheel is gone */
    cr_assert_eq(after[4], 0);
    rig_end_all();
    rig_stop();
}

Test(take_over, a_late_turn_that_fails_is_undone)
{
    begin();
    rig_post(a, stick, 1);
    take_over();
    others_go_on();
    atomic_store(&gate, 1);
    rig_until(&came_back, 1);
    cr_assert_eq(state_of_a(), 0);
    cr_assert_eq(atomic_load(&counted), 101);
    cr_assert_eq(names_lookup(&rig.sys, "kid", 3).gen, 0);
    rig_end_all();
    rig_stop();
}

Test(take_over, a_worker_may_be_taken_over_again_and_again)
{
    begin();
    for (int i = 0; i < 5; i++) {
        atomic_store(&stuck, 0);
        atomic_store(&gate, 0);
        atomic_store(&came_back, 0);
        rig_post(a, stick, 1);
        take_over();
        atomic_store(&gate, 1);
        rig_until(&came_back, 1);
        state_of_a();
    }
    others_go_on();
    rig_end_all();
    rig_stop();
}
