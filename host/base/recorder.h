/* recorder.h - the flight recorder: what one worker did last, always on.
 *
 *   worker: recorder_add() --> ring of 1,024 records, the oldest overwritten --> recorder_copy(): any thread
 *
 * The worker pays four plain stores and never waits. A reader copies the ring while it moves on and drops
 * what was overwritten meanwhile, so each record it returns is whole and none is missing between them.
 */
#ifndef BASE_RECORDER_H
#define BASE_RECORDER_H
#include "base/util.h"
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* RECORD(name, text). Records are slices, not turns: turn - n + 1 .. turn were handled. */
#define RECORD_KINDS(RECORD)                          \
    RECORD(NONE, "nothing")                           \
    RECORD(SLICE, "turns handled in one visit")       \
    RECORD(SPAWN, "actor spawned")                    \
    RECORD(STOP, "actor stopped")                     \
    RECORD(FAIL, "turn failed")                       \
    RECORD(RESTART, "actor restarted")                \
    RECORD(SWAP, "actor switched to another version") \
    RECORD(STEAL, "actors taken from another worker") \
    RECORD(PARK, "worker went to sleep")              \
    RECORD(WAKE, "worker woke up")                    \
    RECORD(STUCK, "handler overran the watchdog's limit")

enum record_kind {
#define RECORD(name, text) REC_##name,
    RECORD_KINDS(RECORD)
#undef RECORD
        REC_KINDS
};

struct record {
    uint64_t turn; /* number of the actor's last turn in this record */
    uint32_t slot; /* the actor's cell */
    uint32_t n;    /* turns of a slice, actors stolen, ... */
    uint16_t kind; /* enum record_kind */
    uint16_t code; /* an error or reason, by kind */
    uint32_t type; /* host type id of the message, 0 = none or several */
    uint64_t ns;   /* mono_ns as the worker last read it; up to 32 turns old */
};

#define RECORDER_N 1024

/* About 32 KiB a worker; pages that were never reached are never touched. Zeroed by its owner. */
struct recorder {
    _Atomic(uint64_t) n; /* records written so far; the worker writes, readers read */
    _Alignas(64) _Atomic(uint64_t) w[RECORDER_N][4];
};

/* Only the worker. Each store is a release, plain on x86. It pairs with the acquire loads in recorder_copy: a
 * reader that sees a word of record i also sees that n had reached i, and so drops the record i - RECORDER_N
 * it was copying. */
INLINE void
recorder_add(struct recorder *r, const struct record *e)
{
    uint64_t i = atomic_load_explicit(&r->n, memory_order_relaxed);
    _Atomic(uint64_t) *w = r->w[i % RECORDER_N];

    atomic_store_explicit(&w[0], e->turn, memory_order_release);
    atomic_store_explicit(&w[1], (uint64_t)e->slot << 32 | e->n, memory_order_release);
    atomic_store_explicit(&w[2], (uint64_t)e->kind << 48 | (uint64_t)e->code << 32 | e->type,
                          memory_order_release);
    atomic_store_explicit(&w[3], e->ns, memory_order_release);
    atomic_store_explicit(&r->n, i + 1, memory_order_release);
}

/* Any thread, and from a crash handler (no allocation, no lock). Copies the newest at most max records,
 * oldest first; returns how many. ret_first (may be NULL): the running number of the first. */
size_t recorder_copy(const struct recorder *r, struct record *out, size_t max, uint64_t *ret_first);
const char *record_kind_name(enum record_kind kind); /* "SLICE"; "?" when out of range */
const char *record_kind_text(enum record_kind kind);

#endif
