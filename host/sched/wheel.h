/* wheel.h - a worker's timers: a hierarchical wheel of 4 x 256 slots. One tick is 1 ms, by the callers'
 * custom.
 *
 *   level 0     the rest of these 256 ticks         a slot a tick      fired in place
 *   level 1     the rest of these 65,536 ticks      a slot per 256     cascades when its time begins
 *   level 2, 3  likewise, up to 2^32 ticks          (49.7 days)
 *   far         all past the current 2^32 ticks     one list           sorted in again when they begin
 *
 * A node lies at the level of the highest byte in which its due tick differs from the present one. So each
 * slot in use lies ahead of the present, the lowest level in use holds the next event, and empty time is
 * skipped by bitmap however long it is.
 *
 * Order: by due tick, then by order of arming. A node armed for a tick that is over fires first at the next
 * advance. Nodes belong to the caller, who embeds them; a zeroed node is not armed. Nothing here allocates,
 * locks or reads a clock. One owner thread (the worker). Cost: arm and cancel O(1); a node is moved at most
 * four times in its life.
 */
#ifndef SCHED_WHEEL_H
#define SCHED_WHEEL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_LEVELS 4
#define WHEEL_SLOTS  256
#define WHEEL_NONE   UINT64_MAX

struct wheel_node {
    struct wheel_node *next, *prev; /* ring within the slot; next == NULL: not armed */
    uint64_t due_tick;              /* as given to wheel_arm; stays readable after firing */
    uint32_t list;                  /* where it lies, so that cancel finds the head */
};

struct wheel {
    uint64_t now;     /* everything due up to here was fired or lies in overdue */
    uint64_t soonest; /* nothing happens before this tick: a lower bound, exact after an advance */
    size_t armed;
    uint32_t overdue; /* which of the two lists takes nodes that are due already */
    bool advancing;
    uint64_t used[WHEEL_LEVELS][WHEEL_SLOTS / 64];               /* bit set: the slot is not empty */
    struct wheel_node *head[WHEEL_LEVELS * WHEEL_SLOTS + 2 + 1]; /* slots, overdue twice, far */
};

/* Called for a node that is due. It is not armed any more: it may be armed again, freed, and any other node
 * may be armed or canceled, one of the same tick too (it will not fire then). Must not call wheel_advance. */
typedef void wheel_fire_fn(void *self, struct wheel_node *n);

void wheel_init(struct wheel *w, uint64_t now_tick);

/* Fire n at due_tick. Moves n if it is armed already. A tick that is over is not an error: n fires at the
 * next advance, or, from inside a callback, at the advance after this one, so that a delay of zero cannot
 * keep a worker for ever. */
void wheel_arm(struct wheel *w, struct wheel_node *n, uint64_t due_tick);

/* n will not fire. true: it was armed. */
bool wheel_cancel(struct wheel *w, struct wheel_node *n);

/* Time is now_tick: fire all that is due. A tick before the last one is taken for the last one. During a
 * callback the wheel stands at the tick of the node that fires: what is armed for a tick between that and
 * now_tick still fires in this call. Returns the number fired. */
size_t wheel_advance(struct wheel *w, uint64_t now_tick, wheel_fire_fn *fire, void *self);

/* The tick until which the owner may sleep: never later than the next due tick, earlier when a slot must
 * cascade first (at most four times for one node). WHEEL_NONE: nothing is armed. */
uint64_t wheel_next(const struct wheel *w);

static inline bool
wheel_is_armed(const struct wheel_node *n)
{
    return n->next != NULL;
}
/* Is a call of wheel_advance worth it? One compare. */
static inline bool
wheel_is_due(const struct wheel *w, uint64_t now_tick)
{
    return now_tick >= w->soonest;
}
static inline size_t
wheel_armed(const struct wheel *w)
{
    return w->armed;
}

#endif
