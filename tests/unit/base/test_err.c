#include "base/err.h"
#include <criterion/criterion.h>
#include <string.h>

Test(err, names_and_texts_take_either_sign)
{
    cr_assert_str_eq(err_name(ERR_NOMEM), "NOMEM");
    cr_assert_str_eq(err_name(-ERR_NOMEM), "NOMEM");
    cr_assert_str_eq(err_text(-ERR_TIMEOUT), "timed out");
    cr_assert_str_eq(err_text(4711), "unknown error");
    cr_assert_str_eq(err_name(4711), "UNKNOWN");
}

Test(err, numbers_are_unique_and_stable)
{
    static const int codes[] = {
#define ERR(name, number, text) number,
#include "base/err.def"
#undef ERR
    };

    cr_assert_eq(ERR_NOMEM, 100001);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        cr_assert_gt(codes[i], 65535, "codes up to 65535 belong to plugins");
        for (size_t k = 0; k < i; k++)
            cr_assert_neq(codes[i], codes[k]);
    }
}

Test(err, set_fills_the_report_and_returns_the_negative_code)
{
    struct err e = {0};

    err_fix(&e, "old advice");
    cr_assert_eq(err_set(&e, -ERR_IO, "cannot read %s\n", "a.ini"), -ERR_IO);
    cr_assert_eq(e.code, ERR_IO);
    cr_assert_str_eq(e.text, "cannot read a.ini");
    cr_assert_str_eq(e.fix, "");
    cr_assert_eq(err_fix(&e, "check the %s", "path"), -ERR_IO);
    cr_assert_str_eq(e.fix, "check the path");
}

Test(err, at_puts_the_place_in_front)
{
    struct err e = {0};

    err_set(&e, ERR_SYNTAX, "no value");
    err_at(&e, "%s:%d", "node.ini", 3);
    cr_assert_str_eq(e.text, "node.ini:3: no value");
}

Test(err, long_texts_are_cut_not_overrun)
{
    struct err e = {0};
    char longer[2000];

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    err_set(&e, ERR_IO, "%s", longer);
    cr_assert_eq(strlen(e.text), sizeof e.text - 1);
    err_at(&e, "place");
    cr_assert_eq(strlen(e.text), sizeof e.text - 1);
    cr_assert_eq(strncmp(e.text, "place: xxx", 10), 0);
    err_at(&e, "%s", longer);
    cr_assert_eq(strlen(e.text), sizeof e.text - 1);
    err_fix(&e, "%s", longer);
    cr_assert_eq(strlen(e.fix), sizeof e.fix - 1);
}

Test(err, no_report_is_fine)
{
    cr_assert_eq(err_set(NULL, ERR_IO, "x"), -ERR_IO);
    cr_assert_eq(err_fix(NULL, "x"), 0);
    err_at(NULL, "x");
}
