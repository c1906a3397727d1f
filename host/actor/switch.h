/* switch.h - one actor moves to another version of its behaviour, at a turn boundary, with its state migrated.
 *
 *   old state, plan --> new state in a fresh arena --> migrate() --> commit: the old state goes
 *                                                  \-> fails: the new one goes; the actor stays, serves on, and is named
 *
 * Mail, timers, asks, children, watchers and the reference are not touched: they name types and slots, never plugin memory.
 */
#ifndef ACTOR_SWITCH_H
#define ACTOR_SWITCH_H
#include "actor/actor_system.h"

/* What migrate() may look at. ctx->mig while it runs. */
struct migration {
    const struct behaviour *from;
    struct behaviour *to;
    const void *old; /* state of `from` */
    void *state;     /* of `to`, being built */
    struct arena *arena;
};
struct actor_old { /* what the SDK calls actor_old */
    struct migration m;
};

/* Build c's state as s would, and drop it: can this actor follow? In its own slice; nothing of it changes. 0, or e says why
 * not. Of s only to, plan and migrate are looked at. */
int switch_rehearse(struct actx *x, struct cell *c, struct swap *s, struct err *e);

/* Only in sabotage builds does this do anything. */
void switch_sabotage(struct actx *x, struct cell *c);

#endif
