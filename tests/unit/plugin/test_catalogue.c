#include "fixture.h"
#include "plugin/catalogue.h"
#include <fcntl.h>
#include <unistd.h>

static char dir[4096]; /* of one test; each test is a process of its own or runs alone */
static struct types types;
static struct mutex lock = MUTEX_INIT;
static struct catalogue *c;
static struct err err;

static void
start(void)
{
    char data[4200];
    struct catalogue_config cfg = {.env = env_real(), .types = &types, .types_lock = &lock, .data_dir = data};

    err = (struct err){0};
    temp_dir_make(dir, sizeof dir);
    snprintf(data, sizeof data, "%s/data", dir);
    types_init(&types, env_real(), 0);
    cr_assert_eq(catalogue_new(&c, &cfg, &err), 0, "%s", err.text);
}

static void
stop(void)
{
    catalogue_free(c);
    types_fini(&types);
    temp_dir_remove(dir);
}

TestSuite(catalogue, .init = start, .fini = stop);

static struct version *
loaded(const char *name, bool active)
{
    struct version *v = NULL;

    cr_assert_eq(catalogue_load(c, plugin_path(name), 0, &v, NULL, &err), 0, "%s: %s", name, err.text);
    if (active)
        catalogue_activate(c, v);
    return v;
}

static int
load_error(const char *name)
{
    struct version *v = NULL;
    int r;

    err = (struct err){0};
    r = catalogue_load(c, plugin_path(name), 0, &v, NULL, &err);
    cr_expect_null(v);
    return r;
}

Test(catalogue, a_version_is_loaded_from_a_private_copy)
{
    struct version *v = loaded("counter1", false), *again = NULL;
    bool mapped = true;
    char path[4096];

    cr_expect_eq(v->state, VERSION_LOADED);
    cr_expect_not_null(strstr(v->path, "/data/plugins/"));
    cr_expect_not_null(strstr(v->path, v->sha256_hex));
    cr_assert_not_null(realpath(plugin_path("counter1"), path));
    cr_expect_eq(image_mapped(path, &mapped, &err), 0);
    cr_expect_eq(mapped, false);
    cr_expect_eq(catalogue_load(c, plugin_path("counter1"), 0, &again, NULL, &err), 1);
    cr_expect_eq(again, v);
}

Test(catalogue, versions_live_side_by_side_and_one_is_active)
{
    struct version *v1 = loaded("counter1", true), *v2 = loaded("counter2", false), *it;
    size_t pos = 0, n = 0;

    cr_expect_eq(catalogue_active(c, "counter"), v1);
    catalogue_activate(c, v2);
    cr_expect_eq(catalogue_active(c, "counter"), v2);
    cr_expect_eq(v1->state, VERSION_DRAINING);
    catalogue_activate(c, v1); /* and back */
    cr_expect_eq(v1->state, VERSION_ACTIVE);
    cr_expect_eq(v2->state, VERSION_DRAINING);
    cr_expect_neq(v1->id, v2->id);
    while ((it = catalogue_next(c, &pos)) != NULL)
        n++;
    cr_expect_eq(n, 2);
    cr_expect_neq(v1->descriptor.behaviours[0].rows[0].fn, v2->descriptor.behaviours[0].rows[0].fn);
}

Test(catalogue, only_what_is_not_active_and_not_pinned_is_unloaded)
{
    struct version *v1 = loaded("counter1", true), *v2 = loaded("counter2", true);
    char path[4096];
    bool mapped = true;

    cr_expect_eq(catalogue_unload(c, v2, &err), -ERR_INVALID);
    expect_text(&err, "it is the active version");
    v1->pins = 1;
    cr_expect_eq(catalogue_unload(c, v1, &err), -ERR_INVALID);
    v1->pins = 0;
    snprintf(path, sizeof path, "%s", v1->path);
    cr_expect_eq(catalogue_unload(c, v1, &err), 0, "%s", err.text);
    cr_expect_eq(image_mapped(path, &mapped, &err), 0);
    cr_expect_eq(mapped, false);
    cr_expect_eq(catalogue_find(c, "counter@1.0.0", &v1, NULL, &err), -ERR_NOTFOUND);
    v1 = loaded("counter1", false); /* and again, with the same types */
    cr_expect_eq(catalogue_find(c, "counter@1.0.0", &v2, NULL, &err), 0);
    cr_expect_eq(v1, v2);
}

Test(catalogue, names_mean_the_active_version_or_the_one_after_the_at)
{
    struct version *v1 = loaded("counter1", true), *v2 = loaded("counter2", true), *v = NULL;
    char name[128];
    uint32_t i = 99;

    cr_expect_eq(catalogue_find(c, "counter", &v, &i, &err), 0);
    cr_expect_eq(v, v2);
    cr_expect_eq(i, 0);
    cr_expect_eq(catalogue_find(c, "counter.counter", &v, &i, &err), 0);
    cr_expect_eq(v, v2);
    cr_expect_eq(catalogue_find(c, "counter@1.0", &v, &i, &err), 0);
    cr_expect_eq(v, v1);
    cr_expect_eq(catalogue_find(c, "counter.counter@2", &v, &i, &err), 0);
    cr_expect_eq(v, v2);
    snprintf(name, sizeof name, "counter@%.8s", v1->sha256_hex);
    cr_expect_eq(catalogue_find(c, name, &v, &i, &err), 0, "%s", err.text);
    cr_expect_eq(v, v1);
    cr_expect_eq(catalogue_find_version(c, "counter@1", &v, &err), 0);
    cr_expect_eq(v, v1);
    cr_expect_eq(catalogue_find_version(c, "counter", &v, &err), 0);
    cr_expect_eq(v, v2);
    cr_expect_eq(catalogue_find(c, "counter@9", &v, &i, &err), -ERR_NOTFOUND);
    expect_fix(&err, "counter@1.0.0 (draining");
    cr_expect_eq(catalogue_find(c, "nobody", &v, &i, &err), -ERR_NOTFOUND);
    cr_expect_eq(catalogue_find(c, "", &v, &i, &err), -ERR_NOTFOUND);
    cr_expect_eq(catalogue_find(c, "counter@", &v, &i, &err), -ERR_NOTFOUND);
    cr_expect_eq(catalogue_find(c, ".counter", &v, &i, &err), -ERR_NOTFOUND);
}

Test(catalogue, a_name_that_two_plugins_have_needs_the_plugin)
{
    struct version *v1 = loaded("counter1", true), *twin = loaded("twin", true), *v = NULL;
    uint32_t i = 99;

    cr_expect_eq(catalogue_find(c, "counter", &v, &i, &err), -ERR_EXISTS);
    expect_text(&err, "ambiguous");
    cr_expect_eq(catalogue_find(c, "counter.counter", &v, &i, &err), 0);
    cr_expect_eq(v, v1);
    cr_expect_eq(catalogue_find(c, "twin.counter", &v, &i, &err), 0);
    cr_expect_eq(v, twin);
    cr_expect_eq(catalogue_find(c, "lonely", &v, &i, &err), 0);
    cr_expect_eq(v, twin);
    cr_expect_str_eq(twin->manifest->behaviours[i].name, "lonely");
}

static const struct catalogue_name *
name_in(const struct catalogue_names *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->v[i].name, name) == 0)
            return &all->v[i];
    return NULL;
}

Test(catalogue, the_table_of_names_holds_what_is_unambiguous)
{
    struct version *v1 = loaded("counter1", true), *v2 = loaded("counter2", true),
                   *twin = loaded("twin", true);
    struct catalogue_names all;
    char name[128];

    cr_assert_eq(catalogue_names(c, &all), 0);
    cr_expect_null(name_in(&all, "counter"));
    cr_expect_eq(name_in(&all, "counter.counter")->version, v2);
    cr_expect_eq(name_in(&all, "counter.counter@1.0.0")->version, v1);
    cr_expect_eq(name_in(&all, "counter@1.0")->version, v1);
    cr_expect_eq(name_in(&all, "counter@1")->version, v1);
    cr_expect_eq(name_in(&all, "lonely")->version, twin);
    snprintf(name, sizeof name, "counter.counter@%.12s", v1->sha256_hex);
    cr_expect_eq(name_in(&all, name)->version, v1);
    catalogue_names_fini(&all);
}

Test(catalogue, a_message_that_does_not_fit_is_refused_naming_both_plugins_and_the_field)
{
    loaded("counter1", true);
    cr_expect_eq(load_error("bad_message_conflict"), -ERR_SCHEMA);
    expect_text(&err, "plugin 'rival'");
    expect_text(&err, "'counter' 1.0.0 brought");
    expect_text(&err, "field by");
    expect_fix(&err, "give the message a new name");
}

Test(catalogue, a_message_that_converts_is_a_notice)
{
    struct strbuf notice;
    struct version *v = NULL;

    loaded("counter1", true);
    strbuf_init(&notice);
    cr_expect_eq(catalogue_load(c, plugin_path("counter2"), 0, &v, &notice, &err), 0, "%s", err.text);
    cr_expect_not_null(
        strstr(strbuf_str(&notice), "message counter.add differs from the one that 'counter' 1.0.0 brought"));
    strbuf_fini(&notice);
}

/* --- which way a message must convert: to where there is a row for it --- */
Test(catalogue, a_message_may_widen_from_one_version_to_the_next)
{
    loaded("meter1", true);
    loaded("meter2", false);
}

Test(catalogue, and_the_version_before_may_come_back)
{
    loaded("meter2", true);
    loaded("meter1", false);
}

Test(catalogue, whoever_only_sends_the_layout_before_is_no_obstacle)
{
    loaded("meter1", true);
    loaded("feed1", true);
    loaded("meter2", false);
}

Test(catalogue, another_plugin_that_receives_the_layout_before_is_one)
{
    loaded("meter1", true);
    loaded("feed_hears1", true);
    cr_expect_eq(load_error("meter2"), -ERR_SCHEMA);
    expect_text(&err, "plugin 'meter' 2.0.0");
    expect_text(&err, "'feed' 1.0.0 brought");
    expect_text(&err, "field now: u64 to u32: values may not fit");
}

Test(catalogue, a_sender_of_what_the_receiver_cannot_take_is_refused)
{
    loaded("meter1", true);
    cr_expect_eq(load_error("feed2"), -ERR_SCHEMA);
    expect_text(&err, "plugin 'feed' 2.0.0");
    expect_text(&err, "'meter' 1.0.0 brought");
}

Test(catalogue, a_receiver_that_drains_and_runs_nothing_is_no_obstacle)
{
    struct version *v1 = loaded("meter1", true), *v2 = loaded("meter2", true);

    cr_expect_eq(v1->state, VERSION_DRAINING);
    loaded("feed2", true);
    cr_expect_eq(catalogue_compare(c, v1->manifest, NULL, &err), -ERR_SCHEMA, "and now it may not come back");
    expect_text(&err, "'feed' 2.0.0 brought");
    cr_expect_eq(v2->state, VERSION_ACTIVE);
}

/* Each file that cannot be loaded has its own words, and the node serves on. */
Test(catalogue, every_bad_plugin_has_its_own_error_and_leaves_the_node_as_it_was)
{
    static const struct {
        const char *plugin;
        int code;
        const char *text;
    } cases[] = {
        {"bad_extra_export", ERR_REFUSED, "exports 'helper_of_mine'"},
        {"bad_no_symbol", ERR_REFUSED, "does not export 'actor_plugin_entry'"},
        {"bad_unique", ERR_REFUSED, "'shared_by_all' is unique in the process"},
        {"bad_exec_stack", ERR_REFUSED, "executable stack"},
        {"bad_tls_static", ERR_REFUSED, "static thread-local storage"},
        {"bad_other_major", ERR_ABI, "another major number"},
        {"bad_newer_minor", ERR_ABI, "needs ABI 1.9"},
        {"bad_note_mismatch", ERR_NOTE, "the file's note says"},
        {"bad_row_missing", ERR_NOTE, "missing in its ACTOR_BEHAVIOUR"},
        {"bad_no_behaviour", ERR_NOTE, "which is no behaviour of this plugin"},
        {"bad_two_files_differ", ERR_NOTE, "define it differently"},
        {"bad_threads", ERR_REFUSED, "calls pthread_create()"},
        {"bad_message_conflict", ERR_SCHEMA, "field by"},
    };
    struct version *v1 = loaded("counter1", true), *v = NULL;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(load_error(cases[i].plugin), -cases[i].code, "%s: %s", cases[i].plugin, err.text);
        expect_text(&err, cases[i].text);
        expect_text(&err, cases[i].plugin); /* the file is named */
        cr_expect_eq(err.code, cases[i].code);
    }
    cr_expect_eq(catalogue_find(c, "counter", &v, NULL, &err), 0);
    cr_expect_eq(v, v1);
}

Test(catalogue, what_is_allowed_loads_with_a_notice)
{
    struct strbuf notice;
    struct version *v = NULL;
    uint32_t allow = 0;

    cr_assert_eq(audit_allow_parse("threads", &allow, &err), 0);
    strbuf_init(&notice);
    cr_expect_eq(catalogue_load(c, plugin_path("bad_threads"), allow, &v, &notice, &err), 0, "%s", err.text);
    cr_expect_not_null(strstr(strbuf_str(&notice), "impure: threads (pthread_create)"));
    strbuf_reset(&notice);
    cr_expect_eq(catalogue_load(c, plugin_path("bad_tls"), 0, &v, &notice, &err), 0, "%s", err.text);
    cr_expect_not_null(
        strstr(strbuf_str(&notice), "it can never be unloaded: it has thread-local variables"));
    strbuf_fini(&notice);
}

Test(catalogue, inspect_and_check_run_no_plugin_code)
{
    struct manifest *m = NULL;
    struct version *v = NULL;
    struct check k;
    char sha[SHA256_HEX], proof[4200];

    snprintf(proof, sizeof proof, "%s/constructor-ran", dir);
    cr_assert_eq(setenv("ACTOR_TEST_CONSTRUCTOR", proof, 1), 0);
    cr_assert_eq(inspect_file(&m, env_real(), plugin_path("bad_constructor"), sha, &err), 0, "%s", err.text);
    cr_expect_str_eq(m->name, "bad");
    manifest_free(m);
    cr_assert_eq(catalogue_check(c, plugin_path("bad_constructor"), 0, NULL, NULL, &k, &err), 0, "%s",
                 err.text);
    cr_expect_null(k.plan);
    check_fini(&k);
    cr_expect_neq(access(proof, F_OK), 0, "a constructor ran during inspect or check");
    cr_assert_eq(catalogue_load(c, plugin_path("bad_constructor"), 0, &v, NULL, &err), 0, "%s", err.text);
    cr_expect_eq(access(proof, F_OK), 0, "loading runs it, so the test can see it");
    unsetenv("ACTOR_TEST_CONSTRUCTOR");
}

Test(catalogue, check_plans_against_the_active_version_and_changes_nothing)
{
    struct version *v1 = loaded("counter1", true), *v = NULL;
    struct strbuf text;
    struct json json;
    struct check k;

    cr_assert_eq(catalogue_check(c, plugin_path("counter2"), 0, NULL, NULL, &k, &err), 0, "%s", err.text);
    cr_assert_not_null(k.plan);
    cr_expect_eq(k.plan->verdict, SWAP_AUTO);
    cr_expect_eq(k.plan->narrow, false);
    strbuf_init(&text);
    check_print(&k, &text);
    cr_expect_not_null(strstr(strbuf_str(&text), "counter 1.0.0 -> 2.0.0: automatic"));
    cr_expect_not_null(strstr(strbuf_str(&text), "plugin   counter 2.0.0"));
    strbuf_reset(&text);
    json_init(&json, &text);
    check_json(&k, &json);
    cr_expect_eq(json.depth, 0);
    cr_expect_not_null(strstr(strbuf_str(&text), "\"plan\":{\"plugin\":\"counter\",\"from\":\"1.0.0\""));
    strbuf_fini(&text);
    check_fini(&k);
    cr_expect_eq(catalogue_find(c, "counter@2", &v, NULL, &err), -ERR_NOTFOUND);
    cr_expect_eq(catalogue_active(c, "counter"), v1);
    /* an older version is an explicit step back: it may narrow */
    v = loaded("counter2", true);
    cr_assert_eq(catalogue_check(c, plugin_path("counter1"), 0, NULL, NULL, &k, &err), 0, "%s", err.text);
    cr_expect_eq(k.plan->narrow, true);
    cr_expect_eq(k.plan->verdict, SWAP_AUTO);
    check_fini(&k);
    cr_assert_eq(catalogue_check(c, plugin_path("bad_counter3"), 0, NULL, NULL, &k, &err), 0, "%s", err.text);
    cr_expect_eq(k.plan->verdict, SWAP_IMPOSSIBLE);
    check_fini(&k);
    cr_expect_eq(catalogue_check(c, plugin_path("twin"), 0, v, NULL, &k, &err), -ERR_INVALID);
    expect_text(&err, "cannot take over from 'counter'");
}

Test(catalogue, the_source_may_be_overwritten_or_deleted_while_its_copy_is_loaded)
{
    struct bytes b = plugin_bytes("counter1");
    struct version *v = NULL;
    char path[4200];
    int fd;

    snprintf(path, sizeof path, "%s/mine.so", dir);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_eq(write(fd, b.p, b.n), (ssize_t)b.n);
    cr_assert_eq(catalogue_load(c, path, 0, &v, NULL, &err), 0, "%s", err.text);
    cr_assert_eq(ftruncate(fd, 0), 0); /* in place: would kill a process that maps it */
    close(fd);
    cr_expect_str_eq(v->manifest->version, "1.0.0");
    cr_expect_gt(v->descriptor.ntypes, 0);
    cr_expect_eq(v->descriptor.types[0].object->schema()->head_bytes, sizeof(actor_schema_head));
    free(b.p);
}

Test(catalogue, a_file_cut_at_any_64_bytes_never_reaches_the_dynamic_linker)
{
    struct bytes b = plugin_bytes("counter1");
    char path[4200];

    snprintf(path, sizeof path, "%s/cut.so", dir);
    for (size_t n = 0; n < b.n; n += 64) {
        struct version *v = NULL;
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        cr_assert_eq(write(fd, b.p, n), (ssize_t)n);
        close(fd);
        err = (struct err){0};
        cr_expect_eq(catalogue_load(c, path, 0, &v, NULL, &err), -ERR_TRUNCATED, "%zu: %s", n, err.text);
    }
    free(b.p);
}
