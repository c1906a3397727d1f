/* Versions under test: three builds of one plugin in one program. */
#define ACTOR_NAMESPACE "counter"
#include <actor/testkit.h>
#include <criterion/criterion.h>
#include <string.h>

#define ADD(F)    F(u64, by, .dflt = 1)
#define PRESET(F) F(u64, handled)
#define VALUE(F)  F(u64, total) F(u64, handled) F(u32, version) F(u32, step)
ACTOR_MESSAGE(add, 1, ADD)
ACTOR_MESSAGE(preset, 1, PRESET)
ACTOR_SIGNAL(get, 1)
ACTOR_MESSAGE(value, 2, VALUE)
extern const actor_plugin counter_1, counter_2, counter_3;

static testkit *tk;
static actor_ref counter;

static void
start(void)
{
    tk = testkit_new(7);
    cr_assert_not_null(tk);
    cr_assert_eq(testkit_load(tk, &counter_1), 0, "%s", testkit_error(tk));
    counter = testkit_spawn(tk, "counter.counter", NULL, actor_none);
    cr_assert(testkit_alive(tk, counter), "%s", testkit_error(tk));
}

static void
end(void)
{
    cr_assert_eq(testkit_free(tk), 0);
}

TestSuite(counter, .init = start, .fini = end);

Test(counter, a_swap_carries_the_state_over)
{
    const value *m;

    for (int i = 0; i < 5; i++)
        testkit_tell(tk, counter, add, .by = 2);
    testkit_clear(testkit_self(tk));
    cr_assert_str_eq(testkit_version(tk, counter), "1.0.0");
    cr_assert_eq(testkit_swap(tk, &counter_2), 0, "%s", testkit_error(tk));
    cr_assert_str_eq(testkit_version(tk, counter), "2.0.0");
    m = testkit_ask(tk, counter, value, 100, get);
    cr_assert_not_null(m);
    cr_assert_eq(m->total, 10);
    cr_assert_eq(m->handled, 5);
    cr_assert_eq(m->version, 2);
    cr_assert_eq(m->step, 1, "the added field has its default");
}

Test(counter, the_answer_of_version_1_is_read_as_version_2_declares_it)
{
    const value *m = testkit_ask(tk, counter, value, 100, add, .by = 4);

    cr_assert_not_null(m, "%s", testkit_error(tk));
    cr_assert_eq(m->total, 4);
    cr_assert_eq(m->version, 1);
    cr_assert_eq(m->step, 0, "version 1 does not have it");
}

Test(counter, there_and_back_again_leaves_the_state_as_it_was)
{
    for (int i = 0; i < 3; i++)
        testkit_tell(tk, counter, add, .by = 9);
    cr_assert(testkit_round_trip(tk, counter, &counter_1, &counter_2));
    cr_assert_str_eq(testkit_version(tk, counter), "1.0.0");
}

Test(counter, a_value_that_does_not_fit_keeps_the_newer_version_serving)
{
    cr_assert_eq(testkit_swap(tk, &counter_2), 0);
    testkit_tell(tk, counter, preset, .handled = UINT64_C(1) << 40);
    cr_assert_lt(testkit_swap(tk, &counter_1), 0);
    cr_assert_not_null(strstr(testkit_error(tk), "handled"), "%s", testkit_error(tk));
    cr_assert_str_eq(testkit_version(tk, counter), "2.0.0");
}

Test(counter, a_version_that_cannot_migrate_is_refused_by_the_field)
{
    cr_assert_eq(testkit_swap(tk, &counter_2), 0);
    cr_assert_lt(testkit_swap(tk, &counter_3), 0);
    cr_assert_not_null(strstr(testkit_error(tk), "total"), "%s", testkit_error(tk));
    cr_assert_str_eq(testkit_version(tk, counter), "2.0.0");
    cr_assert_not_null(testkit_ask(tk, counter, value, 100, get));
}
