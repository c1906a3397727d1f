/* message.h - making and freeing message blocks, deep copies included. The worker's pool gives and takes. */
#ifndef ACTOR_MESSAGE_H
#define ACTOR_MESSAGE_H
#include "actor/actx.h"
#include "base/counters.h"
#include "msg/msg.h"
#include "msg/types.h"

INLINE void
message_free(struct actx *x, struct msg *m)
{
    unsigned cls = MSG_CLASS(m->head);

    if (likely(cls == 0)) /* a known class needs no arithmetic */
        pool_put(&x->w.pool, 0, m);
    else
        pool_put(&x->w.pool, cls, m);
}

/* A flat type of so few 8 B units fits a block of class 0, beside an extension or not. */
enum { MESSAGE_UNITS = 4, MESSAGE_UNITS_EXT = 2 };
_Static_assert(sizeof(struct msg) + MESSAGE_UNITS * sizeof(uint64_t) == POOL_MIN_BYTES, "class 0");

/* A block of class 0 from this actor; payload undefined. It counts as sent: see sends_tally. NULL: the pool's list is empty, or each
 * block is counted; then by message_build. */
INLINE struct msg *
message_block(struct actx *x, uint64_t head)
{
    struct msg *m = pool_take(&x->w.pool);

    if (unlikely(m == NULL))
        return NULL;
    counters_take(&x->w.counters);
    m->head = head;
    m->sender = x->me->ref;
    return m;
}

/* A message that counts as sent is not. */
INLINE void
message_unsent(struct actx *x)
{
    x->unsent++;
}

/* Usual tells are counted by the blocks that they take alone: they touch no counter. */
INLINE void
sends_tally(struct actx *x)
{
    counters_tell(&x->w.counters, x->unsent);
    x->unsent = 0;
}

/* For a flat value of t's units_, which the caller has looked at: 1..MESSAGE_UNITS. The SDK's structs are read to their rounded end
 * only inside the type's own size, see types. NULL: as above. */
INLINE struct msg *
message_small(struct actx *x, const actor_type *t, const void *v, uint64_t flags)
{
    const uint64_t *s = v;
    uint32_t n = t->units_;
    struct msg *m = message_block(x, t->head_ | flags); /* of class 0, as every type of so few units */
    uint64_t *d = (uint64_t *)(void *)(m + 1);

    if (unlikely(m == NULL))
        return NULL;
    d[0] = s[0];
    if (n > 1) {
        d[1] = s[1];
        if (n > 2) {
            d[2] = s[2];
            if (n > 3)
                d[3] = s[3];
        }
    }
    return m;
}

/* For a word of type t. NULL: as above, or the type is not loaded. */
INLINE struct msg *
message_word(struct actx *x, const actor_type *t, uint64_t word)
{
    uint64_t head = t->head_;
    struct msg *m = likely(head != 0) ? message_block(x, head) : NULL;

    if (likely(m != NULL))
        *(uint64_t *)(void *)(m + 1) = word;
    return m;
}

/* Header set but for the sender; payload undefined. With ext, the last 16 B are for message_ext. head: type id and flags.
 * NULL: no memory. */
struct msg *message_alloc(struct actx *x, size_t payload_bytes, bool ext, uint64_t head);

INLINE struct msg_ext *
message_ext(struct msg *m)
{
    unsigned cls = MSG_CLASS(m->head);
    size_t bytes = likely(cls < POOL_LARGE) ? pool_class_bytes(cls) : pool_large_bytes(m);

    return (struct msg_ext *)(void *)((char *)m + bytes) - 1;
}

/* A block with a deep copy of v (a struct of type t, as the plugin's type object says). flags as in msg.h; flags that need it
 * get an ext. 0; -ERR_NOMEM; -ERR_LIMIT (over 16 MiB); -ERR_INVALID (a view without memory); -ERR_TYPE (type not loaded). */
int message_build(struct actx *x, struct msg **ret, const actor_type *t, const void *v, uint64_t flags);
int message_build_type(struct actx *x, struct msg **ret, const struct msg_type *t, const void *v,
                       uint64_t flags);

#define MSG_F_EXT (MSG_F_ASK | MSG_F_REPLY | MSG_F_ASK_FAILED | MSG_F_TIMER | MSG_F_JOB)

/* Arguments that nobody gave: the defaults. */
int message_defaults(struct actx *x, struct msg **ret, const struct msg_type *t);
/* A copy of m's block for another mailbox, deep for types that are not flat. NULL: no memory. */
struct msg *message_copy(struct actx *x, struct msg *m);

#endif
