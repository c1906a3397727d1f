/* backend_look.h - one actor as its own slice shows it. */
#ifndef NODE_BACKEND_LOOK_H
#define NODE_BACKEND_LOOK_H
#include "node/backend.h"

struct look { /* copies: the actor may be gone, its version unloaded, when this is read */
    actor_ref ref;
    char *path; /* malloc'd; NULL: no memory */
    char behaviour[96], plugin[48], version[48];
    const char *state; /* a word */
    uint64_t queued, turns, failures, restarts, children;
    bool system;
};
/* In its slice. */
void look_take(struct look *l, struct actx *x, struct cell *c);
void look_fini(struct look *l);
/* In the slice too: messages that wait, stashed and unstashed ones included; children. Walks them. */
uint64_t look_queued(const struct cell *c);
uint64_t look_children(const struct system *sys, const struct cell *c);
/* What the loop can know of one that does not come to it: it is stuck in a turn. */
void look_from_afar(struct look *l, struct backend *b, actor_ref who);
void look_behaviour(struct look *l, const struct behaviour *beh);

#endif
