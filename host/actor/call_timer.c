/* call_timer.c - the host's table: timers. One is armed at once, and ended again if its turn fails; a cancel waits for the end of
 * the turn.
 *
 * Fast path: once, flat, 16 B at most. A node from the free list, an entry in the wheel, the first in the actor's list; no
 * call. Guarded by bench timers and bench-guard arm.
 */
#include "actor/call.h"
#include "actor/life.h"
#include "actor/message.h"
#include "actor/tnode.h"
#include "actor/turn.h"

/* 31 bits of generation keep the id positive. */
#define GEN_BITS 0x7fffffffu

/* Repeating, or more than fits a node: the message becomes one beside it. Once: that message is the tick itself; JOB so that a
 * tick that is stashed keeps its tag. */
static COLD int
arm_message(struct actx *x, uint32_t *ret, uint64_t after_ms, uint64_t every_ms, uint64_t tag,
            const actor_type *t, const void *v)
{
    struct tnode *n;
    struct msg *m;
    uint32_t h;
    int r = message_build(x, &m, t, v, MSG_F_TIMER | MSG_F_JOB | MSG_F_SYSTEM);

    if (r < 0)
        return r;
    h = tnode_arm(x, every_ms == 0 ? TNODE_TIMER : TNODE_REPEATING, x->me->ref, after_ms, every_ms, tag);
    if (h == 0) {
        message_free(x, m);
        return -ERR_NOMEM;
    }
    n = tnode_own(x, h);
    *message_ext(m) = (struct msg_ext){h, atomic_load_explicit(&n->gen, memory_order_relaxed), tag};
    n->class = (uint8_t)MSG_CLASS(m->head);
    atomic_store_explicit(&n->type, MSG_TYPE(m->head), memory_order_relaxed);
    /* home fires: this worker, later */
    atomic_store_explicit(&tnode_extra(x->sys, h)->message, m, memory_order_relaxed);
    *ret = h;
    return 0;
}

/* t->units_ has been looked at; v is read as by call_tell. false: no memory. */
INLINE bool
arm_inline(struct actx *x, uint32_t *ret, uint64_t after_ms, uint64_t tag, const actor_type *t, const void *v)
{
    struct tnodes *tn = x->tn;
    const uint64_t *s = v;
    uint64_t first = s[0], second = t->units_ > 1 ? s[1] : 0;
    uint8_t class = TNODE_BARE;
    uint32_t index, gen;

    if (unlikely(x->w.foreign) || unlikely((index = tnode_take_(x)) == 0))
        return false;
    gen = atomic_load_explicit(&tn->node[index].gen, memory_order_relaxed) + 1;
    /* never early: count from the tick after now */
    if (unlikely(!wheel_arm(tn->wheel, &x->w.pool, index, gen,
                            turn_now(x) / 1000000 + 1 +
                                (after_ms > TNODE_AFTER_MAX ? TNODE_AFTER_MAX : after_ms)))) {
        tn->free[tn->nfree++] = index;
        return false;
    }
    if ((tag | first | second) != 0) {
        tn->extra[index].tag = tag;
        tn->extra[index].inline_[0] = first;
        tn->extra[index].inline_[1] = second;
        class = TNODE_INLINE;
    }
    tnode_begin_(&tn->node[index], TNODE_TIMER, x->me->ref, MSG_TYPE(t->head_), class, gen);
    *ret = tn->home << TNODE_HOME_SHIFT | index;
    return true;
}

int64_t
call_timer(actor_ctx *ctx, uint64_t after_ms, uint64_t every_ms, uint64_t tag, const actor_type *t,
           const void *v)
{
    struct actx *x = (struct actx *)ctx;
    struct turn_books *books;
    struct cell_ext *ext;
    struct tnode *n;
    uint32_t h;
    int64_t id;
    int r = 0;

    host_enter(x);
    books = turn_books(x);
    ext = likely(x->me->ext != NULL) ? x->me->ext : cell_ext_get(x, x->me);
    if (unlikely(books->narmed == TIMERS_ARMED_MAX))
        r = -ERR_LIMIT;
    else if (unlikely(ext == NULL))
        r = -ERR_NOMEM;
    else if (unlikely(every_ms != 0 || t->units_ - 1 >= TNODE_INLINE_UNITS))
        r = arm_message(x, &h, after_ms, every_ms, tag, t, v);
    else if (unlikely(!arm_inline(x, &h, after_ms, tag, t, v)))
        r = -ERR_NOMEM;
    if (unlikely(r < 0)) {
        host_leave(x);
        return r;
    }
    n = tnode_own(x, h);
    tnode_link(x, ext, h, n);
    books->narmed++; /* a turn that fails takes the newest of its actor's timers back, so many */
    id = (int64_t)((uint64_t)(atomic_load_explicit(&n->gen, memory_order_relaxed) & GEN_BITS) << 32 | h);
    host_leave(x);
    return id;
}

int
call_timer_cancel(actor_ctx *ctx, int64_t id)
{
    struct actx *x = (struct actx *)ctx;
    struct tnode *n;
    int r = -ERR_NOTFOUND;

    host_enter(x);
    n = id <= 0 ? NULL : tnode_at(x->sys, (uint32_t)id);
    if (n != NULL && (n->kind == TNODE_TIMER || n->kind == TNODE_REPEATING) && n->who == x->me->ref.gen) {
        uint32_t gen = atomic_load_explicit(&n->gen, memory_order_relaxed);

        if ((gen & 1) && (gen & GEN_BITS) == (uint32_t)(id >> 32))
            r = effect_add(x, (struct turn_effect){.kind = FX_TIMER_CANCEL,
                                                   .handle = (uint64_t)gen << 32 | (uint32_t)id});
    }
    host_leave(x);
    return r;
}
