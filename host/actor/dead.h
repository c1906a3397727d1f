/* dead.h - dead letters: every one is counted, the newest are kept, a few are logged.
 *
 *   dead_add() --> the worker's own counters, one a reason      exact, never waits
 *             \--> ring of copies, the oldest make room         bounded in bytes; skipped while another has it
 *             \--> "log this one (+123 suppressed)"             at most so many a reason and window
 *
 * What is kept is ids and bytes, never a pointer into a block or a plugin. The payload is cut at DEAD_PAYLOAD
 * bytes. No clock: times come in. Nothing here logs: dead_add says whether the caller should, dead_line()
 * makes the text.
 */
#ifndef ACTOR_DEAD_H
#define ACTOR_DEAD_H
#include "base/env.h"
#include <actor/types.h>
#include <stdatomic.h>
#include <stdbool.h>

enum dead_reason {
#define DEAD(name, text) DEAD_##name,
#include "actor/dead.def"
#undef DEAD
    DEAD_REASONS
};

enum {
    DEAD_PAYLOAD = 128,         /* bytes kept of each */
    DEAD_LINE = 384,            /* a buffer of this size holds any line */
    DEAD_RING_BYTES_MIN = 4096, /* room for some tens of letters */
    DEAD_LOG_BURST = 10,        /* lines a reason and window */
};
#define DEAD_LOG_WINDOW_NS UINT64_C(10000000000) /* 10 s */

/* One a worker (the port too), zeroed by its owner, who alone writes; any thread sums. */
struct dead_counts {
    _Alignas(64) _Atomic(uint64_t) v[DEAD_REASONS];
    _Atomic(uint64_t) not_kept; /* counted, but the ring was busy */
};

struct dead_letter {
    uint64_t seq; /* 1, 2, ... of those kept; set by dead_add */
    uint64_t real_ns;
    actor_ref sender, target;
    uint32_t type; /* host type id */
    int32_t code;  /* of a failed turn, else 0 */
    uint32_t reason;
    uint32_t payload_bytes; /* as it was */
    uint32_t kept_bytes;    /* of payload[] */
    uint8_t payload[DEAD_PAYLOAD];
};

struct dead_ring;

/* ring_bytes is raised to DEAD_RING_BYTES_MIN and rounded up to 8. All memory at once; pages are touched as
 * letters come. 0, -ERR_NOMEM. */
int dead_ring_new(struct dead_ring **ret, struct env *env, uint64_t ring_bytes);
void dead_ring_free(struct dead_ring *d); /* NULL is fine */

/* Account for one letter. l: all but seq, kept_bytes and payload[]; payload may be NULL when payload_bytes is
 * 0. quiet: its type opted out of the log. Any thread with its own counts; never waits for another. true: log
 * it now; *ret_suppressed = lines of this reason that were left out since the last one. */
bool dead_add(struct dead_ring *d, struct dead_counts *mine, const struct dead_letter *l, const void *payload,
              uint64_t mono_ns, bool quiet, uint64_t *ret_suppressed);

/* From time to time (any thread; waits shortly): lines left out of a window that is over and that no later
 * letter reported. Returns how many, 0 when there are none, and the reason. Call until 0. */
uint64_t dead_unreported(struct dead_ring *d, uint64_t mono_ns, enum dead_reason *ret_reason);

/* Copy letters with seq >= from, oldest first, at most max. Any thread; waits shortly, and while it copies
 * letters are counted but not kept. Returns how many; *ret_next = where to go on. A gap in seq means that
 * letters were pushed out. */
size_t dead_copy(struct dead_ring *d, uint64_t from, struct dead_letter *out, size_t max, uint64_t *ret_next);

/* Sum over workers; all[i] may be NULL. Any thread; exact at quiescence. */
uint64_t dead_sum(const struct dead_counts *const *all, size_t n, enum dead_reason reason);
uint64_t dead_sum_not_kept(const struct dead_counts *const *all, size_t n);

/* "dead letter reason=unhandled type=greeter.greet to=12.3 from=4.1 code=7 bytes=24 (+123 suppressed)"; names
 * that are NULL are shown as slot.generation, or the type's number. Returns buf. */
const char *dead_line(char buf[DEAD_LINE], const struct dead_letter *l, const char *type, const char *target,
                      const char *sender, uint64_t suppressed);
const char *dead_reason_name(enum dead_reason r); /* "no_actor"; "?" past the end */
const char *dead_reason_text(enum dead_reason r);

#endif
