/* switch.h - one actor moves to another version of its behaviour, at a turn boundary, with its state migrated.
 *
 *   old state, plan --> new state in a fresh arena --> load() --> migrate() --> commit: the old state goes
 *             \-- save() of the old version: bytes ------^   \-> any fails: the new one goes; the actor stays, serves on, is named
 *
 * save() and load() run where the plan has opaque fields.
 *
 * Mail, timers, asks, children, watchers and the reference are not touched: they name types and slots, never plugin memory.
 */
#ifndef ACTOR_SWITCH_H
#define ACTOR_SWITCH_H
#include "actor/actor_system.h"

/* What save(), load() and migrate() may touch. ctx->mig while one runs. */
struct migration {
    const struct behaviour *from;
    struct behaviour *to;
    const void *old; /* state of `from` */
    void *state;     /* of `to`, being built */
    struct arena *arena;
    actor_bytes *out; /* while save() runs: the one thing that it may set */
};
struct actor_old { /* what the SDK calls actor_old */
    struct migration m;
};

/* Build c's state as s would, and drop it: can this actor follow? In its own slice; nothing of it changes. 0, or e says why
 * not. Of s only to, plan and migrate are looked at. */
int switch_rehearse(struct actx *x, struct cell *c, struct swap *s, struct err *e);

/* Accounts of several that move by one swap, made at once: the count of all that are done would else be fetched from another CPU for
 * each. Until then the predecessor has those that are gone too. */
enum { SWITCH_TALLY = 256 };
struct switch_tally { /* zeroed at first */
    struct swap *s;   /* NULL: nothing is open */
    struct behaviour *from;
    uint32_t n;
    bool hooks; /* plugin code runs for each */
};
/* c is ours, has nothing else to attend to and no message in hand: as life_switch. */
void switch_idle(struct actx *x, struct cell *c, struct switch_tally *t);
void switch_tally_close(struct actx *x, struct switch_tally *t); /* in the slice that opened it */

/* Only in sabotage builds does this do anything. */
void switch_sabotage(struct actx *x, struct cell *c);

#endif
