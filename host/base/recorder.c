/* recorder.c - reading a ring that does not stand still. */
#include "base/recorder.h"
#include <string.h>

static struct record
load(const struct recorder *r, uint64_t i)
{
    const _Atomic(uint64_t) *w = r->w[i % RECORDER_N];
    /* Acquire: pairs with the releases in recorder_add, and keeps the second look at n behind these. */
    uint64_t turn = atomic_load_explicit(&w[0], memory_order_acquire);
    uint64_t who = atomic_load_explicit(&w[1], memory_order_acquire);
    uint64_t what = atomic_load_explicit(&w[2], memory_order_acquire);
    uint64_t ns = atomic_load_explicit(&w[3], memory_order_acquire);

    return (struct record){
        .turn = turn,
        .slot = (uint32_t)(who >> 32),
        .n = (uint32_t)who,
        .kind = (uint16_t)(what >> 48),
        .code = (uint16_t)(what >> 32),
        .type = (uint32_t)what,
        .ns = ns,
    };
}

size_t
recorder_copy(const struct recorder *r, struct record *out, size_t max, uint64_t *ret_first)
{
    /* Acquire: pairs with the last release in recorder_add; all records below end are written. */
    uint64_t end = atomic_load_explicit(&r->n, memory_order_acquire), first, now, safe;

    /* The slot after the newest may be half overwritten at any time, so one less than the ring can be had. */
    if (max > RECORDER_N - 1)
        max = RECORDER_N - 1;
    first = end > max ? end - max : 0;
    for (uint64_t i = first; i < end; i++)
        out[i - first] = load(r, i);

    /* Record i is whole if the writer had not begun with record i + RECORDER_N, that is while n <= i +
     * RECORDER_N - 1. */
    now = atomic_load_explicit(&r->n,
                               memory_order_relaxed); /* ordered behind the loads above by their acquire */
    safe = now > RECORDER_N - 1 ? now - (RECORDER_N - 1) : 0;
    if (safe > end)
        safe = end;
    if (safe > first) {
        memmove(out, out + (safe - first), (size_t)(end - safe) * sizeof *out);
        first = safe;
    }
    if (ret_first != NULL)
        *ret_first = first;
    return (size_t)(end - first);
}

static const struct {
    const char *name, *text;
} kinds[REC_KINDS] = {
#define RECORD(name, text) {#name, text},
    RECORD_KINDS(RECORD)
#undef RECORD
};

const char *
record_kind_name(enum record_kind kind)
{
    return (unsigned)kind < REC_KINDS ? kinds[kind].name : "?";
}

const char *
record_kind_text(enum record_kind kind)
{
    return (unsigned)kind < REC_KINDS ? kinds[kind].text : "?";
}
