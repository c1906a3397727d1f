/* A second behaviour that ACTOR_PLUGIN forgets. */
#include "body.h"
ACTOR_STATELESS(other)
ACTOR_ON(other, ping, ctx, self, m)
{
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping))
ACTOR_BEHAVIOUR(other, ACTOR_ROW(other, ping))
__attribute__((used)) static const void *const keep_ = &other_behaviour;
ACTOR_PLUGIN("bad", "1.0.0", &bad_behaviour)
