/* traffic - load with proof. A fleet spawns senders and targets; each sender sends numbered items to its
 * targets, round after round, and audits every one of them when asked to.
 *
 *   fleet --take {targets}--> sender --item {0, 1, 2...}--> target (any behaviour that handles item and audit)
 *   fleet <--part------------ sender <--tally-------------- target
 *
 * A round gives each target `run` items in a row. An audit follows all items of its sender, so it needs no
 * quiet moment.
 */
#define ACTOR_NAMESPACE "traffic"
#include "traffic.h"

enum { BATCH = 1000 }; /* spawns or asks at a time */
/* clang-format off */
#define FLEET_ARGS(F)                                                                                  \
    F(str, behaviour) F(u32, targets, .dflt = 1000) F(u32, senders, .dflt = 4)                         \
    F(bool, shared) /* every sender sends to every target; else a target has one sender */             \
    F(u32, burst, .dflt = 500) F(u32, run, .dflt = 1) /* items a turn; items in a row to one target */
#define SENDER_ARGS(F) F(u32, id) F(u32, burst) F(u32, run)
#define TAKE(F)        F(list(ref), targets)
#define SUMS(F)                                                                                        \
    F(u64, sent) F(u64, answered) F(u64, silent) F(u64, handled)                                       \
    F(u64, on_both) F(u64, lost) F(u64, doubled) F(u64, reordered)
#define REPORT(F) F(bool, ready) F(bool, audited) SUMS(F)
#define FLEET(F)                                                                                       \
    F(str, behaviour) F(bool, shared) F(u32, targets) F(u32, spawned)                                  \
    F(list(ref), senders) F(u32, parts) SUMS(F)
#define SENDER(F)                                                                                      \
    F(u32, id) F(u32, burst) F(u32, run) F(bool, running) F(list(ref), targets)                        \
    F(u64, round) F(u32, cursor) F(u32, in_row) F(u32, asked) F(u32, awaited) SUMS(F)
/* clang-format on */
ACTOR_ARGS(fleet_args, 1, FLEET_ARGS)
ACTOR_ARGS(sender_args, 1, SENDER_ARGS)
ACTOR_SIGNAL(grow, 1) /* fleet to itself: spawn the next batch of targets */
ACTOR_MESSAGE(take, 1, TAKE)
ACTOR_SIGNAL(go, 1)
ACTOR_SIGNAL(more, 1) /* sender to itself: send the next burst */
ACTOR_SIGNAL(halt, 1)
ACTOR_SIGNAL(audit_all, 1)
ACTOR_MESSAGE(part, 1, SUMS)
ACTOR_SIGNAL(query, 1)
ACTOR_MESSAGE(report, 1, REPORT)
ACTOR_STATE(fleet, 1, FLEET)
ACTOR_STATE(sender, 1, SENDER)
/* A field list is a loop over its fields. */
#define ADD(kind, field, ...)   self->field += m->field;
#define CLEAR(kind, field, ...) self->field = 0;
#define GIVE(kind, field, ...)  .field = self->field,
#define TELL_SENDERS(ctx, self, signal)                 \
    for (uint32_t i_ = 0; i_ < (self)->senders.n; i_++) \
    actor_tell((ctx), (self)->senders.v[i_], signal)

ACTOR_ON_START(fleet, fleet_args, ctx, self, args)
{
    self->targets = args->targets;
    self->shared = args->shared;
    actor_set(ctx, &self->behaviour, args->behaviour);
    for (uint32_t i = 0; i < args->senders; i++) {
        actor_ref s;
        if (actor_spawn(ctx, &s, "sender", NULL, sender_args, .id = i, .burst = args->burst,
                        .run = args->run) < 0)
            return actor_fail(ctx, 1, "cannot spawn sender %u", i);
        actor_append(ctx, &self->senders, s);
    }
    actor_tell(ctx, actor_self(ctx), grow);
    return ACTOR_OK;
}
ACTOR_ON(fleet, grow, ctx, self, m)
{
    const uint32_t left = self->targets - self->spawned, n = left < BATCH ? left : BATCH;
    const uint32_t turn = self->spawned / BATCH % self->senders.n;
    actor_ref *made = actor_alloc(ctx, BATCH * sizeof *made);

    for (uint32_t i = 0; made != NULL && i < n; i++)
        if (actor_spawn(ctx, &made[i], self->behaviour, NULL, actor_none) < 0)
            return actor_fail(ctx, 2, "cannot spawn '%.*s'", ACTOR_STR_ARG(self->behaviour));
    for (uint32_t i = 0; made != NULL && i < self->senders.n; i++)
        if (self->shared || i == turn)
            actor_tell(ctx, self->senders.v[i], take, .targets = {made, n});
    self->spawned += made != NULL ? n : 0;
    if (self->spawned < self->targets)
        actor_tell(ctx, actor_self(ctx), grow);
    return ACTOR_OK;
}
ACTOR_ON(fleet, go, ctx, self, m)
{
    TELL_SENDERS(ctx, self, go);
    return ACTOR_OK;
}
ACTOR_ON(fleet, halt, ctx, self, m)
{
    TELL_SENDERS(ctx, self, halt);
    return ACTOR_OK;
}
ACTOR_ON(fleet, audit_all, ctx, self, m)
{
    SUMS(CLEAR)
    self->parts = 0;
    TELL_SENDERS(ctx, self, audit_all);
    return ACTOR_OK;
}
ACTOR_ON(fleet, part, ctx, self, m)
{
    SUMS(ADD)
    self->parts++;
    return ACTOR_OK;
}
ACTOR_ON(fleet, query, ctx, self, m)
{
    actor_reply(ctx, report, .ready = self->spawned == self->targets,
                .audited = self->parts == self->senders.n, SUMS(GIVE));
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(fleet, ACTOR_ROW_STARTS(fleet, fleet_args), ACTOR_ROW(fleet, grow), ACTOR_ROW(fleet, go),
                ACTOR_ROW(fleet, halt), ACTOR_ROW(fleet, audit_all), ACTOR_ROW(fleet, part),
                ACTOR_ROW(fleet, query))

ACTOR_ON_START(sender, sender_args, ctx, self, args)
{
    self->id = args->id;
    self->burst = args->burst;
    self->run = args->run > 0 ? args->run : 1;
    return ACTOR_OK;
}
ACTOR_ON(sender, take, ctx, self, m)
{
    for (uint32_t i = 0; i < m->targets.n; i++)
        if (actor_append(ctx, &self->targets, m->targets.v[i]) < 0)
            return actor_fail(ctx, 1, "no memory for %u targets", m->targets.n);
    return ACTOR_OK;
}
ACTOR_ON(sender, go, ctx, self, m)
{
    if (!self->running && self->targets.n > 0)
        actor_tell(ctx, actor_self(ctx), more);
    self->running = 1;
    return ACTOR_OK;
}
ACTOR_ON(sender, halt, ctx, self, m)
{
    self->running = 0;
    return ACTOR_OK;
}
ACTOR_ON(sender, more, ctx, self, m)
{
    for (uint32_t i = 0; self->running && i < self->burst; i++) {
        const actor_ref to = self->targets.v[self->cursor];
        const uint64_t seq = self->round * self->run + self->in_row;

        self->sent += actor_tell(ctx, to, item, .from = self->id, .seq = seq, .by = 1) == 0;
        if (++self->in_row < self->run)
            continue;
        self->in_row = 0;
        if (++self->cursor == self->targets.n)
            self->cursor = 0, self->round++;
    }
    if (self->running)
        actor_tell(ctx, actor_self(ctx), more);
    return ACTOR_OK;
}
/* Once every ask of a batch is answered: ask the next batch, or hand in the sums. The tag is the target's
 * index. */
static actor_result
audit_step(actor_ctx *ctx, sender *self)
{
    if (self->awaited > 0)
        return ACTOR_OK;
    for (; self->awaited < BATCH && self->asked < self->targets.n; self->asked++, self->awaited++)
        actor_ask(ctx, self->targets.v[self->asked], tally, 30000, self->asked, audit, .from = self->id);
    if (self->awaited == 0)
        actor_tell(ctx, actor_parent(ctx), part, SUMS(GIVE));
    return ACTOR_OK;
}
ACTOR_ON(sender, audit_all, ctx, self, m)
{
    const uint64_t sent = self->sent;

    SUMS(CLEAR)
    self->sent = sent;
    self->asked = self->awaited = 0;
    return audit_step(ctx, self);
}
ACTOR_ON(sender, tally, ctx, self, m)
{
    const uint64_t target = actor_tag(ctx), rounds = self->round + (target < self->cursor);
    const uint64_t sent = rounds * self->run + (target == self->cursor ? self->in_row : 0);

    self->answered++;
    self->handled += m->handled;
    self->on_both += m->versions == 3;
    self->lost += m->lost + (sent > m->next ? sent - m->next : 0);
    self->doubled += m->doubled;
    self->reordered += m->reordered;
    self->awaited--;
    return audit_step(ctx, self);
}
ACTOR_ON(sender, actor_ask_failed, ctx, self, m)
{
    self->silent++;
    self->awaited--;
    return audit_step(ctx, self);
}
ACTOR_BEHAVIOUR(sender, ACTOR_ROW_STARTS(sender, sender_args), ACTOR_ROW(sender, take), ACTOR_ROW(sender, go),
                ACTOR_ROW(sender, halt), ACTOR_ROW(sender, more), ACTOR_ROW(sender, audit_all),
                ACTOR_ROW(sender, tally), ACTOR_ROW(sender, actor_ask_failed))
ACTOR_PLUGIN("traffic", "1.0.0", &fleet_behaviour, &sender_behaviour)
