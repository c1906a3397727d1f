/* A handler of a behaviour that was never put together. */
#include "body.h"
#define GHOST(F) F(u64, pings)
ACTOR_STATE(ghost, 1, GHOST)
ACTOR_ON(ghost, ping, ctx, self, m)
{
    return ACTOR_OK;
}
__attribute__((used)) static const actor_handler keep_ = ghost_on_ping;
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping))
ACTOR_PLUGIN("bad", "1.0.0", &bad_behaviour)
