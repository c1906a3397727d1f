/* task.h - what the scheduler runs, and what it calls upward. A task is an actor's cell; the scheduler knows
 * no more. */
#ifndef SCHED_TASK_H
#define SCHED_TASK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;
struct wheel_entry;

enum trim_what {
    TRIM_OWN,   /* what belongs to this worker */
    TRIM_SHARED /* what belongs to all */
};

struct task {
    struct task *next; /* in the injection queue, and in a chain of new tasks */
};

/* Bound by the floor above, once, before workers start. */
struct task_ops {
    size_t worker_bytes;                  /* of the struct that the worker is embedded in */
    size_t worker_offset;                 /* of the worker in it */
    int (*worker_init)(struct worker *);  /* after the scheduler's part; 0 or -ERR_* */
    void (*worker_fini)(struct worker *); /* before the scheduler's part goes */
    /* A slice of this task, which is then idle, or queued again, or gone; then of those that sched_again() gives. */
    void (*run)(struct worker *, struct task *);
    /* Timers of this worker's wheel are due: a wheel_fire_fn. */
    size_t (*fire)(struct worker *, const struct wheel_entry *e, size_t n);
    /* See trim.c; both may be NULL. surplus: is there memory that is worth giving back? A few loads. trim: give it back. */
    bool (*surplus)(struct worker *, enum trim_what);
    void (*trim)(struct worker *, enum trim_what);
};

#endif
