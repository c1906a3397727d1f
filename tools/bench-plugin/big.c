/* big - 500 actors; each sends `pings` pings to others at random and waits for the pongs.
 *
 *   burst = 0   the next ping goes out when a pong came in (big)
 *   burst = 1   all pings go out at once (bigburst)
 *
 * A ping and its pong are the two messages that count. */
#include "bench.h"

enum { ACTORS = 500 };
/* clang-format off */
#define BOSS_ARGS(F) F(u64, pings, .dflt = 2000) F(u64, burst)
#define BOSS(F)      F(u64, pings) F(u64, ended) F(u64, start_ns) F(u64, failed)
#define TASK(F)      F(u64, pings) F(u64, burst) F(u64, seed)
#define MEMBER(F)    F(ref, boss) F(u64, left) F(u64, burst) F(u64, seed)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(task, 1, TASK)
ACTOR_SIGNAL(ping, 1)
ACTOR_SIGNAL(pong, 1)
ACTOR_SIGNAL(ended, 1)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(member, 1, MEMBER)

/* The address book. CAF's and the floor's members share one as well; 500 private copies would measure the cache. Written before
 * any member gets a message, never again. */
static actor_ref members[ACTORS];

static void
send_ping(actor_ctx *ctx, member *self)
{
    actor_tell(ctx, members[bench_random(&self->seed) % ACTORS], ping);
}
ACTOR_ON(member, task, ctx, self, m)
{
    self->boss = actor_sender(ctx);
    self->left = m->pings;
    self->burst = m->burst;
    self->seed = m->seed;
    return ACTOR_OK;
}
ACTOR_ON(member, go, ctx, self, m)
{
    for (uint64_t i = 0; i < (self->burst ? self->left : 1); i++)
        send_ping(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON_NOFAIL(member, ping, ctx, self, m)
{
    actor_reply(ctx, pong);
}
ACTOR_ON_NOFAIL(member, pong, ctx, self, m)
{
    if (--self->left == 0)
        actor_tell(ctx, self->boss, ended);
    else if (!self->burst)
        send_ping(ctx, self);
}
ACTOR_BEHAVIOUR(member, ACTOR_ROW(member, task), ACTOR_ROW(member, go), ACTOR_ROW_NOFAIL(member, ping),
                ACTOR_ROW_NOFAIL(member, pong))

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    self->pings = args->pings;
    if (args->pings == 0 || args->pings > 60000)
        return actor_fail(ctx, 1, "pings: 1 to 60000, as a turn may send so many");
    for (uint32_t i = 0; i < ACTORS; i++) {
        members[i] = bench_child(ctx, "member", &self->failed);
        actor_tell(ctx, members[i], task, .pings = args->pings, .burst = args->burst,
                   .seed = 88172645463325252u + i * 7919u);
    }
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    self->start_ns = actor_now_ns(ctx);
    for (uint32_t i = 0; i < ACTORS; i++)
        actor_tell(ctx, members[i], go);
    return ACTOR_OK;
}
ACTOR_ON(boss, ended, ctx, self, m)
{
    if (++self->ended == ACTORS) {
        bench_figure(ctx, "throughput", 2 * ACTORS * self->pings, actor_now_ns(ctx) - self->start_ns);
        bench_done(ctx, self->failed);
    }
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, ended))
ACTOR_PLUGIN("big", "1.0.0", &boss_behaviour, &member_behaviour)
