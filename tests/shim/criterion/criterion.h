/* criterion.h - stands in for Criterion where it cannot run (under ThreadSanitizer): the plain forms only, and all tests
 * in one process, one after the other. A form that is missing here does not compile, and should not be used.
 */
#ifndef CRITERION_SHIM_H
#define CRITERION_SHIM_H
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shim_test {
    const char *suite, *name, *file;
    void (*run)(void);
    void (*init)(void);
    void (*fini)(void);
    const char *description;
    double timeout; /* ignored: the build's test runner has one */
    bool disabled;
    struct shim_test *next;
};
void shim_add_test(struct shim_test *t);
void shim_add_suite(struct shim_test *t);

#define Test(suite_, name_, ...)                                                                               \
    static void suite_##_##name_##_run_(void);                                                                 \
    static struct shim_test suite_##_##name_##_test_ = {                                                       \
        .suite = #suite_, .name = #name_, .file = __FILE__, .run = suite_##_##name_##_run_, __VA_ARGS__};       \
    __attribute__((constructor)) static void suite_##_##name_##_add_(void)                                     \
    {                                                                                                          \
        shim_add_test(&suite_##_##name_##_test_);                                                              \
    }                                                                                                          \
    static void suite_##_##name_##_run_(void)

#define TestSuite(suite_, ...)                                                                                 \
    static struct shim_test suite_##_suite_ = {.suite = #suite_, .name = "", .file = __FILE__, __VA_ARGS__};    \
    __attribute__((constructor)) static void suite_##_suite_add_(void)                                         \
    {                                                                                                          \
        shim_add_suite(&suite_##_suite_);                                                                      \
    }                                                                                                          \
    _Static_assert(1, "takes the semicolon")

/* fatal: leave the test at once. Only the test's own thread may fail fatally; another one ends the program. */
void shim_check(bool ok, bool fatal, const char *file, int line, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
_Noreturn void shim_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define SHIM_(ok, fatal, what, ...) shim_check(ok, fatal, __FILE__, __LINE__, what, " " __VA_ARGS__)

#define cr_fail(...)        SHIM_(false, false, "fail", __VA_ARGS__)
#define cr_fatal(...)       SHIM_(false, true, "fail", __VA_ARGS__)
#define cr_assert_fail(...) SHIM_(false, true, "fail", __VA_ARGS__)
#define cr_expect_fail(...) SHIM_(false, false, "fail", __VA_ARGS__)
#define cr_skip(...)        shim_skip(" " __VA_ARGS__)
#define cr_skip_test(...)   shim_skip(" " __VA_ARGS__)
#define cr_log_info(...)    ((void)0)

#define cr_assert(c, ...)                 SHIM_(!!(c), true, #c, __VA_ARGS__)
#define cr_expect(c, ...)                 SHIM_(!!(c), false, #c, __VA_ARGS__)
#define cr_assert_not(c, ...)             SHIM_(!(c), true, "not " #c, __VA_ARGS__)
#define cr_expect_not(c, ...)             SHIM_(!(c), false, "not " #c, __VA_ARGS__)
#define cr_assert_eq(a, b, ...)           SHIM_((a) == (b), true, #a " == " #b, __VA_ARGS__)
#define cr_expect_eq(a, b, ...)           SHIM_((a) == (b), false, #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)          SHIM_((a) != (b), true, #a " != " #b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...)          SHIM_((a) != (b), false, #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)           SHIM_((a) < (b), true, #a " < " #b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...)           SHIM_((a) < (b), false, #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...)          SHIM_((a) <= (b), true, #a " <= " #b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...)          SHIM_((a) <= (b), false, #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)           SHIM_((a) > (b), true, #a " > " #b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...)           SHIM_((a) > (b), false, #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)          SHIM_((a) >= (b), true, #a " >= " #b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...)          SHIM_((a) >= (b), false, #a " >= " #b, __VA_ARGS__)
#define cr_assert_null(p, ...)            SHIM_((p) == NULL, true, #p " == NULL", __VA_ARGS__)
#define cr_expect_null(p, ...)            SHIM_((p) == NULL, false, #p " == NULL", __VA_ARGS__)
#define cr_assert_not_null(p, ...)        SHIM_((p) != NULL, true, #p " != NULL", __VA_ARGS__)
#define cr_expect_not_null(p, ...)        SHIM_((p) != NULL, false, #p " != NULL", __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)       SHIM_(strcmp(a, b) == 0, true, #a " equals " #b, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...)       SHIM_(strcmp(a, b) == 0, false, #a " equals " #b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...)      SHIM_(strcmp(a, b) != 0, true, #a " differs from " #b, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...)      SHIM_(strcmp(a, b) != 0, false, #a " differs from " #b, __VA_ARGS__)
#define cr_assert_str_empty(s, ...)       SHIM_((s)[0] == '\0', true, #s " is empty", __VA_ARGS__)
#define cr_expect_str_empty(s, ...)       SHIM_((s)[0] == '\0', false, #s " is empty", __VA_ARGS__)
#define cr_assert_str_not_empty(s, ...)   SHIM_((s)[0] != '\0', true, #s " is not empty", __VA_ARGS__)
#define cr_expect_str_not_empty(s, ...)   SHIM_((s)[0] != '\0', false, #s " is not empty", __VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...)    SHIM_(memcmp(a, b, n) == 0, true, #a " equals " #b, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, n, ...)    SHIM_(memcmp(a, b, n) == 0, false, #a " equals " #b, __VA_ARGS__)
#define cr_assert_arr_neq(a, b, n, ...)   SHIM_(memcmp(a, b, n) != 0, true, #a " differs from " #b, __VA_ARGS__)
#define cr_expect_arr_neq(a, b, n, ...)   SHIM_(memcmp(a, b, n) != 0, false, #a " differs from " #b, __VA_ARGS__)
#define cr_assert_float_eq(a, b, e, ...)  SHIM_(fabs((a) - (b)) <= (e), true, #a " is about " #b, __VA_ARGS__)
#define cr_expect_float_eq(a, b, e, ...)  SHIM_(fabs((a) - (b)) <= (e), false, #a " is about " #b, __VA_ARGS__)

#endif
