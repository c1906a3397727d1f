/* A plugin of two object files that include one header: its notes are in the file twice. */
#include "pair.h"
ACTOR_ON(pair, ping, ctx, self, m)
{
    self->pings += m->n;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(pair, ACTOR_ROW(pair, ping))
ACTOR_PLUGIN("pair", "1.0.0", &pair_behaviour)
