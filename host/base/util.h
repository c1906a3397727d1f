/* util.h - the few words every file uses. */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
/* Fast paths: inlined always; slow ones: kept out of the way, so that the fast path saves no registers for them. */
#define INLINE static inline __attribute__((always_inline))
#define COLD   __attribute__((noinline, cold))
/* What is called for each message begins at a cache line: else it takes one fetch more. */
#define HOT    __attribute__((aligned(64)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))

/* Sabotage builds plant one known fault each, to prove that the tests find it: if (SABOTAGE(swap_drop)) ... */
#define SABOTAGE_swap_drop        0
#define SABOTAGE_swap_dup         0
#define SABOTAGE_swap_reorder     0
#define SABOTAGE_uncounted_free   0
#define SABOTAGE_lost_wake        0
#define SABOTAGE_undo_off         0
#define SABOTAGE_stale_ref        0
#define SABOTAGE_timer_after_stop 0
#ifdef SABOTAGE_SWAP_DROP
#undef SABOTAGE_swap_drop
#define SABOTAGE_swap_drop 1
#endif
#ifdef SABOTAGE_SWAP_DUP
#undef SABOTAGE_swap_dup
#define SABOTAGE_swap_dup 1
#endif
#ifdef SABOTAGE_SWAP_REORDER
#undef SABOTAGE_swap_reorder
#define SABOTAGE_swap_reorder 1
#endif
#ifdef SABOTAGE_UNCOUNTED_FREE
#undef SABOTAGE_uncounted_free
#define SABOTAGE_uncounted_free 1
#endif
#ifdef SABOTAGE_LOST_WAKE
#undef SABOTAGE_lost_wake
#define SABOTAGE_lost_wake 1
#endif
#ifdef SABOTAGE_UNDO_OFF
#undef SABOTAGE_undo_off
#define SABOTAGE_undo_off 1
#endif
#ifdef SABOTAGE_STALE_REF
#undef SABOTAGE_stale_ref
#define SABOTAGE_stale_ref 1
#endif
#ifdef SABOTAGE_TIMER_AFTER_STOP
#undef SABOTAGE_timer_after_stop
#define SABOTAGE_timer_after_stop 1
#endif
#define SABOTAGE(name) (SABOTAGE_##name)

#endif
