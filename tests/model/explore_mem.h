/* explore_mem.h - the state of one execution: locations, writes, views, threads. Inside the explorer only. */
#ifndef EXPLORE_MEM_H
#define EXPLORE_MEM_H
#include "explore.h"
#include <setjmp.h>

enum {
    LOCS = 40,
    WRITES = 250,
    LOCKS = 8,
    LATES = 4,
    DEPTH = 400,
    STACK = 64 << 10,
    READS = 8,
    ROUND = 6,
    PATIENCE = 2,
    NOBODY = 15
};

/* What a thread has seen: per location a write (none older may be read), per thread how far its plain accesses are known. */
struct view {
    uint8_t at[LOCS];
    uint8_t clock[EXPLORE_THREADS];
};
struct write {
    uint64_t value;
    struct view view; /* taken by an acquire */
    uint8_t loc, pos; /* pos: in the location's order */
    uint8_t thread, event;
    bool tied; /* made by a read-modify-write: nothing comes between it and its predecessor */
    bool sc;
};
struct loc {
    const volatile void *addr;
    const char *name;
    size_t size;
    uint8_t order[WRITES], n;
    uint8_t sleepers; /* bit t: thread t waits in the kernel, see futex */
};
struct lock {
    const void *addr;
    struct view view;
    uint8_t holder, last_event, last_thread;
};

/* A relaxed load that gave a value which is yet to be written: load buffering. Kept when a write that does not know of the load
 * turns up; else the execution is none. */
struct late {
    const volatile void *addr; /* of a scenario's explore_late() */
    uint64_t value;
    bool open;
    uint8_t thread, clock, after;
};

enum kind { LOAD, STORE, RMW, CAS, LOCK, BARRIER, WAIT, WAKE, CHOOSE, AWAIT, TRYLOCK };
struct op {
    enum kind kind;
    enum explore_rmw_kind rmw;
    struct explore_site *site, *fails;
    uint8_t loc;
    uint64_t value, expect;
    bool timed; /* WAIT */
};
struct thread {
    void (*body)(void);
    jmp_buf base, at;
    bool started, finished, asleep, woken;
    const char *bad; /* went wrong, if what was read early gets written */
    struct op op;
    uint64_t result;
    bool flag;
    struct view view,
        pending; /* pending: what a barrier of another thread showed us, from our next compiler fence on */
    uint8_t event;
    uint64_t trace[2]; /* hash of all that happened to it */
    /* A loop that waits: its pause, and what was read since; what the last round read, while `spins` says that another begins. */
    struct explore_site *pause;
    uint8_t nreads, reads[READS], nwaits, waits[READS], paused, rounds;
    bool spins;
};

struct memory {
    struct loc loc[LOCS];
    unsigned nlocs;
    struct write write[WRITES];
    unsigned nwrites;
    struct lock lock[LOCKS];
    unsigned nlocks;
    struct thread thread[EXPLORE_THREADS];
    unsigned nthreads;
    struct late late[LATES];
    unsigned nlates;
};
enum { FROM_LATER = 251 }; /* a choice: of late[choice - FROM_LATER] */

/* explore.c. The location's number, or -1: one thread alone uses it so far, and plain memory will do. */
int explore_shared(struct explore_site *, const volatile void *p, size_t size, bool writes, bool always);
void explore_perform(struct op op); /* comes back when it is done; see the thread's result and flag */
void explore_ran(struct explore_site *);
struct memory *explore_memory(void);

/* explore_calls.c: what explore_os.c stands on. Futex: 0: woken; 1: another value; 2: time is over */
long explore_futex(uint32_t *p, bool wait, uint32_t expect, bool timed);
int explore_mutex_lock(void *p);
int explore_mutex_unlock(void *p);
int explore_mutex_trylock(void *p);

/* explore_mem.c: pure functions of the memory */
void mem_join(const struct memory *m, struct view *v, const struct view *w);
/* The choices for t's operation: writes (indices) it may read or go behind. At most WRITES. Returns how many. */
unsigned mem_choices(const struct memory *m, const struct thread *t, uint8_t out[WRITES]);
bool mem_open(const struct memory *m); /* a value was given that nobody has written yet */
bool mem_enabled(const struct memory *m, const struct thread *t);
/* Do it; sets t->result and t->flag. */
void mem_apply(struct memory *m, struct thread *t, uint8_t choice);
void mem_key(const struct memory *m, uint64_t key[2]);

#endif
