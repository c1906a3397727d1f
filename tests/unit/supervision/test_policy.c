#include "supervision/policy.h"
#include "supervision/window.h"
#include <criterion/criterion.h>
#include <string.h>

static struct policy
layer(const char *text)
{
    struct policy p;
    struct err err;

    cr_assert_eq(policy_parse(text, &p, &err), 0, "%s: %s", text, err.text);
    return p;
}

static struct policy
merged(const struct policy *high, const struct policy *low)
{
    struct policy d, ret;

    policy_default(&d);
    policy_merge((const struct policy *[]){high, low, &d}, 3, &ret);
    return ret;
}

Test(policy, default_is_what_the_design_says)
{
    struct policy d,
        said = layer("any: resume, start: stop, fault: stop, child: restart, 3 failures in 10s: restart,"
                     "3 restarts in 60s: escalate, backoff off, attempts 1, hard_limit off,"
                     "group one-for-one, children stop");

    policy_default(&d);
    cr_assert(policy_equal(&d, &said));
}

Test(policy, first_rule_that_matches_wins)
{
    struct policy p = layer("7: stop, 5-9: restart, any: escalate");

    cr_assert_eq(policy_match(&p, 7, NULL), (uint32_t)ACTOR_DIRECTIVE_STOP);
    cr_assert_eq(policy_match(&p, 5, NULL), (uint32_t)ACTOR_DIRECTIVE_RESTART);
    cr_assert_eq(policy_match(&p, 9, NULL), (uint32_t)ACTOR_DIRECTIVE_RESTART);
    cr_assert_eq(policy_match(&p, 10, NULL), (uint32_t)ACTOR_DIRECTIVE_ESCALATE);
    cr_assert_eq(policy_match(&p, INT32_MIN, NULL), (uint32_t)ACTOR_DIRECTIVE_ESCALATE);
}

Test(policy, code_matches_with_either_sign)
{
    struct policy p = layer("TIMEOUT: stop");
    const struct policy_rule *rule = NULL;

    cr_assert_eq(policy_match(&p, -ERR_TIMEOUT, &rule), (uint32_t)ACTOR_DIRECTIVE_STOP);
    cr_assert_eq(rule, &p.rules[0]);
    cr_assert_eq(policy_match(&p, ERR_TIMEOUT, NULL), (uint32_t)ACTOR_DIRECTIVE_STOP);
    cr_assert_eq(policy_match(&p, ERR_FULL, NULL), (uint32_t)ACTOR_DIRECTIVE_DEFAULT);
}

Test(policy, higher_layer_wins_setting_by_setting)
{
    struct policy high = layer("start: restart, 5 failures in 1s: stop, group one-for-all");
    struct policy low = layer("start: escalate, attempts 4, 9 failures in 1s: stop, children keep");
    struct policy m = merged(&high, &low);

    cr_assert_eq(m.kind[CAUSE_START], (uint32_t)ACTOR_DIRECTIVE_RESTART);
    cr_assert_eq(m.failures.n, 5u);
    cr_assert_eq(m.attempts, 4u);
    cr_assert(m.keep_children);
    cr_assert_eq(m.group, (uint32_t)GROUP_ONE_FOR_ALL);
    cr_assert_eq(m.restarts.n, 3u, "from the default, which is lowest");
    cr_assert_eq(m.restarts.then, (uint32_t)ACTOR_DIRECTIVE_ESCALATE);
}

Test(policy, off_in_a_higher_layer_beats_a_value_below)
{
    struct policy high = layer("failures off, backoff off, hard_limit off"),
                  low = layer("backoff 1s, hard_limit 5s");
    struct policy m = merged(&high, &low);

    cr_assert(m.failures.off);
    cr_assert_eq(m.backoff.initial_ms, 0u);
    cr_assert_eq(m.hard_limit_ms, 0u);
}

Test(policy, rules_of_a_higher_layer_are_asked_first)
{
    struct policy high = layer("7: stop"), low = layer("7: escalate, 8: escalate, any: restart");
    struct policy m = merged(&high, &low);

    cr_assert_eq(policy_match(&m, 7, NULL), (uint32_t)ACTOR_DIRECTIVE_STOP);
    cr_assert_eq(policy_match(&m, 8, NULL), (uint32_t)ACTOR_DIRECTIVE_ESCALATE);
    cr_assert_eq(policy_match(&m, 9, NULL), (uint32_t)ACTOR_DIRECTIVE_RESTART);
    cr_assert_eq(m.n_rules, 4u, "the default's any is out of reach");
    m = merged(&low, &high);
    cr_assert_eq(policy_match(&m, 7, NULL), (uint32_t)ACTOR_DIRECTIVE_ESCALATE);
}

Test(policy, four_full_layers_fit)
{
    struct policy l[POLICY_LAYERS], m;
    const struct policy *all[POLICY_LAYERS];

    for (size_t i = 0; i < POLICY_LAYERS; i++) {
        policy_init(&l[i]);
        for (uint32_t r = 0; r < POLICY_RULES_IN_A_LAYER; r++)
            l[i].rules[l[i].n_rules++] =
                (struct policy_rule){(uint32_t)i * 100 + r, (uint32_t)i * 100 + r, ACTOR_DIRECTIVE_STOP};
        all[i] = &l[i];
    }
    policy_merge(all, POLICY_LAYERS, &m);
    cr_assert_eq(m.n_rules, 64u);
    cr_assert_eq(policy_match(&m, 315, NULL), (uint32_t)ACTOR_DIRECTIVE_STOP);
}

Test(policy, spawn_options_make_a_layer)
{
    struct policy p;
    struct err err;
    actor_spawn_opts o = {.on_failure = ACTOR_DIRECTIVE_STOP, .max_restarts = 7};

    cr_assert_eq(policy_from_opts(NULL, &p, &err), 0);
    cr_assert_eq(p.set, 0u);
    cr_assert_eq(p.n_rules, 0u);
    cr_assert_eq(policy_from_opts(&o, &p, &err), 0);
    cr_assert_eq(policy_match(&p, 1, NULL), (uint32_t)ACTOR_DIRECTIVE_STOP);
    cr_assert_eq(p.restarts.n, 7u);
    cr_assert_eq(p.restarts.window_ms, 60000u, "the other half keeps its default");
    o = (actor_spawn_opts){.within_ms = UINT32_MAX, .on_start_failure = ACTOR_DIRECTIVE_ESCALATE};
    cr_assert_eq(policy_from_opts(&o, &p, &err), 0);
    cr_assert_eq(p.restarts.n, 3u);
    cr_assert_eq(p.restarts.window_ms, WINDOW_MAX_MS);
    cr_assert_eq(p.kind[CAUSE_START], (uint32_t)ACTOR_DIRECTIVE_ESCALATE);
}

Test(policy, spawn_options_that_make_no_sense_are_refused)
{
    struct policy p;
    struct err err;

    cr_assert_eq(policy_from_opts(&(actor_spawn_opts){.on_failure = 5}, &p, &err), -ERR_INVALID);
    cr_assert_eq(policy_from_opts(&(actor_spawn_opts){.on_start_failure = 9}, &p, &err), -ERR_INVALID);
    cr_assert_eq(policy_from_opts(&(actor_spawn_opts){.on_start_failure = ACTOR_DIRECTIVE_RESUME}, &p, &err),
                 -ERR_INVALID);
}

Test(policy, may_resume_tells_whether_turns_need_a_copy_of_the_state)
{
    static const struct {
        const char *text;
        bool resumes;
    } rows[] = {{"restart", false},
                {"7: stop, any: restart", false},
                {"7: resume, any: stop", true},
                {"7: stop", true},
                {"restart, limit: resume", true},
                {"restart, limit: stop", false},
                {"stop, child: resume", false}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy l = layer(rows[i].text), m = merged(&l, NULL);

        cr_assert_eq(policy_may_resume(&m), rows[i].resumes, "%s", rows[i].text);
    }
}

Test(policy, resume_is_refused_where_state_cannot_be_taken_back)
{
    struct policy resumes = layer("7: resume"), limit = layer("limit: resume"),
                  fine = layer("restart, start: stop");
    struct err err;

    cr_assert_eq(policy_check_state(&resumes, true, &err), 0);
    cr_assert_eq(policy_check_state(&fine, false, &err), 0);
    cr_assert_eq(policy_check_state(&resumes, false, &err), -ERR_INVALID);
    cr_assert_neq(err.fix[0], '\0');
    cr_assert_eq(policy_check_state(&limit, false, &err), -ERR_INVALID);
}

Test(policy, names_exist_for_every_value)
{
    cr_assert_str_eq(directive_name(ACTOR_DIRECTIVE_ESCALATE), "escalate");
    cr_assert_str_eq(directive_name(99), "?");
    cr_assert_str_eq(cause_kind_name(CAUSE_CHILD), "child");
    cr_assert_str_eq(cause_kind_name(CAUSE_KINDS), "?");
    cr_assert_str_eq(policy_group_name(GROUP_REST_FOR_ONE), "rest-for-one");
}

Test(policy, any_difference_is_seen)
{
    static const char *const texts[] = {
        "restart",
        "stop",
        "7: restart",
        "7: restart, 8: restart",
        "start: stop",
        "start: restart",
        "3 failures in 10s: restart",
        "4 failures in 10s: restart",
        "3 failures in 11s: restart",
        "3 failures in 10s: stop",
        "failures off",
        "3 restarts in 10s: stop",
        "3 restarts in 10s: escalate",
        "restarts off",
        "backoff off",
        "backoff 1s",
        "backoff 1s to 2s",
        "backoff 1s jitter 1%",
        "backoff 1s reset 3s",
        "attempts 2",
        "attempts 3",
        "hard_limit off",
        "hard_limit 1s",
        "group one-for-one",
        "group one-for-all",
        "children keep",
        "children stop",
    };
    size_t n = sizeof texts / sizeof *texts;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            struct policy a = layer(texts[i]), b = layer(texts[k]);

            cr_assert_eq(policy_equal(&a, &b), i == k, "%s / %s", texts[i], texts[k]);
        }
}

Test(policy, merging_merged_policies_never_overflows)
{
    struct policy full, m;

    policy_init(&full);
    while (full.n_rules < sizeof full.rules / sizeof *full.rules)
        full.rules[full.n_rules++] = (struct policy_rule){1, 1, ACTOR_DIRECTIVE_STOP};
    policy_merge((const struct policy *[]){&full, &full}, 2, &m);
    cr_assert_eq(m.n_rules, full.n_rules);
}
