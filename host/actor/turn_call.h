/* turn_call.h - one turn's handler: what goes before the call and comes after it. For turn.c and slice.c, which run turns. */
#ifndef ACTOR_TURN_CALL_H
#define ACTOR_TURN_CALL_H
#include "actor/message.h"
#include "actor/turn.h"

enum { SAVE_WORDS = 4 }; /* are copied at once, whether the state has them or not: no branch for each */
_Static_assert(UNDO_UNIT == SAVE_WORDS * sizeof(uint64_t), "and are what a row counts");
_Static_assert(CELL_CHUNK % UNDO_UNIT == 0 && UNDO_BYTES % UNDO_UNIT == 0, "all of them have their place");

/* 8 B moves: a 16 B load over a fresh 8 B store would wait for it; the compiler would join two. */
INLINE void
save_word_(uint64_t *d, const uint64_t *s)
{
    uint64_t v = *s;

    __asm__("" : "+r"(v));
    *d = v;
}

INLINE void
save_words_(uint64_t *d, const uint64_t *s)
{
    save_word_(d, s);
    save_word_(d + 1, s + 1);
    save_word_(d + 2, s + 2);
    save_word_(d + 3, s + 3);
}

/* No call: the loop of turns would save registers for it. */
INLINE void
turn_save(struct actx *x, const void *state, uint32_t units)
{
    const uint64_t *s = state;
    uint64_t *d = (uint64_t *)(void *)x->state_undo;

    if (likely(units == 1))
        save_words_(d, s);
    else
        for (; units != 0; units--, s += SAVE_WORDS, d += SAVE_WORDS)
            save_words_(d, s);
}

/* The code goes through, so that the loop needs no place for it. */
int32_t turn_held_(struct actx *x, int32_t code);

/* The handler in its turn, n by the worker's count. Not 0: the caller rolls back or stops; nothing is published yet. */
INLINE int32_t
turn_call(struct actx *x, void *state, actor_handler fn, const void *p, uint64_t n)
{
    actor_result r;

    atomic_store_explicit(&x->w.stamp, n, memory_order_relaxed);
    host_leave(x);
    r = fn(&x->ctx, state, p);
    return likely(host_try_enter(x)) ? r.code : turn_held_(x, r.code);
}

/* The same of a handler that cannot fail. */
INLINE void
turn_call_nofail(struct actx *x, void *state, actor_nofail_handler fn, const void *p, uint64_t n)
{
    atomic_store_explicit(&x->w.stamp, n, memory_order_relaxed);
    host_leave(x);
    fn(&x->ctx, state, p);
    if (unlikely(!host_try_enter(x)))
        turn_held_(x, 0);
}

/* The turns of the worker so far. */
INLINE uint64_t
turn_count(const struct actx *x)
{
    return atomic_load_explicit(&x->w.stamp, memory_order_relaxed);
}

/* A turn outside the loop of slice.c, whose mail is counted where it is handled. Its number. */
INLINE uint64_t
turn_apart(struct actx *x)
{
    uint64_t n = turn_count(x) + 1;

    atomic_store_explicit(&x->w.stamp, n, memory_order_relaxed);
    x->counted++;
    return n;
}

/* The loop's turns are counted by their numbers alone: the usual turn touches no counter. And what was sent. */
INLINE void
turns_tally(struct actx *x)
{
    uint64_t n = turn_count(x);

    counter_add(&x->w.counters, COUNTER_handled_user, n - x->counted - x->ticks);
    counter_add(&x->w.counters, COUNTER_handled_system, x->ticks);
    x->counted = n;
    x->ticks = 0;
    sends_tally(x);
}

INLINE bool
turn_timed(const struct cell *c)
{
    return (atomic_load_explicit(&c->attn, memory_order_relaxed) & ATTN_TIMED) != 0;
}

#endif
