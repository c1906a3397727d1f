/* behind.h - back-pressure: an actor that falls far behind its mail gets half of its worker until it has caught up.
 *
 *   slice ends late: mail is left that was there at its begin --> counted --> 4,096 messages, in such slices one after the other
 *       --> its slices end by their time alone, and it runs again after one other
 *   a slice that is not late, or idle --> forgotten
 *
 * Its senders share the other half. Else each of them sends for as long as it works, mail piles up, and what waits is out of cache
 * before its turn comes. Mail that goes the long way (converted, large, with a hard limit) is not counted.
 *
 * Threads: the worker's own, for actors that it has in hand. Nothing is paid by who is not late.
 */
#ifndef ACTOR_BEHIND_H
#define ACTOR_BEHIND_H
#include "actor/actx.h"

enum { BEHIND = 4096 /* messages */ };

/* The slice would be over by its turns: not so, if c is far behind and has time left. turn: the one before the slice. */
COLD bool behind_goes_on(struct actx *x, const struct cell *c, uint64_t turn);
/* The slice ended late, after so many turns: queues c. */
COLD void behind_yield(struct actx *x, struct cell *c, uint64_t turn, uint64_t handled);

#endif
