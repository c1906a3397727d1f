/* litmus.h - what the files of scenarios share. They and the host code in them are compiled for the explorer, see meson.build. */
#ifndef LITMUS_H
#define LITMUS_H
#include "base/thread.h"
#include "base/util.h"
#include "explore.h"
#include <stdatomic.h>

struct self_test {
    struct scenario sc;
    bool fine; /* no execution is bad */
};
extern const struct self_test self_tests[];
extern const unsigned self_tests_n;

extern const struct scenario mbox_scenarios[];
extern const unsigned mbox_scenarios_n;

extern const struct scenario runq_scenarios[];
extern const unsigned runq_scenarios_n;
extern const struct scenario sched_scenarios[];
extern const unsigned sched_scenarios_n;
extern const struct scenario actor_scenarios[];
extern const unsigned actor_scenarios_n;
extern const struct scenario timer_scenarios[];
extern const unsigned timer_scenarios_n;

#endif
