/* greeter - a first plugin: one message in, one answer out, a little state. */
#define ACTOR_NAMESPACE "greeter"
#include <actor/actor.h>

#define GREET(F)   F(str, name) F(u32, times, .dflt = 1)
#define GREETED(F) F(u64, total)
#define GREETER(F) F(u64, greeted) F(str, last)
ACTOR_MESSAGE(greet, 1, GREET)
ACTOR_MESSAGE(greeted, 1, GREETED)
ACTOR_STATE(greeter, 1, GREETER)

ACTOR_ON(greeter, greet, ctx, self, m)
{
    self->greeted += m->times;
    actor_set(ctx, &self->last, m->name);
    actor_log_info(ctx, "hello, %.*s", ACTOR_STR_ARG(m->name));
    actor_reply(ctx, greeted, .total = self->greeted);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(greeter, ACTOR_ROW(greeter, greet))
ACTOR_PLUGIN("greeter", "1.0.0", &greeter_behaviour)
