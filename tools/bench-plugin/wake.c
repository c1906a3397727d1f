/* wake - a node at rest gets something to do. A round is four rests of 10 ms:
 *
 *   tick      a timer is due, and its tick sends 8 messages to each of 100 actors
 *   outside   a thread that is no worker sends one message, a job's result, and that one sends 800
 *   floors    the same two without a runtime, on threads of the blocking pool: a sleep ends, a thread wakes another
 *
 * late_p50 late_p99        from the moment the tick was due, a whole millisecond of the clock, until it was handled
 * burst_p50 burst_p99      from the tick until all 800 messages were handled
 * outside_p50 outside_p99  from the end of the job until its result was handled
 * outside_burst_p50        from there until all 800 messages were handled
 * late_floor outside_floor until the bare thread runs: its sleep was over, or another has woken it by a futex (medians)
 *
 * Between them everybody sleeps, so this is what waking costs, and a burst that needs a second wake-up shows it. */
#include "bench.h"
#include "histogram.h"
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { ACTORS = 100, EACH = 8, REST_MS = 10 };
enum { KNOCK, NAP, DOZE, ROUSE }; /* kinds of jobs; the last two belong together */
/* clang-format off */
#define BOSS_ARGS(F) F(u64, ticks, .dflt = 200)
#define BOSS(F) \
    F(u64, ticks) F(list(ref), workers) F(u64, due_ns) F(u64, start_ns) F(u64, pushed_ns) F(u64, back) F(u64, failed)
#define WORKER(F)    F(u64, done)
#define ERRAND(F)    F(u64, kind)
#define RAN(F)       F(u64, kind) F(u64, end_ns) F(u64, late_ns)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_SIGNAL(tick, 1)
ACTOR_SIGNAL(work, 1)
ACTOR_SIGNAL(worked, 1)
ACTOR_MESSAGE(errand, 1, ERRAND)
ACTOR_MESSAGE(ran, 1, RAN)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(worker, 1, WORKER)

static struct histogram late, burst, outside, outside_burst, late_floor, outside_floor; /* the boss's */

static uint64_t
clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* When it was over, by plan. */
static uint64_t
sleep_ns(uint64_t ns)
{
    const uint64_t due = clock_ns() + ns;
    const struct timespec t = {.tv_sec = (time_t)(due / 1000000000), .tv_nsec = (long)(due % 1000000000)};

    prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
        ;
    return due;
}

static _Atomic(uint32_t) bed;          /* 0: somebody may sleep in it */
static _Atomic(uint64_t) roused_at_ns; /* written before bed */

ACTOR_JOB(boss, run, errand, ran, job, in, out)
{
    uint64_t since = 0;

    out->kind = in->kind;
    if (in->kind == DOZE) {
        while (atomic_load_explicit(&bed, memory_order_acquire) == 0)
            syscall(SYS_futex, &bed, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
        since = atomic_load_explicit(&roused_at_ns, memory_order_relaxed);
    } else {
        since = sleep_ns((uint64_t)REST_MS * 1000000);
    }
    out->end_ns = clock_ns();
    out->late_ns = out->end_ns - since;
    if (in->kind == ROUSE) {
        atomic_store_explicit(&roused_at_ns, out->end_ns, memory_order_relaxed);
        atomic_store_explicit(&bed, 1, memory_order_release);
        syscall(SYS_futex, &bed, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return 0;
}

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
    self->pushed_ns = 0;
    self->due_ns = (actor_now_ns(ctx) / 1000000 + 1 + REST_MS) * 1000000; /* never before the rest is over */
    actor_timer(ctx, REST_MS, 0, 0, tick);
}
static void
send(actor_ctx *ctx, boss *self, uint64_t kind)
{
    self->failed += actor_run(ctx, run, kind, .kind = kind) < 0;
}
static void
give(actor_ctx *ctx, boss *self)
{
    self->start_ns = actor_now_ns(ctx);
    for (uint32_t i = 0; i < self->workers.n; i++)
        for (int k = 0; k < EACH; k++)
            actor_tell(ctx, self->workers.v[i], work);
}
ACTOR_ON(boss, go, ctx, self, m)
{
    rest(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(boss, tick, ctx, self, m)
{
    give(ctx, self);
    self->failed += self->start_ns < self->due_ns; /* early */
    histogram_add(&late, self->start_ns - self->due_ns);
    return ACTOR_OK;
}
ACTOR_ON(boss, worked, ctx, self, m)
{
    if (++self->back < ACTORS)
        return ACTOR_OK;
    self->back = 0;
    if (self->pushed_ns == 0) {
        histogram_add(&burst, actor_now_ns(ctx) - self->start_ns);
        send(ctx, self, KNOCK);
    } else {
        histogram_add(&outside_burst, actor_now_ns(ctx) - self->pushed_ns);
        send(ctx, self, NAP);
    }
    return ACTOR_OK;
}
static void
finish(actor_ctx *ctx, boss *self)
{
    bench_figure(ctx, "late_p50", 1, histogram_quantile(&late, 500));
    bench_figure(ctx, "late_p99", 1, histogram_quantile(&late, 990));
    bench_figure(ctx, "late_floor", 1, histogram_quantile(&late_floor, 500));
    bench_figure(ctx, "burst_p50", 1, histogram_quantile(&burst, 500));
    bench_figure(ctx, "burst_p99", 1, histogram_quantile(&burst, 990));
    bench_figure(ctx, "outside_p50", 1, histogram_quantile(&outside, 500));
    bench_figure(ctx, "outside_p99", 1, histogram_quantile(&outside, 990));
    bench_figure(ctx, "outside_floor", 1, histogram_quantile(&outside_floor, 500));
    bench_figure(ctx, "outside_burst_p50", 1, histogram_quantile(&outside_burst, 500));
    bench_done(ctx, self->failed);
}
ACTOR_ON(boss, ran, ctx, self, m)
{
    switch (m->kind) {
    case KNOCK:
        self->pushed_ns = m->end_ns;
        give(ctx, self);
        histogram_add(&outside, self->start_ns - m->end_ns);
        break;
    case NAP:
        histogram_add(&late_floor, m->late_ns);
        atomic_store_explicit(&bed, 0, memory_order_relaxed);
        send(ctx, self, DOZE);
        send(ctx, self, ROUSE);
        break;
    case DOZE:
        histogram_add(&outside_floor, m->late_ns);
        if (--self->ticks > 0)
            rest(ctx, self);
        else
            finish(ctx, self);
        break;
    }
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, tick),
                ACTOR_ROW(boss, worked), ACTOR_ROW(boss, ran), ACTOR_ROW_RUNS(boss, run, errand, ran))
ACTOR_PLUGIN("wake", "1.0.0", &boss_behaviour, &worker_behaviour)
