/* call_send.c - the host's table: sending. Everything unusual leaves by a tail call, so the usual tell saves no registers.
 *
 * tell, usual case: resolve (one compare; to the target of the tell before, none), a block from the magazine, up to 32 B copied, or
 * a word stored, and two or three stores into the outbox; no atomic, no lock. Loads and stores bound it, three a cycle. Guarded by
 * bench pingpong and fanin. */
#include "actor/call.h"
#include "actor/life.h"
#include "actor/message.h"
#include "actor/outbox.h"
#include "actor/tnode.h"
#include "actor/turn.h"
#include <string.h>

/* A turn may publish so much. Counted on slow paths only: usual tells a magazine at a time, when it is filled anew. */
static int
charge(struct actx *x, uint64_t msgs, uint64_t bytes)
{
    struct turn_books *b = turn_books(x);

    b->msgs += msgs;
    b->bytes += bytes;
    return b->bytes > TURN_BYTES_MAX || b->msgs > TURN_MESSAGES_MAX ? -ERR_LIMIT : 0;
}

static size_t
block_bytes(const struct msg *m)
{
    unsigned cls = MSG_CLASS(m->head);

    return cls < POOL_LARGE ? pool_class_bytes(cls) : pool_large_bytes(m);
}

/* m, or the caps are reached and m is gone. */
static int
charge_block(struct actx *x, uint64_t msgs, struct msg *m)
{
    int r = charge(x, msgs, block_bytes(m));

    if (r < 0)
        message_free(x, m);
    return r;
}

/* units 0: type not loaded; over 4: large, or not flat (0xffff) */
INLINE bool
is_small(const actor_type *t, uint64_t flags)
{
    return !POOL_COUNTED && t->units_ - 1u < (flags & MSG_F_EXT ? MESSAGE_UNITS_EXT : MESSAGE_UNITS);
}

static COLD int
build_slow(struct actx *x, struct msg **ret, const actor_type *t, const void *v, uint64_t flags)
{
    int r = message_build(x, ret, t, v, flags);

    if (r == 0)
        r = charge_block(x, 1, *ret);
    if (r == 0)
        counter_inc(&x->w.counters, COUNTER_sent_user);
    if (r == 0 &&
        is_small(t, flags)) /* the list is a new one: what message_small will take from it uncounted */
        charge(x, pool_listed(&x->w.pool, 0), pool_listed(&x->w.pool, 0) * POOL_MIN_BYTES);
    return r;
}

INLINE int
build(struct actx *x, struct msg **ret, const actor_type *t, const void *v, uint64_t flags)
{
    if (likely(is_small(t, flags)) && likely((*ret = message_small(x, t, v, flags)) != NULL))
        return 0;
    return build_slow(x, ret, t, v, flags);
}

/* m, which is counted as sent, to the outbox; on failure it is freed. */
INLINE int
enqueue(struct actx *x, struct cell *c, struct msg *m)
{
    int r = outbox_add(x, c, m);

    if (unlikely(r < 0)) {
        message_unsent(x);
        message_free(x, m);
        return r;
    }
    return 0;
}

static int
no_actor(struct actx *x, actor_ref to, const actor_type *t, const void *v)
{
    struct msg *m;
    int r = message_build(x, &m, t, v, 0);

    if (r == 0) {
        counter_inc(&x->w.counters, COUNTER_sent_user);
        message_bury(x, to, m, DEAD_no_actor, 0);
    }
    return r == 0 ? -ERR_DEAD : r;
}

static COLD int
tell_slow(actor_ctx *ctx, actor_ref to, const actor_type *t, const void *v)
{
    struct actx *x = (struct actx *)ctx;
    struct cell *c = cell_resolve(x, to);
    struct msg *m;
    int r;

    if (c == NULL) {
        r = no_actor(x, to, t, v);
    } else if ((r = build(x, &m, t, v, 0)) == 0) {
        r = enqueue(x, c, m);
    }
    host_leave(x);
    return r;
}

/* The worker is about to be taken over, or was: wait for the outcome, then by the way that is always right. */
static COLD int
tell_held(actor_ctx *ctx, actor_ref to, const actor_type *t, const void *v)
{
    host_held_((struct actx *)ctx);
    return tell_slow(ctx, to, t, v);
}

/* The cell of a reference that is alive. false: look again by cell_resolve. */
INLINE bool
resolve_usual(struct cell **ret, const struct actx *x, actor_ref to)
{
    if (unlikely(to.slot >= x->cells_max))
        return false;
    *ret = &x->cells[to.slot];
    return cell_is(x, *ret, to);
}

/* The usual ways into the outbox: the turn's first target, or the one before. */
INLINE bool
enqueue_usual(struct actx *x, struct cell *c, struct msg *m)
{
    struct outbox_entry *e = x->ob_top;

    if (e == NULL) {
        outbox_open_(x, x->ob, c, m);
    } else if (likely(e->to == c)) {
        outbox_chain_(e, m);
    } else {
        return false;
    }
    return true;
}

/* The newest target of this turn is the one meant: its reference need not be looked up. */
INLINE bool
told_last(const struct outbox_entry *e, actor_ref to)
{
    const struct cell *c = e->to;
    uint64_t word; /* not by fields: the compiler makes five instructions of one compare */

    memcpy(&word, &to, sizeof word);
    return !((uintptr_t)c & OUTBOX_FRESH) && cell_word(c) == word && cell_gen(c) == to.gen;
}

/* The turn's first. */
INLINE int
tell_first(struct actx *x, struct cell *c, struct msg *m)
{
    outbox_open_(x, x->ob, c, m);
    host_leave(x);
    return 0;
}

INLINE int
tell_again(struct actx *x, struct outbox_entry *e, struct msg *m)
{
    outbox_chain_(e, m);
    host_leave(x);
    return 0;
}

static __attribute__((noinline)) int
tell_many(struct actx *x, struct cell *c, struct msg *m)
{
    int r = enqueue(x, c, m);

    host_leave(x);
    return r;
}

/* To another target than the tell before it in this turn. */
static __attribute__((noinline)) int
tell_other(actor_ctx *ctx, actor_ref to, const actor_type *t, const void *v)
{
    struct actx *x = (struct actx *)ctx;
    struct cell *c;
    struct msg *m;

    if (unlikely(!resolve_usual(&c, x, to)) || unlikely(!is_small(t, 0)) ||
        unlikely((m = message_small(x, t, v, 0)) == NULL))
        return tell_slow(ctx, to, t, v);
    return tell_many(x, c, m);
}

HOT int
call_tell(actor_ctx *ctx, actor_ref to, const actor_type *t, const void *v)
{
    struct actx *x = (struct actx *)ctx;
    struct outbox_entry *e = x->ob_top;
    struct cell *c;
    struct msg *m;

    if (unlikely(!host_try_enter(x)))
        return tell_held(ctx, to, t, v);
    if (unlikely(e != NULL)) {
        if (!told_last(e, to))
            return tell_other(ctx, to, t, v);
        if (unlikely(!is_small(t, 0)) || unlikely((m = message_small(x, t, v, 0)) == NULL))
            return tell_slow(ctx, to, t, v);
        return tell_again(x, e, m);
    }
    if (unlikely(!resolve_usual(&c, x, to)) || unlikely(!is_small(t, 0)) ||
        unlikely((m = message_small(x, t, v, 0)) == NULL))
        return tell_slow(ctx, to, t, v);
    return tell_first(x, c, m);
}

/* Takes the word along: the usual tell keeps it out of memory. */
static COLD int
tell_word_slow(actor_ctx *ctx, actor_ref to, const actor_type *t, uint64_t word)
{
    host_enter((struct actx *)ctx);
    return tell_slow(ctx, to, t, &word);
}

static __attribute__((noinline)) int
tell_word_other(actor_ctx *ctx, actor_ref to, const actor_type *t, uint64_t word)
{
    struct actx *x = (struct actx *)ctx;
    struct cell *c;
    struct msg *m;

    if (unlikely(!resolve_usual(&c, x, to)) || unlikely((m = message_word(x, t, word)) == NULL))
        return tell_word_slow(ctx, to, t, word);
    return tell_many(x, c, m);
}

HOT int
call_tell_word(actor_ctx *ctx, actor_ref to, const actor_type *t, uint64_t word)
{
    struct actx *x = (struct actx *)ctx;
    struct outbox_entry *e = x->ob_top;
    struct cell *c;
    struct msg *m;

    if (unlikely(!host_try_enter(x)))
        return tell_word_slow(ctx, to, t, word);
    if (unlikely(e != NULL)) {
        if (!told_last(e, to))
            return tell_word_other(ctx, to, t, word);
        if (unlikely((m = message_word(x, t, word)) == NULL))
            return tell_word_slow(ctx, to, t, word);
        return tell_again(x, e, m);
    }
    if (unlikely(!resolve_usual(&c, x, to)) || unlikely((m = message_word(x, t, word)) == NULL))
        return tell_word_slow(ctx, to, t, word);
    return tell_first(x, c, m);
}

void *
call_msg_new(actor_ctx *ctx, const actor_type *t)
{
    struct actx *x = (struct actx *)ctx;
    struct msg *m = NULL;

    host_enter(x);
    if (t->head_ != 0)
        m = message_alloc(x, t->bytes, false, t->head_);
    if (m != NULL && charge_block(x, 1, m) < 0)
        m = NULL;
    if (m != NULL) {
        memset(m + 1, 0, t->bytes);
        m->sender = x->me->ref;
        atomic_store_explicit(&m->next, x->fresh, memory_order_relaxed);
        x->fresh = m;
        x->dirty |= TURN_SLOW_PARTS;
    }
    host_leave(x);
    return m == NULL ? NULL : m + 1;
}

static bool
take_fresh(struct actx *x, struct msg *m)
{
    struct msg *prev = NULL, *f = x->fresh, *next;

    while (f != NULL && f != m) {
        prev = f;
        f = atomic_load_explicit(&f->next, memory_order_relaxed);
    }
    if (f == NULL)
        return false;
    next = atomic_load_explicit(&m->next, memory_order_relaxed);
    if (prev == NULL)
        x->fresh = next;
    else
        atomic_store_explicit(&prev->next, next, memory_order_relaxed);
    atomic_store_explicit(&m->next, NULL, memory_order_relaxed);
    return true;
}

int
call_send(actor_ctx *ctx, actor_ref to, void *payload)
{
    struct actx *x = (struct actx *)ctx;
    struct msg *m = msg_of(payload), *copy;
    struct cell *c;
    int r;

    host_enter(x);
    c = cell_resolve(x, to);
    if (!take_fresh(x, m)) { /* not from msg_new of this turn */
        r = -ERR_INVALID;
    } else {
        const struct msg_type *t = types_get(&x->sys->types, MSG_TYPE(m->head));

        r = 0;
        if (!t->schema->flat) { /* its views point anywhere: now they move into a block */
            r = message_build_type(x, &copy, t, payload, 0);
            message_free(x, m);
            m = copy;
            if (r == 0)
                r = charge_block(x, 0, m);
        }
        if (r == 0 && c == NULL) {
            counter_inc(&x->w.counters, COUNTER_sent_user);
            message_bury(x, to, m, DEAD_no_actor, 0);
            r = -ERR_DEAD;
        } else if (r == 0) {
            counter_inc(&x->w.counters, COUNTER_sent_user);
            r = enqueue(x, c, m);
        }
    }
    host_leave(x);
    return r;
}

static COLD int
reply_slow(actor_ctx *ctx, const actor_type *t, const void *v)
{
    struct actx *x = (struct actx *)ctx;
    struct msg *q = x->cur, *m;
    struct cell *c;
    int r;

    host_enter(x);
    if (q == NULL || q->sender.gen == 0) {
        r = -ERR_DEAD;
    } else if ((q->head & MSG_F_ASK) && !(x->dirty & TURN_UNANSWERED)) {
        r = -ERR_CANCELED; /* the first answer counts */
    } else if ((c = cell_resolve(x, q->sender)) == NULL) {
        r = no_actor(x, q->sender, t, v);
    } else if ((r = build(x, &m, t, v, q->head & MSG_F_ASK ? MSG_F_REPLY : 0)) == 0) {
        if (q->head & MSG_F_ASK)
            *message_ext(m) = *message_ext(q);
        r = enqueue(x, c, m);
        if (r == 0)
            x->dirty &= ~(uint32_t)TURN_UNANSWERED;
    }
    host_leave(x);
    return r;
}

static COLD int
reply_many(struct actx *x, struct cell *c, struct msg *m)
{
    int r = enqueue(x, c, m);

    if (r == 0)
        x->dirty &= ~(uint32_t)TURN_UNANSWERED;
    host_leave(x);
    return r;
}

HOT int
call_reply(actor_ctx *ctx, const actor_type *t, const void *v)
{
    struct actx *x = (struct actx *)ctx;
    struct msg *q, *m;
    struct cell *c;

    if (unlikely(!host_try_enter(x)) ||
        unlikely(!(x->dirty & TURN_UNANSWERED))) /* a question is in hand, then */
        return reply_slow(ctx, t, v);
    q = x->cur;
    if (unlikely(!resolve_usual(&c, x, q->sender)) || unlikely(!is_small(t, MSG_F_REPLY)))
        return reply_slow(ctx, t, v);
    m = message_small(x, t, v, MSG_F_REPLY);
    if (unlikely(m == NULL))
        return reply_slow(ctx, t, v);
    *message_ext(m) = *message_ext(q);
    if (unlikely(!enqueue_usual(x, c, m)))
        return reply_many(x, c, m);
    x->dirty &= ~(uint32_t)TURN_UNANSWERED;
    host_leave(x);
    return 0;
}

int
call_forward(actor_ctx *ctx, actor_ref to)
{
    struct actx *x = (struct actx *)ctx;
    struct msg *q = x->cur, *m;
    struct cell *c;
    int r = 0;

    host_enter(x);
    if (q == NULL || (q->head & MSG_F_SYSTEM))
        r = -ERR_INVALID;
    else if ((q->head & MSG_F_ASK) && !(x->dirty & TURN_UNANSWERED))
        r = -ERR_CANCELED;
    else if ((c = cell_resolve(x, to)) == NULL)
        r = -ERR_DEAD;
    else if ((m = message_copy(x, q)) == NULL)
        r = -ERR_NOMEM;
    else if ((r = charge_block(x, 1, m)) == 0) {
        m->head &= ~(uint64_t)(MSG_F_REPLY |
                               MSG_F_SEEN); /* an answer was ours to wait for; to the next it is a message */
        counter_inc(&x->w.counters, COUNTER_sent_user);
        r = enqueue(x, c, m);
        if (r == 0)
            x->dirty &= ~(uint32_t)TURN_UNANSWERED;
    }
    host_leave(x);
    return r;
}

/* Sent, or r < 0: not asked, so nothing may time out. */
INLINE int
asked(struct actx *x, uint32_t handle, int r)
{
    struct turn_books *b;

    if (unlikely(r < 0)) {
        tnode_end(x, handle);
    } else {
        b = turn_books(x);
        tnode_own(x, handle)->prev = b->asked;
        b->asked = handle;
    }
    host_leave(x);
    return r;
}

INLINE void
ask_write(const struct actx *x, struct msg *m, uint32_t handle, uint64_t tag)
{
    *message_ext(m) =
        (struct msg_ext){handle, atomic_load_explicit(&tnode_own(x, handle)->gen, memory_order_relaxed), tag};
}

static COLD int
ask_slow(actor_ctx *ctx, actor_ref to, const actor_type *answer, uint64_t timeout_ms, uint64_t tag,
         const actor_type *t, const void *v)
{
    struct actx *x = (struct actx *)ctx;
    struct cell *c;
    struct msg *m;
    int r;

    host_enter(x);
    c = cell_resolve(x, to);
    if (answer->head_ == 0) {
        r = -ERR_TYPE;
    } else if (c == NULL) {
        r = -ERR_DEAD;
    } else if ((r = build(x, &m, t, v, MSG_F_ASK)) == 0) {
        uint32_t h = tnode_ask(x, to, MSG_TYPE(answer->head_), timeout_ms, tag);

        if (h != 0) {
            ask_write(x, m, h, tag);
            return asked(x, h, enqueue(x, c, m));
        }
        message_unsent(x);
        message_free(x, m);
        r = -ERR_NOMEM;
    }
    host_leave(x);
    return r;
}

static COLD int
ask_many(struct actx *x, struct cell *c, struct msg *m, uint32_t handle)
{
    return asked(x, handle, enqueue(x, c, m));
}

HOT int
call_ask(actor_ctx *ctx, actor_ref to, const actor_type *answer, uint64_t timeout_ms, uint64_t tag,
         const actor_type *t, const void *v)
{
    struct actx *x = (struct actx *)ctx;
    struct cell *c;
    struct msg *m;
    uint32_t h;

    if (unlikely(!host_try_enter(x)) || unlikely(answer->head_ == 0))
        return ask_slow(ctx, to, answer, timeout_ms, tag, t, v);
    if (unlikely(!resolve_usual(&c, x, to)) || unlikely(!is_small(t, MSG_F_ASK)) ||
        unlikely(x->w.pool.list[0].head == NULL))
        return ask_slow(ctx, to, answer, timeout_ms, tag, t, v);
    h = tnode_ask_usual(x, to, MSG_TYPE(answer->head_), timeout_ms, tag);
    if (unlikely(h == 0))
        return ask_slow(ctx, to, answer, timeout_ms, tag, t, v);
    m = message_small(x, t, v, MSG_F_ASK);
    ask_write(x, m, h, tag);
    if (unlikely(!enqueue_usual(x, c, m)))
        return ask_many(x, c, m, h);
    return asked(x, h, 0);
}

int
call_flush(actor_ctx *ctx)
{
    struct actx *x = (struct actx *)ctx;

    uint32_t n = 0;

    host_enter(x);
    outbox_flush(x);
    /* What is out cannot be taken back: the children may run already, the asks may be answered. */
    for (uint32_t i = 0; i < x->nfx; i++)
        if (x->fx[i].kind != FX_SPAWN)
            x->fx[n++] = x->fx[i];
    x->nfx = n;
    turn_books(x)->asked = 0;
    host_leave(x);
    return 0;
}
