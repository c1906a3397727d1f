/* counter 2 - handled is widened, sum is renamed to total, step is added; none of it needs a migrate(). */
#define ACTOR_NAMESPACE "counter"
#include "../traffic/traffic.h"

/* clang-format off */
#define ADD(F)     F(u64, by, .dflt = 1)
#define PRESET(F)  F(u64, handled)
#define VALUE(F)   F(u64, total) F(u64, handled) F(u32, version) F(u32, step)
#define COUNTER(F) F(u64, handled) F(u64, total, .was = "sum") F(u32, versions) F(nested(ledger), seen) \
                   F(u32, step, .dflt = 1)
/* clang-format on */
ACTOR_MESSAGE(add, 1, ADD)
ACTOR_MESSAGE(preset, 1, PRESET)
ACTOR_SIGNAL(get, 1)
ACTOR_MESSAGE(value, 2, VALUE)
ACTOR_STATE(counter, 2, COUNTER)

ACTOR_ON(counter, item, ctx, self, m)
{
    ledger_check(&self->seen, m->seq);
    self->handled++;
    self->total += (uint64_t)m->by * self->step;
    self->versions |= 2u;
    return ACTOR_OK;
}
ACTOR_ON(counter, audit, ctx, self, m)
{
    actor_reply(ctx, tally, .next = self->seen.next, .handled = self->handled, .total = self->total,
                .versions = self->versions, .lost = self->seen.lost, .doubled = self->seen.doubled,
                .reordered = self->seen.reordered);
    return ACTOR_OK;
}
ACTOR_ON(counter, add, ctx, self, m)
{
    self->handled++;
    self->total += m->by * self->step;
    actor_reply(ctx, value, .total = self->total, .handled = self->handled, .version = 2, .step = self->step);
    return ACTOR_OK;
}
ACTOR_ON(counter, preset, ctx, self, m)
{
    self->handled = m->handled; /* past 32 bits, this counter cannot go back to version 1 */
    return ACTOR_OK;
}
ACTOR_ON(counter, get, ctx, self, m)
{
    actor_reply(ctx, value, .total = self->total, .handled = self->handled, .version = 2, .step = self->step);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(counter, ACTOR_ROW(counter, item), ACTOR_ROW(counter, audit), ACTOR_ROW(counter, add),
                ACTOR_ROW(counter, preset), ACTOR_ROW(counter, get))
ACTOR_PLUGIN("counter", "2.0.0", &counter_behaviour)
