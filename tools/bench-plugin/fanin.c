/* fanin - 8 producers tell one consumer n messages together, 100 a turn and one to themselves. */
#include "bench.h"

enum { PRODUCERS = 8, BURST = 100 };
/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 8000000)
#define BOSS(F)      F(u64, n) F(list(ref), producers) F(u64, start_ns) F(u64, failed)
#define TASK(F)      F(ref, to) F(u64, n)
#define ITEM(F)      F(u64, value)
#define CONSUMER(F)  F(ref, boss) F(u64, left)
#define PRODUCER(F)  F(ref, consumer) F(u64, left)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(task, 1, TASK)
ACTOR_MESSAGE(item, 1, ITEM)
ACTOR_SIGNAL(more, 1)
ACTOR_SIGNAL(ended, 1)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(consumer, 1, CONSUMER)
ACTOR_STATE(producer, 1, PRODUCER)

ACTOR_ON(consumer, task, ctx, self, m)
{
    self->boss = m->to;
    self->left = m->n;
    return ACTOR_OK;
}
ACTOR_ON_NOFAIL(consumer, item, ctx, self, m)
{
    self->left -= m->value;
    if (self->left == 0)
        actor_tell(ctx, self->boss, ended);
}
ACTOR_BEHAVIOUR(consumer, ACTOR_ROW(consumer, task), ACTOR_ROW_NOFAIL(consumer, item))

ACTOR_ON(producer, task, ctx, self, m)
{
    self->consumer = m->to;
    self->left = m->n;
    return ACTOR_OK;
}
ACTOR_ON_NOFAIL(producer, more, ctx, self, m)
{
    for (int i = 0; i < BURST; i++)
        actor_tell(ctx, self->consumer, item, .value = 1);
    self->left -= BURST;
    if (self->left > 0)
        actor_tell(ctx, actor_self(ctx), more);
}
ACTOR_BEHAVIOUR(producer, ACTOR_ROW(producer, task), ACTOR_ROW_NOFAIL(producer, more))

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    const actor_ref to = bench_child(ctx, "consumer", &self->failed);

    if (args->n == 0 || args->n % (PRODUCERS * BURST) != 0)
        return actor_fail(ctx, 1, "n is a multiple of %d", PRODUCERS * BURST);
    self->n = args->n;
    actor_tell(ctx, to, task, .to = actor_self(ctx), .n = args->n);
    for (uint32_t i = 0; i < PRODUCERS; i++) {
        self->failed += actor_append(ctx, &self->producers, bench_child(ctx, "producer", &self->failed)) < 0;
        actor_tell(ctx, self->producers.v[i], task, .to = to, .n = args->n / PRODUCERS);
    }
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    self->start_ns = actor_now_ns(ctx);
    for (uint32_t i = 0; i < self->producers.n; i++)
        actor_tell(ctx, self->producers.v[i], more);
    return ACTOR_OK;
}
ACTOR_ON(boss, ended, ctx, self, m)
{
    bench_figure(ctx, "throughput", self->n, actor_now_ns(ctx) - self->start_ns);
    bench_done(ctx, self->failed);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, ended))
ACTOR_PLUGIN("fanin", "1.0.0", &boss_behaviour, &consumer_behaviour, &producer_behaviour)
