/* counter 1 - takes traffic's numbered items. Version 2 changes the state, version 3 changes it too far. */
#define ACTOR_NAMESPACE "counter"
#include "../traffic/traffic.h"

#define ADD(F)     F(u64, by, .dflt = 1)
#define PRESET(F)  F(u64, handled)
#define VALUE(F)   F(u64, total) F(u64, handled) F(u32, version)
#define COUNTER(F) F(u32, handled) F(u64, sum) F(u32, versions) F(nested(ledger), seen)
ACTOR_MESSAGE(add, 1, ADD)
ACTOR_MESSAGE(preset, 1, PRESET)
ACTOR_SIGNAL(get, 1)
ACTOR_MESSAGE(value, 1, VALUE)
ACTOR_STATE(counter, 1, COUNTER)

ACTOR_ON(counter, item, ctx, self, m)
{
    ledger_check(&self->seen, m->seq);
    self->handled++;
    self->sum += m->by;
    self->versions |= 1u;
    return ACTOR_OK;
}
ACTOR_ON(counter, audit, ctx, self, m)
{
    actor_reply(ctx, tally, .next = self->seen.next, .handled = self->handled, .total = self->sum,
                .versions = self->versions, .lost = self->seen.lost, .doubled = self->seen.doubled,
                .reordered = self->seen.reordered);
    return ACTOR_OK;
}
ACTOR_ON(counter, add, ctx, self, m)
{
    self->handled++;
    self->sum += m->by;
    actor_reply(ctx, value, .total = self->sum, .handled = self->handled, .version = 1);
    return ACTOR_OK;
}
ACTOR_ON(counter, preset, ctx, self, m)
{
    if (m->handled > UINT32_MAX)
        return actor_fail(ctx, 2, "handled is a u32 in version 1");
    self->handled = (uint32_t)m->handled;
    return ACTOR_OK;
}
ACTOR_ON(counter, get, ctx, self, m)
{
    actor_reply(ctx, value, .total = self->sum, .handled = self->handled, .version = 1);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(counter, ACTOR_ROW(counter, item), ACTOR_ROW(counter, audit), ACTOR_ROW(counter, add),
                ACTOR_ROW(counter, preset), ACTOR_ROW(counter, get))
ACTOR_PLUGIN("counter", "1.0.0", &counter_behaviour)
