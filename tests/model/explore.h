/* explore.h - runs a small concurrent program through every execution that the memory model allows.
 *
 *   scenario: host code on up to five threads --each atomic operation--> explorer: who goes on, which write is read,
 *                                                                        where in the order of writes a new one lands
 *
 * Memory model: C11 as repaired since (RC11), operationally: each location keeps the order of its writes; each thread has a
 * view, the oldest write it may still read of each; release puts the view into the write, acquire takes it out. A thread may
 * read an old write and may put its own below another's, so loads and stores pass earlier stores. seq_cst operations are in one
 * order besides. Plain accesses of instrumented code are checked for races by vector clocks. What a load cannot do here: see a
 * write that comes after it in every order (load buffering; no processor that we run on does that to independent code, and
 * explore_late() allows it where an order of the code exists against it).
 *
 * The search is depth-first over choices; two prefixes with the same events, the same reads-from and the same order of writes go on
 * alike, so the second is cut. One thread runs all of it; threads of a scenario are stacks of their own.
 */
#ifndef EXPLORE_H
#define EXPLORE_H
#include "explore_site.h"

enum { EXPLORE_THREADS = 5 };

struct scenario {
    const char *name;
    void (*setup)(void); /* before each execution: everything as at the beginning. Static memory only */
    void (*thread[EXPLORE_THREADS])(void);
    void (*check)(void); /* after all threads returned; may be NULL */
    bool long_one;       /* only with --deep */
};

/* Result of a search. bad is NULL when every execution was fine. */
struct explored {
    const char *bad;
    uint64_t executions, states;
};
struct explored explore(const struct scenario *sc, int number);
/* Print the last bad execution, event by event. */
void explore_show(void);

/* --- for scenarios --- */
#define must(x)                         \
    do {                                \
        if (!(x))                       \
            explore_bad("not so: " #x); \
    } while (0)
_Noreturn void explore_bad(const char *what);
unsigned explore_choose(unsigned n); /* 0..n-1: each is tried */
unsigned explore_self(void);
/* Block until *p is not 0, then see what its writer saw. */
void explore_await(const volatile uint32_t *p);
void explore_signal(volatile uint32_t *p);
extern uint32_t explore_thread_started; /* signaled when host code starts a thread */
/* A memory barrier on all threads of the process, see host/sched/barrier.h. */
void explore_barrier(struct explore_site *);
/* In setup: relaxed loads of *p may give this value before somebody writes it, unless the write comes after the load in every order. */
void explore_late(const volatile void *p, uint64_t value);

#endif
