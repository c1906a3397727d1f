/* thread.h - threads, a mutex, and a parker. Out of line on purpose: the pure parts name no pthread function.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For slow paths only; nothing on the path of a message takes one. Held for some dozen instructions as a rule, so who finds it
 * locked spins as long as a wake-up takes, 30 us at most, before it sleeps. In a guest the kernel may even put who is woken on
 * the CPU of who unlocks, for milliseconds: see thread_keep_away. */
struct mutex {
    pthread_mutex_t m;
};
#define MUTEX_INIT                \
    {                             \
        PTHREAD_MUTEX_INITIALIZER \
    }
void mutex_init(struct mutex *m);
void mutex_fini(struct mutex *m);
void mutex_lock(struct mutex *m);
bool mutex_trylock(struct mutex *m); /* true: locked */
void mutex_unlock(struct mutex *m);

/* Give the calling thread a stack for signal handlers of its own faults; threads of thread_start have one. It stays until the
 * thread ends. NULL: none was needed, or there was no memory. */
void *thread_fault_stack(void);

/* A started thread. It takes no asynchronous signals (those go to the main thread), faults stay with the
 * thread that caused them. */
struct thread {
    pthread_t id;
    bool running; /* started and not joined yet; the owner's view */
    bool away;    /* these two: see thread_keep_away; its callers' lock guards them */
    cpu_set_t cpus;
};
/* name: at most 15 characters are kept. stack_bytes 0 = the system's default. The caller keeps arg alive.
 * 0, -ERR_NOMEM, -ERR_LIMIT (the system allows no more threads). */
int thread_start(struct thread *t, const char *name, void (*fn)(void *arg), void *arg, size_t stack_bytes);
/* Blocks until the thread returned; does nothing when none runs. */
void thread_join(struct thread *t);
/* As join for at most timeout_ms: 0, or -ERR_TIMEOUT and the thread still runs. */
int thread_join_within(struct thread *t, uint32_t timeout_ms);
/* Give up on a thread that does not end: nobody can join it any more. */
void thread_abandon(struct thread *t);

/* The calling thread shall run at once when it wakes up. Without this the kernel lets a sleep with a limit last 50 us longer, to
 * wake several threads at a time, and whoever is woken may wait behind a thread on the same CPU until that has used up its
 * time slice or a tick of the clock comes. So its own slice becomes shorter than others', which is what the kernel goes by;
 * its share stays the same, and threads that it starts have the usual slice. No effect where the kernel knows none of it (slices:
 * before 6.12). */
void thread_wake_at_once(void);

/* The caller is about to wake t, which sleeps, and goes on running: t shall run on another CPU, if it may use one. Without this
 * the kernel of a guest often wakes t on the caller's CPU, as a halted CPU does not pass for an idle one there, and moves it at a tick
 * of the clock, up to 4 ms later. Three system calls with thread_let_back, 3 us; no effect where they fail. Callers have a
 * lock. */
void thread_keep_away(struct thread *t);
/* t runs again: it may use the CPUs it might use before. */
void thread_let_back(struct thread *t);

/* One thread sleeps, any thread wakes it. A wake-up that comes first is kept: the next park returns at once.
 * So "make the change, then unpark" against "look for the change, then park" never sleeps through it.
 *
 *              unpark                park: taken at once
 *    EMPTY ------------> NOTIFIED ------------------------> EMPTY
 *      |  park                                                ^
 *      +-----> PARKED ---- unpark, wakes the sleeper ---------+
 */
struct parker {
    _Atomic(uint32_t) state;
};
#define PARK_FOREVER UINT64_MAX
void parker_init(struct parker *p);
/* Sleep until unparked or for timeout_ns. true: there was an unpark. Only the owner. What the waker wrote
 * before its unpark is visible afterwards. May not be used under the virtual clock: it sleeps for real. */
bool parker_park(struct parker *p, uint64_t timeout_ns);
/* Any thread; never blocks. One exchange; a system call only when the owner sleeps. */
void parker_unpark(struct parker *p);

#endif
