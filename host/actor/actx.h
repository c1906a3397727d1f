/* actx.h - a worker as the actor floor sees it: the context of the turn in hand, its outbox, its undo log.
 *
 * The first word is the host's function table: a behaviour's ctx is a pointer to this struct and knows no more of it.
 * Everything belongs to the thread that runs the worker.
 */
#ifndef ACTOR_ACTX_H
#define ACTOR_ACTX_H
#include "actor/cell.h"
#include "msg/arena.h"
#include "msg/undo.h"
#include "sched/worker.h"
#include <actor/host.h>

enum { TURN_MESSAGES_MAX = 65536, TURN_BYTES_MAX = 16 << 20, OUTBOX_INLINE = 256, UNDO_BYTES = 256 };
enum { TIMERS_ARMED_MAX = 4 * TURN_MESSAGES_MAX }; /* in one turn */

/* One target's chain. */
struct outbox_entry {
    /* low bit (OUTBOX_FRESH): spawned in this turn, so it is scheduled in any case; NULL: the first, and a child is the next */
    struct cell *to;
    struct msg *first, *last;
};
#define OUTBOX_FRESH ((uintptr_t)1)

/* What a turn did besides sending; applied at commit, undone at rollback, in order. */
enum turn_effect_kind {
    FX_SPAWN,        /* slot: the child */
    FX_TIMER_CANCEL, /* handle; happens at commit */
    FX_STOP,         /* who; slot: enum actor_stop_mode */
    FX_WATCH,        /* who */
    FX_UNWATCH,      /* who */
    FX_UNSTASH,
    FX_JOB /* p: the job */
};
struct turn_effect {
    uint32_t kind, slot;
    actor_ref who;
    uint64_t handle;
    void *p;
};

/* What is counted and remembered within a turn. The first use in the next one clears it (turn_books), so that no turn pays for
 * what it does not use. */
struct turn_books {
    uint64_t stamp,
        gen; /* whose turn, and which one: generations never repeat, nor do the turn numbers of one */
    uint64_t msgs, bytes; /* toward the caps; counted on slow paths */
    uint64_t now_ns;      /* the clock as this turn has read it, or 0; see turn_now */
    uint32_t asked;       /* the newest ask, a handle; the one before is its prev */
    uint32_t narmed;      /* timers: the newest in the list of the actor */
};

struct dead_counts;
struct migration;
struct system;
struct tnodes;
/* What a name meant to actors of this behaviour, in the index of that serial. The index is replaced before a behaviour can run, so an
 * address that is used again comes with another serial. */
struct behaviour_memo {
    const struct behaviour *own;
    struct behaviour *b;
    uint64_t serial; /* 0: none */
    uint32_t len;
    char name[36];
};

/* An actor whose slices end late; see behind.h. turn: its number after the last of them. The next begins there, or the actor has
 * caught up meanwhile. */
struct behind {
    const struct cell *c;
    uint64_t turn;
    uint64_t handled; /* in all of them */
};

enum {
    TURN_SLOW_PARTS = 1, /* were used: scratch, fresh messages, containers, effects */
    TURN_UNANSWERED = 2  /* the message in hand is a question without an answer so far */
};
enum turn_fate { FATE_FREE, FATE_KEEP /* stashed or forwarded: the block lives on */ };

struct actx {
    actor_ctx ctx;               /* first */
    struct outbox_entry *ob_top; /* last entry in use; NULL: none */
    struct outbox_entry *ob;
    struct msg *cur; /* in hand; NULL outside user turns */
    struct cell *me;
    struct cell *cells; /* for resolve */
    uint32_t cells_max, node;
    uint32_t dirty; /* TURN_*: what the end of the turn has to look at besides the outbox */
    uint32_t nfx;
    struct worker w;  /* its beginning belongs to what is above: what each turn and tell touches */
    uint64_t counted; /* turns that the counters know; those since are the loop's, see turns_tally */
    uint64_t ticks;   /* of those since: for ticks, not for user mail */
    uint32_t unsent;  /* blocks taken since for messages that were not sent after all, see sends_tally */
    struct behind behind[4];
    uint64_t tag; /* of the message in hand, if it has one; see turn_tag */
    struct system *sys;
    struct turn_effect *fx;
    uint32_t fxcap;
    struct msg *fresh;     /* made by msg_new and not sent yet */
    struct msg *conv;      /* the message in hand, converted for the handler; freed after the turn */
    struct migration *mig; /* while migrate() runs */
    struct dead_counts *dead;
    struct turn_books books;
    uint64_t hard_limit_ns;     /* a longer turn fails; 0: off */
    uint64_t first_tick;        /* of this turn's timers, once one is armed: the tick after now */
    uint64_t none_args;         /* what start gets without arguments: actor_none */
    struct tnodes *tn;          /* asks and timers armed here */
    struct arena scratch;       /* actor_alloc */
    struct arena_source source; /* of arenas: our pool */
    struct undo undo;           /* what containers overwrote in this turn */
    uint64_t gen_next, gen_end; /* unused generations */
    uint32_t slots[64], nslots; /* free slots */
    int32_t fail_code;
    char fail_text[160];
    struct behaviour_memo memo[4];
    uint32_t obcap;
    uint16_t obmap[16];
    struct outbox_entry ob_inline[OUTBOX_INLINE];
    _Alignas(64) char state_undo[UNDO_BYTES];
};

INLINE struct actx *
actx_of(struct worker *w)
{
    return (struct actx *)(void *)((char *)w - offsetof(struct actx, w));
}

#endif
