/* wake - a node at rest gets something to do: every 10 ms a tick, and each tick sends 8 messages to each of 100 actors.
 *
 * late_p50 late_p99    from the moment the tick was due, a whole millisecond of the clock, until it was handled
 * burst_p50 burst_p99  from the tick until all 800 messages were handled
 * Between ticks everybody sleeps, so late is what waking costs, and a burst that needs a second wake-up shows it. */
#include "bench.h"
#include "histogram.h"

enum { ACTORS = 100, EACH = 8, REST_MS = 10 };
/* clang-format off */
#define BOSS_ARGS(F) F(u64, ticks, .dflt = 200)
#define BOSS(F)      F(u64, ticks) F(list(ref), workers) F(u64, due_ns) F(u64, start_ns) F(u64, back) F(u64, failed)
#define WORKER(F)    F(u64, done)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_SIGNAL(tick, 1)
ACTOR_SIGNAL(work, 1)
ACTOR_SIGNAL(worked, 1)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(worker, 1, WORKER)

static struct histogram late, burst; /* the boss's */

ACTOR_ON(worker, work, ctx, self, m)
{
    if (++self->done % EACH == 0)
        actor_reply(ctx, worked);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(worker, ACTOR_ROW(worker, work))

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    self->ticks = args->ticks;
    if (args->ticks == 0)
        return actor_fail(ctx, 1, "ticks is 1 or more");
    for (uint32_t i = 0; i < ACTORS; i++)
        self->failed += actor_append(ctx, &self->workers, bench_child(ctx, "worker", &self->failed)) < 0;
    bench_ready(ctx);
    return ACTOR_OK;
}
static void
rest(actor_ctx *ctx, boss *self)
{
    self->due_ns = (actor_now_ns(ctx) / 1000000 + 1 + REST_MS) * 1000000; /* never before the rest is over */
    actor_timer(ctx, REST_MS, 0, 0, tick);
}
ACTOR_ON(boss, go, ctx, self, m)
{
    rest(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(boss, tick, ctx, self, m)
{
    self->start_ns = actor_now_ns(ctx);
    self->failed += self->start_ns < self->due_ns; /* early */
    histogram_add(&late, self->start_ns - self->due_ns);
    for (uint32_t i = 0; i < self->workers.n; i++)
        for (int k = 0; k < EACH; k++)
            actor_tell(ctx, self->workers.v[i], work);
    return ACTOR_OK;
}
ACTOR_ON(boss, worked, ctx, self, m)
{
    if (++self->back < ACTORS)
        return ACTOR_OK;
    self->back = 0;
    histogram_add(&burst, actor_now_ns(ctx) - self->start_ns);
    if (--self->ticks > 0) {
        rest(ctx, self);
        return ACTOR_OK;
    }
    bench_figure(ctx, "late_p50", 1, histogram_quantile(&late, 500));
    bench_figure(ctx, "late_p99", 1, histogram_quantile(&late, 990));
    bench_figure(ctx, "burst_p50", 1, histogram_quantile(&burst, 500));
    bench_figure(ctx, "burst_p99", 1, histogram_quantile(&burst, 990));
    bench_done(ctx, self->failed);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, tick),
                ACTOR_ROW(boss, worked))
ACTOR_PLUGIN("wake", "1.0.0", &boss_behaviour, &worker_behaviour)
