#include "base/vec.h"
#include <criterion/criterion.h>

Test(vec, holds_what_was_pushed)
{
    VEC(int) v;
    int sum = 0;

    vec_init(&v);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(vec_push(&v, i), 0);
    cr_assert_eq(v.n, 1000u);
    vec_each (it, &v)
        sum += *it;
    cr_assert_eq(sum, 499500);
    vec_clear(&v);
    cr_assert_eq(v.n, 0u);
    cr_assert_eq(vec_push(&v, 5), 0);
    cr_assert_eq(v.v[0], 5);
    vec_fini(&v);
    cr_assert_null(v.v);
}

Test(vec, takes_structs_and_pointers)
{
    struct point {
        double x, y;
    };
    VEC(struct point) v;
    VEC(const char *) names;

    vec_init(&v);
    vec_init(&names);
    cr_assert_eq(vec_push(&v, ((struct point){1, 2})), 0);
    cr_assert_eq(vec_push(&names, "a"), 0);
    cr_assert_float_eq(v.v[0].y, 2.0, 0.0);
    cr_assert_str_eq(names.v[0], "a");
    vec_fini(&v);
    vec_fini(&names);
}

Test(vec, size_that_would_wrap_is_refused)
{
    void *p = NULL;
    size_t cap = SIZE_MAX / 4;

    cr_assert_eq(vec_grow_(&p, &cap, 16), -ERR_NOMEM);
    cr_assert_null(p);
    cr_assert_eq(cap, SIZE_MAX / 4);
}
