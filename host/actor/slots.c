/* slots.c - see slots.h. */
#include "actor/slots.h"
#include <string.h>

#define TRIM_LEAST ((uint64_t)4 << 20)
_Static_assert(SLOT_GROUP * sizeof(struct cell) % 4096 == 0, "a group is whole pages");
_Static_assert(ARRAY_LEN(((struct actx *)0)->slots) == SLOT_GROUP, "a worker holds one group");

/* Locked. Room for one more. */
static bool
room(struct env *env, uint32_t **v, uint32_t n, uint32_t *cap)
{
    uint32_t more = *cap == 0 ? 1024 : *cap * 2, *w;

    if (n < *cap)
        return true;
    w = env_alloc(env, more * sizeof *w);
    if (w == NULL)
        return false;
    if (n != 0)
        memcpy(w, *v, n * sizeof *w);
    env_free(env, *v, *cap * sizeof **v);
    *v = w;
    *cap = more;
    return true;
}

/* Locked. */
static void
give(struct system *sys, uint32_t slot)
{
    if (room(sys->env, &sys->free_slots, sys->nfree, &sys->free_cap))
        sys->free_slots[sys->nfree++] = slot; /* else it is lost: 192 B, until there is memory again */
}

static void
give_first(struct actx *x, uint32_t n)
{
    mutex_lock(&x->sys->slots_lock);
    for (uint32_t i = 0; i < n; i++)
        give(x->sys, x->slots[i]);
    mutex_unlock(&x->sys->slots_lock);
}

static void
take_group(struct actx *x, uint32_t first)
{
    for (uint32_t i = SLOT_GROUP; i > 0; i--) /* so that they come out in address order */
        x->slots[x->nslots++] = first + i - 1;
}

uint32_t
slots_get(struct actx *x)
{
    struct system *sys = x->sys;
    uint32_t first;

    if (likely(x->nslots != 0))
        return x->slots[--x->nslots];
    mutex_lock(&sys->slots_lock);
    while (sys->nfree != 0 && x->nslots < SLOT_GROUP / 2)
        x->slots[x->nslots++] = sys->free_slots[--sys->nfree];
    if (x->nslots == 0 && sys->ngroups != 0)
        take_group(x, sys->free_groups[--sys->ngroups] * SLOT_GROUP);
    mutex_unlock(&sys->slots_lock);
    if (x->nslots != 0)
        return x->slots[--x->nslots];
    first = atomic_fetch_add_explicit(&sys->slots_used, SLOT_GROUP, memory_order_relaxed);
    if (first >= sys->cfg.max_cells - SLOT_GROUP) {
        atomic_fetch_sub_explicit(&sys->slots_used, SLOT_GROUP, memory_order_relaxed);
        return CELL_NONE;
    }
    growth_reach(&sys->cells_growth, sys->env, (char *)sys->cells, (char *)(sys->cells + sys->cfg.max_cells),
                 (char *)cell_at(sys, first), SLOT_GROUP * sizeof(struct cell));
    take_group(x, first);
    return x->slots[--x->nslots];
}

void
cell_free_slot(struct actx *x, struct cell *c)
{
    c->life = CELL_FREE;
    if (unlikely(x->nslots ==
                 SLOT_GROUP)) { /* many at once, since workers meet at the lock; the newest stay, in cache */
        give_first(x, SLOT_GROUP / 2);
        memmove(x->slots, x->slots + SLOT_GROUP / 2, (SLOT_GROUP - SLOT_GROUP / 2) * sizeof *x->slots);
        x->nslots -= SLOT_GROUP / 2;
    }
    x->slots[x->nslots++] = c->ref.slot;
}

void
slots_flush(struct actx *x)
{
    give_first(x, x->nslots);
    x->nslots = 0;
}

/* --- giving back --- */
/* Locked. */
static bool
worth_it(const struct system *sys)
{
    uint64_t used =
        atomic_load_explicit(&sys->slots_used, memory_order_relaxed) - (uint64_t)sys->ngroups * SLOT_GROUP;

    return sys->nfree * sizeof(struct cell) > TRIM_LEAST && sys->nfree > used / 2 &&
           sys->nfree > 2 * sys->slots_stuck;
}

bool
slots_surplus(struct system *sys)
{
    bool yes;

    mutex_lock(&sys->slots_lock);
    yes = worth_it(sys);
    mutex_unlock(&sys->slots_lock);
    return yes;
}

struct slot_haul {
    uint32_t *v, n, cap; /* all that were free */
    uint64_t *map;       /* a bit for each of them; a word is a group */
    uint32_t words;
    uint32_t *groups, ngroups;
};

static bool
take(struct system *sys, struct slot_haul *h)
{
    bool mine;

    mutex_lock(&sys->slots_lock);
    mine = !sys->slots_trimming && worth_it(sys);
    if (mine) {
        sys->slots_trimming = true;
        *h = (struct slot_haul){.v = sys->free_slots, .n = sys->nfree, .cap = sys->free_cap};
        h->words = atomic_load_explicit(&sys->slots_used, memory_order_relaxed) / SLOT_GROUP + 1;
        sys->free_slots = NULL;
        sys->nfree = sys->free_cap = 0;
    }
    mutex_unlock(&sys->slots_lock);
    return mine;
}

/* The groups that are all free leave the list of slots. */
static void
sift(struct slot_haul *h)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < h->n; i++)
        h->map[h->v[i] / SLOT_GROUP] |= UINT64_C(1) << h->v[i] % SLOT_GROUP;
    for (uint32_t i = 0; i < h->n; i++)
        if (h->map[h->v[i] / SLOT_GROUP] != UINT64_MAX)
            h->v[kept++] = h->v[i];
    h->n = kept;
    for (uint32_t g = h->words; g > 0; g--) /* so that the lowest is used first */
        if (h->map[g - 1] == UINT64_MAX)
            h->groups[h->ngroups++] = g - 1;
}

static void
discard(struct system *sys, const struct slot_haul *h)
{
    const size_t bytes = SLOT_GROUP * sizeof(struct cell);

    for (uint32_t i = 0, run; i < h->ngroups; i += run) { /* descending */
        for (run = 1; i + run < h->ngroups && h->groups[i + run] == h->groups[i] - run;)
            run++;
        sys->env->discard(sys->env, (char *)sys->cells + (h->groups[i] - (run - 1)) * bytes, run * bytes);
    }
}

static void
put_back(struct system *sys, const struct slot_haul *h)
{
    mutex_lock(&sys->slots_lock);
    for (uint32_t i = 0; i < h->n; i++)
        give(sys, h->v[i]);
    for (uint32_t i = 0; i < h->ngroups; i++) {
        if (room(sys->env, &sys->free_groups, sys->ngroups, &sys->groups_cap))
            sys->free_groups[sys->ngroups++] = h->groups[i];
        else
            for (uint32_t k = 0; k < SLOT_GROUP; k++)
                give(sys, h->groups[i] * SLOT_GROUP + k);
    }
    sys->slots_trimming = false;
    sys->slots_stuck = 0;
    sys->slots_stuck =
        worth_it(sys) ? sys->nfree : 0; /* scattered: not again before there are twice as many */
    mutex_unlock(&sys->slots_lock);
}

void
slots_trim(struct system *sys)
{
    struct slot_haul h;

    if (!take(sys, &h))
        return;
    h.map = env_alloc(sys->env, h.words * sizeof *h.map);
    h.groups = env_alloc(sys->env, h.words * sizeof *h.groups);
    if (h.map != NULL && h.groups != NULL) {
        sift(&h);
        discard(sys, &h);
    }
    put_back(sys, &h);
    env_free(sys->env, h.map, h.words * sizeof *h.map);
    env_free(sys->env, h.groups, h.words * sizeof *h.groups);
    env_free(sys->env, h.v, h.cap * sizeof *h.v);
}

void
slots_fini(struct system *sys)
{
    env_free(sys->env, sys->free_slots, sys->free_cap * sizeof *sys->free_slots);
    env_free(sys->env, sys->free_groups, sys->groups_cap * sizeof *sys->free_groups);
}
