/* pingpong - two actors pass one token n times. */
#include "bench.h"

/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 4000000)
#define BOSS(F)      F(u64, n) F(u64, start_ns) F(ref, first) F(u64, failed)
#define PLAYER(F)    F(ref, other) F(ref, boss)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(meet, 1, PLAYER)
#define HOP(F) F(u64, left)
ACTOR_MESSAGE(hop, 1, HOP)
ACTOR_SIGNAL(ended, 1)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(player, 1, PLAYER)

ACTOR_ON(player, meet, ctx, self, m)
{
    self->other = m->other;
    self->boss = m->boss;
    return ACTOR_OK;
}
ACTOR_ON_NOFAIL(player, hop, ctx, self, m)
{
    if (m->left == 0)
        actor_tell(ctx, self->boss, ended);
    else
        actor_tell(ctx, self->other, hop, .left = m->left - 1);
}
ACTOR_BEHAVIOUR(player, ACTOR_ROW(player, meet), ACTOR_ROW_NOFAIL(player, hop))

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    const actor_ref a = bench_child(ctx, "player", &self->failed),
                    b = bench_child(ctx, "player", &self->failed);

    self->n = args->n;
    self->first = a;
    actor_tell(ctx, a, meet, .other = b, .boss = actor_self(ctx));
    actor_tell(ctx, b, meet, .other = a, .boss = actor_self(ctx));
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    self->start_ns = actor_now_ns(ctx);
    actor_tell(ctx, self->first, hop, .left = self->n);
    return ACTOR_OK;
}
ACTOR_ON(boss, ended, ctx, self, m)
{
    bench_figure(ctx, "throughput", self->n, actor_now_ns(ctx) - self->start_ns);
    bench_done(ctx, self->failed);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, ended))
ACTOR_PLUGIN("pingpong", "1.0.0", &boss_behaviour, &player_behaviour)
