#include "base/list.h"
#include "sched/scheduler.h"
#include <criterion/criterion.h>
#include <string.h>

/* Without threads: what worker_next and the queues do. */
static struct env_fake env;
static struct sched sch;
static struct worker *w;
static struct task t[3000];
static uint32_t inits, finis, fail_init;

static int
worker_init(struct worker *x)
{
    (void)x;
    if (++inits == fail_init)
        return -ERR_NOMEM;
    return 0;
}

static void
worker_fini(struct worker *x)
{
    (void)x;
    finis++;
}

static void
run(struct worker *x, struct task *task)
{
    (void)x;
    (void)task;
}

static size_t
fire(struct worker *x, const struct wheel_entry *e, size_t n)
{
    (void)x;
    (void)e;
    (void)n;
    return 0;
}

static const struct task_ops ops = {.worker_bytes = sizeof(struct worker),
                                    .worker_init = worker_init,
                                    .worker_fini = worker_fini,
                                    .run = run,
                                    .fire = fire};

static int
make(uint32_t workers)
{
    struct sched_config cfg = {
        .workers = workers, .slice_turns = 1000, .slice_ns = 200000, .simulated = true};

    memset(&sch, 0, sizeof sch);
    return sched_init(&sch, &env.env, &cfg, &ops, NULL);
}

static void
start(void)
{
    env_fake_init(&env, 1);
    inits = finis = fail_init = 0;
    cr_assert_eq(make(2), 0);
    w = atomic_load(&sch.workers[0]);
}

static void
stop(void)
{
    sched_fini(&sch);
    cr_assert_eq(finis, 3); /* two and the port */
    cr_assert_eq(env.live_bytes, 0);
}
TestSuite(scheduler, .init = start, .fini = stop);

Test(scheduler, injected_tasks_come_in_their_order_to_any_worker)
{
    sched_inject(&sch, &t[0]);
    sched_inject(&sch, &t[1]);
    sched_inject(&sch, &t[2]);
    cr_assert_eq(worker_next(w), &t[0]);
    cr_assert_eq(worker_next(w), &t[1]); /* its share of three was two */
    cr_assert_eq(worker_next(atomic_load(&sch.workers[1])), &t[2]);
    cr_assert_null(worker_next(w));
}

Test(scheduler, a_busy_worker_takes_its_share_of_a_long_injection_queue_at_once)
{
    size_t ran = 0;

    for (size_t i = 1; i <= 2000; i++)
        sched_inject(&sch, &t[i]);
    worker_push_ring(w, &t[0]); /* yields and yields */
    for (int i = 0; i < 40 * INJECT_SLICES; i++) {
        struct task *x = worker_next(w);

        if (x == &t[0])
            worker_push_ring(w, x);
        else
            ran++;
    }
    cr_assert_eq(ran, 2000);
}

Test(scheduler, a_busy_worker_looks_at_the_injection_queue_now_and_then)
{
    int slices = 0;

    sched_inject(&sch, &t[0]);
    worker_push(w, &t[1]);
    while (worker_next(w) != &t[0]) {
        worker_push(w, &t[1]);
        cr_assert_leq(++slices, INJECT_SLICES);
    }
}

Test(scheduler, what_does_not_fit_a_ring_is_injected)
{
    bool seen[ARRAY_LEN(t)] = {false};

    for (size_t i = 0; i < ARRAY_LEN(t); i++)
        worker_push_ring(w, &t[i]);
    cr_assert_gt(atomic_load(&sch.injected), 0);
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        struct task *x = worker_next(w);

        cr_assert_not_null(x);
        cr_assert_not(seen[x - t]);
        seen[x - t] = true;
    }
    cr_assert_null(worker_next(w));
}

Test(scheduler, the_port_schedules_by_injection)
{
    struct worker *port = sched_port_enter(&sch);

    worker_push(port, &t[0]);
    worker_push_ring(port, &t[1]);
    sched_port_leave(&sch, port);
    cr_assert_eq(atomic_load(&sch.injected), 2);
    cr_assert_eq(worker_next(w), &t[0]);
    cr_assert_eq(worker_next(w), &t[1]);
}

/* So many turns later, n of them in this slice. */
static bool
read_after(uint32_t turns, uint32_t n, uint64_t ns)
{
    atomic_store(&w->stamp, atomic_load(&w->stamp) + turns);
    env.mono_ns += ns;
    return worker_clock(w, n);
}

Test(scheduler, a_slice_is_over_after_its_time_or_its_turns)
{
    w->now_ns = env.mono_ns;
    cr_assert_not(read_after(32, 32, 0));
    cr_assert_not(read_after(32, 64, 100000));
    cr_assert(read_after(32, 96, 150000));
    cr_assert_not(read_after(32, 32, 0), "another slice");
    cr_assert_not(read_after(32, 999, 0));
    cr_assert(read_after(1, 1000, 0));
}

Test(scheduler, a_slice_does_not_answer_for_the_long_turns_before_it)
{
    w->now_ns = env.mono_ns;
    cr_assert_not(read_after(32, 24, 1000000), "eight turns of others took a millisecond");
    cr_assert_not(read_after(16, 40, 150000));
    cr_assert(read_after(16, 56, 60000), "its own time counts from the first reading");
    cr_assert(read_after(8, 8, 250000), "and from its begin when that was one");
}

Test(scheduler, the_clock_is_read_as_often_as_turns_are_long)
{
    const struct {
        uint64_t took_ns;
        uint32_t next; /* turns */
    } want[] = {{CLOCK_SHORT_NS - 1, 64}, {CLOCK_SHORT_NS - 1, 128}, {CLOCK_SHORT_NS - 1, 128},
                {CLOCK_SHORT_NS, 128},    {CLOCK_LONG_NS, 128},      {CLOCK_LONG_NS + 1, 64}};

    w->now_ns = env.mono_ns;
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        read_after(1, 1, want[i].took_ns);
        cr_assert_eq(w->clock_at, atomic_load(&w->stamp) + want[i].next, "after stretch %zu", i);
    }
    for (int i = 0; i < 10; i++)
        read_after(1, 1, 1000000);
    cr_assert_eq(w->clock_at, atomic_load(&w->stamp) + 1, "after each turn, while turns are long");
    for (int i = 0; i < 10; i++)
        read_after(1, 1, 1);
    read_after(128, 900, 1);
    cr_assert_eq(w->clock_at, atomic_load(&w->stamp) + 100, "a slice ends with its last turn");
}

Test(scheduler, counters_of_all_workers_add_up)
{
    counter_add(&w->counters, COUNTER_slices, 3);
    counter_add(&atomic_load(&sch.workers[1])->counters, COUNTER_slices, 4);
    counter_add(&sch.port->counters, COUNTER_slices, 5);
    cr_assert_eq(sched_counter(&sch, COUNTER_slices), 12);
}

static uint32_t freed;
static void
release(struct retired *r, void *arg)
{
    (void)r;
    cr_assert_eq(arg, w);
    freed++;
}

Test(scheduler, a_worker_that_is_never_idle_frees_what_was_retired)
{
    struct retired r;

    epoch_retire(&sch.epoch, &r, release);
    worker_push(w, &t[1]);
    for (int i = 0; i <= INJECT_SLICES; i++) {
        cr_assert_eq(worker_next(w), &t[1]);
        worker_push(w, &t[1]);
    }
    cr_assert_eq(freed, 1);
}

Test(scheduler, blocks_that_nobody_gave_back_are_counted_at_the_end)
{
    cr_assert_not_null(pool_get(&w->pool, 0));
    sched_fini(&sch);
    cr_assert_eq(sch.leaked, 1);
    cr_assert_eq(make(2), 0); /* for .fini */
    finis = 0;
}

Test(scheduler, odd_numbers_of_workers_are_refused)
{
    struct sched_config cfg = {.workers = 0};
    struct sched s = {0};

    cr_assert_eq(sched_init(&s, &env.env, &cfg, &ops, NULL), -ERR_INVALID);
    cfg.workers = SCHED_WORKERS_MAX + 1;
    cr_assert_eq(sched_init(&s, &env.env, &cfg, &ops, NULL), -ERR_INVALID);
}

Test(scheduler, each_failure_of_its_making_leaves_nothing_behind)
{
    uint64_t before = env.live_bytes, n = 1;
    struct sched s;
    struct sched_config cfg = {.workers = 12, .simulated = true}; /* more than the list first has room for */

    for (;; n++) {
        int r;

        memset(&s, 0, sizeof s);
        env.fail_at = n;
        r = sched_init(&s, &env.env, &cfg, &ops, NULL);
        env.fail_at = 0;
        if (r == 0)
            break;
        cr_assert_eq(r, -ERR_NOMEM);
        cr_assert_eq(env.live_bytes, before);
        cr_assert_lt(n, 1000);
    }
    sched_fini(&s);
    cr_assert_eq(env.live_bytes, before);
    fail_init = inits + 7; /* the floor above fails too */
    memset(&s, 0, sizeof s);
    cr_assert_eq(sched_init(&s, &env.env, &cfg, &ops, NULL), -ERR_NOMEM);
    cr_assert_eq(env.live_bytes, before);
    finis = 0;
}

Test(scheduler, who_is_awake_alone_takes_all_that_is_injected)
{
    atomic_store(&sch.parked, 1);
    for (int i = 0; i < 8; i++)
        sched_queue_(&sch, &t[i]);
    cr_assert_eq(worker_next(w), &t[0]);
    cr_assert_eq(runq_waiting(w->runq), 7u);
}

static void
turns(uint64_t ns_each)
{
    read_after(CLOCK_TURNS, CLOCK_TURNS, ns_each * CLOCK_TURNS);
}

Test(scheduler, what_is_injected_is_seen_when_the_clock_is_read)
{
    atomic_store(&sch.parked, 1);
    for (int i = 0; i < 8; i++)
        worker_push_ring(w, &t[i]);
    cr_assert_eq(worker_next(w), &t[0]);
    sched_queue_(&sch, &t[9]);
    cr_assert_eq(worker_next(w), &t[1]);
    turns(100);
    cr_assert_null(sched_again(w), "the worker looks elsewhere");
    cr_assert_eq(worker_next(w), &t[9]);
}

Test(scheduler, turns_are_heavy_by_the_message)
{
    atomic_store(&sch.parked, 1);
    turns(HEAVY_NS - 100);
    cr_assert_not(atomic_load(&w->heavy));
    turns(HEAVY_NS + 100);
    cr_assert(atomic_load(&w->heavy));
    worker_heavy_over(w);
    /* long turns that send much are slow for that, and more so where their messages cross */
    counter_add(&w->counters, COUNTER_sent_user, CLOCK_TURNS);
    turns(HEAVY_NS + 100);
    cr_assert_not(atomic_load(&w->heavy));
    turns(HEAVY_NS + 100);
    cr_assert(atomic_load(&w->heavy), "what was sent before does not count");
    worker_heavy_over(w);
}

Test(scheduler, a_few_light_turns_amid_a_long_task_do_not_count)
{
    atomic_store(&sch.parked, 1);
    worker_apart(w);
    turns(1000);
    cr_assert(atomic_load(&w->heavy));
    for (uint64_t ns = 0; ns <= APART_NS; ns += CLOCK_TURNS * UINT64_C(1000))
        turns(1000);
    cr_assert_not(atomic_load(&w->heavy));
    worker_apart(w);
    turns(HEAVY_NS + 100);
    worker_heavy_over(w);
    cr_assert_not(atomic_load(&w->heavy), "nor do long ones once there is nothing to do");
    turns(1000);
    cr_assert_not(atomic_load(&w->heavy));
}

Test(scheduler, who_came_to_share_light_work_leaves_first)
{
    struct worker *other = atomic_load(&sch.workers[1]);

    worker_guest(other, true);
    worker_guest(other, true);
    cr_assert_eq(atomic_load(&sch.guests), 1);
    turns(100);
    cr_assert_not(w->leaves);
    worker_guest(other, false);
    worker_guest(w, true);
    turns(100);
    cr_assert(w->leaves);
}

Test(scheduler, who_has_long_turns_did_not_come_for_light_work)
{
    worker_guest(w, true);
    turns(HEAVY_NS + 100);
    cr_assert_eq(atomic_load(&sch.guests), 0);
    worker_heavy_over(w);
}

Test(scheduler, who_stays_leaves_when_there_is_no_other)
{
    turns(100);
    cr_assert(w->leaves);
}

Test(scheduler, who_spins_is_none_too_many)
{
    atomic_store(&sch.spinning, 1); /* both workers are awake, and one is enough */
    turns(100);
    cr_assert_not(w->leaves);
    atomic_store(&sch.spinning, 0);
    turns(100);
    cr_assert(w->leaves);
}

Test(scheduler, who_has_a_nest_does_not_leave)
{
    t[0].next = NULL; /* both workers are awake, and one is enough */
    cr_assert(runq_push_nest(w->runq, &t[0]));
    turns(100);
    cr_assert_not(w->leaves);
    cr_assert_eq(worker_next(w), &t[0]);
    turns(100);
    cr_assert(w->leaves);
}
