/* tnode.c - making, arming and ending the nodes of asks and timers; see tnode.h. What is due: tnode_fire.c. */
#include "actor/tnode.h"
#include "actor/actor_system.h"
#include "actor/message.h"
#include "actor/turn.h"
#include <string.h>

enum {
    FRESH = 64, /* new nodes at a time */
    AHEAD =
        4096, /* and so many, 128 KiB, whose pages are asked for at once: a quarter cheaper than by a fault each, */
    AHEAD_FROM = 8 * AHEAD /* when there are so many: a small table takes no page ahead */
};

/* --- the table --- */
/* For the wheel: which entries are alive? An entry's life is its generation. */
static size_t
keep(void *self, struct wheel_entry *e, size_t n)
{
    const struct tnode *node = ((struct tnodes *)self)->node;
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(&node[e[i].id]);
    for (size_t i = 0; i < n; i++) {
        uint32_t gen = atomic_load_explicit(&node[e[i].id].gen, memory_order_relaxed);

        /* ended elsewhere and not home yet: the wheel was not told */
        if (gen == e[i].gen || (gen == e[i].gen + 1 && node[e[i].id].armed))
            e[kept++] = e[i];
    }
    return kept;
}

static void
ahead(void *self, const struct wheel_entry *e, size_t n)
{
    const struct tnode *node = ((struct tnodes *)self)->node;

    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(&node[e[i].id], 1);
}

int
tnodes_new(struct tnodes **ret, struct env *env, uint32_t home, struct wheel *wheel)
{
    struct tnodes *t = env_alloc_lines(env, sizeof *t);

    if (t == NULL)
        return -ERR_NOMEM;
    t->env = env;
    t->node = env->reserve(env, TNODES_MAX * sizeof *t->node);
    t->extra = env->reserve(env, TNODES_MAX * sizeof *t->extra);
    t->free = env->reserve(env, TNODES_MAX * sizeof *t->free);
    t->page = env->reserve(env, TNODE_PAGES * sizeof *t->page);
    t->floor = env->reserve(env, TNODE_PAGES * sizeof *t->floor);
    if (t->node == NULL || t->extra == NULL || t->free == NULL || t->page == NULL || t->floor == NULL) {
        tnodes_free(t);
        return -ERR_NOMEM;
    }
    t->home = home;
    t->wheel = wheel;
    atomic_store_explicit(&t->used, 1, memory_order_relaxed); /* handle 0 is none */
    wheel->keep = keep;
    wheel->ahead = ahead;
    wheel->self = t;
    *ret = t;
    return 0;
}

void
tnodes_free(struct tnodes *t)
{
    if (t == NULL)
        return;
    if (t->node != NULL)
        t->env->release(t->env, t->node, TNODES_MAX * sizeof *t->node);
    if (t->extra != NULL)
        t->env->release(t->env, t->extra, TNODES_MAX * sizeof *t->extra);
    if (t->free != NULL)
        t->env->release(t->env, t->free, TNODES_MAX * sizeof *t->free);
    if (t->page != NULL)
        t->env->release(t->env, t->page, TNODE_PAGES * sizeof *t->page);
    if (t->floor != NULL)
        t->env->release(t->env, t->floor, TNODE_PAGES * sizeof *t->floor);
    env_free_lines(t->env, t, sizeof *t);
}

/* Nodes that nobody has had, so that they come out in address order. */
static void
fresh(struct tnodes *t)
{
    uint32_t used = atomic_load_explicit(&t->used, memory_order_relaxed), n = TNODES_MAX - used;

    /* used: 1 and a multiple of FRESH */
    if (unlikely(used / AHEAD != (used - FRESH) / AHEAD) && used >= AHEAD_FROM && t->env->populate != NULL)
        t->env->populate(t->env, &t->node[used / AHEAD * AHEAD], AHEAD * sizeof *t->node);
    n = n > FRESH ? FRESH : n;
    for (uint32_t i = used + n; i-- > used;) {
        t->free[t->nfree++] = i;
        /* written before it is read: else the kernel takes two faults for a page, and flushes the TLB in between */
        atomic_store_explicit(&t->node[i].gen, 0, memory_order_relaxed);
    }
    atomic_store_explicit(&t->used, used + n,
                          memory_order_release); /* pairs with the acquire in tnodes_waiting */
}

void
tnodes_collect(struct actx *x)
{
    struct tnodes *t = x->tn;
    /* acquire; pairs with the release in tnode_end: the actor's last writes to the node */
    struct tnode *n = atomic_load_explicit(&t->returned, memory_order_relaxed) == NULL
                          ? NULL
                          : atomic_exchange_explicit(&t->returned, NULL, memory_order_acquire);

    while (n != NULL) {
        struct tnode *next = n->returned == 0 ? NULL : &t->node[n->returned];

        tnode_put_free_(t, n, (uint32_t)(n - t->node));
        n = next;
    }
}

/* --- arming --- */
bool
tnodes_refill_(struct actx *x)
{
    struct tnodes *t = x->tn;

    if (x->w.foreign)
        return false;
    tnodes_collect(x);
    if (t->nfree == 0 && t->npages != 0)
        tnodes_page_(t);
    if (t->nfree == 0)
        fresh(t);
    return t->nfree != 0;
}

static uint64_t
bounded(uint64_t ms)
{
    return ms > TNODE_AFTER_MAX ? TNODE_AFTER_MAX : ms;
}

uint32_t
tnode_arm(struct actx *x, enum tnode_kind kind, actor_ref who, uint64_t after_ms, uint64_t period_ms,
          uint64_t tag)
{
    struct tnodes *t = x->tn;
    uint32_t index = unlikely(x->w.foreign) ? 0 : tnode_take_(x), gen;

    if (unlikely(index == 0))
        return 0;
    gen = atomic_load_explicit(&t->node[index].gen, memory_order_relaxed) + 1;
    /* never early: count from the tick after now */
    if (unlikely(
            !wheel_arm(t->wheel, &x->w.pool, index, gen, turn_now(x) / 1000000 + 1 + bounded(after_ms)))) {
        t->free[t->nfree++] = index;
        return 0;
    }
    t->extra[index].tag = tag;
    if (kind == TNODE_REPEATING)
        t->extra[index].period_ms = bounded(period_ms);
    tnode_begin_(&t->node[index], tnode_about_(kind, TNODE_INLINE), who, 0, gen);
    return t->home << TNODE_HOME_SHIFT | index;
}

uint32_t
tnode_ask(struct actx *x, actor_ref target, uint32_t type, uint64_t timeout_ms, uint64_t tag)
{
    struct tnodes *t = x->tn;

    if (x->w.foreign || (t->nfree == 0 && !tnodes_refill_(x)))
        return 0;
    if (t->wheel->nwaiting == WHEEL_WAITING)
        wheel_begin(t->wheel, turn_now(x) / 1000000);
    if (t->wheel->held >= t->wheel->room && !wheel_grow_(t->wheel, &x->w.pool))
        return 0;
    return tnode_ask_usual(x, target, type, bounded(timeout_ms), tag);
}

/* --- ending --- */
static void
free_message(struct actx *x, const struct tnode *n, struct tnode_extra *extra, bool here)
{
    struct msg *m = atomic_load_explicit(&extra->message, memory_order_relaxed);

    if (!here && m != NULL) /* home may fire it this very moment; pairs with the exchange there */
        m = atomic_exchange_explicit(&extra->message, NULL, memory_order_acq_rel);
    if (m != NULL)
        pool_put(&x->w.pool, n->class, m); /* without a look at the message, which is long out of cache */
}

void
tnode_end_(struct actx *x, uint32_t handle)
{
    struct tnodes *home = x->sys->tn[handle >> TNODE_HOME_SHIFT];
    struct tnode *n = &home->node[handle & TNODE_INDEX], *head;
    bool here = home == x->tn && !x->w.foreign;

    if (unlikely(n->class < TNODE_BARE))
        free_message(x, n, &home->extra[handle & TNODE_INDEX], here);
    if (here) {
        tnode_end_here_(home, n, handle & TNODE_INDEX);
        return;
    }
    atomic_store_explicit(&n->gen, atomic_load_explicit(&n->gen, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    head = atomic_load_explicit(&home->returned, memory_order_relaxed);
    do /* atomic: it lies where tnodes_fire looks for a link */
        __atomic_store_n(&n->returned, head == NULL ? 0 : (uint32_t)(head - home->node), __ATOMIC_RELAXED);
    /* release; pairs with the acquire in tnodes_collect */
    while (!atomic_compare_exchange_weak_explicit(&home->returned, &head, n, memory_order_release,
                                                  memory_order_relaxed));
}

/* --- who waits? --- */
static bool
waits(struct system *sys, struct tnode *n, const struct behaviour *b, const char *type)
{
    uint32_t slot = __atomic_load_n(&n->slot, __ATOMIC_RELAXED);
    const struct msg_type *t = types_get(&sys->types, atomic_load_explicit(&n->type, memory_order_relaxed));

    return tnode_lives(n) && t != NULL && strcmp(t->schema->name, type) == 0 &&
           atomic_load_explicit(&cell_at(sys, slot)->beh, memory_order_relaxed) == b;
}

uint64_t
tnodes_waiting(struct system *sys, const struct behaviour *b, const char *type)
{
    uint64_t count = 0;

    for (uint32_t home = 0; home <= SCHED_WORKERS_MAX; home++) {
        struct tnodes *t = sys->tn[home];
        /* acquire; pairs with the release in fresh */
        uint32_t used = t == NULL ? 0 : atomic_load_explicit(&t->used, memory_order_acquire);

        for (uint32_t i = 1; i < used; i++)
            count += waits(sys, &t->node[i], b, type);
    }
    return count;
}
