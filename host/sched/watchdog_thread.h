/* watchdog_thread.h - the thread that runs watchdog.h over the workers of one node.
 *
 *   ASLEEP --a worker wakes up: watchdog_nudge()--> WATCHING --all workers parked at two looks--> ASLEEP
 *     +-----an interval after one has woken up because of its timer------> WATCHING
 *
 * Asleep it costs nothing: no wake-up but for workers' timers. Watching, it looks every watch_interval_ns(). No lost wake-up:
 * the watchdog says that it is asleep and then looks at the workers once more; who wakes a worker says so (parked count) and then
 * looks whether the watchdog sleeps. Both sequentially consistent, so one of them sees the other. It is the waker that nudges,
 * and after it has woken the worker, since the system call that wakes the watchdog costs 4 to 20 us; a worker that wakes up by its
 * timer has no waker, so the watchdog has a timer too.
 */
#ifndef SCHED_WATCHDOG_THREAD_H
#define SCHED_WATCHDOG_THREAD_H
#include "base/env.h"
#include "base/thread.h"
#include "base/util.h"
#include "sched/watchdog.h"
#include <stdatomic.h>

/* Bound by the owner before start. Called on the watchdog's thread. */
struct watch_ops {
    void *self;
    uint32_t workers; /* how many there are */
    /* 0: not all workers are parked, by a sequentially consistent load. Else when the first of them wakes up by itself and nudges
     * nobody; UINT64_MAX: never. */
    uint64_t (*parked_until)(void *self);
    void (*sample)(void *self, uint32_t worker, struct watch_sample *ret);
    /* The worker is in the same turn as at the last look. NULL: nobody could help it, and the looks are as far apart as reports
     * allow; else WATCH_RELIEVE_NS at most. */
    void (*relieve)(void *self, uint32_t worker);
    /* REPORT, RETURNED and TAKEN. Must not block for long: other workers wait for their report. */
    void (*report)(void *report_self, const struct watch_event *e);
    void *report_self;
    /* NULL: only report. 0, -ERR_BUSY, or another -ERR_*. */
    int (*take_over)(void *self, uint32_t worker);
};

struct watchdog {
    struct env *env;
    struct watch_ops ops;
    uint64_t limit_ns;
    struct watch_state *state; /* a worker each; the thread's, and so are the two below */
    uint64_t clock_ns,
        looked_ns; /* time as the workers had it, see watch_elapsed_ns; real time of the last look */
    struct thread thread;
    struct parker parker;
    _Atomic(bool) stop;
    _Atomic(uint64_t) looks; /* for metrics and tests: how often it looked at the workers */
    /* Written by the watchdog and by whoever wakes it; read by every worker that wakes up. */
    _Alignas(64) _Atomic(bool) asleep;
};

/* Starts the thread, asleep. limit_ns 0: WATCH_LIMIT_NS. 0, -ERR_NOMEM, -ERR_LIMIT. */
int watchdog_start(struct watchdog *w, struct env *env, const struct watch_ops *ops, uint64_t limit_ns);
/* Blocks until the thread ended: at most as long as report and take_over take. Does nothing if it was not started. */
void watchdog_stop(struct watchdog *w);

void watchdog_wake_(struct watchdog *w);
/* A worker woke up, and the caller has said so in what parked_until() reads. Any thread; one load unless the watchdog sleeps. */
INLINE void
watchdog_nudge(struct watchdog *w)
{
    /* seq_cst: pairs with the store in watchdog_thread.c's fall_asleep(), see above */
    if (unlikely(atomic_load_explicit(&w->asleep, memory_order_seq_cst)))
        watchdog_wake_(w);
}

#endif
