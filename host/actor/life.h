/* life.h - start, failure, restart, stop and switch of one actor: steps inside its own slice.
 *
 * Nothing here runs beside a handler of the same actor: every step is taken by the worker that holds the actor.
 */
#ifndef ACTOR_LIFE_H
#define ACTOR_LIFE_H
#include "actor/actor_system.h"

struct tnode;

/* Begin to stop: no more user mail; children first; then stop hook, dead letters, watchers. actor_attend finishes it. */
void life_stop(struct actx *x, struct cell *c, unsigned reason);
/* The turn of m ended with code (UNHANDLED, STASH or a failure) and is rolled back. Takes m. */
void life_turn_failed(struct actx *x, struct cell *c, struct msg *m, int32_t code);
/* c failed: ask supervision, carry out its answer. m: the message in hand, taken; NULL: it was start, or a child's failure. */
void life_failed(struct actx *x, struct cell *c, const struct failure *f, struct msg *m);
void life_restart(struct actx *x, struct cell *c);
/* No child is left: the second half of a stop or restart. life_finish_stop: true: it ended, and c belongs to its parent's
 * worker from then on; false: its stop hook spawned, those children go first. */
bool life_finish_stop(struct actx *x, struct cell *c);
void life_finish_restart(struct actx *x, struct cell *c);
/* Orders from children. */
void life_child_failed(struct actx *x, struct cell *c, struct order *o);
void life_child_exited(struct actx *x, struct cell *c, const struct order *o); /* o lies in the child */
/* A supervision answer, for a held or running actor. */
void life_direct(struct actx *x, struct cell *c, enum actor_directive d, uint64_t delay_ns);
/* n, a TNODE_RETRY of c, is due: the directive that waited. */
void life_retry(struct actx *x, struct cell *c, uint32_t handle);
/* The behaviour has a successor: move there if this actor can. */
void life_switch(struct actx *x, struct cell *c);
/* The accounts of that: c runs s->to from here on, its state is that one's. */
struct swap;
void life_follow(struct actx *x, struct cell *c, struct swap *s);
/* Between the files of this concept: no user mail from here on; an entry of the flight recorder; the policy's word on children. */
void life_hold(struct cell *c, enum cell_life life);
void life_record(struct actx *x, const struct cell *c, enum record_kind kind, uint32_t code);
bool life_keeps_children(const struct actx *x, const struct cell *c);
/* Children of c that came while it was ending. */
void life_stop_children(struct actx *x, struct cell *c);
/* Its stash and its unstashed mail, without accounts: the node is going. */
void life_free_lists(struct actx *x, struct cell *c);
/* A child of a turn that failed. Its cell is nobody's but ours. */
void life_roll_back_child(struct actx *x, struct cell *child);
/* Everything in the mailbox becomes a dead letter, asks are refused. Leaves it EMPTY. */
void life_drain(struct actx *x, struct cell *c, actor_ref was, unsigned reason);
/* Link a new child under its parent; the parent's turn, or the port for a guardian. */
void life_adopt(struct actx *x, struct cell *parent, struct cell *child);

/* Timers are listed at their actor. begin: it is armed; end: out of the list and ended. 0 or -ERR_NOMEM. */
int life_begin_timer(struct actx *x, struct cell *c, uint32_t handle);
void life_end_timer(struct actx *x, struct cell *c, uint32_t handle);
void life_end_timers(struct actx *x, struct cell *c); /* all of them */

/* Watching (watch.c). */
void watch_add(struct actx *x, struct cell *target, actor_ref watcher);
void watch_remove(struct actx *x, struct cell *target, actor_ref watcher);
void watch_ask(struct actx *x, struct cell *c, actor_ref who); /* commit of FX_WATCH */
void watch_unask(struct actx *x, struct cell *c, actor_ref who);
bool watch_take(struct cell *c, actor_ref who); /* a Terminated arrived: were we waiting? */
void watch_tell_all(struct actx *x, struct cell *c, actor_ref was); /* c ended */
void watch_send(struct actx *x, actor_ref watcher, actor_ref who, unsigned reason, int32_t code,
                uint32_t incarnation);
void watch_drop(struct actx *x, struct cell *c, actor_ref was); /* c ended: those it watched forget it */

#endif
