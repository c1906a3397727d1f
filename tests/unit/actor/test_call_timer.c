/* Many timers of one turn: all but the first of it take a shorter way. */
#include "tnode_rig.h"

TestSuite(call_timer, .init = rig_start, .fini = rig_stop);

enum { MANY = 300, HOUR_MS = 3600000 };

static actor_result
note(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    rig_own(ctx, arg, 0);
    return ACTOR_OK;
}

/* One by one: a word, two words, a tag besides, nothing at all. */
static actor_result
arm_mixed(actor_ctx *ctx, void *self, uint64_t n)
{
    (void)self;
    for (uint64_t i = 0; i < n; i++) {
        cr_assert_gt(actor_timer(ctx, 1 + i, 0, 0, num, .v = i), 0);
        cr_assert_gt(actor_timer(ctx, 1 + i, 0, 0, go, .fn = (uintptr_t)note, .arg = i), 0);
        cr_assert_gt(actor_timer(ctx, 1 + i, 0, 1000 + i, num, .v = i), 0);
        cr_assert_gt(actor_timer(ctx, 1 + i, 0, 0, num, .v = 0), 0);
        cr_assert_gt(actor_timer(ctx, 1 + i, 0, i, text, .s = ACTOR_STR("long")), 0);
    }
    return ACTOR_OK;
}

static void
check_mixed(actor_ref who, uint64_t n)
{
    cr_assert_eq(rig_events(who, EV_NUM), 3 * n);
    cr_assert_eq(rig_events(who, EV_OWN), n);
    cr_assert_eq(rig_events(who, EV_TEXT), n);
    for (uint64_t i = 0; i < n; i++) {
        for (uint64_t k = 0; k < 3; k++) {
            const struct event *e = rig_event(who, EV_NUM, 3 * i + k);

            cr_assert_eq(e->a, k == 2 ? 0 : i);
            cr_assert_eq(e->tag, k == 1 ? 1000 + i : 0);
        }
        cr_assert_eq(rig_event(who, EV_OWN, i)->a, i);
    }
    cr_assert_eq(nodes_live(), 0);
}

Test(call_timer, timers_of_one_turn_come_in_their_order_with_their_own_payload_and_tag)
{
    two();
    rig_do(a, arm_mixed, MANY);
    cr_assert_eq(nodes_live(), 5 * MANY);
    rig_advance(MANY / 2);
    cr_assert_eq(rig_events(a, EV_OWN), MANY / 2 - 1, "the tick that had begun does not count");
    rig_advance(MANY);
    check_mixed(a, MANY);
}

Test(call_timer, timers_armed_in_turns_of_two_actors_by_turns_are_each_ones_own)
{
    two();
    for (int i = 0; i < 10; i++) {
        rig_post(a, arm_many, 7);
        rig_post(b, arm_many, 5);
    }
    rig_run();
    cr_assert_eq(nodes_live(), 120);
    rig_end(b, ACTOR_STOP_NOW);
    cr_assert_eq(nodes_live(), 70);
    rig_advance(30);
    cr_assert_eq(rig_events(a, EV_NUM), 70);
    cr_assert_eq(nodes_live(), 0);
}

static actor_result
arm_and_fail(actor_ctx *ctx, void *self, uint64_t n)
{
    arm_many(ctx, self, n);
    return actor_fail(ctx, 5, "no");
}

Test(call_timer, a_turn_that_fails_takes_all_of_its_timers_back_and_no_other)
{
    two();
    rig_do(a, arm_many, 3);
    rig_do(a, arm_and_fail, 200);
    cr_assert_eq(nodes_live(), 3);
    rig_do(a, arm_many, 2);
    rig_advance(30);
    cr_assert_str_eq(rig_nums(a), "0 0 1 1 2");
}

static actor_result
arm_late(actor_ctx *ctx, void *self, uint64_t ms)
{
    (void)self;
    actor_timer(ctx, 10, 0, 0, num, .v = 1);
    rig.env.mono_ns += ms * 1000000;
    actor_timer(ctx, 10, 0, 0, num, .v = 2); /* from the same time: it stands still within a turn */
    return ACTOR_OK;
}

Test(call_timer, timers_of_one_turn_count_from_one_time_and_those_of_the_next_from_a_later_one)
{
    two();
    rig_post(a, arm_late, 5);
    rig_post(a, arm_late, 0);
    rig_run();
    rig_advance(6);
    cr_assert_str_eq(rig_nums(a), "1 2");
    rig_advance(4);
    cr_assert_str_eq(rig_nums(a), "1 2");
    rig_advance(2);
    cr_assert_str_eq(rig_nums(a), "1 2 1 2");
}

static actor_result
arm_far(actor_ctx *ctx, void *self, uint64_t n)
{
    static const uint64_t after[] = {
        0, 1, HOUR_MS, UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 40, UINT64_MAX};

    (void)self;
    for (uint64_t i = 0; i < n; i++)
        cr_assert_gt(timer = actor_timer(ctx, after[i % ARRAY_LEN(after)], 0, 0, num, .v = i), 0);
    return ACTOR_OK;
}

Test(call_timer, delays_of_any_length_can_be_armed_in_one_turn)
{
    two();
    rig_do(a, arm_far, 700);
    rig_advance(10);
    cr_assert_eq(rig_events(a, EV_NUM), 200);
    cr_assert_eq(nodes_live(), 500);
    rig.env.mono_ns += (uint64_t)HOUR_MS * 1000000;
    rig_advance(10);
    cr_assert_eq(rig_events(a, EV_NUM), 300);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_eq(nodes_live(), 0);
}

static int64_t refused;
static actor_result
arm_too_many(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    for (uint32_t i = 0; i < TIMERS_ARMED_MAX; i++)
        cr_assert_gt(actor_timer(ctx, HOUR_MS + i, 0, 0, num, .v = 0), 0);
    refused = actor_timer(ctx, HOUR_MS, 0, 0, num, .v = 0);
    return ACTOR_OK;
}

Test(call_timer, one_turn_can_arm_so_many_and_the_next_as_many_again)
{
    two();
    for (uint32_t turns = 1; turns <= 2; turns++) {
        refused = 0;
        rig_do(a, arm_too_many, 0);
        cr_assert_eq(refused, -ERR_LIMIT);
        cr_assert_eq(nodes_live(), turns * TIMERS_ARMED_MAX);
    }
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_eq(nodes_live(), 0);
}

static void
start_two(void)
{
    cr_assert_eq(rig_start_with(&(struct rig_config){.workers = 2, .seed = 7}), 0);
}
TestSuite(call_timer_moving, .init = start_two, .fini = rig_stop);

Test(call_timer_moving, an_actor_that_moves_between_workers_keeps_the_timers_of_both)
{
    uint32_t homes = 0;
    uint64_t n = 0;

    two();
    for (uint64_t i = 0; i < 40 || (homes != 3 && i < 1000); i++) {
        rig_do(a, arm_far, 3 + i % 5); /* by whoever takes it */
        homes |= 1u << ((uint32_t)timer >> TNODE_HOME_SHIFT);
        n += 3 + i % 5;
    }
    cr_assert_eq(homes, 3);
    cr_assert_eq(nodes_live() + rig_events(a, EV_NUM), n);
    rig_advance(10);
    cr_assert_eq(rig_events(a, EV_NUM), 80);
    cr_assert_eq(nodes_live(), n - 80);
    rig_end(a, ACTOR_STOP_NOW);
    rig_advance(10);
    rig_num(b, 1); /* both workers look at what came home */
    rig_run();
    cr_assert_eq(nodes_live(), 0);
}

/* --- memory for new nodes --- */
static struct {
    char *at[64];
    size_t bytes[64];
    uint32_t n;
} asked;
static void
populate(struct env *e, void *p, size_t bytes)
{
    (void)e;
    if ((uintptr_t)p - (uintptr_t)rig_worker(0)->tn->node >= TNODES_MAX * sizeof(struct tnode))
        return; /* of other tables */
    cr_assert_lt(asked.n, ARRAY_LEN(asked.at));
    asked.at[asked.n] = p;
    asked.bytes[asked.n++] = bytes;
}

Test(call_timer, a_large_table_of_nodes_asks_for_its_memory_ahead_part_by_part)
{
    memset(&asked, 0, sizeof asked);
    rig.env.env.populate = populate;
    two();
    rig_do(a, arm_many, 20000);
    cr_assert_eq(asked.n, 0, "a small one does not");
    for (int i = 0; i < 4; i++)
        rig_do(a, arm_many, 20000);
    cr_assert_geq(asked.n, 2);
    for (uint32_t i = 1; i < asked.n; i++)
        cr_assert_eq((void *)asked.at[i], (void *)(asked.at[i - 1] + asked.bytes[i - 1]));
    cr_assert_leq((void *)(asked.at[asked.n - 1]), (void *)&rig_worker(0)->tn->node[100000]);
    cr_assert_geq((void *)(asked.at[asked.n - 1] + asked.bytes[asked.n - 1]),
                  (void *)&rig_worker(0)->tn->node[100000]);
    rig_end(a, ACTOR_STOP_NOW);
}
