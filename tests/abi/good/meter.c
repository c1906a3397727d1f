/* A meter and whoever feeds it, in two versions (METER=1, 2) of which the second widens the message between them. Plugin `feed`
 * (-DFEED) sends the first layout, or with FEED=2 the wider one. */
#define ACTOR_NAMESPACE "meter"
#include <actor/actor.h>

#if METER == 2
#define LEVEL(F) F(u64, now) F(str, unit)
#define VERSION "2.0.0"
#else
#define LEVEL(F) F(u32, now)
#define VERSION "1.0.0"
#endif
#define PASS(F)  F(ref, to) F(u64, now)
#define METER_STATE(F) F(u64, sum) F(u64, last)
#define FEEDER(F) F(u64, sent)
ACTOR_MESSAGE(level, METER, LEVEL)
ACTOR_MESSAGE(pass, 1, PASS) /* send a level there */
#ifndef FEED
ACTOR_STATE(meter, 1, METER_STATE)

ACTOR_ON(meter, level, ctx, self, m)
{
    self->last = m->now;
    self->sum += m->now;
    return ACTOR_OK;
}
ACTOR_ON(meter, pass, ctx, self, m)
{
    actor_tell(ctx, m->to, level, .now = (__typeof__(((level *)0)->now))m->now);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(meter, ACTOR_ROW(meter, level), ACTOR_ROW(meter, pass))
ACTOR_PLUGIN("meter", VERSION, &meter_behaviour)
#else
ACTOR_STATE(feeder, 1, FEEDER)
ACTOR_ON(feeder, pass, ctx, self, m)
{
    self->sent++;
    actor_tell(ctx, m->to, level, .now = (__typeof__(((level *)0)->now))m->now);
    return ACTOR_OK;
}
#ifdef HEARS
ACTOR_ON(feeder, level, ctx, self, m)
{
    self->sent = m->now;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(feeder, ACTOR_ROW(feeder, pass), ACTOR_ROW(feeder, level))
#else
ACTOR_BEHAVIOUR(feeder, ACTOR_ROW(feeder, pass))
#endif
ACTOR_PLUGIN("feed", VERSION, &feeder_behaviour)
#endif
