#include "base/json.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct strbuf b;
static struct json j;

static void
setup(void)
{
    strbuf_init(&b);
    json_init(&j, &b);
}

static void
teardown(void)
{
    strbuf_fini(&b);
}

TestSuite(json, .init = setup, .fini = teardown);

Test(json, commas_stand_where_they_must)
{
    json_object_begin(&j);
    json_key(&j, "a");
    json_u64(&j, 1);
    json_key(&j, "b");
    json_array_begin(&j);
    json_i64(&j, -1);
    json_bool(&j, true);
    json_nil(&j);
    json_object_begin(&j);
    json_object_end(&j);
    json_array_begin(&j);
    json_array_end(&j);
    json_array_end(&j);
    json_key_n(&j, "cut", 1);
    json_object_begin(&j);
    json_key(&j, "d");
    json_str(&j, NULL);
    json_object_end(&j);
    json_key(&j, "e");
    json_str(&j, "");
    json_object_end(&j);
    cr_assert_str_eq(strbuf_str(&b), "{\"a\":1,\"b\":[-1,true,null,{},[]],\"c\":{\"d\":null},\"e\":\"\"}");
}

Test(json, integers_keep_their_ends)
{
    json_array_begin(&j);
    json_u64(&j, UINT64_MAX);
    json_i64(&j, INT64_MIN);
    json_array_end(&j);
    cr_assert_str_eq(strbuf_str(&b), "[18446744073709551615,-9223372036854775808]");
}

Test(json, doubles_read_back_the_same_and_are_short)
{
    static const double v[] = {0.1, 1.0 / 3, 1e300, -2.5, 5e-324, 123456789.125, 0.0, -0.0};

    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        double back;

        strbuf_reset(&b);
        json_init(&j, &b);
        json_f64(&j, v[i]);
        back = strtod(strbuf_str(&b), NULL);
        cr_assert_arr_eq(&back, &v[i], sizeof back);
    }
    strbuf_reset(&b);
    json_init(&j, &b);
    json_array_begin(&j);
    json_f64(&j, 0.1);
    json_f64(&j, 3.0);
    json_f64(&j, (double)NAN);
    json_f64(&j, (double)-INFINITY);
    json_array_end(&j);
    cr_assert_str_eq(strbuf_str(&b), "[0.1,3,null,null]");
}

static void
check_text(const char *in, size_t len, const char *expected)
{
    strbuf_reset(&b);
    json_init(&j, &b);
    json_str_n(&j, in, len);
    cr_assert_str_eq(strbuf_str(&b), expected, "%s", strbuf_str(&b));
}

Test(json, control_characters_and_quotes_are_escaped)
{
    check_text("a\"b\\c\n\r\t\b\f", 10, "\"a\\\"b\\\\c\\n\\r\\t\\b\\f\"");
    check_text("\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\\u007f\"");
}

Test(json, valid_utf8_passes_and_the_rest_is_replaced)
{
    check_text("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
    check_text("\xff", 1, "\"\xef\xbf\xbd\"");
    check_text("a\xc3", 2, "\"a\xef\xbf\xbd\"");                                 /* cut off */
    check_text("\xc0\xaf", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");                   /* overlong */
    check_text("\xed\xa0\x80x", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\""); /* surrogate */
    check_text("\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

Test(json, base64_has_all_three_endings)
{
    json_array_begin(&j);
    json_base64(&j, "", 0);
    json_base64(&j, "f", 1);
    json_base64(&j, "fo", 2);
    json_base64(&j, "foo", 3);
    json_base64(&j, "foobar", 6);
    json_base64(&j, "\xff\xfe\xfd", 3);
    json_array_end(&j);
    cr_assert_str_eq(strbuf_str(&b), "[\"\",\"Zg==\",\"Zm8=\",\"Zm9v\",\"Zm9vYmFy\",\"//79\"]");
}

Test(json, too_deep_is_a_failure_not_an_overrun)
{
    for (int i = 0; i < 60; i++)
        json_array_begin(&j);
    cr_assert_not(b.failed);
    json_array_begin(&j);
    cr_assert(b.failed);
    for (int i = 0; i < 100; i++)
        json_array_end(&j);
}
