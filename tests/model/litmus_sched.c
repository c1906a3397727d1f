/* litmus_sched.c - sleeping and waking: base/thread.h's parker, injection against parking, the watchdog's sleep, epochs.
 *
 * worker_thread.c and watchdog_thread.c are included whole, so that their static functions can be called as they are.
 */
#include "actor/turn.h"
#include "litmus.h"
#include "sched/epoch.h"
#include "sched/watch_sched_thread.h"
#include <string.h>

#include "sched/watchdog_thread.c"
#include "sched/worker_thread.c"

enum { TASKS = 2 };

static struct {
    struct parker parker;
    uint32_t data;
    /* parking */
    struct env env;
    struct sched s;
    struct worker w[2];
    struct runq q[2];
    struct wheel wheel[2];
    struct epoch_seat seat[2];
    struct worker_thread thread[2];
    struct task task[TASKS];
    uint32_t cell[TASKS];
    struct watchdog dog;
    /* epochs */
    struct epoch epoch;
    _Atomic(uint32_t *) shared;
    uint32_t object;
    struct retired retired;
} g;

/* --- parker --- */

static void
reset_parker(void)
{
    parker_init(&g.parker);
    g.data = 0;
}
static void
unpark(void)
{
    g.data = 1;
    parker_unpark(&g.parker);
}
static void
park_for_ever(void)
{
    must(parker_park(&g.parker, PARK_FOREVER));
    must(g.data == 1);
}
static void
park_with_limit(void)
{
    if (!parker_park(&g.parker, 1000))
        must(parker_park(&g.parker, PARK_FOREVER)); /* a wake-up that comes later is kept */
    must(g.data == 1);
}

/* --- injection and parking --- */

static uint64_t
no_time(struct env *e)
{
    (void)e;
    return 1000000;
}

static void
reset_sched(void)
{
    memset(&g.s, 0, sizeof g.s);
    memset(g.w, 0, sizeof g.w);
    memset(g.thread, 0, sizeof g.thread);
    memset(g.cell, 0, sizeof g.cell);
    memset(g.seat, 0, sizeof g.seat);
    g.env.mono_ns = no_time;
    g.s.env = &g.env;
    g.s.nworkers = 1;
    g.s.inject_tail = &g.s.inject_head;
    epoch_init(&g.s.epoch);
    for (int i = 0; i < 2; i++) {
        g.q[i].head = g.q[i].tail = 0;
        g.q[i].slot = NULL;
        g.w[i].sched = &g.s;
        g.w[i].id = (uint32_t)i;
        g.w[i].runq = &g.q[i];
        g.w[i].wheel = &g.wheel[i];
        g.w[i].seat = &g.seat[i];
        g.s.workers[i] = &g.w[i];
        g.thread[i].worker = &g.w[i];
        parker_init(&g.thread[i].parker);
        wheel_init(&g.wheel[i], 1);
    }
}

static void
inject0(void)
{
    g.cell[0] = 1;
    sched_inject(&g.s, &g.task[0]);
}
static void
inject1(void)
{
    g.cell[1] = 1;
    sched_inject(&g.s, &g.task[1]);
}
static void
inject_both(void)
{
    inject0();
    inject1();
}
/* How many it ran. */
static int
run_some(int i)
{
    struct task *t = sched_inject_take(&g.s, &g.w[i]);
    int n = 0;

    if (t == NULL)
        t = park(&g.w[i], &g.thread[i], false);
    for (; t != NULL; t = runq_pop(g.w[i].runq), n++) { /* and the rest of its share */
        must(g.cell[t - g.task] == 1);
        g.cell[t - g.task] = 2;
    }
    return n;
}
static void
worker_until_one(void)
{
    while (run_some(0) == 0)
        ;
}
static void
worker_until_two(void)
{
    for (int n = 0; n < 2;)
        n += run_some(0);
}
static void
one_ran(void)
{
    must(g.cell[0] == 2);
}
static void
both_ran(void)
{
    must(g.cell[0] == 2 && g.cell[1] == 2);
}

/* --- the watchdog's sleep --- */

static void
reset_dog(void)
{
    reset_sched();
    memset(&g.dog, 0, sizeof g.dog);
    parker_init(&g.dog.parker);
    sched_watch_ops(&g.s, &g.dog.ops);
    g.s.watchdog = &g.dog;
}
/* It must not sleep on while the worker runs its task. */
static void
dog_sleeps(void)
{
    if (g.dog.ops.parked_until(g.dog.ops.self) != 0)
        fall_asleep(&g.dog, 1000);
}

/* --- epochs --- */

static void
reset_epoch(void)
{
    memset(&g.epoch, 0, sizeof g.epoch);
    memset(g.seat, 0, sizeof g.seat);
    epoch_init(&g.epoch);
    epoch_join(&g.epoch, &g.seat[0]);
    g.object = 1;
    g.shared = &g.object;
}
static void
reset_epoch_online(void)
{
    reset_epoch();
    epoch_online(&g.epoch, &g.seat[0]);
}
static void
use(void)
{
    uint32_t *p = atomic_load_explicit(&g.shared, memory_order_acquire);

    if (p != NULL)
        must(*p == 1);
}
static void
reader_online(void)
{
    epoch_online(&g.epoch, &g.seat[0]);
    use();
    epoch_offline(&g.seat[0]);
}
static void
reset_epoch_empty(void)
{
    memset(&g.epoch, 0, sizeof g.epoch);
    memset(g.seat, 0, sizeof g.seat);
    epoch_init(&g.epoch);
    g.object = 1;
    g.shared = &g.object;
}
static void
reader_joins(void)
{
    epoch_join(&g.epoch, &g.seat[0]);
    reader_online();
}
static void
another_joins(void)
{
    epoch_join(&g.epoch, &g.seat[1]);
}
static void
reader_quiet(void)
{
    use();
    epoch_quiet(&g.epoch, &g.seat[0]);
    use();
    epoch_offline(&g.seat[0]);
}
static void
freed(struct retired *r, void *arg)
{
    (void)r;
    (void)arg;
    g.object = 0;
}
static void
writer(void)
{
    atomic_store_explicit(&g.shared, NULL, memory_order_relaxed);
    epoch_retire(&g.epoch, &g.retired, freed);
    epoch_collect(&g.epoch, NULL);
    epoch_collect(&g.epoch, NULL);
}

/* The writer takes part itself, and its own seat keeps what it retires. */
static void
reset_epoch_own(void)
{
    reset_epoch();
    epoch_join(&g.epoch, &g.seat[1]);
}
static void
reset_epoch_own_online(void)
{
    reset_epoch_own();
    epoch_online(&g.epoch, &g.seat[0]);
}
static void
owner(void)
{
    epoch_online(&g.epoch, &g.seat[1]);
    atomic_store_explicit(&g.shared, NULL, memory_order_relaxed);
    epoch_retire_own(&g.seat[1], &g.retired, freed);
    for (int i = 0; i < 2; i++) {
        epoch_collect_own(&g.epoch, &g.seat[1], NULL);
        epoch_quiet(&g.epoch, &g.seat[1]);
    }
    epoch_hand_over(&g.epoch, &g.seat[1]);
    epoch_offline(&g.seat[1]);
    epoch_collect(&g.epoch, NULL);
}

/* --- take-over --- */

static struct {
    struct actx x[3]; /* the stuck one; the one that takes over; a neighbor */
    struct runq q[4];
    struct wheel wheel[3];
    struct recorder recorder;
    struct epoch_seat seat[3];
    struct env env;
    struct sched s;
    struct worker_thread thread;
    struct task task[TASKS];
    uint32_t cell[TASKS];
} o;

static void *
give_thread(struct env *e, size_t bytes)
{
    (void)e;
    return bytes == sizeof o.thread ? &o.thread : NULL;
}
static void *
no_memory(struct env *e, size_t bytes)
{
    (void)e;
    (void)bytes;
    return NULL;
}
static void
reset_over(void)
{
    memset(&o.s, 0, sizeof o.s);
    memset(&o.thread, 0, sizeof o.thread);
    memset(o.cell, 0, sizeof o.cell);
    o.env.mono_ns = no_time;
    o.env.alloc = give_thread;
    o.s.env = &o.env;
    o.s.nworkers = 2;
    o.s.inject_tail = &o.s.inject_head;
    width_init(&o.s.width, 2);
    for (int i = 0; i < 3; i++) {
        struct worker *w = &o.x[i].w;

        memset(w, 0, sizeof *w);
        memset(&o.q[i], 0, offsetof(struct runq, ring));
        runq_init(&o.q[i], true);
        w->sched = &o.s;
        w->id = i == 2;
        w->runq = &o.q[i];
        w->wheel = &o.wheel[i];
        w->recorder = &o.recorder;
        w->seat = &o.seat[i];
        w->in_host = 1;
    }
    o.s.workers[0] = &o.x[0].w;
    o.s.workers[1] = &o.x[2].w;
    o.s.spare = &o.x[1].w;
    o.q[0].slot = &o.task[0];
    o.q[0].help = RUNQ_HELP;
    o.cell[0] = 1;
}
static void
run_over(struct task *t)
{
    if (t == NULL)
        return;
    must(o.cell[t - o.task] == 1);
    o.cell[t - o.task] = 2;
}
static void
stuck(void)
{
    o.x[0].w.runq->streak = 1; /* host code that was before */
    host_leave(&o.x[0]);       /* the handler */
    host_enter(&o.x[0]);       /* calls the host, or returns */
    o.cell[1] = 1;
    worker_push(&o.x[0].w, &o.task[1]);
    host_leave(&o.x[0]);
}
/* The new worker's memory was something else before: who finds the worker must not see that. */
static void
reset_outside(void)
{
    reset_over();
    o.x[0].w.in_host = 0;
    o.x[2].w.now_ns = no_time(NULL);
    o.x[1].w.runq = &o.q[3];
    for (int i = 1; i < 4; i += 2) {
        o.q[i].slot = &o.task[1]; /* not made runnable */
        o.q[i].help = RUNQ_HELP;
    }
}
static void
taker_of_new(void)
{
    struct worker *w = &o.x[1].w;

    __atomic_store_n(&w->runq, &o.q[1], __ATOMIC_RELAXED);
    atomic_store_explicit(&o.q[1].slot, NULL, memory_order_relaxed);
    atomic_store_explicit(&o.q[1].help, RUNQ_NO_HELP, memory_order_relaxed);
    must(sched_take_over(&o.s, 0) == 0);
}
static void
clock_reader(void)
{
    worker_clock(&o.x[2].w, 1); /* counts what all have handled */
}
static void
reset_threadless(void)
{
    reset_over();
    o.env.alloc = no_memory;
}
static void
taker_in_vain(void)
{
    must(sched_take_over(&o.s, 0) == -ERR_NOMEM);
}
static void
as_before(void)
{
    must(o.s.workers[0] == &o.x[0].w && o.x[0].w.detached == WORKER_ATTACHED && o.x[0].w.runq == &o.q[0]);
    must(o.q[0].slot == &o.task[1] && runq_waiting(&o.q[0]) == 1 && o.q[0].ring[0] == &o.task[0]);
}
static void
taker(void)
{
    must(sched_take_over(&o.s, 0) == 0);
}
static void
successor(void)
{
    struct worker *w;

    explore_await(&explore_thread_started);
    w = o.thread.worker;
    run_over(runq_pop(w->runq));
    run_over(sched_inject_take(&o.s, w));
}
static void
neighbor(void)
{
    run_over(steal(&o.x[2].w));
}
/* Each task ran, or waits where somebody will look. */
static void
none_lost(void)
{
    const struct worker *w = &o.x[1].w;
    unsigned waits = (unsigned)(o.s.inject_head != NULL) + (unsigned)(w->runq->slot != NULL) +
                     runq_waiting(w->runq) + runq_waiting(&o.q[2]);

    must((unsigned)(o.cell[0] == 2) + (unsigned)(o.cell[1] == 2) + waits == 2);
    must(o.s.workers[0] == w && o.x[0].w.detached == WORKER_DETACHED);
}

const struct scenario sched_scenarios[] = {
    {"parker: sleep and wake", reset_parker, {park_for_ever, unpark}, NULL, false},
    {"parker: with a limit", reset_parker, {park_with_limit, unpark}, NULL, false},
    {"park: one task", reset_sched, {worker_until_one, inject0}, one_ran, false},
    {"park: two tasks", reset_sched, {worker_until_two, inject_both}, both_ran, false},
    {"park: two injectors", reset_sched, {worker_until_two, inject0, inject1}, both_ran, false},
    {"watchdog: falls asleep", reset_dog, {worker_until_one, inject0, dog_sleeps}, one_ran, false},
    {"take-over: a stuck worker", reset_over, {stuck, taker, successor}, none_lost, false},
    {"take-over: a thief", reset_outside, {taker_of_new, successor, neighbor}, NULL, false},
    {"take-over: no thread", reset_threadless, {stuck, taker_in_vain}, as_before, false},
    {"take-over: a neighbor counts", reset_outside, {taker_of_new, clock_reader}, NULL, false},
    {"epoch: comes online", reset_epoch, {reader_online, writer}, NULL, false},
    {"epoch: a new participant", reset_epoch_empty, {reader_joins, writer}, NULL, false},
    {"epoch: two new participants", reset_epoch_empty, {reader_joins, another_joins, writer}, NULL, false},
    {"epoch: at a slice end", reset_epoch_online, {reader_quiet, writer}, NULL, false},
    {"epoch: an own seat", reset_epoch_own, {reader_online, owner}, NULL, false},
    {"epoch: an own seat, at a slice end", reset_epoch_own_online, {reader_quiet, owner}, NULL, false},
};
const unsigned sched_scenarios_n = ARRAY_LEN(sched_scenarios);
