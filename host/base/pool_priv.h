/* pool_priv.h - what pool.c and depot_trim.c share. */
#ifndef BASE_POOL_PRIV_H
#define BASE_POOL_PRIV_H
#include "base/pool.h"

#if POOL_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#define POISONED(p)    __asan_address_is_poisoned(p)
/* Free blocks are poisoned, but for us. */
#define OURS __attribute__((no_sanitize_address, noinline))
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define POISONED(p)    ((void)(p), 0)
#define OURS
#endif

#define DEPOT_CHUNK_BYTES ((size_t)1 << 20)
#define DEPOT_PAGE        ((size_t)4096)
enum { DEPOT_PAGES = DEPOT_CHUNK_BYTES / DEPOT_PAGE };
enum { PAGE_NONE, PAGE_FIRST = 1 /* and the class */, PAGE_TAIL = 0x80, PAGE_VACANT = 0x81 };

/* Lies at a multiple of DEPOT_CHUNK_BYTES and fills the first page. A page is of one class; a block larger than a page fills some,
 * and only the first of them counts. */
struct depot_chunk {
    struct depot_chunk *next;
    size_t bytes;
    uint32_t carved, vacant;     /* pages that were carved; of those, given back. Under the lock, as page */
    uint8_t page[DEPOT_PAGES];   /* PAGE_* */
    uint16_t nfree[DEPOT_PAGES]; /* of depot_trim: free blocks */
};
_Static_assert(sizeof(struct depot_chunk) <= DEPOT_PAGE, "a chunk's own page");

INLINE struct depot_chunk *
depot_chunk_of_(const void *b)
{
    return (struct depot_chunk *)((uintptr_t)b & ~(uintptr_t)(DEPOT_CHUNK_BYTES - 1));
}
INLINE size_t
depot_page_of_(const void *b)
{
    return ((uintptr_t)b & (DEPOT_CHUNK_BYTES - 1)) / DEPOT_PAGE;
}

struct pool_block pool_read_(const struct pool_block *b);
void pool_write_(struct pool_block *b, struct pool_block v);
void pool_run_push_(struct pool_block **runs, struct pool_block *first, uint64_t n);
struct pool_block *pool_run_pop_(struct pool_block **runs, uint32_t *ret_n);
uint32_t pool_run_blocks_(unsigned cls);
void depot_chunk_release_(struct depot *d, struct depot_chunk *c);
/* Locked: n pages from at on are of this class. */
void depot_pages_(void *at, size_t n, unsigned cls);
/* Locked: up to most pages in a row, a multiple of least, out of those that were given back. 0: there are none. */
size_t depot_reuse_(struct depot *d, size_t least, size_t most, char **ret);

/* Locked: one writer. */
INLINE void
depot_count_(_Atomic(uint64_t) *v, uint64_t n)
{
    atomic_store_explicit(v, atomic_load_explicit(v, memory_order_relaxed) + n, memory_order_relaxed);
}

/* Locked. */
INLINE void
depot_lower_(_Atomic(uint64_t) *v, uint64_t n)
{
    if (n < atomic_load_explicit(v, memory_order_relaxed))
        atomic_store_explicit(v, n, memory_order_relaxed);
}

/* Locked: n blocks came (or, negative, went). */
INLINE void
depot_inside_(struct depot *d, unsigned cls, int64_t n)
{
    uint64_t inside;

    d->inside[cls] += (uint64_t)n;
    depot_count_(&d->inside_bytes, (uint64_t)n << cls << 6);
    inside = atomic_load_explicit(&d->inside_bytes, memory_order_relaxed);
    depot_lower_(&d->trim_base, inside);
    depot_lower_(&d->watched, inside);
}
_Static_assert(POOL_MIN_BYTES == 1 << 6, "the shift above");

#endif
