/* blocking_thread.h - threads for jobs that block, so that no worker has to.
 *
 *   any thread: blocking_submit() --> bounded queue --> pool thread: fn(arg), then done(arg, 0)
 *                                                       starts on demand up to threads_max, ends after
 * idle_ms blocking_stop(): queued jobs get done(arg, -ERR_CANCELED); running ones may finish until the
 * deadline; then they are stuck: done(arg, -ERR_TIMEOUT), and their thread is left behind
 *
 * done is called exactly once for each job that was accepted. It runs on the pool thread or in blocking_stop,
 * posts mail and never blocks. With -ERR_TIMEOUT fn is still running and may use arg: then done must not free
 * what fn sees.
 */
#ifndef SCHED_BLOCKING_THREAD_H
#define SCHED_BLOCKING_THREAD_H
#include "base/env.h"

struct blocking_config {
    uint32_t threads_max; /* 0: none; blocking_run_one() runs the jobs (simulation) */
    uint32_t queue_max;   /* jobs that wait; 1 at least */
    uint32_t idle_ms;     /* a thread without a job ends after this */
    size_t stack_bytes;   /* 0: the system's default */
};

struct blocking_job {
    void (*fn)(void *arg);             /* may block */
    void (*done)(void *arg, int code); /* 0, -ERR_CANCELED (fn never ran), -ERR_TIMEOUT (fn still runs) */
    void *arg;
};

struct blocking_stats {
    uint32_t threads, idle, queued, running, queued_peak, threads_peak;
    uint64_t submitted, refused, finished;
};

struct blocking;

/* No thread runs yet. env must outlive the last stuck job. 0, -ERR_NOMEM, -ERR_INVALID. */
int blocking_new(struct blocking **ret, struct env *env, const struct blocking_config *cfg);

/* Any thread. Takes a lock for some instructions; may start a thread. 0: accepted, the job is copied.
 * -ERR_FULL: the queue is full. -ERR_STOPPING. -ERR_LIMIT, -ERR_NOMEM: there is no thread and none could be
 * started. Unless 0, done is not called. */
int blocking_submit(struct blocking *b, const struct blocking_job *job);

/* Accept nothing more, and end all threads; returns after timeout_ns at the latest (plus what a running done
 * takes). Once. Returns how many jobs are stuck. */
uint32_t blocking_stop(struct blocking *b, uint64_t timeout_ns);
/* After blocking_stop. Stuck threads free the rest when they come back. NULL is fine. */
void blocking_free(struct blocking *b);

/* Run the oldest job here, its done included. false: there is none. */
bool blocking_run_one(struct blocking *b);
void blocking_stats(struct blocking *b, struct blocking_stats *ret); /* any thread */

#endif
