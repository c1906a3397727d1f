/* wheel.h - a worker's timers: a hierarchical wheel of 4 x 256 slots. One tick is 1 ms, by the callers'
 * custom.
 *
 *   level 0     the rest of these 256 ticks         a slot a tick      fired in place
 *   level 1     the rest of these 65,536 ticks      a slot per 256     cascades when its time begins
 *   level 2, 3  likewise, up to 2^32 ticks          (49.7 days)
 *   far         all past the current 2^32 ticks     one slot           sorted in again when they begin
 *
 *   slot: chunk [entry entry ... 20] --> chunk --> ...      entry: {due tick, id, generation}, 12 B
 *            ^ first                     ^ last, and how many entries are in it: arming does not read the chunk
 *
 * An entry lies at the level of the highest byte in which its due tick differs from the present one. So each
 * slot in use lies ahead of the present, the lowest level in use holds the next event, and empty time is
 * skipped by bitmap however long it is.
 *
 * Canceling is lazy: the caller makes the generation stale and says so (wheel_dead); the entry stays until its time comes, until
 * it stands first when the owner asks how long it may sleep, or until dead entries outnumber the others when memory is needed.
 * Entries are read in order, whole chunks at a time, so that firing waits for no linked list (README.md has the figures).
 *
 * A delay may begin to count later: wheel_arm_in keeps the entry aside until the owner tells the time next. An ask needs no clock
 * of its own then, and one that is answered by that time never enters a slot.
 *
 * Order: by due tick, then by order of arming. What is armed for a tick that is over fires first at the next
 * advance. Chunks come from the worker's pool, when something is armed and then only; the wheel keeps so many that each later
 * rearrangement finds room. One owner thread (the worker); no lock, no clock. Cost: arm O(1), cancel nothing here; an entry is
 * moved at most four times in its life.
 */
#ifndef SCHED_WHEEL_H
#define SCHED_WHEEL_H
#include "base/pool.h"
#include "base/util.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_LEVELS     4
#define WHEEL_LEVEL_BITS 8
#define WHEEL_SLOTS      (1 << WHEEL_LEVEL_BITS)
#define WHEEL_NONE       UINT64_MAX
enum {
    WHEEL_CHUNK_CLASS = 2,
    WHEEL_CHUNK = 20,
    WHEEL_LISTS = WHEEL_LEVELS * WHEEL_SLOTS + 2 + 1, /* slots, overdue twice, far */
    WHEEL_BATCH = 12 * WHEEL_CHUNK,
    WHEEL_WAITING = 64
};

#define WHEEL_ID_BITS 24
#define WHEEL_FAR_MAX ((UINT64_C(1) << 39) - 1) /* ticks: 17 years. What is due later is due then */

struct wheel_entry {
    uint64_t due_tick; /* as given to wheel_arm */
    uint32_t id, gen;  /* the caller's; id: WHEEL_ID_BITS */
};
/* The same in a chunk. Of the due tick 40 bits, which tell all that is no more than 2^39 ticks off. */
struct wheel_packed {
    uint32_t due, due_id, gen; /* due_id: the upper 8 bits are of the due tick */
};
struct wheel_chunk {
    struct wheel_chunk *next;
    uint32_t from, n; /* entries are e[from..n); n of a slot's last chunk is with the slot */
    struct wheel_packed e[WHEEL_CHUNK];
};
_Static_assert(sizeof(struct wheel_chunk) == POOL_MIN_BYTES << WHEEL_CHUNK_CLASS, "the chunks' pool class");
#define WHEEL_LAST_N ((uintptr_t)63)
_Static_assert(WHEEL_CHUNK <= WHEEL_LAST_N && WHEEL_LAST_N < POOL_MIN_BYTES,
               "a chunk's address has room for n");

/* These are next: whatever firing them needs may come into cache. By id and gen. */
typedef void wheel_ahead_fn(void *self, const struct wheel_entry *e, size_t n);
/* Which of these are alive, by id and gen? They move to the front, in order; returns how many. */
typedef size_t wheel_keep_fn(void *self, struct wheel_entry *e, size_t n);
/* Due, in order. The callee looks at each generation itself: a callback may cancel a later entry of the same call. Returns how
 * many were dead (wheel_dead was called for them). It may arm and cancel; it must not call wheel_advance. */
typedef size_t wheel_fire_fn(void *self, const struct wheel_entry *e, size_t n);

struct wheel {
    uint64_t now;     /* everything due up to here was fired or lies in overdue */
    uint64_t soonest; /* nothing happens before this tick: a lower bound, exact after an advance */
    size_t
        held; /* places in use: entries, dead and waiting ones and, in front of a slot, dropped ones included */
    size_t room; /* places that the chunks we have can hold, however the entries lie */
    size_t dead, dropped;
    size_t open;             /* fired, and whoever got them is not done with them yet */
    wheel_keep_fn *keep;     /* NULL: all are alive */
    wheel_ahead_fn *ahead;   /* may be NULL */
    void *self;              /* of both */
    struct wheel_chunk *due; /* of the slot that stands open: not fired yet */
    struct wheel_chunk *free;
    size_t chunks;    /* in use and free */
    uint32_t overdue; /* which of the two lists takes what is due already */
    bool advancing;
    uint32_t nwaiting;
    struct wheel_entry waiting[WHEEL_WAITING];     /* due_tick: the delay */
    uint64_t used[WHEEL_LEVELS][WHEEL_SLOTS / 64]; /* bit set: the slot is not empty */
    struct wheel_slot {
        struct wheel_chunk *first;
        uintptr_t last; /* the last chunk, and in WHEEL_LAST_N how many entries it has; 0: none */
    } slot[WHEEL_LISTS];
};

void wheel_init(struct wheel *w, uint64_t now_tick);
/* Everything armed is forgotten; the chunks go to p. */
void wheel_fini(struct wheel *w, struct pool *p);

/* Out of line: no room for one more place; the last chunk of a list is full; due past the current 2^32 ticks. */
COLD bool wheel_grow_(struct wheel *w, struct pool *p);
uintptr_t wheel_chunk_(struct wheel *w, uint32_t list);
COLD uint64_t wheel_far_(struct wheel *w, uint32_t *ret_list);

INLINE struct wheel_packed
wheel_packed_(uint32_t id, uint32_t gen, uint64_t due_tick)
{
    return (struct wheel_packed){(uint32_t)due_tick, id | (uint32_t)(due_tick >> 32) << WHEEL_ID_BITS, gen};
}
INLINE void
wheel_put_(struct wheel_slot *s, uintptr_t last, struct wheel_packed e)
{
    ((struct wheel_chunk *)(last & ~WHEEL_LAST_N))->e[last & WHEEL_LAST_N] = e;
    s->last = last + 1;
}
INLINE void
wheel_append_(struct wheel *w, uint32_t list, struct wheel_packed e)
{
    uintptr_t last = w->slot[list].last;

    if (unlikely(last == 0 || (last & WHEEL_LAST_N) == WHEEL_CHUNK))
        last = wheel_chunk_(w, list);
    wheel_put_(&w->slot[list], last, e);
}
/* As far as packed entries tell, from now. */
INLINE uint64_t
wheel_bounded_(const struct wheel *w, uint64_t due_tick)
{
    if (likely(due_tick > w->now))
        return unlikely(due_tick - w->now > WHEEL_FAR_MAX) ? w->now + WHEEL_FAR_MAX : due_tick;
    return unlikely(w->now - due_tick > WHEEL_FAR_MAX) ? w->now - WHEEL_FAR_MAX : due_tick;
}

/* The list that an entry for due_tick belongs to at `now`, and when that list is looked at. due_tick >= now: equal is meant for a
 * cascade, which fires slot 0 next. */
INLINE uint64_t
wheel_list_(struct wheel *w, uint64_t now, uint64_t due_tick, uint32_t *ret_list)
{
    uint64_t differ = due_tick ^ now;
    unsigned shift = (63 - (unsigned)__builtin_clzll(differ | 1)) / WHEEL_LEVEL_BITS * WHEEL_LEVEL_BITS;

    if (unlikely(shift >= WHEEL_LEVELS * WHEEL_LEVEL_BITS))
        return wheel_far_(w, ret_list);
    *ret_list = shift / WHEEL_LEVEL_BITS * WHEEL_SLOTS + ((uint32_t)(due_tick >> shift) & (WHEEL_SLOTS - 1));
    return due_tick >> shift << shift;
}

/* Fire {id, gen} at due_tick. A tick that is over is not an error: it fires at the next advance, or, from inside a callback, at
 * the advance after this one, so that a delay of zero cannot keep a worker for ever. false: no memory, nothing has changed.
 * Inside a callback it cannot fail for as many entries as the callback was given. p: the pool of the worker that owns w. */
INLINE bool
wheel_arm(struct wheel *w, struct pool *p, uint32_t id, uint32_t gen, uint64_t due_tick)
{
    uint32_t list = w->overdue;
    uint64_t event = 0;

    if (unlikely(w->held >= w->room) && !wheel_grow_(w, p))
        return false;
    w->held++;
    due_tick = wheel_bounded_(w, due_tick);
    if (likely(due_tick > w->now))
        event = wheel_list_(w, w->now, due_tick, &list);
    if (event < w->soonest)
        w->soonest = event;
    wheel_append_(w, list, wheel_packed_(id, gen, due_tick));
    return true;
}

/* The slot that takes the next entry for due_tick, where that is the usual one: due within the present 2^32 ticks, in use, and its last
 * chunk has room. Else NULL. Such a slot's time is counted in soonest already. */
INLINE struct wheel_slot *
wheel_usual(struct wheel *w, uint64_t due_tick)
{
    const uint64_t differ = due_tick ^ w->now;
    struct wheel_slot *s;
    unsigned level;

    if (unlikely(w->held >= w->room) || unlikely(due_tick <= w->now) ||
        unlikely(differ >> (WHEEL_LEVELS * WHEEL_LEVEL_BITS) != 0))
        return NULL;
    level = (63 - (unsigned)__builtin_clzll(differ)) / WHEEL_LEVEL_BITS;
    s = &w->slot[level * WHEEL_SLOTS + ((due_tick >> level * WHEEL_LEVEL_BITS) & (WHEEL_SLOTS - 1))];
    return likely((s->last & WHEEL_LAST_N) - 1 < WHEEL_CHUNK - 1) ? s
                                                                  : NULL; /* a chunk in use has an entry */
}
/* wheel_arm, where wheel_usual gave s for due_tick. */
INLINE void
wheel_arm_usual(struct wheel *w, struct wheel_slot *s, uint32_t id, uint32_t gen, uint64_t due_tick)
{
    w->held++;
    wheel_put_(s, s->last, wheel_packed_(id, gen, due_tick));
}

INLINE void
wheel_wait_(struct wheel *w, uint32_t id, uint32_t gen, uint64_t delay)
{
    w->held++;
    w->waiting[w->nwaiting++] = (struct wheel_entry){delay, id, gen};
}
/* Fire {id, gen} when delay whole ticks have passed. They count from the next wheel_advance or wheel_begin, which should come
 * soon. false: no memory, or WHEEL_WAITING wait already (wheel_begin makes room); nothing has changed. */
INLINE bool
wheel_arm_in(struct wheel *w, struct pool *p, uint32_t id, uint32_t gen, uint64_t delay)
{
    if (unlikely(w->nwaiting == WHEEL_WAITING) || (unlikely(w->held >= w->room) && !wheel_grow_(w, p)))
        return false;
    wheel_wait_(w, id, gen, delay);
    return true;
}
/* Time is now_tick: those that wait begin to count. */
void wheel_begin(struct wheel *w, uint64_t now_tick);

/* An entry that is armed was canceled: its generation is stale from now on. */
static inline void
wheel_dead(struct wheel *w)
{
    w->dead++;
}

/* One that has fired and was alive is done with: what came of it has been handled, or it is armed again. The owner paces what
 * it fires by wheel.open; nothing here depends on it. */
static inline void
wheel_done(struct wheel *w)
{
    w->open--;
}

/* Time is now_tick: fire what is due, but no more than about max (a chunk more at most): the rest stays for the next call. A tick
 * before the last one is taken for the last one. During a callback the wheel stands at the tick of the entries that fire: what is
 * armed for a tick between that and now_tick still fires in this call. Returns how many entries it took, dead ones included. */
size_t wheel_advance(struct wheel *w, struct pool *p, uint64_t now_tick, size_t max, wheel_fire_fn *fire,
                     void *self);

/* The tick until which the owner may sleep: never later than the next due tick, earlier when a slot must
 * cascade first (at most four times for one entry). Drops dead entries that stand before it. WHEEL_NONE: nothing is armed. */
uint64_t wheel_next(struct wheel *w);

/* Are there many more chunks than the living entries need? */
bool wheel_surplus(const struct wheel *w);
/* Drop all dead entries; the chunks that are too many go to p. Costs a look at each entry. */
void wheel_trim(struct wheel *w, struct pool *p);

/* Is a call of wheel_advance worth it? One compare. */
static inline bool
wheel_is_due(const struct wheel *w, uint64_t now_tick)
{
    return now_tick >= w->soonest;
}
static inline size_t
wheel_armed(const struct wheel *w)
{
    return w->held - w->dropped - w->dead;
}

#endif
