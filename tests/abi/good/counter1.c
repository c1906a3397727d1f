/* Version 1 of a counter; counter2.c changes its state in every way that needs no code, counter3.c in one that does. */
#include "counter_fields.h"

#define ADD(F)     F(u32, by, .dflt = 1)
#define COUNTER(F) F(u32, total)  F(str, last)  F(i16, step, .dflt = 1)
#define FROM(F)    F(u32, from)
ACTOR_MESSAGE(add, 1, ADD)
ACTOR_SIGNAL(read, 1)
ACTOR_SIGNAL(reset, 1)
ACTOR_ARGS(counter_args, 1, FROM)
ACTOR_STATE(counter, 1, COUNTER)

ACTOR_ON_START(counter, counter_args, ctx, self, args)
{
    self->total = args->from;
    return ACTOR_OK;
}
ACTOR_ON(counter, add, ctx, self, m)
{
    self->total += m->by;
    return ACTOR_OK;
}
ACTOR_ON(counter, read, ctx, self, m)
{
    actor_reply(ctx, counted, .total = self->total);
    return ACTOR_OK;
}
ACTOR_ON(counter, reset, ctx, self, m)
{
    self->total = 0;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(counter, ACTOR_ROW_STARTS(counter, counter_args), ACTOR_ROW(counter, add), ACTOR_ROW(counter, read),
                ACTOR_ROW(counter, reset))
ACTOR_PLUGIN("counter", "1.0.0", &counter_behaviour)
