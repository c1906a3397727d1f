/* width.h - over how many workers should light work spread? Found by trial: the pure part, samples in, a target out.
 *
 *   STEADY --work waits, others sleep--> WIDER (twice as many), settle, measure --faster by an eighth--> stays
 *          --now and then-------------> NARROWER (half), settle, measure ------as fast as before------> stays
 *                                                                             --else--> as it was, and not again soon
 *
 * Why: actors that talk all the time run several times faster on one CPU than on two, since a message that crosses costs a
 * cache miss or more, and independent ones run twice as fast on two. No queue length tells them apart; the rate of handled
 * messages does. It also finds that more workers than CPUs are of no use. A failed trial costs two periods and is tried again
 * after 20 ms, 40 ms ... 1 s. Heavy work is spread at once, without asking here: see worker.c.
 * One caller at a time (the scheduler's leave to measure); no clock, no lock, no allocation. target is read by all workers.
 */
#ifndef SCHED_WIDTH_H
#define SCHED_WIDTH_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WIDTH_PERIOD_NS    UINT64_C(500000)   /* between two samples, at least */
#define WIDTH_STALE_NS     UINT64_C(5000000)  /* a longer gap: nobody worked, so it says nothing of a rate */
#define WIDTH_AGAIN_NS     UINT64_C(20000000) /* after a trial */
#define WIDTH_AGAIN_MAX_NS UINT64_C(1000000000) /* after many in vain */

enum width_phase { WIDTH_STEADY, WIDTH_SETTLE, WIDTH_MEASURE };
struct width_trial {
    uint64_t next_ns;  /* not before */
    uint64_t again_ns; /* the next wait if it is in vain */
};
struct width {
    _Atomic(uint32_t) target; /* relaxed; workers compare it with how many are awake */
    uint32_t max, before;     /* before: the target that a trial began with */
    uint32_t phase;
    _Atomic(uint64_t) since_ns; /* of the last sample; relaxed, read by all to see whether one is due */
    uint64_t handled;
    uint64_t rate, base; /* messages a millisecond: last period's, and when the trial began */
    struct width_trial up, down;
};

void width_init(struct width *w, uint32_t max);
/* Ignored less than WIDTH_PERIOD_NS after the last one. handled: messages so far, of all workers. awake: workers that are; wanted: work
 * waits at one of them. */
void width_sample(struct width *w, uint64_t now_ns, uint64_t handled, uint32_t awake, bool wanted);

/* Is a sample due? Any thread. */
static inline bool
width_due(const struct width *w, uint64_t now_ns)
{
    return now_ns - atomic_load_explicit(&w->since_ns, memory_order_relaxed) >= WIDTH_PERIOD_NS;
}

static inline uint32_t
width_target(const struct width *w)
{
    return atomic_load_explicit(&w->target, memory_order_relaxed);
}

#endif
