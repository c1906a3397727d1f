#define ACTOR_NAMESPACE "pair"
#include <actor/actor.h>
#define PING(F) F(u32, n)
#define PAIR(F) F(u64, pings)
ACTOR_MESSAGE(ping, 1, PING)
ACTOR_STATE(pair, 1, PAIR)
