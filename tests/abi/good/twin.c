/* Another plugin that also has a behaviour called counter, and one that nobody else has. */
#define ACTOR_NAMESPACE "twin"
#include <actor/actor.h>

#define COUNTER(F) F(u64, n)
ACTOR_SIGNAL(tick, 1)
ACTOR_STATE(counter, 1, COUNTER)
ACTOR_STATE(lonely, 1, COUNTER)
ACTOR_ON(counter, tick, ctx, self, m)
{
    self->n++;
    return ACTOR_OK;
}
ACTOR_ON(lonely, tick, ctx, self, m)
{
    self->n++;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(counter, ACTOR_ROW(counter, tick))
ACTOR_BEHAVIOUR(lonely, ACTOR_ROW(lonely, tick))
ACTOR_PLUGIN("twin", "0.9", &counter_behaviour, &lonely_behaviour)
