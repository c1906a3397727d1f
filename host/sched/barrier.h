/* barrier.h - a memory barrier on all threads of the process, paid by the rare side.
 *
 * Where one side runs for every message and the other almost never (stealing from the slot, taking over a
 * stuck worker), the frequent side uses plain stores and loads in program order, and the rare side calls this
 * between its own two steps.
 */
#ifndef SCHED_BARRIER_H
#define SCHED_BARRIER_H
#include <stdbool.h>

/* Once, before threads start. Blocks shortly. false: the kernel has none, barrier_all_threads will say so
 * too. */
bool barrier_register(void);
/* Any thread. Some microseconds. false: not available, nothing may be concluded. */
bool barrier_all_threads(void);

#endif
