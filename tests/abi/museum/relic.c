/* A plugin with every kind of field and row. The folders beside it hold it as built with each released SDK; the newest SDK
 * builds it anew with each test run. Append, never change: what is old must stay as it was. */
#define ACTOR_NAMESPACE "relic"
#include <actor/actor.h>

typedef struct secret {
    uint32_t a, b;
} secret;

#define POINT(F) F(i32, x)  F(i32, y, .dflt = -1)
#define EVERY(F)                                                                                                   \
    F(bool, flag, .dflt = 1)                                                                                       \
    F(i8, a8)  F(i16, a16)  F(i32, a32)  F(i64, a64, .dflt = -5)                                                   \
    F(u8, b8)  F(u16, b16)  F(u32, b32)  F(u64, b64, .flags = ACTOR_REQUIRED)                                      \
    F(f32, c32)  F(f64, c64, .dflt = 0.5)                                                                          \
    F(str, text, .dflt = "none")  F(bin, blob)  F(ref, who)                                                        \
    F(list(u32), numbers)  F(opt(i64), maybe)  F(map(str, u64), counts)  F(nested(point), at)                      \
    F(list(nested(point)), path)  F(map(u32, nested(point)), marks)
#define KEPT(F)    EVERY(F)  F(opaque(secret, secret), hidden)
#define NUMBERS(F) F(u64, total, .was = "sum")
#define FROM(F)    F(u32, from, .dflt = 7)
#define SETTINGS(F) F(u32, limit, .dflt = 10)  F(str, mode, .dflt = "fast")

ACTOR_NESTED(point, 1, POINT)
ACTOR_MESSAGE(every, 1, EVERY)
ACTOR_SIGNAL(ping, 1)
ACTOR_MESSAGE(numbers, 3, NUMBERS)
ACTOR_ARGS(relic_args, 1, FROM)
ACTOR_CONFIG(settings, 1, SETTINGS)
ACTOR_STATE(relic, 1, KEPT)
ACTOR_STATELESS(empty)

ACTOR_ON(relic, every, ctx, self, m)
{
    self->a64 += m->a32;
    self->c64 *= m->c64;
    actor_set(ctx, &self->text, m->text);
    return ACTOR_OK;
}
ACTOR_ON(relic, ping, ctx, self, m)
{
    actor_reply(ctx, numbers, .total = self->b64);
    return ACTOR_OK;
}
ACTOR_JOB(relic, crunch, numbers, numbers, job, in, out)
{
    out->total = in->total + 1;
    return 0;
}
ACTOR_ON(relic, numbers, ctx, self, m)
{
    self->b64 = m->total;
    return ACTOR_OK;
}
ACTOR_ON_START(relic, relic_args, ctx, self, args)
{
    self->b32 = args->from;
    return ACTOR_OK;
}
ACTOR_ON_STOP(relic, ctx, self, reason) {}
ACTOR_ON_MIGRATE(relic, ctx, old, self)
{
    return ACTOR_OK;
}
ACTOR_ON_SAVE(relic, ctx, self, out)
{
    return ACTOR_OK;
}
ACTOR_ON_LOAD(relic, ctx, self, in)
{
    return ACTOR_OK;
}
ACTOR_ON(empty, ping, ctx, self, m)
{
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(relic, ACTOR_ROW_STARTS(relic, relic_args), ACTOR_ROW_STOPS(relic), ACTOR_ROW_MIGRATES(relic),
                ACTOR_ROW_SAVES(relic), ACTOR_ROW_LOADS(relic), ACTOR_ROW_RUNS(relic, crunch, numbers, numbers),
                ACTOR_ROW(relic, every), ACTOR_ROW(relic, ping), ACTOR_ROW(relic, numbers),
                ACTOR_ROW_ATOMIC_BYTES(512))
ACTOR_BEHAVIOUR(empty, ACTOR_ROW(empty, ping))
ACTOR_PLUGIN("relic", "1.0.0", &relic_behaviour, &empty_behaviour)
