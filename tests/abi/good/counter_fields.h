/* What the counter plugins share: a message that both versions know unchanged. */
#ifndef COUNTER_FIELDS_H
#define COUNTER_FIELDS_H
#define ACTOR_NAMESPACE "counter"
#include <actor/actor.h>

#define COUNTED(F) F(u64, total)
ACTOR_MESSAGE(counted, 1, COUNTED)
#endif
