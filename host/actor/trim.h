/* trim.h - what sched/trim.c calls: the memory of this floor. Bound as task_ops.surplus and trim. */
#ifndef ACTOR_TRIM_H
#define ACTOR_TRIM_H
#include "sched/worker.h"

bool trim_surplus(struct worker *w, enum trim_what what);
/* The shared part runs on a thread that may block, if the node has one, so that no worker is kept. */
void trim_do(struct worker *w, enum trim_what what);

#endif
