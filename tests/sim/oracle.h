/* oracle.h - what must be true of the simulated node, kept outside of it: the actors of load.c report what they do, the driver
 * reports what it does, and every report is compared with what was reported before.
 *
 * Numbers: an actor (one spawn, one reference) has an id, each of its incarnations a number `me`; the driver is 0 and 0. A
 * numbered message is (from: me of its sender, to: id of its receiver, seq: 0, 1, 2... of this pair). Its one fate is handled,
 * failed, or dead with a reason; what a failed turn had sent never was.
 *
 * One thread. The first thing that is wrong is kept as text; the run ends there.
 */
#ifndef TESTS_SIM_ORACLE_H
#define TESTS_SIM_ORACLE_H
#include "testkit/world.h"
#include <actor/actor.h>

enum { IDS_MAX = 4096, MES_MAX = 16384 };

struct options { /* what a seed decides; see swarm.c */
    uint64_t seed;
    uint32_t workers, actors, ops;
    uint32_t fail, unhandled, stop;                           /* in 1000 turns */
    uint32_t stash, asks, timers, watches, spawns, jobs, fan; /* 0: none; in 1000 acts */
    uint32_t hops;
    uint32_t start_fails; /* in 1000 starts */
    bool swaps, refuse, keep_refused, faults, keep_children;
    uint32_t backoff_ms, group; /* of the policy that all start with, as keep_children is */
    bool supervised; /* spawn options vary */
};

/* The oracle of this run; one at a time. */
extern struct options opt;
void oracle_init(struct world *w, const struct options *o);
void oracle_fini(void);
const char *oracle_wrong(void); /* NULL: nothing is */
void oracle_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
extern bool oracle_healing;    /* no more new work */
extern uint32_t oracle_refuse; /* migrate() of actors whose id is 1 mod 3 fails */

/* --- a turn, as load.c sees it --- */
struct shadow {                              /* what the state of an incarnation must be */
    uint32_t handled, stashing, notes, zero; /* no padding: compared as bytes */
    uint64_t sum;
};
/* Every handler begins and ends with these. ok: it returns ACTOR_OK or ACTOR_STOP; else what it did is forgotten. */
void oracle_begin(actor_ctx *ctx, uint32_t id, uint32_t me, const struct shadow *s);
void oracle_end(const struct shadow *s, bool ok);
uint32_t oracle_start(actor_ctx *ctx, uint32_t id); /* in start; returns me. Nothing to compare with yet */
void oracle_stopped(uint32_t id, uint32_t me);      /* in the stop hook */

/* In a turn. The driver calls them too, between oracle_outside(true) and (false). */
void oracle_outside(bool begin);
uint64_t oracle_next(uint32_t me, uint32_t to); /* the seq that comes next: what the state must say */
void oracle_sent(uint32_t from, uint32_t to, uint64_t seq);
void oracle_tell_status(actor_ref to, int r); /* of any send to this reference */
/* false: it was forwarded, and is no part of the order. */
bool oracle_arrived(uint32_t from, uint32_t to, uint64_t seq, uint32_t id, uint64_t ask);
uint64_t oracle_seen(uint32_t from, uint32_t me); /* what the state must say: seq + 1, or 0 */
void oracle_saw(uint32_t from, uint32_t me, uint64_t seq);

uint32_t oracle_new_id(void); /* 0: enough for this run */
void oracle_spawned(uint32_t id, actor_ref ref);
actor_ref oracle_pick(uint64_t dice, uint32_t *ret_id); /* an actor, now and then one that has ended */

uint64_t oracle_new_ask(void); /* also jobs; the tag */
void oracle_asked(uint64_t ask, uint32_t me, uint32_t id, bool job);
void oracle_answered(uint64_t ask, uint32_t me, uint32_t id, bool failed);
void oracle_forwarded(uint64_t ask, uint32_t to);

uint64_t oracle_new_timer(void);
void oracle_armed(uint64_t timer, uint32_t me, uint64_t after_ms, uint64_t every_ms);
void oracle_canceled(uint64_t timer);
void oracle_ticked(uint64_t timer, uint32_t me);

void oracle_watched(uint32_t id, actor_ref who);
void oracle_unwatched(uint32_t id, actor_ref who);
void oracle_terminated(uint32_t id, actor_ref who, int32_t code);

/* --- from time to time, and at the end --- */
void oracle_dead_letters(void); /* take in what came */
void oracle_balance(void);
void oracle_quiet(void); /* all is done: nothing may be pending */
bool oracle_alive(actor_ref r);
uint32_t oracle_ids(void);
actor_ref oracle_ref(uint32_t id);
uint64_t oracle_events(void);

#endif
