/* spawn - n actors, one message each, 1,024 at a time; then they are idle, and are what tools/bench weighs.
 *
 * The last actor of a batch asks for the next. That all of the others have handled theirs as well shows in the node's
 * counters, which tools/bench compares; an acknowledgement each would be a second message. */
#include "bench.h"

enum { BATCH = 1024 };
/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 1000000)
#define BOSS(F)      F(u64, n) F(u64, spawned) F(u64, start_ns) F(u64, failed)
#define GREET(F)     F(u64, left)
#define IDLER(F)     F(u64, n)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(greet, 1, GREET)
ACTOR_SIGNAL(more, 1)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(idler, 1, IDLER)

ACTOR_ON(idler, greet, ctx, self, m)
{
    self->n = m->left;
    if (m->left == 0)
        actor_tell(ctx, actor_sender(ctx), more);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(idler, ACTOR_ROW(idler, greet))

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    self->n = args->n;
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    self->start_ns = actor_now_ns(ctx);
    actor_tell(ctx, actor_self(ctx), more);
    return ACTOR_OK;
}
ACTOR_ON(boss, more, ctx, self, m)
{
    const uint64_t left = self->n - self->spawned, batch = left < BATCH ? left : BATCH;

    for (uint64_t i = batch; i-- > 0; self->spawned++)
        actor_tell(ctx, bench_child(ctx, "idler", &self->failed), greet, .left = i);
    if (batch == 0) {
        bench_figure(ctx, "per_spawn", self->n, actor_now_ns(ctx) - self->start_ns);
        bench_done(ctx, self->failed);
    }
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, more))
ACTOR_PLUGIN("spawn", "1.0.0", &boss_behaviour, &idler_behaviour)
