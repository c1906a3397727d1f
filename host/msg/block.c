/* block.c - amortized growth: the size doubles, so n appends copy at most 2n elements. */
#include "msg/block.h"
#include <string.h>

enum { FIRST_BYTES = 32 };

static int
move_to(struct undo *u, actor_list *l, uint32_t elem_bytes, size_t want)
{
    size_t cap;
    char *v;

    if (want > BLOCK_BYTES_MAX)
        return -ERR_LIMIT;
    v = undo_take(u, want, &cap);
    if (v == NULL)
        return -ERR_NOMEM;
    if (l->n > 0)
        memcpy(v, l->v, (size_t)l->n * elem_bytes);
    if (l->cap_ > 0) {
        int r = undo_give(u, (void *)(uintptr_t)l->v, (size_t)l->cap_ * elem_bytes);

        if (r < 0)
            return r;
    }
    undo_set_fresh(u, v);
    l->v = v;
    l->cap_ = (uint32_t)(cap / elem_bytes);
    return 0;
}

int
block_grow(struct undo *u, actor_list *l, uint32_t elem_bytes, uint32_t n)
{
    size_t want = (size_t)l->cap_ * 2 * elem_bytes;

    if (want > BLOCK_BYTES_MAX)
        want = BLOCK_BYTES_MAX;
    if (want < (size_t)n * elem_bytes)
        want = (size_t)n * elem_bytes;
    if (want < FIRST_BYTES)
        want = FIRST_BYTES;
    return move_to(u, l, elem_bytes, want);
}

int
block_refresh(struct undo *u, actor_list *l, uint32_t elem_bytes)
{
    return move_to(u, l, elem_bytes, (size_t)l->cap_ * elem_bytes);
}

int
block_temp(struct undo *u, struct block_temp *t, size_t bytes)
{
    size_t cap;

    t->bytes = bytes;
    t->p = bytes <= sizeof t->small ? t->small : arena_get(u->state, bytes, &cap);
    return t->p == NULL ? -ERR_NOMEM : 0;
}

void
block_temp_end(struct undo *u, struct block_temp *t)
{
    if (t->p != t->small)
        arena_put(u->state, t->p, t->bytes);
}
