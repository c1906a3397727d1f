/* phase.h - the node starts in phases and stops in the reverse order, all of it before one deadline.
 *
 *   start:  scheduler > plugins > actors > control socket          a failure stops what had started, backwards
 *   stop:   control socket > actors > plugins > scheduler          each gets what is left of the time
 *
 * All on the main thread. A stop is a step that is taken again until it is done, so that the main loop goes on meanwhile:
 * it serves the control socket and hears a second signal.
 */
#ifndef NODE_PHASE_H
#define NODE_PHASE_H
#include "base/env.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* One moment for a whole stop. */
struct deadline {
    struct env *env;
    uint64_t at_ns; /* of mono_ns */
};
void deadline_init(struct deadline *d, struct env *env, uint64_t after_ns);
uint64_t deadline_left_ns(const struct deadline *d); /* 0: passed */
/* In ms, rounded up, at most UINT32_MAX. */
uint32_t deadline_left_ms(const struct deadline *d);
/* What is left becomes a tenth. */
void deadline_hurry(struct deadline *d);

struct phase {
    const char *name;
    /* In order. 0, or an error in e; the phase has then cleaned up after itself. */
    int (*start)(void *ctx, struct err *e);
    /* Stop, or go on stopping: true when done. Must not block for longer than some 10 ms; what has to wait returns false and
     * is called again, soon or after boot_wake(). Called once more when the time is up: it then lets go of what still runs
     * and returns whether nothing does. NULL: nothing to stop. */
    bool (*stop)(void *ctx, const struct deadline *d);
    /* The configuration changed where it is reloadable. NULL: does not matter. */
    void (*reload)(void *ctx);
};
struct phases {
    const struct phase *table;
    size_t n, started;
    void *ctx;
    size_t late; /* phases that the deadline cut off */
};
void phases_init(struct phases *p, const struct phase *table, size_t n, void *ctx);
/* Start all. On failure e says which phase and why; those before it have to be stopped. */
int phases_start(struct phases *p, struct err *e);
/* Take the next steps of stopping: true when all phases are done with. ret_late (may be NULL) gets the name of the phase that
 * was cut off in this step, or NULL. */
bool phases_stop(struct phases *p, const struct deadline *d, const char **ret_late);
/* The phase that is stopping now; NULL: none. */
const char *phases_now(const struct phases *p);
void phases_reload(struct phases *p);

#endif
