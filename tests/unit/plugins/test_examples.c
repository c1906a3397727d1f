/* The examples as a node reads them from their files: accepted, complete, and as their README says. */
#include "plugin/manifest.h"
#include "plugin/swap_plan.h"
#include <actor/plugin.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct manifest *
example(const char *name)
{
    struct manifest *m = NULL;
    struct err err = {0};
    char path[4096];
    FILE *f;
    char *bytes;
    size_t n;

    snprintf(path, sizeof path, "%s/%s.so", getenv("PLUGINS_DIR"), name);
    f = fopen(path, "rb");
    cr_assert_not_null(f, "%s", path);
    bytes = malloc(1 << 22);
    cr_assert_not_null(bytes);
    n = fread(bytes, 1, 1 << 22, f);
    fclose(f);
    cr_assert_eq(manifest_read(&m, env_real(), bytes, n, &err), 0, "%s: %s", name, err.text);
    free(bytes);
    return m;
}
static const struct field *
state_field(const struct manifest *m, const char *behaviour, const char *name)
{
    const struct manifest_behaviour *b = manifest_behaviour(m, behaviour);

    cr_assert_not_null(b);
    for (uint32_t i = 0; i < b->state->nfields; i++)
        if (strcmp(b->state->fields[i].name, name) == 0)
            return &b->state->fields[i];
    return NULL;
}

Test(examples, each_file_is_accepted)
{
    static const char *const names[] = {"greeter", "counter-1", "counter-2", "counter-3", "bank",
                                        "crash",   "traffic",   "sink-1",    "sink-2"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct manifest *m = example(names[i]);
        cr_expect_gt(m->nbehaviours, 0u, "%s", names[i]);
        cr_expect_null(m->pinned, "%s is pinned: %s", names[i], m->pinned ? m->pinned : "");
        manifest_free(m);
    }
}
Test(examples, counter_2_widens_renames_and_adds_one_field_each)
{
    struct manifest *one = example("counter-1"), *two = example("counter-2");

    cr_expect_eq(state_field(one, "counter", "handled")->kind, ACTOR_KIND_u32);
    cr_expect_eq(state_field(two, "counter", "handled")->kind, ACTOR_KIND_u64);
    cr_expect_not_null(state_field(one, "counter", "sum"));
    cr_expect_null(state_field(two, "counter", "sum"));
    cr_expect_str_eq(state_field(two, "counter", "total")->was, "sum");
    cr_expect_null(state_field(one, "counter", "step"));
    cr_expect_eq(state_field(two, "counter", "step")->dflt.u, 1u);
    manifest_free(one);
    manifest_free(two);
}
Test(examples, counter_3_changes_a_kind_and_brings_no_migrate)
{
    struct manifest *m = example("counter-3");

    cr_expect_eq(state_field(m, "counter", "total")->kind, ACTOR_KIND_str);
    cr_expect_null(manifest_row(manifest_behaviour(m, "counter"), ACTOR_ROW_MIGRATE, NULL));
    manifest_free(m);
}
/* The verdict on the counters of a swap between two versions; err says why when it is impossible. */
static enum swap_verdict
counter_verdict(const char *from, const char *to, bool allow_narrow, struct err *err)
{
    struct manifest *a = example(from), *b = example(to);
    struct swap_plan *plan = NULL;
    enum swap_verdict v;

    cr_assert_eq(swap_plan_new(&plan, env_real(), a, b, allow_narrow, NULL, err), 0);
    v = plan->verdict;
    swap_plan_free(plan);
    manifest_free(a);
    manifest_free(b);
    return v;
}
Test(examples, versions_1_and_2_of_counter_and_sink_convert_by_themselves_both_ways)
{
    struct err err = {0};

    cr_expect_eq(counter_verdict("counter-1", "counter-2", false, &err), SWAP_AUTO, "%s", err.text);
    cr_expect_eq(counter_verdict("counter-2", "counter-1", true, &err), SWAP_AUTO, "%s", err.text);
    cr_expect_eq(counter_verdict("sink-1", "sink-2", false, &err), SWAP_AUTO, "%s", err.text);
    cr_expect_eq(counter_verdict("sink-2", "sink-1", false, &err), SWAP_AUTO, "%s", err.text);
}
Test(examples, counter_3_is_refused_and_the_field_is_named)
{
    struct err err = {0};

    cr_expect_eq(counter_verdict("counter-2", "counter-3", false, &err), SWAP_IMPOSSIBLE);
    cr_expect_not_null(strstr(err.text, "total"), "%s", err.text);
    cr_expect_not_null(strstr(err.text, "counter.counter"), "%s", err.text);
}
Test(examples, counter_1_does_not_come_back_where_narrowing_is_not_allowed)
{
    struct err err = {0};

    cr_expect_eq(counter_verdict("counter-2", "counter-1", false, &err), SWAP_IMPOSSIBLE);
    cr_expect_not_null(strstr(err.text, "handled"), "%s", err.text);
}
Test(examples, counters_take_the_items_of_traffic)
{
    struct manifest *c = example("counter-1"), *t = example("traffic");

    cr_expect_not_null(manifest_row(manifest_behaviour(c, "counter"), ACTOR_ROW_MESSAGE, "traffic.item"));
    cr_expect_not_null(manifest_row(manifest_behaviour(c, "counter"), ACTOR_ROW_MESSAGE, "traffic.audit"));
    cr_expect_not_null(manifest_row(manifest_behaviour(t, "sender"), ACTOR_ROW_MESSAGE, "traffic.tally"));
    manifest_free(c);
    manifest_free(t);
}
