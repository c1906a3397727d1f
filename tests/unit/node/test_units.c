/* test_units.c - numbers with units, words; UTF-8. */
#include "base/util.h"
#include "node/text.h"
#include "node/units.h"
#include <criterion/criterion.h>
#include <string.h>

static struct err e;

Test(units, a_duration_is_a_number_with_its_unit)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {{"1ns", 1},
                {"250ms", 250000000},
                {"10s", 10000000000},
                {"3m", 180000000000},
                {"1h", 3600000000000},
                {"2d", 172800000000000},
                {"200us", 200000},
                {"0s", 0}};
    uint64_t ns;

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        cr_expect_eq(units_duration(good[i].text, &ns, &e), 0, "%s", good[i].text);
        cr_expect_eq(ns, good[i].ns, "%s", good[i].text);
    }
}

Test(units, a_size_is_a_number_with_its_unit)
{
    uint64_t v;

    cr_expect(units_bytes("64MiB", &v, &e) == 0 && v == 64u << 20);
    cr_expect(units_bytes("1kB", &v, &e) == 0 && v == 1000);
    cr_expect(units_bytes("7B", &v, &e) == 0 && v == 7);
    cr_expect_eq(units_bytes("64", &v, &e), -ERR_SYNTAX);
    cr_expect_eq(units_bytes("17179869184GiB", &v, &e), -ERR_RANGE);
    cr_expect_eq(v, 7);
}

Test(units, the_text_of_a_number_reads_back_as_the_same_number)
{
    static const uint64_t samples[] = {0,
                                       1,
                                       999,
                                       1000,
                                       1001,
                                       1u << 20,
                                       60000000000,
                                       90000000000,
                                       86400000000000,
                                       UINT64_MAX,
                                       3600000000000,
                                       1ull << 40,
                                       1000000000};
    char buf[UNITS_TEXT_MAX];
    uint64_t v;

    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        cr_expect_eq(units_duration(units_duration_text(samples[i], buf), &v, &e), 0, "%s", buf);
        cr_expect_eq(v, samples[i], "%s", buf);
        cr_expect_eq(units_bytes(units_bytes_text(samples[i], buf), &v, &e), 0, "%s", buf);
        cr_expect_eq(v, samples[i], "%s", buf);
    }
    cr_expect_str_eq(units_duration_text(90000000000, buf), "90s");
    cr_expect_str_eq(units_bytes_text(64u << 20, buf), "64MiB");
}

Test(units, yes_and_no_have_three_words_each_in_any_case)
{
    static const char *const yes[] = {"yes", "true", "on", "YES", "On"}, *const no[] = {"no", "false", "off",
                                                                                        "False"};
    bool v;

    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        cr_expect(units_bool(yes[i], &v, &e) == 0 && v, "%s", yes[i]);
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        cr_expect(units_bool(no[i], &v, &e) == 0 && !v, "%s", no[i]);
    cr_expect_eq(units_bool("1", &v, &e), -ERR_TYPE);
    cr_expect_eq(units_bool("maybe", &v, &e), -ERR_TYPE);
}

Test(text, utf8_is_checked_as_the_standard_says)
{
    cr_expect_eq(utf8_bad("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 10), 10);
    cr_expect_eq(utf8_bad("a\xc3", 2), 1);
    cr_expect_eq(utf8_bad("\xe0\x80\x80", 3), 0);
    cr_expect_eq(utf8_bad("\xf4\x90\x80\x80", 4), 0);
    cr_expect_eq(utf8_bad("\xed\xbf\xbf", 3), 0);
    cr_expect_eq(utf8_chars("a\xc3\xa4\xe2\x82\xac", 6), 3);
}

Test(text, large_and_small_texts_share_one_memory)
{
    struct text t;
    char *small, *large;

    text_init(&t);
    small = text_dup(&t, "abc", 3);
    large = text_alloc(&t, 100000);
    cr_assert(small != NULL && large != NULL);
    memset(large, 'x', 100000);
    cr_expect_str_eq(small, "abc");
    cr_expect_str_eq(text_printf(&t, "%s-%d", "a", 7), "a-7");
    text_fini(&t);
}
