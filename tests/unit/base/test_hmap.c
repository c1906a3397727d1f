#include "base/err.h"
#include "base/hmap.h"
#include "base/random.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char values[4096]; /* addresses only */

static size_t
key_of(char buf[32], unsigned i)
{
    return (size_t)snprintf(buf, 32, "key-%u", i);
}

Test(hmap, add_get_del)
{
    struct hmap m;

    hmap_init(&m);
    cr_assert_null(hmap_get(&m, "a", 1));
    cr_assert_null(hmap_del(&m, "a", 1));
    cr_assert_eq(hmap_add(&m, "a", 1, &values[1]), 0);
    cr_assert_eq(hmap_add(&m, "a", 1, &values[2]), -ERR_EXISTS);
    cr_assert_eq(hmap_add(&m, "", 0, &values[3]), 0);
    cr_assert_eq(hmap_add(&m, "a\0b", 3, &values[4]), 0);
    cr_assert_eq(hmap_get(&m, "a", 1), &values[1]);
    cr_assert_eq(hmap_get(&m, "", 0), &values[3]);
    cr_assert_eq(hmap_get(&m, "a\0b", 3), &values[4]);
    cr_assert_eq(m.live, 3u);
    cr_assert_eq(hmap_del(&m, "a", 1), &values[1]);
    cr_assert_null(hmap_get(&m, "a", 1));
    cr_assert_eq(m.live, 2u);
    hmap_fini(&m);
}

Test(hmap, put_replaces_and_tells)
{
    struct hmap m;
    void *old = &values[9];

    hmap_init(&m);
    cr_assert_eq(hmap_put(&m, "k", 1, &values[1], &old), 0);
    cr_assert_null(old);
    cr_assert_eq(hmap_put(&m, "k", 1, &values[2], &old), 0);
    cr_assert_eq(old, &values[1]);
    cr_assert_eq(hmap_put(&m, "k", 1, &values[3], NULL), 0);
    cr_assert_eq(hmap_get(&m, "k", 1), &values[3]);
    cr_assert_eq(m.live, 1u);
    hmap_fini(&m);
}

Test(hmap, keys_are_copied)
{
    struct hmap m;
    char key[] = "name";
    const char *got = NULL;
    size_t pos = 0, len = 0;

    hmap_init(&m);
    cr_assert_eq(hmap_add(&m, key, 4, &values[1]), 0);
    memset(key, 'x', 4);
    cr_assert_eq(hmap_get(&m, "name", 4), &values[1]);
    cr_assert_eq(hmap_next(&m, &pos, &got, &len), &values[1]);
    cr_assert_eq(len, 4u);
    cr_assert_str_eq(got, "name");
    cr_assert_null(hmap_next(&m, &pos, &got, &len));
    hmap_fini(&m);
}

Test(hmap, agrees_with_a_plain_array_over_many_random_steps)
{
    enum { KEYS = 500, STEPS = 100000 };
    void *model[KEYS] = {0};
    struct hmap m;
    struct rng r;
    size_t live = 0;

    hmap_init(&m);
    rng_seed(&r, 1);
    for (int step = 0; step < STEPS; step++) {
        unsigned i = (unsigned)rng_below(&r, KEYS);
        void *v = &values[1 + rng_below(&r, sizeof values - 1)], *old = NULL;
        char key[32];
        size_t len = key_of(key, i);

        switch (rng_below(&r, 4)) {
        case 0:
            cr_assert_eq(hmap_add(&m, key, len, v), model[i] ? -ERR_EXISTS : 0);
            if (model[i] == NULL)
                model[i] = v;
            break;
        case 1:
            cr_assert_eq(hmap_put(&m, key, len, v, &old), 0);
            cr_assert_eq(old, model[i]);
            model[i] = v;
            break;
        case 2:
            cr_assert_eq(hmap_del(&m, key, len), model[i]);
            model[i] = NULL;
            break;
        default:
            cr_assert_eq(hmap_get(&m, key, len), model[i]);
        }
    }
    for (unsigned i = 0; i < KEYS; i++)
        live += model[i] != NULL;
    cr_assert_eq(m.live, live);
    cr_assert_leq(m.cap, 2048u, "removed entries must not make it grow");
    hmap_fini(&m);
}

Test(hmap, walk_visits_each_once_and_may_remove)
{
    enum { KEYS = 300 };
    struct hmap m;
    unsigned seen[KEYS] = {0};
    const char *key;
    size_t pos = 0, len;
    void *v;

    hmap_init(&m);
    for (unsigned i = 0; i < KEYS; i++) {
        char k[32];

        cr_assert_eq(hmap_add(&m, k, key_of(k, i), &values[1 + i]), 0);
    }
    while ((v = hmap_next(&m, &pos, &key, &len)) != NULL) {
        seen[(char *)v - &values[1]]++;
        cr_assert_eq(hmap_del(&m, key, len), v);
    }
    for (unsigned i = 0; i < KEYS; i++)
        cr_assert_eq(seen[i], 1u);
    cr_assert_eq(m.live, 0u);
    hmap_fini(&m);
}

Test(umap, agrees_with_a_plain_array_over_many_random_steps)
{
    enum { KEYS = 500, STEPS = 100000 };
    void *model[KEYS] = {0};
    struct umap m;
    struct rng r;

    umap_init(&m);
    rng_seed(&r, 2);
    for (int step = 0; step < STEPS; step++) {
        uint64_t i = rng_below(&r, KEYS);
        void *v = &values[1 + rng_below(&r, sizeof values - 1)];

        switch (rng_below(&r, 3)) {
        case 0:
            cr_assert_eq(umap_put(&m, i, v), 0);
            model[i] = v;
            break;
        case 1:
            cr_assert_eq(umap_del(&m, i), model[i]);
            model[i] = NULL;
            break;
        default:
            cr_assert_eq(umap_get(&m, i), model[i]);
        }
    }
    cr_assert_leq(m.cap, 2048u);
    umap_fini(&m);
}

Test(umap, walk_visits_each_once_and_may_remove)
{
    struct umap m;
    uint64_t key;
    size_t pos = 0, n = 0;
    void *v;

    umap_init(&m);
    for (uint64_t i = 0; i < 300; i++)
        cr_assert_eq(umap_put(&m, i << 32, &values[1 + i]), 0);
    while ((v = umap_next(&m, &pos, &key)) != NULL) {
        cr_assert_eq(v, &values[1 + (key >> 32)]);
        cr_assert_eq(umap_del(&m, key), v);
        n++;
    }
    cr_assert_eq(n, 300u);
    cr_assert_eq(m.live, 0u);
    umap_fini(&m);
}

Test(umap, zero_and_the_largest_number_are_keys_like_others)
{
    struct umap m;

    umap_init(&m);
    cr_assert_null(umap_get(&m, 0));
    cr_assert_eq(umap_put(&m, 0, &values[1]), 0);
    cr_assert_eq(umap_put(&m, UINT64_MAX, &values[2]), 0);
    cr_assert_eq(umap_get(&m, 0), &values[1]);
    cr_assert_eq(umap_get(&m, UINT64_MAX), &values[2]);
    cr_assert_eq(umap_del(&m, 0), &values[1]);
    cr_assert_null(umap_get(&m, 0));
    umap_fini(&m);
}
