/* The twin without its lonely behaviour. */
#define ACTOR_NAMESPACE "twin"
#include <actor/actor.h>

#define COUNTER(F) F(u64, n)
ACTOR_SIGNAL(tick, 1)
ACTOR_STATE(counter, 1, COUNTER)
ACTOR_ON(counter, tick, ctx, self, m)
{
    self->n++;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(counter, ACTOR_ROW(counter, tick))
ACTOR_PLUGIN("twin", "1.0", &counter_behaviour)
