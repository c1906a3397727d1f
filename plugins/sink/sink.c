/* sink - a target for many senders: one ledger for each sender, in a map that migrates with the state. Built
 * twice, as version 1 and 2, so that tests swap one for the other under load. */
#define ACTOR_NAMESPACE "sink"
#include "../traffic/traffic.h"

#if SINK_VERSION >= 2
#define VERSION "2.0.0"
#define SINK(F) F(map(u32, nested(ledger)), by_sender, .was = "senders") F(u64, handled) F(u32, versions)
#else
#define VERSION   "1.0.0"
#define SINK(F)   F(u64, handled) F(map(u32, nested(ledger)), senders) F(u32, versions)
#define by_sender senders
#endif
ACTOR_STATE(sink, SINK_VERSION, SINK)

static ledger_state
ledger_of(actor_ctx *ctx, sink *self, uint32_t sender)
{
    const ledger_state *l = actor_get(ctx, &self->by_sender, sender);

    return l != NULL ? *l : (ledger_state){0};
}
ACTOR_ON(sink, item, ctx, self, m)
{
    ledger_state l = ledger_of(ctx, self, m->from);

    ledger_check(&l, m->seq);
    self->handled++;
    self->versions |= SINK_VERSION;
    if (actor_put(ctx, &self->by_sender, m->from, ((ledger){l.next, l.lost, l.doubled, l.reordered})) < 0)
        return actor_fail(ctx, 1, "no memory for the ledger of sender %u", m->from);
    return ACTOR_OK;
}
ACTOR_ON(sink, audit, ctx, self, m)
{
    const ledger_state l = ledger_of(ctx, self, m->from);

    actor_reply(ctx, tally, .next = l.next, .handled = l.next - l.lost + l.doubled,
                .versions = self->versions, .lost = l.lost, .doubled = l.doubled, .reordered = l.reordered);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(sink, ACTOR_ROW(sink, item), ACTOR_ROW(sink, audit))
ACTOR_PLUGIN("sink", VERSION, &sink_behaviour)
