#include "base/recorder.h"
#include "base/thread.h"
#include <criterion/criterion.h>
#include <stdlib.h>

static struct record out[RECORDER_N];

/* A record whose every field follows from i, so that a torn one shows. */
static struct record
sample(uint64_t i)
{
    return (struct record){
        .turn = i,
        .slot = (uint32_t)(i * 3),
        .n = (uint32_t)(i * 5),
        .kind = (uint16_t)(i % REC_KINDS),
        .code = (uint16_t)(i * 7),
        .type = (uint32_t)(i * 11),
        .ns = i * 13,
    };
}

static bool
same(const struct record *a, const struct record *b)
{
    return a->turn == b->turn && a->slot == b->slot && a->n == b->n && a->kind == b->kind &&
           a->code == b->code && a->type == b->type && a->ns == b->ns;
}

static void
add(struct recorder *r, uint64_t i)
{
    struct record e = sample(i);

    recorder_add(r, &e);
}

/* The copy is an unbroken run of whole records that begins with number first. */
static bool
holds(size_t n, uint64_t first)
{
    for (size_t i = 0; i < n; i++) {
        struct record e = sample(first + i);

        if (!same(&out[i], &e))
            return false;
    }
    return true;
}

Test(recorder, copy_gives_what_was_added_oldest_first)
{
    struct recorder *r = calloc(1, sizeof *r);
    uint64_t first = 99;

    cr_assert_not_null(r);
    cr_assert_eq(recorder_copy(r, out, RECORDER_N, &first), 0u);
    for (uint64_t i = 0; i < 10; i++)
        add(r, i);
    cr_assert_eq(recorder_copy(r, out, RECORDER_N, &first), 10u);
    cr_assert_eq(first, 0);
    cr_assert(holds(10, 0));
    cr_assert_eq(recorder_copy(r, out, 3, &first), 3u);
    cr_assert_eq(first, 7);
    cr_assert(holds(3, 7));
    free(r);
}

Test(recorder, ring_keeps_the_newest)
{
    struct recorder *r = calloc(1, sizeof *r);
    uint64_t first;
    size_t n;

    cr_assert_not_null(r);
    for (uint64_t i = 0; i < 5 * RECORDER_N + 17; i++)
        add(r, i);
    n = recorder_copy(r, out, RECORDER_N, &first);
    cr_assert_eq(n, (size_t)RECORDER_N - 1);
    cr_assert_eq(first, 4 * RECORDER_N + 18);
    cr_assert(holds(n, first));
    free(r);
}

Test(recorder, kinds_have_names)
{
    cr_assert_str_eq(record_kind_name(REC_SLICE), "SLICE");
    cr_assert_str_not_empty(record_kind_text(REC_SLICE));
    cr_assert_str_eq(record_kind_name(REC_KINDS), "?");
}

static void
write_much(void *arg)
{
    for (uint64_t i = 0; i < 2000000; i++)
        add(arg, i);
}

Test(recorder, reader_gets_whole_records_while_the_writer_goes_on)
{
    struct recorder *r = calloc(1, sizeof *r);
    struct thread t = {0};
    uint64_t first = 0, copies = 0;

    cr_assert_not_null(r);
    cr_assert_eq(thread_start(&t, "writer", write_much, r, 0), 0);
    do {
        size_t n = recorder_copy(r, out, RECORDER_N, &first);

        cr_assert(holds(n, first), "copy %llu, first %llu", (unsigned long long)copies,
                  (unsigned long long)first);
        copies++;
    } while (first < 2000000 - RECORDER_N);
    thread_join(&t);
    free(r);
}
