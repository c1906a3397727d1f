/* watch_sched_thread.h - the watchdog over a scheduler: how it samples workers, and take-over. */
#ifndef SCHED_WATCH_SCHED_THREAD_H
#define SCHED_WATCH_SCHED_THREAD_H
#include "sched/scheduler.h"
#include "sched/watchdog_thread.h"

/* Fills all of ret but report and report_self. s is initialised and outlives the watchdog. Then: watchdog_start, set s->watchdog,
 * sched_start; at the end watchdog_stop, sched_stop: a watchdog may start threads for as long as it runs. */
void sched_watch_ops(struct sched *s, struct watch_ops *ret);

#endif
