/* swarm.h - from a seed to what kind of run it is: each leaves out some things and exaggerates others. */
#ifndef TESTS_SIM_SWARM_H
#define TESTS_SIM_SWARM_H
#include "oracle.h"
#include <stdio.h>

void swarm_options(struct options *ret, uint64_t seed);
void swarm_print(const struct options *o, FILE *to);

/* One run. NULL: all is well; else what is wrong, valid until the next run. ret_hash: of the trace. */
struct run_report {
    uint64_t hash, steps, turns, events, virtual_ms;
    uint32_t actors, swaps, reverted, steals;
};
const char *swarm_run(const struct options *o, struct run_report *ret, FILE *trace);

#endif
