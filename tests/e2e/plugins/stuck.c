/* stuck - handlers that do not return, and an actor that shows that others go on. */
#define ACTOR_NAMESPACE "stuck"
#include <actor/actor.h>

#define SPIN_ARGS(F) F(u32, after_ms) F(u32, ms) /* ms 0: for ever */
#define SPINNER(F)   F(u32, ms) F(u64, spins)
#define TICK_ARGS(F) F(u32, every_ms)
#define TICKER(F)    F(u64, n)
ACTOR_ARGS(spin_args, 1, SPIN_ARGS)
ACTOR_ARGS(tick_args, 1, TICK_ARGS)
ACTOR_SIGNAL(spin, 1)
ACTOR_SIGNAL(tick, 1)
ACTOR_STATE(spinner, 1, SPINNER)
ACTOR_STATE(asking_spinner, 1, SPINNER)
ACTOR_STATE(ticker, 1, TICKER)

ACTOR_ON_START(spinner, spin_args, ctx, self, args)
{
    self->ms = args->ms;
    actor_timer(ctx, args->after_ms, 0, 0, spin);
    return ACTOR_OK;
}
/* For ever outside the host. */
ACTOR_ON(spinner, spin, ctx, self, m)
{
    actor_log_info(ctx, "spins");
    while (1)
        __asm__ volatile("");
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(spinner, ACTOR_ROW_STARTS(spinner, spin_args), ACTOR_ROW(spinner, spin))

/* In and out of the host all the time: the worker can be moved only in the short moments outside. */
ACTOR_ON_START(asking_spinner, spin_args, ctx, self, args)
{
    self->ms = args->ms;
    actor_timer(ctx, args->after_ms, 0, 0, spin);
    return ACTOR_OK;
}
ACTOR_ON(asking_spinner, spin, ctx, self, m)
{
    const uint64_t end = actor_real_ns(ctx) + self->ms * 1000000ull;

    actor_log_info(ctx, "spins");
    while (self->ms == 0 || actor_real_ns(ctx) < end)
        self->spins++;
    actor_log_info(ctx, "returns");
    actor_tell(ctx, actor_self(ctx), tick);
    return ACTOR_OK;
}
ACTOR_ON(asking_spinner, tick, ctx, self, m)
{
    actor_log_info(ctx, "lives on");
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(asking_spinner, ACTOR_ROW_STARTS(asking_spinner, spin_args), ACTOR_ROW(asking_spinner, spin),
                ACTOR_ROW(asking_spinner, tick))

ACTOR_ON_START(ticker, tick_args, ctx, self, args)
{
    actor_timer(ctx, args->every_ms, args->every_ms, 0, tick);
    return ACTOR_OK;
}
ACTOR_ON(ticker, tick, ctx, self, m)
{
    actor_log_info(ctx, "tick %llu", (unsigned long long)++self->n);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(ticker, ACTOR_ROW_STARTS(ticker, tick_args), ACTOR_ROW(ticker, tick))
ACTOR_PLUGIN("stuck", "1.0.0", &spinner_behaviour, &asking_spinner_behaviour, &ticker_behaviour)
