/* sim.h - the scheduler driven by one thread and a seed, in place of worker threads.
 *
 *   sim_step():  move the clock a little --> choose an awake worker --> choose where its next task comes from
 *                (its own queue, injection, another worker's ring or slot) --> a slice of random length
 *                                                  none: idle: timers, epochs, then spin on or park
 *   all parked:  the clock jumps to the next timer; none left: SIM_QUIET
 *
 * The workers, queues, wheels, pools and epochs are those of the daemon; only the thread and the clock are not. A slice is never
 * interrupted, so races inside one function do not show here; what may happen between slices in any order does. Parking follows
 * the daemon's protocol, so a wake-up that is forgotten leaves a task behind: sim_stranded().
 *
 * Decisions come from the seed alone. Neither time of day, nor addresses, nor the order of memory enter them, or the hash.
 * One thread; the scheduler's config says simulated = true. Never blocks.
 */
#ifndef SCHED_SIM_H
#define SCHED_SIM_H
#include "sched/scheduler.h"

enum sim_act {
    SIM_SLICE, /* a worker visited a task */
    SIM_IDLED, /* a worker found nothing; it spins on */
    SIM_PARKED,
    SIM_JUMPED, /* all sleep: the clock moved to the next timer */
    SIM_QUIET   /* all sleep, and no timer is due until the limit: nothing happened */
};
enum sim_source { SIM_OWN, SIM_INJECTED, SIM_STOLEN, SIM_STOLEN_SLOT };

struct sim_step { /* what sim_step did last */
    enum sim_act act;
    enum sim_source source; /* of a slice */
    uint32_t worker;
    uint32_t slot, turns; /* of a slice: the actor, and how many turns it had */
    uint64_t ns;          /* virtual time afterwards */
};
struct sim {
    struct sched *sched;
    uint64_t *clock_ns; /* what env's mono_ns reads */
    struct rng rng;
    uint64_t hash;  /* of all steps so far */
    uint64_t steps; /* so many */
    uint64_t slices, turns, steals;
    uint32_t spinner; /* worker + 1 that holds sched.spinning; 0: none */
    struct sim_step last;
    bool parked[SCHED_WORKERS_MAX];
};

/* s is initialised and not started; it wakes through this sim from now on. clock_ns: the variable behind env's mono_ns. */
void sim_init(struct sim *sim, struct sched *s, uint64_t *clock_ns, uint64_t seed);
/* One step. The clock does not pass until_ns. SIM_QUIET: it is until_ns now, or earlier when that is UINT64_MAX. */
enum sim_act sim_step(struct sim *sim, uint64_t until_ns);
/* Tasks that wait in some queue. Not 0 after SIM_QUIET: a wake-up was lost. */
uint32_t sim_stranded(const struct sim *sim);
/* Mix a value into the hash: what the caller decided by itself. */
void sim_note(struct sim *sim, uint64_t v);
/* sched_wake of a simulated scheduler. */
void sim_wake_(struct sim *sim);

#endif
