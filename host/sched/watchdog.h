/* watchdog.h - finds handlers that do not return. The pure part: samples in, events out; threads are in watchdog_thread.h.
 *
 *   each interval, each worker:   stamp changed, or nothing in hand  --> forget
 *                                 same stamp for limit_ns            --> REPORT, again after 2x, 4x ... that long
 *                                 and                                --> TAKE_OVER, until it succeeds
 *                                 changed after a report             --> RETURNED
 *
 * A worker inside host code is never taken over: it may hold a lock, or be about to store what the new thread would read. That
 * is for the taker to find out (-ERR_BUSY): a handler that calls the host all the time would hardly ever be seen outside.
 * The first look at a turn comes at most one interval after its begin, so with the defaults (limit 500 ms, interval 250 ms) a
 * report comes 500 to 1,000 ms after the handler began. One owner thread; no clock, no lock, no allocation.
 */
#ifndef SCHED_WATCHDOG_H
#define SCHED_WATCHDOG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WATCH_LIMIT_NS        UINT64_C(500000000)
#define WATCH_INTERVAL_NS     UINT64_C(250000000) /* the longest */
#define WATCH_INTERVAL_MIN_NS UINT64_C(1000000)
#define WATCH_RELIEVE_NS \
    UINT64_C(5000000) /* what waits behind a long turn is moved after two such looks at most */
#define WATCH_AGAIN_MAX_NS UINT64_C(60000000000) /* a handler stuck for ever is reported once a minute */

/* What the worker's relaxed stores said at one moment; not of one moment, which is why a stamp must stay the same twice. */
struct watch_sample {
    uint64_t owner; /* tells one struct worker from its successor after a take-over */
    uint64_t stamp; /* changes with each turn */
    uint32_t slot;  /* actor in hand; 0: none, so the worker is not busy */
    uint32_t type;  /* message in hand */
    bool in_host;   /* outside plugin code */
};

/* One a worker, zeroed at first. */
struct watch_state {
    struct watch_sample last;
    uint64_t since_ns;       /* when this stamp was first seen */
    uint64_t next_report_ns; /* absolute */
    uint64_t again_ns;       /* between the last report and the next */
    uint32_t reports;        /* of this turn */
    bool given_up;           /* no thread could be had; not again in this turn before the next report */
};

enum watch_kind {
    WATCH_REPORT,    /* stuck since since_ns */
    WATCH_TAKE_OVER, /* move the worker to another thread; tell the outcome to watch_took() */
    WATCH_RETURNED,  /* it came back by itself */
    WATCH_TAKEN      /* from the thread only: a take-over succeeded; the old thread keeps that one actor */
};

struct watch_event {
    uint32_t kind, worker;
    uint32_t slot, type;
    uint32_t reports; /* how many for this turn, this one included */
    bool in_host;     /* stuck in host code, at the moment of the sample */
    uint64_t lasted_ns;
    uint64_t since_ns; /* in the time of watch_step; the thread turns it into env_mono_ns */
};

/* Look at worker number `worker`. out: room for WATCH_EVENTS; returns how many. */
enum { WATCH_EVENTS = 2 };
size_t watch_step(struct watch_state *w, uint32_t worker, const struct watch_sample *s, uint64_t now_ns,
                  uint64_t limit_ns, bool may_take_over, struct watch_event out[WATCH_EVENTS]);
/* The outcome of a take-over: 0; -ERR_BUSY: it is in host code just now, try at the next step; else: try no more until the next
 * report. */
void watch_took(struct watch_state *w, int outcome);
/* How long to sleep between two looks. */
uint64_t watch_interval_ns(uint64_t limit_ns);
/* By how much the now_ns of watch_step advances when that much real time passed between two looks. Two intervals at most: when
 * the watchdog itself was kept from looking for longer, the process was stopped or starved, and so were the workers. */
uint64_t watch_elapsed_ns(uint64_t real_ns, uint64_t limit_ns);

#endif
