#include "body.h"
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping), ACTOR_ROW(bad, ping))
ACTOR_PLUGIN("bad", "1.0.0", &bad_behaviour)
