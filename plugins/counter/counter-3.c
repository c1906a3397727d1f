/* counter 3 - refused on purpose: total becomes text, and no migrate() says how. The node names the field and
 * keeps version 2 serving. */
#define ACTOR_NAMESPACE "counter"
#include "../traffic/traffic.h"

#define COUNTER(F) F(u64, handled) F(str, total, .was = "sum") F(u32, versions) F(nested(ledger), seen)
ACTOR_STATE(counter, 3, COUNTER)

ACTOR_ON(counter, item, ctx, self, m)
{
    ledger_check(&self->seen, m->seq);
    self->handled++;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(counter, ACTOR_ROW(counter, item))
ACTOR_PLUGIN("counter", "3.0.0", &counter_behaviour)
