/* Running plans and copying messages: values arrive, bad ones are refused, and nothing leaks. */
#define ACTOR_NAMESPACE ""
#include "base/util.h"
#include "mem.h"
#include "msg/convert.h"
#include "msg/map.h"
#include "msg/state.h"
#include "msg/value.h"
#include "note.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define POINT(F) F(i32, x, .dflt = -5) F(bool, on, .dflt = 1)
#define LABEL(F) F(str, text, .dflt = "none") F(nested(point), at)
#define ALL(F)                                                                                               \
    F(bool, b)                                                                                               \
    F(u8, u1)                                                                                                \
    F(str, s)                                                                                                \
    F(bin, raw)                                                                                              \
    F(ref, who) F(nested(label), one) F(list(u16), nums) F(list(bool), flags) F(list(nested(label)), labels) \
        F(list(str), words) F(map(str, f64), by_name) F(map(u8, nested(point)), points) F(opt(u64), maybe)   \
            F(opt(nested(label)), perhaps)
#define V1(F) F(u32, sum) F(str, last) F(list(u8), xs) F(map(u8, str), m) F(f32, rate)
#define V2(F)                   \
    F(i64, total, .was = "sum") \
    F(u32, limit, .dflt = 9)    \
    F(str, note, .dflt = "fresh") F(list(i16), xs) F(map(u32, str), m) F(f64, rate) F(nested(label), tag)
#define KEEPER1(F) F(opaque(blob, blob), b) F(u32, n)
#define KEEPER2(F) F(u64, n) F(opaque(blob, blob), b)
#define ITEM1(F)   F(u8, price)
#define ITEM2(F)   F(u32, price)
#define SHOP1(F)   F(list(nested(item1)), items) F(map(u16, nested(item1)), by_id) F(opt(nested(item1)), best)
#define SHOP2(F)   F(list(nested(item2)), items) F(map(u32, nested(item2)), by_id) F(opt(nested(item2)), best)
#define M1(F)      F(u32, n) F(str, gone) F(list(nested(point)), path) F(opt(str), maybe)
#define M2(F)                      \
    F(str, added, .dflt = "hello") \
    F(u64, n) F(list(nested(point)), path) F(opt(str), maybe) F(nested(label), tag)
typedef struct blob {
    uint32_t a[3];
} blob;

ACTOR_NESTED(point, 1, POINT)
ACTOR_NESTED(label, 1, LABEL)
ACTOR_NESTED(item1, 1, ITEM1)
ACTOR_NESTED(item2, 1, ITEM2)
ACTOR_STATE(shop1, 1, SHOP1)
ACTOR_STATE(shop2, 2, SHOP2)
ACTOR_MESSAGE(all, 1, ALL)
ACTOR_STATE(v1, 1, V1)
ACTOR_STATE(v2, 2, V2)
ACTOR_STATE(keeper1, 1, KEEPER1)
ACTOR_STATE(keeper2, 2, KEEPER2)
ACTOR_MESSAGE(m1, 1, M1)
ACTOR_MESSAGE(m2, 2, M2)

static struct mem mem;
static struct arena arena;
static struct schema_set *set;
static struct err e;
enum { ALL_AT, V1_AT, V2_AT, KEEPER1_AT, KEEPER2_AT, M1_AT, M2_AT, SHOP1_AT, SHOP2_AT };

static void
setup(void)
{
    struct schema_raw raw[] = {
        NOTE(all),   NOTE(v1),    NOTE(v2),          NOTE(keeper1),     NOTE(keeper2),     NOTE(m1),
        NOTE(m2),    NOTE(shop1), NOTE(shop2),       NOTE(point),       NOTE(point_state), NOTE(label),
        NOTE(item1), NOTE(item2), NOTE(label_state), NOTE(item1_state), NOTE(item2_state)};

    mem_init(&mem);
    arena_init(&arena, &mem.source, NULL, 0);
    memset(&e, 0, sizeof e);
    cr_assert_eq(schema_set_new(&set, env_real(), raw, ARRAY_LEN(raw), "t", &e), 0, "%s", e.text);
}

static void
nothing_leaks(void)
{
    arena_drop(&arena);
    schema_set_free(set);
    cr_assert_eq(mem.env.live_bytes, 0);
}
TestSuite(convert, .init = setup, .fini = nothing_leaks);

static struct plan *
plan(unsigned from, unsigned to, unsigned flags)
{
    struct plan *p;

    cr_assert_eq(plan_new(&p, env_real(), set->v[from], set->v[to], flags, &e), 0);
    return p;
}

#define STR(s) ACTOR_STR(s)

/* A message with something in each field. */
static all
full(void)
{
    static const uint16_t nums[] = {1, 2, 65535};
    static const actor_bool flags[] = {0, 1, 7};
    static const label labels[] = {{{"a", sizeof("a") - 1}, {1, 1}}, {{"", sizeof("") - 1}, {-2, 0}}};
    static const actor_str words[] = {
        {"one", sizeof("one") - 1}, {"", sizeof("") - 1}, {"three", sizeof("three") - 1}};
    static all m;
    static __typeof__(*m.by_name.v) by_name[] = {{{"pi", sizeof("pi") - 1}, 3.14},
                                                 {{"e", sizeof("e") - 1}, 2.71}};
    static __typeof__(*m.points.v) points[] = {{3, {30, 1}}, {4, {40, 9}}};

    m = (all){.b = 5,
              .u1 = 200,
              .s = STR("text"),
              .raw = {(const uint8_t *)"\0\1\2", 3},
              .who = actor_ref_make_(1, 2, 3),
              .one = {STR("label"), {7, 1}},
              .nums = {nums, 3},
              .flags = {flags, 3},
              .labels = {labels, 2},
              .words = {words, 3},
              .maybe = {1, 77},
              .perhaps = {1, {STR("perhaps"), {8, 0}}}};
    m.by_name.v = by_name;
    m.by_name.n = 2;
    m.points.v = points;
    m.points.n = 2;
    return m;
}

/* --- deep copies of messages --- */

static all *
copy(const all *m, size_t *ret_bytes)
{
    const struct schema *s = set->v[ALL_AT];
    int64_t var = msg_copy_bytes(s, m);
    char *block;

    cr_assert_geq(var, 0);
    *ret_bytes = msg_copy_offset(s) + (size_t)var;
    block = malloc(*ret_bytes); /* exact, so that a sanitizer sees any byte beyond */
    memset(block, 0xa5, *ret_bytes);
    cr_assert_eq(msg_copy_into(s, block, (size_t)var, m), 0);
    return (all *)(void *)block;
}

static bool
inside(const void *p, const void *block, size_t bytes)
{
    return (const char *)p >= (const char *)block && (const char *)p < (const char *)block + bytes;
}

Test(convert, a_deep_copy_has_every_value_and_points_into_itself)
{
    static const actor_bool flags[] = {0, 1, 1};
    all m = full(), want = m, *c;
    __typeof__(*m.points.v) points[] = {{3, {30, 1}}, {4, {40, 1}}};
    size_t bytes;

    want.b = 1; /* what bools become */
    want.flags.v = flags;
    want.points.v = points;
    c = copy(&m, &bytes);
    cr_expect(state_equal(set->v[ALL_AT], c, &want));
    cr_expect(inside(c->s.p, c, bytes) && inside(c->raw.p, c, bytes) && inside(c->one.text.p, c, bytes));
    cr_expect(inside(c->nums.v, c, bytes) && inside(c->labels.v, c, bytes) &&
              inside(c->labels.v[0].text.p, c, bytes));
    cr_expect(inside(c->words.v[2].p, c, bytes) && inside(c->by_name.v, c, bytes) &&
              inside(c->by_name.v[1].key.p, c, bytes) && inside(c->points.v, c, bytes) &&
              inside(c->perhaps.v.text.p, c, bytes));
    cr_expect_null(c->words.v[1].p, "an empty text points nowhere");
    cr_expect_eq((uintptr_t)c->labels.v % 8, 0);
    free(c);
}

Test(convert, a_flat_type_needs_no_bytes_and_its_bools_become_0_or_1)
{
    point p = {3, 200}, q;
    const struct schema *s = schema_set_find(set, NULL, "point", ACTOR_FORM_NESTED);

    cr_expect_eq(msg_copy_bytes(s, &p), 0);
    cr_expect_eq(msg_copy_into(s, &q, 0, &p), 0);
    cr_expect_eq(q.x, 3);
    cr_expect_eq(q.on, 1);
}

Test(convert, an_absent_opt_may_hold_garbage)
{
    all m = full(), *c;
    size_t bytes;

    m.perhaps.has = 0;
    m.perhaps.v.text = (actor_str){(const char *)8, 1000};
    c = copy(&m, &bytes);
    cr_expect_eq(c->perhaps.has, 0);
    cr_expect_eq(c->perhaps.v.text.n, 0);
    free(c);
}

Test(convert, nonsense_lengths_are_refused)
{
    const struct schema *s = set->v[ALL_AT];
    all m = full();

    m.s = (actor_str){NULL, 1};
    cr_expect_eq(msg_copy_bytes(s, &m), -ERR_INVALID);
    m.s = (actor_str){NULL, 0};
    cr_expect_gt(msg_copy_bytes(s, &m), 0);
    m.s.p = "x";
    m.s.n = (16 << 20) + 1;
    cr_expect_eq(msg_copy_bytes(s, &m), -ERR_LIMIT);
    m = full();
    m.labels.n = UINT32_MAX;
    cr_expect_eq(msg_copy_bytes(s, &m), -ERR_LIMIT);
    m = full();
    m.labels.v = NULL;
    cr_expect_eq(msg_copy_bytes(s, &m), -ERR_INVALID);
}

Test(convert, a_message_past_16_mib_in_all_is_refused)
{
    all m = full();
    actor_str words[3];
    char *big = calloc(1, 8 << 20);

    for (unsigned i = 0; i < 3; i++)
        words[i] = (actor_str){big, 8 << 20};
    m.words.v = words;
    m.words.n = 1;
    cr_expect_gt(msg_copy_bytes(set->v[ALL_AT], &m), 8 << 20);
    m.words.n = 3;
    cr_expect_eq(msg_copy_bytes(set->v[ALL_AT], &m), -ERR_LIMIT);
    free(big);
}

Test(convert, a_source_that_grew_after_it_was_measured_is_refused_not_overrun)
{
    const struct schema *s = set->v[ALL_AT];
    all m = full();
    int64_t var = msg_copy_bytes(s, &m);
    char *block = malloc(msg_copy_offset(s) + (size_t)var);

    m.s = STR("a longer text than before");
    cr_expect_eq(msg_copy_into(s, block, (size_t)var, &m), -ERR_INVALID);
    free(block);
}

/* --- messages by a plan --- */

Test(convert, a_message_is_converted_by_name)
{
    static const point path[] = {{1, 200}, {2, 0}};
    m1 a = {.n = 0xffffffff, .gone = STR("gone"), .path = {path, 2}, .maybe = {1, STR("yes")}};
    struct plan *p = plan(M1_AT, M2_AT, 0);
    int64_t bytes = convert_msg_bytes(p, &a);
    m2 *b;

    cr_assert_gt(bytes, (int64_t)sizeof *b);
    b = malloc((size_t)bytes);
    cr_assert_eq(convert_msg(p, b, (size_t)bytes, &a), 0);
    cr_expect_eq(b->n, 0xffffffffu);
    cr_expect(actor_str_eq(b->added, STR("hello")));
    cr_expect(inside(b->added.p, b, (size_t)bytes));
    cr_expect_eq(b->path.n, 2);
    cr_expect_eq(b->path.v[1].x, 2);
    cr_expect_eq(b->path.v[0].on, 1, "bools become 0 or 1");
    cr_expect(actor_str_eq(b->maybe.v, STR("yes")));
    cr_expect(actor_str_eq(b->tag.text, STR("none")));
    cr_expect_eq(b->tag.at.x, -5);
    cr_expect_eq(convert_msg(p, b, (size_t)bytes - 1, &a), -ERR_INVALID);
    cr_expect_eq(convert_msg(p, b, 0, &a), -ERR_INVALID);
    a.gone.p = NULL;
    cr_expect_gt(convert_msg_bytes(p, &a), 0, "what is dropped is not looked at");
    a.path.v = NULL;
    cr_expect_eq(convert_msg_bytes(p, &a), -ERR_INVALID);
    plan_free(p);
    p = plan(M2_AT, M1_AT, 0);
    cr_expect_eq(convert_msg_bytes(p, b), -ERR_SCHEMA, "an impossible plan does not run");
    free(b);
    plan_free(p);
}

/* --- state --- */

static void
grow_v1(struct arena *a, v1 *s)
{
    uint8_t xs[] = {1, 2, 255};
    struct undo u;

    undo_init(&u, a, NULL);
    cr_assert_eq(state_init(set->v[V1_AT], s, a), 0);
    s->sum = 4000000000u;
    s->rate = 0.1f;
    cr_assert_eq(value_own(&u, ACTOR_KIND_str, NULL, &s->last, NULL, &(actor_str){"last words", 10}), 0);
    s->xs.v = memcpy(arena_get(a, 3, &(size_t){0}), xs, 3);
    s->xs.n = 3;
    s->xs.cap_ = 3;
    for (uint8_t i = 0; i < 20; i++)
        cr_assert_eq(map_put(&u, schema_field(set->v[V1_AT], "m"), (actor_map *)(void *)&s->m, &i, NULL,
                             &(actor_str){"abcdefghijklmnopqrstuvwxyz", i}),
                     0);
}

Test(convert, state_is_migrated_and_its_containers_work_afterwards)
{
    struct plan *p = plan(V1_AT, V2_AT, 0);
    const struct field *m = schema_field(set->v[V2_AT], "m");
    struct arena old;
    struct undo u;
    v1 a;
    v2 b;

    arena_init(&old, &mem.source, NULL, 0);
    grow_v1(&old, &a);
    memset(&b, 0xa5, sizeof b);
    cr_assert_eq(convert_state(p, &arena, &b, &a, &e), 0, "%s", e.text);
    arena_drop(&old); /* the new state owns all of its own */
    cr_expect_eq(b.total, 4000000000);
    cr_expect_eq(b.limit, 9);
    cr_expect(actor_str_eq(actor_view(b.note), STR("fresh")));
    cr_expect_geq(b.note.cap_, 5);
    cr_expect_eq(b.xs.n, 3);
    cr_expect_eq(b.xs.v[2], 255);
    cr_expect_eq(b.rate, (double)0.1f);
    cr_expect(actor_str_eq(actor_view(b.tag.text), STR("none")));
    cr_expect_eq(b.tag.at.on, 1);
    cr_expect_eq(b.m.n, 20);
    cr_expect_not_null(b.m.index_);
    undo_init(&u, &arena, NULL);
    for (uint32_t i = 0; i < 20; i++) {
        const char *entry = map_find(m, &b.m, &i);

        cr_assert_not_null(entry, "the index was built");
        cr_expect_eq(value_span(entry + m->value_offset).n, i);
        cr_assert_eq(map_remove(&u, m, (actor_map *)(void *)&b.m, &i), 0);
    }
    plan_free(p);
}

static int
back(v2 *b, v1 *c)
{
    struct plan *p = plan(V2_AT, V1_AT, PLAN_ALLOW_NARROW);
    int r = convert_state(p, &arena, c, b, &e);

    plan_free(p);
    return r;
}

Test(convert, going_back_tests_each_value_and_names_the_one_that_does_not_fit)
{
    struct plan *p = plan(V1_AT, V2_AT, 0);
    int16_t xs[] = {0, 255};
    v1 a, c;
    v2 b;

    grow_v1(&arena, &a);
    cr_assert_eq(convert_state(p, &arena, &b, &a, &e), 0);
    plan_free(p);
    cr_assert_eq(back(&b, &c), 0, "%s", e.text);
    cr_expect_eq(c.sum, a.sum);
    cr_expect_eq(c.rate, a.rate);
    cr_expect_eq(c.last.n, 0, "v2 did not know it");

    b.total = INT64_C(1) << 32;
    cr_expect_eq(back(&b, &c), -ERR_RANGE);
    cr_expect_str_eq(e.text, "field sum: 4294967296 does not fit into u32");
    b.total = -1;
    cr_expect_eq(back(&b, &c), -ERR_RANGE);
    cr_expect_str_eq(e.text, "field sum: -1 does not fit into u32");
    b.total = UINT32_MAX;
    b.rate = 0.1;
    cr_expect_eq(back(&b, &c), -ERR_RANGE);
    cr_expect_not_null(strstr(e.text, "field rate: 0.1000"), "%s", e.text);
    b.rate = 1e300;
    cr_expect_eq(back(&b, &c), -ERR_RANGE);
    b.rate = __builtin_inf();
    cr_expect_eq(back(&b, &c), 0);
    b.xs.v = xs;
    b.xs.n = 2;
    cr_expect_eq(back(&b, &c), 0);
    xs[1] = 256;
    cr_expect_eq(back(&b, &c), -ERR_RANGE);
    cr_expect_str_eq(e.text, "field xs[1]: 256 does not fit into u8");
}

Test(convert, a_misfit_is_named_with_its_whole_path)
{
    struct plan *p = plan(SHOP2_AT, SHOP1_AT, PLAN_ALLOW_NARROW);
    item2_state items[] = {{1}, {300}};
    __typeof__(*((shop2 *)0)->by_id.v) by_id[] = {{1, {2}}, {70000, {4}}};
    shop1 a;
    shop2 b;

    memset(&b, 0, sizeof b);
    b.items.v = items;
    b.items.n = 2;
    cr_expect_eq(convert_state(p, &arena, &a, &b, &e), -ERR_RANGE);
    cr_expect_str_eq(e.text, "field items[1].price: 300 does not fit into u8");
    b.items.n = 1;
    b.best.has = 1;
    b.best.v.price = 256;
    cr_expect_eq(convert_state(p, &arena, &a, &b, &e), -ERR_RANGE);
    cr_expect_str_eq(e.text, "field best.price: 256 does not fit into u8");
    b.best.has = 0;
    b.by_id.v = by_id;
    b.by_id.n = 2;
    cr_expect_eq(convert_state(p, &arena, &a, &b, &e), -ERR_RANGE);
    cr_expect_str_eq(e.text, "field by_id[1]: 70000 does not fit into u16");
    b.by_id.n = 1;
    cr_expect_eq(convert_state(p, &arena, &a, &b, &e), 0);
    cr_expect_eq(a.by_id.v[0].value.price, 2);
    plan_free(p);
}

Test(convert, opaque_state_is_zeroed_for_load_to_fill)
{
    struct plan *p = plan(KEEPER1_AT, KEEPER2_AT, 0);
    keeper1 a = {{{1, 2, 3}}, 4};
    keeper2 b;

    memset(&b, 0xa5, sizeof b);
    cr_assert_eq(plan_verdict(p), PLAN_AUTO);
    cr_assert_eq(convert_state(p, &arena, &b, &a, &e), 0);
    cr_expect_eq(b.n, 4);
    cr_expect_eq(b.b.a[0] | b.b.a[1] | b.b.a[2], 0);
    plan_free(p);
}

Test(convert, every_failing_allocation_is_reported_and_the_arena_drops_the_rest)
{
    struct plan *p = plan(V1_AT, V2_AT, 0);
    struct arena old;
    uint64_t before;
    int r = -ERR_NOMEM;
    unsigned failed = 0;
    v1 a;
    v2 b;

    arena_init(&old, &mem.source, NULL, 0);
    grow_v1(&old, &a);
    before = mem.env.live_bytes;
    for (uint64_t at = 1; r != 0; at++) {
        mem.env.fail_at = at;
        r = convert_state(p, &arena, &b, &a, &e);
        cr_assert(r == 0 || r == -ERR_NOMEM);
        failed += r != 0;
        mem.env.fail_at = 0;
        arena_drop(&arena);
        arena_init(&arena, &mem.source, NULL, 0);
        cr_assert_eq(mem.env.live_bytes, before);
    }
    cr_expect_gt(failed, 1);
    arena_drop(&old);
    plan_free(p);
}
