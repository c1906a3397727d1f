#include "wheel_rig.h"

TestSuite(wheel, .init = setup, .fini = teardown);

static void
note(uint32_t id)
{
    cr_assert(!armed(id));
    cr_assert_lt(trace.count, ARRAY_LEN(trace.id));
    trace.id[trace.count] = id;
    trace.at[trace.count++] = w.now;
}

/* How many have fired. */
static size_t
advance_with(uint64_t tick, void (*fn)(uint32_t id))
{
    size_t before = trace.count;

    one = fn;
    wheel_advance(&w, &pool, tick, SIZE_MAX, fire, &trace);
    return trace.count - before;
}
static size_t
advance(uint64_t tick)
{
    return advance_with(tick, note);
}

Test(wheel, node_fires_at_its_tick_and_not_before)
{
    static const uint64_t delays[] = {1,           2,          254,    255,      256,         257,
                                      65535,       65536,      100000, 1u << 24, 4294967295u, 4294967296u,
                                      4294967297u, 1ull << 38, 23,     24,       1u << 24};

    for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
        uint64_t due = w.now + delays[i];

        arm(A, due);
        cr_assert(armed(A));
        cr_assert_leq(wheel_next(&w), due);
        cr_assert_eq(advance(due - 1), 0u, "delay %zu", i);
        cr_assert_eq(wheel_next(&w), due, "one tick before, the answer is exact");
        cr_assert(wheel_is_due(&w, due));
        cr_assert_eq(advance(due), 1u, "delay %zu", i);
        cr_assert(!armed(A));
        trace.count = 0;
    }
    cr_assert_eq(wheel_armed(&w), 0u);
    cr_assert_eq(wheel_next(&w), WHEEL_NONE);
}

Test(wheel, nodes_fire_by_due_tick_then_by_order_of_arming)
{
    arm(A, 1700);
    arm(B, 1300);
    advance(1299); /* 1700 lies at a higher level still, and comes down later */
    arm(C, 1700);
    cr_assert_eq(advance(5000), 3u);
    cr_assert_eq(trace.id[0], B);
    cr_assert_eq(trace.id[1], A);
    cr_assert_eq(trace.id[2], C);
    cr_assert_eq(trace.at[0], 1300u);
    cr_assert_eq(trace.at[1], 1700u);
}

Test(wheel, canceled_node_never_fires)
{
    cr_assert(!cancel(A), "a node that was never armed");
    arm(A, 1001);
    arm(B, 1001);
    arm(C, 1ull << 45);
    cr_assert(cancel(A));
    cr_assert(!cancel(A));
    cr_assert(cancel(C));
    cr_assert_eq(advance(1ull << 46), 1u);
    cr_assert_eq(trace.id[0], B);
    cr_assert_eq(wheel_armed(&w), 0u);
}

Test(wheel, arming_again_moves_the_node)
{
    arm(A, 1010);
    arm(A, 2000);
    cr_assert_eq(wheel_armed(&w), 1u);
    cr_assert_eq(advance(1999), 0u);
    cr_assert_eq(advance(2000), 1u);
}

Test(wheel, tick_that_is_over_fires_at_the_next_advance)
{
    arm(A, 3);
    arm(B, 1000);
    cr_assert_eq(wheel_next(&w), 1000u);
    cr_assert(wheel_is_due(&w, 1000));
    cr_assert_eq(advance(1000), 2u, "the clock did not even move");
    cr_assert_eq(trace.id[0], A);
    cr_assert_eq(advance(1000), 0u);
}

static void
rearm_at_once(uint32_t id)
{
    note(id);
    arm(id, v[id].due);
}

Test(wheel, zero_delay_from_a_callback_waits_for_the_next_advance)
{
    arm(A, 1005);
    cr_assert_eq(advance_with(2000, rearm_at_once), 1u);
    cr_assert_eq(wheel_next(&w), 2000u, "the worker must not sleep over it");
    cr_assert_eq(advance_with(2000, rearm_at_once), 1u);
    cancel(A);
    cr_assert_eq(wheel_next(&w), WHEEL_NONE);
}

static void
rearm_in_300(uint32_t id)
{
    note(id);
    arm(id, v[id].due + 300);
}

Test(wheel, period_armed_from_the_callback_catches_up_in_one_advance)
{
    arm(A, 1100);
    cr_assert_eq(advance_with(2000, rearm_in_300), 4u);
    for (uint64_t i = 0; i < 4; i++)
        cr_assert_eq(trace.at[i], 1100 + 300 * i);
    cr_assert_eq(v[A].due, 2300u);
}

static void
cancel_b(uint32_t id)
{
    note(id);
    if (id == A)
        cr_expect(cancel(B));
}

Test(wheel, callback_cancels_a_node_of_the_same_tick)
{
    arm(A, 1500);
    arm(B, 1500);
    arm(C, 1500);
    cr_assert_eq(advance_with(1500, cancel_b), 2u);
    cr_assert_eq(trace.id[1], C);

    arm(A, 7); /* the same among nodes that are overdue */
    arm(B, 7);
    cr_assert_eq(advance_with(1500, cancel_b), 1u);
    cr_assert_eq(wheel_armed(&w), 0u);
}

Test(wheel, clock_that_steps_back_changes_nothing)
{
    arm(A, 1100);
    cr_assert_eq(advance(1050), 0u);
    cr_assert_eq(advance(10), 0u);
    cr_assert_eq(w.now, 1050u);
    cr_assert_eq(advance(1100), 1u);
}

Test(wheel, sleeping_by_wheel_next_wakes_at_most_five_times_for_one_node)
{
    /* 5: four levels and the far list lie between now and the node */
    uint64_t due = (1ull << 33) + 0x01020304;
    unsigned wakes = 0;

    arm(A, due);
    while (wheel_next(&w) != WHEEL_NONE) {
        uint64_t next = wheel_next(&w);

        cr_assert_gt(next, w.now);
        advance(next);
        wakes++;
    }
    cr_assert_eq(trace.count, 1u);
    cr_assert_eq(trace.at[0], due);
    cr_assert_leq(wakes, 6u); /* two periods of 2^32 ticks begin on the way */
}

Test(wheel, an_advance_takes_no_more_than_it_is_told_and_goes_on_next_time)
{
    for (uint32_t i = 0; i < NODES; i++)
        arm(i, 1001 + i % 2);
    one = note;
    cr_assert_leq(wheel_advance(&w, &pool, 1500, 1, fire, &trace), (size_t)WHEEL_CHUNK);
    cr_assert_gt(trace.count, 0u);
    cr_assert_eq(wheel_next(&w), w.now, "the worker must not sleep over the rest");
    cr_assert(wheel_is_due(&w, 1500));
    for (int calls = 0; wheel_armed(&w) > 0; calls++) {
        trace.count = 0;
        wheel_advance(&w, &pool, 1500, 1, fire, &trace);
        cr_assert_lt(calls, NODES);
    }
    cr_assert_eq(wheel_next(&w), WHEEL_NONE);
}

/* --- canceled entries, and memory --- */
Test(wheel, dead_entries_do_not_wake_the_worker)
{
    for (uint32_t i = 0; i < NODES; i++)
        arm(i, 2000 + 300 * (uint64_t)i);
    for (uint32_t i = 0; i < NODES; i++)
        if (i != 77)
            cancel(i);
    cr_assert_leq(wheel_next(&w), 2000u + 300 * 77);
    cr_assert_gt(wheel_next(&w), 2000u + 300 * 76);
    cr_assert_eq(wheel_armed(&w), 1u);
    cancel(77);
    cr_assert_eq(wheel_next(&w), WHEEL_NONE);
    cr_assert_eq(w.held, 0u, "and none is left");
}

Test(wheel, ten_million_timers_armed_and_canceled_take_no_more_memory_than_some_thousand)
{
    size_t most = 0;

    arm(B, 5000000);
    for (uint32_t i = 0; i < 10000000; i++) {
        arm(A, 60000 + i % 3600000);
        cancel(A);
        most = w.chunks > most ? w.chunks : most;
    }
    cr_assert_lt(most * sizeof(struct wheel_chunk), 600u << 10);
    cr_assert_eq(wheel_armed(&w), 1u);
    one = note;
    cr_assert_eq(advance(5000000), 1u);
    cr_assert_eq(trace.id[0], B);
}

static uint64_t fired;
static void
count(uint32_t id)
{
    (void)id;
    fired++;
}
static void
count_and_rearm(uint32_t id)
{
    fired++;
    arm(id, v[id].due + 100000 + id * 977); /* all fail or none: there is no memory left at all */
}

Test(wheel, after_arming_nothing_needs_memory)
{
    struct rng rng;

    rng_seed(&rng, 5);
    for (uint32_t i = 0; i < NODES; i++)
        arm(i, 1001 + rng_below(&rng, UINT64_C(1) << 8 * (i % 5)));
    env.fail_at = 1;
    env.fail_from = true;
    one = count_and_rearm;
    for (uint64_t t = w.now; fired < 5 * NODES; t += 1 + rng_below(&rng, 1u << 17))
        wheel_advance(&w, &pool, t, SIZE_MAX, fire, &trace);
    cr_assert_eq(wheel_armed(&w), (size_t)NODES);
}

Test(wheel, arming_without_memory_is_an_error_and_changes_nothing)
{
    arm(A, 1100);
    env.fail_at = 1;
    env.fail_from = true;
    for (uint32_t i = 0;; i++) { /* what the pool has at hand runs out */
        size_t held = w.held;

        cr_assert_lt(i, 100000u);
        if (!wheel_arm(&w, &pool, B, 99, 1200 + i)) {
            cr_assert_eq(w.held, held);
            break;
        }
        wheel_dead(&w); /* B's generation is another */
        if (w.dead >= 1000) {
            w.keep = NULL;
            w.dead = 0;
        }
    }
    env.fail_at = 0;
    w.keep = keep;
    fired = 0;
    one = count;
    wheel_advance(&w, &pool, 1100, SIZE_MAX, fire, &trace);
    cr_assert_eq(fired, 1u);
}

Test(wheel, memory_goes_back_when_the_timers_are_over)
{
    for (uint32_t i = 0; i < 200000; i++)
        cr_assert(wheel_arm(&w, &pool, A, 1, 1001 + i % 5000));
    v[A].gen = 1;
    cr_assert_gt(w.chunks, 200000u / WHEEL_CHUNK);
    one = count;
    fired = 0;
    for (uint64_t t = 1000; t < 6001; t++) {
        v[A].gen = 1;
        wheel_advance(&w, &pool, t, SIZE_MAX, fire, &trace);
    }
    cr_assert_lt(w.chunks, 300u);
}

Test(wheel, a_delay_counts_from_the_time_that_is_told_next)
{
    arm_in(A, 5);
    cr_assert_eq(wheel_armed(&w), 1u);
    cr_assert_eq(wheel_next(&w), 1000u, "the owner tells the time before it sleeps");
    cr_assert_eq(advance(1100), 0u);
    cr_assert_eq(wheel_next(&w), 1106u, "five whole ticks, of which 1100 is none: it had begun");
    cr_assert_eq(advance(1105), 0u);
    cr_assert_eq(advance(1106), 1u);
    cr_assert_eq(w.held, 0u);
}

Test(wheel, what_was_canceled_while_it_waited_never_enters_a_slot)
{
    arm_in(A, 5);
    arm_in(B, 5);
    cr_assert(cancel(A));
    cr_assert_eq(wheel_armed(&w), 1u);
    advance(1001);
    cr_assert_eq(w.held, 1u);
    cr_assert_eq(w.dead, 0u);
    cr_assert_eq(advance(1007), 1u);
    cr_assert_eq(trace.id[0], (uint32_t)B);
}

Test(wheel, so_many_may_wait_and_no_more_until_the_time_is_told)
{
    for (uint32_t i = 0; i < WHEEL_WAITING; i++)
        arm_in(i, 10);
    cr_assert(!wheel_arm_in(&w, &pool, WHEEL_WAITING, 1, 10));
    cr_assert_eq(wheel_armed(&w), (size_t)WHEEL_WAITING);
    wheel_begin(&w, 1020);
    arm_in(WHEEL_WAITING, 10);
    fired = 0;
    advance_with(1040, count);
    cr_assert_eq(fired, (size_t)WHEEL_WAITING);
    advance_with(1051, count);
    cr_assert_eq(fired, (size_t)WHEEL_WAITING + 1);
}

Test(wheel, what_waits_has_its_place_whatever_happens_to_memory)
{
    arm_in(A, 5);
    env.fail_at = 1;
    env.fail_from = true;
    advance(1001);
    cr_assert_eq(advance(1007), 1u);
}

static void
nothing(uint32_t id)
{
    (void)id;
}

Test(wheel, the_usual_way_is_open_where_a_slot_in_use_has_room)
{
    for (uint32_t i = WHEEL_CHUNK; i < NODES; i++) /* so that there are chunks to spare */
        arm(i, 1300);
    one = nothing;
    wheel_advance(&w, &pool, 1400, SIZE_MAX, fire, &trace);
    cr_assert_null(wheel_usual(&w, 1500), "no slot is in use");
    arm(A, 1500);
    cr_assert(arm_usual(B, 1500));
    cr_assert_null(wheel_usual(&w, 1501), "another slot");
    cr_assert_null(wheel_usual(&w, 1000), "over");
    cr_assert_null(wheel_usual(&w, 1500 + (1ull << 32)), "far");
    for (uint32_t i = 2; i < WHEEL_CHUNK; i++)
        cr_assert(arm_usual(i, 1500));
    cr_assert_null(wheel_usual(&w, 1500), "the chunk is full");
    cr_assert_eq(wheel_armed(&w), (size_t)WHEEL_CHUNK);
    cr_assert_eq(wheel_advance(&w, &pool, 1500, SIZE_MAX, fire, &trace), (size_t)WHEEL_CHUNK);
    for (uint32_t i = 0; i < WHEEL_CHUNK; i++)
        cr_assert(!armed(i));
}

Test(wheel, what_is_due_in_more_than_17_years_is_due_then)
{
    const uint64_t then = 1000 + WHEEL_FAR_MAX;

    v[A].gen = v[B].gen = 1;
    cr_assert(wheel_arm(&w, &pool, A, 1, then + 1));
    cr_assert(wheel_arm(&w, &pool, B, 1, UINT64_MAX));
    arm(C, then - 1);
    v[A].due = v[B].due = then;
    v[A].counts = v[B].counts = true;
    cr_assert_eq(advance(then - 1), 1u);
    cr_assert_eq(advance(then), 2u);
}
