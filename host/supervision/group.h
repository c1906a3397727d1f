/* group.h - who else a decision concerns: siblings in a group, the parent on escalation, the node at the top.
 *
 *            /          directive of the failed actor    what comes out
 *         /     \       resume                           apply to it
 *     /user   /system   restart                          apply to it and its group, in spawn order
 *      / \       |      stop                             to it and its group, last spawned first; tell parent
 *     a   b      s      escalate, parent is an actor     tell the parent, fail it with the child's code
 *    / \                escalate, parent is /user        stop it, and log: nobody else is harmed
 *   c   d               stop or escalate below /system   stop the node
 *
 * An actor that escalated stays suspended until its parent's own decision settles it: it restarts
 * when the parent goes on or keeps its children, else it ends with them (actor/life.c). Pure: the caller walks its own tree through `family` and turns effects into
 * control messages. One owner thread.
 */
#ifndef SUPERVISION_GROUP_H
#define SUPERVISION_GROUP_H
#include "supervision/decide.h"

enum family_parent { PARENT_ACTOR, PARENT_USER, PARENT_SYSTEM };

struct family {
    uint32_t parent_role; /* enum family_parent */
    void *parent, *failed;
    void *self;
    /* The sibling spawned after `at` (backwards: before it), NULL when there is none; at == NULL: the first
     * (last). The failed actor is one of them. */
    void *(*step)(void *self, void *at, bool backwards);
};

enum effect_kind {
    EFFECT_APPLY,       /* directive to actor; delay_ns is the decision's for all of the group */
    EFFECT_TELL_PARENT, /* actor_child_failed to actor, the parent; directive is what the child got */
    EFFECT_FAIL_PARENT, /* actor, the parent, fails: CAUSE_CHILD with the child's code */
    EFFECT_LOG,         /* an actor gave up below /user: log it with why, as an error */
    EFFECT_STOP_NODE    /* log it, then stop the node in order */
};

struct effect {
    uint32_t kind; /* enum effect_kind */
    uint32_t directive, why;
    void *actor;
    uint64_t delay_ns;
};

/* Calls emit for each effect, in the order to carry them out. emit must not change the family: it posts, or
 * collects. */
void supervision_spread(const struct decision *d, enum policy_group group, const struct family *fam,
                        void (*emit)(void *arg, const struct effect *e), void *arg);

#endif
