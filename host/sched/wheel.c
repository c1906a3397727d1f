/* wheel.c - see wheel.h for the picture.
 *
 * Why nothing is missed: let a node lie at level L. All bytes of its due tick above L equal those of `now`,
 * and byte L is greater. Time moves only up to the next event, which is no later than the begin of that
 * node's slot, so both stay true until the slot itself is opened; then the node goes to a lower level, or
 * fires.
 */
#include "sched/wheel.h"
#include "base/util.h"
#include <assert.h>
#include <string.h>

enum { OVERDUE = WHEEL_LEVELS * WHEEL_SLOTS, FAR = OVERDUE + 2 };
#define LEVEL_BITS 8
#define FAR_BITS   (WHEEL_LEVELS * LEVEL_BITS)

static void
append(struct wheel *w, struct wheel_node *n, uint32_t list)
{
    struct wheel_node *first = w->head[list];

    n->list = list;
    if (first == NULL) {
        n->next = n->prev = w->head[list] = n;
        if (list < OVERDUE)
            w->used[list >> 8][(list & 255) >> 6] |= UINT64_C(1) << (list & 63);
        return;
    }
    n->next = first;
    n->prev = first->prev;
    first->prev->next = n;
    first->prev = n;
}

static void
set_empty(struct wheel *w, uint32_t list)
{
    w->head[list] = NULL;
    if (list < OVERDUE)
        w->used[list >> 8][(list & 255) >> 6] &= ~(UINT64_C(1) << (list & 63));
}

static void
unlink_node(struct wheel *w, struct wheel_node *n)
{
    if (n->next == n) {
        set_empty(w, n->list);
    } else {
        n->prev->next = n->next;
        n->next->prev = n->prev;
        if (w->head[n->list] == n)
            w->head[n->list] = n->next;
    }
    n->next = n->prev = NULL;
}

/* The first tick of the next 2^32. Far nodes exist only where there is one. */
static uint64_t
far_tick(const struct wheel *w)
{
    return ((w->now >> FAR_BITS) + 1) << FAR_BITS;
}

/* Link n where its due tick belongs at w->now. due_tick >= now: equal is meant for a cascade, which fires
 * slot 0 next. */
static void
place(struct wheel *w, struct wheel_node *n)
{
    uint64_t differ = n->due_tick ^ w->now, event;

    if (differ >> FAR_BITS != 0) {
        event = far_tick(w);
        append(w, n, FAR);
    } else {
        unsigned top = differ == 0 ? 0 : 63 - (unsigned)__builtin_clzll(differ);
        unsigned shift = top / LEVEL_BITS * LEVEL_BITS;

        event = n->due_tick >> shift << shift;
        append(w, n, shift / LEVEL_BITS * WHEEL_SLOTS + ((uint32_t)(n->due_tick >> shift) & 255));
    }
    if (event < w->soonest)
        w->soonest = event;
}

void
wheel_init(struct wheel *w, uint64_t now_tick)
{
    memset(w, 0, sizeof *w);
    w->now = now_tick;
    w->soonest = WHEEL_NONE;
    w->overdue = OVERDUE;
}

void
wheel_arm(struct wheel *w, struct wheel_node *n, uint64_t due_tick)
{
    if (n->next != NULL)
        unlink_node(w, n);
    else
        w->armed++;
    n->due_tick = due_tick;
    if (likely(due_tick > w->now)) {
        place(w, n);
        return;
    }
    append(w, n, w->overdue);
    w->soonest = 0;
}

bool
wheel_cancel(struct wheel *w, struct wheel_node *n)
{
    if (n->next == NULL)
        return false;
    unlink_node(w, n);
    w->armed--;
    return true;
}

/* The lowest level in use holds the next event: its first slot. ret_list: the slot to open then, or FAR. */
static uint64_t
next_event(const struct wheel *w, uint32_t *ret_list)
{
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        for (unsigned word = 0; word < WHEEL_SLOTS / 64; word++) {
            uint64_t bits = w->used[level][word];
            unsigned shift = level * LEVEL_BITS, slot;

            if (bits == 0)
                continue;
            slot = word * 64 + (unsigned)__builtin_ctzll(bits);
            *ret_list = level * WHEEL_SLOTS + slot;
            return (w->now >> shift >> LEVEL_BITS << LEVEL_BITS | slot) << shift;
        }
    }
    *ret_list = FAR;
    return w->head[FAR] != NULL ? far_tick(w) : WHEEL_NONE;
}

uint64_t
wheel_next(const struct wheel *w)
{
    uint32_t list;

    if (w->head[OVERDUE] != NULL || w->head[OVERDUE + 1] != NULL)
        return w->now;
    return next_event(w, &list);
}

/* Sort the nodes of a slot in again, now that its time begins. Appending in list order keeps the order of
 * arming: whatever is armed for those ticks from now on comes behind them. */
static void
cascade(struct wheel *w, uint32_t list)
{
    struct wheel_node *first = w->head[list], *n = first, *last;

    last = first->prev;
    set_empty(w, list);
    for (;;) {
        struct wheel_node *next = n->next;
        bool done = n == last;

        __builtin_prefetch(next->next);
        place(w, n);
        if (done)
            return;
        n = next;
    }
}

/* Fire from the head until the list is empty; callbacks may cancel what is in it, and nothing joins it. */
static size_t
fire_list(struct wheel *w, uint32_t list, wheel_fire_fn *fire, void *self)
{
    size_t fired = 0;
    struct wheel_node *n;

    while ((n = w->head[list]) != NULL) {
        __builtin_prefetch(n->next->next);
        unlink_node(w, n);
        w->armed--;
        fired++;
        fire(self, n);
    }
    return fired;
}

size_t
wheel_advance(struct wheel *w, uint64_t now_tick, wheel_fire_fn *fire, void *self)
{
    uint32_t list = w->overdue;
    uint64_t event;
    size_t fired;

    assert(!w->advancing);
    if (now_tick < w->soonest) {
        if (now_tick > w->now)
            w->now = now_tick;
        return 0;
    }
    w->advancing = true;
    w->overdue ^= OVERDUE ^ (OVERDUE + 1); /* zero delays armed by the callbacks wait for the next call */
    fired = fire_list(w, list, fire, self);
    while ((event = next_event(w, &list)) <= now_tick && event != WHEEL_NONE) {
        w->now = event;
        if (list >= WHEEL_SLOTS) {
            cascade(w, list);
            list = 0; /* what is due at the very first tick of the opened slot */
        }
        fired += fire_list(w, list, fire, self);
    }
    if (now_tick > w->now)
        w->now = now_tick;
    w->soonest = w->head[w->overdue] != NULL ? 0 : event;
    w->advancing = false;
    return fired;
}
