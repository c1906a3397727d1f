/* skynet - a tree of actors, 10 children each, n leaves (1,000,000); each leaf says its number, each other actor the sum of its
 * children, and the first sum of all of them ends it.
 *
 *   stop = 0   actors stay, as in the floor, which frees nothing
 *   stop = 1   an actor stops when it has spoken, as those of the peers do
 */
#include "bench.h"

enum { WIDTH = 10 };
/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 1000000) F(bool, stop)
#define BOSS(F)      F(u64, n) F(bool, stop) F(u64, start_ns) F(u64, failed)
#define GROW(F)      F(u64, first) F(u64, size) F(bool, stop)
#define SUM(F)       F(u64, value) F(u64, failed)
#define SKY(F)       F(ref, parent) F(u64, sum) F(u64, failed) F(u32, said) F(bool, stop)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(grow, 1, GROW)
ACTOR_MESSAGE(sum, 1, SUM)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(sky, 1, SKY)

ACTOR_ON(sky, grow, ctx, self, m)
{
    const uint64_t size = m->size / WIDTH;

    if (m->size == 1) {
        actor_reply(ctx, sum, .value = m->first);
        return m->stop ? ACTOR_STOP : ACTOR_OK;
    }
    self->parent = actor_sender(ctx);
    self->stop = m->stop;
    for (uint64_t i = 0; i < WIDTH; i++)
        actor_tell(ctx, bench_child(ctx, "sky", &self->failed), grow, .first = m->first + i * size,
                   .size = size, .stop = m->stop);
    return ACTOR_OK;
}
ACTOR_ON(sky, sum, ctx, self, m)
{
    self->sum += m->value;
    self->failed += m->failed;
    if (++self->said < WIDTH)
        return ACTOR_OK;
    actor_tell(ctx, self->parent, sum, .value = self->sum, .failed = self->failed);
    return self->stop ? ACTOR_STOP : ACTOR_OK;
}
ACTOR_BEHAVIOUR(sky, ACTOR_ROW(sky, grow), ACTOR_ROW(sky, sum))

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    uint64_t n = args->n;

    while (n % WIDTH == 0 && n != 0)
        n /= WIDTH;
    if (n != 1)
        return actor_fail(ctx, 1, "n is a power of %d", WIDTH);
    self->n = args->n;
    self->stop = args->stop;
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    self->start_ns = actor_now_ns(ctx);
    actor_tell(ctx, bench_child(ctx, "sky", &self->failed), grow, .size = self->n, .stop = self->stop);
    return ACTOR_OK;
}
ACTOR_ON(boss, sum, ctx, self, m)
{
    bench_figure(ctx, "time", 1, actor_now_ns(ctx) - self->start_ns);
    bench_done(ctx, self->failed + m->failed + (m->value != self->n * (self->n - 1) / 2));
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, sum))
ACTOR_PLUGIN("skynet", "1.0.0", &boss_behaviour, &sky_behaviour)
