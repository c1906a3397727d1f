/* blocking - work on threads of its own.
 *
 *   throughput   n jobs that do nothing: 8 actors, one job each at a time
 *   hop_alone    two actors pass a token
 *   hop_blocked  and again, while every thread of the blocking pool sleeps in a job */
#include "bench.h"
#include <time.h>

enum { CLIENTS = 8, SLEEP_MS = 5 };
/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 80000) F(u64, hops, .dflt = 2000000)
#define BOSS(F) \
    F(u64, n) F(u64, hops) F(list(ref), clients) F(ref, first) F(u64, ended) F(u64, start_ns) F(u64, failed) F(bool, blocked)
#define JOBS(F)     F(u64, n)
#define WORK(F)     F(u64, value) F(u64, sleep_ms)
#define RESULT(F)   F(u64, value)
#define ENDED(F)    F(u64, failed)
#define CLIENT(F)   F(ref, boss) F(u64, left) F(bool, asleep) F(bool, halted) F(u64, failed)
#define PLAYER(F)   F(ref, other) F(ref, boss)
#define HOP(F)      F(u64, left)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(jobs, 1, JOBS)
ACTOR_MESSAGE(work, 1, WORK)
ACTOR_MESSAGE(result, 1, RESULT)
ACTOR_MESSAGE(ended, 1, ENDED)
ACTOR_SIGNAL(block, 1)
ACTOR_SIGNAL(halt, 1)
ACTOR_MESSAGE(meet, 1, PLAYER)
ACTOR_MESSAGE(hop, 1, HOP)
ACTOR_SIGNAL(over, 1)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(client, 1, CLIENT)
ACTOR_STATE(player, 1, PLAYER)

/* --- a client of the pool --- */
ACTOR_JOB(client, labor, work, result, job, in, out)
{
    struct timespec t = {.tv_nsec = (long)in->sleep_ms * 1000000};

    if (in->sleep_ms != 0)
        nanosleep(&t, NULL);
    out->value = in->value;
    return 0;
}
static void
next(actor_ctx *ctx, client *self)
{
    if (self->halted || (!self->asleep && self->left == 0))
        actor_tell(ctx, self->boss, ended, .failed = self->failed);
    else
        self->failed +=
            actor_run(ctx, labor, 1, .value = self->left, .sleep_ms = self->asleep ? SLEEP_MS : 0) < 0;
}
ACTOR_ON(client, jobs, ctx, self, m)
{
    self->boss = actor_sender(ctx);
    self->left = m->n;
    next(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(client, block, ctx, self, m)
{
    self->asleep = 1;
    next(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(client, halt, ctx, self, m)
{
    self->halted = 1;
    return ACTOR_OK;
}
ACTOR_ON(client, result, ctx, self, m)
{
    self->failed += m->value != self->left;
    self->left -= self->left > 0;
    next(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(client, actor_ask_failed, ctx, self, m)
{
    self->failed++;
    self->left -= self->left > 0;
    next(ctx, self);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(client, ACTOR_ROW(client, jobs), ACTOR_ROW(client, block), ACTOR_ROW(client, halt),
                ACTOR_ROW(client, result), ACTOR_ROW(client, actor_ask_failed),
                ACTOR_ROW_RUNS(client, labor, work, result))

/* --- those who do not block --- */
ACTOR_ON(player, meet, ctx, self, m)
{
    self->other = m->other;
    self->boss = m->boss;
    return ACTOR_OK;
}
ACTOR_ON(player, hop, ctx, self, m)
{
    if (m->left == 0)
        actor_tell(ctx, self->boss, over);
    else
        actor_tell(ctx, self->other, hop, .left = m->left - 1);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(player, ACTOR_ROW(player, meet), ACTOR_ROW(player, hop))

/* --- boss: jobs, hops, hops while clients sleep --- */
ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    const actor_ref a = bench_child(ctx, "player", &self->failed),
                    b = bench_child(ctx, "player", &self->failed);

    self->n = args->n;
    self->hops = args->hops;
    self->first = a;
    if (args->n == 0 || args->n % CLIENTS != 0)
        return actor_fail(ctx, 1, "n is a multiple of %d", CLIENTS);
    for (uint32_t i = 0; i < CLIENTS; i++)
        self->failed += actor_append(ctx, &self->clients, bench_child(ctx, "client", &self->failed)) < 0;
    actor_tell(ctx, a, meet, .other = b, .boss = actor_self(ctx));
    actor_tell(ctx, b, meet, .other = a, .boss = actor_self(ctx));
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    self->start_ns = actor_now_ns(ctx);
    for (uint32_t i = 0; i < self->clients.n; i++)
        actor_tell(ctx, self->clients.v[i], jobs, .n = self->n / CLIENTS);
    return ACTOR_OK;
}
static void
start_hops(actor_ctx *ctx, boss *self)
{
    self->start_ns = actor_now_ns(ctx);
    actor_tell(ctx, self->first, hop, .left = self->hops);
}
ACTOR_ON(boss, ended, ctx, self, m)
{
    self->failed += m->failed;
    if (++self->ended < CLIENTS)
        return ACTOR_OK;
    if (self->blocked) {
        bench_done(ctx, self->failed);
        return ACTOR_OK;
    }
    bench_figure(ctx, "throughput", self->n, actor_now_ns(ctx) - self->start_ns);
    start_hops(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(boss, over, ctx, self, m)
{
    bench_figure(ctx, self->blocked ? "hop_blocked" : "hop_alone", self->hops,
                 actor_now_ns(ctx) - self->start_ns);
    self->ended = 0;
    for (uint32_t i = 0; i < self->clients.n; i++)
        if (self->blocked)
            actor_tell(ctx, self->clients.v[i], halt);
        else
            actor_tell(ctx, self->clients.v[i], block);
    if (!self->blocked)
        start_hops(ctx, self);
    self->blocked = 1;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, ended),
                ACTOR_ROW(boss, over))
ACTOR_PLUGIN("blocking", "1.0.0", &boss_behaviour, &client_behaviour, &player_behaviour)
