#include "sched/width.h"
#include <criterion/criterion.h>

/* A machine: how many messages a millisecond so many workers handle together. */
typedef uint64_t (*machine)(uint32_t workers);

static struct width w;
static uint64_t now, handled;

/* Work always waits, and workers read the clock every 50 us. */
static void
tick(machine m)
{
    now += 50000;
    handled += m(width_target(&w)) / 20;
    width_sample(&w, now, handled, width_target(&w), true);
}

/* For ms milliseconds. Returns how many were handled. */
static uint64_t
run(machine m, uint64_t ms)
{
    uint64_t before = handled, end = now + ms * 1000000;

    while (now < end)
        tick(m);
    return handled - before;
}

static uint64_t
talkers(uint32_t n)
{
    return n == 1 ? 90000 : 25000;
}

static uint64_t
loners(uint32_t n)
{
    return 10000 * n;
}

static uint64_t
loners_on_two_cpus(uint32_t n)
{
    return n == 1 ? 10000 : 19000 - 10 * n;
}

static uint64_t
fast_talkers(uint32_t n)
{
    return talkers(n) * 5;
}

/* 2 us each, so few that single ones show. */
static uint64_t
slow_loners(uint32_t n)
{
    return 500 * n;
}

static void
fresh(uint32_t max)
{
    now = 1000000000;
    handled = 0;
    width_init(&w, max);
}

Test(width, it_begins_with_one_worker)
{
    fresh(8);
    cr_assert_eq(width_target(&w), 1u);
}

Test(width, independent_work_gets_all_workers_within_milliseconds)
{
    fresh(8);
    run(loners, 6);
    cr_assert_eq(width_target(&w), 8u);
    cr_assert_geq(run(loners, 10000), loners(8) * 10000 * 98 / 100);
}

Test(width, actors_that_talk_all_the_time_stay_on_one_worker)
{
    fresh(2);
    /* the first tenth of a second has the most trials */
    cr_assert_geq(run(talkers, 100), talkers(1) * 100 * 99 / 100);
    cr_assert_geq(run(talkers, 10000), talkers(1) * 10000 * 99 / 100);
    cr_assert_eq(width_target(&w), 1u);
}

Test(width, workers_that_have_no_cpu_are_not_used)
{
    fresh(64);
    run(loners_on_two_cpus, 100);
    cr_assert_geq(run(loners_on_two_cpus, 10000), loners_on_two_cpus(2) * 10000 * 98 / 100);
    cr_assert_leq(width_target(&w), 4u);
}

Test(width, it_follows_when_the_work_changes)
{
    fresh(4);
    run(loners, 1000);
    cr_assert_eq(width_target(&w), 4u);
    run(talkers, 2500);
    cr_assert_eq(width_target(&w), 1u);
    cr_assert_geq(run(talkers, 1000), talkers(1) * 1000 * 97 / 100);
    run(loners, 2500);
    cr_assert_eq(width_target(&w), 4u);
}

/* Until so many workers are asked for, ms milliseconds at most. */
static void
until(machine m, uint32_t target, uint64_t ms)
{
    for (uint64_t end = now + ms * 1000000; width_target(&w) != target && now < end;)
        tick(m);
    cr_assert_eq(width_target(&w), target);
}

Test(width, a_machine_that_became_faster_during_a_trial_does_not_fool_it)
{
    fresh(2);
    until(talkers, 2, 5);
    until(fast_talkers, 1, 5); /* faster even so; proved by going back */
    run(fast_talkers, 1);
    cr_assert_eq(width_target(&w), 1u);
    cr_assert_geq(run(fast_talkers, 100), fast_talkers(1) * 100 * 99 / 100);
}

Test(width, what_was_won_wrongly_is_lost_within_milliseconds)
{
    fresh(2);
    until(talkers, 2, 5);
    until(fast_talkers, 1, 5);
    until(talkers, 2, 5); /* slower again while the proof was taken */
    run(talkers, 6);
    cr_assert_eq(width_target(&w), 1u);
}

Test(width, where_nobody_can_leave_what_was_won_stays)
{
    fresh(2);
    until(loners, 2, 5);
    for (int i = 0; i < 200; i++) {
        now += 50000;
        handled += loners(2) / 20;
        width_sample(&w, now, handled, 2, true);
    }
    cr_assert_eq(width_target(&w), 2u);
    cr_assert_eq(w.phase, (uint32_t)WIDTH_STEADY);
}

Test(width, slow_turns_are_measured_for_longer)
{
    uint64_t began;

    fresh(2);
    until(slow_loners, 2, 5);
    began = now;
    while (w.phase == WIDTH_WIDER || w.phase == WIDTH_WIDER_ALL)
        tick(slow_loners);
    cr_assert_geq(now - began, WIDTH_MEASURE_MAX_NS);
    run(slow_loners, 5);
    cr_assert_eq(width_target(&w), 2u);
}

Test(width, a_pause_ends_a_trial_without_a_verdict)
{
    fresh(2);
    until(talkers, 2, 5);
    now += WIDTH_STALE_NS + 1;
    width_sample(&w, now, handled, 1, true);
    cr_assert_eq(width_target(&w), 1u);
}

Test(width, without_waiting_work_nothing_is_tried)
{
    fresh(8);
    for (int i = 0; i < 1000; i++) {
        now += WIDTH_STEADY_NS;
        handled += 1000;
        width_sample(&w, now, handled, 1, false);
    }
    cr_assert_eq(width_target(&w), 1u);
}

Test(width, a_sample_that_comes_too_soon_or_from_the_past_is_ignored)
{
    fresh(2);
    now += WIDTH_STEADY_NS;
    width_sample(&w, now, 1000, 1, true);
    for (int i = 0; i < 10; i++) {
        width_sample(&w, now, 2000, 1, true);
        width_sample(&w, now - 1000, 2000, 1, true);
        width_sample(&w, now + WIDTH_STEADY_NS - 1, 2000, 1, true);
    }
    cr_assert_eq(width_target(&w), 1u);
    cr_assert_eq(w.done, 1000u);
}
