/* arena.h - memory that is dropped whole: an actor's state, or the scratch of a turn.
 *
 *   [first: caller's, 64 B beside the cell] --> [chunk] --> [chunk, twice as large] ...   bump: at, end
 *   blocks by power of two, 16 B to 4 KiB: freed ones wait in bins and are reused
 *   larger blocks: a chunk of their own each
 *
 * Two uses, not mixed in one arena:
 *   state     arena_alloc the struct once; then arena_get, arena_put for what it owns
 *   scratch   arena_alloc between arena_mark and arena_reset
 *
 * One thread at a time. Nothing blocks unless the source does. All memory is 16 B aligned; NULL means there
 * is none, and nothing has changed then.
 */
#ifndef MSG_ARENA_H
#define MSG_ARENA_H
#include "base/util.h"
#include <stddef.h>
#include <stdint.h>

/* Where chunks come from. The actor floor fills it for its block pools; `source` of an arena may be exchanged
 * between calls, since chunks may go home to another pool than the one that gave them. */
struct arena_source {
    /* At least so many bytes, 16 B aligned, undefined content; how many in *ret_got. NULL: no memory. */
    void *(*get)(void *self, size_t bytes, size_t *ret_got);
    void (*put)(void *self, void *p, size_t bytes); /* bytes: as got */
    void *self;
    uint64_t seed; /* for the hash of maps kept in such arenas; never changes while one lives */
};

struct arena_chunk;
struct arena_bins;
struct arena {
    const struct arena_source *source;
    char *at, *end;             /* what is left of the newest chunk */
    struct arena_chunk *chunks; /* newest first */
    struct arena_chunk *large;  /* one block each */
    struct arena_bins *bins;    /* made by the first arena_put */
};

enum {
    ARENA_ALIGN = 16,
    ARENA_BLOCK_MAX =
        4096,              /* larger blocks are chunks of their own, and go back to the source at arena_put */
    ARENA_CHUNK_MIN = 256, /* bytes asked of the source; doubles ... */
    ARENA_CHUNK_MAX = 8192 /* ... up to this */
};

/* first may be NULL (then first_bytes is 0); it stays the caller's and must be 16 B aligned. Takes no memory
 * yet. */
void arena_init(struct arena *a, const struct arena_source *source, void *first, size_t first_bytes);
/* Everything goes back to the source. Init again before the next use. A zeroed arena may be dropped. */
void arena_drop(struct arena *a);
/* Bytes taken from the source now. */
size_t arena_held(const struct arena *a);

void *arena_grow_(struct arena *a, size_t bytes);

/* Bump: freed by arena_drop or arena_reset only. Content undefined. About five instructions on the fast path.
 */
INLINE void *
arena_alloc(struct arena *a, size_t bytes)
{
    size_t whole = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    char *p = a->at;

    if (unlikely(whole < bytes || whole > (size_t)(a->end - p)))
        return arena_grow_(a, bytes);
    a->at = p + whole;
    return p;
}
void *arena_zalloc(struct arena *a, size_t bytes); /* the same, zeroed */

/* A block that can be put back: at least so many bytes (> 0); how many may be used in *ret_cap. */
void *arena_get(struct arena *a, size_t bytes, size_t *ret_cap);
/* bytes: what was asked for, or what may be used, or anything between. NULL is allowed. Never fails; when the
 * memory for the bins themselves cannot be had, the block is lost until arena_drop. */
void arena_put(struct arena *a, void *p, size_t bytes);

/* A place to come back to. */
struct arena_mark {
    struct arena_chunk *chunks;
    char *at, *end;
};
INLINE struct arena_mark
arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->chunks, a->at, a->end};
}
void arena_rewind_(struct arena *a, struct arena_mark m);
/* Everything allocated since the mark is gone. Only for arenas without arena_get. */
INLINE void
arena_reset(struct arena *a, struct arena_mark m)
{
    if (unlikely(a->chunks != m.chunks))
        arena_rewind_(a, m);
    a->at = m.at;
    a->end = m.end;
}

#endif
