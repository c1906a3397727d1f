/* epoch.h - when may memory be reused that other threads may still look at?
 *
 *   retire(x) at epoch e --> limbo --> every participant has announced an epoch > e --> free(x)
 *
 *   retire_own(x) --> fresh --collect_own: a new epoch--> batch --> likewise     no lock: what one worker's actors leave all the time
 *
 * A participant announces at slice ends (it holds nothing over them), not at each, and is offline while it sleeps. Cells,
 * dispatch tables and names go this way; a plugin version waits the same way before it is unloaded.
 */
#ifndef SCHED_EPOCH_H
#define SCHED_EPOCH_H
#include "base/thread.h"
#include "base/util.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define EPOCH_OFFLINE UINT64_MAX

struct epoch_seat { /* one a participant; any thread reads it */
    _Alignas(64) _Atomic(uint64_t) seen;
    struct epoch_seat *next; /* seats are never removed */
    /* the participant's: */
    _Alignas(64) struct retired *fresh; /* newest first */
    struct retired *batch;              /* may go when epoch batch_epoch has passed */
    uint64_t batch_epoch;
};
struct retired {
    struct retired *next;
    uint64_t epoch;
    void (*free)(struct retired *, void *arg); /* arg: of epoch_collect, or epoch_collect_own */
};
struct epoch {
    _Alignas(64) _Atomic(uint64_t) now; /* read by all at slice ends; written rarely */
    _Alignas(64) _Atomic(struct epoch_seat *) seats;
    _Alignas(64) struct mutex lock; /* guards limbo */
    struct retired *head, **tail;
    _Atomic(uint64_t) waiting; /* in limbo; statistics and "is there anything to do" */
};

void epoch_init(struct epoch *e);
void epoch_fini(struct epoch *e,
                void *arg); /* nobody takes part any more: frees what waits, at the seats too */
/* Any thread; the seat starts offline and stays for ever. */
void epoch_join(struct epoch *e, struct epoch_seat *s);
/* The participant, before it looks at shared memory after being offline. Sequentially consistent; pairs with
 * the read-modify-write in epoch_collect: either the collector sees us, or we see what was unpublished before
 * it looked. The load too: a collector that does not see our seat yet has moved the epoch before it looked. */
INLINE void
epoch_online(struct epoch *e, struct epoch_seat *s)
{
    atomic_exchange_explicit(&s->seen, atomic_load_explicit(&e->now, memory_order_seq_cst),
                             memory_order_seq_cst);
}
INLINE void
epoch_offline(struct epoch_seat *s)
{
    atomic_store_explicit(&s->seen, EPOCH_OFFLINE, memory_order_release);
}
/* The participant has something to announce. */
INLINE bool
epoch_moved(const struct epoch *e, const struct epoch_seat *s)
{
    return atomic_load_explicit(&s->seen, memory_order_relaxed) !=
           atomic_load_explicit(&e->now, memory_order_relaxed);
}
/* The participant holds nothing now. Cost: a load and a compare, a store when the epoch moved. */
INLINE void
epoch_quiet(struct epoch *e, struct epoch_seat *s)
{
    uint64_t now =
        atomic_load_explicit(&e->now, memory_order_acquire); /* pairs with the release in epoch_advance */

    if (unlikely(atomic_load_explicit(&s->seen, memory_order_relaxed) != now))
        atomic_store_explicit(&s->seen, now,
                              memory_order_release); /* pairs with the acquire in epoch_collect */
}
/* Any thread. x is already unpublished. */
void epoch_retire(struct epoch *e, struct retired *x, void (*free)(struct retired *, void *arg));
/* The participant: the same at its own seat, with neither lock nor fence. */
INLINE void
epoch_retire_own(struct epoch_seat *s, struct retired *x, void (*free)(struct retired *, void *arg))
{
    x->free = free;
    x->next = s->fresh;
    s->fresh = x;
}
/* The participant: frees what was retired at its seat and has become safe; the rest gets on its way. Returns how many. */
uint32_t epoch_collect_own(struct epoch *e, struct epoch_seat *s, void *arg);
/* The participant, before it is away for long: others collect what waits at its seat. */
void epoch_hand_over(struct epoch *e, struct epoch_seat *s);
/* Any thread: a new epoch; returns it. What was retired or unpublished before is safe once
 * epoch_passed(that). */
uint64_t epoch_advance(struct epoch *e);
bool epoch_passed(struct epoch *e, uint64_t epoch);
/* Any thread that may run the free functions; frees what has become safe. Returns how many. */
uint32_t epoch_collect(struct epoch *e, void *arg);

#endif
