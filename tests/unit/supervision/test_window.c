#include "base/random.h"
#include "supervision/window.h"
#include <criterion/criterion.h>
#include <string.h>

static uint32_t
event(struct window *w, uint32_t now_ms, uint64_t idle_ms, uint32_t span, uint32_t limit)
{
    window_expire(w, now_ms, idle_ms, span);
    window_add(w, now_ms, limit);
    return window_count(w);
}

Test(window, zeroed_window_is_empty)
{
    struct window w = {0};

    cr_assert_eq(window_count(&w), 0u);
    window_expire(&w, 5, 0, 10);
    cr_assert_eq(window_count(&w), 0u);
    cr_assert_eq(sizeof w, 40u);
}

Test(window, event_counts_up_to_exactly_its_span_and_no_longer)
{
    struct window w = {0};

    event(&w, 100, 0, 1000, 3);
    window_expire(&w, 1100, 1000, 1000);
    cr_assert_eq(window_count(&w), 1u);
    window_expire(&w, 1101, 1, 1000);
    cr_assert_eq(window_count(&w), 0u);
}

Test(window, times_may_wrap_around_between_events)
{
    struct window w = {0};
    uint32_t start = UINT32_MAX - 400;

    event(&w, start, 0, 1000, 3);
    cr_assert_eq(event(&w, start + 800, 800, 1000, 3), 2u);
    cr_assert_eq(event(&w, start + 1200, 400, 1000, 3), 2u);
}

Test(window, long_silence_empties_it_though_the_times_look_recent)
{
    struct window w = {0};

    event(&w, 100, 0, 1000, 3);
    window_expire(&w, 150, (UINT64_C(1) << 32) + 50, 1000);
    cr_assert_eq(window_count(&w), 0u);
}

Test(window, limits_up_to_six_agree_with_an_exact_log)
{
    struct rng r;
    static uint64_t log[20000];

    rng_seed(&r, 7);
    for (uint32_t limit = 1; limit <= WINDOW_GROUPS; limit++) {
        struct window w = {0};
        uint64_t now = 1, before = 1;
        size_t n = 0;

        for (size_t i = 0; i < 20000; i++) {
            uint64_t exact = 0;

            now += rng_below(&r, 900);
            window_expire(&w, (uint32_t)now, now - before, 1000);
            before = now;
            for (size_t k = n > 50 ? n - 50 : 0; k < n; k++)
                exact += now - log[k] <= 1000;
            cr_assert_eq(window_count(&w), exact < limit ? exact : window_count(&w));
            cr_assert_eq(exact >= limit, window_count(&w) >= limit);
            if (window_count(&w) >= limit) { /* as the budgets do: nothing is added once it is full */
                window_clear(&w);
                n = 0;
                continue;
            }
            window_add(&w, (uint32_t)now, limit);
            log[n++] = now;
        }
    }
}

Test(window, greater_limits_never_count_too_many_and_at_most_one_group_too_few)
{
    static const uint32_t limits[] = {7, 10, 100, 1000, 10000};
    static uint64_t log[100000];
    struct rng r;

    rng_seed(&r, 8);
    for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
        struct window w = {0};
        uint64_t now = 1, before = 1;
        uint32_t limit = limits[l], group = (limit + WINDOW_GROUPS - 1) / WINDOW_GROUPS;
        size_t n = 0, from = 0, full = 0;

        for (size_t i = 0; i < 100000; i++) {
            now += rng_below(&r, 2 * 60000 / limit);
            window_expire(&w, (uint32_t)now, now - before, 60000);
            before = now;
            while (from < n && now - log[from] > 60000)
                from++;
            cr_assert_leq(window_count(&w), n - from);
            cr_assert_geq(window_count(&w) + group - 1, n - from < limit ? n - from : limit - 1);
            if (window_count(&w) >= limit) {
                window_clear(&w);
                from = n;
                full++;
                continue;
            }
            window_add(&w, (uint32_t)now, limit);
            log[n++] = now;
        }
        cr_assert_gt(full, 0u, "limit %u was never reached", limit);
    }
}
