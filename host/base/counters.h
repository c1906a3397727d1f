/* counters.h - counting without sharing: each worker raises its own array, a reader adds them up.
 *
 *   worker 0: counter_add() --> [ ... 17 ... ] --+
 *   worker 1: counter_add() --> [ ... 25 ... ] --+--> counters_sum() = 42
 *
 * One writer per array, so raising is a plain load, add, store: no locked operation. A sum taken while
 * workers run is of no single moment, but each part only grows; at quiescence it is exact.
 */
#ifndef BASE_COUNTERS_H
#define BASE_COUNTERS_H
#include "base/util.h"
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum counter {
#define COUNTER(name, unit, text) COUNTER_##name,
#include "base/counters.def"
#undef COUNTER
    COUNTER_N
};

/* One a worker, zeroed by its owner. On lines of its own: the writer's neighbors do not feel it. */
struct counters {
    _Alignas(64) _Atomic(uint64_t) v[COUNTER_N];
};

/* Only the owner thread. Relaxed: a count orders nothing; atomic only so that readers see whole values. */
INLINE void
counter_add(struct counters *c, enum counter id, uint64_t n)
{
#if defined __x86_64__ && !defined __SANITIZE_THREAD__
    __asm__("addq %1, %0" : "+m"(c->v[id]) : "er"(n) : "cc"); /* gcc makes three of the below */
#else
    uint64_t v = atomic_load_explicit(&c->v[id], memory_order_relaxed);

    atomic_store_explicit(&c->v[id], v + n, memory_order_relaxed); /* partner: the loads in counters.c */
#endif
}

INLINE void
counter_inc(struct counters *c, enum counter id)
{
    counter_add(c, id, 1);
}

/* An array that several threads raise (those that are no workers share one). Any thread; one locked add. */
INLINE void
counter_add_shared(struct counters *c, enum counter id, uint64_t n)
{
    atomic_fetch_add_explicit(&c->v[id], n, memory_order_relaxed); /* partner: the loads in counters.c */
}

/* Any thread, while writers run. all[i] may be NULL. */
uint64_t counters_sum(const struct counters *const *all, size_t n, enum counter id);
/* All rows at once: ret[COUNTER_N]. */
void counters_read(const struct counters *const *all, size_t n, uint64_t ret[COUNTER_N]);

const char *counter_name(enum counter id); /* "pool_refills" */
const char *counter_unit(enum counter id);
const char *counter_text(enum counter id);

#endif
