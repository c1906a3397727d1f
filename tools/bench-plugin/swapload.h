/* swapload.h - what the driver of the swap scenario and its members say to each other. */
#ifndef BENCH_SWAPLOAD_H
#define BENCH_SWAPLOAD_H

#include <actor/actor.h>

/* clang-format off */
#define VISIT(F) F(u64, stamp)                  /* the visitor's; comes back as it went */
#define SEEN(F)  F(u64, stamp) F(u32, version)
#define SUM(F)   F(u64, visits) F(u32, version)
/* clang-format on */
ACTOR_MESSAGE_IN("swapload", visit, 1, VISIT)
ACTOR_MESSAGE_IN("swapload", seen, 1, SEEN)
ACTOR_SIGNAL_IN("swapload", audit, 1)
ACTOR_MESSAGE_IN("swapload", sum, 1, SUM)

#endif
