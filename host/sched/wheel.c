/* wheel.c - see wheel.h for the picture.
 *
 * Why nothing is missed: let an entry lie at level L. All bytes of its due tick above L equal those of `now`,
 * and byte L is greater. Time moves only up to the next event, which is no later than the begin of that
 * entry's slot, so both stay true until the slot itself is opened; then the entry goes to a lower level, or
 * fires.
 *
 * Why memory is never missing later: each slot's chunks are full but for the last, so n places in s slots take at most
 * n / 20 + s chunks, wherever they lie. Arming sees to it that there are so many for the worst s, and one to copy from.
 */
#include "sched/wheel.h"
#include <assert.h>
#include <string.h>

enum {
    OVERDUE = WHEEL_LEVELS * WHEEL_SLOTS,
    FAR = OVERDUE + 2,
    CHUNKS_SLACK = 64,
    SHRINK_MOST = 64, /* chunks at each look: those freed last, which are in cache still */
    AHEAD_CHUNKS = 3,
    DEAD_MIN = 1024,
    SURPLUS_CHUNKS = 4096 /* 1 MiB */
};
#define LEVEL_BITS WHEEL_LEVEL_BITS
#define ID_MASK    ((UINT32_C(1) << WHEEL_ID_BITS) - 1)
#define DUE_MASK   ((UINT64_C(1) << 40) - 1)
#define FAR_BITS   (WHEEL_LEVELS * LEVEL_BITS)

/* --- chunks --- */
static size_t
chunks_for(size_t places)
{
    return places / WHEEL_CHUNK + (places < WHEEL_LISTS ? places : WHEEL_LISTS) + 2;
}

/* The inverse: the most places for which so many chunks suffice. */
static size_t
room_of(size_t chunks)
{
    size_t s = chunks < 2 ? 0 : chunks - 2, few = (s * WHEEL_CHUNK + WHEEL_CHUNK - 1) / (WHEEL_CHUNK + 1);

    return few < WHEEL_LISTS ? few : (s - WHEEL_LISTS) * WHEEL_CHUNK + WHEEL_CHUNK - 1;
}

static struct wheel_chunk *
chunk_take(struct wheel *w)
{
    struct wheel_chunk *c = w->free;

    assert(c != NULL);
    w->free = c->next;
    c->next = NULL;
    c->from = c->n = 0;
    return c;
}

static void
chunk_free(struct wheel *w, struct wheel_chunk *c)
{
    c->next = w->free;
    w->free = c;
}

/* The one after next of a slot, all of it: by its turn it is in cache. */
static inline void
chunk_prefetch(const struct wheel_chunk *c)
{
    if (c != NULL)
        for (unsigned line = 0; line < sizeof *c; line += 64)
            __builtin_prefetch((const char *)c + line);
}

static void
shrink(struct wheel *w, struct pool *p, size_t chunks)
{
    while (w->chunks > chunks && w->free != NULL) {
        struct wheel_chunk *c = w->free;

        w->free = c->next;
        w->chunks--;
        pool_put(p, WHEEL_CHUNK_CLASS, c);
    }
    w->room = room_of(w->chunks);
}

/* The list's last chunk is full, or it has none. Its new one, as slot.last. */
uintptr_t
wheel_chunk_(struct wheel *w, uint32_t list)
{
    struct wheel_slot *s = &w->slot[list];
    struct wheel_chunk *fresh = chunk_take(w);

    if (s->last != 0) {
        struct wheel_chunk *full = (struct wheel_chunk *)(s->last & ~WHEEL_LAST_N);

        full->n = WHEEL_CHUNK;
        full->next = fresh;
    } else {
        s->first = fresh;
        if (list < OVERDUE)
            w->used[list >> 8][(list & 255) >> 6] |= UINT64_C(1) << (list & 63);
    }
    return (uintptr_t)fresh;
}

static void
set_empty(struct wheel *w, uint32_t list)
{
    w->slot[list] = (struct wheel_slot){0};
    if (list < OVERDUE)
        w->used[list >> 8][(list & 255) >> 6] &= ~(UINT64_C(1) << (list & 63));
}

/* The last chunk shall know what it holds: somebody reads the list. */
static struct wheel_chunk *
list_read(const struct wheel *w, uint32_t list)
{
    const struct wheel_slot *s = &w->slot[list];

    if (s->last != 0)
        ((struct wheel_chunk *)(s->last & ~WHEEL_LAST_N))->n = s->last & WHEEL_LAST_N;
    return s->first;
}
static struct wheel_chunk *
list_take(struct wheel *w, uint32_t list)
{
    struct wheel_chunk *c = list_read(w, list);

    if (c != NULL)
        set_empty(w, list);
    return c;
}

/* What a chunk holds. Returns how many. due_tick: where each lies. */
static inline size_t
names(const struct wheel_chunk *c, struct wheel_entry *e)
{
    const uint32_t from = c->from, n = c->n - from;

    for (uint32_t i = 0; i < n; i++)
        e[i] = (struct wheel_entry){from + i, c->e[from + i].due_id & ID_MASK, c->e[from + i].gen};
    return n;
}

/* The same with the due ticks, which are less than 2^39 ticks off. */
static inline size_t
unpack(const struct wheel *w, const struct wheel_chunk *c, struct wheel_entry *e)
{
    const uint32_t from = c->from, n = c->n - from;
    const uint64_t least = w->now - (UINT64_C(1) << 39);

    for (uint32_t i = 0; i < n; i++) {
        const struct wheel_packed p = c->e[from + i];
        const uint64_t due = (uint64_t)(p.due_id >> WHEEL_ID_BITS) << 32 | p.due;

        e[i] = (struct wheel_entry){least + ((due - least) & DUE_MASK), p.due_id & ID_MASK, p.gen};
    }
    return n;
}

/* --- arming --- */
/* The first tick of the next 2^32. Far entries exist only where there is one. */
static uint64_t
far_tick(const struct wheel *w)
{
    return ((w->now >> FAR_BITS) + 1) << FAR_BITS;
}

uint64_t
wheel_far_(struct wheel *w, uint32_t *ret_list)
{
    *ret_list = FAR;
    return far_tick(w);
}

void
wheel_init(struct wheel *w, uint64_t now_tick)
{
    memset(w, 0, sizeof *w);
    w->now = now_tick;
    w->soonest = WHEEL_NONE;
    w->overdue = OVERDUE;
}

/* Drop the dead entries of one slot; what remains lies dense again. */
static void
compact(struct wheel *w, uint32_t list)
{
    struct wheel_chunk *c = list_take(w, list), *next;
    struct wheel_entry e[WHEEL_CHUNK];

    for (; c != NULL; c = next) {
        size_t n = names(c, e), kept = w->keep(w->self, e, n);

        next = c->next;
        w->held -= c->n - kept;
        w->dropped -= c->from;
        w->dead -= n - kept;
        /* into chunks that are free: at most as many as were read, and one before the first is given back */
        for (size_t i = 0; i < kept; i++)
            wheel_append_(w, list, c->e[e[i].due_tick]); /* see names */
        chunk_free(w, c);
    }
}

static void
compact_all(struct wheel *w)
{
    for (uint32_t word = 0; word < WHEEL_LEVELS * WHEEL_SLOTS / 64; word++)
        for (uint64_t bits = w->used[word >> 2][word & 3]; bits != 0; bits &= bits - 1)
            compact(w, word * 64 + (unsigned)__builtin_ctzll(bits));
    for (uint32_t list = OVERDUE; list < WHEEL_LISTS; list++)
        compact(w, list);
}

bool
wheel_surplus(const struct wheel *w)
{
    return w->chunks > 2 * chunks_for(wheel_armed(w)) + SURPLUS_CHUNKS;
}

void
wheel_trim(struct wheel *w, struct pool *p)
{
    if (w->keep != NULL && w->dead + w->dropped > 0)
        compact_all(w);
    shrink(w, p, chunks_for(w->held));
}

/* No room for one more place. First what is dead goes, if that is worth it, then the pool is asked. */
bool
wheel_grow_(struct wheel *w, struct pool *p)
{
    if (w->keep != NULL && w->dead + w->dropped >= DEAD_MIN && w->dead + w->dropped > w->held / 2)
        compact_all(w);
    while (w->chunks < chunks_for(w->held + 1)) {
        struct wheel_chunk *c = pool_get(p, WHEEL_CHUNK_CLASS);

        if (c == NULL)
            break;
        chunk_free(w, c);
        w->chunks++;
        pool_prefetch(p, WHEEL_CHUNK_CLASS);
    }
    w->room = room_of(w->chunks);
    return w->held < w->room;
}

/* Put entries where their due ticks belong at w->now, in order. Neighbors are often due at the same tick. */
static void
place(struct wheel *w, const struct wheel_entry *e, size_t n)
{
    uint64_t now = w->now, soonest = w->soonest, due = WHEEL_NONE, event;
    uint32_t list = FAR;

    for (size_t i = 0; i < n; i++) {
        if (e[i].due_tick != due) {
            due = e[i].due_tick;
            event = wheel_list_(w, now, due, &list);
            if (event < soonest)
                soonest = event;
        }
        wheel_append_(w, list, wheel_packed_(e[i].id, e[i].gen, e[i].due_tick));
    }
    w->soonest = soonest;
}

void
wheel_begin(struct wheel *w, uint64_t now_tick)
{
    struct wheel_entry *e = w->waiting;
    size_t n = w->nwaiting, kept = w->keep == NULL || n == 0 ? n : w->keep(w->self, e, n);

    if (now_tick < w->now)
        now_tick = w->now;
    w->nwaiting = 0;
    w->held -= n - kept;
    w->dead -= n - kept;
    for (size_t i = 0; i < kept; i++)
        e[i].due_tick = wheel_bounded_(w, e[i].due_tick + now_tick + 1); /* whole ticks: this one has begun */
    place(w, e, kept);
}

/* --- time --- */
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
    return w->slot[FAR].first != NULL ? far_tick(w) : WHEEL_NONE;
}

/* Drop dead entries from the front of a slot, up to the first that is alive. false: none is. */
static bool
settle(struct wheel *w, uint32_t list)
{
    struct wheel_slot *s = &w->slot[list];
    struct wheel_chunk *c;

    list_read(w, list);
    while ((c = s->first) != NULL) {
        for (; c->from < c->n; c->from++) {
            struct wheel_entry e = {0, c->e[c->from].due_id & ID_MASK, c->e[c->from].gen};

            if (w->keep == NULL || w->keep(w->self, &e, 1) == 1)
                return true;
            w->dead--;
            w->dropped++;
        }
        s->first = c->next;
        w->held -= c->n;
        w->dropped -= c->n;
        chunk_free(w, c);
    }
    set_empty(w, list);
    return false;
}

uint64_t
wheel_next(struct wheel *w)
{
    uint32_t list;
    uint64_t event;

    if (w->nwaiting != 0 || w->due != NULL || settle(w, OVERDUE) || settle(w, OVERDUE + 1))
        return w->now;
    do
        event = next_event(w, &list);
    while (event != WHEEL_NONE && !settle(w, list));
    return event;
}

/* Sort the entries of a slot in again, now that its time begins. Appending in order keeps the order of
 * arming: whatever is armed for those ticks from now on comes behind them. */
static void
cascade(struct wheel *w, uint32_t list)
{
    struct wheel_chunk *c = list_take(w, list), *next;
    struct wheel_entry e[WHEEL_CHUNK];

    for (; c != NULL; c = next) {
        next = c->next;
        chunk_prefetch(next);
        w->held -= c->from;
        w->dropped -= c->from;
        place(w, e, unpack(w, c, e));
        chunk_free(w, c);
    }
}

/* Fire what is due from w->due, whole chunks at a time, until it is empty or max is reached. Nothing joins it meanwhile. */
static size_t
fire_due(struct wheel *w, size_t max, wheel_fire_fn *fire, void *self)
{
    struct wheel_entry e[WHEEL_BATCH];
    size_t fired = 0;

    while (w->due != NULL && fired < max) {
        size_t n = 0, dead;

        while (w->due != NULL && n + WHEEL_CHUNK <= WHEEL_BATCH && fired + n < max) {
            struct wheel_chunk *c = w->due;

            w->due = c->next;
            chunk_prefetch(w->due);
            n += unpack(w, c, e + n);
            w->held -= c->n;
            w->dropped -= c->from;
            chunk_free(w, c);
        }
        w->open += n;
        dead = fire(self, e, n);
        w->dead -= dead;
        w->open -= dead;
        fired += n;
    }
    return fired;
}

/* What is left will be fired at the next looks: by then it shall be in cache. */
static void
look_ahead(const struct wheel *w)
{
    const struct wheel_chunk *c = w->due;
    struct wheel_entry e[WHEEL_CHUNK];

    for (int i = 0; i < AHEAD_CHUNKS && c != NULL; i++, c = c->next) {
        chunk_prefetch(c->next);
        w->ahead(w->self, e, names(c, e));
    }
}

static void
open_slot(struct wheel *w, uint32_t list)
{
    assert(w->due == NULL);
    w->due = list_take(w, list);
}

size_t
wheel_advance(struct wheel *w, struct pool *p, uint64_t now_tick, size_t max, wheel_fire_fn *fire, void *self)
{
    uint32_t list;
    uint64_t event = w->now;
    size_t fired, chunks;

    assert(!w->advancing);
    if (unlikely(w->nwaiting != 0))
        wheel_begin(w, now_tick);
    if (now_tick < w->soonest) {
        if (now_tick > w->now)
            w->now = now_tick;
        return 0;
    }
    w->advancing = true;
    fired = fire_due(w, max, fire, self); /* what was left last time */
    if (fired < max) {
        list = w->overdue;
        w->overdue ^= OVERDUE ^ (OVERDUE + 1); /* zero delays armed by the callbacks wait for the next call */
        open_slot(w, list);
        fired += fire_due(w, max - fired, fire, self);
    }
    while (fired < max && (event = next_event(w, &list)) <= now_tick && event != WHEEL_NONE) {
        w->now = event;
        if (list >= WHEEL_SLOTS) {
            cascade(w, list);
            list = 0; /* what is due at the very first tick of the opened slot */
        }
        open_slot(w, list);
        fired += fire_due(w, max - fired, fire, self);
    }
    if (fired < max) {
        if (now_tick > w->now)
            w->now = now_tick;
        w->soonest = w->slot[w->overdue].first != NULL ? 0 : event;
    } else {
        w->soonest = 0; /* there may be more */
    }
    w->advancing = false;
    if (w->due != NULL && w->ahead != NULL)
        look_ahead(w);
    chunks = chunks_for(w->held);
    if (w->chunks > chunks + chunks / 2 + CHUNKS_SLACK)
        shrink(w, p, chunks + SHRINK_MOST > w->chunks ? chunks : w->chunks - SHRINK_MOST);
    return fired;
}

void
wheel_fini(struct wheel *w, struct pool *p)
{
    for (uint32_t list = 0; list < WHEEL_LISTS; list++) {
        for (struct wheel_chunk *c = w->slot[list].first, *next; c != NULL; c = next) {
            next = c->next;
            chunk_free(w, c);
        }
        set_empty(w, list);
    }
    for (struct wheel_chunk *c = w->due, *next; c != NULL; c = next) {
        next = c->next;
        chunk_free(w, c);
    }
    w->due = NULL;
    w->held = w->dead = w->dropped = 0;
    w->nwaiting = 0;
    shrink(w, p, 0);
}
