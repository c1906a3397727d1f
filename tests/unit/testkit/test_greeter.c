/* How an author tests a behaviour: the example that the READMEs point to. */
#define ACTOR_NAMESPACE "greeter"
#include <actor/testkit.h>
#include <criterion/criterion.h>

#define GREET(F)   F(str, name) F(u32, times, .dflt = 1)
#define GREETED(F) F(u64, total)
ACTOR_MESSAGE(greet, 1, GREET)
ACTOR_MESSAGE(greeted, 1, GREETED)
extern const actor_plugin greeter_plugin; /* greeter.c with -DACTOR_LINK_AS=greeter_plugin */

static testkit *tk;
static actor_ref greeter;

static void
start(void)
{
    tk = testkit_new(1);
    cr_assert_not_null(tk);
    cr_assert_eq(testkit_load(tk, &greeter_plugin), 0, "%s", testkit_error(tk));
    greeter = testkit_spawn(tk, "greeter.greeter", "g", actor_none);
    cr_assert(testkit_alive(tk, greeter), "%s", testkit_error(tk));
}

static void
end(void)
{
    cr_assert_eq(testkit_free(tk), 0);
}

TestSuite(greeter, .init = start, .fini = end);

Test(greeter, a_greeting_is_counted_and_answered)
{
    const greeted *m;

    testkit_tell(tk, greeter, greet, .name = ACTOR_STR("Ada"), .times = 2);
    m = testkit_expect(testkit_self(tk), greeted);
    cr_assert_not_null(m);
    cr_assert_eq(m->total, 2);
    cr_assert(actor_ref_eq(testkit_sender(testkit_self(tk)), greeter));
}

Test(greeter, an_ask_is_answered_too)
{
    const greeted *m = testkit_ask(tk, greeter, greeted, 100, greet, .name = ACTOR_STR("Ada"), .times = 3);

    cr_assert_not_null(m, "%s", testkit_error(tk));
    cr_assert_eq(m->total, 3);
    cr_assert_eq(testkit_now_ms(tk), 0, "the answer took no time");
}

Test(greeter, it_remembers_whom_it_greeted_last_and_says_so_in_the_log)
{
    testkit_tell(tk, greeter, greet, .name = ACTOR_STR("Ada"), .times = 1);
    testkit_tell(tk, greeter, greet, .name = ACTOR_STR("Grace"), .times = 1);
    cr_assert_str_eq(testkit_state(tk, greeter), "{\"greeted\":2,\"last\":\"Grace\"}");
    cr_assert(testkit_logged(tk, "hello, Grace"));
}

Test(greeter, when_it_stops_who_watches_it_is_told)
{
    testkit_probe *p = testkit_probe_new(tk, "watcher");

    cr_assert_eq(testkit_probe_watch(p, greeter), 0);
    testkit_stop(tk, greeter, ACTOR_STOP_NOW);
    cr_assert_eq(testkit_expect_terminated(p, greeter), ACTOR_REASON_STOPPED);
    cr_assert(testkit_expect_none(p, 1000));
    cr_assert_eq(testkit_tell(tk, greeter, greet, .times = 1), ACTOR_E_DEAD);
    cr_assert_eq(testkit_dead(tk, "greeter.greet", "no_actor"), 1);
}

/* A greeting undone for want of memory leaves state and answer consistent, whichever allocation it was. */
Test(greeter, without_memory_nothing_is_counted_or_all_of_it)
{
    uint64_t total = 0;

    for (uint64_t n = 1; n < 200; n++) {
        testkit_fail_alloc(tk, n, false);
        testkit_tell(tk, greeter, greet, .name = ACTOR_STR("a name that needs some room in the arena"),
                     .times = 1);
        testkit_fail_alloc(tk, 0, false);
        while (testkit_pending(testkit_self(tk)) > 0)
            total = testkit_expect(testkit_self(tk), greeted)->total;
    }
    cr_assert_gt(total, 0);
    cr_assert_eq(testkit_ask(tk, greeter, greeted, 100, greet, .times = 1)->total, total + 1);
}
