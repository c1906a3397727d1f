/* Version 3 of the counter: limit becomes text. Without migrate() nobody can say how. */
#include "../good/counter_fields.h"

#define ADD(F)     F(u32, by, .dflt = 1)
#define COUNTER(F) F(u64, sum, .was = "total")  F(i16, step, .dflt = 1)  F(str, limit)
ACTOR_MESSAGE(add, 3, ADD)
ACTOR_STATE(counter, 3, COUNTER)

ACTOR_ON(counter, add, ctx, self, m)
{
    self->sum += m->by;
    return ACTOR_OK;
}
#ifdef WITH_MIGRATE
ACTOR_ON_MIGRATE(counter, ctx, old, self)
{
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(counter, ACTOR_ROW_MIGRATES(counter), ACTOR_ROW(counter, add))
#else
ACTOR_BEHAVIOUR(counter, ACTOR_ROW(counter, add))
#endif
ACTOR_PLUGIN("counter", "3.0.0", &counter_behaviour)
