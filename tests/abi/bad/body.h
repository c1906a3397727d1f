/* The plugin that each file of this folder spoils in one way. */
#ifndef BAD_BODY_H
#define BAD_BODY_H
#define ACTOR_NAMESPACE "bad"
#include <actor/actor.h>

#define PING(F) F(u32, n)
#define BAD(F)  F(u64, pings)
ACTOR_MESSAGE(ping, 1, PING)
ACTOR_STATE(bad, 1, BAD)
ACTOR_ON(bad, ping, ctx, self, m)
{
    self->pings += m->n;
    return ACTOR_OK;
}
#endif
