/* cell.h - an actor: one cell of 192 B in type-stable memory.
 *
 *   line 0  hot: mailbox, reference, behaviour, state, turn number, attention bits
 *   line 1  the first 64 B of the actor's arena: small state lives here
 *   line 2  cold: tree links, control orders, what is allocated on first use
 *
 * Slot to address is arithmetic. A reference is compared by generation alone: generations come from one counter of the node and
 * never repeat, so they survive pages that were given back, and a stale reference is found without touching a lock.
 *
 *   FREE --spawn--> NEW --commit, start turn--> RUNNING <--> HELD (failed, waits for its directive or its back-off)
 *                    |                             |           |
 *                    +-- turn failed: rolled back  +-----------+--> STOPPING (children end first) --> DEAD --epoch--> FREE
 *
 * DEAD: the generation is gone, so sends fail; mail that was in flight is drained when every worker has passed a slice end.
 */
#ifndef ACTOR_CELL_H
#define ACTOR_CELL_H
#include "mailbox/mbox.h"
#include "sched/epoch.h"
#include "sched/task.h"

enum { CELL_CHUNK = 64, CELL_NONE = 0 /* slot 0 is never an actor */ };

/* cell.attn: anything but plain mail. One relaxed load a turn; changed by read-modify-writes. */
enum {
    ATTN_START = 1u << 0,  /* the start turn comes first */
    ATTN_ORDERS = 1u << 1, /* the control lane holds orders */
    ATTN_REPLAY = 1u << 2, /* unstashed mail goes before queued mail */
    ATTN_HOLD = 1u << 3,   /* no user mail: suspended, restarting or stopping */
    ATTN_PARKED = 1u << 4, /* held, and in no run queue though its mailbox may hold mail */
    ATTN_DEAD = 1u << 5,
    ATTN_STOP = 1u << 6,  /* asked to stop: needs no memory, so it always works */
    ATTN_SWAP = 1u << 7,  /* parked while its behaviour has a successor: move now */
    ATTN_TIMED = 1u << 8, /* never cleared: its turns have a limit, the node's or their own, see turn_limit */
    ATTN_SWEEP = 1u << 9  /* no actor: a sweep's task, see sweep.h */
};

enum cell_life {
    CELL_FREE,
    CELL_NEW,
    CELL_RUNNING,
    CELL_HELD,       /* failed: waits for a directive or a back-off */
    CELL_RESTARTING, /* waits for its children to end, unless it keeps them */
    CELL_STOPPING,   /* likewise */
    CELL_DEAD
};

/* Control orders: overtake mail. Any thread pushes, the actor's slice takes. */
enum order_kind {
    ORDER_CHILD_EXITED, /* who: the child, as it was; the order lies in its chunk */
    ORDER_WATCH,        /* who wants to know when we end */
    ORDER_UNWATCH,      /* who */
    ORDER_DIRECTIVE,    /* a: enum actor_directive, from a parent or an operator */
    ORDER_CHILD_FAILED, /* who: the child; b: code: its supervision escalates to us */
    ORDER_RESTARTED,    /* our parent restarts and keeps us: over with waiting for it */
    ORDER_RETRY,        /* a: incarnation: its back-off is over */
    ORDER_CALL          /* fn(arg) inside the actor's slice: inspection from the control plane */
};
struct actx;
struct cell;
struct order {
    struct order *next;
    uint32_t kind;
    uint32_t a;
    actor_ref who;
    int64_t b;
    void (*fn)(struct actx *, struct cell *, void *arg);
    void *arg;
};
_Static_assert(sizeof(struct order) <= CELL_CHUNK, "an order fits into a dying cell's chunk");

struct behaviour;
struct arena;
struct cell_ext;

struct cell {
    /* --- hot --- */
    struct mbox mb;                  /* any thread */
    actor_ref ref;                   /* gen: read by any thread, 0 when not alive; see cell_gen */
    _Atomic(struct behaviour *) beh; /* the owner writes; the sweeper reads */
    void *state;
    uint64_t turn;          /* turns so far, over incarnations */
    _Atomic(uint32_t) attn; /* any thread */
    uint32_t incarnation;   /* restarts so far */
    /* --- state --- */
    _Alignas(64) char chunk[CELL_CHUNK];
    /* --- cold --- */
    _Alignas(64) struct task task;  /* the scheduler's */
    _Atomic(struct order *) orders; /* any thread pushes, newest first */
    struct arena *arena;            /* NULL until the state needs more than the chunk */
    struct msg *args;               /* spawn arguments, kept for restarts; NULL: none */
    /* NULL until needed; stays until the slot is used again. The owner writes (release); names_path reads (acquire). */
    struct cell_ext *ext;
    uint32_t parent; /* a slot. Written before the reference is known; look-ups read it */
    uint32_t child, older,
        younger;           /* slots; child: the youngest. The parent's turn owns its children's links */
    uint8_t life;          /* enum cell_life; owner */
    uint8_t reason;        /* enum actor_reason while stopping */
    uint8_t flags;         /* CELL_* */
    uint8_t state_class;   /* pool class of the state block, with CELL_BIG_STATE */
    uint32_t swap_refused; /* id of the swap that this actor could not follow */
};
_Static_assert(sizeof(struct cell) == 192, "cell");
enum {
    CELL_SYSTEM = 1,
    CELL_BIG_STATE = 2,
    CELL_NAMED = 4,
    CELL_STOP_HOOK_RAN = 8,
    CELL_STARTED = 16,
    CELL_KEEPS = 32,    /* restarts, and its children stay */
    CELL_ESCALATED = 64 /* held until its parent has been dealt with */
};

/* Any thread, relaxed: a reference that is compared may be stale the next moment anyway; what the actor publishes is ordered
 * by its mailbox. */
INLINE uint64_t
cell_gen(const struct cell *c)
{
    return __atomic_load_n(&c->ref.gen, __ATOMIC_RELAXED);
}

/* The first 8 B of a reference. */
INLINE uint64_t
ref_word(uint32_t node, uint32_t slot)
{
    actor_ref r = {.node = node, .slot = slot};
    uint64_t w;

    __builtin_memcpy(&w, &r, sizeof w);
    return w;
}

/* The same of a cell. Any thread, relaxed, as cell_gen: a cell that lives again writes it anew, always the same. */
typedef uint64_t __attribute__((may_alias)) ref_word_alias;
INLINE uint64_t
cell_word(const struct cell *c)
{
    return __atomic_load_n((const ref_word_alias *)(const void *)&c->ref, __ATOMIC_RELAXED);
}
INLINE void
cell_set_word(struct cell *c, uint64_t word)
{
    __atomic_store_n((ref_word_alias *)(void *)&c->ref, word, __ATOMIC_RELAXED);
}

#endif
