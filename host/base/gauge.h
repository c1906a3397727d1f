/* gauge.h - a number that many threads raise and lower, each on a cache line of its own.
 *
 *   part 0: raised 17, lowered 3 ---+
 *   part 1: raised  5, lowered 9 ---+--> all that was raised, less all that was lowered before = 10
 *
 * One line that all threads write costs each of them a fetch from another CPU for every change. A reader adds up what was lowered first,
 * so it finds too many while threads run, never too few: 0 is the truth at a moment of the reading.
 */
#ifndef BASE_GAUGE_H
#define BASE_GAUGE_H
#include "base/env.h"
#include "base/util.h"
#include <stdatomic.h>

struct gauge_part {
    _Alignas(64) _Atomic(uint64_t) raised, lowered;
};
struct gauge {
    struct gauge_part *parts; /* owned; NULL before gauge_init */
    uint32_t n;
};

/* 0 or -ERR_NOMEM. g is zeroed. */
int gauge_init(struct gauge *g, struct env *env, uint32_t parts);
void gauge_fini(struct gauge *g, struct env *env); /* nobody uses it any more. Also after zeroing alone */

/* Any thread; a part may have several writers, but should have one. Relaxed: whoever lowers it for the same thing comes after. */
INLINE void
gauge_raise(struct gauge *g, uint32_t part, uint64_t n)
{
    atomic_fetch_add_explicit(&g->parts[part].raised, n, memory_order_relaxed);
}

/* Release: who reads 0 sees all that was done before. Partner: the acquire in gauge_value. */
INLINE void
gauge_lower(struct gauge *g, uint32_t part, uint64_t n)
{
    atomic_fetch_add_explicit(&g->parts[part].lowered, n, memory_order_release);
}

uint64_t gauge_value(const struct gauge *g); /* any thread */

#endif
