#include "fixture.h"
#include "plugin/swap_plan.h"

static struct manifest *
manifest_of(const char *name)
{
    struct bytes b = plugin_bytes(name);
    struct manifest *m = NULL;
    struct err err = {0};

    cr_assert_eq(manifest_read(&m, env_real(), b.p, b.n, &err), 0, "%s: %s", name, err.text);
    free(b.p);
    return m;
}

struct pair {
    struct manifest *from, *to;
    struct swap_plan *plan;
    struct err err;
};

static struct pair
plan_of(const char *from, const char *to, bool narrow, const struct swap_use *use)
{
    struct pair p = {manifest_of(from), manifest_of(to), NULL, {0}};

    cr_assert_eq(swap_plan_new(&p.plan, env_real(), p.from, p.to, narrow, use, &p.err), 0, "%s", p.err.text);
    return p;
}

static void
drop(struct pair *p)
{
    swap_plan_free(p->plan);
    manifest_free(p->from);
    manifest_free(p->to);
}

static bool
printed(const struct swap_plan *p, const char *line)
{
    struct strbuf text;
    bool found;

    strbuf_init(&text);
    swap_plan_print(p, &text);
    found = strstr(strbuf_str(&text), line) != NULL;
    cr_expect(found, "\"%s\" is not in:\n%s", line, strbuf_str(&text));
    strbuf_fini(&text);
    return found;
}

Test(swap_plan, a_version_is_equal_to_itself)
{
    struct pair p = plan_of("counter1", "counter1", false, NULL);

    cr_expect_eq(p.plan->verdict, SWAP_EQUAL);
    cr_expect_eq(p.plan->n, 1);
    cr_expect_eq(p.plan->v[0].nremoved, 0);
    cr_expect_eq(p.plan->v[0].nadded, 0);
    cr_expect_eq(p.err.code, 0);
    drop(&p);
}

Test(swap_plan, renamed_widened_added_and_dropped_fields_need_no_code)
{
    struct pair p = plan_of("counter1", "counter2", false, NULL);

    cr_expect_eq(p.plan->verdict, SWAP_AUTO);
    cr_expect_eq(p.plan->v[0].migrate, false);
    cr_expect_eq(plan_lost(p.plan->v[0].state), 1);
    cr_expect_eq(p.plan->v[0].nremoved, 1);
    cr_expect_str_eq(p.plan->v[0].removed[0]->type->name, "counter.reset");
    printed(p.plan, "counter 1.0.0 -> 2.0.0: automatic");
    printed(p.plan, "widen    sum, was total: u32 -> u64");
    printed(p.plan, "lost     last");
    printed(p.plan, "row removed: message counter.reset");
    drop(&p);
}

Test(swap_plan, going_back_inverts_renames_and_narrows_only_when_it_may)
{
    struct pair p = plan_of("counter2", "counter1", false, NULL);

    cr_expect_eq(p.plan->verdict, SWAP_IMPOSSIBLE);
    expect_text(&p.err, "counter 1.0.0 cannot take over from 2.0.0");
    expect_text(&p.err, "field total");
    drop(&p);
    p = plan_of("counter2", "counter1", true, NULL);
    cr_expect_eq(p.plan->verdict, SWAP_AUTO);
    cr_expect_eq(plan_narrowed(p.plan->v[0].state), 1);
    printed(p.plan, "narrow   total, was sum: u64 -> u32");
    printed(p.plan, "an actor whose value does not fit stays where it is");
    cr_expect_eq(p.plan->v[0].nadded, 1);
    drop(&p);
}

Test(swap_plan, a_field_of_another_kind_is_impossible_without_migrate)
{
    struct pair p = plan_of("counter2", "bad_counter3", false, NULL);

    cr_expect_eq(p.plan->verdict, SWAP_IMPOSSIBLE);
    cr_expect_eq(p.err.code, ERR_MIGRATE);
    expect_text(&p.err, "field limit");
    expect_fix(&p.err, "ACTOR_ON_MIGRATE");
    printed(p.plan, "refused: counter.counter, field limit");
    drop(&p);
    p = plan_of("counter2", "bad_counter3_migrate", false, NULL);
    cr_expect_eq(p.plan->verdict, SWAP_MIGRATE);
    cr_expect_eq(p.plan->v[0].migrate, true);
    cr_expect_eq(p.err.code, 0);
    printed(p.plan, "then migrate() of the new version runs");
    drop(&p);
}

static uint64_t
three_wait_for_reset(void *self, const char *behaviour, const struct schema *type)
{
    ++*(unsigned *)self;
    cr_expect_str_eq(behaviour, "counter");
    return strcmp(type->name, "counter.reset") == 0 ? 3 : 0;
}

static uint64_t
seven(void *self, const char *behaviour)
{
    (void)self;
    return strcmp(behaviour, "lonely") == 0 ? 7 : 0;
}

Test(swap_plan, a_row_is_not_removed_while_something_waits_for_it)
{
    unsigned asked = 0;
    struct swap_use use = {&asked, NULL, three_wait_for_reset};
    struct pair p = plan_of("counter1", "counter2", false, &use);

    cr_expect_eq(asked, 1);
    cr_expect_eq(p.plan->verdict, SWAP_IMPOSSIBLE);
    cr_expect_eq(p.err.code, ERR_BUSY);
    expect_text(&p.err,
                "the message row for counter.reset is removed, but 3 asks, timers or jobs wait for it");
    drop(&p);
}

Test(swap_plan, a_behaviour_is_not_removed_while_actors_run_it)
{
    struct swap_use use = {NULL, seven, NULL};
    struct pair p = plan_of("twin", "twin_less", false, &use);

    cr_expect_eq(p.plan->verdict, SWAP_IMPOSSIBLE);
    expect_text(&p.err, "behaviour 'lonely' is gone in 1.0, but 7 actors run it");
    drop(&p);
    p = plan_of("twin", "twin_less", false, NULL);
    cr_expect_eq(p.plan->verdict, SWAP_EQUAL);
    printed(p.plan, "behaviour twin.lonely: removed");
    drop(&p);
    p = plan_of("twin_less", "twin", false, NULL);
    printed(p.plan, "behaviour twin.lonely: added");
    drop(&p);
}

Test(swap_plan, json_names_verdict_fields_and_rows)
{
    struct pair p = plan_of("counter2", "bad_counter3", false, NULL);
    struct strbuf text;
    struct json json;

    strbuf_init(&text);
    json_init(&json, &text);
    swap_plan_json(p.plan, &json);
    cr_expect_not_null(
        strstr(strbuf_str(&text), "\"plugin\":\"counter\",\"from\":\"2.0.0\",\"to\":\"3.0.0\""));
    cr_expect_not_null(strstr(strbuf_str(&text), "\"verdict\":\"impossible\""));
    cr_expect_not_null(strstr(strbuf_str(&text), "\"rows_removed\":[\"counter.read\"]"));
    cr_expect_not_null(strstr(strbuf_str(&text), "\"error\":"));
    cr_expect_eq(json.depth, 0);
    strbuf_fini(&text);
    drop(&p);
}

Test(swap_plan, versions_compare_by_their_numbers)
{
    cr_expect_lt(version_text_compare("1.2.0", "1.10.0"), 0);
    cr_expect_gt(version_text_compare("2", "1.9.9"), 0);
    cr_expect_eq(version_text_compare("1.0.0", "1.0.0"), 0);
    cr_expect_lt(version_text_compare("1.0.0-rc1", "1.0.0"), 0);
    cr_expect_lt(version_text_compare("1.0.0-rc1", "1.0.0-rc2"), 0);
    cr_expect_lt(version_text_compare("1.0.0", "1.0.1-rc1"), 0);
}

Test(swap_plan, without_memory_there_is_an_error_and_no_leak)
{
    struct manifest *from = manifest_of("counter1"), *to = manifest_of("counter2");
    struct swap_plan *plan = NULL;
    struct env_fake env;
    int r = -ERR_NOMEM;

    env_fake_init(&env, 1);
    for (uint64_t n = 1; r == -ERR_NOMEM; n++) {
        struct err err = {0};

        cr_assert_lt(n, 200);
        env.fail_at = n;
        r = swap_plan_new(&plan, &env.env, from, to, false, NULL, &err);
        if (r < 0)
            cr_assert_eq(env.live_bytes, 0);
    }
    cr_expect_eq(r, 0);
    swap_plan_free(plan);
    cr_expect_eq(env.live_bytes, 0);
    manifest_free(from);
    manifest_free(to);
}
