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
    /* Blocks that pool_take took: each is a message sent, so one store counts both. v[COUNTER_sent_user] knows of the first `told`. */
    _Atomic(uint32_t) taken, told;
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

/* Only the owner thread: one block taken. */
INLINE void
counters_take(struct counters *c)
{
#if defined __x86_64__ && !defined __SANITIZE_THREAD__
    __asm__("addl $1, %0" : "+m"(c->taken) : : "cc");
#else
    uint32_t v = atomic_load_explicit(&c->taken, memory_order_relaxed);

    atomic_store_explicit(&c->taken, v + 1, memory_order_relaxed); /* partner: counters_value */
#endif
}

/* Only the owner thread, now and then: of the blocks taken since the last time, less were not sent after all. */
INLINE void
counters_tell(struct counters *c, uint32_t less)
{
    uint32_t taken = atomic_load_explicit(&c->taken, memory_order_relaxed);

    counter_add(c, COUNTER_sent_user,
                (uint64_t)(taken - atomic_load_explicit(&c->told, memory_order_relaxed)) - less);
    /* release; pairs with the acquire in counters_value: who sees it sees what was added */
    atomic_store_explicit(&c->told, taken, memory_order_release);
}

/* Any thread, while the writer runs: never less than what was counted before the call. */
INLINE uint64_t
counters_value(const struct counters *c, enum counter id)
{
    uint32_t told = id == COUNTER_sent_user ? atomic_load_explicit(&c->told, memory_order_acquire) : 0;
    uint64_t v = atomic_load_explicit(&c->v[id], memory_order_relaxed);

    return id == COUNTER_sent_user
               ? v + (uint32_t)(atomic_load_explicit(&c->taken, memory_order_relaxed) - told)
               : v;
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
