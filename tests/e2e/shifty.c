/* shifty - for tests of the commands: holds a thread as long as told, and in version 2 refuses to take over an unlucky state. */
#define ACTOR_NAMESPACE "shifty"
#include <actor/actor.h>

#define SET(F)   F(u64, n) F(list(str), tags)
#define HOLD(F)  F(u64, ms)
#define VALUE(F) F(u64, n) F(u32, version)
ACTOR_MESSAGE(set, 1, SET)
ACTOR_MESSAGE(hold, 1, HOLD)
ACTOR_SIGNAL(get, 1)
ACTOR_MESSAGE(value, 1, VALUE)
#if SHIFTY >= 2
#define VERSION   "2.0.0"
#define SHIFTY_(F) F(u64, n) F(list(str), tags) F(u32, extra, .dflt = 5)
#else
#define VERSION   "1.0.0"
#define SHIFTY_(F) F(u64, n) F(list(str), tags)
#endif
ACTOR_STATE(shifty, SHIFTY, SHIFTY_)

ACTOR_ON(shifty, set, ctx, self, m)
{
    self->n = m->n;
    for (uint32_t i = 0; i < m->tags.n; i++)
        actor_append(ctx, &self->tags, m->tags.v[i]);
    return ACTOR_OK;
}
ACTOR_ON(shifty, hold, ctx, self, m)
{
    const uint64_t end = actor_real_ns(ctx) + m->ms * 1000000;

    while (actor_real_ns(ctx) < end)
        ;
    return ACTOR_OK;
}
ACTOR_ON(shifty, get, ctx, self, m)
{
    actor_reply(ctx, value, .n = self->n, .version = SHIFTY);
    return ACTOR_OK;
}
#if SHIFTY >= 2
ACTOR_ON_MIGRATE(shifty, ctx, old, self)
{
    if (self->n == 13)
        return actor_fail(ctx, 13, "an unlucky state");
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(shifty, ACTOR_ROW(shifty, set), ACTOR_ROW(shifty, hold), ACTOR_ROW(shifty, get), ACTOR_ROW_MIGRATES(shifty))
#else
ACTOR_BEHAVIOUR(shifty, ACTOR_ROW(shifty, set), ACTOR_ROW(shifty, hold), ACTOR_ROW(shifty, get))
#endif
ACTOR_PLUGIN("shifty", VERSION, &shifty_behaviour)
