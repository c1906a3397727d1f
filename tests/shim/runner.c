/* runner.c - runs the tests of one program in this process, by file order.
 *
 *   PROGRAM [--filter SUITE/NAME] [--list]       exit code 0: all passed; 1: a test failed; 2: bad call or no
 * such test
 */
#include "criterion/criterion.h"
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>

static struct shim_test *tests, **tests_end = &tests, *suites;
static struct shim_test *current;
static bool failed;
static jmp_buf leave;
static _Thread_local bool may_leave;

enum { RAN, FAILED, SKIPPED };

void
shim_add_test(struct shim_test *t)
{
    *tests_end = t;
    tests_end = &t->next;
}

void
shim_add_suite(struct shim_test *t)
{
    t->next = suites;
    suites = t;
}

void
shim_check(bool ok, bool fatal, const char *file, int line, const char *what, const char *fmt, ...)
{
    va_list ap;

    if (ok)
        return;
    printf("%s:%d: %s/%s: expected %s:", file, line, current->suite, current->name, what);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    fflush(stdout);
    __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
    if (!fatal)
        return;
    if (!may_leave)
        abort();
    longjmp(leave, FAILED);
}

void
shim_skip(const char *fmt, ...)
{
    va_list ap;

    printf("%s/%s: skipped:", current->suite, current->name);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    if (!may_leave)
        abort();
    longjmp(leave, SKIPPED);
}

/* init, test and fini share one way out: a failed init skips the test, fini runs in any case. */
static int
step(void (*fn)(void))
{
    int r;

    if (fn == NULL)
        return RAN;
    may_leave = true;
    r = setjmp(leave);
    if (r == RAN)
        fn();
    may_leave = false;
    return r;
}

static int
run(struct shim_test *t)
{
    struct shim_test *s = suites;
    int r;

    while (s != NULL && strcmp(s->suite, t->suite) != 0)
        s = s->next;
    if (t->disabled || (s != NULL && s->disabled))
        return SKIPPED;
    current = t;
    __atomic_store_n(&failed, false, __ATOMIC_RELAXED);
    r = step(s != NULL ? s->init : NULL);
    if (r == RAN)
        r = step(t->init);
    if (r == RAN)
        r = step(t->run);
    step(t->fini);
    step(s != NULL ? s->fini : NULL);
    if (__atomic_load_n(&failed, __ATOMIC_RELAXED))
        return FAILED;
    return r;
}

int
main(int argc, char **argv)
{
    unsigned count[3] = {0};
    const char *filter = "*";
    bool list = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc)
            filter = argv[++i];
        else if (strncmp(argv[i], "--filter=", 9) == 0)
            filter = argv[i] + 9;
        else if (strcmp(argv[i], "--list") == 0)
            list = true;
        else {
            fprintf(stderr, "usage: %s [--filter SUITE/NAME] [--list]\n", argv[0]);
            return 2;
        }
    }
    for (struct shim_test *t = tests; t != NULL; t = t->next) {
        char id[512];
        int r;

        snprintf(id, sizeof id, "%s/%s", t->suite, t->name);
        if (fnmatch(filter, id, 0) != 0)
            continue;
        if (list) {
            printf("%s\n", id);
            count[RAN]++;
            continue;
        }
        r = run(t);
        count[r]++;
        if (r == FAILED)
            printf("%s: FAILED\n", id);
        fflush(stdout);
    }
    if (!list)
        printf("%u tests: %u passed, %u failed, %u skipped\n", count[RAN] + count[FAILED] + count[SKIPPED],
               count[RAN], count[FAILED], count[SKIPPED]);
    if (count[RAN] + count[FAILED] + count[SKIPPED] == 0) {
        fprintf(stderr, "no test matches %s\n", filter);
        return 2;
    }
    return count[FAILED] > 0;
}
