/* timers - n timers (1,000,000) of one actor.
 *
 *   schedule   armed for some time within the hour after the next minute, 10,000 a turn
 *   cancel     and canceled, in the order of arming
 *   fire_wall  armed for 1 to 100 ms from now, as the peers do; the clock stops when the last tick was handled. As the last is due
 *              100 ms after the last was armed, this cannot exceed n / 100 ms, however fast the wheel is
 *   expire     armed for one moment that comes when all are armed; the clock runs from the first tick to the last
 *   fire       the same with the time that it took to arm them, but without the wait in between: what the floor's clock counts
 */
#include "bench.h"
#include <string.h>

enum { MAX = 1000000, BATCH = 10000, MINUTE_MS = 60000, HOUR_MS = 3600000, FIRE_MS = 100, EXPIRE_MS = 1000 };
enum { SCHEDULE, CANCEL, FIRE_WALL, EXPIRE };
/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 1000000)
#define BOSS(F) \
    F(u64, n) F(u32, phase) F(u64, done) F(u64, ticks) F(u64, seed) F(u64, start_ns) F(u64, armed_ns) F(u64, due_ms) F(u64, failed)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_SIGNAL(more, 1)
ACTOR_SIGNAL(tick, 1)
ACTOR_SIGNAL(never, 1)
ACTOR_STATE(boss, 1, BOSS)

/* The notebook of the measurement: a list in state would be measured with it. One boss at a time. */
static int64_t ids[MAX];

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    self->n = args->n;
    self->seed = 88172645463325252u;
    if (args->n == 0 || args->n > MAX)
        return actor_fail(ctx, 1, "n: 1 to %d", MAX);
    memset(ids, 1, sizeof ids); /* its memory is here before the clock runs, as the floor's timers are */
    bench_ready(ctx);
    return ACTOR_OK;
}

static void
begin(actor_ctx *ctx, boss *self, uint32_t phase)
{
    self->phase = phase;
    self->done = self->ticks = self->armed_ns = 0;
    self->start_ns = actor_now_ns(ctx);
    self->due_ms = self->start_ns / 1000000 + EXPIRE_MS;
    actor_tell(ctx, actor_self(ctx), more);
}
ACTOR_ON(boss, go, ctx, self, m)
{
    begin(ctx, self, SCHEDULE);
    return ACTOR_OK;
}

/* One timer of the phase in hand. */
static int
step(actor_ctx *ctx, boss *self, uint64_t i)
{
    const uint64_t random = bench_random(&self->seed);
    uint64_t now_ms;

    switch (self->phase) {
    case SCHEDULE:
        ids[i] = actor_timer(ctx, MINUTE_MS + random % HOUR_MS, 0, 0, never);
        return ids[i] > 0 ? 0 : -1;
    case CANCEL:
        return actor_timer_cancel(ctx, ids[i]);
    case FIRE_WALL:
        return actor_timer(ctx, 1 + random % FIRE_MS, 0, 0, tick) > 0 ? 0 : -1;
    default:
        now_ms = actor_now_ns(ctx) / 1000000;
        return actor_timer(ctx, self->due_ms > now_ms ? self->due_ms - now_ms : 0, 0, 0, tick) > 0 ? 0 : -1;
    }
}
ACTOR_ON(boss, more, ctx, self, m)
{
    if (self->done == self->n) { /* a turn later, since time stands still within one */
        self->armed_ns = actor_now_ns(ctx) - self->start_ns;
        if (self->phase > CANCEL)
            return ACTOR_OK;
        bench_figure(ctx, self->phase == SCHEDULE ? "schedule" : "cancel", self->n, self->armed_ns);
        begin(ctx, self, self->phase + 1);
        return ACTOR_OK;
    }
    for (uint64_t i = 0; i < BATCH && self->done < self->n; i++, self->done++)
        self->failed += step(ctx, self, self->done) < 0;
    actor_tell(ctx, actor_self(ctx), more);
    return ACTOR_OK;
}
ACTOR_ON(boss, tick, ctx, self, m)
{
    if (self->ticks++ == 0 && self->phase == EXPIRE) {
        self->failed += self->armed_ns == 0; /* the moment was too early for this machine */
        self->start_ns = actor_now_ns(ctx);
    }
    if (self->ticks < self->n)
        return ACTOR_OK;
    const uint64_t ns = actor_now_ns(ctx) - self->start_ns;

    if (self->phase == FIRE_WALL) {
        bench_figure(ctx, "fire_wall", self->n, ns);
        begin(ctx, self, EXPIRE);
    } else {
        bench_figure(ctx, "expire", self->n, ns);
        bench_figure(ctx, "fire", self->n, self->armed_ns + ns);
        bench_done(ctx, self->failed);
    }
    return ACTOR_OK;
}
/* None of the canceled may come; that they did not is what a wrong count of ticks would show as well. */
ACTOR_ON(boss, never, ctx, self, m)
{
    self->failed++;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, more),
                ACTOR_ROW(boss, tick), ACTOR_ROW(boss, never))
ACTOR_PLUGIN("timers", "1.0.0", &boss_behaviour)
