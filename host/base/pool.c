/* pool.c - the slow paths: runs change hands between a pool and its depot, chunks are carved.
 *
 * get, list empty:  a run of ours.  Else under the lock: a run of the depot.  Else carve, at most 16 KiB at a time, so that an
 *                   idle node stays small.
 * put, list full:   the list becomes a run of ours; above POOL_KEEP_BYTES a run goes to the depot, under the lock.
 */
#include "base/pool_priv.h"
#include <assert.h>
#include <string.h>

#define FIRST_CHUNK_BYTES ((size_t)64 << 10)
#define CARVE_BYTES       ((size_t)16 << 10)

struct large {
    size_t bytes;
    size_t pad;
    char block[];
};
_Static_assert(sizeof(struct large) == 16, "large blocks are 16 B aligned");

OURS struct pool_block
pool_read_(const struct pool_block *b)
{
    return *b;
}

OURS void
pool_write_(struct pool_block *b, struct pool_block v)
{
    *b = v;
}

static void
set_next(struct pool_block *b, struct pool_block *next)
{
    struct pool_block v = pool_read_(b);

    v.next = next;
    pool_write_(b, v);
}

/* --- depot --- */

void
depot_init(struct depot *d, struct env *env)
{
    *d = (struct depot){.env = env};
    mutex_init(&d->lock);
    list_init(&d->pools);
}

void
depot_fini(struct depot *d)
{
    assert(list_empty(&d->pools));
    while (d->chunks != NULL) {
        struct depot_chunk *c = d->chunks;

        d->chunks = c->next;
        depot_chunk_release_(d, c);
    }
    mutex_fini(&d->lock);
    *d = (struct depot){0};
}

void
depot_chunk_release_(struct depot *d, struct depot_chunk *c)
{
    UNPOISON(c, c->bytes); /* the address may come back as something else */
    d->env->release(d->env, c, c->bytes);
}

/* Address space of so many bytes that begins at a multiple of a chunk. */
static struct depot_chunk *
reserve_aligned(struct depot *d, size_t bytes)
{
    char *p = d->env->reserve(d->env, 2 * DEPOT_CHUNK_BYTES), *at;

    if (p == NULL)
        return NULL;
    at = p + (DEPOT_CHUNK_BYTES - (uintptr_t)p % DEPOT_CHUNK_BYTES) % DEPOT_CHUNK_BYTES;
    if (at != p)
        d->env->release(d->env, p, (size_t)(at - p));
    d->env->release(d->env, at + bytes, (size_t)(p + 2 * DEPOT_CHUNK_BYTES - (at + bytes)));
    return (struct depot_chunk *)(void *)at;
}

/* Locked. */
static bool
chunk_add(struct depot *d)
{
    size_t bytes = d->chunks == NULL ? FIRST_CHUNK_BYTES : DEPOT_CHUNK_BYTES;
    struct depot_chunk *c = reserve_aligned(d, bytes);

    if (c == NULL)
        return false;
    c->next = d->chunks;
    c->bytes = bytes;
    d->chunks = c;
    d->chunk_bytes += bytes;
    /* the first page is the chunk's own, so that no block lies on two pages; what was left of the last chunk held less than one
     * block of this class: forgotten */
    d->at = (char *)c + DEPOT_PAGE;
    d->end = (char *)c + bytes;
    return true;
}

/* A list of n blocks becomes the topmost run. */
void
pool_run_push_(struct pool_block **runs, struct pool_block *first, uint64_t n)
{
    struct pool_block v = pool_read_(first);

    v.below = *runs;
    v.n = n;
    pool_write_(first, v);
    *runs = first;
}

/* NULL: none. */
struct pool_block *
pool_run_pop_(struct pool_block **runs, uint32_t *ret_n)
{
    struct pool_block *first = *runs;

    if (first != NULL) {
        struct pool_block v = pool_read_(first);

        *runs = v.below;
        *ret_n = (uint32_t)v.n;
    }
    return first;
}

uint32_t
pool_run_blocks_(unsigned cls)
{
    size_t n = POOL_RUN_BYTES / pool_class_bytes(cls);

    return n > POOL_RUN ? POOL_RUN : n < 2 ? 2 : (uint32_t)n;
}

/* Locked. A piece of at most so many pages: of those that were given back, or new. Returns its pages; 0: no memory. */
static size_t
piece(struct depot *d, size_t least, size_t most, char **ret)
{
    size_t n;

    if (unlikely(d->vacant != 0) && (n = depot_reuse_(d, least, most, ret)) != 0)
        return n;
    if ((size_t)(d->end - d->at) < least * DEPOT_PAGE && !chunk_add(d))
        return 0;
    n = (size_t)(d->end - d->at) / DEPOT_PAGE;
    n = n > most ? most : n - n % least;
    *ret = d->at;
    d->at += n * DEPOT_PAGE;
    return n;
}

/* Locked. Room for new blocks, which are counted as given out. NULL: no memory. */
static char *
carve(struct depot *d, unsigned cls, uint32_t *ret_n)
{
    size_t bytes = pool_class_bytes(cls), least = bytes > DEPOT_PAGE ? bytes / DEPOT_PAGE : 1, pages, n;
    char *at;

    pages = piece(d, least, CARVE_BYTES / DEPOT_PAGE, &at);
    if (pages == 0)
        return NULL;
    depot_pages_(at, pages, cls);
    n = pages * DEPOT_PAGE / bytes;
    d->carved[cls] += n;
    depot_count_(&d->carved_bytes, n * bytes);
    *ret_n = (uint32_t)n;
    return at;
}

/* Of n blocks a list by address. Not under the lock: each page is touched for the first time, and the kernel takes a microsecond
 * and more to find one. */
static struct pool_block *
linked(char *at, unsigned cls, uint32_t n)
{
    size_t bytes = pool_class_bytes(cls);
    struct pool_block *next = NULL;

    for (size_t i = n; i > 0; i--) {
        struct pool_block *b = (struct pool_block *)(void *)(at + (i - 1) * bytes);

        b->next = next;
        next = b;
    }
    POISON(at, n * bytes);
    return next;
}

uint64_t
depot_bytes(struct depot *d)
{
    uint64_t n;

    mutex_lock(&d->lock);
    n = d->chunk_bytes;
    mutex_unlock(&d->lock);
    return n;
}

static uint64_t
pool_cached(const struct pool *p)
{
    uint64_t n = 0;

    for (unsigned k = 0; k < POOL_CLASSES; k++) {
        n += pool_listed(p, k);
        for (struct pool_block *b = p->list[k].runs, v; b != NULL; b = v.below) {
            v = pool_read_(b);
            n += v.n;
        }
    }
    return n;
}

uint64_t
depot_live(struct depot *d)
{
    uint64_t live = atomic_load_explicit(&d->large_blocks, memory_order_relaxed);

    if (POOL_COUNTED)
        return live + atomic_load_explicit(&d->counted, memory_order_relaxed);
    mutex_lock(&d->lock);
    for (unsigned k = 0; k < POOL_CLASSES; k++)
        live += d->carved[k] - d->inside[k];
    list_each (it, &d->pools)
        live -= pool_cached(container_of(it, struct pool, node));
    mutex_unlock(&d->lock);
    return live;
}

/* --- pool --- */
static void
list_set(struct pool *p, unsigned cls, struct pool_block *head, uint32_t n)
{
    p->list[cls].head = head;
    p->list[cls].n = cls == 0 ? n + atomic_load_explicit(p->taken, memory_order_relaxed) : n;
}

static const _Atomic(uint32_t) none_taken;

void
pool_init(struct pool *p, struct depot *d, struct counters *counters)
{
    memset(p, 0, sizeof *p);
    p->depot = d;
    p->counters = counters;
    p->taken = counters == NULL ? &none_taken : &counters->taken;
    p->list[0].n = atomic_load_explicit(p->taken, memory_order_relaxed);
    for (unsigned k = 0; k < POOL_CLASSES; k++)
        p->list[k].run = pool_run_blocks_(k); /* that of large blocks is 0 */
    mutex_lock(&d->lock);
    list_push_back(&d->pools, &p->node);
    mutex_unlock(&d->lock);
}

/* Locked. */
static void
give_all(struct pool *p)
{
    struct depot *d = p->depot;

    for (unsigned k = 0; k < POOL_CLASSES; k++) {
        struct pool_class_list *l = &p->list[k];
        struct pool_block *b;

        if (l->head != NULL)
            pool_run_push_(&l->runs, l->head, pool_listed(p, k));
        list_set(p, k, NULL, 0);
        l->nruns = 0;
        for (uint32_t n; (b = pool_run_pop_(&l->runs, &n)) != NULL; depot_inside_(d, k, n))
            pool_run_push_(&d->runs[k], b, n);
    }
}

void
pool_flush(struct pool *p)
{
    mutex_lock(&p->depot->lock);
    give_all(p);
    mutex_unlock(&p->depot->lock);
}

void
pool_fini(struct pool *p)
{
    struct depot *d = p->depot;

    if (d == NULL)
        return;
    mutex_lock(&d->lock);
    give_all(p);
    list_del(&p->node);
    mutex_unlock(&d->lock);
    memset(p, 0, sizeof *p);
}

static void
count(struct pool *p, enum counter id)
{
    if (p->counters != NULL)
        counter_inc(p->counters, id);
}

static struct pool_block *
restock(struct depot *d, unsigned cls, uint32_t *ret_n)
{
    struct pool_block *b;
    char *at = NULL;

    mutex_lock(&d->lock);
    b = pool_run_pop_(&d->runs[cls], ret_n);
    if (b != NULL)
        depot_inside_(d, cls, -(int64_t)*ret_n);
    else
        at = carve(d, cls, ret_n);
    mutex_unlock(&d->lock);
    return at != NULL ? linked(at, cls, *ret_n) : b;
}

/* The list in use is empty: the first block of another one, which is in use now. */
void *
pool_refill_(struct pool *p, unsigned cls)
{
    struct pool_class_list *l = &p->list[cls];
    struct pool_block *b;
    uint32_t n = 0;

    count(p, COUNTER_pool_refills);
    if (env_fault(p->depot->env)) {
        count(p, COUNTER_pool_failed);
        return NULL;
    }
    b = pool_run_pop_(&l->runs, &n);
    if (b != NULL)
        l->nruns--;
    else
        b = restock(p->depot, cls, &n);
    if (b == NULL) {
        count(p, COUNTER_pool_failed);
        return NULL;
    }
    list_set(p, cls, pool_read_(b).next, n - 1);
    return b;
}

/* The list in use becomes a run. */
void
pool_cut_(struct pool *p, unsigned cls)
{
    struct pool_class_list *l = &p->list[cls];
    struct depot *d = p->depot;

    count(p, COUNTER_pool_spills);
    pool_run_push_(&l->runs, l->head, pool_listed(p, cls));
    list_set(p, cls, NULL, 0);
    if (++l->nruns * (uint64_t)l->run * pool_class_bytes(cls) > POOL_KEEP_BYTES && l->nruns > 1) {
        uint32_t n = 0;
        struct pool_block *b = pool_run_pop_(&l->runs, &n);

        l->nruns--;
        mutex_lock(&d->lock);
        pool_run_push_(&d->runs[cls], b, n);
        depot_inside_(d, cls, n);
        mutex_unlock(&d->lock);
    }
}

static struct large *
large_of(void *b)
{
    return (struct large *)(void *)((char *)b - sizeof(struct large));
}

static void
large_put(struct pool *p, void *b)
{
    struct large *l = large_of(b);
    struct depot *d = p->depot;

    atomic_fetch_sub_explicit(&d->large_blocks, 1, memory_order_relaxed); /* a statistic: orders nothing */
    atomic_fetch_sub_explicit(&d->large_bytes, l->bytes, memory_order_relaxed);
    env_free(d->env, l, sizeof *l + l->bytes);
}

void
pool_spill_(struct pool *p, unsigned cls, void *b)
{
    if (cls == POOL_LARGE) {
        large_put(p, b);
        return;
    }
    pool_cut_(p, cls);
    set_next(b, NULL);
    list_set(p, cls, b, 1);
}

void *
pool_get_counted_(struct pool *p, unsigned cls)
{
    struct pool_class_list *l = &p->list[cls];
    struct pool_block *b = l->head;

    if (env_fault(p->depot->env)) {
        count(p, COUNTER_pool_failed);
        return NULL;
    }
    if (b != NULL) {
        l->head = pool_read_(b).next;
        l->n--;
    } else if ((b = pool_refill_(p, cls)) == NULL) {
        return NULL;
    }
    atomic_fetch_add_explicit(&p->depot->counted, 1, memory_order_relaxed);
    UNPOISON(b, pool_class_bytes(cls));
    return b;
}

void
pool_put_counted_(struct pool *p, unsigned cls, void *b)
{
    if (cls != POOL_LARGE) {
        /* Free already? Then this read is what AddressSanitizer reports, with the stack of the second put. */
        if (POISONED(b))
            (void)*(volatile char *)b;
        POISON(b, pool_class_bytes(cls));
        atomic_fetch_sub_explicit(&p->depot->counted, 1, memory_order_relaxed);
    }
    if (pool_listed(p, cls) >= p->list[cls].run) {
        pool_spill_(p, cls, b);
        return;
    }
    set_next(b, p->list[cls].head);
    p->list[cls].head = b;
    p->list[cls].n++;
}

void
pool_put_chain_counted_(struct pool *p, unsigned cls, void *first, void *last)
{
    struct pool_block *b = first, *next;

    for (;; b = next) {
        next = b->next;
        pool_put_counted_(p, cls, b);
        if (b == last)
            return;
    }
}

void *
pool_get_large(struct pool *p, size_t bytes)
{
    struct depot *d = p->depot;
    struct large *l = bytes > SIZE_MAX - sizeof *l ? NULL : env_alloc(d->env, sizeof *l + bytes);

    if (l == NULL) {
        count(p, COUNTER_pool_failed);
        return NULL;
    }
    l->bytes = bytes;
    atomic_fetch_add_explicit(&d->large_blocks, 1, memory_order_relaxed); /* a statistic: orders nothing */
    atomic_fetch_add_explicit(&d->large_bytes, bytes, memory_order_relaxed);
    return l->block;
}

size_t
pool_large_bytes(const void *b)
{
    return ((const struct large *)(const void *)((const char *)b - sizeof(struct large)))->bytes;
}
