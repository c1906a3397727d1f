/* call_timer.c - the host's table: timers. One is armed at once, and ended again if its turn fails; a cancel waits for the end of
 * the turn.
 *
 * Fast path: once, flat, 16 B at most. A node from the free list, an entry in the wheel, the first in the actor's list. From the
 * second of a turn on no call and no clock. Guarded by bench timers and bench-guard arm.
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
    if (unlikely(!wheel_arm(tn->wheel, &x->w.pool, index, gen,
                            x->first_tick + (after_ms > TNODE_AFTER_MAX ? TNODE_AFTER_MAX : after_ms)))) {
        tn->free[tn->nfree++] = index;
        return false;
    }
    if ((tag | first | second) != 0) {
        tn->extra[index].tag = tag;
        tn->extra[index].inline_[0] = first;
        tn->extra[index].inline_[1] = second;
        class = TNODE_INLINE;
    }
    tnode_begin_(&tn->node[index], tnode_about_(TNODE_TIMER, class), x->me->ref, MSG_TYPE(t->head_), gen);
    *ret = tn->home << TNODE_HOME_SHIFT | index;
    return true;
}

INLINE int64_t
timer_id(uint32_t gen, uint32_t handle)
{
    return (int64_t)((uint64_t)(gen & GEN_BITS) << 32 | handle);
}

/* Any timer. */
static __attribute__((noinline)) int64_t
arm_any(struct actx *x, uint64_t after_ms, uint64_t every_ms, uint64_t tag, const actor_type *t,
        const void *v)
{
    struct turn_books *books;
    struct cell_ext *ext;
    struct tnode *n;
    uint32_t h;
    int r = 0;

    host_enter(x);
    books = turn_books(x);
    ext = likely(x->me->ext != NULL) ? x->me->ext : cell_ext_get(x, x->me);
    if (books->narmed == 0)
        x->first_tick = turn_now(x) / 1000000 + 1; /* never early: count from the tick after now */
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
    host_leave(x);
    return timer_id(atomic_load_explicit(&n->gen, memory_order_relaxed), h);
}

/* One more of this turn: without a look at the clock and without a call, where all that it needs is at hand. No worker that
 * schedules by injection gets here: a port has armed nothing, and who was taken over passes host_try_enter no more. */
static __attribute__((noinline)) int64_t
arm_next(struct actx *x, uint64_t after_ms, uint64_t every_ms, uint64_t tag, const actor_type *t,
         const void *v)
{
    struct tnodes *tn = x->tn;
    struct cell *me = x->me;
    const uint64_t *s = v;
    const uint64_t due = x->first_tick + after_ms;
    const uint32_t units = t->units_, narmed = x->books.narmed;
    uint64_t first, second = 0;
    uint32_t index, gen, h, next, about = tnode_about_(TNODE_TIMER, TNODE_BARE);
    struct wheel_slot *slot;
    struct cell_ext *ext;
    struct tnode *n;

    if (unlikely(narmed == TIMERS_ARMED_MAX) || unlikely(units - 1 >= TNODE_INLINE_UNITS) ||
        unlikely((every_ms | after_ms >> 32) != 0) || unlikely(tn->nfree == 0))
        return arm_any(x, after_ms, every_ms, tag, t, v);
    slot = wheel_usual(tn->wheel, due);
    ext = me->ext; /* there is one, as a timer was armed */
    next = ext->timers;
    h = tn->home << TNODE_HOME_SHIFT;
    if (unlikely(slot == NULL) || unlikely((next ^ h) - 1 >= TNODE_INDEX))
        return arm_any(x, after_ms, every_ms, tag, t, v);

    x->books.narmed = narmed + 1;
    index = tnode_pop_(tn);
    n = &tn->node[index];
    h |= index;
    gen = atomic_load_explicit(&n->gen, memory_order_relaxed) + 1;
    wheel_arm_usual(tn->wheel, slot, index, gen, due);
    first = s[0];
    if (units > 1)
        second = s[1];
    if (unlikely((tag | first | second) != 0)) {
        tn->extra[index].tag = tag;
        tn->extra[index].inline_[0] = first;
        tn->extra[index].inline_[1] = second;
        about = tnode_about_(TNODE_TIMER, TNODE_INLINE);
    }
    tnode_begin_(n, about, me->ref, MSG_TYPE(t->head_), gen);
    __atomic_store_n(&n->prev, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&n->next, next, __ATOMIC_RELAXED);
    __atomic_store_n(&tn->node[next & TNODE_INDEX].prev, h, __ATOMIC_RELAXED);
    ext->timers = h;
    host_leave(x);
    return timer_id(gen, h);
}

int64_t
call_timer(actor_ctx *ctx, uint64_t after_ms, uint64_t every_ms, uint64_t tag, const actor_type *t,
           const void *v)
{
    struct actx *x = (struct actx *)ctx;

    if (likely(host_try_enter(x)) &&
        x->books.stamp == atomic_load_explicit(&x->w.stamp, memory_order_relaxed) &&
        x->books.gen == cell_gen(x->me) && x->books.narmed != 0)
        return arm_next(x, after_ms, every_ms, tag, t, v);
    return arm_any(x, after_ms, every_ms, tag, t, v);
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
