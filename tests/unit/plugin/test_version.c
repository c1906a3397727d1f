#include "fixture.h"
#include "plugin/version.h"
#include <unistd.h>

static int
load(const char *name, struct version **ret, struct err *err)
{
    struct bytes b = plugin_bytes(name);
    struct manifest *m = NULL;
    char path[4096];
    int r;

    cr_assert_eq(manifest_read(&m, env_real(), b.p, b.n, err), 0, "%s: %s", name, err->text);
    free(b.p);
    cr_assert_not_null(realpath(plugin_path(name), path));
    r = version_load(ret, env_real(), 7, path, "abcd", m, err);
    if (r < 0)
        manifest_free(m);
    return r;
}

static struct version *
loaded(const char *name)
{
    struct version *v = NULL;
    struct err err = {0};

    cr_assert_eq(load(name, &v, &err), 0, "%s: %s", name, err.text);
    return v;
}

Test(version, the_loaded_code_agrees_with_its_notes)
{
    struct version *v = loaded("jobs");
    const struct descriptor *d = &v->descriptor;
    bool atomic = false, job = false;

    cr_expect_eq(v->state, VERSION_LOADED);
    cr_expect_eq(v->id, 7);
    cr_assert_eq(d->nbehaviours, 1);
    cr_expect_eq(d->behaviours[0].nrows, 8);
    for (uint32_t i = 0; i < d->behaviours[0].nrows; i++) {
        const struct descriptor_row *row = &d->behaviours[0].rows[i];

        atomic |= row->kind == ACTOR_ROW_ATOMIC && row->value == 64 && row->declared == NULL;
        job |= row->kind == ACTOR_ROW_JOB && strcmp(row->job, "checksum") == 0 && row->fn != NULL;
    }
    cr_expect(atomic);
    cr_expect(job);
    version_free(v);
}

Test(version, types_are_filled_from_the_nodes_catalogue)
{
    struct version *v = loaded("jobs"), *w;
    struct types types;
    struct err err = {0};
    unsigned mail = 0, other = 0;

    types_init(&types, env_real(), 0);
    cr_assert_eq(version_bind(v, &types, &err), 0, "%s", err.text);
    for (size_t i = 0; i < v->descriptor.ntypes; i++) {
        const actor_type *o = v->descriptor.types[i].object;
        const struct schema *s = v->descriptor.types[i].schema;

        cr_expect_eq(o->units_, (s->flat && s->bytes % 8 == 0 && s->bytes <= 32 ? s->bytes / 8 : 0xffff));
        cr_expect_eq((o->flags_ & ACTOR_TYPE_FLAT_) != 0, s->flat);
        if (s->form == ACTOR_FORM_MESSAGE || s->form == ACTOR_FORM_ARGS) {
            const struct msg_type *t = types_get(&types, (uint32_t)o->head_);

            cr_assert_not_null(t);
            cr_expect_eq(o->head_, t->head);
            cr_expect_str_eq(t->schema->name, s->name);
            mail++;
        } else {
            cr_expect_eq(o->head_, 0);
            other++;
        }
    }
    cr_expect_gt(mail, 3);
    cr_expect_gt(other, 1);
    /* another plugin with the same header: the same ids */
    w = loaded("counter1");
    cr_assert_eq(version_bind(w, &types, &err), 0, "%s", err.text);
    version_free(w);
    version_free(v);
    types_fini(&types);
}

Test(version, a_descriptor_that_disagrees_with_its_note_is_refused)
{
    struct version *v = NULL;
    struct err err = {0};
    bool mapped = true;
    char path[4096];

    cr_expect_eq(load("bad_note_mismatch", &v, &err), -ERR_NOTE);
    expect_text(&err, "the loaded code is 'bad' 2.0.0, the file's note says 'bad' 1.0.0");
    cr_expect_null(v);
    cr_assert_not_null(realpath(plugin_path("bad_note_mismatch"), path));
    cr_expect_eq(image_mapped(path, &mapped, &err), 0);
    cr_expect_eq(mapped, false);
}

Test(version, a_handler_missing_in_its_behaviour_is_refused_with_that_sentence)
{
    struct version *v = NULL;
    struct err err = {0};

    cr_expect_eq(load("bad_row_missing", &v, &err), -ERR_NOTE);
    expect_text(&err,
                "behaviour 'bad' has a message handler for bad.tick that is missing in its ACTOR_BEHAVIOUR");
    expect_fix(&err, "add ACTOR_ROW(bad, tick) to ACTOR_BEHAVIOUR(bad, ...)");
}

Test(version, every_disagreement_of_row_and_type_is_refused)
{
    static const struct {
        const char *plugin, *text;
    } cases[] = {
        {"bad_row_twice", "two message rows for bad.ping"},
        {"bad_not_named", "behaviour 'other' is not named in ACTOR_PLUGIN"},
        {"bad_pointers", "points outside the plugin"},
        {"bad_schema_differs", "the type 'ping' of the loaded code is not the one"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct version *v = NULL;
        struct err err = {0};

        cr_expect_eq(load(cases[i].plugin, &v, &err), -ERR_NOTE, "%s", cases[i].plugin);
        cr_expect(strstr(err.text, cases[i].text) != NULL, "%s: %s", cases[i].plugin, err.text);
    }
}

Test(version, unloading_unmaps_the_file)
{
    struct version *v = loaded("counter1");
    struct err err = {0};
    bool mapped = false;
    uintptr_t start, end;

    image_code(&v->image, &start, &end);
    cr_expect_gt(end, start);
    cr_expect_eq(image_mapped(v->path, &mapped, &err), 0);
    cr_expect(mapped);
    cr_expect_eq(version_unload(v, &err), 0, "%s", err.text);
    cr_expect_eq(v->state, VERSION_UNLOADED);
    cr_expect_eq(image_mapped(v->path, &mapped, &err), 0);
    cr_expect_eq(mapped, false);
    version_free(v);
}

Test(version, a_file_that_stays_mapped_is_reported)
{
    struct version *v = loaded("bad_tls"), *a = loaded("counter2"), *b = loaded("counter2");
    struct err err = {0};

    cr_expect_eq(version_unload(v, &err), -ERR_BUSY);
    expect_text(&err, "stays mapped: it has thread-local variables");
    version_free(v);
    cr_expect_eq(version_unload(a, &err), -ERR_BUSY); /* b holds the same file */
    expect_text(&err, "still mapped");
    cr_expect_not_null(a->pinned);
    cr_expect_eq(version_unload(b, &err), 0);
    version_free(a);
    version_free(b);
}

Test(version, a_thousand_loads_and_unloads_leave_no_mapping)
{
    struct err err = {0};

    for (int i = 0; i < 1000; i++) {
        struct version *v = loaded("counter1");

        cr_assert_eq(version_unload(v, &err), 0, "%s", err.text);
        version_free(v);
    }
}

Test(version, without_memory_there_is_an_error_and_nothing_stays)
{
    struct bytes b = plugin_bytes("jobs");
    struct env_fake env;
    struct manifest *m = NULL;
    struct version *v = NULL;
    struct err err = {0};
    char path[4096];
    bool mapped = true;
    uint64_t n;
    int r = -ERR_NOMEM;

    env_fake_init(&env, 1);
    cr_assert_not_null(realpath(plugin_path("jobs"), path));
    cr_assert_eq(manifest_read(&m, &env.env, b.p, b.n, &err), 0);
    for (n = 1; r == -ERR_NOMEM; n++) {
        uint64_t live = env.live_bytes;

        cr_assert_lt(n, 100);
        env.fail_at = n;
        r = version_load(&v, &env.env, 1, path, "abcd", m, &err);
        if (r == 0)
            break;
        cr_assert_eq(env.live_bytes, live);
        cr_expect_eq(image_mapped(path, &mapped, &err), 0);
        cr_expect_eq(mapped, false);
    }
    cr_expect_eq(r, 0);
    version_free(v);
    cr_expect_eq(env.live_bytes, 0);
    free(b.p);
}
