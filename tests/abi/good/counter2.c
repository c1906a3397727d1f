/* Version 2: total renamed and widened, a field added, one dropped; the row for reset is gone. */
#include "counter_fields.h"

#define ADD(F)     F(u32, by, .dflt = 1)  F(str, why)
#define COUNTER(F) F(u64, sum, .was = "total")  F(i16, step, .dflt = 1)  F(u32, limit, .dflt = 1000)
#define FROM(F)    F(u32, from)
ACTOR_MESSAGE(add, 2, ADD)
ACTOR_SIGNAL(read, 1)
ACTOR_ARGS(counter_args, 1, FROM)
ACTOR_STATE(counter, 2, COUNTER)

ACTOR_ON_START(counter, counter_args, ctx, self, args)
{
    self->sum = args->from;
    return ACTOR_OK;
}
ACTOR_ON(counter, add, ctx, self, m)
{
    self->sum += m->by;
    return ACTOR_OK;
}
ACTOR_ON(counter, read, ctx, self, m)
{
    actor_reply(ctx, counted, .total = self->sum);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(counter, ACTOR_ROW_STARTS(counter, counter_args), ACTOR_ROW(counter, add), ACTOR_ROW(counter, read))
ACTOR_PLUGIN("counter", "2.0.0", &counter_behaviour)
