/* message.c - see message.h. */
#include "actor/message.h"
#include "actor/actor_system.h"
#include "msg/convert.h"
#include "msg/state.h"
#include <string.h>

struct msg *
message_alloc(struct actx *x, size_t payload_bytes, bool ext, uint64_t head)
{
    size_t bytes =
        sizeof(struct msg) + ((payload_bytes + 15) & ~(size_t)15) + (ext ? sizeof(struct msg_ext) : 0);
    unsigned cls = pool_class(bytes);
    struct msg *m = likely(cls < POOL_LARGE) ? pool_get(&x->w.pool, cls) : pool_get_large(&x->w.pool, bytes);

    if (unlikely(m == NULL))
        return NULL;
    atomic_store_explicit(&m->next, NULL, memory_order_relaxed);
    m->head = (head & ~MSG_CLASS_MASK) | (uint64_t)cls << MSG_CLASS_SHIFT;
    return m;
}

int
message_build_type(struct actx *x, struct msg **ret, const struct msg_type *t, const void *v, uint64_t flags)
{
    const struct schema *s = t->schema;
    bool ext = (flags & MSG_F_EXT) != 0;
    struct msg *m;
    int64_t more = 0;

    if (unlikely(!s->flat)) {
        more = msg_copy_bytes(s, v);
        if (more < 0)
            return (int)more;
    }
    m = message_alloc(x, more == 0 ? s->bytes : msg_copy_offset(s) + (size_t)more, ext, t->id | flags);
    if (unlikely(m == NULL))
        return -ERR_NOMEM;
    if (likely(s->flat)) {
        memcpy(m + 1, v, s->bytes);
    } else if (msg_copy_into(s, m + 1, (size_t)more, v) < 0) {
        message_free(x, m);
        return -ERR_INVALID;
    }
    m->sender = x->me->ref;
    *ret = m;
    return 0;
}

int
message_build(struct actx *x, struct msg **ret, const actor_type *t, const void *v, uint64_t flags)
{
    const struct msg_type *type = types_get(&x->sys->types, MSG_TYPE(t->head_));

    if (unlikely(type == NULL))
        return -ERR_TYPE;
    return message_build_type(x, ret, type, v, flags);
}

int
message_defaults(struct actx *x, struct msg **ret, const struct msg_type *t)
{
    struct arena_mark mark = arena_mark(&x->scratch);
    void *v = arena_zalloc(&x->scratch, t->schema->bytes);
    int r = v == NULL ? -ERR_NOMEM : state_init(t->schema, v, &x->scratch);

    if (r == 0)
        r = message_build_type(x, ret, t, v, 0);
    arena_reset(&x->scratch, mark);
    return r;
}

struct msg *
message_copy(struct actx *x, struct msg *m)
{
    const struct msg_type *type = types_get(&x->sys->types, MSG_TYPE(m->head));
    struct msg *c;

    if (type == NULL ||
        message_build_type(x, &c, type, m + 1, m->head & ~MSG_CLASS_MASK & ~0xffffffffull) < 0)
        return NULL;
    c->sender = m->sender;
    if (m->head & MSG_F_EXT)
        *message_ext(c) = *message_ext(m);
    return c;
}
