/* worker.h - a worker: run queue, timer wheel, memory pool, counters and recorder. A thread runs it; thread
 * and worker are separate, so that a stuck handler's worker can be moved to another thread (take-over, see
 * scheduler.h).
 *
 * Everything here belongs to the thread that runs the worker, unless it says who else looks. The floor above
 * embeds the worker in its own struct (task_ops.worker_bytes).
 */
#ifndef SCHED_WORKER_H
#define SCHED_WORKER_H
#include "base/counters.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/recorder.h"
#include "sched/epoch.h"
#include "sched/runq.h"
#include "sched/task.h"
#include "sched/wheel.h"

enum {
    /* The clock is read every 2 to 16 us of turns, 1 to 128 of them: a reading costs as much as three light turns. */
    CLOCK_TURNS = 32, /* at first; */
    CLOCK_TURNS_MOST = 128,
    CLOCK_SHORT_NS = 2000, /* what took less: the next stretch is of twice as many turns, */
    CLOCK_LONG_NS = 16000, /* more: of half as many */
    INJECT_SLICES = 61,    /* look at the injection queue so often even when busy */
    INJECT_BATCH = 64,     /* and take so many at most */
    SPIN_NS = 40 * 1000,   /* one idle worker spins so long before it sleeps; a wake-up costs about 29 us */
    TIMERS_LEAST = 32,     /* so many timers may fire at each look at the wheel, */
    TIMERS_OPEN = 64,      /* unless so many have fired and are not handled yet, */
    TIMER_NS = 500,      /* and one more for so much time since the last; slow turns do not hold them back */
    HEAVY_NS = 5 * 1000, /* a message, handled or sent: moving it to another CPU is nothing beside that */
    APART_NS = 200 * 1000, /* some light turns in between do not make it one too many for light work */
};

enum worker_hold {
    WORKER_ATTACHED,
    WORKER_HELD,    /* being taken over: host code waits for the outcome, some microseconds */
    WORKER_DETACHED /* taken over: keeps only the actor in hand, schedules by injection, returns after it */
};

struct sched;
struct worker {
    /* What each turn and each tell touches, in few lines and with short addresses. The first two are read by the watchdog,
     * written by plain (relaxed) stores; likewise slot and type. */
    _Atomic(uint64_t) stamp;    /* turns so far, the one in hand included */
    _Atomic(uint32_t) in_host;  /* 0 while plugin code runs */
    _Atomic(uint32_t) detached; /* enum worker_hold; set by the watchdog behind a barrier */
    uint64_t clock_at;          /* the stamp at which the clock is read */
    struct pool pool;
    struct counters counters;
    /* each slice */
    _Atomic(uint32_t) slot; /* actor in hand, 0 = none */
    _Atomic(uint32_t) type; /* message in hand */
    bool foreign;  /* the port of threads that are no workers: runs nothing, schedules by injection */
    bool once;     /* a slice at a time: simulated, or taken over */
    bool leaves;   /* light work spreads over more workers than it should, and this one goes; see worker.c */
    uint8_t again; /* visits that task_ops.run may still make in a row, the one in hand included */
    uint8_t
        inject_left; /* runs until the queue of injected tasks is looked at; of one visit each with once, else one */
    struct sched *sched;
    struct runq *runq;
    struct recorder *recorder;
    struct epoch_seat *seat;
    uint64_t now_ns; /* as last read */
    /* less often */
    uint64_t clock_from;  /* the stamp at its last reading */
    uint32_t clock_turns; /* in a stretch now */
    uint64_t sent;        /* messages, until then */
    uint64_t slice_start_ns;
    uint64_t apart_until; /* ns; until then its light turns are by the way */
    uint64_t surplus_ns;  /* since when there is memory of our own to give back; 0: there is none */
    struct wheel *wheel;  /* ticks of 1 ms */
    struct rng rng;
    uint32_t id;
    _Atomic(uint32_t) hold;  /* number of the take-over that is tried; the watchdog writes */
    _Atomic(uint32_t) waits; /* the one that the worker waits for at the door of host code */
    _Atomic(bool)
        heavy; /* its turns are long, or the one in hand is; the worker and the watchdog exchange it */
    _Atomic(bool) guest; /* woken to share light work; who wakes, the worker and the watchdog exchange it */
    _Atomic(uint64_t)
        parked_until; /* written before it counts as parked: when it wakes up by itself; UINT64_MAX: never */
};

/* The worker whose thread calls, or NULL. For crash reports: may be called from a signal handler. */
struct worker *worker_current(void);
/* The worker, on entering host code while detached is WORKER_HELD, before it has touched anything: waits for the outcome. */
void worker_held(struct worker *w);

/* The clock is due (stamp has reached clock_at), n turns into this slice. Reads it, fires timers. true: the slice's
 * time is over. */
bool worker_clock(struct worker *w, uint32_t n);
/* It was woken to share light work; it sleeps again. */
void worker_guest(struct worker *w, bool guest);
/* Its turns are long (again), or not. The worker; the watchdog. */
void worker_heavy(struct worker *w, bool heavy);
/* It has nothing to do: what it did last does not count any more. */
void worker_heavy_over(struct worker *w);
/* It has a long task in parts: what light turns come in between are by the way. Once a part. */
INLINE void
worker_apart(struct worker *w)
{
    w->apart_until = w->now_ns + APART_NS;
}

/* Timers due, whatever clock_at says. now_ns is fresh. */
void worker_timers(struct worker *w);
/* Before it sleeps, outside of slices: give back what a peak left behind and nobody has used for a second. Returns how long it
 * may sleep at most: less than for ever only while there is something to give back. */
uint64_t worker_trim(struct worker *w);
/* Make a task runnable: newest to the slot, what it displaces to the ring. */
void worker_push_slow_(struct worker *w, struct task *t);
void worker_ring_slow_(struct worker *w, struct task *t);

/* At the end of the ring: a yielded actor waits its turn. */
INLINE void
worker_push_ring(struct worker *w, struct task *t)
{
    if (unlikely(w->foreign) || unlikely(!runq_push_ring(w->runq, t)))
        worker_ring_slow_(w, t);
}

/* Out of line: what a newer task displaced from the slot goes to the ring. */
void worker_displaced_(struct worker *w, struct task *t);

/* Cost: a load, two stores, no locked operation. Guarded by bench pingpong. */
INLINE void
worker_push(struct worker *w, struct task *t)
{
    struct task *old;

    if (unlikely(w->foreign)) {
        worker_push_slow_(w, t);
        return;
    }
    old = runq_push_slot(w->runq, t);
    if (old != NULL)
        worker_displaced_(w, old);
}

/* Behind one of those that wait, before the others. false: the slot is not free, and t was not taken. */
bool worker_push_after_one(struct worker *w, struct task *t);

/* Make tasks runnable that have never run: they go on in this order, before what waits. Linked by next, the last one's is NULL; at most
 * RUNQ_CHAIN. */
void worker_push_new(struct worker *w, struct task *first);

/* Between slices: frees what was retired and nobody looks at any more. Costs a locked operation a participant when something waits. */
void worker_collect(struct worker *w);

/* The run in hand ends with this visit: there is more to look at than the own queue. */
INLINE void
worker_look_up(struct worker *w)
{
    w->again = 1;
    w->inject_left = 1;
}
void worker_run_over_(struct worker *w);

/* The next task to run here, or NULL. Looks at the injection queue now and then, steals nothing. */
struct task *worker_next_slow_(struct worker *w);
INLINE struct task *
worker_next(struct worker *w)
{
    struct task *t;

    if (unlikely(--w->inject_left == 0))
        return worker_next_slow_(w);
    t = runq_pop(w->runq);
    return likely(t != NULL) ? t : worker_next_slow_(w);
}

#endif
