#include "base/random.h"
#include "supervision/policy.h"
#include "supervision/window.h"
#include <criterion/criterion.h>
#include <string.h>

Test(policy_parse, every_clause_is_understood)
{
    struct policy p;
    struct err err;

    cr_assert_eq(
        policy_parse(
            "  7: stop ,100-199:restart, TIMEOUT: escalate, any : resume, start: escalate, limit: restart,"
            " fault: restart, child: resume, 20 failures in 1m: stop, 0 restarts in 1h: stop,"
            " backoff 100ms to 10s jitter 5% reset 2d, attempts 3, hard_limit 500ms,"
            " group rest-for-one, children keep ",
            &p, &err),
        0, "%s", err.text);
    cr_assert_eq(p.n_rules, 4u);
    cr_assert_eq(p.rules[1].first, 100u);
    cr_assert_eq(p.rules[1].last, 199u);
    cr_assert_eq(p.rules[2].first, (uint32_t)ERR_TIMEOUT);
    cr_assert_eq(p.rules[3].last, UINT32_MAX);
    cr_assert_eq(p.kind[CAUSE_START], (uint32_t)ACTOR_DIRECTIVE_ESCALATE);
    cr_assert_eq(p.kind[CAUSE_LIMIT], (uint32_t)ACTOR_DIRECTIVE_RESTART);
    cr_assert_eq(p.kind[CAUSE_FAULT], (uint32_t)ACTOR_DIRECTIVE_RESTART);
    cr_assert_eq(p.kind[CAUSE_CHILD], (uint32_t)ACTOR_DIRECTIVE_RESUME);
    cr_assert_eq(p.failures.n, 20u);
    cr_assert_eq(p.failures.window_ms, 60000u);
    cr_assert_eq(p.failures.then, (uint32_t)ACTOR_DIRECTIVE_STOP);
    cr_assert_eq(p.restarts.n, 0u);
    cr_assert_eq(p.restarts.window_ms, 3600000u);
    cr_assert_eq(p.backoff.initial_ms, 100u);
    cr_assert_eq(p.backoff.max_ms, 10000u);
    cr_assert_eq(p.backoff.jitter_pct, 5u);
    cr_assert_eq(p.backoff.reset_ms, 172800000u);
    cr_assert_eq(p.attempts, 3u);
    cr_assert_eq(p.hard_limit_ms, 500u);
    cr_assert_eq(p.group, (uint32_t)GROUP_REST_FOR_ONE);
    cr_assert(p.keep_children);
}

Test(policy_parse, lone_directive_is_short_for_any)
{
    struct policy a, b;

    cr_assert_eq(policy_parse("restart", &a, NULL), 0);
    cr_assert_eq(policy_parse("any: restart", &b, NULL), 0);
    cr_assert(policy_equal(&a, &b));
}

Test(policy_parse, backoff_fills_in_what_is_left_out)
{
    struct policy p;

    cr_assert_eq(policy_parse("backoff 10ms", &p, NULL), 0);
    cr_assert_eq(p.backoff.max_ms, 10240u);
    cr_assert_eq(p.backoff.reset_ms, 10240u);
    cr_assert_eq(p.backoff.jitter_pct, 20u);
    cr_assert_eq(policy_parse("backoff 7d", &p, NULL), 0);
    cr_assert_eq(p.backoff.max_ms, WINDOW_MAX_MS);
}

Test(policy_parse, what_is_wrong_is_refused_with_its_column)
{
    static const struct {
        const char *text;
        int code;
        const char *at;
    } rows[] = {
        {"", ERR_SYNTAX, "column 1: the text ends too early"},
        {"restart,", ERR_SYNTAX, "column 9: the text ends too early"},
        {"restrat", ERR_SYNTAX, "column 1: \"restrat\""},
        {"7: explode", ERR_SYNTAX, "column 4: \"explode\""},
        {"7 stop", ERR_SYNTAX, "column 3: \"stop\""},
        {"7:", ERR_SYNTAX, "column 3: the text ends"},
        {"9-5: stop", ERR_RANGE, "column 1: \"9-5\""},
        {"5-: stop", ERR_RANGE, "column 1: \"5-\""},
        {"99999999999: stop", ERR_SYNTAX, "column 1:"},
        {"UNKNOWN: stop", ERR_SYNTAX, "column 1:"},
        {"any: stop, 7: restart", ERR_SYNTAX, "column 12: \"7\""},
        {"start: resume", ERR_SYNTAX, "column 8: \"resume\""},
        {"fault: resume", ERR_SYNTAX, "column 8: \"resume\""},
        {"start: stop, start: restart", ERR_SYNTAX, "column 14: \"start\""},
        {"0 failures in 10s: restart", ERR_RANGE, "column 1: \"0\""},
        {"10001 failures in 10s: restart", ERR_RANGE, "column 1:"},
        {"3 failures in 10: restart", ERR_RANGE, "column 15: \"10\""},
        {"3 failures in 0s: restart", ERR_RANGE, "column 15:"},
        {"3 failures in 8d: restart", ERR_RANGE, "column 15:"},
        {"3 failures within 8d: restart", ERR_SYNTAX, "column 12: \"within\""},
        {"3 failures in 10s", ERR_SYNTAX, "column 18: the text ends"},
        {"3 failures in 10s: resume", ERR_SYNTAX, "column 20: \"resume\""},
        {"3 restarts in 10s: restart", ERR_SYNTAX, "column 20: \"restart\""},
        {"3 turns in 10s: restart", ERR_SYNTAX, "column 3: \"turns\""},
        {"failures on", ERR_SYNTAX, "column 10: \"on\""},
        {"backoff 10s to 1s", ERR_RANGE, "column 16: \"1s\""},
        {"backoff 10s jitter 101%", ERR_RANGE, "column 20:"},
        {"backoff 10s jitter 5", ERR_SYNTAX, "column 20: \"5\""},
        {"backoff 10s sometimes", ERR_SYNTAX, "column 13: \"sometimes\""},
        {"backoff 1s, backoff 2s", ERR_SYNTAX, "column 13: \"backoff\""},
        {"attempts 0", ERR_RANGE, "column 10: \"0\""},
        {"hard_limit 0ms", ERR_RANGE, "column 12:"},
        {"group all", ERR_SYNTAX, "column 7: \"all\""},
        {"children maybe", ERR_SYNTAX, "column 10: \"maybe\""},
        {"children keep; stop", ERR_SYNTAX, "column 14: ';'"},
        {": stop", ERR_SYNTAX, "column 1: ':'"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy p = {.attempts = 42};
        struct err err = {0};

        cr_assert_eq(policy_parse(rows[i].text, &p, &err), -rows[i].code, "%s", rows[i].text);
        cr_assert_not_null(strstr(err.text, rows[i].at), "%s: %s", rows[i].text, err.text);
        cr_assert_neq(err.fix[0], '\0', "%s", rows[i].text);
        cr_assert_eq(p.attempts, 42u, "nothing is written on failure");
    }
}

Test(policy_parse, seventeenth_rule_is_refused)
{
    struct policy p;
    struct err err;

    cr_assert_eq(
        policy_parse("1:stop,2:stop,3:stop,4:stop,5:stop,6:stop,7:stop,8:stop,9:stop,10:stop,11:stop,12:stop,"
                     "13:stop,14:stop,15:stop,16:stop,17:stop",
                     &p, &err),
        -ERR_LIMIT);
}

static uint32_t
one_of(struct rng *r, uint32_t n, const uint32_t *v)
{
    return v[rng_below(r, n)];
}

static uint32_t
span(struct rng *r)
{
    return one_of(r, 7, (const uint32_t[]){1, 999, 1000, 90000, 3600000, 86400000, WINDOW_MAX_MS});
}

static struct policy
random_policy(struct rng *r)
{
    struct policy p;
    uint32_t rules = (uint32_t)rng_below(r, POLICY_RULES_IN_A_LAYER + 1);

    policy_init(&p);
    for (uint32_t i = 0; i < rules; i++) {
        uint32_t first = one_of(r, 4, (const uint32_t[]){0, 7, 65535, 100008});
        uint32_t last = first + (uint32_t)rng_below(r, 3);

        p.rules[p.n_rules++] = (struct policy_rule){first, last, 1 + (uint32_t)rng_below(r, 4)};
    }
    if (p.n_rules > 0 && rng_below(r, 2))
        p.rules[p.n_rules - 1] = (struct policy_rule){0, UINT32_MAX, ACTOR_DIRECTIVE_STOP};
    p.set = (uint32_t)rng_u64(r) &
            (POLICY_HAS_FAILURES | POLICY_HAS_RESTARTS | POLICY_HAS_BACKOFF | POLICY_HAS_ATTEMPTS |
             POLICY_HAS_HARD_LIMIT | POLICY_HAS_GROUP | POLICY_HAS_CHILDREN |
             (POLICY_HAS_KIND << CAUSE_START) | (POLICY_HAS_KIND << CAUSE_LIMIT) |
             (POLICY_HAS_KIND << CAUSE_FAULT) | (POLICY_HAS_KIND << CAUSE_CHILD));
    if (p.set == 0)
        p.set = POLICY_HAS_GROUP;
    for (uint32_t k = CAUSE_START; k < CAUSE_KINDS; k++)
        if (p.set & ((uint32_t)POLICY_HAS_KIND << k))
            p.kind[k] = ACTOR_DIRECTIVE_RESTART + (uint32_t)rng_below(r, 3);
    if (p.set & POLICY_HAS_FAILURES)
        p.failures = rng_below(r, 4) == 0
                         ? (struct policy_budget){.off = true}
                         : (struct policy_budget){.n = 1 + (uint32_t)rng_below(r, POLICY_MAX_N),
                                                  .window_ms = span(r),
                                                  .then = ACTOR_DIRECTIVE_STOP};
    if (p.set & POLICY_HAS_RESTARTS)
        p.restarts = rng_below(r, 4) == 0 ? (struct policy_budget){.off = true}
                                          : (struct policy_budget){.n = (uint32_t)rng_below(r, POLICY_MAX_N),
                                                                   .window_ms = span(r),
                                                                   .then = ACTOR_DIRECTIVE_ESCALATE};
    if (p.set & POLICY_HAS_BACKOFF && rng_below(r, 4) != 0) {
        p.backoff.initial_ms = span(r);
        p.backoff.max_ms = p.backoff.initial_ms > 90000 ? WINDOW_MAX_MS : 90000;
        p.backoff.reset_ms = span(r);
        p.backoff.jitter_pct = (uint32_t)rng_below(r, 101);
    }
    if (p.set & POLICY_HAS_ATTEMPTS)
        p.attempts = 1 + (uint32_t)rng_below(r, POLICY_MAX_ATTEMPTS);
    if (p.set & POLICY_HAS_HARD_LIMIT)
        p.hard_limit_ms = rng_below(r, 2) ? span(r) : 0;
    if (p.set & POLICY_HAS_GROUP)
        p.group = (uint32_t)rng_below(r, 3);
    if (p.set & POLICY_HAS_CHILDREN)
        p.keep_children = rng_below(r, 2) != 0;
    return p;
}

Test(policy_parse, what_is_written_reads_back_as_the_same_policy)
{
    struct rng r;
    struct strbuf out;

    rng_seed(&r, 11);
    strbuf_init(&out);
    for (unsigned i = 0; i < 20000; i++) {
        struct policy p = random_policy(&r), back;
        struct err err = {0};

        strbuf_reset(&out);
        policy_format(&p, &out);
        cr_assert(!out.failed);
        cr_assert_eq(policy_parse(strbuf_str(&out), &back, &err), 0, "%s: %s", strbuf_str(&out), err.text);
        cr_assert(policy_equal(&p, &back), "%s", strbuf_str(&out));
    }
    strbuf_fini(&out);
}

Test(policy_parse, random_bytes_never_crash_the_reader)
{
    static const char *const words[] = {
        "7",  "any", ":",  ",",      "restart", "failures", "in",    "10s", "backoff",
        "to", "%",   "-",  "jitter", "group",   "attempts", "off",   " ",   "one-for-all",
        "3",  "99%", "5-", "start",  "keep",    "children", "resume"};
    struct rng r;
    unsigned good = 0;

    rng_seed(&r, 12);
    for (unsigned i = 0; i < 50000; i++) {
        char text[200] = "";
        struct policy p;
        struct err err = {0};

        for (unsigned n = (unsigned)rng_below(&r, 12); n > 0; n--)
            strcat(text, words[rng_below(&r, sizeof words / sizeof *words)]);
        if (policy_parse(text, &p, &err) == 0)
            good++;
        else
            cr_assert_neq(err.code, 0);
    }
    cr_assert_gt(good, 0u);
}
