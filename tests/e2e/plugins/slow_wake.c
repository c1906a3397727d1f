/* slow_wake - preloaded into actord: its workers sleep once more whenever they wake up, as if a second wake-up lay before the first
 * message. What waking.py must see. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

enum { LATE_NS = 60 * 1000 };

static int
is_worker(void)
{
    char name[16] = "";

    prctl(PR_GET_NAME, name);
    return strncmp(name, "worker", 6) == 0;
}

__attribute__((visibility("default"))) long syscall(long n, ...);
long
syscall(long n, ...)
{
    static long (*next)(long, ...); /* each thread finds the same */
    long a[6], r;
    va_list args;

    va_start(args, n);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (__atomic_load_n(&next, __ATOMIC_RELAXED) == NULL)
        __atomic_store_n(&next, (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall"), __ATOMIC_RELAXED);
    r = next(n, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (n == SYS_futex && (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT && is_worker()) {
        const int was = errno;

        nanosleep(&(struct timespec){.tv_nsec = LATE_NS}, NULL);
        errno = was;
    }
    return r;
}
