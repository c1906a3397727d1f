#include "base/util.h"
#include "supervision/decide.h"
#include <criterion/criterion.h>
#include <string.h>

#define S UINT64_C(1000000000)
enum {
    RESUME = ACTOR_DIRECTIVE_RESUME,
    RESTART = ACTOR_DIRECTIVE_RESTART,
    STOP = ACTOR_DIRECTIVE_STOP,
    ESCALATE = ACTOR_DIRECTIVE_ESCALATE
};

static struct policy policy;
static struct failure_history history;
static struct rng rng;
static struct decision d;

static void
setup(void)
{
    policy_default(&policy);
    memset(&history, 0, sizeof history);
    rng_seed(&rng, 3);
}

TestSuite(decide, .init = setup);

/* One layer over the default. */
static void
use(const char *text)
{
    struct policy layer, base;
    struct err err;

    cr_assert_eq(policy_parse(text, &layer, &err), 0, "%s: %s", text, err.text);
    policy_default(&base);
    policy_merge((const struct policy *[]){&layer, &base}, 2, &policy);
    memset(&history, 0, sizeof history);
}

static uint32_t
fail(uint64_t now_ns, struct cause f)
{
    supervision_decide(&policy, &history, now_ns, &rng, &f, &d);
    return d.directive;
}

static uint32_t
returned(uint64_t now_ns)
{
    return fail(now_ns,
                (struct cause){.kind = CAUSE_RETURNED, .code = 7, .resumable = true, .has_message = true});
}

Test(decide, defaults_row_by_row)
{
    static const struct {
        const char *what;
        struct cause f;
        uint32_t directive, why;
        bool tell;
    } rows[] = {
        {"a returned code resumes",
         {.kind = CAUSE_RETURNED, .code = 7, .resumable = true},
         RESUME,
         WHY_RULE,
         false},
        {"any code does",
         {.kind = CAUSE_RETURNED, .code = -100008, .resumable = true},
         RESUME,
         WHY_RULE,
         false},
        {"without a copy of the state it restarts",
         {.kind = CAUSE_RETURNED, .code = 7},
         RESTART,
         WHY_NO_STATE,
         false},
        {"a hard limit goes by the rules",
         {.kind = CAUSE_LIMIT, .code = ERR_LIMIT, .resumable = true},
         RESUME,
         WHY_RULE,
         false},
        {"a start that fails stops",
         {.kind = CAUSE_START, .code = 7, .resumable = true},
         STOP,
         WHY_KIND,
         true},
        {"a fault stops the actor",
         {.kind = CAUSE_FAULT, .code = 11, .resumable = true},
         STOP,
         WHY_KIND,
         true},
        {"a child that escalates restarts its parent",
         {.kind = CAUSE_CHILD, .code = 7},
         RESTART,
         WHY_KIND,
         false},
        {"an unknown kind stops", {.kind = 77, .resumable = true}, STOP, WHY_KIND, true},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        memset(&history, 0, sizeof history);
        cr_assert_eq(fail(5 * S, rows[i].f), rows[i].directive, "%s", rows[i].what);
        cr_assert_eq(d.why, rows[i].why, "%s", rows[i].what);
        cr_assert_eq(d.tell_parent, rows[i].tell, "%s", rows[i].what);
        cr_assert_eq(d.delay_ns, 0u, "%s", rows[i].what);
        cr_assert_eq(d.fate, (uint32_t)FATE_DEAD, "%s", rows[i].what);
    }
}

Test(decide, third_failure_within_ten_seconds_restarts)
{
    cr_assert_eq(returned(0), (uint32_t)RESUME);
    cr_assert_eq(returned(4 * S), (uint32_t)RESUME);
    cr_assert_eq(returned(10 * S), (uint32_t)RESTART);
    cr_assert_eq(d.why, (uint32_t)WHY_FAILURES);
    cr_assert_eq(returned(11 * S), (uint32_t)RESUME, "a new life begins with a clean record");
}

Test(decide, failures_further_apart_resume_for_ever)
{
    for (uint64_t i = 0; i < 1000; i++)
        cr_assert_eq(returned(i * 5001 * 1000000), (uint32_t)RESUME, "failure %u", (unsigned)i);
}

Test(decide, fourth_restart_within_a_minute_escalates)
{
    use("restart");
    for (uint64_t i = 0; i < 3; i++)
        cr_assert_eq(returned(i * 10 * S), (uint32_t)RESTART);
    cr_assert_eq(returned(60 * S), (uint32_t)ESCALATE);
    cr_assert_eq(d.why, (uint32_t)WHY_RESTARTS);
    cr_assert(d.tell_parent);
    cr_assert_eq(returned(60 * S), (uint32_t)ESCALATE, "nothing was forgiven");
    cr_assert_eq(returned(60 * S + 1000000), (uint32_t)RESTART, "the first restart is older than a minute");
}

Test(decide, failures_lead_to_restarts_and_those_to_escalation)
{
    unsigned restarts = 0, failures = 0;

    while (returned(failures++ * 1000000) != ESCALATE)
        restarts += d.directive == RESTART;
    cr_assert_eq(restarts, 3u);
    cr_assert_eq(failures, 12u);
}

Test(decide, budget_that_is_off_never_runs_out)
{
    use("restart, restarts off");
    for (uint64_t i = 0; i < 1000; i++)
        cr_assert_eq(returned(i), (uint32_t)RESTART);
    use("resume, failures off");
    for (uint64_t i = 0; i < 1000; i++)
        cr_assert_eq(returned(i), (uint32_t)RESUME);
}

Test(decide, no_restart_at_all_may_be_granted)
{
    use("restart, 0 restarts in 60s: stop");
    cr_assert_eq(returned(S), (uint32_t)STOP);
    cr_assert_eq(d.why, (uint32_t)WHY_RESTARTS);
}

Test(decide, first_failure_may_be_one_too_many)
{
    use("1 failures in 1s: escalate");
    cr_assert_eq(returned(S), (uint32_t)ESCALATE);
    cr_assert_eq(d.why, (uint32_t)WHY_FAILURES);
}

Test(decide, rules_and_kinds_are_obeyed)
{
    static const struct {
        const char *text;
        struct cause f;
        uint32_t directive, why;
    } rows[] = {
        {"7: stop", {.kind = CAUSE_RETURNED, .code = 7, .resumable = true}, STOP, WHY_RULE},
        {"7: stop", {.kind = CAUSE_RETURNED, .code = -7, .resumable = true}, STOP, WHY_RULE},
        {"7: stop", {.kind = CAUSE_RETURNED, .code = 8, .resumable = true}, RESUME, WHY_RULE},
        {"any: escalate", {.kind = CAUSE_LIMIT, .code = ERR_LIMIT, .resumable = true}, ESCALATE, WHY_RULE},
        {"any: escalate, limit: restart", {.kind = CAUSE_LIMIT, .code = ERR_LIMIT}, RESTART, WHY_KIND},
        {"any: escalate", {.kind = CAUSE_START, .code = 7}, STOP, WHY_KIND},
        {"start: restart", {.kind = CAUSE_START, .code = 7}, RESTART, WHY_KIND},
        {"fault: restart", {.kind = CAUSE_FAULT, .code = 11, .resumable = true}, RESTART, WHY_KIND},
        {"child: resume", {.kind = CAUSE_CHILD, .code = 7}, RESUME, WHY_KIND},
        {"child: escalate", {.kind = CAUSE_CHILD, .code = 7}, ESCALATE, WHY_KIND},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        use(rows[i].text);
        cr_assert_eq(fail(S, rows[i].f), rows[i].directive, "row %u: %s", (unsigned)i, rows[i].text);
        cr_assert_eq(d.why, rows[i].why, "row %u: %s", (unsigned)i, rows[i].text);
    }
}

Test(decide, policy_without_any_rule_resumes)
{
    policy.n_rules = 0;
    cr_assert_eq(returned(S), (uint32_t)RESUME);
    cr_assert_eq(d.why, (uint32_t)WHY_NO_RULE);
}

Test(decide, start_or_fault_never_resumes_whatever_the_policy_holds)
{
    policy.kind[CAUSE_START] = RESUME;
    cr_assert_eq(fail(S, (struct cause){.kind = CAUSE_START, .code = 1, .resumable = true}),
                 (uint32_t)RESTART);
    policy.kind[CAUSE_FAULT] = ACTOR_DIRECTIVE_DEFAULT;
    cr_assert_eq(fail(S, (struct cause){.kind = CAUSE_FAULT, .code = 11, .resumable = true}),
                 (uint32_t)RESTART);
    cr_assert_eq(d.why, (uint32_t)WHY_NO_STATE);
}

Test(decide, delay_doubles_up_to_its_maximum_and_starts_over_after_a_quiet_time)
{
    static const uint64_t ms[] = {100, 200, 400, 800, 1000, 1000};
    uint64_t now = S;

    use("restart, restarts off, backoff 100ms to 1s jitter 0% reset 5s");
    for (size_t i = 0; i < ARRAY_LEN(ms); i++, now += 4 * S) {
        returned(now);
        cr_assert_eq(d.delay_ns, ms[i] * 1000000, "restart %u", (unsigned)i);
    }
    returned(now + S); /* 5 s after the last */
    cr_assert_eq(d.delay_ns, 100000000u);
    for (unsigned i = 0; i < 70000; i++) /* past every counter's width */
        returned(now + S);
    cr_assert_eq(d.delay_ns, S);
}

Test(decide, jitter_spreads_the_delay_around_its_value)
{
    uint64_t least = UINT64_MAX, most = 0, sum = 0;

    use("restart, restarts off, backoff 1s to 1s jitter 20% reset 7d");
    for (unsigned i = 0; i < 10000; i++) {
        returned(S);
        least = d.delay_ns < least ? d.delay_ns : least;
        most = d.delay_ns > most ? d.delay_ns : most;
        sum += d.delay_ns;
    }
    cr_assert_geq(least, S * 8 / 10);
    cr_assert_leq(most, S * 12 / 10);
    cr_assert_lt(least, S * 81 / 100);
    cr_assert_gt(most, S * 119 / 100);
    cr_assert_gt(sum / 10000, S * 99 / 100);
    cr_assert_lt(sum / 10000, S * 101 / 100);
}

Test(decide, only_restarts_and_retries_wait)
{
    use("7: resume, 8: stop, 9: escalate, backoff 1s");
    cr_assert_eq(returned(S), (uint32_t)RESUME);
    cr_assert_eq(d.delay_ns, 0u);
    fail(S, (struct cause){.kind = CAUSE_RETURNED, .code = 8});
    cr_assert_eq(d.delay_ns, 0u);
    fail(S, (struct cause){.kind = CAUSE_RETURNED, .code = 9});
    cr_assert_eq(d.delay_ns, 0u);
}

Test(decide, message_that_keeps_failing_is_quarantined)
{
    struct cause f = {.kind = CAUSE_RETURNED, .code = 7, .resumable = true, .has_message = true};

    use("restart, restarts off, attempts 3");
    fail(S, f);
    cr_assert_eq(d.fate, (uint32_t)FATE_RETRY);
    cr_assert_eq(d.attempts, 1u);
    f.redelivered = true;
    fail(2 * S, f);
    cr_assert_eq(d.fate, (uint32_t)FATE_RETRY);
    fail(3 * S, f);
    cr_assert_eq(d.fate, (uint32_t)FATE_QUARANTINE);
    cr_assert_eq(d.attempts, 3u);
    cr_assert_eq(d.directive, (uint32_t)RESTART, "the actor itself goes on");
    f.redelivered = false;
    fail(4 * S, f);
    cr_assert_eq(d.fate, (uint32_t)FATE_RETRY, "the next message begins at one");
    cr_assert_eq(d.attempts, 1u);
}

Test(decide, message_is_not_kept_for_an_actor_that_ends)
{
    struct cause f = {.kind = CAUSE_RETURNED, .code = 7, .has_message = true};

    use("stop, attempts 3");
    fail(S, f);
    cr_assert_eq(d.fate, (uint32_t)FATE_DEAD);
    use("escalate, attempts 3");
    fail(S, f);
    cr_assert_eq(d.fate, (uint32_t)FATE_DEAD);
    use("stop, attempts 2");
    history.attempts = 1;
    f.redelivered = true;
    fail(S, f);
    cr_assert_eq(d.fate, (uint32_t)FATE_QUARANTINE, "it failed its last time all the same");
}

Test(decide, start_and_child_failures_blame_no_message)
{
    use("start: restart, attempts 3");
    fail(S, (struct cause){.kind = CAUSE_START, .code = 7, .has_message = true});
    cr_assert_eq(d.fate, (uint32_t)FATE_DEAD);
    cr_assert_eq(d.attempts, 0u);
    fail(S, (struct cause){.kind = CAUSE_CHILD, .code = 7, .has_message = true});
    cr_assert_eq(d.fate, (uint32_t)FATE_DEAD);
}

Test(decide, same_seed_decides_the_same)
{
    uint64_t first;

    use("restart, restarts off, backoff 1s");
    rng_seed(&rng, 99);
    returned(S);
    first = d.delay_ns;
    memset(&history, 0, sizeof history);
    rng_seed(&rng, 99);
    returned(S);
    cr_assert_eq(d.delay_ns, first);
}

Test(decide, every_reason_has_its_words)
{
    for (unsigned w = 0; w < WHY_KINDS; w++)
        cr_assert_gt(strlen(failure_why_text((enum failure_why)w)), 5u);
    cr_assert_str_eq(failure_why_name(WHY_RESTARTS), "RESTARTS");
    cr_assert_str_eq(failure_why_text(WHY_KINDS), "?");
    cr_assert_str_eq(failure_fate_name(FATE_QUARANTINE), "quarantine");
}
