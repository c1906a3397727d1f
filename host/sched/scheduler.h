/* sched.h - the scheduler of a node: workers, the injection queue, parking and waking, take-over of a stuck
 * worker.
 *
 *   threads that are no workers --> port --> injection queue --+--> worker 0 <-- steals half --> worker 1 ...
 *   workers' overflow --------------------------------------- +
 *
 * Sleeping: a worker that finds nothing lists itself as parked, looks once more at the injection queue, then
 * sleeps until it is woken or its next timer is due. An injector queues first and looks for parked workers
 * second. Both steps are sequentially consistent, so one of them sees the other: no wake-up is lost. A push
 * to a worker's own queue needs no such care: that worker is awake and will run it; it wakes a second one
 * only when two or more wait.
 */
#ifndef SCHED_SCHEDULER_H
#define SCHED_SCHEDULER_H
#include "base/err.h"
#include "base/log.h"
#include "sched/width.h"
#include "sched/worker.h"

enum { SCHED_WORKERS_MAX = 255 };

struct sched_config {
    uint32_t workers;     /* 1..SCHED_WORKERS_MAX */
    uint32_t slice_turns; /* 1000 */
    uint64_t slice_ns;    /* 200 us */
    bool simulated;       /* no threads: sim.h drives the workers */
};

struct sim;
struct worker_thread; /* worker_thread.c */
struct sched {
    struct env *env;
    struct sched_config cfg;
    struct task_ops ops;
    struct depot depot;
    struct epoch epoch;
    uint32_t nworkers;
    _Atomic(struct worker *) workers[SCHED_WORKERS_MAX]; /* slot i changes hands at take-over */
    struct worker *port;                                 /* guarded by port_lock */
    struct mutex port_lock;
    /* worker structs ever made, for sums and for the end: workers, the port, and those that were taken over
     */
    struct worker **all;
    uint32_t nall, call;
    struct mutex all_lock;
    _Alignas(64) _Atomic(uint32_t) parked; /* read at pushes; nothing else may write this line */
    _Atomic(uint32_t) spinning;            /* 0 or 1 */
    _Atomic(uint32_t) heavy;               /* workers with long turns: no help for light work */
    _Atomic(uint32_t) guests;              /* workers woken to share light work, until they sleep again */
    _Atomic(bool) leaving;                 /* a worker hands its work over and goes to sleep */
    _Atomic(bool) stop;
    _Alignas(64) _Atomic(uint32_t) injected; /* tasks in the injection queue */
    struct mutex inject_lock;
    struct task *inject_head, **inject_tail;
    struct mutex width_lock; /* guards width, but for its atomics */
    struct width width;
    struct mutex park_lock;
    struct worker_thread *threads; /* under park_lock: those that sleep form a stack */
    struct worker_thread *sleepers;
    _Atomic(uint64_t) surplus_ns; /* since when there is shared memory to give back; 0: there is none */
    struct watchdog *watchdog;    /* told when a worker wakes up; NULL: none. Set before sched_start */
    struct worker *spare;         /* made by a take-over that did not happen; watchdog thread only */
    struct sim *sim;              /* drives the workers when cfg.simulated; else NULL */
    void *owner;                  /* of the floor above */
    uint64_t leaked;              /* set by sched_fini: blocks that nobody had given back */
};

/* Not running yet. ops and env are kept. 0, -ERR_NOMEM, -ERR_INVALID. */
int sched_init(struct sched *s, struct env *env, const struct sched_config *cfg, const struct task_ops *ops,
               void *owner);
void sched_fini(struct sched *s); /* after sched_stop */
/* Start the threads. 0, or -ERR_* and none runs. */
int sched_start(struct sched *s);
/* Ask the workers to return after their slice and wait at most timeout_ns. 0; -ERR_TIMEOUT: a handler is stuck; call again,
 * or leave its thread behind. */
int sched_stop(struct sched *s, uint64_t timeout_ns);
void sched_abandon(struct sched *s); /* then the process has to go: nothing of s may be freed */

/* Queue a task for any worker and wake one. Any thread. */
void sched_inject(struct sched *s, struct task *t);
/* w's share of the queue: one is returned, the others go to its ring, so that a busy worker's own tasks do not keep them
 * waiting one by one. NULL: none. */
struct task *sched_inject_take(struct sched *s, struct worker *w);
void sched_wake(struct sched *s); /* one sleeper, if there is one */
/* Have a sleeper do t first, which takes long. false: all are awake. Any thread. */
bool sched_hand(struct sched *s, struct task *t);

/* Inside task_ops.run, after a slice: the next task, or NULL: return, there is more to look at, as injected tasks, a new epoch, and
 * whether all is to stop. Some ten instructions. */
INLINE struct task *
sched_again(struct worker *w)
{
    if (unlikely(--w->again == 0)) {
        worker_run_over_(w);
        return NULL;
    }
    return runq_pop(w->runq);
}

/* The port: how threads that are no workers send and spawn. Blocks shortly for others that do the same. What
 * was sent is published by the floor above before sched_port_leave. */
struct worker *sched_port_enter(struct sched *s);
void sched_port_leave(struct sched *s, struct worker *port);

/* The worker's thread has been inside one handler for long. Moves its queue and wheel to a fresh worker on a fresh thread,
 * while the old one is outside host code or waits at its door. Blocks for some milliseconds. 0; -ERR_BUSY: it stays in host code, try
 * again; -ERR_NOMEM. Watchdog thread only. */
int sched_take_over(struct sched *s, uint32_t id);

/* Sum of a counter over all workers there ever were. Any thread. */
uint64_t sched_counter(struct sched *s, enum counter id);

/* The sleeper is no reason for another to leave, until it has turned over light work. */
void sched_wake_apart_(struct sched *s);
void sched_queue_(struct sched *s, struct task *t); /* sched_inject without the wake-up */
int sched_worker_new_(struct sched *s, struct worker **ret, uint32_t id, bool foreign);
void sched_worker_free_(struct sched *s, struct worker *w);
/* Workers that are awake and turn over light work; relaxed, a hint. */
INLINE uint32_t
sched_awake_light_(const struct sched *s)
{
    uint32_t others = atomic_load_explicit(&s->parked, memory_order_relaxed) +
                      atomic_load_explicit(&s->heavy, memory_order_relaxed);

    return others < s->nworkers ? s->nworkers - others : 0; /* who is handed a task is both for a moment */
}

#endif
