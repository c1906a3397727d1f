/* stdatomic.h - what host code gets instead of the compiler's when it runs in the explorer: each operation is a call that says where
 * it stands, what it touches and in which order. The code itself is unchanged. Only the forms that host/ uses exist; another one does
 * not compile here. */
#ifndef EXPLORE_STDATOMIC_H
#define EXPLORE_STDATOMIC_H
#include "explore_site.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    memory_order_relaxed = __ATOMIC_RELAXED,
    memory_order_acquire = __ATOMIC_ACQUIRE,
    memory_order_release = __ATOMIC_RELEASE,
    memory_order_acq_rel = __ATOMIC_ACQ_REL,
    memory_order_seq_cst = __ATOMIC_SEQ_CST
} memory_order;

#define _Atomic(T) __typeof__(T)

#define EXPLORE_SITE(op, text, order)                                                                             \
    ({                                                                                                            \
        static struct explore_site site_ = {__FILE__, __func__, text, op, __LINE__, (int)(order), (int)(order), 0, 0}; \
        static struct explore_site *const ref_ __attribute__((section("explore_sites"), used)) = &site_;          \
        (void)ref_;                                                                                               \
        &site_;                                                                                                   \
    })
#define EXPLORE_AS(p, value) ({ (__typeof__(*(p)))(value); })
#define EXPLORE_WORD(v)      ((uint64_t)(v))

#define atomic_init(p, v) explore_init((p), sizeof *(p), EXPLORE_WORD(v))
#define atomic_load_explicit(p, o) \
    EXPLORE_AS(p, explore_load(EXPLORE_SITE("load", #p, o), (p), sizeof *(p)))
#define atomic_store_explicit(p, v, o) \
    explore_store(EXPLORE_SITE("store", #p, o), (p), sizeof *(p), EXPLORE_WORD(v))
#define EXPLORE_RMW(kind, name, p, v, o) \
    EXPLORE_AS(p, explore_rmw(EXPLORE_SITE(name, #p, o), kind, (p), sizeof *(p), EXPLORE_WORD(v)))
#define atomic_exchange_explicit(p, v, o)  EXPLORE_RMW(EXPLORE_EXCHANGE, "exchange", p, v, o)
#define atomic_fetch_add_explicit(p, v, o) EXPLORE_RMW(EXPLORE_ADD, "fetch_add", p, v, o)
#define atomic_fetch_sub_explicit(p, v, o) EXPLORE_RMW(EXPLORE_SUB, "fetch_sub", p, v, o)
#define atomic_fetch_or_explicit(p, v, o)  EXPLORE_RMW(EXPLORE_OR, "fetch_or", p, v, o)
#define atomic_fetch_and_explicit(p, v, o) EXPLORE_RMW(EXPLORE_AND, "fetch_and", p, v, o)
#define atomic_compare_exchange_strong_explicit(p, e, v, o, f)                                            \
    explore_cas(EXPLORE_SITE("cas", #p, o), EXPLORE_SITE("cas-fails", #p, f), (p), sizeof *(p), (e),       \
                EXPLORE_WORD(v))
#define atomic_compare_exchange_weak_explicit(p, e, v, o, f) \
    atomic_compare_exchange_strong_explicit(p, e, v, o, f)
#define atomic_signal_fence(o) explore_signal_fence(EXPLORE_SITE("signal_fence", "compiler", o))

#define __atomic_load_n(p, o)     atomic_load_explicit(p, o)
#define __atomic_store_n(p, v, o) atomic_store_explicit(p, v, o)
#define __builtin_ia32_pause()    explore_pause(EXPLORE_SITE("pause", "", memory_order_relaxed))

#endif
