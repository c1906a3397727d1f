/* hooks.h - supervision at work: the actor floor's questions, answered by the pure step of decide.h.
 *
 *   turn fails --> hooks.failed --> merged policy of the actor, its history --> decision --> verdict: carried out in its slice
 *
 * An actor's policy is merged at its first failure and kept with its history in cell_ext.supervision: an actor that never
 * fails costs nothing. Worker threads; never blocks.
 */
#ifndef SUPERVISION_HOOKS_H
#define SUPERVISION_HOOKS_H
#include "actor/actor_system.h"
#include "supervision/decide.h"

struct supervision {
    struct system *sys;
    struct policy node; /* the node's default, merged with policy_default */
    /* Layer of an ini [actor] section; NULL: none. Called by workers; what it returns must live on. */
    const struct policy *(*of_actor)(void *self, const struct cell *c);
    void *self;
};

/* Fills sys->hooks. s and sys must outlive the workers. */
void supervision_bind(struct supervision *s, struct system *sys);
/* The policy that a failure of c would meet. */
void supervision_policy(const struct supervision *s, const struct cell *c, struct policy *ret);

#endif
