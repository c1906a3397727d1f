/* undo.h - takes back what containers did to arena memory in a failed turn (foundation F5).
 *
 *   container call --> save (address, old bytes) | take a block | give a block    all in the turn's scratch
 *   commit         --> blocks given are freed, the rest is forgotten              O(calls)
 *   rollback       --> old bytes go back, newest first; blocks taken are freed
 *
 * The state struct itself ({p, n, cap} of its containers) is not logged: whoever runs the turn copies those
 * few bytes before it and puts them back. A turn without container calls leaves the log empty: commit is one
 * compare.
 *
 * Rule for callers: first everything that may fail (take, give, save), then the writes. So a call that fails
 * halfway goes back to its mark and nothing has happened. One owner thread. Nothing blocks. Records live in
 * `log`, which the owner resets after commit or rollback.
 */
#ifndef MSG_UNDO_H
#define MSG_UNDO_H
#include "base/err.h"
#include "msg/arena.h"
#include <stdbool.h>

enum { UNDO_BYTES_MAX = 16 << 20, UNDO_FRESH = 4 };

struct undo_write;
struct undo_block;
struct undo {
    struct arena *state; /* what containers take from and give to */
    /* NULL: nothing is logged, blocks given are free at once, rollback does nothing. A call that fails leaves
     * the values as they were all the same, but may lose memory until the arena is dropped. */
    struct arena *log;
    struct undo_write *writes;        /* newest first */
    struct undo_block *taken, *given; /* newest first */
    const void *fresh[UNDO_FRESH];    /* some blocks taken in this turn: writing to them needs no record */
    unsigned nfresh;
    size_t bytes; /* of records in this turn; 0: nothing to do */
};

void undo_init(struct undo *u, struct arena *state, struct arena *log);

/* A block of the state arena, or NULL. ret_cap: how many bytes may be used. */
void *undo_take(struct undo *u, size_t bytes, size_t *ret_cap);
/* Free at commit. p NULL: nothing. 0, -ERR_NOMEM, -ERR_LIMIT (more than UNDO_BYTES_MAX of records). */
int undo_give(struct undo *u, void *p, size_t bytes);
/* Before overwriting. 0, -ERR_NOMEM, -ERR_LIMIT. */
int undo_save(struct undo *u, void *p, size_t bytes);
/* The block was just taken whole: undo_is_fresh answers true for it until the turn ends or a few others came.
 */
void undo_set_fresh(struct undo *u, const void *block);
bool undo_is_fresh(const struct undo *u, const void *block);

struct undo_mark {
    struct undo_write *writes;
    struct undo_block *taken, *given;
};
struct undo_mark undo_mark(const struct undo *u);
/* A call failed: take back what it did since the mark. */
void undo_back(struct undo *u, struct undo_mark m);

void undo_commit_(struct undo *u);
void undo_rollback_(struct undo *u);
INLINE void
undo_commit(struct undo *u)
{
    if (unlikely(u->bytes != 0))
        undo_commit_(u);
}
INLINE void
undo_rollback(struct undo *u)
{
    if (unlikely(u->bytes != 0))
        undo_rollback_(u);
}
/* The state is dropped whole instead: forget the records. */
void undo_forget(struct undo *u);

#endif
