/* Loads, but stays: a thread-local variable pins the file. */
#include "body.h"
static __thread int calls_;
ACTOR_SIGNAL(tick, 1)
ACTOR_ON(bad, tick, ctx, self, m)
{
    self->pings = (uint64_t)++calls_;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping), ACTOR_ROW(bad, tick))
ACTOR_PLUGIN("bad", "1.0.0", &bad_behaviour)
