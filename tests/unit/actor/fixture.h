/* fixture.h - a whole actor system in a test, driven either by hand or by real worker threads.
 *
 *   rig_start(&cfg)   virtual clock, no threads: rig_run() runs slices until nothing is left, rig_advance() moves time
 *   rig_start_threads()   real workers: wait for events with rig_until()
 *   rig_stop()        checks that every message had its fate and that no byte is left
 *
 * The plugin is linked in. Its actors do what they are told: `go` carries a function of the test and runs it as the handler,
 * `num` is written down in the event list, as are all system messages.
 */
#ifndef TESTS_ACTOR_FIXTURE_H
#define TESTS_ACTOR_FIXTURE_H
#include "actor/actor_system.h"
#include "actor/bind.h"
#include "actor/call.h"
#include "actor/message.h"
#include "actor/turn.h"
#include <actor/actor.h>
#include <criterion/criterion.h>
#undef ACTOR_NAMESPACE /* of the messages below; looked at when they are declared */
#define ACTOR_NAMESPACE "t"

#define GO(F)   F(u64, fn) F(u64, arg)
#define NUM(F)  F(u64, v)
#define TEXT(F) F(str, s) F(list(u64), l)
#define BIG(F)  F(bin, data)
#define ARGS(F) F(u64, fn) F(u64, arg) F(str, text)
#define THING(F) \
    F(u64, n) F(u64, mode) F(u64, at_stop) F(str, text) F(list(u64), seen) F(map(u64, u64), counts)
#define SMALL(F) F(u64, n) F(u64, last) F(u64, mode)
#define LARGE(F) F(u64, n) F(u64, a0) F(u64, a1) F(list(u64), seen)
ACTOR_MESSAGE(go, 1, GO)
ACTOR_MESSAGE(num, 1, NUM)
ACTOR_MESSAGE(text, 1, TEXT)
ACTOR_MESSAGE(big, 1, BIG)
ACTOR_SIGNAL(get, 1)
ACTOR_SIGNAL(nobody_handles, 1)
ACTOR_ARGS(args, 1, ARGS)
ACTOR_STATE(thing, 1, THING) /* owns memory, has start and stop */
ACTOR_STATE(sure, 1, SMALL)  /* its handlers cannot fail */
ACTOR_STATE(small, 1, SMALL) /* lives beside the cell */
ACTOR_STATE(large, 1, LARGE) /* outgrows what a failed turn restores */

/* A plugin of the test's own, for rig_config.more; fixture.c has the entry. */
#define RIG_PLUGIN(VAR, NAME, VERSION, ...)                                                               \
    extern actor_type *const __start_actor_types[] __attribute__((visibility("hidden")));                 \
    extern actor_type *const __stop_actor_types[] __attribute__((visibility("hidden")));                  \
    static const actor_behaviour *const VAR##_behaviours_[] = {__VA_ARGS__};                              \
    static const actor_plugin VAR = {.size = sizeof(actor_plugin),                                        \
                                     .abi_major = ACTOR_ABI_MAJOR,                                        \
                                     .abi_minor = ACTOR_ABI_MINOR,                                        \
                                     .name = NAME,                                                        \
                                     .version = VERSION,                                                  \
                                     .behaviours = VAR##_behaviours_,                                     \
                                     .nbehaviours = sizeof VAR##_behaviours_ / sizeof *VAR##_behaviours_, \
                                     .types = __start_actor_types,                                        \
                                     .types_end = __stop_actor_types}

/* What a `go` runs. self: whichever state the actor has. */
typedef actor_result go_fn(actor_ctx *ctx, void *self, uint64_t arg);
typedef actor_result start_fn(actor_ctx *ctx, thing *self, const args *a);
typedef void stop_fn(actor_ctx *ctx, thing *self, uint32_t reason);

enum { /* thing.mode, small.mode: what `num` does */
       MODE_NOTE,
       MODE_STASH,
       MODE_UNHANDLED,
       MODE_FAIL,
       MODE_STOP
};
enum event_kind {
    EV_NUM = 1,    /* a: value */
    EV_TEXT,       /* a: bytes of s; b: elements of l */
    EV_START,      /* a: incarnation of its thing */
    EV_STOPPED,    /* a: reason */
    EV_TERMINATED, /* who; a: reason */
    EV_ASK_FAILED, /* who: the target; a: -code; tag */
    EV_OWN         /* a, b: the test's */
};
struct event {
    enum event_kind kind;
    actor_ref self, from, who;
    uint64_t a, b, tag;
};
struct rig_config {
    uint32_t workers;                /* 1 */
    uint64_t seed;                   /* of the order of workers */
    uint64_t fail_at;                /* the allocation that fails, from the very start on */
    const actor_plugin *const *more; /* bound after the fixture's own, NULL at the end */
};
struct rig {
    struct env_fake env;
    struct system sys;
    struct bound *bound[4];
    size_t nbound;
    bool threads;
    struct event ev[4096];
    size_t nev;
    uint64_t queued_user, queued_system; /* as rig_count_queued() found them */
};
extern struct rig rig; /* one at a time */

/* --- life --- */
void rig_start(void);                             /* one worker */
int rig_start_with(const struct rig_config *cfg); /* 0 or -ERR_*: memory; then there is nothing to stop */
void rig_start_threads(uint32_t workers);
void rig_make_threads(const struct rig_config *cfg); /* the same, but sched_start() is the test's */
void rig_end_all(void);                              /* threads: /user stops; returns when no actor is left */
void rig_stop(void);                                 /* every actor goes; checks balance and leaks */
/* Every message has its fate, on both lanes. Only while no worker runs. */
void rig_check_balance(void);
uint64_t rig_counter(enum counter id);
uint64_t rig_dead(enum dead_reason r);

/* --- without threads --- */
void rig_run(void);            /* until nothing is runnable */
bool rig_slice(void);          /* one slice of one worker; false: nothing to run */
void rig_advance(uint64_t ms); /* tick by tick, running what wakes up */
struct actx *rig_worker(uint32_t i);

/* --- actors --- */
struct behaviour *rig_behaviour(const char *name); /* "t.thing" */
int rig_try_spawn(actor_ref *ret, actor_ref parent, const char *behaviour, const char *name, const args *a);
actor_ref rig_spawn(const char *behaviour);
actor_ref rig_spawn_under(actor_ref parent, const char *name);
actor_ref rig_spawn_small(void);
struct cell *rig_cell(actor_ref r); /* NULL: not alive */
thing *rig_thing(actor_ref r);
small *rig_small(actor_ref r);

/* --- sending from outside; they run everything afterwards unless workers are threads --- */
void rig_post(actor_ref to, go_fn *fn, uint64_t arg); /* only posts */
void rig_do(actor_ref to, go_fn *fn, uint64_t arg);
void rig_num(actor_ref to, uint64_t v); /* only posts */
void rig_end(actor_ref who, enum actor_stop_mode mode);
void rig_on(actor_ref who, void (*fn)(struct actx *, struct cell *, void *arg),
            void *arg); /* system_call, and run */

/* --- events --- */
void rig_note(struct event e);
void rig_own(actor_ctx *ctx, uint64_t a, uint64_t b);    /* an EV_OWN */
size_t rig_events(actor_ref self, enum event_kind kind); /* how many */
const struct event *rig_event(actor_ref self, enum event_kind kind, size_t i);
/* The values of all num of this actor, as text: "1 2 3". */
const char *rig_nums(actor_ref self);

/* --- supervision that answers always the same --- */
struct rig_policy {
    enum actor_directive directive;
    uint64_t delay_ns;
    unsigned asked;
    struct failure last;
    actor_ref last_who;
};
extern struct rig_policy rig_policy; /* DEFAULT: as without one */

/* --- threads --- */
void rig_until(_Atomic(uint64_t) *what, uint64_t at_least);

#endif
