/* Its policy is no policy: what only the last step of a load finds out. */
#define ACTOR_NAMESPACE "wrong"
#include <actor/actor.h>

#define PARENT(F) F(u64, n)
ACTOR_SIGNAL(ping, 1)
ACTOR_STATE(parent, 1, PARENT)
ACTOR_ON(parent, ping, ctx, self, m)
{
    self->n++;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(parent, ACTOR_ROW(parent, ping), ACTOR_ROW_SUPERVISES("now and then: restart"))
ACTOR_PLUGIN("wrong", "1.0.0", &parent_behaviour)
