/* env.h - the seam to the world (foundation F7): time, randomness, memory and faults enter here and nowhere
 * else.
 *
 * The daemon uses env_real(); the simulation and the testkit bring their own. Pure parts (msg, mailbox,
 * actor, supervision, sched without threads and I/O) call nothing of the operating system: a test checks
 * their undefined symbols. Hot paths do not call through here: pools refill through it, the clock is cached
 * in the worker.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct env {
    /* CLOCK_MONOTONIC, or virtual time. Any thread. */
    uint64_t (*mono_ns)(struct env *);
    /* CLOCK_REALTIME in ns since 1970. Any thread. */
    uint64_t (*real_ns)(struct env *);
    /* Seed material; each user keeps its own generator (random.h). Any thread. */
    uint64_t (*seed)(struct env *);
    /* Zeroed memory, 16 B aligned, from 64 B on 64 B; NULL when there is none (or when a fault is injected). Any thread. */
    void *(*alloc)(struct env *, size_t bytes);
    void (*free)(struct env *, void *p, size_t bytes);
    /* Address space without memory behind it; pages come zeroed at first touch. Any thread; start-up and
     * growth only. */
    void *(*reserve)(struct env *, size_t bytes);
    void (*release)(struct env *, void *p, size_t bytes);
    /* Give the pages back, keep the addresses; they read as zero afterwards. */
    void (*discard)(struct env *, void *p, size_t bytes);
    /* May be NULL. Put memory behind part of a reserved range, at a multiple of its size, in one piece if the system has one of that
     * size. A hint: what it leaves out comes at first touch. Any thread; takes its time. */
    void (*populate)(struct env *, void *p, size_t bytes);
    /* May be NULL. Give back what alloc keeps of freed memory. Any thread; takes its time. */
    void (*trim)(struct env *);
    /* May be NULL. Asked where memory is handed out without a call of alloc (each refill of a pool): true =
     * behave as if there were none. Any thread. */
    bool (*fault)(struct env *);
};

/* The operating system's. A constant: no state, any thread, lives for ever. */
struct env *env_real(void);

static inline uint64_t
env_mono_ns(struct env *e)
{
    return e->mono_ns(e);
}
static inline void *
env_alloc(struct env *e, size_t bytes)
{
    return e->alloc(e, bytes);
}
static inline void
env_free(struct env *e, void *p, size_t bytes)
{
    if (p != NULL)
        e->free(e, p, bytes);
}
/* The same on cache lines of its own: 64 B aligned, for structs that say _Alignas(64). */
void *env_alloc_lines(struct env *e, size_t bytes);
void env_free_lines(struct env *e, void *p, size_t bytes);
static inline bool
env_fault(struct env *e)
{
    return e->fault != NULL && e->fault(e);
}

/* --- env_fake: virtual time, seeded, counts and fails allocations ---
 * One thread at a time. mono starts at 1 s; real starts at 2026-01-01. */
struct env_fake {
    struct env env;
    uint64_t mono_ns;
    uint64_t seed;
    uint64_t allocs;     /* calls of alloc, reserve and fault so far */
    uint64_t fail_at;    /* this call (1 = the first from now on) fails; 0 = none. Counts down, 0 once it has
                            failed. */
    bool fail_from;      /* and so do all after it */
    uint64_t live_bytes; /* alloc minus free: 0 at the end or there is a leak */
};
void env_fake_init(struct env_fake *f, uint64_t seed);

#endif
