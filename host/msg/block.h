/* block.h - growing the memory behind a list or a map, and a place to build one element before it moves in.
 * Part of container.h; the same rules. */
#ifndef MSG_BLOCK_H
#define MSG_BLOCK_H
#include "msg/undo.h"
#include <actor/types.h>

enum { BLOCK_BYTES_MAX = 1 << 30 };

/* Room for at least n elements (n > cap), growing by doubling: a fresh block with the old elements, the old
 * one given. Writes *l last. 0, -ERR_NOMEM, -ERR_LIMIT. */
int block_grow(struct undo *u, actor_list *l, uint32_t elem_bytes, uint32_t n);
/* The elements in a fresh block, so that large moves inside it need no records. */
int block_refresh(struct undo *u, actor_list *l, uint32_t elem_bytes);

struct block_temp {
    void *p;
    size_t bytes;
    _Alignas(16) char small[256];
};
/* p: so many bytes, until block_temp_end, which accepts a t whose block_temp failed. */
int block_temp(struct undo *u, struct block_temp *t, size_t bytes);
void block_temp_end(struct undo *u, struct block_temp *t);

#endif
