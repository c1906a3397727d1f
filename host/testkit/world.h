/* world.h - a node without threads, files and time of day: floors 0 to 5 over a virtual clock, driven by a seed. Inside of the
 * testkit, and the ground of tests/sim.
 *
 *   world_init --> world_link (plugins) --> world_step ... until WORLD_QUIET --> world_fini (says what is left)
 *
 * One thread. All randomness comes from the seed; the order of memory and the time of day have no influence.
 */
#ifndef TESTKIT_WORLD_H
#define TESTKIT_WORLD_H
#include "actor/actor_system.h"
#include "plugin/runtime.h"
#include "sched/sim.h"
#include "supervision/hooks.h"

enum { WORLD_JOBS_MAX = 64 };

struct world_config {
    uint64_t seed;
    uint32_t workers;     /* virtual ones */
    uint32_t max_cells;   /* 0: 65,536 */
    uint64_t dead_bytes;  /* kept dead letters; 0: 64 KiB */
    struct log_sink sink; /* gets each line at once */
    enum log_level level;
};
struct world_job { /* work for the blocking pool */
    void (*fn)(void *arg);
    void (*done)(void *arg, int code);
    void *arg;
};
struct world {
    struct env_fake env;
    struct log *log;
    struct system sys;
    struct supervision supervision;
    struct runtime *runtime;
    struct sim sim;
    struct rng rng; /* for what is no worker: the control thread, the pool */
    struct world_job jobs[WORLD_JOBS_MAX];
    uint32_t njobs;
    struct swapping *swapping; /* NULL: no swap is under way */
    struct swap_status swap;   /* of it, or of the last one */
    uint32_t fruitless;        /* steps of a swap while nothing else moved */
};
enum world_state {
    WORLD_BUSY,
    WORLD_QUIET, /* nothing to do until until_ns */
    WORLD_STUCK  /* a task or a swap waits for something that will not come */
};
struct world_end { /* what was left; all 0 when everything is well */
    uint64_t blocks, bytes;
};

/* Memory of *w is the caller's. 0, or -ERR_* with e; then nothing is left. */
int world_init(struct world *w, const struct world_config *cfg, struct err *e);
/* A linked-in plugin; see runtime_link. */
int world_link(struct world *w, const actor_plugin *p, struct version **ret, struct err *e);
/* Begin a swap; steps of the world carry it on. Errors of runtime_swap. */
int world_swap(struct world *w, struct version *to, const struct swap_options *o, struct err *e);
enum world_state world_step(struct world *w, uint64_t until_ns);
/* Faults are off, actors end without their stop hooks, memory goes. */
void world_fini(struct world *w, struct world_end *ret);

/* Where every message is (foundation F6); only while no slice runs. */
struct balance {
    uint64_t accepted, handled, dead, rolled_back, queued;
};
void world_balance(struct world *w, struct balance *ret_user, struct balance *ret_system);
bool balance_holds(const struct balance *b);
/* Dead letters of a reason. */
uint64_t world_dead(const struct world *w, enum dead_reason r);

#endif
