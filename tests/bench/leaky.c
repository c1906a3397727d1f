/* leaky - a scenario that does what none may: the tool must refuse its figures. what = wrong: it says itself that something went
 * wrong; dead: a message of it is never handled; silent: it reports no figure; crash: its node dies. */
#include "bench.h"
#include <stdlib.h>

#define BOSS_ARGS(F) F(str, what)
#define BOSS(F)      F(str, what)
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_SIGNAL(nobody_handles, 1)
ACTOR_STATE(boss, 1, BOSS)

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    actor_set(ctx, &self->what, args->what);
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    const actor_str what = actor_view(self->what);

    if (actor_str_eq(what, ACTOR_STR("crash")))
        abort();
    if (actor_str_eq(what, ACTOR_STR("dead")))
        actor_tell(ctx, actor_self(ctx), nobody_handles);
    if (!actor_str_eq(what, ACTOR_STR("silent")))
        bench_figure(ctx, "throughput", 1000, 1000);
    bench_done(ctx, actor_str_eq(what, ACTOR_STR("wrong")) ? 1 : 0);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go))
ACTOR_PLUGIN("leaky", "1.0.0", &boss_behaviour)
