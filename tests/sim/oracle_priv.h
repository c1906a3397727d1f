/* oracle_priv.h - what the parts of the oracle share. */
#ifndef TESTS_SIM_ORACLE_PRIV_H
#define TESTS_SIM_ORACLE_PRIV_H
#include "oracle.h"

enum fate { IN_FLIGHT, HANDLED, FAILED, DEAD };
enum { PAIRS = 1 << 16, LIVE_MAX = 96 };

struct pair { /* from a sender's incarnation to an actor */
    uint64_t key;
    uint8_t *fates;
    uint64_t n, cap;
    uint64_t low; /* all before have their fate */
};
struct seen { /* what an incarnation has handled of a sender's */
    uint64_t key, next;
};
struct actor {
    actor_ref ref;
    uint32_t me; /* incarnation that started last */
    bool committed;
};
struct incarnation {
    uint32_t id;
    bool stopped;
    struct shadow shadow;
    uint64_t now_ns; /* as it saw the clock last */
};
enum ask_state { ASK_OPEN, ASK_ANSWERED, ASK_FAILED, ASK_GONE /* its turn failed */ };
struct ask {
    uint32_t me, id, to; /* to: an actor it was forwarded to, not arrived yet */
    uint8_t state;
    bool job;
};
enum timer_state { TIMER_NONE, TIMER_ARMED, TIMER_CANCELED, TIMER_OVER };
struct timer {
    uint32_t me;
    uint8_t state;
    bool periodic;
    uint64_t due_ns;
};
struct watch {
    uint32_t id;
    actor_ref who;
};

enum undo_kind {
    UNDO_SENT,
    UNDO_SAW,
    UNDO_HANDLED,
    UNDO_SPAWNED,
    UNDO_ASKED,
    UNDO_FORWARDED,
    UNDO_TIMER,
    UNDO_WATCHED,
    UNDO_UNWATCHED
};
struct undo_step {
    enum undo_kind kind;
    uint64_t a, b;
    actor_ref ref;
};

struct oracle_state {
    struct world *world;
    char wrong[512];
    struct pair pairs[PAIRS];
    struct seen seen[PAIRS];
    struct actor actors[IDS_MAX];
    struct incarnation mes[MES_MAX];
    struct ask *asks;
    struct timer *timers;
    struct watch *watches;
    size_t nasks, casks, ntimers, ctimers, nwatches, cwatches;
    uint32_t nids, nmes;
    uint32_t live[LIVE_MAX * 2], nlive; /* ids that were alive when we looked last */
    uint64_t dead_seq, events;
    /* the turn in hand */
    bool in_turn, starting;
    uint32_t id, me;
    struct undo_step *undo;
    size_t nundo, cundo;
};
extern struct oracle_state o;

void oracle_undo_(enum undo_kind kind, uint64_t a, uint64_t b, actor_ref ref);
void *oracle_grow_(void *v, size_t *cap, size_t n, size_t bytes); /* room for v[n] */
struct pair *oracle_pair_(uint32_t from, uint32_t to);
struct seen *oracle_seen_(uint32_t from, uint32_t me);

#endif
