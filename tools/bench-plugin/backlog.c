/* backlog - senders give one actor n messages, 60,000 in the one turn that each of them has, so that they pile up.
 *
 *   throughput  from the first message sent to the last handled
 *   peak        as many as waited at a time, at most, within four */
#include "bench.h"
#include <stdatomic.h>

enum { BURST = 60000 };
/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 1000000)
#define BOSS(F)      F(u64, n) F(ref, sink) F(list(ref), senders) F(u64, start_ns) F(u64, failed)
#define TASK(F)      F(ref, to) F(u64, n)
#define ITEM(F)      F(u64, value)
#define ENDED(F)     F(u64, peak)
#define SINK(F)      F(ref, boss) F(u64, left) F(u64, taken) F(u64, peak)
#define SENDER(F)    F(u64, sent)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(task, 1, TASK)
ACTOR_MESSAGE(item, 1, ITEM)
ACTOR_MESSAGE(ended, 1, ENDED)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(sink, 1, SINK)
ACTOR_STATE(sender, 1, SENDER)

/* How many were sent so far, for the peak alone: an actor cannot see its own mailbox. Relaxed: a count and nothing else. */
static _Atomic(uint64_t) sent;

ACTOR_ON(sink, task, ctx, self, m)
{
    self->boss = m->to;
    self->left = m->n;
    return ACTOR_OK;
}
ACTOR_ON(sink, item, ctx, self, m)
{
    if (self->taken++ % 4 == 0) {
        const uint64_t n = atomic_load_explicit(&sent, memory_order_relaxed);

        self->peak = n - self->taken > self->peak && n > self->taken ? n - self->taken : self->peak;
    }
    self->left -= m->value;
    if (self->left == 0)
        actor_tell(ctx, self->boss, ended, .peak = self->peak);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(sink, ACTOR_ROW(sink, task), ACTOR_ROW(sink, item))

ACTOR_ON(sender, task, ctx, self, m)
{
    for (uint64_t i = 0; i < m->n; i++)
        actor_tell(ctx, m->to, item, .value = 1);
    self->sent = m->n;
    atomic_fetch_add_explicit(&sent, m->n, memory_order_relaxed);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(sender, ACTOR_ROW(sender, task))

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    self->n = args->n;
    self->sink = bench_child(ctx, "sink", &self->failed);
    if (args->n == 0)
        return actor_fail(ctx, 1, "n is 1 or more");
    actor_tell(ctx, self->sink, task, .to = actor_self(ctx), .n = args->n);
    for (uint64_t n = 0; n < args->n; n += BURST)
        self->failed += actor_append(ctx, &self->senders, bench_child(ctx, "sender", &self->failed)) < 0;
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    self->start_ns = actor_now_ns(ctx);
    for (uint32_t i = 0; i < self->senders.n; i++) {
        const uint64_t left = self->n - (uint64_t)i * BURST;

        actor_tell(ctx, self->senders.v[i], task, .to = self->sink, .n = left < BURST ? left : BURST);
    }
    return ACTOR_OK;
}
ACTOR_ON(boss, ended, ctx, self, m)
{
    bench_figure(ctx, "throughput", self->n, actor_now_ns(ctx) - self->start_ns);
    bench_figure(ctx, "peak", 1, m->peak);
    bench_done(ctx, self->failed);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, ended))
ACTOR_PLUGIN("backlog", "1.0.0", &boss_behaviour, &sink_behaviour, &sender_behaviour)
