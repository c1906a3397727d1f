/* Encoding by schema and back. */
#define ACTOR_NAMESPACE ""
#include "../msg/mem.h"
#include "../msg/note.h"
#include "base/random.h"
#include "msg/container.h"
#include "msg/state.h"
#include "wire/codec.h"
#include "wire/pack.h"
#include "wire/validate.h"
#include <criterion/criterion.h>
#include <math.h>
#include <msgpack.h>

#define POINT(F) F(i32, x, .dflt = -5) F(str, label, .dflt = "origin")
#define ALL(F)                                                                                             \
    F(bool, on)                                                                                            \
    F(i8, i1)                                                                                              \
    F(i16, i2)                                                                                             \
    F(i32, i4)                                                                                             \
    F(i64, i8_) F(u8, u1) F(u16, u2) F(u32, u4, .dflt = 44) F(u64, u8_) F(f32, f4) F(f64, f8, .dflt = 0.5) \
        F(str, name, .was = "old_name", .dflt = "none") F(bin, raw) F(ref, who) F(nested(point), at)       \
            F(list(u16), nums) F(list(nested(point)), points) F(map(str, f64), by_name)                    \
                F(map(i8, nested(point)), by_id) F(opt(u32), maybe) F(opt(nested(point)), perhaps)
#define STRICT(F) F(u32, must, .flags = ACTOR_REQUIRED) F(u32, may)
ACTOR_NESTED(point, 1, POINT)
ACTOR_MESSAGE(all_kinds, 1, ALL)
ACTOR_STATE(all_state, 1, ALL)
ACTOR_MESSAGE(strict, 1, STRICT)

static struct mem mem;
static struct arena arena;
static struct schema_set *set;
static const struct schema *msg, *state, *must;
static struct strbuf out;
static msgpack_unpacked doc;
static struct codec codec;
static struct err e;

static void
setup(void)
{
    struct schema_raw raw[] = {NOTE(all_kinds), NOTE(all_state), NOTE(strict), NOTE(point),
                               NOTE(point_state)};

    mem_init(&mem);
    cr_assert_eq(schema_set_new(&set, &mem.env.env, raw, 5, "test", &e), 0);
    msg = schema_set_find(set, NULL, "all_kinds", ACTOR_FORM_MESSAGE);
    state = schema_set_find(set, NULL, "all_state", ACTOR_FORM_STATE);
    must = schema_set_find(set, NULL, "strict", ACTOR_FORM_MESSAGE);
    arena_init(&arena, &mem.source, NULL, 0);
    strbuf_init(&out);
    msgpack_unpacked_init(&doc);
    codec = (struct codec){0};
    memset(&e, 0, sizeof e);
}

static void
teardown(void)
{
    msgpack_unpacked_destroy(&doc);
    strbuf_fini(&out);
    arena_drop(&arena);
    schema_set_free(set);
    cr_assert_eq(mem.env.live_bytes, 0);
}

TestSuite(codec, .init = setup, .fini = teardown);

static const msgpack_object *
parse(const void *p, size_t n)
{
    size_t off = 0;

    cr_assert_eq(wire_validate(p, n, 0, &e), 0, "%s", e.text);
    cr_assert_eq(msgpack_unpack_next(&doc, p, n, &off), MSGPACK_UNPACK_SUCCESS);
    return &doc.data;
}

/* NULL: refused, e says why. */
static void *
decode(const struct schema *s, const msgpack_object *o)
{
    size_t bytes = 0;
    void *buf;

    if (codec_measure(&codec, s, o, &bytes, &e) < 0)
        return NULL;
    buf = arena_alloc(&arena, bytes + 16);
    memset(buf, 0xee, bytes + 16);
    codec_fill(&codec, s, o, buf);
    for (int i = 0; i < 16; i++)
        cr_assert_eq(((unsigned char *)buf)[bytes + (size_t)i], 0xee, "not more than measured");
    return buf;
}

static const msgpack_object *
encoded(const struct schema *s, const void *v)
{
    cr_assert_eq(codec_encode(&out, s, v), 0);
    return parse(out.p, out.len);
}

#define STR(s) ((actor_str){(s), sizeof(s) - 1})
static const point points[] = {{1, STR("one")}, {2, STR("")}};
static const uint16_t nums[] = {7, 65535};

static all_kinds
sample(void)
{
    static const struct {
        actor_str key;
        double value;
    } by_name[] = {{STR("pi"), 3.14159}, {STR(""), -0.0}};
    static const struct {
        int8_t key;
        point value;
    } by_id[] = {{-128, {3, STR("three")}}, {4, {4, STR("four")}}};
    all_kinds v = {.on = 1,
                   .i1 = -128,
                   .i2 = -32768,
                   .i4 = INT32_MIN,
                   .i8_ = INT64_MIN,
                   .u1 = 255,
                   .u2 = 65535,
                   .u4 = UINT32_MAX,
                   .u8_ = UINT64_MAX,
                   .f4 = 0.1f,
                   .f8 = 1e300,
                   .name = STR("J\xc3\xbcrg"),
                   .raw = {(const uint8_t *)"\0\xff", 2},
                   .who = {1, 2, 3},
                   .at = {9, STR("nine")},
                   .nums = {nums, 2},
                   .points = {points, 2},
                   .maybe = {1, 0},
                   .perhaps = {1, {5, STR("five")}}};

    v.by_name.v = (void *)by_name;
    v.by_name.n = 2;
    v.by_id.v = (void *)by_id;
    v.by_id.n = 2;
    return v;
}

Test(codec, all_kinds_come_back_equal)
{
    all_kinds v = sample(), *w = decode(msg, encoded(msg, &v));

    cr_assert_not_null(w, "%s", e.text);
    cr_assert(state_equal(msg, &v, w));
    cr_assert_eq(w->u8_, UINT64_MAX);
    cr_assert_eq(w->points.n, 2);
    cr_assert_eq(codec.unknown, 0);
}

Test(codec, nothing_points_out_of_the_piece)
{
    all_kinds v = sample(), *w = decode(msg, encoded(msg, &v));

    memset(out.p, 0, out.len);
    cr_assert(state_equal(msg, &v, w));
}

Test(codec, state_form_comes_back_equal_and_lives_on)
{
    all_kinds v = sample();
    all_state *s = arena_alloc(&arena, state->bytes), *t = arena_alloc(&arena, state->bytes);
    struct undo u;

    cr_assert_eq(codec_state(&codec, state, encoded(msg, &v), s, &arena, &e), 0, "%s", e.text);
    cr_assert(value_equal_struct(state, s, msg, &v));
    strbuf_reset(&out);
    msgpack_unpacked_destroy(&doc);
    cr_assert_eq(codec_state(&codec, state, encoded(state, s), t, &arena, &e), 0);
    cr_assert(state_equal(state, s, t));
    undo_init(&u, &arena, NULL);
    cr_assert_eq(cont_map_put(&u, schema_field(state, "by_name"), (actor_map *)(void *)&t->by_name,
                              &STR("new"), &(double){1}),
                 0);
    cr_assert_eq(t->by_name.n, 3);
}

Test(codec, a_map_beyond_the_linear_size_gets_its_index)
{
    struct {
        actor_str key;
        double value;
    } many[100];
    char names[100][8];
    all_kinds v = {0};
    all_state *s = arena_alloc(&arena, state->bytes);

    for (int i = 0; i < 100; i++) {
        many[i].key = (actor_str){names[i], (uint32_t)snprintf(names[i], 8, "n%d", i)};
        many[i].value = i;
    }
    v.by_name.v = (void *)many;
    v.by_name.n = 100;
    cr_assert_eq(codec_state(&codec, state, encoded(msg, &v), s, &arena, &e), 0);
    for (int i = 0; i < 100; i++) {
        const double *d =
            cont_map_get(schema_field(state, "by_name"), (actor_map *)(void *)&s->by_name, &many[i].key);

        cr_assert_not_null(d);
        cr_assert_eq(*d, i);
    }
}

Test(codec, no_memory_for_state_is_an_error)
{
    all_kinds v = sample();
    const msgpack_object *o = encoded(msg, &v);
    all_state *s = arena_alloc(&arena, state->bytes);
    uint64_t n = 1;

    for (;; n++) {
        struct arena a;
        int r;

        arena_init(&a, &mem.source, NULL, 0);
        mem.env.fail_at = n;
        r = codec_state(&codec, state, o, s, &a, &e);
        arena_drop(&a);
        if (mem.env.fail_at != 0) {
            cr_assert_eq(r, 0);
            break;
        }
        cr_assert_eq(r, -ERR_NOMEM);
    }
    mem.env.fail_at = 0;
    cr_assert_gt(n, 2);
}

/* {"name": value...}: pack a map by hand. */
static msgpack_packer pk;
static void
map(size_t n)
{
    strbuf_reset(&out);
    pack_init(&pk, &out);
    pack_map(&pk, n);
}

Test(codec, missing_fields_get_their_defaults_also_inside_nested)
{
    all_kinds *v;

    map(0);
    v = decode(msg, parse(out.p, out.len));
    cr_assert_eq(v->u4, 44);
    cr_assert_eq(v->f8, 0.5);
    cr_assert(actor_str_eq(v->name, STR("none")));
    cr_assert_eq(v->at.x, -5);
    cr_assert(actor_str_eq(v->at.label, STR("origin")));
    cr_assert_eq(v->maybe.has, 0);
    cr_assert_eq(v->nums.n, 0);
}

Test(codec, a_missing_required_field_is_named)
{
    map(1);
    pack_str(&pk, "may");
    pack_u64(&pk, 1);
    cr_assert_null(decode(must, parse(out.p, out.len)));
    cr_assert_eq(e.code, ERR_INVALID);
    cr_assert_str_eq(e.text, "must: is required and missing");
}

Test(codec, unknown_fields_are_counted_and_the_first_is_named)
{
    all_kinds *v;

    map(3);
    pack_str(&pk, "colour");
    pack_array(&pk, 1);
    pack_u64(&pk, 1);
    pack_str(&pk, "u4");
    pack_u64(&pk, 7);
    pack_str(&pk, "shape");
    pack_nil(&pk);
    v = decode(msg, parse(out.p, out.len));
    cr_assert_eq(v->u4, 7);
    cr_assert_eq(codec.unknown, 2);
    cr_assert_str_eq(codec.unknown_name, "colour");
}

Test(codec, a_former_name_is_understood_in_state_only)
{
    all_state *v = arena_alloc(&arena, state->bytes);
    all_kinds *m;

    map(1);
    pack_str(&pk, "old_name");
    pack_str(&pk, "Ada");
    cr_assert_eq(codec_state(&codec, state, parse(out.p, out.len), v, &arena, &e), 0);
    cr_assert(actor_str_eq(actor_view(v->name), STR("Ada")));
    m = decode(msg, &doc.data);
    cr_assert(actor_str_eq(m->name, STR("none")));
    cr_assert_eq(codec.unknown, 1);
    map(2);
    pack_str(&pk, "old_name");
    pack_str(&pk, "Ada");
    pack_str(&pk, "name");
    pack_str(&pk, "Eve");
    msgpack_unpacked_destroy(&doc);
    cr_assert_eq(codec_state(&codec, state, parse(out.p, out.len), v, &arena, &e), -ERR_MALFORMED);
    cr_assert_str_eq(e.text, "test.all_state: the field 'name' is given twice");
}

Test(codec, integers_that_do_not_fit_are_refused_with_the_range)
{
    map(1);
    pack_str(&pk, "u1");
    pack_u64(&pk, 256);
    cr_assert_null(decode(msg, parse(out.p, out.len)));
    cr_assert_eq(e.code, ERR_RANGE);
    cr_assert_str_eq(e.text, "u1: out of range, u8 takes 0 to 255");
    map(1);
    pack_str(&pk, "i1");
    pack_i64(&pk, -129);
    cr_assert_null(decode(msg, parse(out.p, out.len)));
    cr_assert_str_eq(e.text, "i1: out of range, i8 takes -128 to 127");
    map(1);
    pack_str(&pk, "u4");
    pack_i64(&pk, -1);
    cr_assert_null(decode(msg, parse(out.p, out.len)));
    cr_assert_eq(e.code, ERR_RANGE);
}

Test(codec, an_integer_becomes_a_float_when_it_is_exact)
{
    all_kinds *v;

    map(2);
    pack_str(&pk, "f8");
    pack_u64(&pk, UINT64_C(1) << 63);
    pack_str(&pk, "f4");
    pack_i64(&pk, -16777216);
    v = decode(msg, parse(out.p, out.len));
    cr_assert_eq(v->f8, 9223372036854775808.0);
    cr_assert_eq(v->f4, -16777216.0f);
    map(1);
    pack_str(&pk, "f8");
    pack_u64(&pk, (UINT64_C(1) << 53) + 1);
    cr_assert_null(decode(msg, parse(out.p, out.len)));
    cr_assert_eq(e.code, ERR_RANGE);
}

Test(codec, a_wrong_type_is_named_with_its_path)
{
    map(1);
    pack_str(&pk, "points");
    pack_array(&pk, 2);
    pack_map(&pk, 0);
    pack_map(&pk, 1);
    pack_str(&pk, "label");
    pack_u64(&pk, 3);
    cr_assert_null(decode(msg, parse(out.p, out.len)));
    cr_assert_eq(e.code, ERR_TYPE);
    cr_assert_str_eq(e.text, "points[1].label: is an integer, expected str");
}

Test(codec, nothing_is_taken_for_an_absent_opt_only)
{
    all_kinds *v;

    map(1);
    pack_str(&pk, "maybe");
    pack_nil(&pk);
    v = decode(msg, parse(out.p, out.len));
    cr_assert_eq(v->maybe.has, 0);
    map(1);
    pack_str(&pk, "u4");
    pack_nil(&pk);
    cr_assert_null(decode(msg, parse(out.p, out.len)));
    cr_assert_str_eq(e.text, "u4: is nothing (nil), expected u32");
}

Test(codec, a_few_bytes_cannot_ask_for_much_memory)
{
    /* 60,000 empty maps in a list of structs with defaults: each would take a struct and its texts. */
    map(1);
    pack_str(&pk, "points");
    pack_array(&pk, 60000);
    for (int i = 0; i < 60000; i++)
        pack_map(&pk, 0);
    codec.bytes_max = 1 << 20;
    cr_assert_null(decode(msg, parse(out.p, out.len)));
    cr_assert_eq(e.code, ERR_LIMIT);
    codec.bytes_max = 0;
    cr_assert_not_null(decode(msg, &doc.data));
}

Test(codec, equal_keys_in_state_are_refused)
{
    all_state *s = arena_alloc(&arena, state->bytes);

    map(1);
    pack_str(&pk, "by_name");
    pack_map(&pk, 2);
    pack_str(&pk, "a");
    pack_f64(&pk, 1);
    pack_str(&pk, "a");
    pack_f64(&pk, 2);
    cr_assert_eq(codec_state(&codec, state, parse(out.p, out.len), s, &arena, &e), -ERR_MALFORMED);
    cr_assert_str_eq(e.text, "by_name[1]: the key is given twice");
}

Test(codec, text_forms_are_taken_from_json_only)
{
    all_kinds *v;
    const msgpack_object *o;

    map(4);
    pack_str(&pk, "raw");
    pack_str(&pk, "AP8=");
    pack_str(&pk, "who");
    pack_str(&pk, "1.20.18446744073709551615");
    pack_str(&pk, "by_id");
    pack_map(&pk, 1);
    pack_str(&pk, "-128");
    pack_map(&pk, 0);
    pack_str(&pk, "u8_");
    pack_str(&pk, "18446744073709551615");
    o = parse(out.p, out.len);
    cr_assert_null(decode(msg, o));
    cr_assert_eq(e.code, ERR_TYPE);
    codec.flags = CODEC_TEXT;
    v = decode(msg, o);
    cr_assert_not_null(v, "%s", e.text);
    cr_assert_eq(v->raw.n, 2);
    cr_assert_eq(memcmp(v->raw.p, "\0\xff", 2), 0);
    cr_assert(actor_ref_eq(v->who, (actor_ref){1, 20, UINT64_MAX}));
    cr_assert_eq(v->by_id.v[0].key, -128);
    cr_assert_eq(v->u8_, UINT64_MAX);
}

Test(codec, bad_text_forms_are_refused)
{
    static const char *const bad[][2] = {{"raw", "AP8"}, {"raw", "A*8="},    {"raw", "="},
                                         {"who", "1.2"}, {"who", "1.2.3.4"}, {"who", "1.2.x"},
                                         {"u8_", "12x"}, {"u8_", ""},        {"u1", "256"},
                                         {"i1", "-129"}, {"u1", "-1"},       {"who", "1.4294967296.1"}};

    codec.flags = CODEC_TEXT;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        map(1);
        pack_str(&pk, bad[i][0]);
        pack_str(&pk, bad[i][1]);
        cr_assert_null(decode(msg, parse(out.p, out.len)), "%s = %s", bad[i][0], bad[i][1]);
        cr_assert(e.code == ERR_SYNTAX || e.code == ERR_RANGE);
        msgpack_unpacked_destroy(&doc);
    }
}

/* As a fuzzer would: whatever the bytes, the validator refuses, or decoding gives an error or a value that
 * encodes again to something that decodes to the same. */
static bool
one_input(const char *p, size_t n)
{
    struct strbuf again;
    size_t off = 0, bytes = 0;
    void *v, *w;

    arena_drop(&arena);
    arena_init(&arena, &mem.source, NULL, 0);
    msgpack_unpacked_destroy(&doc);
    if (wire_validate(p, n, 0, &e) < 0)
        return false;
    cr_assert_eq(msgpack_unpack_next(&doc, p, n, &off), MSGPACK_UNPACK_SUCCESS);
    v = arena_alloc(&arena, state->bytes);
    (void)codec_state(&codec, state, &doc.data, v, &arena, &e);
    v = decode(msg, &doc.data);
    if (v == NULL)
        return false;
    strbuf_init(&again);
    cr_assert_eq(codec_encode(&again, msg, v), 0);
    cr_assert_eq(wire_validate(again.p, again.len, 0, NULL), 0);
    msgpack_unpacked_destroy(&doc);
    off = 0;
    cr_assert_eq(msgpack_unpack_next(&doc, again.p, again.len, &off), MSGPACK_UNPACK_SUCCESS);
    codec.flags = 0;
    cr_assert_eq(codec_measure(&codec, msg, &doc.data, &bytes, &e), 0, "%s", e.text);
    w = decode(msg, &doc.data);
    cr_assert(state_equal(msg, v, w));
    strbuf_fini(&again);
    return true;
}

Test(codec, spoiled_bytes_give_an_error_or_a_value_that_comes_back)
{
    all_kinds v = sample();
    struct rng rng;
    unsigned taken = 0;
    char bytes[1024];
    size_t n;

    cr_assert_eq(codec_encode(&out, msg, &v), 0);
    cr_assert_lt(out.len, sizeof bytes);
    rng_seed(&rng, 11);
    for (int i = 0; i < 100000; i++) {
        size_t changes = 1 + rng_below(&rng, 4);

        n = out.len;
        memcpy(bytes, out.p, n);
        while (changes-- > 0) {
            size_t at = rng_below(&rng, n);

            bytes[at] = (char)(rng_below(&rng, 2) ? rng_u64(&rng) : (uint64_t)(unsigned char)bytes[at] + 1);
        }
        if (rng_below(&rng, 16) == 0)
            n = rng_below(&rng, n);
        codec.flags = (unsigned)rng_below(&rng, 2);
        taken += one_input(bytes, n);
    }
    cr_assert_gt(taken, 5000);
}
