/* Every allocation of decoding a request fails once: an error each time, nothing leaks, and the request is whole in the end. */
#include "control/commands.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t k, size_t n);
void *__real_realloc(void *p, size_t n);

static long left = -1; /* allocations until one fails; -1: none does */

static bool
fails(void)
{
    return left >= 0 && left-- == 0;
}

void *
__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t k, size_t n)
{
    return fails() ? NULL : __real_calloc(k, n);
}

void *
__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

TestSuite(decode_faults);

Test(decode_faults, a_request_is_decoded_whole_or_not_at_all)
{
    static const char body[] = "\x84\xa5"
                               "actor\xa2/a\xa7message\xa2hi\xa6"
                               "fields\x81\xa1x\x01\xa7timeout\x05";
    struct request r;
    struct err err;
    int rc = -1;
    long n;

    for (n = 0; rc != 0; n++) {
        cr_assert_lt(n, 100);
        memset(&err, 0, sizeof err);
        left = n;
        rc = request_decode(&r, command_by_name("ask"), body, sizeof body - 1, &err);
        left = -1;
        cr_assert(rc == 0 || rc == -ERR_NOMEM);
        cr_assert_eq(err.code, rc == 0 ? 0 : ERR_NOMEM);
    }
    cr_assert_gt(n, 3, "the faults did not reach the decoder");
    cr_assert_str_eq(((const struct req_ask *)r.req)->message, "hi");
    request_free(&r);
}
