#include "body.h"
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping))
#define ACTOR_ABI_MAJOR 2
ACTOR_PLUGIN("bad", "1.0.0", &bad_behaviour)
