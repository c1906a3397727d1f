/* turn.h - running an actor: slices, turns, and what happens when a turn ends badly.
 *
 *   worker --> slice: control orders, then turns up to the mail seen on entry, 1,000 turns or 200 us
 *   turn:  save state --> handler --> ACTOR_OK: publish the outbox, apply effects
 *                                 --> else: undo all of it, then stash, dead letter, or supervision
 */
#ifndef ACTOR_TURN_H
#define ACTOR_TURN_H
#include "actor/actor_system.h"

/* Bound as task_ops.run: the task's slice, and those of the tasks after it. */
void actor_run(struct worker *w, struct task *t);

/* Attend to everything that is not plain mail. The mailbox must not be idle and holds no message in hand. true: go on with
 * mail; false: the cell is no longer ours (parked, or ended). */
bool actor_attend(struct actx *x, struct cell *c);

/* One turn outside the mail loop (start, stop hooks, replay). p: the payload; m: the message it comes from, or NULL.
 * Returns the handler's code after commit or rollback. */
int32_t turn_run(struct actx *x, struct cell *c, const struct dispatch_row *r, const void *p, struct msg *m);
/* Publish and apply; undo. What turn_run does at its end; also for what the port did. */
void turn_commit(struct actx *x, struct cell *c);
void turn_rollback(struct actx *x, struct cell *c, bool restore_state);
/* The tag that came with the message in hand, or 0. */
INLINE uint64_t
turn_tag(const struct actx *x)
{
    return x->cur != NULL && (x->cur->head & (MSG_F_REPLY | MSG_F_ASK_FAILED | MSG_F_JOB | MSG_F_TIMER))
               ? x->tag
               : 0;
}
/* Dispatch a message that has left the mailbox (replayed, or taken in hand by the slow path). Handles its failure, frees it. */
void turn_message(struct actx *x, struct cell *c, struct msg *m);

/* What the turn in hand does besides sending. A turn is known by the worker's count. */
INLINE struct turn_books *
turn_books(struct actx *x)
{
    uint64_t stamp = atomic_load_explicit(&x->w.stamp, memory_order_relaxed), gen = cell_gen(x->me);

    if (x->books.stamp != stamp || x->books.gen != gen)
        x->books = (struct turn_books){.stamp = stamp, .gen = gen};
    return &x->books;
}

/* The time of the turn in hand: read when it first asks, then the same. The worker's own clock may be 32 turns old, and another
 * worker's younger: an actor that moves would see it go back, and its timers would come early. */
uint64_t turn_now(struct actx *x);

/* Tell the asker of m that no answer will come from target. code: ERR_*, positive. */
void ask_refuse(struct actx *x, actor_ref target, struct msg *m, int code);
/* Account for a message that nobody handles, tell its asker, free it. reason: enum dead_reason. */
void message_bury(struct actx *x, actor_ref target, struct msg *m, unsigned reason, int32_t code);

/* Plugin code runs between leave and enter. Enter waits for a take-over that is in progress. */
void host_held_(struct actx *x);
INLINE void
host_leave(struct actx *x)
{
    atomic_store_explicit(&x->w.in_host, 0,
                          memory_order_release); /* pairs with the acquire in sched_take_over */
}
/* false: a take-over is in progress or was, call host_held_. */
INLINE bool
host_try_enter(struct actx *x)
{
    atomic_store_explicit(&x->w.in_host, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst); /* compiler only: the watchdog's barrier does the rest */
    /* detached stays so once for all, but then too each entry must see what the take-over left behind. Acquire: so must the entry
     * after one that was given up, which has put our queues back; pairs with the release in sched_take_over */
    return atomic_load_explicit(&x->w.detached, memory_order_acquire) == WORKER_ATTACHED;
}
INLINE void
host_enter(struct actx *x)
{
    if (unlikely(!host_try_enter(x)))
        host_held_(x);
}

#endif
