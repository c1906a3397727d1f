#include "base/err.h"
#include "sched/watchdog.h"
#include <criterion/criterion.h>
#include <string.h>

#define MS UINT64_C(1000000)

static struct watch_state state;
static struct watch_sample sample;
static struct watch_event e[WATCH_EVENTS];

static void
setup(void)
{
    memset(&state, 0, sizeof state);
    sample = (struct watch_sample){.owner = 1, .stamp = 10, .slot = 5, .type = 77};
}

TestSuite(watchdog, .init = setup);

static size_t
at(uint64_t ms)
{
    return watch_step(&state, 3, &sample, ms * MS, 500 * MS, true, e);
}

Test(watchdog, turns_that_end_are_never_reported)
{
    for (uint64_t t = 0; t < 10000; t += 250, sample.stamp++)
        cr_assert_eq(at(t), 0u);
}

Test(watchdog, idle_worker_is_never_reported)
{
    sample.slot = 0;
    for (uint64_t t = 0; t < 100000; t += 250)
        cr_assert_eq(at(t), 0u);
}

Test(watchdog, handler_that_stays_is_reported_with_actor_and_message)
{
    cr_assert_eq(at(250), 0u);
    cr_assert_eq(at(500), 0u);
    cr_assert_eq(at(749), 0u);
    cr_assert_eq(at(750), 2u);
    cr_assert_eq(e[0].kind, (uint32_t)WATCH_REPORT);
    cr_assert_eq(e[0].worker, 3u);
    cr_assert_eq(e[0].slot, 5u);
    cr_assert_eq(e[0].type, 77u);
    cr_assert_eq(e[0].reports, 1u);
    cr_assert_eq(e[0].since_ns, 250 * MS);
    cr_assert_eq(e[0].lasted_ns, 500 * MS);
    cr_assert_eq(e[1].kind, (uint32_t)WATCH_TAKE_OVER);
}

Test(watchdog, with_the_defaults_a_report_comes_within_a_second_of_the_begin)
{
    uint64_t interval = watch_interval_ns(WATCH_LIMIT_NS) / MS, worst = 0;

    cr_assert_eq(interval, 250u);
    for (uint64_t begin = 1; begin <= 250; begin++) {
        uint64_t t;

        setup();
        sample.stamp = 1;
        for (t = 0;; t += interval) {
            if (t >= begin)
                sample.stamp = 2; /* the turn that sticks */
            if (at(t) > 0)
                break;
            if (t < begin)
                sample.stamp = 1;
        }
        if (t - begin > worst)
            worst = t - begin;
    }
    cr_assert_leq(worst, 1000u);
    cr_assert_geq(worst, 500u);
}

Test(watchdog, reports_come_at_growing_distance)
{
    uint64_t times[12];
    size_t n = 0;

    for (uint64_t t = 0; t < 400000 && n < 12; t += 250)
        if (at(t) > 0 && e[0].kind == WATCH_REPORT)
            times[n++] = t;
    cr_assert_eq(n, 12u);
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(times[i + 1] - times[i], 1000u << i);
    for (size_t i = 9; i < 11; i++)
        cr_assert_eq(times[i + 1] - times[i], 60000u);
}

Test(watchdog, worker_in_host_code_is_reported_as_such_and_the_taker_decides)
{
    sample.in_host = true;
    at(0);
    cr_assert_eq(at(500), 2u);
    cr_assert_eq(e[0].kind, (uint32_t)WATCH_REPORT);
    cr_assert(e[0].in_host);
    cr_assert_eq(e[1].kind, (uint32_t)WATCH_TAKE_OVER);
}

Test(watchdog, busy_take_over_is_tried_at_each_look)
{
    at(0);
    at(500);
    for (uint64_t t = 750; t <= 1250; t += 250) {
        watch_took(&state, -ERR_BUSY);
        cr_assert_eq(at(t), 1u);
        cr_assert_eq(e[0].kind, (uint32_t)WATCH_TAKE_OVER);
    }
}

Test(watchdog, take_over_that_fails_waits_for_the_next_report)
{
    at(0);
    cr_assert_eq(at(500), 2u);
    watch_took(&state, -ERR_NOMEM);
    cr_assert_eq(at(750), 0u);
    cr_assert_eq(at(1250), 0u);
    cr_assert_eq(at(1500), 2u);
    cr_assert_eq(e[1].kind, (uint32_t)WATCH_TAKE_OVER);
}

Test(watchdog, after_a_take_over_the_new_worker_begins_afresh)
{
    at(0);
    at(500);
    watch_took(&state, 0);
    sample.owner = 2; /* the same stamp and slot, by chance */
    cr_assert_eq(at(750), 0u, "the old one has not returned");
    cr_assert_eq(at(1200), 0u);
    cr_assert_eq(at(1250), 2u);
    cr_assert_eq(e[0].reports, 1u);
}

Test(watchdog, return_is_told_once_and_only_after_a_report)
{
    at(0);
    at(500);
    sample.stamp++;
    cr_assert_eq(at(800), 1u);
    cr_assert_eq(e[0].kind, (uint32_t)WATCH_RETURNED);
    cr_assert_eq(e[0].lasted_ns, 800 * MS);
    cr_assert_eq(e[0].slot, 5u);
    sample.stamp++;
    cr_assert_eq(at(1000), 0u);

    at(1250);
    at(1750); /* stuck again, then the worker goes idle with the same stamp */
    sample.slot = 0;
    cr_assert_eq(at(2000), 1u);
    cr_assert_eq(e[0].kind, (uint32_t)WATCH_RETURNED);
    cr_assert_eq(at(9000), 0u);
}

Test(watchdog, reporting_alone_never_takes_over)
{
    size_t n = 0;

    for (uint64_t t = 0; t < 100000; t += 250) {
        size_t k = watch_step(&state, 0, &sample, t * MS, 500 * MS, false, e);

        cr_assert(k == 0 || e[0].kind == WATCH_REPORT);
        n += k;
    }
    cr_assert_gt(n, 3u);
}

Test(watchdog, interval_follows_the_limit_within_bounds)
{
    cr_assert_eq(watch_interval_ns(10000 * MS), 250 * MS);
    cr_assert_eq(watch_interval_ns(100 * MS), 50 * MS);
    cr_assert_eq(watch_interval_ns(0), MS);
}

Test(watchdog, time_in_which_the_process_stood_still_does_not_count)
{
    cr_assert_eq(watch_elapsed_ns(260 * MS, 500 * MS), 260 * MS);
    cr_assert_eq(watch_elapsed_ns(3600000 * MS, 10000 * MS), 500 * MS);
}
