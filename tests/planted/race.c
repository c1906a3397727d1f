/* Two threads raise a plain number. */
#include <criterion/criterion.h>
#include <pthread.h>

static int number;

static void *
raise_it(void *arg)
{
    for (int i = 0; i < 1000; i++)
        number++;
    return arg;
}

Test(planted, two_threads_write_one_number)
{
    pthread_t a, b;

    cr_assert_eq(pthread_create(&a, NULL, raise_it, NULL), 0);
    cr_assert_eq(pthread_create(&b, NULL, raise_it, NULL), 0);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    cr_assert_gt(number, 0);
}
