#include "base/err.h"
#include "base/list.h"
#include "base/thread.h"
#include "base/util.h"
#include "sched/blocking_thread.h"
#include <criterion/criterion.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define S UINT64_C(1000000000)

/* The real world, counting what is allocated: a stuck thread frees the pool after the test's back was turned.
 */
struct counting_env {
    struct env env;
    _Atomic(uint64_t) live;
    unsigned fail_at;
};
static struct counting_env cenv;

static void *
count_alloc(struct env *e, size_t bytes)
{
    struct counting_env *c = container_of(e, struct counting_env, env);

    if (c->fail_at > 0 && --c->fail_at == 0)
        return NULL;
    atomic_fetch_add(&c->live, bytes);
    return calloc(1, bytes);
}

static void
count_free(struct env *e, void *p, size_t bytes)
{
    free(p);
    atomic_fetch_sub(&container_of(e, struct counting_env, env)->live, bytes);
}

static struct blocking *pool;

/* Jobs pass the gate once it is open; the test sees how many have reached it. */
static _Atomic(uint32_t) at_gate, open_for;

static void
setup(void)
{
    cenv.env = *env_real();
    cenv.env.alloc = count_alloc;
    cenv.env.free = count_free;
    atomic_store(&cenv.live, 0);
    cenv.fail_at = 0;
    atomic_store(&at_gate, 0);
    atomic_store(&open_for, 0);
    pool = NULL;
}

static void
teardown(void)
{
    blocking_free(pool);
    while (atomic_load(&cenv.live) != 0) /* a stuck thread on its way out; if it leaks, the test times out */
        sched_yield();
}

TestSuite(blocking, .init = setup, .fini = teardown);

static void
make(uint32_t threads, uint32_t queue, uint32_t idle_ms)
{
    struct blocking_config cfg = {.threads_max = threads, .queue_max = queue, .idle_ms = idle_ms};

    cr_assert_eq(blocking_new(&pool, &cenv.env, &cfg), 0);
}

struct job {
    _Atomic(uint32_t) ran, done;
    _Atomic(int) code;
    bool gated;
    pthread_t thread;
};

static void
job_fn(void *arg)
{
    struct job *j = arg;

    if (j->gated) {
        uint32_t me = atomic_fetch_add(&at_gate, 1);

        while (atomic_load(&open_for) <= me)
            sched_yield();
    }
    j->thread = pthread_self();
    atomic_fetch_add(&j->ran, 1);
}

static void
job_done(void *arg, int code)
{
    struct job *j = arg;

    atomic_store(&j->code, code);
    atomic_fetch_add(&j->done, 1);
}

static int
submit(struct job *j)
{
    return blocking_submit(pool, &(struct blocking_job){job_fn, job_done, j});
}

static void
until(_Atomic(uint32_t) *what, uint32_t n)
{
    while (atomic_load(what) < n)
        sched_yield();
}

static struct blocking_stats
stats(void)
{
    struct blocking_stats st;

    blocking_stats(pool, &st);
    return st;
}

Test(blocking, job_runs_on_a_thread_of_the_pool_then_is_done)
{
    struct job j = {.code = 99};

    make(2, 4, 60000);
    cr_assert_eq(stats().threads, 0u, "an unused pool has no thread");
    cr_assert_eq(submit(&j), 0);
    until(&j.done, 1);
    cr_assert_eq(j.ran, 1u);
    cr_assert_eq(j.code, 0);
    cr_assert(!pthread_equal(j.thread, pthread_self()));
    cr_assert_eq(blocking_stop(pool, 10 * S), 0u);
    cr_assert_eq(stats().threads, 0u);
    cr_assert_eq(stats().finished, 1u);
}

Test(blocking, pool_grows_to_its_limit_then_jobs_wait_then_they_are_refused)
{
    struct job j[6] = {0};

    make(2, 3, 60000);
    for (unsigned i = 0; i < 6; i++)
        j[i].gated = true;
    cr_assert_eq(submit(&j[0]), 0);
    cr_assert_eq(submit(&j[1]), 0);
    until(&at_gate, 2);
    for (unsigned i = 2; i < 5; i++)
        cr_assert_eq(submit(&j[i]), 0);
    cr_assert_eq(submit(&j[5]), -ERR_FULL);
    cr_assert_eq(stats().threads, 2u);
    cr_assert_eq(stats().queued, 3u);
    cr_assert_eq(stats().running, 2u);
    atomic_store(&open_for, 6);
    for (unsigned i = 0; i < 5; i++)
        until(&j[i].done, 1);
    cr_assert_eq(j[5].done, 0u, "a refused job is the caller's");
    cr_assert_eq(stats().refused, 1u);
    cr_assert_eq(stats().threads_peak, 2u);
    cr_assert_eq(blocking_stop(pool, 10 * S), 0u);
}

Test(blocking, idle_thread_takes_the_next_job)
{
    struct job j[20] = {0};

    make(8, 4, 60000);
    for (unsigned i = 0; i < 20; i++) {
        cr_assert_eq(submit(&j[i]), 0);
        until(&j[i].done, 1);
        while (stats().idle == 0)
            sched_yield();
    }
    cr_assert_eq(stats().threads_peak, 1u);
    cr_assert_eq(blocking_stop(pool, 10 * S), 0u);
}

Test(blocking, idle_threads_end_and_new_ones_start)
{
    make(2, 4, 1);
    for (unsigned i = 0; i < 5; i++) {
        struct job j = {0};

        cr_assert_eq(submit(&j), 0);
        until(&j.done, 1);
        while (stats().threads > 0)
            sched_yield();
    }
    cr_assert_eq(stats().finished, 5u);
    cr_assert_eq(blocking_stop(pool, 10 * S), 0u);
}

Test(blocking, stop_cancels_what_waits_and_lets_finish_what_runs)
{
    struct job running = {.gated = true}, waiting[2] = {0}, late = {0};

    make(1, 4, 60000);
    cr_assert_eq(submit(&running), 0);
    until(&at_gate, 1);
    cr_assert_eq(submit(&waiting[0]), 0);
    cr_assert_eq(submit(&waiting[1]), 0);
    atomic_store(&open_for, 1);
    cr_assert_eq(blocking_stop(pool, 60 * S), 0u);
    cr_assert_eq(running.done, 1u);
    cr_assert_eq(running.code, 0);
    for (unsigned i = 0; i < 2; i++) {
        /* The thread may have come to it before stop did. */
        cr_assert_eq(waiting[i].done, 1u);
        cr_assert_eq(waiting[i].ran, waiting[i].code == 0 ? 1u : 0u);
        cr_assert(waiting[i].code == 0 || waiting[i].code == -ERR_CANCELED);
    }
    cr_assert_eq(submit(&late), -ERR_STOPPING);
    cr_assert_eq(late.done, 0u);
}

Test(blocking, stuck_job_is_reported_and_left_behind_at_the_deadline)
{
    static struct job stuck, waiting; /* the stuck thread outlives this frame's end */

    memset(&stuck, 0, sizeof stuck);
    memset(&waiting, 0, sizeof waiting);
    stuck.gated = true;
    make(1, 4, 60000);
    cr_assert_eq(submit(&stuck), 0);
    until(&at_gate, 1);
    cr_assert_eq(submit(&waiting), 0);
    cr_assert_eq(blocking_stop(pool, 1000000), 1u);
    cr_assert_eq(stuck.done, 1u);
    cr_assert_eq(stuck.code, -ERR_TIMEOUT);
    cr_assert_eq(stuck.ran, 0u);
    cr_assert_eq(waiting.code, -ERR_CANCELED);
    blocking_free(pool);
    pool = NULL;
    cr_assert_neq(atomic_load(&cenv.live), 0u, "the stuck thread still holds the pool");
    atomic_store(&open_for, 1);
    while (atomic_load(&cenv.live) != 0)
        sched_yield();
    cr_assert_eq(stuck.ran, 1u);
    cr_assert_eq(stuck.done, 1u, "not done twice");
}

Test(blocking, simulation_runs_jobs_one_by_one_on_the_caller)
{
    struct job j[3] = {0};

    make(0, 2, 0);
    cr_assert(!blocking_run_one(pool));
    cr_assert_eq(submit(&j[0]), 0);
    cr_assert_eq(submit(&j[1]), 0);
    cr_assert_eq(submit(&j[2]), -ERR_FULL);
    cr_assert_eq(j[0].done, 0u);
    cr_assert(blocking_run_one(pool));
    cr_assert_eq(j[0].done, 1u);
    cr_assert(pthread_equal(j[0].thread, pthread_self()));
    cr_assert_eq(blocking_stop(pool, 0), 0u);
    cr_assert_eq(j[1].code, -ERR_CANCELED);
}

Test(blocking, failing_allocations_leave_nothing_behind)
{
    struct blocking_config cfg = {.threads_max = 2, .queue_max = 2};
    unsigned n;

    for (n = 1;; n++) {
        struct blocking *b = NULL;
        int r;

        cenv.fail_at = n;
        r = blocking_new(&b, &cenv.env, &cfg);
        if (r == 0) {
            blocking_stop(b, 0);
            blocking_free(b);
            break;
        }
        cr_assert_eq(r, -ERR_NOMEM);
        cr_assert_null(b);
        cr_assert_eq(atomic_load(&cenv.live), 0u);
    }
    cr_assert_gt(n, 1u);
    cfg.queue_max = 0;
    cr_assert_eq(blocking_new(&pool, &cenv.env, &cfg), -ERR_INVALID);
}

/* --- many at once --- */

enum { SUBMITTERS = 3, JOBS = 1000 };
struct submitter {
    struct thread thread;
    struct job jobs[JOBS];
    uint32_t accepted;
};
static struct submitter submitters[SUBMITTERS];

static void
submitter_main(void *arg)
{
    struct submitter *s = arg;

    for (unsigned i = 0; i < JOBS; i++) {
        int r;

        while ((r = submit(&s->jobs[i])) == -ERR_FULL)
            sched_yield();
        if (r < 0)
            return;
        s->accepted++;
    }
}

Test(blocking, each_accepted_job_is_done_once_whoever_stops_when)
{
    memset(submitters, 0, sizeof submitters);
    make(4, 8, 1);
    for (unsigned i = 0; i < SUBMITTERS; i++)
        cr_assert_eq(thread_start(&submitters[i].thread, "submitter", submitter_main, &submitters[i], 0), 0);
    while (stats().finished < SUBMITTERS * JOBS / 2)
        sched_yield();
    cr_assert_eq(blocking_stop(pool, 60 * S), 0u);
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        thread_join(&submitters[i].thread);
        for (unsigned k = 0; k < JOBS; k++) {
            struct job *j = &submitters[i].jobs[k];

            cr_assert_eq(j->done, k < submitters[i].accepted ? 1u : 0u);
            cr_assert_eq(j->ran, j->done == 1 && j->code == 0 ? 1u : 0u);
        }
    }
}
