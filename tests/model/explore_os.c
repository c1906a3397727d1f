/* explore_os.c - the calls of the system that base/thread.c makes, for threads of the explorer. meson.build gives the names. */
#include "explore_mem.h"
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

long explore_syscall(long number, ...);
int explore_clock_gettime(clockid_t clock, struct timespec *ret);
int explore_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);

uint32_t explore_thread_started;

static uint64_t clock_ns; /* goes on when somebody's time is over */

long
explore_syscall(long number, ...)
{
    va_list args;
    uint32_t *p, value;
    int what;
    long r;

    va_start(args, number);
    p = va_arg(args, uint32_t *);
    what = va_arg(args, int) & ~FUTEX_PRIVATE_FLAG;
    value = va_arg(args, uint32_t);
    r = explore_futex(p, what == FUTEX_WAIT, value, what == FUTEX_WAIT && va_arg(args, void *) != NULL);
    va_end(args);
    if (number != SYS_futex)
        return -1;
    if (r == 2)
        clock_ns += UINT64_C(1000000000000);
    return r == 0 ? 0 : -1;
}

int
explore_clock_gettime(clockid_t clock, struct timespec *ret)
{
    (void)clock;
    *ret = (struct timespec){.tv_sec = (time_t)(clock_ns / 1000000000)};
    return 0;
}

/* A scenario has all its threads from the start; the one that stands for this one waits for the signal. */
int
explore_pthread_create(pthread_t *ret, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
    (void)ret;
    (void)attr;
    (void)fn;
    free(arg); /* as thread.c's run() does */
    explore_signal(&explore_thread_started);
    return 0;
}
