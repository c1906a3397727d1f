/* What a peak leaves behind goes back to the system, and nothing that was stale comes to life by it. Without threads the worker is
 * asked to trim as it does before it sleeps; at the end once with threads, where it must come by itself. */
#include "actor/slots.h"
#include "actor/tnode.h"
#include "fixture.h"
#include <sched.h>
#include <stdio.h>

#if defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED POOL_ASAN /* its shadow and its quarantine are resident too */
#endif

enum { PEAK = SANITIZED ? 70000 : 200000, BATCH = 1000, SECOND_MS = 1000 };
static actor_ref kids[PEAK];
static int64_t ids[PEAK];
static _Atomic(uint64_t) seen;
static uint64_t gen_least;

TestSuite(memory, .init = rig_start, .fini = rig_stop);

static uint64_t
resident_kib(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    cr_assert_not_null(f);
    cr_assert_eq(fscanf(f, "%*u %lu", &pages), 1);
    fclose(f);
    return pages * 4;
}

/* As before sleeping, twice: the surplus is seen, and a second later it goes. */
static void
trim(void)
{
    struct worker *w = &rig_worker(0)->w;

    for (int i = 0; i < 4; i++) {
        w->now_ns = rig.env.mono_ns;
        if (worker_trim(w) == PARK_FOREVER)
            return;
        rig.env.mono_ns += SECOND_MS * UINT64_C(1000000);
        rig_run();
    }
    cr_assert(false, "there is always something left to give back");
}

/* --- deeds --- */
static actor_result
count(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)ctx;
    (void)self;
    (void)arg;
    atomic_fetch_add(&seen, 1);
    return ACTOR_OK;
}

static void
again(actor_ctx *ctx, go_fn *fn, uint64_t from)
{
    if (from + BATCH < PEAK)
        actor_tell(ctx, actor_self(ctx), go, .fn = (uint64_t)(uintptr_t)fn, .arg = from + BATCH);
}

static actor_result
spawn_many(actor_ctx *ctx, void *self, uint64_t from)
{
    (void)self;
    for (uint64_t i = from; i < from + BATCH; i++)
        cr_assert_eq(actor_spawn(ctx, &kids[i], "small", NULL, actor_none), 0);
    again(ctx, spawn_many, from);
    return ACTOR_OK;
}

static actor_result
tell_many(actor_ctx *ctx, void *self, uint64_t from)
{
    (void)self;
    for (uint64_t i = from; i < from + BATCH; i++)
        for (int k = 0; k < 3; k++)
            cr_assert_eq(actor_tell(ctx, kids[i], go, .fn = (uint64_t)(uintptr_t)count), 0);
    again(ctx, tell_many, from);
    return ACTOR_OK;
}

static actor_result
arm_many(actor_ctx *ctx, void *self, uint64_t from)
{
    (void)self;
    for (uint64_t i = from; i < from + BATCH; i++) {
        ids[i] = actor_timer(ctx, 1 + i % 50, 0, i, go, .fn = (uint64_t)(uintptr_t)count);
        cr_assert_gt(ids[i], 0);
    }
    again(ctx, arm_many, from);
    return ACTOR_OK;
}

static actor_result
cancel_many(actor_ctx *ctx, void *self, uint64_t expect)
{
    (void)self;
    for (uint64_t i = 0; i < PEAK; i++)
        cr_assert_eq(actor_timer_cancel(ctx, ids[i]), (int)(int64_t)expect);
    return ACTOR_OK;
}

static actor_ref boss;
static void
peak(void)
{
    boss = rig_spawn_small();
    atomic_store(&seen, 0);
    rig_do(boss, spawn_many, 0);
    rig_do(boss, tell_many, 0);
    cr_assert_eq(atomic_load(&seen), 3 * PEAK);
    rig_do(boss, arm_many, 0);
    rig_advance(60);
    cr_assert_eq(atomic_load(&seen), 4 * PEAK);
    for (int i = 0; i < PEAK; i++) /* a backlog */
        rig_post(boss, count, 0);
    rig_run();
    cr_assert_eq(atomic_load(&seen), 5 * PEAK);
}

static void
all_end(void)
{
    rig_end(boss, ACTOR_STOP_NOW);
    cr_assert_eq(gauge_value(&rig.sys.alive), 0);
}

/* --- without threads --- */
Test(memory, after_a_peak_of_actors_messages_and_timers_it_goes_back)
{
    uint64_t base, most;

    memset(kids, 1, sizeof kids);
    memset(ids, 1, sizeof ids);
    peak(); /* once before the count: what stays is as large as it gets */
    all_end();
    trim();
    base = resident_kib();
    peak();
    most = resident_kib();
    all_end();
    trim();
    if (!SANITIZED) {
        cr_expect_gt(most, base + 50000);
        cr_expect_lt(resident_kib(), base + 3000, "%llu KiB at the peak, %llu before, %llu after",
                     (unsigned long long)most, (unsigned long long)base, (unsigned long long)resident_kib());
    }
    cr_assert_lt(rig.sys.nfree, 2000u, "the slots are whole groups again");
}

Test(memory, it_is_flat_over_ten_peaks)
{
    uint64_t second = 0, address_space = 0;

    for (int i = 0; i < 10; i++) {
        peak();
        all_end();
        trim();
        if (i == 1) {
            second = resident_kib();
            address_space = depot_bytes(&rig.sys.sched.depot);
        }
    }
    if (!SANITIZED)
        cr_assert_lt(resident_kib(), second + 1500);
    cr_assert_leq(depot_bytes(&rig.sys.sched.depot), address_space + (2 << 20));
}

Test(memory, without_a_peak_nobody_is_kept_awake)
{
    boss = rig_spawn_small();
    rig_do(boss, count, 0);
    rig_worker(0)->w.now_ns = rig.env.mono_ns;
    cr_assert_eq(worker_trim(&rig_worker(0)->w), PARK_FOREVER);
}

Test(memory, a_peak_that_comes_again_within_a_second_keeps_its_memory)
{
    struct worker *w = &rig_worker(0)->w;
    uint64_t bytes;

    peak();
    all_end();
    bytes = depot_bytes(&rig.sys.sched.depot);
    w->now_ns = rig.env.mono_ns;
    cr_assert_lt(worker_trim(w), PARK_FOREVER);
    rig.env.mono_ns += 500 * UINT64_C(1000000);
    w->now_ns = rig.env.mono_ns;
    cr_assert_lt(worker_trim(w), PARK_FOREVER);
    cr_assert_eq(depot_bytes(&rig.sys.sched.depot), bytes);
}

Test(memory, references_and_timers_of_before_stay_stale)
{
    static actor_ref old[PEAK];
    uint32_t met = 0, most = 0;

    peak();
    memcpy(old, kids, sizeof old);
    for (size_t i = 0; i < PEAK; i++)
        most = old[i].slot > most ? old[i].slot : most;
    all_end();
    trim();
    cr_assert_gt(rig.sys.ngroups + rig_worker(0)->tn->npages, 0u, "something has been given back");
    for (size_t i = 0; i < PEAK; i++)
        gen_least = old[i].gen > gen_least ? old[i].gen : gen_least;
    boss = rig_spawn_small();
    rig_do(boss, cancel_many, (uint64_t)(int64_t)-ERR_NOTFOUND);
    rig_do(boss, spawn_many, 0);
    for (size_t i = 0; i < PEAK; i++) {
        cr_assert_gt(kids[i].gen, gen_least, "generations never go back");
        cr_assert_null(rig_cell(old[i]));
        met += kids[i].slot <= most;
    }
    cr_assert_gt(met, PEAK / 2u, "slots are used again");
    all_end();
}

/* What a page of nodes holds, whatever happened to it: one generation after another. */
Test(memory, generations_of_timers_survive_their_pages)
{
    uint64_t stale_before;
    uint32_t nodes, *before;
    struct tnodes *t;

    peak();
    t = rig_worker(0)->tn;
    trim();
    cr_assert_gt(t->npages, PEAK / TNODE_PAGE / 2u);
    stale_before = rig_counter(COUNTER_ticks_stale);
    for (size_t i = 0; i < PEAK; i++) {
        const struct tnode *n = tnode_at(&rig.sys, (uint32_t)ids[i]);

        cr_assert(!tnode_is(n, (uint32_t)(ids[i] >> 32)));
    }
    nodes = atomic_load(&t->used);
    before = calloc(nodes, sizeof *before); /* by node: the generation that it had */
    for (size_t i = 0; i < PEAK; i++)
        before[ids[i] & TNODE_INDEX] = (uint32_t)(ids[i] >> 32);
    memset(ids, 0, sizeof ids);
    rig_do(boss, arm_many, 0);
    cr_assert_eq(atomic_load(&t->used), nodes, "the same nodes");
    for (size_t i = 0; i < PEAK; i++)
        cr_assert_gt((uint32_t)(ids[i] >> 32), before[ids[i] & TNODE_INDEX], "a later generation");
    free(before);
    rig_advance(60);
    cr_assert_eq(atomic_load(&seen), 6 * PEAK);
    cr_assert_eq(rig_counter(COUNTER_ticks_stale), stale_before);
    all_end();
}

Test(memory, a_trim_without_memory_loses_nothing)
{
    peak();
    all_end();
    rig.env.fail_at = 1;
    rig.env.fail_from = true;
    slots_trim(&rig.sys);
    depot_trim(&rig.sys.sched.depot);
    tnodes_trim(rig_worker(0));
    rig.env.fail_at = 0;
    peak();
    all_end();
}

/* --- with threads --- */
static struct rig_config two = {.workers = 2};
static void
start_two(void)
{
    rig_make_threads(&two);
    cr_assert_eq(sched_start(&rig.sys.sched), 0);
}

TestSuite(memory_threads, .init = start_two, .fini = rig_stop);

Test(memory_threads, idle_workers_give_it_back_by_themselves)
{
    uint64_t bytes;

    boss = rig_spawn_small();
    for (int round = 0; round < 2; round++) {
        atomic_store(&seen, 0);
        rig_post(boss, spawn_many, 0);
        rig_post(boss, tell_many,
                 0); /* behind it, but among its later parts: kids of a round before are dead letters */
        rig_post(boss, arm_many, 0);
        rig_until(&seen, PEAK);
    }
    rig_end_all();
    bytes = depot_bytes(&rig.sys.sched.depot);
    while (depot_bytes(&rig.sys.sched.depot) > bytes / 2 && bytes > (8 << 20))
        sched_yield();
    while (slots_surplus(&rig.sys))
        sched_yield();
}
