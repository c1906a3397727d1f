/* The JSON text of hand-made values, to the letter. Random values: tests/unit/wire/test_codec_random.c. */
#define ACTOR_NAMESPACE ""
#include "mem.h"
#include "msg/jsonview.h"
#include "msg/state.h"
#include "note.h"
#include <criterion/criterion.h>
#include <math.h>

typedef struct blob {
    int x;
} blob;
#define POINT(F)  F(i32, x) F(str, label, .dflt = "a\"b")
#define VALUES(F) F(bool, on) F(i8, low) F(u64, big) F(f32, tenth) F(f64, third) F(f64, none)
#define TEXTS(F)  F(str, text) F(bin, raw) F(ref, who) F(ref, nobody)
#define GROUPS(F)                                                                                      \
    F(list(u16), nums)                                                                                 \
    F(list(nested(point)), points) F(map(str, u32), by_name) F(map(i8, str), by_id) F(opt(u32), maybe) \
        F(opt(u32), absent) F(nested(point), at)
#define OWNER(F) F(str, name, .dflt = "me") F(opaque(blob, blob), inner)
ACTOR_NESTED(point, 1, POINT)
ACTOR_MESSAGE(values, 1, VALUES)
ACTOR_MESSAGE(texts, 1, TEXTS)
ACTOR_MESSAGE(groups, 1, GROUPS)
ACTOR_STATE(owner, 1, OWNER)
ACTOR_SIGNAL(ping, 1)

static struct mem mem;
static struct schema_set *set;
static struct strbuf out;

static void
setup(void)
{
    struct schema_raw raw[] = {NOTE(values), NOTE(texts), NOTE(groups), NOTE(owner), NOTE(ping), NOTE(point)};
    struct err e;

    mem_init(&mem);
    cr_assert_eq(schema_set_new(&set, &mem.env.env, raw, ARRAY_LEN(raw), "test", &e), 0, "%s", e.text);
    strbuf_init(&out);
}

static void
teardown(void)
{
    strbuf_fini(&out);
    schema_set_free(set);
    cr_assert_eq(mem.env.live_bytes, 0);
}

TestSuite(jsonview, .init = setup, .fini = teardown);

static const char *
view(const char *name, unsigned form, const void *v)
{
    struct json j;

    strbuf_reset(&out);
    json_init(&j, &out);
    jsonview_struct(&j, schema_set_find(set, NULL, name, form), v);
    return strbuf_str(&out);
}

Test(jsonview, numbers_keep_all_their_digits_and_no_more)
{
    values v = {1, -128, UINT64_MAX, 0.1f, 1.0 / 3, (double)NAN};

    cr_assert_str_eq(view("values", ACTOR_FORM_MESSAGE, &v),
                     "{\"on\":true,\"low\":-128,\"big\":18446744073709551615,\"tenth\":0.1,"
                     "\"third\":0.3333333333333333,\"none\":null}");
}

Test(jsonview, text_is_escaped_bytes_are_base64_and_references_are_dotted)
{
    texts v = {.text = actor_cstr("a\n\xff"), .raw = {(const uint8_t *)"\0\1\2\3", 4}, .who = {1, 20, 300}};

    cr_assert_str_eq(
        view("texts", ACTOR_FORM_MESSAGE, &v),
        "{\"text\":\"a\\n\xef\xbf\xbd\",\"raw\":\"AAECAw==\",\"who\":\"1.20.300\",\"nobody\":null}");
}

Test(jsonview, maps_are_objects_only_with_text_keys)
{
    static const uint16_t nums[] = {1, 2};
    static const point points[] = {{1, {"one", 3}}};
    static const struct {
        actor_str key;
        uint32_t value;
    } by_name[] = {{{"k", 1}, 7}};
    static const struct {
        int8_t key;
        actor_str value;
    } by_id[] = {{-1, {"x", 1}}, {2, {NULL, 0}}};
    groups v = {.nums = {nums, 2}, .points = {points, 1}, .maybe = {1, 5}, .at = {3, {NULL, 0}}};

    v.by_name.v = (void *)by_name;
    v.by_name.n = 1;
    v.by_id.v = (void *)by_id;
    v.by_id.n = 2;
    cr_assert_str_eq(
        view("groups", ACTOR_FORM_MESSAGE, &v),
        "{\"nums\":[1,2],\"points\":[{\"x\":1,\"label\":\"one\"}],\"by_name\":{\"k\":7},"
        "\"by_id\":[[-1,\"x\"],[2,\"\"]],\"maybe\":5,\"absent\":null,\"at\":{\"x\":3,\"label\":\"\"}}");
}

Test(jsonview, opaque_state_is_named_and_not_shown)
{
    struct arena a;
    owner v;

    arena_init(&a, &mem.source, NULL, 0);
    cr_assert_eq(state_init(schema_set_find(set, NULL, "owner", ACTOR_FORM_STATE), &v, &a), 0);
    cr_assert_str_eq(view("owner", ACTOR_FORM_STATE, &v),
                     "{\"name\":\"me\",\"inner\":{\"opaque\":\"blob\"}}");
    arena_drop(&a);
}

Test(jsonview, a_signal_is_an_empty_object)
{
    ping v = {0};

    cr_assert_str_eq(view("ping", ACTOR_FORM_MESSAGE, &v), "{}");
}
