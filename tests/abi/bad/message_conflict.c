/* Another plugin with its own idea of counter.add. */
#define ACTOR_NAMESPACE "counter"
#include <actor/actor.h>

#define ADD(F)   F(str, by)
#define RIVAL(F) F(u64, n)
ACTOR_MESSAGE(add, 1, ADD)
ACTOR_STATE(rival, 1, RIVAL)
ACTOR_ON(rival, add, ctx, self, m)
{
    self->n++;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(rival, ACTOR_ROW(rival, add))
ACTOR_PLUGIN("rival", "1.0.0", &rival_behaviour)
