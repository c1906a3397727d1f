#include "base/err.h"
#include "base/thread.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

struct facts {
    char name[16];
    sigset_t mask;
    int ran;
};

static void
note_facts(void *arg)
{
    struct facts *f = arg;

    pthread_getname_np(pthread_self(), f->name, sizeof f->name);
    pthread_sigmask(SIG_BLOCK, NULL, &f->mask);
    f->ran = 1;
}

Test(thread, runs_with_its_name_and_is_joined)
{
    struct facts f = {0};
    struct thread t = {0};

    cr_assert_eq(thread_start(&t, "a-name-that-is-too-long", note_facts, &f, 0), 0);
    thread_join(&t);
    cr_assert_eq(f.ran, 1);
    cr_assert_str_eq(f.name, "a-name-that-is-");
    cr_assert_not(t.running);
    thread_join(&t);
}

Test(thread, takes_its_own_faults_but_no_other_signals)
{
    struct facts f = {0};
    struct thread t = {0};
    sigset_t mine;

    cr_assert_eq(thread_start(&t, "signals", note_facts, &f, 256 << 10), 0);
    thread_join(&t);
    cr_assert_eq(sigismember(&f.mask, SIGTERM), 1);
    cr_assert_eq(sigismember(&f.mask, SIGHUP), 1);
    cr_assert_eq(sigismember(&f.mask, SIGSEGV), 0);
    cr_assert_eq(sigismember(&f.mask, SIGBUS), 0);
    pthread_sigmask(SIG_BLOCK, NULL, &mine);
    cr_assert_eq(sigismember(&mine, SIGTERM), 0, "the starter's own mask is back");
}

static void
be_prompt(void *arg)
{
    thread_wake_at_once();
    *(int *)arg = prctl(PR_GET_TIMERSLACK);
}
Test(thread, one_that_wakes_at_once_sleeps_no_longer_than_asked_for)
{
    struct thread t = {0};
    int slack = 0;

    cr_assert_gt(prctl(PR_GET_TIMERSLACK), 1);
    cr_assert_eq(thread_start(&t, "prompt", be_prompt, &slack, 0), 0);
    thread_join(&t);
    cr_assert_eq(slack, 1);
    cr_assert_gt(prctl(PR_GET_TIMERSLACK), 1, "no other thread does");
}

static void
wait_for_it(void *arg)
{
    parker_park(arg, PARK_FOREVER);
}

Test(thread, join_within_gives_up_and_can_be_tried_again)
{
    struct parker p;
    struct thread t = {0};

    parker_init(&p);
    cr_assert_eq(thread_start(&t, "sleeper", wait_for_it, &p, 0), 0);
    cr_assert_eq(thread_join_within(&t, 1), -ERR_TIMEOUT);
    cr_assert(t.running);
    parker_unpark(&p);
    cr_assert_eq(thread_join_within(&t, 20000), 0);
    cr_assert_eq(thread_join_within(&t, 1), 0, "nothing runs: nothing to wait for");
}

Test(thread, mutex_excludes)
{
    struct mutex m;

    mutex_init(&m);
    mutex_lock(&m);
    cr_assert_not(mutex_trylock(&m));
    mutex_unlock(&m);
    cr_assert(mutex_trylock(&m));
    mutex_unlock(&m);
    mutex_fini(&m);
}

struct moved {
    struct thread t;
    struct parker wake, done;
    cpu_set_t away, back;
    int cpu;
};

static void
note_cpus(void *arg)
{
    struct moved *m = arg;

    parker_park(&m->wake, PARK_FOREVER);
    m->cpu = sched_getcpu();
    pthread_getaffinity_np(pthread_self(), sizeof m->away, &m->away);
    thread_let_back(&m->t);
    pthread_getaffinity_np(pthread_self(), sizeof m->back, &m->back);
    parker_unpark(&m->done);
}

Test(thread, is_woken_on_another_cpu_than_the_wakers_and_let_back_afterwards)
{
    cpu_set_t all, mine, others;
    struct moved m = {0};

    cr_assert_eq(pthread_getaffinity_np(pthread_self(), sizeof all, &all), 0);
    parker_init(&m.wake);
    parker_init(&m.done);
    cr_assert_eq(thread_start(&m.t, "moved", note_cpus, &m, 0), 0);
    CPU_ZERO(&mine); /* so that this thread stays where it is */
    CPU_SET((size_t)sched_getcpu(), &mine);
    cr_assert_eq(pthread_setaffinity_np(pthread_self(), sizeof mine, &mine), 0);
    thread_keep_away(&m.t);
    thread_keep_away(&m.t); /* nothing more happens */
    parker_unpark(&m.wake);
    parker_park(&m.done, PARK_FOREVER);
    thread_join(&m.t);
    CPU_XOR(&others, &all, &mine);
    if (CPU_COUNT(&all) > 1) {
        cr_assert_not(CPU_ISSET((size_t)m.cpu, &mine));
        cr_assert(CPU_EQUAL(&m.away, &others));
    } else {
        cr_assert(CPU_EQUAL(&m.away, &all), "there is no other");
    }
    cr_assert(CPU_EQUAL(&m.back, &all));
}

Test(parker, early_wake_up_is_kept_once)
{
    struct parker p;

    parker_init(&p);
    parker_unpark(&p);
    parker_unpark(&p);
    cr_assert(parker_park(&p, PARK_FOREVER));
    cr_assert_not(parker_park(&p, 0));
    cr_assert_not(parker_park(&p, 1000000));
}

struct table {
    struct parker side[2];
    uint64_t ball; /* plain: the parkers order it */
};

enum { STROKES = 20000 };

static void
play(void *arg)
{
    struct table *t = arg;

    for (int i = 0; i < STROKES; i++) {
        parker_park(&t->side[1], PARK_FOREVER);
        t->ball++;
        parker_unpark(&t->side[0]);
    }
}

Test(parker, no_wake_up_is_lost_and_writes_are_seen)
{
    struct table table = {.ball = 0};
    struct thread t = {0};

    parker_init(&table.side[0]);
    parker_init(&table.side[1]);
    cr_assert_eq(thread_start(&t, "player", play, &table, 0), 0);
    for (uint64_t i = 0; i < STROKES; i++) {
        table.ball++;
        parker_unpark(&table.side[1]);
        cr_assert(parker_park(&table.side[0], PARK_FOREVER));
        cr_assert_eq(table.ball, 2 * (i + 1));
    }
    thread_join(&t);
}

struct race {
    struct parker parker;
    _Atomic(int) work; /* release by the waker pairs with the sleeper's acquire */
};

static void
take_work(void *arg)
{
    struct race *r = arg;

    for (int i = 0; i < STROKES; i++)
        while (atomic_exchange_explicit(&r->work, 0, memory_order_acquire) == 0)
            parker_park(&r->parker, PARK_FOREVER);
}

Test(parker, look_then_park_never_sleeps_through_work)
{
    struct race r = {.work = 0};
    struct thread t = {0};

    parker_init(&r.parker);
    cr_assert_eq(thread_start(&t, "taker", take_work, &r, 0), 0);
    for (int i = 0; i < STROKES; i++) {
        int none = 0;

        while (!atomic_compare_exchange_weak_explicit(&r.work, &none, 1, memory_order_release,
                                                      memory_order_relaxed)) {
            none = 0;
            sched_yield();
        }
        parker_unpark(&r.parker);
    }
    thread_join(&t);
    cr_assert_eq(atomic_load(&r.work), 0);
}
