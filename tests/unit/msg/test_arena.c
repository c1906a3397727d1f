#include "base/random.h"
#include "mem.h"
#include <criterion/criterion.h>

static struct mem mem;
static struct arena a;
static _Alignas(16) char first[64];

static void
setup(void)
{
    mem_init(&mem);
    memset(first, 0x5a, sizeof first);
    arena_init(&a, &mem.source, first, sizeof first);
}

static void
teardown(void)
{
    arena_drop(&a);
    cr_assert_eq(mem.env.live_bytes, 0);
}

TestSuite(arena, .init = setup, .fini = teardown);

Test(arena, small_state_fits_beside_the_cell_and_takes_no_memory)
{
    char *p = arena_zalloc(&a, 40);

    cr_assert_eq(p, first);
    cr_assert_eq(p[39], 0);
    cr_assert_not_null(arena_alloc(&a, 16));
    cr_assert_eq(mem.env.allocs, 0);
    cr_assert_eq(arena_held(&a), 0);
}

Test(arena, all_memory_is_16_byte_aligned_and_apart)
{
    char *last = NULL;

    for (size_t n = 0; n < 3000; n += 7) {
        char *p = arena_alloc(&a, n);

        cr_assert_not_null(p);
        cr_assert_eq((uintptr_t)p % 16, 0);
        memset(p, (int)n, n);
        if (n > 7 && last != NULL)
            cr_assert_eq(last[0], (char)(n - 7));
        last = p;
    }
}

Test(arena, chunks_double_so_that_growth_takes_few_of_them)
{
    for (int i = 0; i < 1000; i++)
        cr_assert_not_null(arena_alloc(&a, 64));
    cr_assert_lt(mem.env.allocs, 16);
    cr_assert_lt(arena_held(&a), 2 * 64000 + ARENA_CHUNK_MAX);
}

Test(arena, a_put_block_is_reused_for_its_class)
{
    size_t cap = 0;
    void *p = arena_get(&a, 20, &cap), *q;

    cr_assert_eq(cap, 32);
    arena_put(&a, p, 20);
    q = arena_get(&a, 100, &cap);
    cr_assert_neq(p, q);
    cr_assert_eq(arena_get(&a, 32, &cap), p);
    arena_put(&a, q, cap);
}

Test(arena, replacing_a_string_for_ever_takes_bounded_memory)
{
    size_t cap, held = 0;
    void *p = arena_get(&a, 10, &cap);

    for (size_t i = 0; i < 10000; i++) {
        size_t n = 1 + i % 9000;
        void *q = arena_get(&a, n, &cap);

        cr_assert_not_null(q);
        arena_put(&a, p, i == 0 ? 10 : 1 + (i - 1) % 9000);
        p = q;
        if (i == 9000)
            held = arena_held(&a);
    }
    cr_assert_leq(arena_held(&a), held + 9000);
}

Test(arena, large_blocks_go_back_to_the_source_at_once)
{
    size_t cap = 0;
    char *p = arena_get(&a, 100000, &cap), *q = arena_get(&a, 5000, &cap), *r = arena_get(&a, 6000, &cap);
    size_t held = arena_held(&a);

    memset(p, 1, 100000);
    memset(q, 2, 5000);
    arena_put(&a, q, 5000);
    cr_assert_lt(arena_held(&a), held);
    arena_put(&a, p, 100000);
    arena_put(&a, r, 6000);
    cr_assert_eq(arena_held(&a), 0);
}

Test(arena, the_class_is_found_from_any_use_of_more_than_half)
{
    /* Lists forget what they asked for and remember cap elements of e bytes. */
    for (size_t e = 1; e < 200; e++)
        for (size_t n = 1; n * e <= ARENA_BLOCK_MAX; n = n * 3 / 2 + 1) {
            size_t cap = 0, again = 0;
            void *p = arena_get(&a, n * e, &cap);

            cr_assert_not_null(p);
            arena_put(&a, p, cap / e * e);
            cr_assert_eq(arena_get(&a, n * e, &again), p);
            arena_put(&a, p, again);
        }
}

Test(arena, reset_gives_back_what_came_after_the_mark)
{
    struct arena_mark m;
    char *p = arena_alloc(&a, 16);
    size_t held;

    memset(p, 9, 16);
    m = arena_mark(&a);
    for (int turn = 0; turn < 100; turn++) {
        for (int i = 0; i < 100; i++)
            cr_assert_not_null(arena_alloc(&a, 500));
        arena_reset(&a, m);
    }
    held = arena_held(&a);
    cr_assert_eq(held, 0);
    cr_assert_eq(p[15], 9);
    cr_assert_eq((char *)arena_alloc(&a, 8), p + 16);
}

Test(arena, no_memory_is_null_and_changes_nothing)
{
    size_t cap = 0;
    void *p = arena_get(&a, 16, &cap);

    mem.env.fail_at = 1;
    mem.env.fail_from = true;
    cr_assert_null(arena_alloc(&a, 1000));
    cr_assert_null(arena_get(&a, 1000, &cap));
    cr_assert_null(arena_get(&a, 100000, &cap));
    cr_assert_null(arena_alloc(&a, SIZE_MAX));
    cr_assert_null(arena_alloc(&a, SIZE_MAX - 20));
    cr_assert_null(arena_get(&a, SIZE_MAX, &cap));
    cr_assert_eq(cap, 16);
    cr_assert_not_null(arena_alloc(&a, 32)); /* what is left of the first chunk still serves */
    arena_put(&a, p, 16);                    /* no memory for the bins: lost, not fatal */
    mem.env.fail_at = 0;
    mem.env.fail_from = false;
    cr_assert_not_null(arena_alloc(&a, 1000));
}

Test(arena, random_blocks_never_overlap)
{
    struct {
        unsigned char *p;
        size_t n;
        unsigned char fill;
    } b[64] = {0};
    struct rng rng;

    rng_seed(&rng, 42);
    for (int i = 0; i < 20000; i++) {
        size_t k = rng_below(&rng, 64), cap;

        if (b[k].p != NULL) {
            cr_assert_eq(b[k].p[0], b[k].fill);
            cr_assert_eq(b[k].p[b[k].n - 1], b[k].fill);
            arena_put(&a, b[k].p, b[k].n);
        }
        b[k].n = 1 + rng_below(&rng, rng_below(&rng, 10) == 0 ? 20000 : 300);
        b[k].p = arena_get(&a, b[k].n, &cap);
        cr_assert_not_null(b[k].p);
        cr_assert_geq(cap, b[k].n);
        b[k].fill = (unsigned char)i;
        memset(b[k].p, b[k].fill, b[k].n);
    }
}
