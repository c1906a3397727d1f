/* The testkit itself, with a behaviour in the test's own file, as when a plugin's .c file is included. */
#define ACTOR_NAMESPACE "self"
#include <actor/testkit.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define NUM(F)  F(u64, v)
#define TEXT(F) F(str, s) F(list(u64), l)
#define ARGS(F) F(u32, start)
#define ECHO(F) F(u64, n) F(ref, last) F(list(u64), seen)
ACTOR_MESSAGE(num, 1, NUM)
ACTOR_MESSAGE(text, 1, TEXT)
ACTOR_SIGNAL(fail_now, 1)
ACTOR_SIGNAL(later, 1)
ACTOR_SIGNAL(bump, 1)
ACTOR_SIGNAL(consult, 1)
ACTOR_SIGNAL(nobody_handles, 1)
ACTOR_ARGS(echo_args, 1, ARGS)
ACTOR_STATE(echo, 1, ECHO)

ACTOR_ON_START(echo, echo_args, ctx, self, a)
{
    self->n = a->start;
    return a->start == 13 ? actor_fail(ctx, 4, "not thirteen") : ACTOR_OK;
}
ACTOR_ON(echo, num, ctx, self, m)
{
    self->n += m->v;
    self->last = actor_sender(ctx);
    actor_append(ctx, &self->seen, m->v);
    actor_reply(ctx, num, .v = self->n);
    return ACTOR_OK;
}
ACTOR_ON(echo, text, ctx, self, m)
{
    actor_reply(ctx, text, .s = m->s, .l = {m->l.v, m->l.n});
    return ACTOR_OK;
}
ACTOR_ON(echo, fail_now, ctx, self, m)
{
    self->n = 0;
    return actor_fail(ctx, 5, "as told");
}
ACTOR_ON(echo, later, ctx, self, m)
{
    self->last = actor_sender(ctx);
    actor_timer(ctx, 500, 0, 1, bump);
    return ACTOR_OK;
}
ACTOR_ON(echo, bump, ctx, self, m)
{
    actor_tell(ctx, self->last, num, .v = self->n);
    self->n += 100;
    return ACTOR_OK;
}
ACTOR_ON(echo, consult, ctx, self, m)
{
    actor_ask(ctx, actor_lookup(ctx, "/user/oracle"), text, 50, 1, num, .v = 1);
    return ACTOR_OK;
}
ACTOR_ON(echo, actor_ask_failed, ctx, self, m)
{
    self->n = 404;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(echo, ACTOR_ROW_STARTS(echo, echo_args), ACTOR_ROW(echo, num), ACTOR_ROW(echo, text),
                ACTOR_ROW(echo, fail_now), ACTOR_ROW(echo, later), ACTOR_ROW(echo, bump),
                ACTOR_ROW(echo, consult), ACTOR_ROW(echo, actor_ask_failed))
ACTOR_PLUGIN("self", "1.0.0", &echo_behaviour)

static testkit *tk;
static actor_ref who;

static void
start(void)
{
    tk = testkit_new(3);
    cr_assert_not_null(tk);
    cr_assert_eq(testkit_load(tk, &actor_plugin_entry), 0, "%s", testkit_error(tk));
    who = testkit_spawn(tk, "self.echo", "e", echo_args, .start = 10);
    cr_assert(testkit_alive(tk, who), "%s", testkit_error(tk));
}

static void
end(void)
{
    cr_assert_eq(testkit_free(tk), 0);
}

TestSuite(testkit, .init = start, .fini = end);

Test(testkit, spawn_takes_arguments_and_a_name)
{
    cr_assert_str_eq(testkit_state(tk, who), "{\"n\":10,\"last\":null,\"seen\":[]}");
    cr_assert(actor_ref_eq(testkit_lookup(tk, "/user/e"), who));
    cr_assert(actor_ref_is_nobody(testkit_spawn(tk, "self.echo", "e", echo_args)), "the name is taken");
    cr_assert_not_null(strstr(testkit_error(tk), "self.echo as e"));
    cr_assert(actor_ref_is_nobody(testkit_spawn(tk, "self.nothing", NULL, actor_none)));
}

Test(testkit, an_actor_whose_start_fails_is_not_alive)
{
    cr_assert_not(testkit_alive(tk, testkit_spawn(tk, "self.echo", NULL, echo_args, .start = 13)));
    cr_assert(testkit_logged(tk, "not thirteen"));
}

Test(testkit, mail_with_text_and_lists_arrives_whole)
{
    uint64_t l[] = {3, 1, 2};
    const text *m;

    testkit_tell(tk, who, text, .s = ACTOR_STR("some text"), .l = {l, 3});
    m = testkit_expect(testkit_self(tk), text);
    cr_assert_not_null(m);
    cr_assert(actor_str_eq(m->s, ACTOR_STR("some text")));
    cr_assert_eq(m->l.n, 3);
    cr_assert_eq(m->l.v[2], 2);
}

Test(testkit, time_stands_still_until_it_is_advanced)
{
    testkit_tell(tk, who, later);
    testkit_run(tk);
    cr_assert_eq(testkit_now_ms(tk), 0);
    testkit_advance(tk, 499);
    cr_assert_eq(testkit_pending(testkit_self(tk)), 0);
    cr_assert_not_null(strstr(testkit_state(tk, who), "\"n\":10,"));
    testkit_advance(tk, 2);
    cr_assert_not_null(strstr(testkit_state(tk, who), "\"n\":110,"));
    cr_assert_eq(testkit_expect(testkit_self(tk), num)->v, 10);
    cr_assert_eq(testkit_now_ms(tk), 501);
}

Test(testkit, probes_have_mailboxes_of_their_own_and_know_the_sender)
{
    testkit_probe *a = testkit_probe_new(tk, "a"), *b = testkit_probe_new(tk, NULL);

    cr_assert_eq(testkit_probe_tell(a, who, num, .v = 1), 0);
    cr_assert_eq(testkit_probe_tell(b, who, num, .v = 2), 0);
    cr_assert_eq(testkit_expect(b, num)->v, 13);
    cr_assert_eq(testkit_expect(a, num)->v, 11);
    cr_assert(actor_ref_eq(testkit_sender(a), who));
    cr_assert_eq(testkit_pending(testkit_self(tk)), 0);
}

Test(testkit, fishing_skips_what_comes_before)
{
    testkit_tell(tk, who, num, .v = 1);
    testkit_tell(tk, who, num, .v = 1);
    testkit_tell(tk, who, text, .s = ACTOR_STR("fish"));
    cr_assert(actor_str_eq(testkit_fish(testkit_self(tk), text)->s, ACTOR_STR("fish")));
    cr_assert(testkit_expect_none(testkit_self(tk), 100));
}

Test(testkit, a_sequence_is_expected_in_its_order)
{
    testkit_tell(tk, who, num, .v = 1);
    testkit_tell(tk, who, text, .s = ACTOR_STR("x"));
    testkit_tell(tk, who, num, .v = 1);
    cr_assert(testkit_expect_sequence(testkit_self(tk), &num_type, &text_type, &num_type));
}

Test(testkit, a_probe_answers_as_it_was_told)
{
    testkit_probe *oracle = testkit_probe_new(tk, "oracle");

    cr_assert_eq(testkit_probe_answers(oracle, num, text, .s = ACTOR_STR("forty-two")), 0);
    testkit_tell(tk, who, consult);
    cr_assert_not_null(testkit_expect(oracle, num));
    testkit_advance(tk, 100);
    cr_assert_null(strstr(testkit_state(tk, who), "404"), "its ask was answered");
}

Test(testkit, an_ask_that_nobody_answers_fails_with_a_status)
{
    cr_assert_null(testkit_ask(tk, who, num, 20, later));
    cr_assert_eq(testkit_status(tk), ACTOR_E_UNHANDLED, "%s", testkit_error(tk));
    cr_assert_null(testkit_ask(tk, who, num, 20, nobody_handles));
    cr_assert_lt(testkit_status(tk), 0);
    cr_assert_eq(testkit_dead(tk, "self.nobody_handles", "unhandled"), 1);
    cr_assert_eq(testkit_dead(tk, NULL, NULL), 1);
}

Test(testkit, failing_turns_are_undone_and_the_third_restarts)
{
    testkit_tell(tk, who, fail_now);
    cr_assert_str_eq(testkit_state(tk, who), "{\"n\":10,\"last\":null,\"seen\":[]}");
    cr_assert_eq(testkit_restarts(tk, who), 0);
    testkit_tell(tk, who, fail_now);
    testkit_tell(tk, who, fail_now);
    cr_assert_eq(testkit_restarts(tk, who), 1);
    cr_assert_eq(testkit_dead(tk, "self.fail_now", "failed"), 3);
}

Test(testkit, wrong_expectations_are_counted)
{
    testkit *other = testkit_new(5);
    testkit_probe *p = testkit_self(other);
    actor_ref e;

    cr_assert_eq(testkit_load(other, &actor_plugin_entry), 0);
    e = testkit_spawn(other, "self.echo", NULL, echo_args);
    cr_assert_null(testkit_expect_within(p, 10, num), "nothing came");
    testkit_tell(other, e, num, .v = 1);
    cr_assert_null(testkit_expect(p, text), "it is a num");
    testkit_tell(other, e, num, .v = 1);
    cr_assert_not(testkit_expect_none(p, 10));
    testkit_probe_watch(p, e);
    testkit_stop(other, e, ACTOR_STOP_NOW);
    cr_assert_eq(testkit_expect_terminated(p, testkit_probe_ref(p)), 0, "another actor ended");
    cr_assert_eq(testkit_free(other), 4);
}

/* Ten actors answer at the same moment: who is first? */
static void
order_of(uint64_t seed, char order[11])
{
    testkit *other = testkit_new(seed);
    testkit_probe *p = testkit_self(other);
    actor_ref e[10];

    cr_assert_eq(testkit_load(other, &actor_plugin_entry), 0);
    for (uint32_t i = 0; i < 10; i++)
        e[i] = testkit_spawn(other, "self.echo", NULL, echo_args, .start = i);
    for (int i = 0; i < 10; i++)
        testkit_tell(other, e[i], later);
    testkit_advance(other, 600);
    for (int i = 0; i < 10; i++) {
        const num *m = testkit_expect(p, num);

        cr_assert_not_null(m);
        order[i] = (char)('0' + m->v);
    }
    order[10] = 0;
    cr_assert_eq(testkit_free(other), 0);
}

Test(testkit, the_seed_decides_the_order_and_the_environment_overrides_it)
{
    char first[11], again[11], other[11];
    bool differ = false;

    order_of(99, first);
    order_of(99, again);
    cr_assert_str_eq(first, again);
    for (uint64_t seed = 1; seed < 20; seed++) {
        order_of(seed, other);
        differ |= strcmp(first, other) != 0;
    }
    cr_assert(differ, "every seed gives %s", first);
    setenv("TESTKIT_SEED", "99", 1);
    order_of(1, other);
    unsetenv("TESTKIT_SEED");
    cr_assert_str_eq(first, other);
}
