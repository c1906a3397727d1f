#include "base/err.h"
#include "sched/watchdog_thread.h"
#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>

/* Two pretended workers; the test plays them. */
enum { WORKERS = 2 };
static struct {
    _Atomic(uint32_t) awake, parked_asked, reported, returned, told_taken, taken;
    _Atomic(uint64_t) due_ns; /* when the first worker's timer is */
    _Atomic(uint64_t) owner[WORKERS], stamp[WORKERS];
    _Atomic(uint32_t) slot[WORKERS];
    _Atomic(bool) in_host[WORKERS];
    _Atomic(int) take_over_gives;
    _Atomic(uint32_t) last_worker, last_slot, last_type;
} fake;
static struct watchdog dog;

static uint64_t
parked_until(void *self)
{
    bool parked = atomic_load_explicit(&fake.awake, memory_order_seq_cst) == 0;

    (void)self;
    atomic_fetch_add(&fake.parked_asked, 1);
    return parked ? atomic_load(&fake.due_ns) : 0;
}

static void
take_sample(void *self, uint32_t i, struct watch_sample *ret)
{
    (void)self;
    *ret = (struct watch_sample){.owner = fake.owner[i],
                                 .stamp = fake.stamp[i],
                                 .slot = fake.slot[i],
                                 .type = 70 + i,
                                 .in_host = fake.in_host[i]};
}

static void
report(void *self, const struct watch_event *e)
{
    (void)self;
    if (e->kind == WATCH_RETURNED) {
        atomic_fetch_add(&fake.returned, 1);
        return;
    }
    if (e->kind == WATCH_TAKEN) {
        atomic_fetch_add(&fake.told_taken, 1);
        return;
    }
    fake.last_worker = e->worker;
    fake.last_slot = e->slot;
    fake.last_type = e->type;
    atomic_fetch_add(&fake.reported, 1);
}

static int
take_over(void *self, uint32_t i)
{
    int r = fake.take_over_gives;

    (void)self;
    if (r == 0) {
        fake.owner[i]++;
        fake.slot[i] = 0;
    }
    atomic_fetch_add(&fake.taken, 1);
    return r;
}

static void
setup(void)
{
    static const struct watch_ops ops = {.workers = WORKERS,
                                         .parked_until = parked_until,
                                         .sample = take_sample,
                                         .report = report,
                                         .take_over = take_over};

    memset(&fake, 0, sizeof fake);
    fake.due_ns = UINT64_MAX;
    cr_assert_eq(watchdog_start(&dog, env_real(), &ops, 2000000), 0); /* so it looks each millisecond */
}

static void
teardown(void)
{
    watchdog_stop(&dog);
}

TestSuite(watchdog_thread, .init = setup, .fini = teardown);

static void
until(_Atomic(uint32_t) *what, uint32_t n)
{
    while (atomic_load(what) < n)
        sched_yield();
}

static void
until_asleep(void)
{
    while (!atomic_load(&dog.asleep))
        sched_yield();
}

static void
wake_worker(void)
{
    atomic_fetch_add_explicit(&fake.awake, 1, memory_order_seq_cst);
    watchdog_nudge(&dog);
}

Test(watchdog_thread, sleeps_without_a_look_while_all_workers_are_parked)
{
    until_asleep();
    until(&fake.parked_asked, 2); /* the look after the flag was the last thing it did */
    cr_assert_eq(atomic_load(&dog.looks), 0u);
    cr_assert_eq(atomic_load(&fake.parked_asked), 2u);
}

Test(watchdog_thread, wakes_with_the_first_worker_and_sleeps_again_after_the_last)
{
    for (unsigned i = 0; i < 20; i++) {
        uint64_t looks;

        until_asleep();
        looks = atomic_load(&dog.looks);
        wake_worker();
        while (atomic_load(&dog.looks) < looks + 2)
            sched_yield();
        atomic_fetch_sub(&fake.awake, 1);
    }
    until_asleep();
}

Test(watchdog_thread, worker_that_wakes_by_its_timer_and_nudges_nobody_is_watched_an_interval_later)
{
    until_asleep();
    atomic_store(&fake.due_ns, env_mono_ns(env_real()) + 3000000);
    wake_worker(); /* so that it asks when the timer is due */
    atomic_fetch_sub(&fake.awake, 1);
    while (env_mono_ns(env_real()) < fake.due_ns)
        sched_yield();
    fake.slot[1] = 9;
    atomic_fetch_add(&fake.awake, 1);
    until(&fake.reported, 1);
    cr_assert_eq(fake.last_slot, 9u);
}

Test(watchdog_thread, stuck_handler_is_reported_and_its_worker_taken_over)
{
    fake.slot[1] = 9;
    wake_worker();
    until(&fake.taken, 1);
    cr_assert_geq(fake.reported, 1u);
    cr_assert_eq(fake.last_worker, 1u);
    cr_assert_eq(fake.last_slot, 9u);
    cr_assert_eq(fake.last_type, 71u);
    until(&fake.told_taken, 1);
    cr_assert_eq(fake.taken, 1u);
    cr_assert_eq(fake.returned, 0u);
}

Test(watchdog_thread, busy_worker_is_tried_again_until_it_can_be_taken)
{
    fake.take_over_gives = -ERR_BUSY;
    fake.slot[0] = 9;
    wake_worker();
    until(&fake.taken, 3);
    fake.take_over_gives = 0;
    until(&fake.told_taken, 1);
    cr_assert_geq(fake.taken, 4u);
}

Test(watchdog_thread, worker_stuck_in_host_code_is_only_reported)
{
    fake.in_host[0] = true;
    fake.take_over_gives = -ERR_BUSY;
    fake.slot[0] = 9;
    wake_worker();
    until(&fake.reported, 3);
    cr_assert_eq(fake.told_taken, 0u);
    fake.stamp[0]++;
    until(&fake.returned, 1);
}

Test(watchdog_thread, stops_while_asleep_and_while_watching)
{
    until_asleep();
    watchdog_stop(&dog);
    watchdog_stop(&dog); /* a second time does nothing */
    setup();
    wake_worker();
    while (atomic_load(&dog.looks) < 1)
        sched_yield();
    watchdog_stop(&dog);
}

Test(watchdog_thread, no_memory_is_reported_and_stop_is_harmless)
{
    static struct watchdog none;
    struct env_fake env;
    struct watch_ops ops = {
        .workers = 1, .parked_until = parked_until, .sample = take_sample, .report = report};

    env_fake_init(&env, 1);
    env.fail_at = 1;
    cr_assert_eq(watchdog_start(&none, &env.env, &ops, 0), -ERR_NOMEM);
    watchdog_stop(&none);
}
