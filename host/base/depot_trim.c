/* depot_trim.c - what a peak leaves behind goes back to the system.
 *
 *   take all runs out of the depot --> count their blocks by page
 *     all of a page is free    --> its blocks are forgotten, the page is discarded, and may be carved anew, for any class
 *     all of a chunk           --> the chunk is released
 *   --> the other blocks go back, in new runs
 *
 * Pages are only looked at while their free blocks are in our hands: nobody else can get them. A page that is being carved shows
 * fewer blocks than it holds, as some of them went to whoever asked.
 */
#include "base/pool_priv.h"

#define TRIM_LEAST ((uint64_t)4 << 20)

struct haul {
    struct pool_block *runs[POOL_CLASSES];
    struct depot_chunk *chunks; /* those that there were */
    uint64_t gone[POOL_CLASSES];
};

/* --- is it worth it? --- */
static uint64_t
beyond(const struct depot *d, uint64_t free_bytes)
{
    uint64_t base = atomic_load_explicit(&d->trim_base, memory_order_relaxed);
    uint64_t carved = atomic_load_explicit(&d->carved_bytes, memory_order_relaxed);
    uint64_t used = carved > free_bytes ? carved - free_bytes : 0,
             surplus = free_bytes > base ? free_bytes - base : 0;

    return surplus > TRIM_LEAST && surplus > used ? surplus : 0;
}

uint64_t
depot_surplus(const struct depot *d)
{
    return beyond(d, atomic_load_explicit(&d->inside_bytes, memory_order_relaxed));
}

static void
set_to_inside(struct depot *d, _Atomic(uint64_t) *v)
{
    atomic_store_explicit(v, atomic_load_explicit(&d->inside_bytes, memory_order_relaxed),
                          memory_order_relaxed);
}

void
depot_watch(struct depot *d)
{
    mutex_lock(&d->lock);
    set_to_inside(d, &d->watched);
    mutex_unlock(&d->lock);
}

uint64_t
depot_unused(const struct depot *d)
{
    return beyond(d, atomic_load_explicit(&d->watched, memory_order_relaxed));
}

/* --- pages --- */
void
depot_pages_(void *at, size_t n, unsigned cls)
{
    struct depot_chunk *c = depot_chunk_of_(at);
    size_t first = depot_page_of_(at),
           each = pool_class_bytes(cls) > DEPOT_PAGE ? pool_class_bytes(cls) / DEPOT_PAGE : 1;

    for (size_t i = 0; i < n; i++) {
        if (c->page[first + i] == PAGE_NONE)
            c->carved++;
        c->page[first + i] = i % each == 0 ? (uint8_t)(PAGE_FIRST + cls) : PAGE_TAIL;
    }
}

static size_t
vacant_run(const struct depot_chunk *c, size_t from, size_t most)
{
    size_t n = 0;

    while (n < most && from + n < DEPOT_PAGES && c->page[from + n] == PAGE_VACANT)
        n++;
    return n;
}

size_t
depot_reuse_(struct depot *d, size_t least, size_t most, char **ret)
{
    for (struct depot_chunk *c = d->chunks; c != NULL; c = c->next) {
        for (size_t i = 1; i < DEPOT_PAGES && c->vacant >= least; i++) {
            size_t n = vacant_run(c, i, most);

            n -= n % least;
            if (n == 0)
                continue;
            c->vacant -= (uint32_t)n;
            d->vacant -= n;
            *ret = (char *)c + i * DEPOT_PAGE;
            return n;
        }
    }
    return 0;
}

/* Is all of the page free that this block is on? */
static bool
is_free(const struct depot_chunk *c, size_t page, unsigned cls)
{
    return c->nfree[page] == (cls > 6 ? 1 : DEPOT_PAGE / pool_class_bytes(cls));
}
_Static_assert(POOL_MIN_BYTES << 6 == 4096, "classes above 6 fill pages");

/* --- the trim --- */
static bool
take(struct depot *d, struct haul *h)
{
    bool mine;

    mutex_lock(&d->lock);
    mine = !d->trimming && d->chunks != NULL;
    for (unsigned k = 0; k < POOL_CLASSES && mine; k++) {
        h->runs[k] = d->runs[k];
        d->runs[k] = NULL;
        depot_inside_(d, k, -(int64_t)d->inside[k]);
    }
    if (mine) {
        d->trimming = true;
        h->chunks = d->chunks;
    }
    mutex_unlock(&d->lock);
    return mine;
}

static void
weigh(const struct haul *h, unsigned cls)
{
    for (const struct pool_block *run = h->runs[cls], *below; run != NULL; run = below) {
        const struct pool_block *b = run;

        below = pool_read_(run).below;
        for (uint64_t n = pool_read_(run).n; n > 0; n--) {
            depot_chunk_of_(b)->nfree[depot_page_of_(b)]++;
            b = pool_read_(b).next;
        }
    }
}

/* Keep the blocks whose pages stay, in new runs. */
static void
sift(struct haul *h, unsigned cls)
{
    struct pool_block *kept = NULL, *list = NULL, *run;
    uint64_t in_list = 0;
    uint32_t n;

    while ((run = pool_run_pop_(&h->runs[cls], &n)) != NULL) {
        for (struct pool_block *b = run, *next; n > 0; n--, b = next) {
            next = pool_read_(b).next;
            if (is_free(depot_chunk_of_(b), depot_page_of_(b), cls)) {
                h->gone[cls]++;
                continue;
            }
            pool_write_(b, (struct pool_block){.next = list});
            list = b;
            if (++in_list == pool_run_blocks_(cls)) {
                pool_run_push_(&kept, list, in_list);
                list = NULL;
                in_list = 0;
            }
        }
    }
    if (list != NULL)
        pool_run_push_(&kept, list, in_list);
    h->runs[cls] = kept;
}

/* The pages of c that go, in a map. Nobody carves them meanwhile, and the classes of the pages that are carved are not read. */
static void
going(const struct depot_chunk *c, bool page[DEPOT_PAGES])
{
    for (size_t i = 0; i < DEPOT_PAGES; i++) {
        page[i] = false;
        if (c->nfree[i] == 0) {
            page[i] = i > 0 && page[i - 1] && c->page[i] == PAGE_TAIL;
            continue;
        }
        page[i] = is_free(c, i, (unsigned)c->page[i] - PAGE_FIRST);
    }
}

static void
discard(struct depot *d, struct depot_chunk *c)
{
    bool page[DEPOT_PAGES];

    going(c, page);
    for (size_t i = 0, from; i < DEPOT_PAGES; i++) {
        if (!page[i])
            continue;
        for (from = i; i < DEPOT_PAGES && page[i];)
            i++;
        UNPOISON((char *)c + from * DEPOT_PAGE, (i - from) * DEPOT_PAGE); /* carving writes there first */
        d->env->discard(d->env, (char *)c + from * DEPOT_PAGE, (i - from) * DEPOT_PAGE);
    }
}

/* Locked. */
static void
vacate(struct depot *d, struct depot_chunk *c)
{
    bool page[DEPOT_PAGES];

    going(c, page);
    for (size_t i = 0; i < DEPOT_PAGES; i++) {
        c->nfree[i] = 0;
        if (!page[i])
            continue;
        c->page[i] = PAGE_VACANT;
        c->vacant++;
        d->vacant++;
    }
}

/* Free chunks to *ret_free, the others stay listed. */
static void
put_back(struct depot *d, struct haul *h, struct depot_chunk **ret_free)
{
    struct depot_chunk **link = &d->chunks;
    struct pool_block *b;

    mutex_lock(&d->lock);
    while (*link != h->chunks) /* what came meanwhile lies before them */
        link = &(*link)->next;
    while (*link != NULL) {
        struct depot_chunk *c = *link;

        vacate(d, c);
        if (c != d->chunks && c->vacant == c->carved) { /* the first is being carved */
            *link = c->next;
            c->next = *ret_free;
            *ret_free = c;
            d->vacant -= c->vacant;
            d->chunk_bytes -= c->bytes;
        } else {
            link = &c->next;
        }
    }
    for (unsigned k = 0; k < POOL_CLASSES; k++) {
        d->carved[k] -= h->gone[k];
        depot_count_(&d->carved_bytes, -(h->gone[k] * pool_class_bytes(k)));
        for (uint32_t n; (b = pool_run_pop_(&h->runs[k], &n)) != NULL; depot_inside_(d, k, n))
            pool_run_push_(&d->runs[k], b, n);
    }
    d->trimming = false;
    set_to_inside(d, &d->trim_base);
    mutex_unlock(&d->lock);
}

void
depot_trim(struct depot *d)
{
    struct haul h = {0};
    struct depot_chunk *gone = NULL;

    if (!take(d, &h))
        return;
    for (unsigned k = 0; k < POOL_CLASSES; k++)
        weigh(&h, k);
    for (unsigned k = 0; k < POOL_CLASSES; k++)
        sift(&h, k);
    for (struct depot_chunk *c = h.chunks; c != NULL; c = c->next)
        discard(d, c);
    put_back(d, &h, &gone);
    while (gone != NULL) {
        struct depot_chunk *next = gone->next;

        depot_chunk_release_(d, gone);
        gone = next;
    }
}
