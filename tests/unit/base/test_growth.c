#include "base/growth.h"
#include <criterion/criterion.h>
#include <string.h>

enum { PART = 12288, STEPS_MAX = 128 };
static struct env_fake fake;
static struct growth g;
static char *steps[STEPS_MAX];
static uint32_t nsteps;
static uint64_t took_ns;
/* Never touched: addresses only. */
static char *const base = (char *)(uintptr_t)0x700000001000, *const end = base + 100 * GROWTH_STEP + 4096;

static void
populate(struct env *e, void *p, size_t bytes)
{
    cr_assert_eq(bytes, GROWTH_STEP);
    cr_assert_eq((uintptr_t)p % GROWTH_STEP, 0);
    steps[nsteps++] = p;
    ((struct env_fake *)e)->mono_ns += took_ns;
}

static void
start(void)
{
    env_fake_init(&fake, 1);
    fake.env.populate = populate;
    memset(&g, 0, sizeof g);
    nsteps = 0;
    took_ns = GROWTH_SLOW_NS / 2;
}
TestSuite(growth, .init = start);

static void
grow(char *from, char *to)
{
    for (char *at = from; at < to; at += PART)
        growth_reach(&g, &fake.env, base, end, at, to - at < PART ? (size_t)(to - at) : PART);
}

Test(growth, a_small_range_is_left_to_the_system)
{
    grow(base, base + GROWTH_FROM);
    cr_assert_eq(nsteps, 0);
}

Test(growth, each_step_is_taken_once_and_none_beyond_the_end)
{
    grow(base, end);
    cr_assert_gt(nsteps, 0);
    for (uint32_t i = 1; i < nsteps; i++)
        cr_assert_eq((size_t)(steps[i] - steps[i - 1]), GROWTH_STEP);
    cr_assert_geq((size_t)(steps[0] - base), GROWTH_FROM);
    cr_assert_lt((size_t)(steps[0] - base), GROWTH_FROM + GROWTH_STEP);
    cr_assert_leq((size_t)(steps[nsteps - 1] - base), 99 * GROWTH_STEP + 4096);
    cr_assert_geq((size_t)(steps[nsteps - 1] - base), 98 * GROWTH_STEP);
}

Test(growth, a_step_is_taken_when_the_range_reaches_it_not_before)
{
    grow(base, base + GROWTH_FROM + GROWTH_STEP / 2);
    cr_assert_eq(nsteps, 0); /* the first begins a page before what follows */
    grow(base + GROWTH_FROM + GROWTH_STEP / 2, base + GROWTH_FROM + GROWTH_STEP);
    cr_assert_eq(nsteps, 1);
}

Test(growth, after_a_slow_step_comes_a_pause_twice_as_long_each_time)
{
    took_ns = GROWTH_SLOW_NS + 1;
    grow(base, end);
    cr_assert_eq(nsteps, 3);
    cr_assert_eq((size_t)(steps[1] - steps[0]), (GROWTH_PAUSE_MIN + 1) * GROWTH_STEP);
    cr_assert_eq((size_t)(steps[2] - steps[1]), (2 * GROWTH_PAUSE_MIN + 1) * GROWTH_STEP);
}

Test(growth, fast_steps_after_a_pause_follow_each_other)
{
    took_ns = GROWTH_SLOW_NS + 1;
    grow(base, base + GROWTH_FROM + GROWTH_STEP);
    cr_assert_eq(nsteps, 1);
    took_ns = 0;
    grow(base + GROWTH_FROM + GROWTH_STEP, end);
    cr_assert_gt(nsteps, 3);
    cr_assert_eq((size_t)(steps[1] - steps[0]), (GROWTH_PAUSE_MIN + 1) * GROWTH_STEP);
    for (uint32_t i = 2; i < nsteps; i++)
        cr_assert_eq((size_t)(steps[i] - steps[i - 1]), GROWTH_STEP);
}

Test(growth, an_env_that_cannot_is_never_asked)
{
    fake.env.populate = NULL;
    grow(base, end);
    cr_assert_eq(nsteps, 0);
}

Test(growth, what_was_populated_is_zero_and_can_be_discarded)
{
    struct env *e = env_real();
    const size_t bytes = 2 * GROWTH_STEP;
    unsigned char *p = e->reserve(e, bytes);
    unsigned char *step;

    cr_assert_not_null(p);
    step = p + (GROWTH_STEP - (uintptr_t)p % GROWTH_STEP) % GROWTH_STEP;
    e->populate(e, step, GROWTH_STEP);
    for (size_t i = 0; i < GROWTH_STEP; i += 512)
        cr_assert_eq(step[i], 0);
    memset(step, 7, GROWTH_STEP);
    e->discard(e, step + 4096, 8192);
    cr_assert_eq(step[4095], 7);
    cr_assert_eq(step[4096], 0);
    cr_assert_eq(step[4096 + 8191], 0);
    cr_assert_eq(step[4096 + 8192], 7);
    e->release(e, p, bytes);
}
