/* sweep.h - a pass over all actors: those that are idle on some behaviours move to the successors, those that are held are woken to.
 *
 *   sweep_begin --> a task for each worker that sleeps, or, if none does, for each worker
 *
 *      task --part--> end of the ring --part--> ... --> no cells left: sweep_over
 *       |
 *      idle cell --mbox_wake--> ours --life_switch--> mbox_sleep: idle again             in address order, no queue between
 *
 * Workers that would sleep do it, in parts of 200 us, and leave the others' work where it is. When all have work they do it in parts of
 * 20 to 200 us, a ninth of their time; the first that goes to sleep is handed such a task. What moves costs no wake-up and no visit of a
 * queue, and mail waits for a part at most. Busy actors are passed over: they look by themselves at their next slice. Who was in a slice
 * since before the swap was published does not: so there may be another pass.
 *
 * sweep_begin, _cancel, _over, _free: the control thread.
 */
#ifndef ACTOR_SWEEP_H
#define ACTOR_SWEEP_H
#include "actor/actor_system.h"

struct sweep;
/* Idle. 0 or -ERR_NOMEM. */
int sweep_new(struct sweep **ret, struct system *sys);
/* Idle, or the workers have stopped. NULL is allowed. */
void sweep_free(struct sweep *s);
/* Idle before. Actors of from[0..n) are swept; where a behaviour has no swap nothing happens. */
void sweep_begin(struct sweep *s, const struct behaviour *from, size_t n);
/* Soon over, whatever is left. */
void sweep_cancel(struct sweep *s);
/* Idle: nobody looks at it or at what it was begun with, and all accounts of who moved are made. */
bool sweep_over(const struct sweep *s);

/* In a slice: c moves now if it is idle, and is idle afterwards; it is woken if it is held. false: neither; it looks by itself. */
struct switch_tally;
bool sweep_visit(struct actx *x, struct cell *c, struct switch_tally *t);
/* In a slice: the task that c stands for. c may be gone afterwards. */
void sweep_part(struct actx *x, struct cell *c);

#endif
