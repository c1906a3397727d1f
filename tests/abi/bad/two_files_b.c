/* The other half of a plugin, with another idea of what a ping is. */
#define ACTOR_NAMESPACE "pair"
#include <actor/actor.h>
#define PING(F) F(u64, n)
ACTOR_MESSAGE(ping, 1, PING)
