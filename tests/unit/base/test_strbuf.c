#include "base/strbuf.h"
#include <criterion/criterion.h>
#include <string.h>

Test(strbuf, empty_is_an_empty_string)
{
    struct strbuf b;

    strbuf_init(&b);
    cr_assert_str_eq(strbuf_str(&b), "");
    cr_assert_eq(b.len, 0u);
    strbuf_fini(&b);
}

Test(strbuf, appends_grow_and_stay_terminated)
{
    struct strbuf b;

    strbuf_init(&b);
    for (size_t i = 0; i < 10000; i++) {
        strbuf_putc(&b, (char)('a' + i % 26));
        cr_assert_eq(b.len, i + 1);
        cr_assert_eq(b.p[i + 1], '\0');
    }
    for (size_t i = 0; i < 10000; i++)
        cr_assert_eq(b.p[i], (char)('a' + i % 26));
    strbuf_fini(&b);
}

Test(strbuf, every_length_around_a_growth_step_fits)
{
    char text[300];

    memset(text, 'y', sizeof text);
    for (size_t n = 0; n < sizeof text; n++) {
        struct strbuf b;

        strbuf_init(&b);
        strbuf_add(&b, text, n);
        strbuf_add(&b, text, n);
        cr_assert_eq(b.len, 2 * n);
        cr_assert_not(b.failed);
        cr_assert_eq(strlen(strbuf_str(&b)), 2 * n);
        strbuf_fini(&b);
    }
}

Test(strbuf, printf_mixes_with_the_rest)
{
    struct strbuf b;

    strbuf_init(&b);
    strbuf_puts(&b, "a=");
    strbuf_printf(&b, "%d, %s", 7, "seven");
    strbuf_add(&b, "\0!", 2);
    cr_assert_eq(b.len, 12u);
    cr_assert_arr_eq(b.p, "a=7, seven\0!", 13);
    strbuf_fini(&b);
}

Test(strbuf, reset_keeps_the_memory)
{
    struct strbuf b;
    char *was;

    strbuf_init(&b);
    strbuf_puts(&b, "some text");
    was = b.p;
    strbuf_reset(&b);
    cr_assert_str_eq(strbuf_str(&b), "");
    strbuf_puts(&b, "more");
    cr_assert_eq(b.p, was);
    cr_assert_str_eq(strbuf_str(&b), "more");
    strbuf_fini(&b);
}

Test(strbuf, absurd_length_fails_instead_of_wrapping)
{
    struct strbuf b;

    strbuf_init(&b);
    strbuf_puts(&b, "kept");
    strbuf_add(&b, "x", (size_t)-1);
    cr_assert(b.failed);
    strbuf_puts(&b, "ignored");
    cr_assert_str_eq(strbuf_str(&b), "kept");
    strbuf_fini(&b);
}
