/* undo.c - three stacks of records in scratch memory: bytes saved, blocks taken, blocks given. */
#include "msg/undo.h"
#include <string.h>

struct undo_write {
    struct undo_write *prev;
    void *at;
    size_t bytes;
    char old[];
};
struct undo_block {
    struct undo_block *prev;
    void *p;
    size_t bytes;
};

void
undo_init(struct undo *u, struct arena *state, struct arena *log)
{
    *u = (struct undo){.state = state, .log = log};
}

static int
record(struct undo *u, size_t bytes, void *ret_record)
{
    void *p;

    if (bytes > UNDO_BYTES_MAX - u->bytes)
        return -ERR_LIMIT;
    p = arena_alloc(u->log, bytes);
    if (p == NULL)
        return -ERR_NOMEM;
    u->bytes += bytes;
    memcpy(ret_record, &p, sizeof p);
    return 0;
}

static int
push(struct undo *u, struct undo_block **stack, void *p, size_t bytes)
{
    struct undo_block *b;
    int r = record(u, sizeof *b, &b);

    if (r < 0)
        return r;
    *b = (struct undo_block){*stack, p, bytes};
    *stack = b;
    return 0;
}

void *
undo_take(struct undo *u, size_t bytes, size_t *ret_cap)
{
    size_t cap;
    void *p = arena_get(u->state, bytes, &cap);

    if (p == NULL)
        return NULL;
    if (u->log != NULL && push(u, &u->taken, p, bytes) < 0) {
        arena_put(u->state, p, bytes);
        return NULL;
    }
    *ret_cap = cap;
    return p;
}

int
undo_give(struct undo *u, void *p, size_t bytes)
{
    if (p == NULL)
        return 0;
    if (u->log != NULL)
        return push(u, &u->given, p, bytes);
    arena_put(u->state, p, bytes);
    return 0;
}

int
undo_save(struct undo *u, void *p, size_t bytes)
{
    struct undo_write *w;
    int r;

    if (u->log == NULL || bytes == 0)
        return 0;
    if (bytes > UNDO_BYTES_MAX)
        return -ERR_LIMIT;
    r = record(u, sizeof *w + bytes, &w);
    if (r < 0)
        return r;
    w->prev = u->writes;
    w->at = p;
    w->bytes = bytes;
    memcpy(w->old, p, bytes);
    u->writes = w;
    return 0;
}

void
undo_set_fresh(struct undo *u, const void *block)
{
    u->fresh[u->nfresh++ % UNDO_FRESH] = block;
}

bool
undo_is_fresh(const struct undo *u, const void *block)
{
    for (unsigned i = 0; i < UNDO_FRESH; i++)
        if (u->fresh[i] == block)
            return block != NULL;
    return false;
}

struct undo_mark
undo_mark(const struct undo *u)
{
    return (struct undo_mark){u->writes, u->taken, u->given};
}

/* Old bytes first: a block that goes back to the arena gets a link written into it. A fresh block that goes back stays
 * noted: should it come again in this turn, it is as fresh. */
void
undo_back(struct undo *u, struct undo_mark m)
{
    for (; u->writes != m.writes; u->writes = u->writes->prev)
        memcpy(u->writes->at, u->writes->old, u->writes->bytes);
    for (; u->taken != m.taken; u->taken = u->taken->prev)
        arena_put(u->state, u->taken->p, u->taken->bytes);
    u->given = m.given;
}

void
undo_forget(struct undo *u)
{
    undo_init(u, u->state, u->log);
}

void
undo_commit_(struct undo *u)
{
    for (struct undo_block *b = u->given; b != NULL; b = b->prev)
        arena_put(u->state, b->p, b->bytes);
    undo_forget(u);
}

void
undo_rollback_(struct undo *u)
{
    if (!SABOTAGE(undo_off))
        undo_back(u, (struct undo_mark){NULL, NULL, NULL});
    undo_forget(u);
}
