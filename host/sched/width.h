/* width.h - over how many workers should light work spread? Found by trial: the pure part, samples in, a target out.
 *
 *   STEADY --work waits, others sleep--> WIDER, twice as many --clearly slower at first, or not an eighth faster--> as before
 *             ^                            | faster
 *             |                            v
 *             +--slower than wide--- SETTLE, NARROWER <--now and then-- STEADY
 *             (wider at once, if           |
 *             work waits still)            +--as fast: the machine had changed its speed meanwhile, or the work did--> narrow it is
 *
 * Why: actors that talk all the time run several times faster on one CPU than on two, since a message that crosses costs a
 * cache miss or more, and independent ones run twice as fast on two. No queue length tells them apart; the rate of messages, handled
 * and sent, does. It also finds that more workers than CPUs are of no use. Heavy work is spread at once, without asking here: see
 * worker.c. A trial in vain takes a quarter of a millisecond, since what crosses meanwhile costs for longer than that: it lies in the
 * wrong cache, and a backlog grows. What a wider trial won is proved by going back. A trial in vain is repeated after 20 ms,
 * 80 ms ... 1 s, a proof after 5 ms, 20 ms ... 1 s.
 * Where nobody can leave, there is nothing to prove.
 * One caller at a time (the scheduler's leave to measure); no clock, no lock, no allocation. target is read by all workers.
 */
#ifndef SCHED_WIDTH_H
#define SCHED_WIDTH_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WIDTH_STEADY_NS UINT64_C(500000) /* between two samples while nothing is tried */
/* Wider: until the first look and until the verdict, both from the begin on, with the wake-up: what was left undone then would flatter
 * what comes after. */
#define WIDTH_WIDER_NS     UINT64_C(250000)
#define WIDTH_WIDER_ALL_NS UINT64_C(500000)
#define WIDTH_SETTLE_NS    UINT64_C(150000) /* narrower: until one has left and another has its tasks */
#define WIDTH_NARROWER_NS  UINT64_C(100000)
/* A verdict waits for so many messages too, since workers tell what they have done by up to 61; but not for longer than this. */
#define WIDTH_MESSAGES          2000
#define WIDTH_MEASURE_MAX_NS    UINT64_C(2000000)
#define WIDTH_STALE_NS          UINT64_C(5000000) /* a longer gap: nobody worked, so it says nothing of a rate */
#define WIDTH_WIDER_AGAIN_NS    UINT64_C(20000000)
#define WIDTH_NARROWER_AGAIN_NS UINT64_C(5000000)
#define WIDTH_AGAIN_MAX_NS      UINT64_C(1000000000)

enum width_phase { WIDTH_STEADY, WIDTH_WIDER, WIDTH_WIDER_ALL, WIDTH_SETTLE, WIDTH_NARROWER };
struct width_trial {
    uint64_t next_ns;  /* not before */
    uint64_t again_ns; /* the next wait if it is in vain */
};
struct width {
    _Atomic(uint32_t) target; /* relaxed; workers compare it with how many are awake */
    uint32_t max, before;     /* before: the target that a trial began with */
    uint32_t phase;           /* enum width_phase */
    bool proof;               /* narrower, right after wider was won */
    _Atomic(uint64_t) due_ns; /* of the next sample; relaxed, read by all */
    uint64_t since_ns, done;  /* what is measured began then, and from there */
    uint64_t rate, base;      /* messages a millisecond: since then, and when the trial began */
    struct width_trial up, down;
};

void width_init(struct width *w, uint32_t max);
/* Ignored before due_ns. done: messages handled and sent so far, of all workers. awake: workers that are; wanted: work waits at one
 * of them. */
void width_sample(struct width *w, uint64_t now_ns, uint64_t done, uint32_t awake, bool wanted);

/* Is a sample due? Any thread. */
static inline bool
width_due(const struct width *w, uint64_t now_ns)
{
    return now_ns >= atomic_load_explicit(&w->due_ns, memory_order_relaxed);
}

static inline uint32_t
width_target(const struct width *w)
{
    return atomic_load_explicit(&w->target, memory_order_relaxed);
}

#endif
