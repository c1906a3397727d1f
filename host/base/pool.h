/* pool.h - memory blocks in size classes, per worker.
 *
 *   worker's pool                                           the node's depot (one lock)
 *   list in use --empty/full--> up to 64 KiB of runs a class --empty/full--> runs --none--> chunk: carve new blocks
 *
 * A free block's first words link it: a run is a list of many blocks that changes hands as a whole, so giving back never
 * needs memory, and a chain of messages that were handled one after the other is given back by one store. A block has no home:
 * any pool of the same depot may take it back, so a consumer's list fills with its producers' blocks and goes to the depot run by
 * run. Blocks are 64 B aligned; what a block holds at first is undefined. Hit path: about five instructions, no lock, no counter.
 * Pages and chunks go back to the system at depot_trim, as far as nobody holds a block of them, and at depot_fini.
 *
 * Under AddressSanitizer free blocks are poisoned and a second put aborts. Counted builds
 * (-Dpool_counted=true, always on under AddressSanitizer) count each block and ask the env for a fault at
 * each, not only at each refill.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H
#include "base/counters.h"
#include "base/env.h"
#include "base/list.h"
#include "base/thread.h"
#include "base/util.h"
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__)
#define POOL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_ASAN 1
#endif
#endif
#ifndef POOL_ASAN
#define POOL_ASAN 0
#endif
#ifndef POOL_COUNTED
#define POOL_COUNTED POOL_ASAN
#endif

enum {
    POOL_MIN_BYTES = 64,   /* class 0 */
    POOL_MAX_BYTES = 8192, /* class 7 */
    POOL_CLASSES = 8,
    POOL_LARGE =
        POOL_CLASSES, /* the "class" of larger blocks: pool_get_large, and pool_put as for any other */
    POOL_RUN = 256,   /* blocks in a run, of small classes */
    POOL_RUN_BYTES = 16 << 10,  /* and of large ones no more than fit here, two at least */
    POOL_KEEP_BYTES = 64 << 10, /* what a pool keeps of a class beside the list in use; a run at least */
};

/* A free block. Message blocks are linked by the same word while they are in use. */
struct __attribute__((may_alias)) pool_block {
    struct pool_block *next;
    struct pool_block *below; /* first of a run: the run under it */
    uint64_t n;               /* first of a run: blocks in it */
};

/* What all pools of a node share. */
struct depot {
    struct env *env;
    struct mutex lock; /* guards all below, the atomics excepted */
    struct pool_block *runs[POOL_CLASSES];
    struct depot_chunk *chunks;
    char *at, *end; /* the part of the newest chunk that is not carved yet */
    struct list pools;
    uint64_t carved[POOL_CLASSES]; /* blocks that there are */
    uint64_t inside[POOL_CLASSES]; /* of those, in runs */
    uint64_t chunk_bytes;
    uint64_t vacant; /* pages that were given back and lie in chunks that stayed */
    bool trimming;
    /* Written under the lock, read by any thread, relaxed: statistics. */
    _Atomic(uint64_t) carved_bytes, inside_bytes;
    _Atomic(uint64_t) trim_base; /* inside_bytes after the last trim, or what it fell to since */
    _Atomic(uint64_t) watched;   /* the least inside_bytes since depot_watch */
    /* Outstanding; raised and lowered by any thread, relaxed: statistics. */
    _Atomic(uint64_t) large_blocks, large_bytes;
    _Atomic(uint64_t) counted; /* blocks of the classes; counted builds only */
};

/* One a thread. */
struct pool {
    struct pool_class_list {
        struct pool_block *head; /* the list in use */
        uint32_t n, run;         /* blocks in it, of the first class those in *taken included; as many are a run */
        struct pool_block *runs;
        uint32_t nruns;
    } list[POOL_CLASSES +
           1]; /* the last is always "full", so that putting a large block takes the slow path */
    const _Atomic(uint32_t) *taken; /* by pool_take, ever: the counters' */
    struct depot *depot;
    struct counters *counters;
    struct list node; /* in depot.pools */
};

/* env outlives the depot. Takes no memory yet. */
void depot_init(struct depot *d, struct env *env);
/* All pools are gone. Frees the chunks, with whatever blocks are still out there. */
void depot_fini(struct depot *d);
/* Blocks handed out and not put back, large ones included. Blocks the caller. Exact when no pool of the depot
 * is in use during the call; in counted builds also while they are. */
uint64_t depot_live(struct depot *d);
/* Memory taken from the system for blocks, large ones not included. Any thread; takes the lock. */
uint64_t depot_bytes(struct depot *d);

/* Free memory in the depot that has come together since the last trim; 0 when it is not worth a trim: less than 4 MiB, or less
 * than what is in use. Any thread; takes no lock. */
uint64_t depot_surplus(const struct depot *d);
/* From here on: what was free all the time? depot_unused says: 0, or a surplus as above that nobody has touched. */
void depot_watch(struct depot *d);
uint64_t depot_unused(const struct depot *d);
/* Give back to the system what is free: whole chunks, and in the others pages. Costs two looks at each free block, and the lock
 * twice, for moments; others may use the depot meanwhile, and find it empty. Any thread; one at a time, a second call returns at
 * once. Needs no memory. */
void depot_trim(struct depot *d);

/* Only the owner thread uses a pool. counters may be NULL; else they belong to the same thread. */
void pool_init(struct pool *p, struct depot *d, struct counters *counters);
/* Everything cached goes to the depot, so that a trim sees it. */
void pool_flush(struct pool *p);
/* Everything cached goes to the depot. Blocks may still be out: another pool takes them back. */
void pool_fini(struct pool *p);

/* Out of line: the list is empty, full, or the block is a large one. */
COLD void *pool_refill_(struct pool *p, unsigned cls);
COLD void pool_spill_(struct pool *p, unsigned cls, void *b);
COLD void pool_cut_(struct pool *p, unsigned cls);
void *pool_get_counted_(struct pool *p, unsigned cls);
void pool_put_counted_(struct pool *p, unsigned cls, void *b);
void pool_put_chain_counted_(struct pool *p, unsigned cls, void *first, void *last);

/* The class for so many bytes; POOL_LARGE above 8,192. */
INLINE unsigned
pool_class(size_t bytes)
{
    if (bytes <= POOL_MIN_BYTES)
        return 0;
    if (unlikely(bytes > POOL_MAX_BYTES))
        return POOL_LARGE;
    return (unsigned)(64 - __builtin_clzll(bytes - 1)) - 6;
}

INLINE size_t
pool_class_bytes(unsigned cls)
{
    return (size_t)POOL_MIN_BYTES << cls;
}

/* A block of the class (below POOL_LARGE), or NULL when there is no memory. */
INLINE void *
pool_get(struct pool *p, unsigned cls)
{
#if POOL_COUNTED
    return pool_get_counted_(p, cls);
#else
    struct pool_class_list *l = &p->list[cls];
    struct pool_block *b = l->head;

    if (unlikely(b == NULL))
        return pool_refill_(p, cls);
    l->head = b->next;
    l->n--;
    return b;
#endif
}

/* Blocks in the list in use. */
INLINE uint32_t
pool_listed(const struct pool *p, unsigned cls)
{
    uint32_t n = p->list[cls].n;

    return cls == 0 ? n - atomic_load_explicit(p->taken, memory_order_relaxed) : n;
}

/* A block of the first class from the list in use, or NULL: it is empty, or each block is counted. Who has one calls counters_take with
 * the pool's counters: one store counts the block and the message that is sent in it. */
INLINE void *
pool_take(struct pool *p)
{
    struct pool_block *b = p->list[0].head;

    if (POOL_COUNTED || unlikely(b == NULL))
        return NULL;
    p->list[0].head = b->next;
    return b;
}

/* The block that pool_get gives next may come into cache. */
INLINE void
pool_prefetch(const struct pool *p, unsigned cls)
{
    __builtin_prefetch(p->list[cls].head, 1);
}

/* Give back a block of any pool of this depot; cls as it was got (POOL_LARGE too). Never fails. */
INLINE void
pool_put(struct pool *p, unsigned cls, void *b)
{
#if POOL_COUNTED
    pool_put_counted_(p, cls, b);
#else
    struct pool_class_list *l = &p->list[cls];

    if (unlikely(pool_listed(p, cls) >= l->run)) {
        pool_spill_(p, cls, b);
        return;
    }
    ((struct pool_block *)b)->next = l->head;
    l->head = b;
    l->n++;
#endif
}

/* Give back n blocks of one class (below POOL_LARGE), linked by their first words from first to last; last's is ignored. */
INLINE void
pool_put_chain(struct pool *p, unsigned cls, void *first, void *last, uint32_t n)
{
#if POOL_COUNTED
    (void)n;
    pool_put_chain_counted_(p, cls, first, last);
#else
    struct pool_class_list *l = &p->list[cls];

    if (unlikely(pool_listed(p, cls) >= l->run))
        pool_cut_(p, cls);
    ((struct pool_block *)last)->next = l->head;
    l->head = first;
    l->n += n;
#endif
}

/* More than POOL_MAX_BYTES: one allocation of its own, 16 B aligned, zeroed; put back as POOL_LARGE. NULL: no
 * memory. */
void *pool_get_large(struct pool *p, size_t bytes);
/* Of a large block: the bytes asked for. */
size_t pool_large_bytes(const void *b);

#endif
