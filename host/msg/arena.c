/* arena.c - chunks carry their header at their start; the first free makes the bins, in the arena itself.
 *
 * The class of a block follows from the bytes its owner remembers: a power of two c was chosen so that
 * c/2 < asked <= c, and an owner that cuts c into elements of e bytes (e <= c) uses more than c/2 of it.
 * So neither needs to be stored.
 */
#include "msg/arena.h"
#include "base/pool.h"
#include <assert.h>
#include <string.h>
#if POOL_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

struct arena_chunk {
    struct arena_chunk *next;
    struct arena_chunk **link; /* large ones: what points here */
    size_t bytes;              /* as got, this header included */
    size_t pad;
};
_Static_assert(sizeof(struct arena_chunk) % ARENA_ALIGN == 0, "payload stays aligned");

enum { CLASSES = 9 }; /* 16 << 0 ... 16 << 8 */
_Static_assert(ARENA_ALIGN << (CLASSES - 1) == ARENA_BLOCK_MAX, "classes");

struct arena_free {
    struct arena_free *next;
};
struct arena_bins {
    struct arena_free *head[CLASSES];
};

static unsigned
class_of(size_t bytes)
{
    return bytes <= ARENA_ALIGN ? 0 : (unsigned)(64 - __builtin_clzll(bytes - 1)) - 4;
}

void
arena_init(struct arena *a, const struct arena_source *source, void *first, size_t first_bytes)
{
    assert((uintptr_t)first % ARENA_ALIGN == 0);
    *a =
        (struct arena){.source = source,
                       .at = first,
                       .end = first == NULL ? NULL : (char *)first + first_bytes / ARENA_ALIGN * ARENA_ALIGN};
}

static void
put_all(struct arena *a, struct arena_chunk *c, const struct arena_chunk *stop)
{
    while (c != stop) {
        struct arena_chunk *next = c->next;

        UNPOISON(c, c->bytes);
        a->source->put(a->source->self, c, c->bytes);
        c = next;
    }
}

void
arena_drop(struct arena *a)
{
    /* Free blocks in the caller's first chunk must not stay poisoned. */
    if (POOL_ASAN && a->bins != NULL)
        for (unsigned i = 0; i < CLASSES; i++)
            for (struct arena_free *f = a->bins->head[i]; f != NULL; f = f->next)
                UNPOISON(f, (size_t)ARENA_ALIGN << i);
    put_all(a, a->chunks, NULL);
    put_all(a, a->large, NULL);
    *a = (struct arena){.source = a->source};
}

size_t
arena_held(const struct arena *a)
{
    size_t n = 0;

    for (const struct arena_chunk *c = a->chunks; c != NULL; c = c->next)
        n += c->bytes;
    for (const struct arena_chunk *c = a->large; c != NULL; c = c->next)
        n += c->bytes;
    return n;
}

static struct arena_chunk *
take(struct arena *a, size_t bytes)
{
    size_t got = 0;
    struct arena_chunk *c = a->source == NULL ? NULL : a->source->get(a->source->self, bytes, &got);

    if (c != NULL)
        c->bytes = got;
    return c;
}

/* The rest of the old chunk is given up: it is smaller than what was asked for, which is mostly small itself.
 */
void *
arena_grow_(struct arena *a, size_t bytes)
{
    size_t want = a->chunks == NULL ? ARENA_CHUNK_MIN : a->chunks->bytes * 2;
    struct arena_chunk *c;

    if (bytes > SIZE_MAX / 4)
        return NULL;
    bytes = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (want > ARENA_CHUNK_MAX)
        want = ARENA_CHUNK_MAX;
    if (want < bytes + sizeof *c)
        want = bytes + sizeof *c;
    c = take(a, want);
    if (c == NULL)
        return NULL;
    c->next = a->chunks;
    a->chunks = c;
    a->at = (char *)(c + 1) + bytes;
    a->end = (char *)c + c->bytes / ARENA_ALIGN * ARENA_ALIGN;
    return c + 1;
}

void *
arena_zalloc(struct arena *a, size_t bytes)
{
    void *p = arena_alloc(a, bytes);

    return p == NULL ? NULL : memset(p, 0, bytes);
}

static void *
get_large(struct arena *a, size_t bytes, size_t *ret_cap)
{
    struct arena_chunk *c = bytes > SIZE_MAX / 4 ? NULL : take(a, bytes + sizeof *c);

    if (c == NULL)
        return NULL;
    c->next = a->large;
    c->link = &a->large;
    if (c->next != NULL)
        c->next->link = &c->next;
    a->large = c;
    *ret_cap = c->bytes - sizeof *c;
    return c + 1;
}

void *
arena_get(struct arena *a, size_t bytes, size_t *ret_cap)
{
    unsigned cls;
    void *p;

    assert(bytes > 0);
    if (bytes > ARENA_BLOCK_MAX)
        return get_large(a, bytes, ret_cap);
    cls = class_of(bytes);
    if (a->bins != NULL && a->bins->head[cls] != NULL) {
        struct arena_free *f = a->bins->head[cls];

        a->bins->head[cls] = f->next;
        UNPOISON(f, (size_t)ARENA_ALIGN << cls);
        p = f;
    } else {
        p = arena_alloc(a, (size_t)ARENA_ALIGN << cls);
    }
    if (p != NULL)
        *ret_cap = (size_t)ARENA_ALIGN << cls;
    return p;
}

void
arena_put(struct arena *a, void *p, size_t bytes)
{
    struct arena_free *f = p;
    unsigned cls;

    if (p == NULL)
        return;
    if (bytes > ARENA_BLOCK_MAX) {
        struct arena_chunk *c = (struct arena_chunk *)p - 1;

        *c->link = c->next;
        if (c->next != NULL)
            c->next->link = c->link;
        a->source->put(a->source->self, c, c->bytes);
        return;
    }
    if (a->bins == NULL && (a->bins = arena_zalloc(a, sizeof *a->bins)) == NULL)
        return;
    cls = class_of(bytes);
    f->next = a->bins->head[cls];
    a->bins->head[cls] = f;
    POISON(f + 1, ((size_t)ARENA_ALIGN << cls) - sizeof *f);
}

void
arena_rewind_(struct arena *a, struct arena_mark m)
{
    assert(a->bins == NULL && a->large == NULL);
    put_all(a, a->chunks, m.chunks);
    a->chunks = m.chunks;
}
