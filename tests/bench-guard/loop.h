/* loop.h - see loop.c. */
#ifndef GUARD_LOOP_H
#define GUARD_LOOP_H
#include "sched/worker.h"

/* Runs tasks until sched.stop is set. Without tasks it sleeps for ever. */
void guard_loop(struct worker *w);

#endif
