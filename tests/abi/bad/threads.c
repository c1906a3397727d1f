/* Starts threads: needs `allow = threads`. */
#include "body.h"
#include <pthread.h>

static void *
work(void *arg)
{
    return arg;
}
ACTOR_SIGNAL(tick, 1)
ACTOR_ON(bad, tick, ctx, self, m)
{
    pthread_t t;

    return pthread_create(&t, NULL, work, NULL) == 0 ? ACTOR_OK : ACTOR_UNHANDLED;
}
ACTOR_BEHAVIOUR(bad, ACTOR_ROW(bad, ping), ACTOR_ROW(bad, tick))
ACTOR_PLUGIN("bad", "1.0.0", &bad_behaviour)
