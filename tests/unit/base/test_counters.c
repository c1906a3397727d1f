#include "base/counters.h"
#include "base/thread.h"
#include <criterion/criterion.h>
#include <string.h>

Test(counters, sum_adds_the_workers_up)
{
    static struct counters a, b;
    const struct counters *all[] = {&a, NULL, &b};
    uint64_t every[COUNTER_N];

    counter_inc(&a, COUNTER_pool_refills);
    counter_add(&b, COUNTER_pool_refills, 41);
    counter_add_shared(&b, COUNTER_pool_failed, 2);
    cr_assert_eq(counters_sum(all, 3, COUNTER_pool_refills), 42);
    cr_assert_eq(counters_sum(all, 3, COUNTER_pool_spills), 0);
    counters_read(all, 3, every);
    cr_assert_eq(every[COUNTER_pool_refills], 42);
    cr_assert_eq(every[COUNTER_pool_failed], 2);
}

Test(counters, every_row_has_a_name_and_a_text)
{
    for (unsigned i = 0; i < COUNTER_N; i++) {
        cr_assert_str_not_empty(counter_name((enum counter)i));
        cr_assert_str_not_empty(counter_unit((enum counter)i));
        cr_assert_str_not_empty(counter_text((enum counter)i));
        for (unsigned k = 0; k < i; k++)
            cr_assert_str_neq(counter_name((enum counter)i), counter_name((enum counter)k));
    }
    cr_assert_str_eq(counter_name(COUNTER_pool_refills), "pool_refills");
}

Test(counters, workers_do_not_share_a_line)
{
    cr_assert_eq(sizeof(struct counters) % 64, 0u);
    cr_assert_eq(_Alignof(struct counters), 64u);
}

enum { RAISES = 200000 };

static void
raise_them(void *arg)
{
    for (int i = 0; i < RAISES; i++)
        counter_inc(arg, COUNTER_pool_refills);
}

Test(counters, reader_sees_sums_that_only_grow)
{
    static struct counters c[2];
    const struct counters *all[] = {&c[0], &c[1]};
    struct thread t[2] = {0};
    uint64_t last = 0;

    for (int i = 0; i < 2; i++)
        cr_assert_eq(thread_start(&t[i], "raise", raise_them, &c[i], 0), 0);
    while (last < RAISES) {
        uint64_t now = counters_sum(all, 2, COUNTER_pool_refills);

        cr_assert_geq(now, last);
        last = now;
    }
    for (int i = 0; i < 2; i++)
        thread_join(&t[i]);
    cr_assert_eq(counters_sum(all, 2, COUNTER_pool_refills), 2 * RAISES);
}

static void
take_and_tell(void *arg)
{
    for (int i = 0; i < RAISES; i++) {
        counters_take(arg);
        if (i % 7 == 0)
            counters_tell(arg, 0);
    }
    counters_tell(arg, 0);
}

Test(counters, taken_blocks_count_as_sent_at_once_and_once)
{
    static struct counters c;
    const struct counters *all[] = {&c};
    struct thread t = {0};

    counters_take(&c);
    counters_take(&c);
    cr_assert_eq(counters_sum(all, 1, COUNTER_sent_user), 2);
    counters_tell(&c, 1); /* one was not sent after all */
    cr_assert_eq(counters_sum(all, 1, COUNTER_sent_user), 1);
    cr_assert_eq(thread_start(&t, "take", take_and_tell, &c, 0), 0);
    for (uint32_t taken = 0; taken < RAISES + 2;) {
        taken = atomic_load_explicit(&c.taken, memory_order_acquire);
        cr_assert_geq(counters_sum(all, 1, COUNTER_sent_user) + 1, taken, "never too few");
    }
    thread_join(&t);
    cr_assert_eq(counters_sum(all, 1, COUNTER_sent_user), RAISES + 1);
}
