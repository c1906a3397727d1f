/* payload - two actors pass a parcel of `bytes` bytes n times; each tell copies it. */
#include "bench.h"

/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 1000000) F(u64, bytes, .dflt = 64)
#define BOSS(F)      F(u64, n) F(u64, bytes) F(u64, start_ns) F(ref, first) F(u64, failed)
#define PLAYER(F)    F(ref, other) F(ref, boss)
#define PARCEL(F)    F(u64, left) F(bin, data)
#define ENDED(F)     F(u64, bytes) F(u64, wrong)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(meet, 1, PLAYER)
ACTOR_MESSAGE(parcel, 1, PARCEL)
ACTOR_MESSAGE(ended, 1, ENDED)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(player, 1, PLAYER)

ACTOR_ON(player, meet, ctx, self, m)
{
    self->other = m->other;
    self->boss = m->boss;
    return ACTOR_OK;
}
ACTOR_ON(player, parcel, ctx, self, m)
{
    uint64_t wrong = 0;

    if (m->left != 0 && actor_tell(ctx, self->other, parcel, .left = m->left - 1, .data = m->data) == 0)
        return ACTOR_OK;
    wrong += m->left; /* a parcel that could not be sent on ends it */
    for (uint32_t i = 0; i < m->data.n; i++)
        wrong += m->data.p[i] != (uint8_t)i;
    actor_tell(ctx, self->boss, ended, .bytes = m->data.n, .wrong = wrong);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(player, ACTOR_ROW(player, meet), ACTOR_ROW(player, parcel))

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    const actor_ref a = bench_child(ctx, "player", &self->failed),
                    b = bench_child(ctx, "player", &self->failed);

    self->n = args->n;
    self->bytes = args->bytes;
    self->first = a;
    actor_tell(ctx, a, meet, .other = b, .boss = actor_self(ctx));
    actor_tell(ctx, b, meet, .other = a, .boss = actor_self(ctx));
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    uint8_t *data = actor_alloc(ctx, self->bytes);

    if (data == NULL)
        return actor_fail(ctx, 1, "no memory for a parcel of %llu bytes", (unsigned long long)self->bytes);
    for (uint64_t i = 0; i < self->bytes; i++)
        data[i] = (uint8_t)i;
    self->start_ns = actor_now_ns(ctx);
    self->failed +=
        actor_tell(ctx, self->first, parcel, .left = self->n, .data = {data, (uint32_t)self->bytes}) < 0;
    return ACTOR_OK;
}
ACTOR_ON(boss, ended, ctx, self, m)
{
    bench_figure(ctx, "throughput", self->n, actor_now_ns(ctx) - self->start_ns);
    bench_done(ctx, self->failed + m->wrong + (m->bytes != self->bytes));
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, ended))
ACTOR_PLUGIN("payload", "1.0.0", &boss_behaviour, &player_behaviour)
