/* bench.h - what every scenario of tools/bench has in common.
 *
 *   boss starts --> prepares --> "bench ready" --> go --> ... --> "bench figure METRIC n=N ns=NS"... --> "bench done failed=F"
 *
 * A scenario is one plugin with one source file; its first actor is called boss and gets the counts as start arguments, so that
 * an ini file is enough to run it. The log is what tools/bench reads. A figure is "n things took ns"; tools/benchlib/scenarios.py
 * knows its unit. failed counts what went wrong, and is 0: a message that is missing, a sum that is off.
 *
 * The clock is read in the turn that sends the first message and in the turn that learns of the last one.
 */
#ifndef BENCH_H
#define BENCH_H

#include <actor/actor.h>

ACTOR_SIGNAL(go, 1)

/* All is prepared. `go` comes a moment later, when whatever the children's start had to do is over and the tool has looked at
 * the node's memory. */
static inline void
bench_ready(actor_ctx *ctx)
{
    actor_log_info(ctx, "bench ready");
    actor_timer(ctx, 100, 0, 0, go);
}

static inline void
bench_figure(actor_ctx *ctx, const char *metric, uint64_t n, uint64_t ns)
{
    actor_log_info(ctx, "bench figure %s n=%llu ns=%llu", metric, (unsigned long long)n,
                   (unsigned long long)ns);
}

static inline void
bench_done(actor_ctx *ctx, uint64_t failed)
{
    actor_log_info(ctx, "bench done failed=%llu", (unsigned long long)failed);
}

/* A child without name and arguments; nobody, and counted, if there is none to be had. */
static inline actor_ref
bench_child(actor_ctx *ctx, const char *behaviour, uint64_t *failed)
{
    actor_ref r = ACTOR_NOBODY;

    *failed += actor_spawn(ctx, &r, behaviour, NULL, actor_none) < 0;
    return r;
}

/* The peers' generator (xorshift), so that no scenario measures that of the host. x is not 0. */
static inline uint64_t
bench_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

#endif
