/* fatal - faults that end a node: each must be told of first. */
#define ACTOR_NAMESPACE "fatal"
#include <actor/actor.h>

#define VICTIM(F) F(u64, address) F(u32, zero)
ACTOR_SIGNAL(null, 1)
ACTOR_SIGNAL(divide, 1)
ACTOR_SIGNAL(overflow, 1)
ACTOR_SIGNAL(trap, 1)
ACTOR_STATE(victim, 1, VICTIM)

ACTOR_ON(victim, null, ctx, self, m)
{
    *(volatile int *)(uintptr_t)self->address = 1;
    return ACTOR_OK;
}
ACTOR_ON(victim, divide, ctx, self, m)
{
    volatile int one = 1, zero = (int)self->zero;

    one = one / zero;
    return ACTOR_OK;
}
static int
deeper(volatile char *above, uint64_t more)
{
    volatile char here[512];

    here[0] = above[0];
    return more == 0 ? 0 : deeper(here, more - 1) + here[0];
}
ACTOR_ON(victim, overflow, ctx, self, m)
{
    char c = 0;

    self->address = (uint64_t)deeper(&c, UINT64_MAX);
    return ACTOR_OK;
}
ACTOR_ON(victim, trap, ctx, self, m)
{
    __builtin_trap();
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(victim, ACTOR_ROW(victim, null), ACTOR_ROW(victim, divide), ACTOR_ROW(victim, overflow),
                ACTOR_ROW(victim, trap))
ACTOR_PLUGIN("fatal", "1.2.3", &victim_behaviour)
