/* Loads, but is not pure: reads the clock behind the host's back. */
#include "body.h"
#include <time.h>

ACTOR_SIGNAL(tick, 1)
ACTOR_ON(bad, tick, ctx, self, m)
{
    self->pings = (uint64_t)time(NULL);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping), ACTOR_ROW(bad, tick))
ACTOR_PLUGIN("bad", "1.0.0", &bad_behaviour)
