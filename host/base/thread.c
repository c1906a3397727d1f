/* thread.c - pthreads and one futex. */
#include "base/thread.h"
#include "base/err.h"
#include "base/util.h"
#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void
mutex_init(struct mutex *m)
{
    pthread_mutex_init(&m->m, NULL);
}

void
mutex_fini(struct mutex *m)
{
    pthread_mutex_destroy(&m->m);
}

#ifndef LOCK_TRIES /* tests/model: 0, since whoever spins orders nothing */
#define LOCK_TRIES 40
#endif
enum { LOCK_PAUSES = 64 }; /* some 0.7 us a try */

void
mutex_lock(struct mutex *m)
{
    int r = EBUSY;

    for (int i = 0; i < LOCK_TRIES && (r = pthread_mutex_trylock(&m->m)) == EBUSY; i++)
        for (int k = 0; k < LOCK_PAUSES; k++)
            __builtin_ia32_pause();
    if (unlikely(r == EBUSY))
        r = pthread_mutex_lock(&m->m);
    assert(r == 0);
    (void)r;
}

bool
mutex_trylock(struct mutex *m)
{
    return pthread_mutex_trylock(&m->m) == 0;
}

void
mutex_unlock(struct mutex *m)
{
    int r = pthread_mutex_unlock(&m->m);

    assert(r == 0);
    (void)r;
}

/* The kernel's struct sched_attr in its first form, and one of its flags; the C library has none. */
struct sched_attr_v0 {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns, deadline_ns, period_ns;
};
enum {
    RESET_ON_FORK = 1,
    PROMPT_SLICE_NS = 500 * 1000
}; /* the kernel's own is 700 us for one CPU, and longer for more */

void
thread_wake_at_once(void)
{
    struct sched_attr_v0 a = {.size = sizeof a};

    prctl(PR_SET_TIMERSLACK, 1ul);
    if (syscall(SYS_sched_getattr, 0, &a, sizeof a, 0) != 0 ||
        (a.policy != SCHED_OTHER && a.policy != SCHED_BATCH) || a.slice_ns <= PROMPT_SLICE_NS)
        return;
    a.slice_ns = PROMPT_SLICE_NS;
    if (a.nice >= 0)
        a.flags |= RESET_ON_FORK; /* the slice, but a nice value below 0 too */
    syscall(SYS_sched_setattr, 0, &a, 0);
}

struct start {
    void (*fn)(void *);
    void *arg;
    char name[16];
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_FAULT_STACK 0 /* the sanitizer has one */
#elif defined(__has_feature)
#define OWN_FAULT_STACK (!__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer))
#else
#define OWN_FAULT_STACK 1
#endif
enum { FAULT_STACK_BYTES = 64 << 10 };

/* Where a signal handler runs when this thread has used up its stack. Costs addresses, no memory until then. NULL: do without. */
void *
thread_fault_stack(void)
{
    stack_t st = {.ss_size = FAULT_STACK_BYTES};

    if (!OWN_FAULT_STACK)
        return NULL;
    st.ss_sp = mmap(NULL, FAULT_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (st.ss_sp == MAP_FAILED)
        return NULL;
    sigaltstack(&st, NULL);
    return st.ss_sp;
}

static void *
run(void *p)
{
    struct start s = *(struct start *)p;
    void *stack = thread_fault_stack();

    free(p);
    pthread_setname_np(pthread_self(), s.name);
    s.fn(s.arg);
    if (stack != NULL) {
        sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
        munmap(stack, FAULT_STACK_BYTES);
    }
    return NULL;
}

/* Everything but the signals that report this thread's own faults. */
static void
block_signals(sigset_t *ret_was)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF};
    sigset_t set;

    sigfillset(&set);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&set, faults[i]);
    pthread_sigmask(SIG_SETMASK, &set, ret_was);
}

int
thread_start(struct thread *t, const char *name, void (*fn)(void *arg), void *arg, size_t stack_bytes)
{
    struct start *s = malloc(sizeof *s);
    pthread_attr_t attr;
    sigset_t was;
    int r;

    if (s == NULL)
        return -ERR_NOMEM;
    *s = (struct start){.fn = fn, .arg = arg};
    strncpy(s->name, name, sizeof s->name - 1);
    pthread_attr_init(&attr);
    if (stack_bytes > 0)
        pthread_attr_setstacksize(&attr, stack_bytes);
    /* The new thread inherits the mask, so no signal can reach it before it blocks them itself. */
    block_signals(&was);
    r = pthread_create(&t->id, &attr, run, s);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    pthread_attr_destroy(&attr);
    if (r != 0) {
        free(s);
        return -ERR_LIMIT;
    }
    t->running = true;
    return 0;
}

void
thread_join(struct thread *t)
{
    if (!t->running)
        return;
    pthread_join(t->id, NULL);
    t->running = false;
}

int
thread_join_within(struct thread *t, uint32_t timeout_ms)
{
    struct timespec until;

    if (!t->running)
        return 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    if (pthread_timedjoin_np(t->id, NULL, &until) != 0)
        return -ERR_TIMEOUT;
    t->running = false;
    return 0;
}

void
thread_abandon(struct thread *t)
{
    if (!t->running)
        return;
    pthread_detach(t->id);
    t->running = false;
}

void
thread_keep_away(struct thread *t)
{
    int here = sched_getcpu();
    cpu_set_t others;

    if (t->away || here < 0 || pthread_getaffinity_np(t->id, sizeof t->cpus, &t->cpus) != 0)
        return;
    others = t->cpus;
    CPU_CLR((size_t)here, &others);
    if (CPU_COUNT(&others) == 0)
        return;
    t->away = pthread_setaffinity_np(t->id, sizeof others, &others) == 0;
}

void
thread_let_back(struct thread *t)
{
    if (t->away)
        pthread_setaffinity_np(t->id, sizeof t->cpus, &t->cpus);
    t->away = false;
}

enum { EMPTY, NOTIFIED, PARKED };

void
parker_init(struct parker *p)
{
    atomic_init(&p->state, EMPTY);
}

static uint64_t
now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

bool
parker_park(struct parker *p, uint64_t timeout_ns)
{
    uint32_t was = EMPTY;
    uint64_t until = PARK_FOREVER;

    /* Acquire on the way out: pairs with the release in parker_unpark. */
    if (atomic_exchange_explicit(&p->state, EMPTY, memory_order_acquire) == NOTIFIED)
        return true;
    if (!atomic_compare_exchange_strong_explicit(&p->state, &was, PARKED, memory_order_relaxed,
                                                 memory_order_relaxed)) {
        atomic_exchange_explicit(&p->state, EMPTY,
                                 memory_order_acquire); /* pairs with unpark; it came just now */
        return true;
    }
    if (timeout_ns != PARK_FOREVER)
        until = now_ns() + timeout_ns;
    for (;;) {
        struct timespec left, *limit = NULL;

        if (until != PARK_FOREVER) {
            uint64_t now = now_ns(), ns = until > now ? until - now : 0;

            left = (struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
            limit = &left;
        }
        if (limit == NULL || limit->tv_sec > 0 || limit->tv_nsec > 0)
            syscall(SYS_futex, &p->state, FUTEX_WAIT_PRIVATE, PARKED, limit, NULL, 0);
        /* Relaxed look first: a spurious return must not take the state out of PARKED. */
        if (atomic_load_explicit(&p->state, memory_order_relaxed) == NOTIFIED ||
            (until != PARK_FOREVER && now_ns() >= until))
            return atomic_exchange_explicit(&p->state, EMPTY, memory_order_acquire) == NOTIFIED;
    }
}

void
parker_unpark(struct parker *p)
{
    /* Release: pairs with the acquire in parker_park, so the sleeper sees what was done before. */
    if (atomic_exchange_explicit(&p->state, NOTIFIED, memory_order_release) == PARKED)
        syscall(SYS_futex, &p->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
