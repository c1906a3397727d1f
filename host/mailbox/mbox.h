/* mbox.h - the default mailbox: unbounded, first in first out per sender, no lock, no stub block.
 *
 *   any thread                                            the worker that runs the actor
 *   mbox_push() --> [tail -> ... -> ... <- head] -------> mbox_first(), mbox_next()
 *
 * The tail word tells all: IDLE (nobody runs the actor, no mail), EMPTY (it is scheduled, no mail), else the
 * last message. The message in hand stands for the queue until the owner has moved past it, so an idle actor
 * holds no block.
 *
 *          push: the pusher schedules                    push
 *   IDLE ------------------------------> last message <-------> longer
 *    |  ^                                     |
 *    |  +--- mbox_next: nothing behind -------+
 *    +--- mbox_wake: the waker schedules ---> EMPTY --- push ---> last message
 *
 * Cost: one exchange a push, whatever the chain's length; one compare-and-swap each time the actor goes idle.
 * Guarded by bench pingpong and fanin.
 */
#ifndef MAILBOX_MBOX_H
#define MAILBOX_MBOX_H
#include "base/util.h"
#include "msg/msg.h"
#include <stdbool.h>

struct mbox {
    _Atomic(uintptr_t) tail;
    _Atomic(struct msg *)
        head; /* the next message to handle; NULL while idle; written by whoever made it non-empty */
};
enum { MBOX_IDLE = 0, MBOX_EMPTY = 1 };
enum mbox_was { MBOX_WAS_IDLE = MBOX_IDLE, MBOX_WAS_EMPTY = MBOX_EMPTY, MBOX_HELD_MAIL };

#define MBOX_PAUSE() __builtin_ia32_pause()
#if !defined(__x86_64__) && !defined(__i386__)
#undef MBOX_PAUSE
#define MBOX_PAUSE() ((void)0)
#endif

/* Append the chain first..last (linked, last->next NULL). Any thread; never blocks. The mailbox owns it
 * afterwards. Idle (mbox_push: true): the caller must schedule the actor, exactly once. Release: the owner
 * reads payloads after its acquire of head or next. Acquire: pairs with mbox_leave_, so that whoever schedules
 * an idle actor sees what its last slice wrote. */
INLINE enum mbox_was
mbox_put(struct mbox *mb, struct msg *first, struct msg *last)
{
    uintptr_t prev = atomic_exchange_explicit(&mb->tail, (uintptr_t)last, memory_order_acq_rel);

    if (prev > MBOX_EMPTY) {
        /* release; pairs with the acquire in mbox_next */
        atomic_store_explicit(&((struct msg *)prev)->next, first, memory_order_release);
        return MBOX_HELD_MAIL;
    }
    /* release; pairs with the acquire in mbox_first */
    atomic_store_explicit(&mb->head, first, memory_order_release);
    return (enum mbox_was)prev;
}
INLINE bool
mbox_push(struct mbox *mb, struct msg *first, struct msg *last)
{
    return mbox_put(mb, first, last) == MBOX_WAS_IDLE;
}

/* Schedule an idle actor without mail. true: the caller must put it on a run queue. Any thread. Sequentially consistent, failing
 * too: who has asked for attention (cell_poke) and finds a tail that is not idle must not have read an old one. Pairs with going
 * idle in mbox_leave_ and mbox_sleep, after which the owner looks whether it was asked. */
INLINE bool
mbox_wake(struct mbox *mb)
{
    uintptr_t idle = MBOX_IDLE;

    return atomic_compare_exchange_strong_explicit(&mb->tail, &idle, MBOX_EMPTY, memory_order_seq_cst,
                                                   memory_order_seq_cst);
}

/* Owner, at the start of a slice. The first message, or NULL: the actor has no mail (it stays scheduled). */
INLINE struct msg *
mbox_first(struct mbox *mb)
{
    struct msg *m = atomic_load_explicit(&mb->head, memory_order_acquire);

    if (likely(m != NULL))
        return m;
    if (atomic_load_explicit(&mb->tail, memory_order_relaxed) == MBOX_EMPTY)
        return NULL;
    while ((m = atomic_load_explicit(&mb->head, memory_order_acquire)) == NULL)
        MBOX_PAUSE(); /* a pusher is between its exchange and its store */
    return m;
}

/* Owner, without mail. true: idle now, the cell is no longer ours. false: mail came. In EMPTY, head belongs to the pusher: it is
 * NULL already and must not be touched here. */
INLINE bool
mbox_sleep(struct mbox *mb)
{
    uintptr_t expect = MBOX_EMPTY;

    /* release; pairs with the exchange in mbox_push. seq_cst; pairs with mbox_wake */
    return atomic_compare_exchange_strong_explicit(&mb->tail, &expect, MBOX_IDLE, memory_order_seq_cst,
                                                   memory_order_relaxed);
}

/* A message behind m that the owner has seen already is found too: then the tail is another one. */
INLINE struct msg *
mbox_leave_(struct mbox *mb, struct msg *m, uintptr_t to)
{
    uintptr_t expect = (uintptr_t)m;
    struct msg *x;

    /* head goes first: after the swap it belongs to the next pusher */
    atomic_store_explicit(&mb->head, NULL, memory_order_relaxed);
    /* release; pairs with the exchange in mbox_push. seq_cst; pairs with mbox_wake */
    if (atomic_compare_exchange_strong_explicit(&mb->tail, &expect, to, memory_order_seq_cst,
                                                memory_order_relaxed))
        return NULL;
    while ((x = atomic_load_explicit(&m->next, memory_order_acquire)) ==
           NULL)      /* pairs with the release in mbox_put */
        MBOX_PAUSE(); /* as in mbox_first */
    return x;
}

/* Owner, done with m. The message after it, or NULL: the actor is idle now and no longer ours; m is still the caller's. Who knows of
 * one after m has no need to ask. */
INLINE struct msg *
mbox_next(struct mbox *mb, struct msg *m)
{
    return mbox_leave_(mb, m, MBOX_IDLE);
}

/* Owner: take m out of the queue while keeping the actor scheduled, so that m may go elsewhere (stash,
 * forward). Returns the message after it, or NULL: none, and the mailbox is EMPTY. */
static inline struct msg *
mbox_detach(struct mbox *mb, struct msg *m)
{
    return mbox_leave_(mb, m, MBOX_EMPTY);
}

/* Owner, at the end of a slice with mail left: m is handled first next time. The caller queues the actor
 * again. */
INLINE void
mbox_keep(struct mbox *mb, struct msg *m)
{
    atomic_store_explicit(&mb->head, m, memory_order_relaxed); /* ordered by the run queue's release */
}

#endif
