/* "Did you mean" offers what a person would. */
#include "base/nearest.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(nearest);

static const char *
best(const char *wanted, const char *const names[])
{
    static char buf[NEAREST_NAME_MAX];
    struct nearest n;

    nearest_init(&n, wanted);
    for (size_t i = 0; names[i] != NULL; i++)
        nearest_try(&n, names[i]);
    snprintf(buf, sizeof buf, "%s", n.n > 0 ? n.name[0] : "");
    return buf;
}

Test(nearest, distance_counts_edits_and_swapped_neighbors)
{
    cr_assert_eq(nearest_distance("swap", "swap", 2), 0);
    cr_assert_eq(nearest_distance("swap", "swp", 2), 1);
    cr_assert_eq(nearest_distance("swap", "sawp", 2), 1);
    cr_assert_eq(nearest_distance("swap", "swaps", 2), 1);
    cr_assert_eq(nearest_distance("swap", "swig", 2), 2);
    cr_assert_eq(nearest_distance("swap", "status", 2), 3);
    cr_assert_eq(nearest_distance("", "ab", 2), 2);
}

Test(nearest, typing_errors_come_before_parts)
{
    static const char *const names[] = {"/user/greeter-old", "/user/greeter", "/user/counter", NULL};

    cr_assert_str_eq(best("/user/greetre", names), "/user/greeter");
    cr_assert_str_eq(best("/user/gre", names), "/user/greeter-old");
    cr_assert_str_eq(best("counter", names), "/user/counter");
    cr_assert_str_eq(best("nothing like it", names), "");
}

Test(nearest, short_words_are_not_guessed_wildly)
{
    static const char *const names[] = {"ask", "stop", NULL};

    cr_assert_str_eq(best("as", names), "ask");
    cr_assert_str_eq(best("xy", names), "");
}

Test(nearest, at_most_three_are_kept_best_first)
{
    static const char *const names[] = {"aaaaaa11", "aaaaaa1x", "aaaaaaxx", "aaaaaa1y", "aaaaaa1x"};
    struct nearest n;

    nearest_init(&n, "aaaaaa1x");
    for (size_t i = 0; i < 5; i++)
        nearest_try(&n, names[i]);
    cr_assert_eq(n.n, 3);
    cr_assert_str_eq(n.name[0], "aaaaaa1x");
    cr_assert_eq(n.distance[0], 0);
    cr_assert_leq(n.distance[1], n.distance[2]);
}

Test(nearest, long_names_do_not_overrun)
{
    char a[2000], b[2000];
    struct nearest n;

    memset(a, 'a', sizeof a - 1);
    memset(b, 'a', sizeof b - 1);
    a[sizeof a - 1] = b[sizeof b - 1] = '\0';
    b[3] = 'b';
    nearest_init(&n, a);
    nearest_try(&n, b);
    cr_assert_eq(n.n, 1);
    cr_assert_lt(strlen(n.name[0]), NEAREST_NAME_MAX);
}
