/* The containers that use libc's heap: every single allocation fails in turn, and nothing leaks or breaks. */
#include "base/err.h"
#include "base/hmap.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/thread.h"
#include "base/vec.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);

static _Thread_local unsigned fail_in; /* 0: no fault; else the so-many-th call from now fails */
static _Thread_local bool failed;

static bool
fails(void)
{
    if (fail_in == 0 || --fail_in > 0)
        return false;
    failed = true;
    return true;
}

void *
__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t m)
{
    return fails() ? NULL : __real_calloc(n, m);
}

void *
__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

static char values[64];

#define EACH_FAULT(at) for (unsigned at = 1; arm(at); at++)

static bool
arm(unsigned at)
{
    bool more = at == 1 || failed;

    failed = false;
    fail_in = more ? at : 0;
    return more;
}

Test(alloc_faults, hmap_keeps_what_it_had)
{
    unsigned faults = 0;

    EACH_FAULT(at)
    {
        struct hmap m;
        unsigned had = 0;

        hmap_init(&m);
        for (unsigned i = 0; i < 40; i++) {
            char key = (char)('0' + i);
            int r = i % 2 ? hmap_add(&m, &key, 1, &values[i]) : hmap_put(&m, &key, 1, &values[i], NULL);

            cr_assert(r == 0 || r == -ERR_NOMEM);
            had += r == 0;
            cr_assert_eq(hmap_get(&m, &key, 1), r == 0 ? &values[i] : NULL);
        }
        cr_assert_eq(m.live, had);
        cr_assert_eq(had, failed ? 39u : 40u);
        faults += failed;
        hmap_fini(&m);
    }
    cr_assert_gt(faults, 40u);
}

Test(alloc_faults, umap_keeps_what_it_had)
{
    unsigned faults = 0;

    EACH_FAULT(at)
    {
        struct umap m;
        unsigned had = 0;

        umap_init(&m);
        for (unsigned i = 0; i < 60; i++)
            had += umap_put(&m, i, &values[i]) == 0;
        cr_assert_eq(m.live, had);
        cr_assert_eq(had, failed ? 59u : 60u);
        faults += failed;
        umap_fini(&m);
    }
    cr_assert_gt(faults, 3u);
}

Test(alloc_faults, strbuf_says_so_and_stays_a_string)
{
    unsigned faults = 0;

    EACH_FAULT(at)
    {
        struct strbuf b;

        strbuf_init(&b);
        for (int i = 0; i < 100; i++)
            strbuf_printf(&b, "number %d;", i);
        cr_assert_eq(b.failed, failed);
        cr_assert_eq(strlen(strbuf_str(&b)), b.len);
        faults += failed;
        strbuf_fini(&b);
    }
    cr_assert_gt(faults, 3u);
}

Test(alloc_faults, vec_changes_nothing)
{
    unsigned faults = 0;

    EACH_FAULT(at)
    {
        VEC(unsigned) v;
        unsigned missed = 0;

        vec_init(&v);
        for (unsigned i = 0; i < 100; i++)
            if (vec_push(&v, i) < 0) {
                cr_assert_eq(v.n, i - missed);
                missed++;
            }
        cr_assert_eq(missed, failed ? 1u : 0u);
        cr_assert_eq(v.n, 100 - missed);
        faults += failed;
        vec_fini(&v);
    }
    cr_assert_gt(faults, 3u);
}

static void
nothing(void *arg)
{
    (void)arg;
}

Test(alloc_faults, thread_does_not_start)
{
    struct thread t = {0};

    fail_in = 1;
    cr_assert_eq(thread_start(&t, "x", nothing, NULL, 0), -ERR_NOMEM);
    cr_assert_not(t.running);
    thread_join(&t);
}
