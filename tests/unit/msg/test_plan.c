/* Plans: which field goes where, what is refused, and that each field is named. */
#define ACTOR_NAMESPACE ""
#include "base/util.h"
#include "msg/kind.h"
#include "msg/plan.h"
#include "note.h"
#include <criterion/criterion.h>
#include <string.h>

#define V1(F)       F(u32, sum) F(str, last) F(u16, hits) F(f32, rate)
#define V2(F)       F(u64, total, .was = "sum") F(u16, hits) F(f64, rate) F(u32, limit, .dflt = 9)
#define V2_PLAIN(F) F(u16, hits) F(f64, rate) F(u32, limit, .dflt = 9) F(u64, total)
#define V3(F)       F(str, total, .was = "sum") F(u16, hits)
#define NEEDY(F)    F(u16, hits) F(u32, must, .flags = ACTOR_REQUIRED)
typedef struct blob {
    int a[3];
} blob;
#define KEEPER(F) F(opaque(blob, blob), b) F(u32, n)
#define KEPT(F)   F(u32, n)
#define INNER1(F) F(u8, small) F(str, note)
#define INNER2(F) F(u16, small) F(u32, extra, .dflt = 3)
#define OUTER1(F) \
    F(list(nested(inner1)), items) F(map(str, nested(inner1)), by_name) F(nested(inner1), one) F(u8, n)
#define OUTER2(F) \
    F(list(nested(inner2)), items) F(map(str, nested(inner2)), by_name) F(nested(inner2), one) F(u8, n)
#define SWAP1(F)  F(u32, a) F(u32, b)
#define SWAP2(F)  F(u32, b) F(u32, c, .was = "a")
#define SHADOW(F) F(u32, b, .was = "a")
#define CHAIN1(F) F(list(u8), xs) F(map(u8, i8), m) F(opt(f32), o)
#define CHAIN2(F) F(list(i16), xs) F(map(u16, i32), m) F(opt(f64), o)
#define LISTY(F)  F(list(u32), hits)

ACTOR_STATE(v1, 1, V1)
ACTOR_STATE(v2, 2, V2)
ACTOR_STATE(v3, 3, V3)
ACTOR_STATE(needy, 2, NEEDY)
ACTOR_STATE(keeper, 1, KEEPER)
ACTOR_STATE(kept, 1, KEPT)
ACTOR_STATE(swap1, 1, SWAP1)
ACTOR_STATE(swap2, 2, SWAP2)
ACTOR_STATE(shadow, 2, SHADOW)
ACTOR_STATE(chain1, 1, CHAIN1)
ACTOR_STATE(chain2, 2, CHAIN2)
ACTOR_STATE(listy, 2, LISTY)
ACTOR_NESTED(inner1, 1, INNER1)
ACTOR_NESTED(inner2, 1, INNER2)
ACTOR_STATE(outer1, 1, OUTER1)
ACTOR_STATE(outer2, 2, OUTER2)
ACTOR_MESSAGE(m1, 1, V1)
ACTOR_MESSAGE(m2, 2, V2)
ACTOR_MESSAGE(m2_plain, 2, V2_PLAIN)
ACTOR_MESSAGE(m3, 3, V3)
ACTOR_MESSAGE(m_needy, 2, NEEDY)
ACTOR_MESSAGE(mo1, 1, OUTER1)
ACTOR_MESSAGE(mo2, 2, OUTER2)

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
TestSuite(plan, .init = setup, .fini = nothing_leaks);

static int
try_plan(struct plan **ret, struct schema_raw from, struct schema_raw to, unsigned flags)
{
    struct schema_raw raw[] = {from, to, NOTE(inner1), NOTE(inner1_state), NOTE(inner2), NOTE(inner2_state)};
    struct schema_set *set;
    int r;

    r = schema_set_new(&set, env_real(), raw, ARRAY_LEN(raw), "t", &e);
    cr_assert_eq(r, 0, "%s", e.text);
    r = plan_new(ret, &env.env, set->v[0], set->v[1], flags, &e);
    schema_set_free(set); /* a plan needs nobody */
    return r;
}

static struct plan *
make(struct schema_raw from, struct schema_raw to, unsigned flags)
{
    struct plan *p = NULL;

    cr_assert_eq(try_plan(&p, from, to, flags), 0, "%s", e.text);
    return p;
}

static void
expect_text(struct plan *p, enum plan_verdict verdict, const char *want)
{
    struct strbuf b;

    strbuf_init(&b);
    plan_print(p, &b);
    cr_expect_str_eq(strbuf_str(&b), want, "%s", strbuf_str(&b));
    cr_expect_eq(plan_verdict(p), verdict);
    strbuf_fini(&b);
    plan_free(p);
}

#define PLAN(from, to, flags) make(NOTE(from), NOTE(to), flags)

Test(plan, equal_layout_is_handed_over)
{
    expect_text(
        PLAN(v1, v1, 0), PLAN_EQUAL,
        "t.v1@1 -> t.v1@1: equal\n  copy     sum\n  copy     last\n  copy     hits\n  copy     rate\n");
}

Test(plan, a_swap_adds_widens_and_renames_by_itself)
{
    struct plan *p = PLAN(v1, v2, 0);

    cr_expect_eq(plan_lost(p), 1);
    cr_expect_eq(plan_narrowed(p), 0);
    cr_expect_eq(e.code, 0);
    expect_text(p, PLAN_AUTO,
                "t.v1@1 -> t.v2@2: automatic\n  widen    total, was sum: u32 -> u64\n  copy     hits\n"
                "  widen    rate: f32 -> f64\n  default  limit = 9\n  lost     last\n");
}

Test(plan, going_back_inverts_renames_and_narrows_only_when_allowed)
{
    struct plan *p = PLAN(v2, v1, PLAN_ALLOW_NARROW);

    cr_expect_eq(plan_narrowed(p), 2);
    cr_expect_eq(plan_lost(p), 1);
    expect_text(p, PLAN_AUTO,
                "t.v2@2 -> t.v1@1: automatic\n  narrow   sum, was total: u64 -> u32\n  default  last\n  copy "
                "    hits\n"
                "  narrow   rate: f64 -> f32\n  lost     limit\n");
    expect_text(
        PLAN(v2, v1, 0), PLAN_NEEDS_MIGRATE,
        "t.v2@2 -> t.v1@1: needs migrate()\n  migrate  sum, was total: values may not fit\n  default  last\n"
        "  copy     hits\n  migrate  rate: values may not fit\n  lost     limit\n");
    cr_expect_eq(e.code, ERR_MIGRATE);
    cr_expect_str_eq(e.text, "t.v1, field sum: u64 to u32: values may not fit");
}

Test(plan, state_that_changes_kind_needs_migrate_and_names_the_field)
{
    expect_text(PLAN(v1, v3, 0), PLAN_NEEDS_MIGRATE,
                "t.v1@1 -> t.v3@3: needs migrate()\n  migrate  total, was sum: there is no automatic way\n"
                "  copy     hits\n  lost     last\n  lost     rate\n");
    cr_expect_str_eq(e.text, "t.v3, field total: u32 to str: there is no automatic way");
    cr_expect_neq(e.fix[0], '\0');
    expect_text(PLAN(v1, needy, 0), PLAN_NEEDS_MIGRATE,
                "t.v1@1 -> t.needy@2: needs migrate()\n  copy     hits\n"
                "  migrate  must: it is required, and absent on the other side\n"
                "  lost     sum\n  lost     last\n  lost     rate\n");
    plan_free(PLAN(v1, listy, 0));
    cr_expect_str_eq(e.text, "t.listy, field hits: u16 to list(u32): there is no automatic way");
}

Test(plan, an_opaque_field_goes_by_save_and_load_even_when_nothing_changed)
{
    struct plan *p = PLAN(keeper, keeper, 0);

    cr_expect(plan_loads(p));
    plan_free(p);
    p = PLAN(v1, v2, 0);
    cr_expect(!plan_loads(p));
    plan_free(p);
    expect_text(PLAN(keeper, keeper, 0), PLAN_AUTO,
                "t.keeper@1 -> t.keeper@1: automatic\n  load     b\n  copy     n\n");
    expect_text(PLAN(kept, keeper, 0), PLAN_NEEDS_MIGRATE,
                "t.kept@1 -> t.keeper@1: needs migrate()\n  migrate  b: an opaque value has no default\n  "
                "copy     n\n");
    expect_text(PLAN(keeper, kept, 0), PLAN_AUTO,
                "t.keeper@1 -> t.kept@1: automatic\n  copy     n\n  lost     b\n");
}

Test(plan, messages_go_by_name_alone)
{
    expect_text(
        PLAN(m1, m2, 0), PLAN_AUTO,
        "t.m1@1 -> t.m2@2: automatic\n  default  total\n  copy     hits\n  widen    rate: f32 -> f64\n"
        "  default  limit = 9\n  lost     sum\n  lost     last\n");
    expect_text(PLAN(m2, m2_plain, 0), PLAN_AUTO,
                "t.m2@2 -> t.m2_plain@2: automatic\n  copy     hits\n  copy     rate\n  copy     limit\n"
                "  copy     total\n");
}

Test(plan, a_message_that_cannot_be_converted_is_impossible_and_names_the_field)
{
    expect_text(PLAN(m2, m1, 0), PLAN_IMPOSSIBLE,
                "t.m2@2 -> t.m1@1: impossible\n  default  sum\n  default  last\n  copy     hits\n"
                "  refuse   rate: values may not fit\n  lost     total\n  lost     limit\n");
    cr_expect_eq(e.code, ERR_SCHEMA);
    cr_expect_str_eq(e.text, "t.m1, field rate: f64 to f32: values may not fit");
    plan_free(PLAN(m2, m3, 0));
    cr_expect_str_eq(e.text, "t.m3, field total: u64 to str: there is no automatic way");
    plan_free(PLAN(m1, m_needy, 0));
    cr_expect_str_eq(e.text, "t.m_needy, field must (u32): it is required, and absent on the other side");
    cr_expect_neq(e.fix[0], '\0');
}

Test(plan, a_message_narrows_only_when_allowed)
{
    struct plan *p = PLAN(m2, m1, PLAN_ALLOW_NARROW);

    cr_expect_eq(plan_verdict(p), PLAN_AUTO);
    cr_expect_eq(plan_narrowed(p), 1);
    plan_free(p);
}

Test(plan, nested_structs_are_compared_field_by_field_wherever_they_are)
{
    struct plan *p = PLAN(outer1, outer2, 0);

    cr_expect_eq(plan_lost(p), 1, "one pair of types, met three times");
    expect_text(
        p, PLAN_AUTO,
        "t.outer1@1 -> t.outer2@2: automatic\n  convert  items\n  convert  by_name\n  convert  one\n  copy   "
        "  n\n"
        "  widen    items[].small: u8 -> u16\n  default  items[].extra = 3\n  lost     items[].note\n");
    expect_text(
        PLAN(mo2, mo1, 0), PLAN_IMPOSSIBLE,
        "t.mo2@2 -> t.mo1@1: impossible\n  convert  items\n  convert  by_name\n  convert  one\n  copy     n\n"
        "  refuse   items[].small: values may not fit\n  default  items[].note\n  lost     items[].extra\n");
    cr_expect_str_eq(e.text, "t.mo1, field items[].small: u16 to u8: values may not fit");
}

Test(plan, fields_can_be_walked_nested_ones_last)
{
    static const struct {
        enum plan_action action;
        const char *path, *name;
    } want[] = {{PLAN_CONVERT, "", "items"},       {PLAN_CONVERT, "", "by_name"},
                {PLAN_CONVERT, "", "one"},         {PLAN_COPY, "", "n"},
                {PLAN_WIDEN, "items[].", "small"}, {PLAN_DEFAULT, "items[].", "extra"},
                {PLAN_DROP, "items[].", "note"}};
    struct plan *p = PLAN(outer1, outer2, 0);
    struct plan_field f;
    size_t pos = 0;

    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        cr_assert(plan_next(p, &pos, &f));
        cr_expect_eq(f.action, want[i].action);
        cr_expect_str_eq(f.path, want[i].path);
        cr_expect_str_eq((f.to != NULL ? f.to : f.from)->name, want[i].name);
        cr_expect_eq(f.from == NULL, f.action == PLAN_DEFAULT);
        cr_expect_eq(f.to == NULL, f.action == PLAN_DROP);
    }
    cr_expect_not(plan_next(p, &pos, &f));
    plan_free(p);
}

Test(plan, elements_and_keys_widen_too)
{
    struct plan *p = PLAN(chain2, chain1, PLAN_ALLOW_NARROW);

    cr_expect_eq(plan_narrowed(p), 3);
    plan_free(p);
    expect_text(PLAN(chain1, chain2, 0), PLAN_AUTO,
                "t.chain1@1 -> t.chain2@2: automatic\n  widen    xs: list(u8) -> list(i16)\n"
                "  widen    m: map(u8, i8) -> map(u16, i32)\n  widen    o: opt(f32) -> opt(f64)\n");
}

Test(plan, a_field_goes_to_one_partner_and_its_own_name_comes_first)
{
    expect_text(PLAN(swap1, swap2, 0), PLAN_AUTO,
                "t.swap1@1 -> t.swap2@2: automatic\n  copy     b\n  copy     c, was a\n");
    expect_text(PLAN(swap2, swap1, 0), PLAN_AUTO,
                "t.swap2@2 -> t.swap1@1: automatic\n  copy     a, was c\n  copy     b\n");
    expect_text(PLAN(swap1, shadow, 0), PLAN_AUTO,
                "t.swap1@1 -> t.shadow@2: automatic\n  copy     b\n  lost     a\n");
    expect_text(PLAN(shadow, swap1, 0), PLAN_AUTO,
                "t.shadow@2 -> t.swap1@1: automatic\n  default  a\n  copy     b\n");
}

Test(plan, state_and_message_do_not_mix)
{
    struct plan *p = PLAN(v1, m1, 0);

    cr_expect_eq(plan_verdict(p), PLAN_IMPOSSIBLE);
    cr_expect_str_eq(e.text, "t.m1: a state cannot become a message");
    plan_free(p);
}

/* Every pair of number kinds against the rule written down once more. */
Test(plan, only_lossless_widening_is_automatic)
{
    static const struct {
        unsigned from, to;
    } yes[] = {
#define W(a, b) {ACTOR_KIND_##a, ACTOR_KIND_##b}
        W(u8, u16), W(u8, u32),  W(u8, u64),  W(u16, u32), W(u16, u64), W(u32, u64), W(i8, i16),
        W(i8, i32), W(i8, i64),  W(i16, i32), W(i16, i64), W(i32, i64), W(u8, i16),  W(u8, i32),
        W(u8, i64), W(u16, i32), W(u16, i64), W(u32, i64), W(f32, f64),
#undef W
    };

    for (unsigned from = ACTOR_KIND_bool; from <= ACTOR_KIND_ref; from++)
        for (unsigned to = ACTOR_KIND_bool; to <= ACTOR_KIND_ref; to++) {
            char mem[2][sizeof(struct schema) + sizeof(struct field)] __attribute__((aligned(8))) = {{0}};
            struct schema *s[2] = {(struct schema *)(void *)mem[0], (struct schema *)(void *)mem[1]};
            unsigned kinds[2] = {from, to};
            struct plan *p;
            bool want = from == to;

            for (unsigned i = 0; i < 2; i++) {
                s[i]->form = ACTOR_FORM_MESSAGE;
                s[i]->nfields = 1;
                s[i]->layout = kinds[i];
                strcpy(s[i]->fields[0].name, "x");
                s[i]->fields[0].kind = (uint8_t)kinds[i];
                s[i]->fields[0].bytes = kind_bytes(kinds[i]);
            }
            for (unsigned i = 0; i < ARRAY_LEN(yes); i++)
                want |= yes[i].from == from && yes[i].to == to;
            cr_assert_eq(plan_new(&p, &env.env, s[0], s[1], 0, NULL), 0);
            cr_expect_eq(plan_verdict(p) != PLAN_IMPOSSIBLE, want, "%s to %s", kind_name(from),
                         kind_name(to));
            plan_free(p);
        }
}

Test(plan, json_says_what_happens_to_each_field)
{
    struct plan *p = PLAN(v1, v2, 0);
    struct strbuf b;
    struct json j;

    strbuf_init(&b);
    json_init(&j, &b);
    plan_json(p, &j);
    cr_expect_str_eq(
        strbuf_str(&b),
        "{\"from\":{\"name\":\"t.v1\",\"version\":1},\"to\":{\"name\":\"t.v2\",\"version\":2},"
        "\"verdict\":\"automatic\",\"lost\":1,\"narrowed\":0,\"fields\":["
        "{\"name\":\"total\",\"action\":\"widen\",\"was\":\"sum\",\"from\":\"u32\",\"to\":\"u64\"},"
        "{\"name\":\"hits\",\"action\":\"copy\",\"from\":\"u16\",\"to\":\"u16\"},"
        "{\"name\":\"rate\",\"action\":\"widen\",\"from\":\"f32\",\"to\":\"f64\"},"
        "{\"name\":\"limit\",\"action\":\"default\",\"to\":\"u32\",\"default\":9},"
        "{\"name\":\"last\",\"action\":\"lost\",\"from\":\"str\"}]}",
        "%s", strbuf_str(&b));
    strbuf_fini(&b);
    plan_free(p);
}

Test(plan, every_failing_allocation_is_reported_and_leaks_nothing)
{
    struct plan *p = NULL;
    int r = -ERR_NOMEM;

    for (uint64_t at = 1; r != 0; at++) {
        cr_assert_lt(at, 20);
        env.fail_at = at;
        r = try_plan(&p, NOTE(outer1), NOTE(outer2), 0);
        cr_assert(r == 0 || r == -ERR_NOMEM);
        if (r != 0)
            cr_assert_eq(env.live_bytes, 0);
    }
    plan_free(p);
}
