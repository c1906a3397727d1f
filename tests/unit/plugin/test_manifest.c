#include "fixture.h"
#include "plugin/manifest.h"
#include "plugin/notes.h"

static int
read_plugin(const char *name, struct manifest **ret, struct err *err)
{
    struct bytes b = plugin_bytes(name);
    int r = manifest_read(ret, env_real(), b.p, b.n, err);

    free(b.p); /* the manifest must not need it any more */
    return r;
}

static struct manifest *
manifest_of(const char *name)
{
    struct manifest *m = NULL;
    struct err err = {0};

    cr_assert_eq(read_plugin(name, &m, &err), 0, "%s: %s", name, err.text);
    return m;
}

Test(manifest, names_the_plugin_its_behaviours_and_their_types)
{
    struct manifest *m = manifest_of("counter1");
    const struct manifest_behaviour *b = manifest_behaviour(m, "counter");

    cr_expect_str_eq(m->name, "counter");
    cr_expect_str_eq(m->version, "1.0.0");
    cr_expect_eq(m->abi_major, 1);
    cr_assert_not_null(b);
    cr_expect_str_eq(b->state->name, "counter.counter");
    cr_expect_eq(b->nrows, 4);
    cr_expect_not_null(manifest_row(b, ACTOR_ROW_MESSAGE, "counter.add"));
    cr_expect_not_null(manifest_row(b, ACTOR_ROW_MESSAGE, "counter.reset"));
    cr_expect_null(manifest_row(b, ACTOR_ROW_MESSAGE, "counter.counted"));
    cr_expect_str_eq(manifest_row(b, ACTOR_ROW_START, NULL)->type->name, "counter.counter_args");
    cr_expect_null(manifest_row(b, ACTOR_ROW_MIGRATE, NULL));
    cr_expect_null(manifest_behaviour(m, "nobody"));
    cr_expect_null(m->config);
    cr_expect(audit_pure(&m->audit));
    cr_expect_null(m->pinned);
    manifest_free(m);
}

Test(manifest, knows_a_row_of_every_kind)
{
    struct manifest *m = manifest_of("jobs");
    const struct manifest_behaviour *b = manifest_behaviour(m, "hasher");
    const struct manifest_row *job;

    cr_assert_not_null(b);
    job = manifest_row(b, ACTOR_ROW_JOB, NULL);
    cr_assert_not_null(job);
    cr_expect_str_eq(job->type->name, "jobs.file");
    cr_expect_str_eq(job->out->name, "jobs.digest");
    cr_expect_not_null(manifest_row(b, ACTOR_ROW_MESSAGE, "actor.actor_ask_failed"));
    cr_expect_str_eq(manifest_row(b, ACTOR_ROW_START, NULL)->type->name, "actor.actor_none");
    cr_expect_not_null(manifest_row(b, ACTOR_ROW_STOP, NULL));
    cr_expect_not_null(manifest_row(b, ACTOR_ROW_MIGRATE, NULL));
    cr_assert_not_null(m->config);
    cr_expect_str_eq(m->config->name, "jobs.settings");
    manifest_free(m);
}

Test(manifest, notes_repeated_by_several_object_files_count_once)
{
    struct manifest *m = manifest_of("two_files");
    const struct manifest_behaviour *b = manifest_behaviour(m, "pair");

    cr_assert_not_null(b);
    cr_expect_eq(b->nrows, 1);
    cr_expect_gt(m->schemas->n, 0);
    manifest_free(m);
}

Test(manifest, notes_that_contradict_each_other_are_refused)
{
    struct manifest *m = NULL;
    struct err err = {0};

    cr_expect_eq(read_plugin("bad_two_files_differ", &m, &err), -ERR_NOTE);
    expect_text(&err, "pair.ping");
    cr_expect_null(m);
}

Test(manifest, another_abi_major_is_refused_with_both_sides_and_the_fix)
{
    struct manifest *m = NULL;
    struct err err = {0};

    cr_expect_eq(read_plugin("bad_other_major", &m, &err), -ERR_ABI);
    expect_text(&err, "built for ABI 2.");
    expect_text(&err, "this host has ABI 1.");
    expect_fix(&err, "rebuild");
    cr_expect_eq(notes_check_abi(0, 9, &err), -ERR_ABI);
    expect_fix(&err, "rebuild the plugin with the SDK of this host");
}

Test(manifest, a_newer_minor_is_refused_with_both_sides_and_the_fix)
{
    struct manifest *m = NULL;
    struct err err = {0};

    cr_expect_eq(read_plugin("bad_newer_minor", &m, &err), -ERR_ABI);
    expect_text(&err, "needs ABI 1.9");
    expect_text(&err, "older 1.");
    expect_fix(&err, "update actord");
    cr_expect_eq(notes_check_abi(ACTOR_ABI_MAJOR, ACTOR_ABI_MINOR, &err), 0);
}

Test(manifest, a_handler_without_its_behaviour_is_refused)
{
    struct manifest *m = NULL;
    struct err err = {0};

    cr_expect_eq(read_plugin("bad_no_behaviour", &m, &err), -ERR_NOTE);
    expect_text(&err, "'ghost', which is no behaviour");
    expect_fix(&err, "ACTOR_BEHAVIOUR(ghost");
}

Test(manifest, inspect_gives_text_and_json_that_name_everything)
{
    struct manifest *m = manifest_of("jobs");
    struct strbuf text;
    struct json json;

    strbuf_init(&text);
    manifest_print(m, &text);
    cr_expect_not_null(strstr(strbuf_str(&text), "plugin   jobs 1.2.3\n"));
    cr_expect_not_null(strstr(strbuf_str(&text), "behaviour jobs.hasher (state jobs.hasher)\n"));
    cr_expect_not_null(strstr(strbuf_str(&text), "job      jobs.file -> jobs.digest\n"));
    cr_expect_not_null(strstr(strbuf_str(&text), "jobs.digest@1{u64 sum}"));
    cr_expect_null(strstr(strbuf_str(&text), "actor.actor_terminated"));
    strbuf_reset(&text);
    json_init(&json, &text);
    manifest_json(m, &json);
    cr_expect_not_null(
        strstr(strbuf_str(&text), "{\"plugin\":\"jobs\",\"version\":\"1.2.3\",\"abi\":\"1.2\""));
    cr_expect_not_null(
        strstr(strbuf_str(&text), "{\"kind\":\"job\",\"type\":\"jobs.file\",\"out\":\"jobs.digest\"}"));
    cr_expect_eq(strbuf_str(&text)[text.len - 1], '}');
    strbuf_fini(&text);
    manifest_free(m);
}

/* Any byte of the notes, changed: an error that says something, or a manifest, never a crash. */
Test(manifest, survives_any_changed_byte_of_its_notes)
{
    struct bytes b = plugin_bytes("jobs");
    struct elf e;
    struct err err = {0};
    unsigned refused = 0, read = 0;

    cr_assert_eq(elf_read(&e, b.p, b.n, &err), 0);
    for (uint32_t s = 0; s < e.nnotes; s++)
        for (uint64_t at = e.note[s].offset; at < e.note[s].offset + e.note[s].bytes; at++) {
            unsigned char was = b.p[at];
            struct manifest *m = NULL;

            b.p[at] = was == 0 ? 0xff : (unsigned char)(was + 1);
            err = (struct err){0};
            if (manifest_read(&m, env_real(), b.p, b.n, &err) < 0) {
                refused++;
                cr_assert(err.text[0] != '\0');
            } else {
                read++;
            }
            manifest_free(m);
            b.p[at] = was;
        }
    cr_expect_gt(refused, 100);
    cr_expect_gt(read, 0); /* a changed letter of a name is another name */
    free(b.p);
}

Test(manifest, without_memory_there_is_an_error_and_no_leak)
{
    struct bytes b = plugin_bytes("jobs");
    struct env_fake env;
    struct manifest *m = NULL;
    uint64_t n;
    int r = -ERR_NOMEM;

    env_fake_init(&env, 1);
    for (n = 1; r == -ERR_NOMEM; n++) {
        struct err err = {0};

        cr_assert_lt(n, 1000);
        env.fail_at = n;
        r = manifest_read(&m, &env.env, b.p, b.n, &err);
        if (r < 0) {
            cr_assert_eq(r, -ERR_NOMEM, "%s", err.text);
            cr_assert_null(m);
            cr_assert_eq(env.live_bytes, 0, "leak when allocation %llu fails", (unsigned long long)n);
        }
    }
    cr_expect_eq(r, 0);
    cr_expect_gt(n, 5);
    manifest_free(m);
    cr_expect_eq(env.live_bytes, 0);
    free(b.p);
}
