#include "base/random.h"
#include <criterion/criterion.h>

Test(random, same_seed_same_numbers)
{
    struct rng a, b, c;
    bool differs = false;

    rng_seed(&a, 42);
    rng_seed(&b, 42);
    rng_seed(&c, 43);
    for (int i = 0; i < 100; i++) {
        uint64_t v = rng_u64(&a);

        cr_assert_eq(v, rng_u64(&b));
        differs |= v != rng_u64(&c);
    }
    cr_assert(differs);
}

Test(random, matches_the_published_algorithms)
{
    /* xoshiro256** from the state 1, 2, 3, 4, and splitmix64 from 0: values of the authors' reference code.
     */
    struct rng r = {{1, 2, 3, 4}};

    cr_assert_eq(rng_u64(&r), UINT64_C(11520));
    cr_assert_eq(rng_u64(&r), UINT64_C(0));
    cr_assert_eq(rng_u64(&r), UINT64_C(1509978240));
    cr_assert_eq(rng_u64(&r), UINT64_C(1215971899390074240));
    rng_seed(&r, 0);
    cr_assert_eq(r.s[0], UINT64_C(0xe220a8397b1dcdaf));
    cr_assert_eq(r.s[1], UINT64_C(0x6e789e6aa1b965f4));
}

Test(random, below_stays_below_and_reaches_all)
{
    struct rng r;
    unsigned hits[7] = {0};

    rng_seed(&r, 1);
    for (int i = 0; i < 70000; i++) {
        uint64_t v = rng_below(&r, 7);

        cr_assert_lt(v, 7);
        hits[v]++;
    }
    for (int i = 0; i < 7; i++) {
        cr_assert_gt(hits[i], 9500u);
        cr_assert_lt(hits[i], 10500u);
    }
    for (int i = 0; i < 100; i++)
        cr_assert_eq(rng_below(&r, 1), 0);
}

Test(random, below_is_fair_where_plain_scaling_is_not)
{
    /* n = 3/4 of 2^64: scaling alone would hit one third of the results twice as often as the others. */
    const uint64_t n = UINT64_C(3) << 62;
    struct rng r;
    unsigned of_three[3] = {0};

    rng_seed(&r, 5);
    for (int i = 0; i < 30000; i++)
        of_three[rng_below(&r, n) % 3]++;
    for (int i = 0; i < 3; i++) {
        cr_assert_gt(of_three[i], 9500u);
        cr_assert_lt(of_three[i], 10500u);
    }
}
