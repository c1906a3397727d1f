/* phase.h - the node starts in phases and stops in the reverse order, all of it before one deadline.
 *
 *   start:  log > data dir > ... > actors > control socket > ready        a failure stops what had started,
 * backwards stop:   control socket > actors > ... > log                            each gets what is left of
 * the time
 */
#ifndef NODE_PHASE_H
#define NODE_PHASE_H
#include "base/env.h"
#include "base/err.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One moment for a whole stop. Any thread may look and may move it closer. */
struct deadline {
    struct env *env;
    _Atomic(uint64_t) at_ns; /* of mono_ns. Relaxed everywhere: a number that orders nothing */
};
void deadline_init(struct deadline *d, struct env *env, uint64_t after_ns);
uint64_t deadline_left_ns(const struct deadline *d); /* 0: passed */
/* In ms, rounded up, at most UINT32_MAX. */
uint32_t deadline_left_ms(const struct deadline *d);
/* What is left becomes a tenth. */
void deadline_hurry(struct deadline *d);

struct phase {
    const char *name;
    /* Main thread, in order. 0, or an error in e; the phase has then cleaned up after itself. */
    int (*start)(void *ctx, struct err *e);
    /* The stop thread, in reverse order, once. May block until the deadline, which may come closer meanwhile:
     * wait in portions of at most 50 ms. true: stopped; false: time is up, something of it still runs. NULL:
     * nothing to stop. */
    bool (*stop)(void *ctx, const struct deadline *d);
};
struct phases {
    const struct phase *table;
    size_t n, started;
    void *ctx;
    _Atomic(const char *) now; /* the phase at work, for reports; relaxed: a constant text */
};
void phases_init(struct phases *p, const struct phase *table, size_t n, void *ctx);
/* Start all. On failure e says which phase and why, and those before it are stopped within stop_ns. */
int phases_start(struct phases *p, struct env *env, uint64_t stop_ns, struct err *e);
/* Stop all that started; goes on behind a phase that did not stop. Returns how many did not. */
size_t phases_stop(struct phases *p, const struct deadline *d);

#endif
