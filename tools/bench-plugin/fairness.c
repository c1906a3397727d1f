/* fairness - who gets how much while nobody rests.
 *
 *   equals  200 actors, each with one message to itself after the other
 *   hogs    8 actors with 2,000 messages in the mailbox at any time, each leading to the next
 *   a lone actor gets a tick each millisecond and answers to nobody
 *
 * share      turns of the equal actor that had least, over the mean; 1 is perfect
 * hog_share  turns of all hogs over turns of all; for the record
 * wait_p50   from the moment a tick was due, a whole millisecond of the clock, until it was handled
 * wait_p99 */
#include "bench.h"
#include "histogram.h"

enum { EQUALS = 200, HOGS = 8, BACKLOG = 2000 };
/* clang-format off */
#define BOSS_ARGS(F) F(u64, time_ms, .dflt = 2000)
#define BOSS(F) \
    F(u64, time_ms) F(list(ref), all) F(u64, due_ns) F(u64, end_ns) F(u64, said) F(u64, least) F(u64, equal_turns) \
    F(u64, hog_turns) F(u64, failed)
#define TASK(F)   F(u64, backlog)
#define WORKER(F) F(u64, turns) F(u64, backlog) F(u64, left) F(bool, halted) F(ref, boss)
#define TURNS(F)  F(u64, turns) F(bool, hog)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(task, 1, TASK)
ACTOR_SIGNAL(turn, 1)
ACTOR_SIGNAL(halt, 1)
ACTOR_MESSAGE(turns, 1, TURNS)
ACTOR_SIGNAL(tick, 1)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(worker, 1, WORKER)

static struct histogram waits; /* the boss's */

ACTOR_ON(worker, task, ctx, self, m)
{
    self->backlog = self->left = m->backlog;
    self->boss = actor_sender(ctx);
    for (uint64_t i = 0; i < m->backlog; i++)
        actor_tell(ctx, actor_self(ctx), turn);
    return ACTOR_OK;
}
ACTOR_ON(worker, turn, ctx, self, m)
{
    if (!self->halted) {
        self->turns++;
        actor_tell(ctx, actor_self(ctx), turn);
    } else if (--self->left == 0) {
        actor_tell(ctx, self->boss, turns, .turns = self->turns, .hog = self->backlog > 1);
    }
    return ACTOR_OK;
}
ACTOR_ON(worker, halt, ctx, self, m)
{
    self->halted = 1;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(worker, ACTOR_ROW(worker, task), ACTOR_ROW(worker, turn), ACTOR_ROW(worker, halt))

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    self->time_ms = args->time_ms;
    self->least = UINT64_MAX;
    for (uint32_t i = 0; i < EQUALS + HOGS; i++)
        self->failed += actor_append(ctx, &self->all, bench_child(ctx, "worker", &self->failed)) < 0;
    bench_ready(ctx);
    return ACTOR_OK;
}
static void
arm(actor_ctx *ctx, boss *self)
{
    self->due_ns = (actor_now_ns(ctx) / 1000000 + 2) * 1000000; /* never before 1 ms is over */
    actor_timer(ctx, 1, 0, 0, tick);
}
ACTOR_ON(boss, go, ctx, self, m)
{
    for (uint32_t i = 0; i < self->all.n; i++)
        actor_tell(ctx, self->all.v[i], task, .backlog = i < EQUALS ? 1 : BACKLOG);
    self->end_ns = actor_now_ns(ctx) + self->time_ms * 1000000;
    arm(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(boss, tick, ctx, self, m)
{
    const uint64_t now_ns = actor_now_ns(ctx);

    histogram_add(&waits, now_ns > self->due_ns ? now_ns - self->due_ns : 0);
    if (now_ns < self->end_ns) {
        arm(ctx, self);
        return ACTOR_OK;
    }
    for (uint32_t i = 0; i < self->all.n; i++)
        actor_tell(ctx, self->all.v[i], halt);
    return ACTOR_OK;
}
ACTOR_ON(boss, turns, ctx, self, m)
{
    if (m->hog) {
        self->hog_turns += m->turns;
    } else {
        self->equal_turns += m->turns;
        self->least = m->turns < self->least ? m->turns : self->least;
    }
    if (++self->said < self->all.n)
        return ACTOR_OK;
    bench_figure(ctx, "share", self->least * EQUALS, self->equal_turns);
    bench_figure(ctx, "hog_share", self->hog_turns, self->hog_turns + self->equal_turns);
    bench_figure(ctx, "wait_p50", 1, histogram_quantile(&waits, 500));
    bench_figure(ctx, "wait_p99", 1, histogram_quantile(&waits, 990));
    bench_done(ctx, self->failed + (self->least == 0));
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, tick),
                ACTOR_ROW(boss, turns))
ACTOR_PLUGIN("fairness", "1.0.0", &boss_behaviour, &worker_behaviour)
