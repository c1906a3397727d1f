#define ACTOR_NAMESPACE ""
#include "mem.h"
#include "msg/textval.h"
#include "note.h"
#include <criterion/criterion.h>
#include <math.h>

#define LIMITS(F) F(u32, max, .flags = ACTOR_REQUIRED) F(str, unit, .dflt = "s")
#define ARGS(F)                                                                                      \
    F(bool, on)                                                                                      \
    F(i8, low) F(u8, small) F(i64, wide) F(u64, big, .dflt = 5) F(f32, part) F(f64, ratio)           \
        F(str, name, .flags = ACTOR_REQUIRED) F(bin, raw) F(ref, who) F(list(u16), ports)            \
            F(list(str), words) F(map(str, u32), table) F(opt(u32), maybe) F(nested(limits), limits) \
                F(list(nested(limits)), many)
ACTOR_NESTED(limits, 1, LIMITS)
ACTOR_ARGS(args, 1, ARGS)

static struct mem mem;
static struct arena arena;
static struct schema_set *set;
static struct textval t;
static args v;
static struct err e;

static void
setup(void)
{
    struct schema_raw raw[] = {NOTE(args), NOTE(limits)};

    mem_init(&mem);
    cr_assert_eq(schema_set_new(&set, &mem.env.env, raw, 2, "test", &e), 0, "%s", e.text);
    arena_init(&arena, &mem.source, NULL, 0);
    cr_assert_eq(textval_begin(&t, schema_set_find(set, NULL, "args", ACTOR_FORM_ARGS), &v, &arena), 0);
    memset(&e, 0, sizeof e);
}

static void
teardown(void)
{
    arena_drop(&arena);
    schema_set_free(set);
    cr_assert_eq(mem.env.live_bytes, 0);
}

TestSuite(textval, .init = setup, .fini = teardown);

static int
put(const char *name, const char *text)
{
    return textval_set(&t, name, strlen(name), text, strlen(text), &e);
}

static int
again(const char *name, const char *text)
{
    t.given = NULL;
    return put(name, text);
}

Test(textval, defaults_stand_where_nothing_is_given)
{
    cr_assert_eq(v.big, 5);
    cr_assert(actor_str_eq(v.limits.unit, actor_cstr("s")));
}

Test(textval, whole_numbers_are_read_up_to_their_limits)
{
    cr_assert_eq(put("low", "-128"), 0);
    cr_assert_eq(put("small", "0xfF"), 0);
    cr_assert_eq(put("wide", "-9223372036854775808"), 0);
    cr_assert_eq(put("big", "18446744073709551615"), 0);
    cr_assert_eq(v.low, -128);
    cr_assert_eq(v.small, 255);
    cr_assert_eq(v.wide, INT64_MIN);
    cr_assert_eq(v.big, UINT64_MAX);
    cr_assert_eq(again("low", "+7"), 0);
    cr_assert_eq(v.low, 7);
}

Test(textval, a_number_out_of_range_is_refused_with_the_range)
{
    cr_assert_eq(put("small", "300"), -ERR_RANGE);
    cr_assert_str_eq(e.text, "'small': 300 is out of range, u8 takes 0 to 255");
    cr_assert_eq(put("low", "-129"), -ERR_RANGE);
    cr_assert_str_eq(e.text, "'low': -129 is out of range, i8 takes -128 to 127");
    cr_assert_eq(put("small", "-1"), -ERR_RANGE);
    cr_assert_eq(put("big", "18446744073709551616"), -ERR_RANGE);
    cr_assert_eq(put("wide", "9223372036854775808"), -ERR_RANGE);
    cr_assert_eq(put("part", "1e39"), -ERR_RANGE);
    cr_assert_eq(put("ratio", "1e309"), -ERR_RANGE);
    cr_assert_eq(v.small, 0);
    cr_assert_eq(v.big, 5);
}

Test(textval, what_is_no_number_is_refused_units_too)
{
    static const char *const bad[] = {"", "-", "0x", "12a", "10s", "64MiB", "1.5", " 1", "1 ", "--1", "0x-1"};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        cr_assert_eq(put("big", bad[i]), -ERR_SYNTAX, "'%s'", bad[i]);
    cr_assert_eq(put("ratio", "1.5x"), -ERR_SYNTAX);
    cr_assert_eq(put("ratio", ""), -ERR_SYNTAX);
    cr_assert_eq(put("big", "10s"), -ERR_SYNTAX);
    cr_assert_str_eq(e.text, "'big': '10s' is not a whole number from 0 on");
}

Test(textval, floats_and_flags_have_their_usual_spellings)
{
    static const char *const yes[] = {"yes", "TRUE", "On", "1"}, *const no[] = {"no", "False", "off", "0"};

    cr_assert_eq(put("ratio", "-2.5e3"), 0);
    cr_assert_eq(v.ratio, -2500);
    cr_assert_eq(put("part", "inf"), 0);
    cr_assert(isinf(v.part));
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(again("on", yes[i]), 0);
        cr_assert_eq(v.on, 1);
        cr_assert_eq(again("on", no[i]), 0);
        cr_assert_eq(v.on, 0);
    }
    cr_assert_eq(again("on", "ja"), -ERR_SYNTAX);
    cr_assert_str_eq(e.text, "'on': 'ja' is not yes or no");
}

Test(textval, text_is_copied_as_it_is)
{
    char text[] = "a, b";

    cr_assert_eq(put("name", text), 0);
    text[0] = 'X';
    cr_assert(actor_str_eq(v.name, actor_cstr("a, b")));
}

Test(textval, lists_are_split_at_commas)
{
    cr_assert_eq(put("ports", "80, 443 ,8080"), 0);
    cr_assert_eq(v.ports.n, 3);
    cr_assert_eq(v.ports.v[1], 443);
    cr_assert_eq(put("words", "one,two words"), 0);
    cr_assert_eq(v.words.n, 2);
    cr_assert(actor_str_eq(v.words.v[1], actor_cstr("two words")));
    cr_assert_eq(again("ports", ""), 0);
    cr_assert_eq(v.ports.n, 0);
    cr_assert_eq(again("ports", "1,,2"), -ERR_SYNTAX);
    cr_assert_str_eq(e.text, "'ports': a value is missing between commas");
    cr_assert_eq(again("ports", "1,70000"), -ERR_RANGE);
    cr_assert_str_eq(e.text, "'ports': 70000 is out of range, u16 takes 0 to 65535");
}

Test(textval, an_opt_is_present_once_given)
{
    cr_assert_eq(v.maybe.has, 0);
    cr_assert_eq(put("maybe", "x"), -ERR_SYNTAX);
    cr_assert_eq(v.maybe.has, 0);
    cr_assert_eq(put("maybe", "9"), 0);
    cr_assert_eq(v.maybe.has, 1);
    cr_assert_eq(v.maybe.v, 9);
}

Test(textval, nested_fields_are_reached_with_dots)
{
    cr_assert_eq(put("limits.max", "3"), 0);
    cr_assert_eq(v.limits.max, 3);
    cr_assert_eq(put("limits", "3"), -ERR_UNSUPPORTED);
    cr_assert_str_eq(e.fix, "set its fields one by one: limits.FIELD");
    cr_assert_eq(put("limits.min", "3"), -ERR_NOTFOUND);
    cr_assert_str_eq(e.text, "test.limits has no field 'min'");
    cr_assert_str_eq(e.fix, "it has: max, unit");
    cr_assert_eq(put("big.max", "3"), -ERR_NOTFOUND);
}

Test(textval, what_text_cannot_say_is_refused)
{
    cr_assert_eq(put("raw", "abc"), -ERR_UNSUPPORTED);
    cr_assert_eq(put("who", "1.2.3"), -ERR_UNSUPPORTED);
    cr_assert_eq(put("table", "a=1"), -ERR_UNSUPPORTED);
    cr_assert_eq(put("many", "a"), -ERR_UNSUPPORTED);
    cr_assert_str_eq(e.text, "'many': a value of kind list(limits) cannot be written as text");
    cr_assert_str_eq(e.fix, "give 'many' in JSON");
}

Test(textval, unknown_and_repeated_fields_are_refused)
{
    cr_assert_eq(put("nam", "x"), -ERR_NOTFOUND);
    cr_assert_str_eq(e.text, "test.args has no field 'nam'");
    cr_assert_eq(put("big", "1"), 0);
    cr_assert_eq(put("big", "2"), -ERR_EXISTS);
    cr_assert_eq(v.big, 1);
}

Test(textval, required_fields_are_missed_at_the_end)
{
    cr_assert_eq(textval_end(&t, &e), -ERR_INVALID);
    cr_assert_str_eq(e.text, "test.args: the field 'name' is required");
    cr_assert_eq(put("name", "n"), 0);
    cr_assert_eq(textval_end(&t, &e), 0);
    cr_assert_eq(put("limits.unit", "ms"), 0);
    cr_assert_eq(textval_end(&t, &e), -ERR_INVALID);
    cr_assert_str_eq(e.text, "test.limits: the field 'max' is required");
    cr_assert_eq(put("limits.max", "1"), 0);
    cr_assert_eq(textval_end(&t, &e), 0);
}

Test(textval, no_memory_is_an_error_and_changes_nothing)
{
    char text[300];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    mem.env.fail_at = 1;
    mem.env.fail_from = true;
    cr_assert_eq(put("name", text), -ERR_NOMEM);
    cr_assert_eq(v.name.n, 0);
    mem.env.fail_at = 0;
}
