/* tnode_trim.c - nodes go back to the system after a peak, a page of 128 at a time, and with it that of their extra parts.
 *
 * A page that is discarded reads as zero: generation 0, which is no life's, so whatever still names a node there is stale, as
 * before. The highest generation of the page is kept, and its nodes go on from there when they are used again: generations never
 * go back. Home's side only.
 */
#include "actor/actor_system.h"
#include "actor/tnode.h"

#define TRIM_LEAST ((uint64_t)4 << 20)

bool
tnodes_surplus(const struct actx *x)
{
    const struct tnodes *t = x->tn;
    uint32_t used = atomic_load_explicit(&t->used, memory_order_relaxed) - t->npages * TNODE_PAGE;

    return !x->w.foreign && t->nfree * (sizeof *t->node + sizeof *t->extra) > TRIM_LEAST &&
           t->nfree > used / 2 && t->nfree > 2 * t->stuck;
}

static uint32_t
highest(const struct tnode *n)
{
    uint32_t gen = 0;

    for (int i = 0; i < TNODE_PAGE; i++) {
        uint32_t g = atomic_load_explicit(&n[i].gen, memory_order_relaxed);

        gen = (int32_t)(g - gen) > 0 ? g : gen;
    }
    return gen;
}

/* Pages [from, to) in which all nodes are free. */
static void
give_back(struct tnodes *t, uint32_t from, uint32_t to)
{
    for (uint32_t p = from; p < to; p++)
        t->floor[p] = highest(&t->node[(size_t)p * TNODE_PAGE]);
    t->env->discard(t->env, &t->node[(size_t)from * TNODE_PAGE],
                    (size_t)(to - from) * TNODE_PAGE * sizeof *t->node);
    t->env->discard(t->env, &t->extra[(size_t)from * TNODE_PAGE],
                    (size_t)(to - from) * TNODE_PAGE * sizeof *t->extra);
}

void
tnodes_trim(struct actx *x)
{
    struct tnodes *t = x->tn;
    uint32_t pages = atomic_load_explicit(&t->used, memory_order_relaxed) / TNODE_PAGE, kept = 0;
    uint8_t *n; /* free nodes of each */

    tnodes_collect(x);
    n = env_alloc(t->env, pages + 1);
    if (n == NULL)
        return;
    for (uint32_t i = 0; i < t->nfree; i++)
        n[t->free[i] / TNODE_PAGE]++;
    for (uint32_t i = 0; i < t->nfree; i++)
        if (n[t->free[i] / TNODE_PAGE] != TNODE_PAGE)
            t->free[kept++] = t->free[i];
    t->nfree = kept;
    for (uint32_t p = pages; p > 0; p--) /* so that the lowest is used first */
        if (n[p - 1] == TNODE_PAGE)
            t->page[t->npages++] = p - 1;
    for (uint32_t p = 0, to; p < pages; p = to + 1) {
        for (to = p; to < pages && n[to] == TNODE_PAGE;)
            to++;
        if (to > p)
            give_back(t, p, to);
    }
    env_free(t->env, n, pages + 1);
    {
        const size_t page = 4096, from = ((size_t)kept * sizeof *t->free + page - 1) / page * page;

        t->env->discard(t->env, (char *)t->free + from, TNODES_MAX * sizeof *t->free - from);
    }
    t->stuck = 0;
    t->stuck = tnodes_surplus(x) ? kept : 0; /* scattered: not again before there are twice as many */
}

void
tnodes_page_(struct tnodes *t)
{
    uint32_t first = t->page[--t->npages] * TNODE_PAGE;

    for (uint32_t i = first + TNODE_PAGE; i-- > first;) { /* so that they come out in address order */
        atomic_store_explicit(&t->node[i].gen, t->floor[first / TNODE_PAGE], memory_order_relaxed);
        t->free[t->nfree++] = i;
    }
}
