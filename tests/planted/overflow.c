/* A signed number is raised past its largest value. */
#include <criterion/criterion.h>
#include <limits.h>

Test(planted, a_signed_number_overflows)
{
    volatile int n = INT_MAX;

    n = n + 1;
    cr_assert_lt(n, INT_MAX);
}
