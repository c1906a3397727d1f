/* pool.c - the slow paths: magazines change hands between a pool and its depot, chunks are carved.
 *
 * get, magazine empty:  spare has blocks -> copy them over.  Else under the lock: a full magazine -> copy it
 * over, keep the magazine as the spare.  Else loose blocks.  Else carve, at most 16 KiB at a time, so that an
 *                       idle node stays small.
 * put, magazine full:   spare is empty -> copy the blocks there.  Else under the lock: the spare goes to the
 * depot, an empty magazine comes back.  No magazine to be had -> the block goes to the loose list: giving
 *                       memory back never fails.
 */
#include "base/pool.h"
#include <assert.h>
#include <string.h>

#if POOL_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#define POISONED(p)    __asan_address_is_poisoned(p)
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define POISONED(p)    ((void)(p), 0)
#endif

#define FIRST_CHUNK_BYTES ((size_t)64 << 10)
#define CHUNK_BYTES       ((size_t)1 << 20)
#define CARVE_BYTES       ((size_t)16 << 10)

struct depot_chunk {
    struct depot_chunk *next;
    size_t bytes;
    char pad[48]; /* blocks begin 64 B aligned */
};
_Static_assert(sizeof(struct depot_chunk) == 64, "blocks are aligned to cache lines");

struct large {
    size_t bytes;
    size_t pad;
    char block[];
};
_Static_assert(sizeof(struct large) == 16, "large blocks are 16 B aligned");

/* --- depot --- */

void
depot_init(struct depot *d, struct env *env)
{
    *d = (struct depot){.env = env};
    mutex_init(&d->lock);
    list_init(&d->pools);
}

static void
mags_free(struct depot *d, struct pool_mag *m)
{
    while (m != NULL) {
        struct pool_mag *next = m->next;

        env_free(d->env, m, sizeof *m);
        m = next;
    }
}

void
depot_fini(struct depot *d)
{
    assert(list_empty(&d->pools));
    for (unsigned k = 0; k < POOL_CLASSES; k++)
        mags_free(d, d->full[k]);
    mags_free(d, d->empty);
    while (d->chunks != NULL) {
        struct depot_chunk *c = d->chunks;

        d->chunks = c->next;
        UNPOISON(c, c->bytes); /* the address may come back as something else */
        d->env->release(d->env, c, c->bytes);
    }
    mutex_fini(&d->lock);
    *d = (struct depot){0};
}

/* Locked. */
static bool
chunk_add(struct depot *d)
{
    size_t bytes = d->chunks == NULL ? FIRST_CHUNK_BYTES : CHUNK_BYTES;
    struct depot_chunk *c = d->env->reserve(d->env, bytes);

    if (c == NULL)
        return false;
    c->next = d->chunks;
    c->bytes = bytes;
    d->chunks = c;
    d->chunk_bytes += bytes;
    d->at =
        (char *)(c +
                 1); /* what was left of the last chunk held less than one block of this class: forgotten */
    d->end = (char *)c + bytes;
    return true;
}

/* Locked. New blocks into b, the lowest address last, so that it is handed out first. Returns how many. */
static uint32_t
carve(struct depot *d, unsigned cls, void *b[POOL_MAG])
{
    size_t bytes = pool_class_bytes(cls), n = CARVE_BYTES / bytes, left;

    if ((size_t)(d->end - d->at) < bytes && !chunk_add(d))
        return 0;
    left = (size_t)(d->end - d->at) / bytes;
    n = n > POOL_MAG ? POOL_MAG : n;
    n = n > left ? left : n;
    for (size_t i = 0; i < n; i++)
        b[n - 1 - i] = d->at + i * bytes;
    POISON(d->at, n * bytes);
    d->at += n * bytes;
    d->carved[cls] += n;
    return (uint32_t)n;
}

/* Locked. */
static void
loose_push(struct depot *d, unsigned cls, void *b)
{
    UNPOISON(b, sizeof(void *));
    memcpy(b, &d->loose[cls], sizeof(void *));
    POISON(b, sizeof(void *));
    d->loose[cls] = b;
    d->inside[cls]++;
}

/* Locked. */
static uint32_t
loose_pop(struct depot *d, unsigned cls, void *b[POOL_MAG])
{
    uint32_t n = 0;

    while (n < POOL_MAG && d->loose[cls] != NULL) {
        void *p = d->loose[cls];

        UNPOISON(p, sizeof(void *));
        memcpy(&d->loose[cls], p, sizeof(void *));
        POISON(p, sizeof(void *));
        b[n++] = p;
        d->inside[cls]--;
    }
    return n;
}

/* Locked. */
static struct pool_mag *
empty_take(struct depot *d)
{
    struct pool_mag *m = d->empty;

    if (m != NULL)
        d->empty = m->next;
    else
        m = env_alloc(d->env, sizeof *m);
    return m;
}

/* Locked. */
static void
full_give(struct depot *d, unsigned cls, struct pool_mag *m)
{
    m->next = d->full[cls];
    d->full[cls] = m;
    d->inside[cls] += m->n;
}

/* Locked. */
static struct pool_mag *
full_take(struct depot *d, unsigned cls)
{
    struct pool_mag *m = d->full[cls];

    if (m != NULL) {
        d->full[cls] = m->next;
        d->inside[cls] -= m->n;
    }
    return m;
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

    for (unsigned k = 0; k < POOL_CLASSES; k++)
        n += p->mag[k].n + (p->spare[k] == NULL ? 0 : p->spare[k]->n);
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

void
pool_init(struct pool *p, struct depot *d, struct counters *counters)
{
    memset(p, 0, sizeof *p);
    p->depot = d;
    p->counters = counters;
    p->mag[POOL_LARGE].n = POOL_MAG;
    mutex_lock(&d->lock);
    list_push_back(&d->pools, &p->node);
    mutex_unlock(&d->lock);
}

void
pool_fini(struct pool *p)
{
    struct depot *d = p->depot;

    if (d == NULL)
        return;
    mutex_lock(&d->lock);
    for (unsigned k = 0; k < POOL_CLASSES; k++) {
        while (p->mag[k].n > 0)
            loose_push(d, k, p->mag[k].b[--p->mag[k].n]);
        if (p->spare[k] == NULL)
            continue;
        if (p->spare[k]->n > 0) {
            full_give(d, k, p->spare[k]);
        } else {
            p->spare[k]->next = d->empty;
            d->empty = p->spare[k];
        }
    }
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

/* Fill the inline magazine from the depot. */
static void
restock(struct pool *p, unsigned cls)
{
    struct depot *d = p->depot;
    struct pool_mag *m;

    mutex_lock(&d->lock);
    m = full_take(d, cls);
    if (m != NULL) {
        memcpy(p->mag[cls].b, m->b, m->n * sizeof *m->b);
        p->mag[cls].n = m->n;
        m->n = 0;
        if (p->spare[cls] == NULL) {
            p->spare[cls] = m;
        } else {
            m->next = d->empty;
            d->empty = m;
        }
    } else {
        p->mag[cls].n = loose_pop(d, cls, p->mag[cls].b);
        if (p->mag[cls].n == 0)
            p->mag[cls].n = carve(d, cls, p->mag[cls].b);
    }
    mutex_unlock(&d->lock);
}

void *
pool_refill_(struct pool *p, unsigned cls)
{
    struct pool_mag *s = p->spare[cls];

    count(p, COUNTER_pool_refills);
    if (env_fault(p->depot->env)) {
        count(p, COUNTER_pool_failed);
        return NULL;
    }
    if (s != NULL && s->n > 0) {
        memcpy(p->mag[cls].b, s->b, s->n * sizeof *s->b);
        p->mag[cls].n = s->n;
        s->n = 0;
    } else {
        restock(p, cls);
    }
    if (p->mag[cls].n == 0) {
        count(p, COUNTER_pool_failed);
        return NULL;
    }
    return p->mag[cls].b[--p->mag[cls].n];
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
    struct depot *d = p->depot;
    struct pool_mag *s;

    if (cls == POOL_LARGE) {
        large_put(p, b);
        return;
    }
    count(p, COUNTER_pool_spills);
    s = p->spare[cls];
    if (s == NULL || s->n > 0) {
        mutex_lock(&d->lock);
        if (s != NULL)
            full_give(d, cls, s);
        s = p->spare[cls] = empty_take(d);
        if (s == NULL)
            loose_push(d, cls, b);
        mutex_unlock(&d->lock);
        if (s == NULL)
            return;
    }
    memcpy(s->b, p->mag[cls].b, sizeof s->b);
    s->n = POOL_MAG;
    p->mag[cls].b[0] = b;
    p->mag[cls].n = 1;
}

void *
pool_get_counted_(struct pool *p, unsigned cls)
{
    void *b;

    if (env_fault(p->depot->env)) {
        count(p, COUNTER_pool_failed);
        return NULL;
    }
    b = p->mag[cls].n > 0 ? p->mag[cls].b[--p->mag[cls].n] : pool_refill_(p, cls);
    if (b == NULL)
        return NULL;
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
    if (p->mag[cls].n == POOL_MAG)
        pool_spill_(p, cls, b);
    else
        p->mag[cls].b[p->mag[cls].n++] = b;
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
