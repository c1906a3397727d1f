/* A handler that ACTOR_BEHAVIOUR forgets. */
#include "body.h"
ACTOR_SIGNAL(tick, 1)
ACTOR_ON(bad, tick, ctx, self, m)
{
    return ACTOR_OK;
}
__attribute__((used)) static const actor_handler keep_ = bad_on_tick;
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping))
ACTOR_PLUGIN("bad", "1.0.0", &bad_behaviour)
