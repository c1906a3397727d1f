/* growth.h - memory for a reserved range that grows from below, in large steps where these are cheap.
 *
 *   reserved range   [ used: page by page | used: a step at a time ......|step| never touched ]
 *                      < GROWTH_FROM                                     ^ growth_reach: the range is used up to here
 *
 * A page that is touched first costs a fault, some 1.5 us with what the kernel does for it: as much as all else that an actor's
 * birth costs. In pieces of 2 MiB a page costs a fifth of that. But a piece that the host of a virtual machine has not backed yet
 * costs milliseconds, while small pages mostly come from memory that was in use before. So each step is timed: after a slow
 * one there is a pause, twice as long each time it happens again.
 */
#ifndef BASE_GROWTH_H
#define BASE_GROWTH_H
#include "base/env.h"
#include "base/util.h"
#include <stdatomic.h>

#define GROWTH_STEP ((size_t)2 << 20)
#define GROWTH_FROM \
    ((size_t)16 << 20) /* so that a small node stays small: a step is an eighth of it at most */
enum { GROWTH_SLOW_NS = 500 * 1000, GROWTH_PAUSE_MIN = 16, GROWTH_PAUSE_MAX = 128 /* steps */ };

/* Zeroed by its owner. Relaxed: a policy; who counts amiss takes a step too many or too few. */
struct growth {
    _Atomic(uint32_t) left, pause; /* steps to leave out; how many after the next slow one */
};

void growth_step_(struct growth *g, struct env *env, char *step);

/* The part of bytes at `at` of the range that begins at base and ends at end is used for the first time from here on, each part
 * once. Any thread. Takes a step's time when the part reaches into a new one: 0.2 ms, or milliseconds when it is slow. */
INLINE void
growth_reach(struct growth *g, struct env *env, char *base, char *end, char *at, size_t bytes)
{
    uintptr_t step = ((uintptr_t)at + bytes - 1) & ~(uintptr_t)(GROWTH_STEP - 1);

    if (unlikely(step >= (uintptr_t)at) && step - (uintptr_t)base >= GROWTH_FROM &&
        (uintptr_t)end - step >= GROWTH_STEP)
        growth_step_(g, env, at + (step - (uintptr_t)at));
}

#endif
