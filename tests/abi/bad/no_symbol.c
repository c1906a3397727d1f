#include "body.h"
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping))
/* no ACTOR_PLUGIN */
__attribute__((used)) static const void *const keep_ = &bad_behaviour;
