/* Tests that fail, skip and pass: the runner must tell them apart, and its exit code must say that some failed. */
#include <criterion/criterion.h>

static int inits, finis;

static void
setup(void)
{
    inits++;
}

static void
teardown(void)
{
    finis++;
}

TestSuite(planted, .init = setup, .fini = teardown);

Test(planted, a_passes)
{
    cr_assert_eq(inits, 1);
    cr_expect_str_eq("a", "a");
}

Test(planted, b_fails_at_once)
{
    cr_assert_eq(1, 2, "one is not %s", "two");
    exit(0); /* never reached: a failed assertion leaves the test */
}

Test(planted, c_fails_and_goes_on)
{
    cr_expect_gt(1, 2);
    cr_expect_null("not null");
}

Test(planted, d_skips)
{
    cr_skip("not today");
    exit(0);
}

Test(planted, e_is_not_run, .disabled = true)
{
    exit(0);
}

Test(planted, f_sees_that_fini_ran_after_each)
{
    cr_assert_eq(inits, 5);
    cr_assert_eq(finis, 4);
}
