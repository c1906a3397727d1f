#include "body.h"
extern __attribute__((visibility("default"))) int helper_of_mine;
int helper_of_mine = 1;
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping))
ACTOR_PLUGIN("bad", "1.0.0", &bad_behaviour)
