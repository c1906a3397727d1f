/* outbox.h - sends of a turn wait here and are published when it ends well: one exchange a target (foundation F5).
 *
 *   tell --> [target A: first..last][target B: ...]   a stack; the last target first, then a 16-way map
 *   spawn --> a child is never the first entry: before it there is one without a target, so that the usual commit need not ask
 *   commit --> mbox_push(A), mbox_push(B): idle ones go to the run queue, the last of them first
 *
 * Cost of the usual case (one target): a compare, three stores; at commit one exchange. Guarded by bench pingpong.
 */
#ifndef ACTOR_OUTBOX_H
#define ACTOR_OUTBOX_H
#include "actor/actx.h"
#include "base/counters.h"

int outbox_add_slow_(struct actx *x, struct cell *c, struct msg *m);
void outbox_publish_many_(struct actx *x);

INLINE void
outbox_open_(struct actx *x, struct outbox_entry *e, struct cell *c, struct msg *m)
{
    e->to = c;
    e->first = m;
    e->last = m;
    x->ob_top = e;
}

/* To an entry that holds something. Published later, by mbox_push. */
INLINE void
outbox_chain_(struct outbox_entry *e, struct msg *m)
{
    atomic_store_explicit(&e->last->next, m, memory_order_relaxed);
    e->last = m;
}

/* To an entry that may hold nothing yet: a child's. */
INLINE void
outbox_append_(struct outbox_entry *e, struct msg *m)
{
    if (e->last != NULL)
        atomic_store_explicit(&e->last->next, m, memory_order_relaxed);
    else
        e->first = m;
    e->last = m;
}

/* 0, or -ERR_LIMIT / -ERR_NOMEM (too many targets): m is still the caller's. */
INLINE int
outbox_add(struct actx *x, struct cell *c, struct msg *m)
{
    struct outbox_entry *e = x->ob_top;

    if (likely(e == NULL)) {
        outbox_open_(x, x->ob, c, m);
        return 0;
    }
    if (likely(e->to == c)) {
        outbox_chain_(e, m);
        return 0;
    }
    if ((uintptr_t)e->to == ((uintptr_t)c | OUTBOX_FRESH)) { /* the newest child */
        outbox_append_(e, m);
        return 0;
    }
    return outbox_add_slow_(x, c, m);
}

/* A child of this turn: it runs in any case. 0, -ERR_LIMIT, -ERR_NOMEM. */
int outbox_add_fresh(struct actx *x, struct cell *c);

INLINE enum mbox_was
outbox_put_(struct outbox_entry *e, struct cell *c)
{
    struct msg *last = e->last;

    atomic_store_explicit(&last->next, NULL,
                          memory_order_relaxed); /* published by the exchange in mbox_push */
    return mbox_put(&c->mb, e->first, last);
}

/* Publish all; ob_top is not NULL. true: it was for one actor, which has other mail. */
INLINE bool
outbox_flush_to_busy(struct actx *x)
{
    struct outbox_entry *e = x->ob_top;
    struct cell *c = e->to;

    if (unlikely(e != x->ob)) {
        outbox_publish_many_(x);
        return false;
    }
    x->ob_top = NULL;
    switch (outbox_put_(e, c)) {
    case MBOX_HELD_MAIL:
        return true;
    case MBOX_WAS_IDLE:
        worker_push(&x->w, &c->task);
        break;
    case MBOX_WAS_EMPTY:
        break;
    }
    return false;
}

/* Publish all. */
INLINE void
outbox_flush(struct actx *x)
{
    if (x->ob_top != NULL)
        outbox_flush_to_busy(x);
}

/* The turn failed: every message goes back to the pool, counted as rolled back. */
void outbox_drop(struct actx *x);
void outbox_init(struct actx *x);
void outbox_fini(struct actx *x);

#endif
