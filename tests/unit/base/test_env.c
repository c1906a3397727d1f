#include "base/env.h"
#include <criterion/criterion.h>
#include <string.h>

static bool
all_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

Test(env, real_clock_does_not_run_backwards)
{
    struct env *e = env_real();
    uint64_t last = env_mono_ns(e);

    for (int i = 0; i < 1000; i++) {
        uint64_t now = env_mono_ns(e);

        cr_assert_geq(now, last);
        last = now;
    }
    cr_assert_gt(e->real_ns(e), UINT64_C(1600000000) * 1000000000);
}

Test(env, real_seeds_differ)
{
    struct env *e = env_real();

    cr_assert_neq(e->seed(e), e->seed(e));
}

Test(env, real_memory_is_zeroed_and_aligned)
{
    struct env *e = env_real();

    for (size_t n = 1; n < 10000; n = n * 2 + 1) {
        unsigned char *p = env_alloc(e, n);

        cr_assert_not_null(p);
        cr_assert_eq((uintptr_t)p % 16, 0u);
        cr_assert(all_zero(p, n));
        memset(p, 0xaa, n);
        env_free(e, p, n);
    }
    env_free(e, NULL, 5);
}

Test(env, discarded_pages_read_as_zero)
{
    struct env *e = env_real();
    size_t n = 1 << 20;
    unsigned char *p = e->reserve(e, n);

    cr_assert_not_null(p);
    cr_assert(all_zero(p, n));
    memset(p, 7, n);
    e->discard(e, p, n);
    cr_assert(all_zero(p, n));
    e->release(e, p, n);
}

Test(env, much_address_space_costs_no_memory)
{
    struct env *e = env_real();
    size_t n = (size_t)1 << 36;
    unsigned char *p = e->reserve(e, n);

    cr_assert_not_null(p);
    p[n - 1] = 1;
    cr_assert_eq(p[n / 2], 0);
    e->release(e, p, n);
}

Test(env, real_has_no_faults)
{
    cr_assert_not(env_fault(env_real()));
}

Test(env, fake_time_moves_only_when_told)
{
    struct env_fake f;

    env_fake_init(&f, 1);
    cr_assert_eq(env_mono_ns(&f.env), 1000000000);
    cr_assert_eq(f.env.real_ns(&f.env), UINT64_C(1767225600) * 1000000000);
    f.mono_ns += 5;
    cr_assert_eq(env_mono_ns(&f.env), 1000000005);
    cr_assert_eq(f.env.real_ns(&f.env), UINT64_C(1767225600) * 1000000000 + 5);
}

Test(env, fake_seeds_repeat_with_the_seed)
{
    struct env_fake a, b, c;

    env_fake_init(&a, 7);
    env_fake_init(&b, 7);
    env_fake_init(&c, 8);
    for (int i = 0; i < 10; i++) {
        uint64_t v = a.env.seed(&a.env);

        cr_assert_eq(v, b.env.seed(&b.env));
        cr_assert_neq(v, c.env.seed(&c.env));
    }
}

Test(env, fake_counts_what_lives)
{
    struct env_fake f;
    void *p, *q;

    env_fake_init(&f, 1);
    p = env_alloc(&f.env, 100);
    q = env_alloc(&f.env, 20);
    cr_assert_eq(f.live_bytes, 120);
    env_free(&f.env, p, 100);
    cr_assert_eq(f.live_bytes, 20);
    env_free(&f.env, q, 20);
    cr_assert_eq(f.live_bytes, 0);
    cr_assert_eq(f.allocs, 2);
}

Test(env, fake_fails_the_call_it_was_told_to_and_no_other)
{
    struct env_fake f;
    void *p;

    env_fake_init(&f, 1);
    f.fail_at = 3;
    cr_assert_not_null(p = env_alloc(&f.env, 8));
    cr_assert_not(env_fault(&f.env));
    env_free(&f.env, p, 8);
    cr_assert_null(env_alloc(&f.env, 8));
    cr_assert_eq(f.fail_at, 0);
    cr_assert_not_null(p = env_alloc(&f.env, 8));
    env_free(&f.env, p, 8);
    f.fail_at = 1;
    f.fail_from = true;
    for (int i = 0; i < 5; i++) {
        cr_assert_null(env_alloc(&f.env, 8));
        cr_assert_null(f.env.reserve(&f.env, 4096));
        cr_assert(env_fault(&f.env));
    }
    cr_assert_eq(f.live_bytes, 0);
}

Test(env, memory_is_zeroed_and_lies_on_cache_lines)
{
    static const size_t sizes[] = {1, 16, 63, 64, 65, 4096, 65535, 65536, 1000000};
    struct env_fake f;

    env_fake_init(&f, 1);
    for (unsigned real = 0; real < 2; real++) {
        struct env *e = real ? env_real() : &f.env;

        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            size_t align = sizes[i] < 64 ? 16 : 64;
            unsigned char *p = env_alloc(e, sizes[i]);

            cr_assert_not_null(p);
            cr_assert_eq((uintptr_t)p % align, 0u, "%zu bytes", sizes[i]);
            for (size_t k = 0; k < sizes[i]; k++)
                cr_assert_eq(p[k], 0);
            memset(p, 0xff, sizes[i]);
            env_free(e, p, sizes[i]);
        }
    }
    cr_assert_eq(f.live_bytes, 0u);
}
