#include "base/list.h"
#include "base/thread.h"
#include "sched/scheduler.h"
#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>

/* Real workers whose tasks are functions. */
struct job {
    struct task task;
    struct parker done;
    _Atomic(uint32_t) ran, more; /* runs so far; how often it still queues itself again */
    bool ring;                   /* at the end of the ring, as an actor that yields */
    _Atomic(bool) held;          /* a run lasts as long as this */
    struct worker *last;         /* where it ran */
    _Atomic(uint32_t) moves;
};
static struct sched sch;
static _Atomic(uint64_t) fired, freed;
#define SOON UINT64_C(20000000000)

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
    struct job *j = container_of(t, struct job, task);

    atomic_fetch_add(&j->ran, 1);
    atomic_fetch_add(&j->moves, j->last != NULL && j->last != w);
    j->last = w;
    while (atomic_load(&j->held))
        sched_yield();
    if (atomic_load(&j->more) != 0) {
        atomic_fetch_sub(&j->more, 1);
        if (j->ring)
            worker_push_ring(w, t);
        else
            worker_push(w, t);
    } else {
        parker_unpark(&j->done);
    }
    if (atomic_fetch_add_explicit(&w->stamp, 1, memory_order_relaxed) + 1 >= w->clock_at)
        worker_clock(w, CLOCK_TURNS);
}

static size_t
fire(struct worker *w, const struct wheel_entry *e, size_t n)
{
    (void)w;
    (void)e;
    atomic_fetch_add(&fired, (int)n);
    return 0;
}

static void
start(uint32_t workers)
{
    static const struct task_ops ops = {.worker_bytes = sizeof(struct worker),
                                        .worker_init = worker_init,
                                        .worker_fini = worker_fini,
                                        .run = run,
                                        .fire = fire};
    struct sched_config cfg = {.workers = workers, .slice_turns = 1000, .slice_ns = 200000};

    memset(&sch, 0, sizeof sch);
    atomic_store(&fired, 0);
    cr_assert_eq(sched_init(&sch, env_real(), &cfg, &ops, NULL), 0);
}

static void
stop(void)
{
    cr_assert_eq(sched_stop(&sch, SOON), 0);
    sched_fini(&sch);
}

static void
all_asleep(void)
{
    while (atomic_load(&sch.parked) != sch.nworkers)
        sched_yield();
}

static void
init_job(struct job *j)
{
    memset(j, 0, sizeof *j);
    parker_init(&j->done);
}

Test(worker_thread, an_injected_task_wakes_a_sleeping_worker)
{
    struct job j;

    init_job(&j);
    start(1);
    cr_assert_eq(sched_start(&sch), 0);
    for (int i = 0; i < 200; i++) {
        all_asleep();
        sched_inject(&sch, &j.task);
        cr_assert(parker_park(&j.done, SOON), "nobody woke up");
    }
    stop();
}

/* Injections that meet workers on their way to sleep. */
static void
inject_on(void *arg)
{
    struct job *j = arg;

    for (uint32_t i = 0; i < 4000; i++) {
        sched_inject(&sch, &j->task);
        if (!parker_park(&j->done, SOON))
            return; /* the count tells */
    }
}

static void
storm(uint32_t workers)
{
    static struct job j[4];
    struct thread t[ARRAY_LEN(j)];

    start(workers);
    cr_assert_eq(sched_start(&sch), 0);
    for (size_t i = 0; i < ARRAY_LEN(j); i++) {
        init_job(&j[i]);
        cr_assert_eq(thread_start(&t[i], "injector", inject_on, &j[i], 0), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(j); i++) {
        thread_join(&t[i]);
        cr_assert_eq(atomic_load(&j[i].ran), 4000, "a wake-up was lost");
    }
    stop();
}

Test(worker_thread, no_wake_up_is_lost_with_one_worker)
{
    storm(1);
}

Test(worker_thread, no_wake_up_is_lost_with_two_workers)
{
    storm(2);
}

Test(worker_thread, tasks_that_queue_themselves_all_get_their_turns)
{
    static struct job j[100];

    start(2);
    for (size_t i = 0; i < ARRAY_LEN(j); i++) {
        init_job(&j[i]);
        j[i].ring = i % 3 != 0;
        atomic_store(&j[i].more, 2000);
    }
    cr_assert_eq(sched_start(&sch), 0);
    for (size_t i = 0; i < ARRAY_LEN(j); i++)
        sched_inject(&sch, &j[i].task);
    for (size_t i = 0; i < ARRAY_LEN(j); i++) {
        cr_assert(parker_park(&j[i].done, SOON));
        cr_assert_eq(atomic_load(&j[i].ran), 2001);
    }
    stop();
}

Test(worker_thread, a_sleeper_does_what_it_is_handed_and_is_none_too_many_for_light_work)
{
    struct job talk, given;

    init_job(&talk);
    init_job(&given);
    start(2);
    cr_assert_eq(sched_start(&sch), 0);
    all_asleep();
    atomic_store(&talk.more, UINT32_MAX);
    sched_inject(&sch, &talk.task);
    while (atomic_load(&sch.parked) != 1 || atomic_load(&talk.ran) == 0)
        sched_yield();
    cr_assert(sched_hand(&sch, &given.task));
    cr_assert(parker_park(&given.done, SOON));
    cr_assert_eq(atomic_load(&given.ran), 1);
    while (atomic_load(&sch.parked) != 1)
        sched_yield();
    atomic_store(&given.held, true);
    cr_assert(sched_hand(&sch, &given.task));
    cr_assert_not(sched_hand(&sch, &given.task), "all are awake");
    cr_assert_leq(sched_awake_light_(&sch), 1, "it counts for light work");
    atomic_store(&given.held, false);
    cr_assert(parker_park(&given.done, SOON));
    stop(); /* the talker would go on for long */
}

/* Once in a while the machine has other work, and the talker's worker looks stuck. */
Test(worker_thread, what_is_injected_does_not_drive_light_work_away)
{
    struct job talk, guest;

    init_job(&talk);
    start(2);
    cr_assert_eq(sched_start(&sch), 0);
    all_asleep();
    atomic_store(&talk.more, UINT32_MAX);
    sched_inject(&sch, &talk.task);
    for (unsigned i = 0; i < 200; i++) {
        while (atomic_load(&sch.parked) != 1 || atomic_load(&talk.ran) == 0)
            sched_yield();
        init_job(&guest);
        sched_inject(&sch, &guest.task);
        cr_assert(parker_park(&guest.done, SOON));
    }
    cr_expect_lt(atomic_load(&talk.moves), 20, "%u times", atomic_load(&talk.moves));
    stop();
}

Test(worker_thread, a_sleeping_worker_wakes_up_for_its_timers)
{
    enum { N = 3 };
    struct worker *w;

    start(1);
    w = atomic_load(&sch.workers[0]);
    for (uint32_t i = 0; i < N; i++)
        cr_assert(wheel_arm(w->wheel, &w->pool, i, 1, env_mono_ns(env_real()) / 1000000 + 5 + 10 * i));
    cr_assert_eq(sched_start(&sch), 0);
    while (atomic_load(&fired) != N)
        sched_yield();
    stop();
}

Test(worker_thread, workers_that_sleep_stop_at_once)
{
    start(4);
    cr_assert_eq(sched_start(&sch), 0);
    all_asleep();
    stop();
}

static void
release(struct retired *r, void *arg)
{
    (void)r;
    (void)arg;
    atomic_fetch_add(&freed, 1);
}

Test(worker_thread, workers_under_load_free_what_was_retired)
{
    static struct job j[2];
    static struct retired r;

    start(2);
    atomic_store(&freed, 0);
    for (size_t i = 0; i < ARRAY_LEN(j); i++) {
        init_job(&j[i]);
        j[i].ring = true;
        atomic_store(&j[i].more, UINT32_MAX);
    }
    cr_assert_eq(sched_start(&sch), 0);
    for (size_t i = 0; i < ARRAY_LEN(j); i++)
        sched_inject(&sch, &j[i].task);
    while (atomic_load(&j[0].ran) == 0 || atomic_load(&j[1].ran) == 0)
        sched_yield();
    epoch_retire(&sch.epoch, &r, release);
    while (atomic_load(&freed) == 0)
        sched_yield();
    for (size_t i = 0; i < ARRAY_LEN(j); i++)
        atomic_store(&j[i].more, 0);
    stop();
}
