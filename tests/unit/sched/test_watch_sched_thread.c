#include "base/list.h"
#include "sched/watch_sched_thread.h"
#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>

/* A scheduler of one worker whose tasks are functions. They mark plugin code as the actor floor does. */
struct fn_task {
    struct task task;
    bool sticks;               /* until the gate opens */
    bool calls;                /* the host meanwhile, and stays there most of the time */
    struct fn_task *brings[2]; /* pushed before it sticks: in the ring, in the slot */
};
static struct sched sch;
static struct watchdog dog;
static _Atomic(uint32_t) ran, stuck, came_back, reported, taken;
static _Atomic(bool) gate;
static _Atomic(uint32_t) told_slot, told_type;

static int
worker_init(struct worker *w)
{
    (void)w;
    return 0;
}

static void
worker_fini(struct worker *w)
{
    (void)w;
}

static void
run(struct worker *w, struct task *t)
{
    struct fn_task *f = container_of(t, struct fn_task, task);

    if (f->brings[0] != NULL)
        worker_push_ring(w, &f->brings[0]->task);
    if (f->brings[1] != NULL)
        worker_push(w, &f->brings[1]->task);
    atomic_store_explicit(&w->slot, 42, memory_order_relaxed);
    atomic_store_explicit(&w->type, 77, memory_order_relaxed);
    atomic_store_explicit(&w->stamp, atomic_load_explicit(&w->stamp, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    atomic_store_explicit(&w->in_host, 0, memory_order_release); /* pairs with sched_take_over */
    if (f->sticks) {
        atomic_fetch_add(&stuck, 1);
        while (!atomic_load(&gate)) {
            if (f->calls) {
                atomic_store_explicit(&w->in_host, 1, memory_order_seq_cst);
                if (atomic_load_explicit(&w->detached, memory_order_acquire) == WORKER_HELD)
                    worker_held(w);
                for (volatile unsigned i = 0; i < 1000;)
                    i = i + 1;
                atomic_store_explicit(&w->in_host, 0, memory_order_release);
            } else {
                sched_yield();
            }
        }
    }
    atomic_store_explicit(&w->in_host, 1, memory_order_seq_cst);
    while (atomic_load_explicit(&w->detached, memory_order_acquire) == WORKER_HELD)
        sched_yield();
    atomic_store_explicit(&w->slot, 0, memory_order_relaxed);
    if (f->sticks)
        atomic_fetch_add(&came_back, 1);
    else
        atomic_fetch_add(&ran, 1);
}

static size_t
fire(struct worker *w, const struct wheel_entry *e, size_t n)
{
    (void)w;
    (void)e;
    (void)n;
    return 0;
}

static void
report(void *self, const struct watch_event *e)
{
    cr_assert_eq(self, &dog);
    if (e->kind == WATCH_TAKEN) {
        atomic_fetch_add(&taken, 1);
        return;
    }
    told_slot = e->slot;
    told_type = e->type;
    atomic_fetch_add(&reported, 1);
}

static void
start_watched(uint32_t workers, bool takes_over, uint64_t limit_ns)
{
    static const struct task_ops ops = {.worker_bytes = sizeof(struct worker),
                                        .worker_init = worker_init,
                                        .worker_fini = worker_fini,
                                        .run = run,
                                        .fire = fire};
    struct sched_config cfg = {.workers = workers, .slice_turns = 1000, .slice_ns = 200000};
    struct watch_ops watch;

    memset(&sch, 0, sizeof sch);
    ran = stuck = came_back = reported = taken = 0;
    gate = false;
    cr_assert_eq(sched_init(&sch, env_real(), &cfg, &ops, NULL), 0);
    sched_watch_ops(&sch, &watch);
    watch.report = report;
    watch.report_self = &dog;
    if (!takes_over)
        watch.take_over = NULL;
    cr_assert_eq(watchdog_start(&dog, env_real(), &watch, limit_ns), 0);
    sch.watchdog = &dog;
    cr_assert_eq(sched_start(&sch), 0);
}

static void
start(uint32_t workers)
{
    start_watched(workers, true, 20000000);
}

static void
finish(void)
{
    watchdog_stop(&dog);
    cr_assert_eq(sched_stop(&sch, UINT64_C(20000000000)), 0);
    sched_fini(&sch);
}

static void
until(_Atomic(uint32_t) *what, uint32_t n)
{
    while (atomic_load(what) < n)
        sched_yield();
}

Test(watch_sched, other_tasks_run_on_while_the_only_worker_sticks)
{
    struct fn_task bad = {.sticks = true}, good[50] = {0};

    start(1);
    sched_inject(&sch, &bad.task);
    until(&stuck, 1);
    for (unsigned i = 0; i < 50; i++)
        sched_inject(&sch, &good[i].task);
    until(&ran, 50);
    cr_assert_eq(came_back, 0u);
    until(&taken, 1);
    cr_assert_geq(reported, 1u);
    cr_assert_eq(told_slot, 42u);
    cr_assert_eq(told_type, 77u);
    atomic_store(&gate, true);
    until(&came_back, 1);
    finish();
}

Test(watch_sched, handler_that_calls_the_host_all_the_time_is_taken_over_at_its_door)
{
    struct fn_task bad = {.sticks = true, .calls = true}, good = {0};

    start(1);
    sched_inject(&sch, &bad.task);
    until(&stuck, 1);
    sched_inject(&sch, &good.task);
    until(&ran, 1);
    until(&taken, 1);
    cr_assert_eq(came_back, 0u);
    atomic_store(&gate, true);
    until(&came_back, 1);
    finish();
}

Test(watch_sched, several_stuck_handlers_one_after_the_other_are_each_left_behind)
{
    struct fn_task bad[4] = {{.sticks = true}, {.sticks = true}, {.sticks = true}, {.sticks = true}},
                   good = {0};

    start(1);
    for (unsigned i = 0; i < 4; i++)
        sched_inject(&sch, &bad[i].task);
    until(&stuck, 4);
    sched_inject(&sch, &good.task);
    until(&ran, 1);
    until(&taken, 4);
    atomic_store(&gate, true);
    until(&came_back, 4);
    finish();
}

Test(watch_sched, watchdog_sleeps_while_workers_are_parked_and_wakes_with_them)
{
    start(2);
    for (unsigned i = 0; i < 5; i++) {
        struct fn_task good = {0};

        while (!atomic_load(&dog.asleep))
            sched_yield();
        sched_inject(&sch, &good.task);
        until(&ran, i + 1);
    }
    while (!atomic_load(&dog.asleep))
        sched_yield();
    cr_assert_eq(reported, 0u);
    finish();
}

/* No take-over here: only another worker can run them. */
Test(watch_sched, what_waits_behind_a_long_turn_is_run_by_another_worker)
{
    struct fn_task good[2] = {0}, bad = {.sticks = true, .brings = {&good[0], &good[1]}};

    start_watched(2, false, 3600ull * 1000000000);
    sched_inject(&sch, &bad.task);
    until(&ran, 2);
    cr_assert_eq(came_back, 0u);
    atomic_store(&gate, true);
    until(&came_back, 1);
    finish();
}
