/* movers.c - actors that are swapped: version 2 renames a field, widens one and adds one. Compiled once a version. */
#define ACTOR_NAMESPACE "movers"
#include <actor/actor.h>

/* clang-format off */
#if MOVERS_VERSION == 1
#define MOVER(F) F(u32, n) F(u64, sum)
#define TEXT "1.0.0"
#else
#define MOVER(F) F(u64, n) F(u64, total, .was = "sum") F(u32, step, .dflt = 3)
#define TEXT "2.0.0"
#endif
/* clang-format on */
#define ARGS(F) F(u64, n)
ACTOR_ARGS(crowd_args, 1, ARGS)
ACTOR_SIGNAL(look, 1)
ACTOR_STATE(mover, MOVERS_VERSION, MOVER)
ACTOR_STATE(crowd, 1, ARGS)

ACTOR_ON(mover, look, ctx, self, m)
{
    self->n++;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(mover, ACTOR_ROW(mover, look))

ACTOR_ON_START(crowd, crowd_args, ctx, self, args)
{
    actor_ref r;

    for (self->n = 0; self->n < args->n; self->n++)
        if (actor_spawn(ctx, &r, "mover", NULL, actor_none) < 0)
            return actor_fail(ctx, 1, "no %llu actors", (unsigned long long)args->n);
    actor_log_info(ctx, "guard ready");
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(crowd, ACTOR_ROW_STARTS(crowd, crowd_args))
ACTOR_PLUGIN("movers", TEXT, &mover_behaviour, &crowd_behaviour)
