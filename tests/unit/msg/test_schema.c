/* Schemas from notes: what the SDK's macros give is accepted, and every wrong byte has its own error. */
#define ACTOR_NAMESPACE ""
#include "base/util.h"
#include "msg/schema.h"
#include "note.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GREET(F) F(str, name) F(u32, times, .dflt = 1)
#define POINT(F) F(i32, x, .dflt = -5) F(u8, weight, .dflt = 7)
#define LABEL(F) F(str, text) F(nested(point), at)
#define PLAIN(F) \
    F(bool, on, .dflt = 1) F(f32, ratio, .dflt = 0.5) F(ref, who) F(opt(u64), limit) F(nested(point), at)
#define ALL(F)                                                                                             \
    F(bool, b)                                                                                             \
    F(i8, i1, .dflt = -128)                                                                                \
    F(i16, i2) F(i32, i4) F(i64, i8_) F(u8, u1, .dflt = 255) F(u16, u2) F(u32, u4)                         \
        F(u64, u8_, .was = "older") F(f32, f4) F(f64, f8, .dflt = 0.1) F(str, s, .dflt = "none")           \
            F(bin, raw, .flags = ACTOR_REQUIRED) F(ref, who) F(nested(label), one) F(list(u16), nums)      \
                F(list(nested(label)), labels) F(map(str, f64), by_name) F(map(u8, nested(point)), points) \
                    F(opt(bool), maybe) F(opt(nested(label)), perhaps)
typedef struct blob {
    int a[3];
} blob;
#define KEEPER(F) F(opaque(blob, blob), b) F(u32, n)

#define HEADED(F) F(str, note) F(u32, head) F(u8, type) F(u8, name) F(u8, was)

ACTOR_MESSAGE(greet, 1, GREET)
ACTOR_MESSAGE(headed, 1, HEADED)
ACTOR_MESSAGE_IN("other-lib", shared, 3, GREET)
ACTOR_SIGNAL(ping, 1)
ACTOR_NESTED(point, 1, POINT)
ACTOR_NESTED(label, 1, LABEL)
ACTOR_MESSAGE(plain, 1, PLAIN)
ACTOR_MESSAGE(all_kinds, 2, ALL)
ACTOR_STATE(all_state, 2, ALL)
ACTOR_ARGS(all_args, 1, ALL)
ACTOR_CONFIG(all_config, 1, ALL)
ACTOR_STATE(keeper, 1, KEEPER)

static struct env_fake env;
static struct err e;

static void
setup(void)
{
    env_fake_init(&env, 1);
    memset(&e, 0, sizeof e);
}

static void
nothing_leaks(void)
{
    cr_assert_eq(env.live_bytes, 0);
}
TestSuite(schema, .init = setup, .fini = nothing_leaks);

static struct schema_set *
build(const struct schema_raw *raw, size_t n)
{
    struct schema_set *set = NULL;
    int r = schema_set_new(&set, &env.env, raw, n, "greeter", &e);

    cr_assert_eq(r, 0, "%s", e.text);
    return set;
}

static const struct schema_raw *
all_notes(size_t *n)
{
    static struct schema_raw raw[13];
    struct schema_raw r[] = {NOTE(greet),       NOTE(shared),    NOTE(ping),        NOTE(point),
                             NOTE(point_state), NOTE(label),     NOTE(label_state), NOTE(plain),
                             NOTE(all_kinds),   NOTE(all_state), NOTE(all_args),    NOTE(all_config),
                             NOTE(keeper)};

    memcpy(raw, r, sizeof r);
    *n = ARRAY_LEN(r);
    return raw;
}

static char *
text_of(const struct schema *s)
{
    struct strbuf b;
    char *t;

    strbuf_init(&b);
    schema_print(s, &b);
    t = strdup(strbuf_str(&b));
    strbuf_fini(&b);
    return t;
}

static void
expect_text(const struct schema *s, const char *want)
{
    char *t = text_of(s);

    cr_expect_str_eq(t, want, "%s", t);
    free(t);
}

Test(schema, the_notes_of_the_sdk_are_accepted)
{
    size_t n;
    const struct schema_raw *raw = all_notes(&n);
    struct schema_set *set = build(raw, n);

    cr_expect_str_eq(set->v[0]->name, "greeter.greet");
    cr_expect_str_eq(set->v[1]->name, "other-lib.shared");
    cr_expect_eq(set->v[1]->version, 3);
    cr_expect_eq(set->v[8]->bytes, sizeof(all_kinds));
    cr_expect_eq(set->v[9]->bytes, sizeof(all_state));
    cr_expect_eq(set->v[8]->nfields, 21);
    cr_expect_eq(set->v[8]->fields[0].dflt.u, 0);
    cr_expect_eq(set->v[8]->fields[1].dflt.i, -128);
    cr_expect_eq(schema_field(set->v[8], "labels")->nested, set->v[5], "message form in messages");
    cr_expect_eq(schema_field(set->v[9], "labels")->nested, set->v[6], "state form in state");
    cr_expect_null(schema_field(set->v[8], "no_such"));
    cr_expect_eq(set->v[6]->twin, set->v[5]);
    cr_expect_eq(set->v[5]->twin, set->v[6]);
    cr_expect_null(set->v[8]->twin);
    cr_expect(schema_has_opaque(set->v[12]));
    cr_expect_not(schema_has_opaque(set->v[9]));
    schema_set_free(set);
}

Test(schema, fields_may_have_the_names_that_notes_use)
{
    struct schema_raw raw = NOTE(headed);
    struct schema_set *set = build(&raw, 1);

    expect_text(set->v[0], "greeter.headed@1{str note; u32 head; u8 type; u8 name; u8 was}");
    schema_set_free(set);
}

Test(schema, flat_means_nothing_points_out_of_the_struct)
{
    size_t n;
    const struct schema_raw *raw = all_notes(&n);
    struct schema_set *set = build(raw, n);

    cr_expect(set->v[2]->flat);
    cr_expect(set->v[3]->flat);
    cr_expect(set->v[7]->flat);
    cr_expect_not(set->v[0]->flat);
    cr_expect_not(set->v[5]->flat);
    cr_expect_not(set->v[12]->flat, "an opaque value may hold pointers");
    schema_set_free(set);
}

Test(schema, text_names_kinds_defaults_and_renames)
{
    size_t n;
    const struct schema_raw *raw = all_notes(&n);
    struct schema_set *set = build(raw, n);

    expect_text(set->v[0], "greeter.greet@1{str name; u32 times = 1}");
    expect_text(set->v[3], "greeter.point@1{i32 x = -5; u8 weight = 7}");
    expect_text(set->v[8],
                "greeter.all_kinds@2{bool b; i8 i1 = -128; i16 i2; i32 i4; i64 i8_; u8 u1 = 255; u16 u2; "
                "u32 u4; u64 u8_ was older; f32 f4; f64 f8 = 0.1; str s = \"none\"; bin raw required; ref "
                "who; label one; list(u16) nums; list(label) labels; map(str, f64) by_name; map(u8, point) "
                "points; opt(bool) maybe; opt(label) perhaps}");
    expect_text(set->v[12], "greeter.keeper@1{opaque(blob) b; u32 n}");
    schema_set_free(set);
}

Test(schema, json_lists_each_field)
{
    struct schema_raw raw = NOTE(greet);
    struct schema_set *set = build(&raw, 1);
    struct strbuf b;
    struct json j;
    char want[256];

    strbuf_init(&b);
    json_init(&j, &b);
    schema_json(set->v[0], &j);
    snprintf(want, sizeof want,
             "{\"name\":\"greeter.greet\",\"form\":\"message\",\"version\":1,\"bytes\":24,\"fingerprint\":\"%"
             "016llx\","
             "\"fields\":[{\"name\":\"name\",\"kind\":\"str\"},{\"name\":\"times\",\"kind\":\"u32\","
             "\"default\":1}]}",
             (unsigned long long)set->v[0]->fingerprint);
    cr_expect_str_eq(strbuf_str(&b), want, "%s", strbuf_str(&b));
    strbuf_fini(&b);
    schema_set_free(set);
}

Test(schema, fingerprint_is_meaning_and_layout_is_bytes)
{
    size_t n;
    const struct schema_raw *raw = all_notes(&n);
    struct schema_set *set = build(raw, n);

    cr_expect_eq(set->v[0]->fingerprint, set->v[1]->fingerprint, "names and versions do not count");
    cr_expect_eq(set->v[0]->layout, set->v[1]->layout);
    cr_expect_not(schema_same(set->v[0], set->v[1]), "another name is another type");
    cr_expect_eq(set->v[8]->fingerprint, set->v[9]->fingerprint,
                 "a message and a state of one list mean the same");
    cr_expect_neq(set->v[8]->layout, set->v[9]->layout, "but are other bytes");
    cr_expect_eq(set->v[8]->layout, set->v[10]->layout);
    cr_expect_not(schema_same(set->v[8], set->v[10]));
    cr_expect_neq(set->v[0]->fingerprint, set->v[3]->fingerprint);
    schema_set_free(set);
}

Test(schema, a_copy_outlives_its_set)
{
    size_t n;
    const struct schema_raw *raw = all_notes(&n);
    struct schema_set *set = build(raw, n);
    struct schema *copy = NULL;
    char *before = text_of(set->v[9]), *after;

    cr_assert_eq(schema_copy(&copy, &env.env, set->v[9]), 0);
    cr_expect(schema_same(copy, set->v[9]));
    cr_expect_neq(schema_field(copy, "labels")->nested, set->v[6]);
    schema_set_free(set);
    cr_expect_eq(schema_field(copy, "labels")->nested->twin->twin, schema_field(copy, "labels")->nested);
    after = text_of(copy);
    cr_expect_str_eq(before, after);
    cr_expect_eq(schema_field(schema_field(copy, "labels")->nested, "at")->nested,
                 schema_field(copy, "points")->nested);
    schema_free(copy);
    free(before);
    free(after);
}

Test(schema, every_failing_allocation_is_reported_and_leaks_nothing)
{
    size_t n;
    const struct schema_raw *raw = all_notes(&n);
    struct schema_set *set = NULL;
    struct schema *copy = NULL;
    int r = -ERR_NOMEM;

    for (uint64_t at = 1; r != 0; at++) {
        cr_assert_lt(at, 10);
        env.fail_at = at;
        r = schema_set_new(&set, &env.env, raw, n, "greeter", &e);
        cr_assert(r == 0 || r == -ERR_NOMEM);
        if (r != 0)
            cr_assert_eq(env.live_bytes, 0);
    }
    r = -ERR_NOMEM;
    for (uint64_t at = 1; r != 0; at++) {
        uint64_t before = env.live_bytes;

        cr_assert_lt(at, 10);
        env.fail_at = at;
        r = schema_copy(&copy, &env.env, set->v[9]);
        cr_assert(r == 0 || r == -ERR_NOMEM);
        if (r != 0)
            cr_assert_eq(env.live_bytes, before);
    }
    env.fail_at = 0;
    schema_free(copy);
    schema_set_free(set);
}

Test(schema, the_same_note_twice_is_one_schema_and_a_different_one_is_refused)
{
    struct schema_raw raw[] = {NOTE(greet), NOTE(ping), NOTE(greet)};
    struct schema_set *set = build(raw, 3);
    char bytes[1024];

    cr_expect_eq(set->v[0], set->v[2]);
    cr_expect_eq(schema_set_find(set, "", "greet", ACTOR_FORM_MESSAGE), set->v[0]);
    schema_set_free(set);

    memcpy(bytes, raw[2].p, raw[2].bytes);
    ((actor_schema_head *)(void *)bytes)->version = 9;
    raw[2].p = bytes;
    cr_expect_eq(schema_set_new(&set, &env.env, raw, 3, "greeter", &e), -ERR_NOTE);
    cr_expect_not_null(strstr(e.text, "define it differently"), "%s", e.text);
}

Test(schema, find_prefers_the_plugins_namespace_and_refuses_to_guess)
{
    char a[1024], b[1024];
    struct schema_raw raw[] = {NOTE(shared), {a, 0}, {b, 0}};
    struct schema_set *set;

    raw[1].bytes = raw[2].bytes = raw[0].bytes;
    memcpy(a, raw[0].p, raw[0].bytes);
    memcpy(b, raw[0].p, raw[0].bytes);
    strcpy(((actor_schema_head *)(void *)a)->ns, "third");
    set = build(raw, 1);
    cr_expect_eq(schema_set_find(set, "", "shared", ACTOR_FORM_MESSAGE), set->v[0]);
    cr_expect_null(schema_set_find(set, "", "shared", ACTOR_FORM_STATE));
    schema_set_free(set);
    set = build(raw, 2);
    cr_expect_null(schema_set_find(set, NULL, "shared", ACTOR_FORM_MESSAGE));
    cr_expect_eq(schema_set_find(set, "third", "shared", ACTOR_FORM_MESSAGE), set->v[1]);
    schema_set_free(set);
    strcpy(((actor_schema_head *)(void *)b)->ns, "greeter");
    set = build(raw, 3);
    cr_expect_eq(schema_set_find(set, NULL, "shared", ACTOR_FORM_MESSAGE), set->v[2]);
    schema_set_free(set);
}

/* --- records of other SDKs --- */

Test(schema, longer_records_of_a_later_sdk_are_read_by_their_known_part)
{
    struct schema_raw raw = NOTE(greet);
    const actor_schema_head *h = raw.p;
    char *big = calloc(1, 2048), *at = big;
    struct schema_set *set;

    memcpy(at, h, sizeof *h);
    ((actor_schema_head *)(void *)at)->head_bytes = (uint16_t)(sizeof *h + 8);
    ((actor_schema_head *)(void *)at)->field_bytes = (uint16_t)(sizeof(actor_field) + 4);
    at += sizeof *h;
    memset(at, 0xee, 8);
    at += 8;
    for (unsigned i = 0; i < 2; i++) {
        memcpy(at, (const char *)(h + 1) + i * sizeof(actor_field), sizeof(actor_field));
        at += sizeof(actor_field);
        memset(at, 0xee, 4);
        at += 4;
    }
    raw = (struct schema_raw){big, (size_t)(at - big)};
    set = build(&raw, 1);
    expect_text(set->v[0], "greeter.greet@1{str name; u32 times = 1}");
    schema_set_free(set);
    free(big);
}

Test(schema, every_shorter_note_is_truncated)
{
    struct schema_raw raw = NOTE(greet), cut;
    struct schema_set *set;

    for (size_t n = 0; n < raw.bytes; n++) {
        char *exact = malloc(n + 1); /* so that a sanitizer sees any read beyond */

        memcpy(exact, raw.p, n);
        cut = (struct schema_raw){exact, n};
        cr_assert_eq(schema_set_new(&set, &env.env, &cut, 1, "greeter", &e), -ERR_TRUNCATED, "%zu bytes", n);
        free(exact);
    }
}

/* --- wrong bytes --- */

struct patch {
    char bytes[2048];
    actor_schema_head *h;
    actor_field *f;
    struct schema_raw raw;
};

static void
patch_init(struct patch *p, struct schema_raw raw)
{
    memcpy(p->bytes, raw.p, raw.bytes);
    p->h = (actor_schema_head *)(void *)p->bytes;
    p->f = (actor_field *)(void *)(p->h + 1);
    p->raw = (struct schema_raw){p->bytes, raw.bytes};
}

static void
refused(struct patch *p, int code, const char *text)
{
    struct schema_raw raw[] = {p->raw, NOTE(point), NOTE(point_state)};
    struct schema_set *set = NULL;
    int r = schema_set_new(&set, &env.env, raw, 3, "greeter", &e);

    cr_expect_eq(r, -code, "%d: %s (want %s)", r, r ? e.text : "accepted", text);
    if (r == 0)
        schema_set_free(set);
    else
        cr_expect_not_null(strstr(e.text, text), "%s (want %s)", e.text, text);
}

#define REFUSED(T, code, text, ...) \
    do {                            \
        struct patch p;             \
        patch_init(&p, NOTE(T));    \
        __VA_ARGS__;                \
        refused(&p, code, text);    \
    } while (0)

Test(schema, wrong_heads_are_refused)
{
    REFUSED(greet, ERR_NOTE, "below", p.h->head_bytes = 8);
    REFUSED(greet, ERR_NOTE, "below", p.h->field_bytes = 100);
    REFUSED(greet, ERR_LIMIT, "at most 256", p.h->nfields = 257);
    REFUSED(greet, ERR_TRUNCATED, "do not fit", p.h->nfields = 3);
    REFUSED(greet, ERR_NOTE, "not an identifier", p.h->name[0] = '\0');
    REFUSED(greet, ERR_NOTE, "not an identifier", p.h->name[0] = '1');
    REFUSED(greet, ERR_NOTE, "not an identifier", p.h->name[1] = '.');
    REFUSED(greet, ERR_NOTE, "not an identifier", memset(p.h->name, 'a', sizeof p.h->name));
    REFUSED(greet, ERR_NOTE, "namespace", memset(p.h->ns, 'a', sizeof p.h->ns));
    REFUSED(greet, ERR_NOTE, "namespace", p.h->ns[0] = '%');
    REFUSED(greet, ERR_NOTE, "unknown form 0", p.h->form = 0);
    REFUSED(greet, ERR_NOTE, "unknown form 7", p.h->form = 7);
    REFUSED(greet, ERR_NOTE, "unknown form", p.h->zero[2] = 1);
    REFUSED(greet, ERR_LIMIT, "at most 1048576", p.h->bytes = (1u << 20) + 8);
    REFUSED(greet, ERR_NOTE, "no C struct", p.h->align = 0);
    REFUSED(greet, ERR_NOTE, "no C struct", p.h->align = 3);
    REFUSED(greet, ERR_NOTE, "no C struct", p.h->align = 32);
    REFUSED(greet, ERR_NOTE, "no C struct", p.h->bytes = 23);
}

Test(schema, wrong_fields_are_refused)
{
    REFUSED(greet, ERR_NOTE, "field 1: its name", p.f[0].name[0] = '\0');
    REFUSED(greet, ERR_NOTE, "field 1: its name", memset(p.f[0].name, 'a', 40));
    REFUSED(greet, ERR_NOTE, "name occurs twice", strcpy(p.f[1].name, "name"));
    REFUSED(greet, ERR_NOTE, "field times: unknown kind 0", p.f[1].kind = 0);
    REFUSED(greet, ERR_NOTE, "unknown kind 20", p.f[1].kind = 20);
    REFUSED(greet, ERR_NOTE, "unknown kind", p.f[1].zero = 1);
    REFUSED(greet, ERR_NOTE, "opaque is possible in state only", p.f[1].kind = ACTOR_KIND_opaque);
    REFUSED(greet, ERR_NOTE, "a u32 of u8", p.f[1].elem = ACTOR_KIND_u8);
    REFUSED(greet, ERR_NOTE, "no key of a u32", p.f[1].key = ACTOR_KIND_u8);
    REFUSED(greet, ERR_NOTE, "unknown flags 0x2", p.f[1].flags = 2);
    REFUSED(greet, ERR_NOTE, "type name is not possible", strcpy(p.f[1].type, "point"));
    REFUSED(greet, ERR_NOTE, ".was is not", strcpy(p.f[1].was, "a-b"));
    REFUSED(greet, ERR_NOTE, "still there", strcpy(p.f[1].was, "name"));
    REFUSED(greet, ERR_NOTE, "still there", strcpy(p.f[1].was, "times"));
    REFUSED(greet, ERR_NOTE, "claimed by field name too", strcpy(p.f[0].was, "x"); strcpy(p.f[1].was, "x"));
    REFUSED(greet, ERR_NOTE, "4 bytes are no u64 (8)", p.f[1].kind = ACTOR_KIND_u64);
    REFUSED(greet, ERR_NOTE, "not aligned", p.f[1].offset = 17);
    REFUSED(greet, ERR_NOTE, "outside", p.f[1].offset = 24);
    REFUSED(greet, ERR_NOTE, "outside", p.f[1].offset = 0xfffffffc);
    REFUSED(greet, ERR_NOTE, "overlaps field name", p.f[1].offset = 12);
    REFUSED(greet, ERR_NOTE, "not aligned", p.h->align = 4);
    REFUSED(greet, ERR_NOTE, "expected 0 and 0", p.f[1].elem_bytes = 1);
    REFUSED(greet, ERR_NOTE, "expected 0 and 0", p.f[0].value_offset = 1);
}

Test(schema, wrong_defaults_are_refused)
{
    REFUSED(point_state, ERR_RANGE, "default 300 does not fit into u8", p.f[1].dflt.u = 300);
    REFUSED(point_state, ERR_RANGE, "does not fit into i32", p.f[0].dflt.i = -(INT64_C(1) << 31) - 1);
    REFUSED(point_state, ERR_RANGE, "does not fit into i32", p.f[0].dflt.i = INT64_C(1) << 31);
    REFUSED(plain, ERR_RANGE, "default 2 does not fit into bool", p.f[0].dflt.u = 2);
    REFUSED(plain, ERR_RANGE, "does not fit into f32", p.f[1].dflt.f = 1e39);
    REFUSED(plain, ERR_NOTE, "a ref cannot have a default", p.f[2].dflt.u = 1);
    REFUSED(greet, ERR_RANGE, "longer than 31", memset(p.f[0].dflt.s, 'a', 32));
    REFUSED(greet, ERR_NOTE, "not UTF-8", strcpy(p.f[0].dflt.s, "\xc0\x80"));
}

Test(schema, wrong_containers_and_nested_types_are_refused)
{
    REFUSED(plain, ERR_NOTE, "a opt of list", p.f[3].elem = ACTOR_KIND_list);
    REFUSED(plain, ERR_NOTE, "a opt of opaque", p.f[3].elem = ACTOR_KIND_opaque);
    REFUSED(plain, ERR_NOTE, "no key of a opt", p.f[3].key = ACTOR_KIND_u8);
    REFUSED(plain, ERR_NOTE, "expected 8 and 8", p.f[3].elem_bytes = 4);
    REFUSED(plain, ERR_NOTE, "expected 8 and 8", p.f[3].value_offset = 0);
    REFUSED(plain, ERR_NOTE, "16 bytes are no opt (2)", p.f[3].elem = ACTOR_KIND_u8);
    REFUSED(plain, ERR_NOTFOUND, "no nested type pointy", strcpy(p.f[4].type, "pointy"));
    REFUSED(plain, ERR_NOTE, "no valid name", p.f[4].type[0] = '\0');
    REFUSED(plain, ERR_NOTE, "are no nested (8)", p.f[4].bytes = 16);
    REFUSED(plain, ERR_NOTE, "no key of a map", p.f[3].kind = ACTOR_KIND_map; p.f[3].key = ACTOR_KIND_f32);
}

Test(schema, nested_state_needs_its_message_form)
{
    struct schema_raw raw[] = {NOTE(point_state), NOTE(point)};
    struct schema_set *set = NULL;
    struct patch p;

    cr_expect_eq(schema_set_new(&set, &env.env, raw, 1, "greeter", &e), -ERR_NOTE);
    cr_expect_not_null(strstr(e.text, "message form is missing"), "%s", e.text);
    patch_init(&p, NOTE(point));
    strcpy(p.f[0].name, "other");
    raw[1] = p.raw;
    cr_expect_eq(schema_set_new(&set, &env.env, raw, 2, "greeter", &e), -ERR_NOTE);
    cr_expect_not_null(strstr(e.text, "has other fields"), "%s", e.text);
}

/* A nested type of one field: a list of TYPE. */
static void
chain_link(struct patch *p, unsigned i, unsigned next)
{
    patch_init(p, NOTE(point));
    p->h->nfields = next == 0 ? 0 : 1;
    p->h->bytes = 16;
    p->h->align = 8;
    snprintf(p->h->name, sizeof p->h->name, "n%u", i);
    memset(p->f, 0, sizeof *p->f);
    strcpy(p->f->name, "x");
    snprintf(p->f->type, sizeof p->f->type, "n%u", next);
    p->f->kind = ACTOR_KIND_list;
    p->f->elem = ACTOR_KIND_nested;
    p->f->bytes = p->f->elem_bytes = 16;
    p->raw.bytes = sizeof *p->h + p->h->nfields * sizeof *p->f;
}

Test(schema, nesting_is_at_most_eight_deep_in_whatever_order_the_notes_come)
{
    for (unsigned links = 7; links <= 9; links++)
        for (unsigned backwards = 0; backwards < 2; backwards++) {
            static struct patch p[10];
            struct schema_raw raw[10];
            struct schema_set *set = NULL;
            int r;

            for (unsigned i = 1; i <= links; i++) {
                chain_link(&p[i], i, i == links ? 0 : i + 1);
                raw[backwards ? links - i : i - 1] = p[i].raw;
            }
            r = schema_set_new(&set, &env.env, raw, links, "greeter", &e);
            cr_expect_eq(r, links <= 8 ? 0 : -ERR_LIMIT, "%u links: %d", links, r);
            if (r == 0)
                schema_set_free(set);
        }
}

Test(schema, recursion_is_refused)
{
    static struct patch p[3];
    struct schema_raw raw[2];
    struct schema_set *set;

    chain_link(&p[1], 1, 2);
    chain_link(&p[2], 2, 1);
    raw[0] = p[1].raw;
    raw[1] = p[2].raw;
    cr_expect_eq(schema_set_new(&set, &env.env, raw, 2, "greeter", &e), -ERR_LIMIT);
    cr_expect_not_null(strstr(e.text, "contains itself"), "%s", e.text);
    chain_link(&p[1], 1, 1);
    raw[0] = p[1].raw;
    cr_expect_eq(schema_set_new(&set, &env.env, raw, 1, "greeter", &e), -ERR_LIMIT);
}

Test(schema, a_plugin_name_that_is_no_namespace_is_refused)
{
    struct schema_raw raw = NOTE(greet);
    struct schema_set *set;

    cr_expect_eq(schema_set_new(&set, &env.env, &raw, 1, "", &e), -ERR_NOTE);
    cr_expect_eq(schema_set_new(&set, &env.env, &raw, 1, "a b", &e), -ERR_NOTE);
    cr_expect_eq(schema_set_new(&set, &env.env, &raw, 1, "a123456789012345678901234567890x", &e), -ERR_NOTE);
    cr_expect_eq(schema_set_new(&set, &env.env, &raw, 1, NULL, NULL), -ERR_NOTE, "without a report too");
}

/* Flip random bytes: an error or a schema, never a crash (run under the sanitizers). */
Test(schema, random_damage_gives_an_error_or_a_schema)
{
    size_t n, accepted = 0;
    const struct schema_raw *good = all_notes(&n);
    uint64_t x = 88172645463325252u;

    for (unsigned round = 0; round < 20000; round++) {
        struct schema_raw raw[13];
        struct schema_set *set = NULL;
        char copy[8192];
        size_t victim;
        int r;

        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        victim = x % n;
        memcpy(raw, good, n * sizeof *raw);
        memcpy(copy, raw[victim].p, raw[victim].bytes);
        for (unsigned i = 0; i <= x % 3; i++)
            copy[(x >> (8 + 8 * i)) % raw[victim].bytes] = (char)(x >> (16 + 8 * i));
        raw[victim].p = copy;
        r = schema_set_new(&set, &env.env, raw, n, "greeter", &e);
        if (r == 0) {
            accepted++;
            free(text_of(set->v[victim]));
            schema_set_free(set);
        }
        cr_assert_eq(env.live_bytes, 0);
    }
    cr_expect_gt(accepted, 0);
    cr_expect_lt(accepted, 19000);
}
