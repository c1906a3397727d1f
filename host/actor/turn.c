/* turn.c - the slice: the loop that all mail passes through. See turn.h.
 *
 * Fast path a message: key compare, state copy (unless the handler cannot fail), handler call, outbox publish, next pointer,
 * attention test; freed by the dozen; no lock, no clock, no name. One exchange (publish), one compare-and-swap when the mailbox runs empty. Guarded by bench pingpong, ring1,
 * ring100, fanin.
 */
#include "actor/turn.h"
#include "actor/life.h"
#include "actor/message.h"
#include "actor/outbox.h"
#include "actor/tnode.h"
#include <stdio.h>
#include <string.h>

void
host_held_(struct actx *x)
{
    worker_held(&x->w);
}

enum { SAVE_WORDS = 4 }; /* are copied at once, whether the state has them or not: no branch for each */
_Static_assert(UNDO_UNIT == SAVE_WORDS * sizeof(uint64_t), "and are what a row counts");
_Static_assert(CELL_CHUNK % UNDO_UNIT == 0 && UNDO_BYTES % UNDO_UNIT == 0, "all of them have their place");

/* 8 B moves: a 16 B load over a fresh 8 B store would wait for it; the compiler would join two. */
INLINE void
save_word(uint64_t *d, const uint64_t *s)
{
    uint64_t v = *s;

    __asm__("" : "+r"(v));
    *d = v;
}

INLINE void
save_words(uint64_t *d, const uint64_t *s)
{
    save_word(d, s);
    save_word(d + 1, s + 1);
    save_word(d + 2, s + 2);
    save_word(d + 3, s + 3);
}

/* No call: the loop of turns would save registers for it. */
INLINE void
state_save(struct actx *x, const void *state, uint32_t units)
{
    const uint64_t *s = state;
    uint64_t *d = (uint64_t *)(void *)x->state_undo;

    if (likely(units == 1))
        save_words(d, s);
    else
        for (; units != 0; units--, s += SAVE_WORDS, d += SAVE_WORDS)
            save_words(d, s);
}

/* The code goes through, so that the loop needs no place for it. */
static COLD int32_t
held_with(struct actx *x, int32_t code)
{
    worker_held(&x->w);
    return code;
}

/* Computed anew: one that lives across turns lies on the stack. */
INLINE actor_ctx *
ctx_of(struct worker *w)
{
    __asm__ volatile("" : "+r"(w));
    return &actx_of(w)->ctx;
}

/* The handler, and the usual end of a turn. Not 0: the caller rolls back or stops; nothing is published yet. */
INLINE int32_t
call(struct actx *x, void *state, actor_handler fn, const void *p, uint64_t num)
{
    actor_result r;

    atomic_store_explicit(&x->w.stamp, num, memory_order_relaxed);
    host_leave(x);
    r = fn(ctx_of(&x->w), state, p);
    return likely(host_try_enter(x)) ? r.code : held_with(x, r.code);
}

INLINE bool
timed_alone(const struct cell *c)
{
    return (atomic_load_explicit(&c->attn, memory_order_relaxed) & ATTN_TIMED) != 0;
}

/* Is there anything to look at, apart from its limit? */
INLINE bool
attends(const struct cell *c)
{
    return (atomic_load_explicit(&c->attn, memory_order_seq_cst) & ~(uint32_t)ATTN_TIMED) != 0;
}

/* hard_limit is on: a turn that took too long has failed, whatever it returned. Two clock reads a turn. */
static COLD int32_t
call_timed(struct actx *x, struct cell *c, actor_handler fn, const void *p, uint64_t num)
{
    struct env *env = x->sys->env;
    uint64_t limit = timed_alone(c) ? c->ext->hard_limit_ns : x->hard_limit_ns, start = env_mono_ns(env),
             took;
    int32_t code = call(x, c->state, fn, p, num);

    took = env_mono_ns(env) - start;
    if (took <= limit || (code != 0 && code != ACTOR_STOP.code))
        return code;
    x->fail_code = -ERR_LIMIT;
    snprintf(x->fail_text, sizeof x->fail_text, "the turn took %llu ms, hard_limit is %llu ms",
             (unsigned long long)(took / 1000000), (unsigned long long)(limit / 1000000));
    return -ERR_LIMIT;
}

INLINE void
commit(struct actx *x, struct cell *c)
{
    if (unlikely(x->dirty))
        turn_commit(x, c);
    else
        outbox_flush(x);
}

int32_t
turn_run(struct actx *x, struct cell *c, actor_handler fn, const void *p, struct msg *m)
{
    const struct behaviour *b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    int32_t code;

    x->cur = m;
    if (m != NULL && (m->head & MSG_F_ASK))
        x->dirty |= TURN_UNANSWERED;
    state_save(x, c->state, b->undo);
    c->turn++;
    code = unlikely(x->hard_limit_ns != 0 || timed_alone(c)) ? call_timed(x, c, fn, p, c->turn)
                                                             : call(x, c->state, fn, p, c->turn);
    if (likely(code == 0))
        commit(x, c);
    else if (code == ACTOR_STOP.code)
        turn_commit(x, c);
    else
        turn_rollback(x, c, b->undo != 0);
    x->cur = NULL;
    return code;
}

/* The worker's clock is due. true: the slice is over. */
static COLD bool
clock_due(struct actx *x, uint32_t n)
{
    bool over = worker_clock(&x->w, n);

    if (unlikely(atomic_load_explicit(&x->tn->returned, memory_order_relaxed) != NULL) && !x->w.foreign)
        tnodes_collect(x);
    return over;
}

/* A handler that cannot fail has not, whatever a row of another make returns: its state was not copied. */
static bool
nofail(const struct behaviour *b, const struct msg *m)
{
    const struct dispatch *d = atomic_load_explicit(
        &b->dispatch, memory_order_acquire); /* a newer one than the turn's has the row too */
    const struct dispatch_row *r = dispatch_find(d, MSG_TYPE(m->head));

    return r != NULL && r->undo != b->undo;
}

/* m has had its turn and it did not simply end well, or the actor has something else to attend to. Takes m out of the queue.
 * true: the slice goes on. */
static COLD bool
unusual(struct actx *x, struct cell *c, struct msg *m, int32_t code)
{
    const struct behaviour *b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    struct msg *next = mbox_detach(&c->mb, m);

    if (next != NULL)
        mbox_keep(&c->mb, next);
    if (unlikely(code != 0) && nofail(b, m)) {
        turn_commit(x, c);
        code = 0;
    }
    if (code == 0 || code == ACTOR_STOP.code) {
        if (code != 0) {
            turn_commit(x, c);
            life_stop(x, c, ACTOR_REASON_STOPPED);
        }
        counter_inc(&x->w.counters, m->head & MSG_F_SYSTEM ? COUNTER_handled_system : COUNTER_handled_user);
        message_free(x, m);
    } else {
        turn_rollback(x, c, b->undo != 0);
        life_turn_failed(x, c, m, code);
    }
    x->cur = NULL;
    return actor_attend(x, c);
}

/* m brings the answer to an ask, of the type that was asked for: ends the ask. false: it is not that simple, and nothing happened. */
INLINE bool
ask_answered(struct actx *x, struct cell *c, struct msg *m)
{
    const struct msg_ext *ext = message_ext(m);
    struct tnode *n = tnode_at(x->sys, ext->slot);

    if (!tnode_is(n, ext->gen) || n->who != c->ref.gen || n->incarnation != c->incarnation ||
        MSG_TYPE(m->head) != atomic_load_explicit(&n->type, memory_order_relaxed))
        return false;
    x->tag = ext->tag;
    tnode_end(x, ext->slot);
    return true;
}

/* m is a tick of a timer that fires once: that is over. false: not of a timer that lives, and nothing happened. */
#define MSG_TICK (MSG_F_TIMER | MSG_F_JOB | MSG_F_SYSTEM)
INLINE bool
tick_taken(struct actx *x, struct cell *c, struct msg *m)
{
    const struct msg_ext *ext = message_ext(m);
    struct tnode *n = tnode_at(x->sys, ext->slot);

    if (!tnode_is(n, ext->gen) || n->who != c->ref.gen)
        return false;
    x->tag = ext->tag;
    m->head &= ~MSG_F_TIMER; /* mail like any other from here on */
    tnode_unlink(x, c->ext, n);
    tnode_end(x, ext->slot);
    return true;
}

/* Mail whose head is not just the key and the class of the chain in hand. */
enum other {
    OTHER_TALK,  /* a question, or an answer that was waited for: from here on like any other */
    OTHER_TICK,  /* likewise, but not user mail */
    OTHER_CLASS, /* perhaps only another class */
    OTHER_WAY    /* it converts, is large or unknown, or has other flags */
};
static __attribute__((noinline)) enum other
other_kind(struct actx *x, struct cell *c, const struct dispatch *d, struct msg *m, uint64_t cls)
{
    const struct dispatch_row *r = &d->rows[m->head & d->mask];
    uint64_t flag = m->head & (MSG_TICK | MSG_F_ASK | MSG_F_REPLY);

    if (r->key != (MSG_KEY(m->head) ^ flag) || MSG_CLASS(m->head) >= POOL_LARGE)
        return OTHER_WAY;
    if ((m->head & MSG_CLASS_MASK) != cls)
        return OTHER_CLASS;
    if (flag == MSG_F_ASK) {
        x->dirty = TURN_UNANSWERED;
        return OTHER_TALK;
    }
    if (flag == MSG_F_REPLY)
        return ask_answered(x, c, m) ? OTHER_TALK : OTHER_WAY;
    return flag == MSG_TICK && tick_taken(x, c, m) ? OTHER_TICK : OTHER_WAY;
}

/* OTHER_WAY. m leaves the queue first, so that it may go anywhere. true: the slice goes on. */
static __attribute__((noinline)) bool
other_way(struct actx *x, struct cell *c, struct msg *m)
{
    struct msg *next = mbox_detach(&c->mb, m);

    if (next != NULL)
        mbox_keep(&c->mb, next);
    turn_message(x, c, m);
    return likely(atomic_load_explicit(&c->attn, memory_order_relaxed) == 0) || actor_attend(x, c);
}

/* With a hard limit no key matches, so that all mail goes the long way, to turn_run; without one it costs nothing a turn. */
static const struct dispatch timed = {.rows = {{.key = 0}}};

/* Messages that had their turn stay where they are, linked as they came, until the clock is due or the slice ends: then one
 * store gives all of them back. All are of one pool class. */
struct used {
    struct msg *first;
    uint64_t cls;  /* as in the head */
    uint64_t from; /* the turn before first's */
};

INLINE void
used_free(struct actx *x, struct used *u, struct msg *last, uint64_t num)
{
    pool_put_chain(&x->w.pool, MSG_CLASS(u->cls), u->first, last, (uint32_t)(num - u->from));
}

/* Free those before m, which goes another way; num: the turn of the last of them. */
static COLD void
used_free_before(struct actx *x, struct used *u, struct msg *m, uint64_t num)
{
    struct msg *last = u->first, *next;

    if (num == u->from)
        return;
    while ((next = atomic_load_explicit(&last->next, memory_order_relaxed)) != m)
        last = next;
    used_free(x, u, last, num);
    u->from = num;
}

/* What the slices of one run of the worker's loop have in common. */
struct tally {
    uint64_t handled; /* not in the counter yet */
    uint64_t ticks;   /* of these: not user mail */
    uint64_t slices;
};

INLINE void /* else all of the tally would live in memory */
tally_count(struct worker *w, struct tally *t)
{
    counter_add(&w->counters, COUNTER_handled_user, t->handled - t->ticks);
    counter_add(&w->counters, COUNTER_handled_system, t->ticks);
    t->handled = t->ticks = 0;
}

/* Turns are counted by their numbers alone: the usual turn touches no counter. */
INLINE void
slice(struct actx *x, struct cell *c, struct tally *tally)
{
    struct worker *w = &x->w;
    uint64_t num, mark,
        first;          /* the turn in hand; the last one that is in the tally; the one before this slice */
    uint32_t other = 0; /* messages that took no turn */
    struct used used = {0};

    x->me = c;
    num = mark = first = c->turn;
    atomic_store_explicit(&w->slot, c->ref.slot, memory_order_relaxed);
    goto begin;
again:
    tally->handled += num - mark;
    mark = num;
begin:;
    struct behaviour *b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    const struct dispatch *d = NULL;

    if (unlikely(atomic_load_explicit(&c->attn, memory_order_acquire) != 0)) {
        if (!actor_attend(x, c))
            goto out;
        b = atomic_load_explicit(&c->beh, memory_order_relaxed);
        d = timed_alone(c) ? &timed : NULL;
    }
    /* acquire; pairs with the release of whoever planned the swap */
    if (unlikely(atomic_load_explicit(&b->swap, memory_order_acquire) != NULL)) {
        life_switch(x, c);
        b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    }
    if (likely(d == NULL))
        d = likely(x->hard_limit_ns == 0) ? atomic_load_explicit(&b->dispatch, memory_order_acquire) : &timed;
    /* the tail seen on entry: what arrives later waits for the next slice, so that others run */
    uintptr_t end = atomic_load_explicit(&c->mb.tail, memory_order_relaxed);
    struct msg *m = mbox_first(&c->mb), *next;

    if (unlikely(m == NULL)) {
        if (!mbox_sleep(&c->mb))
            goto again;
        /* An order may have come between our look at attn and going idle: whoever sees both wakes the actor. */
        if (unlikely(attends(c)) && mbox_wake(&c->mb))
            goto again;
        goto out;
    }
    num = mark = c->turn;
    used = (struct used){.first = m, .from = num};
    for (;;) {
        const struct dispatch_row *r = &d->rows[m->head & d->mask];
        void *state;
        int32_t code;

        num++;
        /* one base for all addresses; else the compiler keeps half a dozen of them on the stack */
        __asm__("" : "+r"(c), "+r"(r));
        if (unlikely(r->key != (m->head ^ used.cls))) { /* flags, or not of the class */
            enum other how = other_kind(x, c, d, m, used.cls);

            if (how > OTHER_TICK) {
                num--;
                used_free_before(x, &used, m, num);
                if (how == OTHER_CLASS) {
                    used = (struct used){.first = m, .cls = m->head & MSG_CLASS_MASK, .from = num};
                    continue;
                }
                c->turn = num;
                tally->handled += num - mark;
                mark = num;
                if (!other_way(x, c, m))
                    goto out;
                other += c->turn == num;
                num = mark = c->turn;
                if (unlikely(--w->clock_left == 0) && clock_due(x, (uint32_t)(num - first) + other))
                    goto yield;
                goto again_or_yield;
            }
            tally->ticks += how == OTHER_TICK;
            r = &d->rows[m->head & d->mask]; /* again: nothing is kept in a register for it */
        }
        x->cur = m;
        atomic_store_explicit(&w->type, (uint32_t)r->key, memory_order_relaxed); /* for the watchdog */
        __builtin_prefetch(atomic_load_explicit(&m->next, memory_order_relaxed));
        state = c->state;
        state_save(x, state, r->undo);
        code = call(x, state, r->fn, m + 1, num);
        __asm__("" : "+r"(c));
        if (likely(((uint32_t)code | x->dirty) == 0))
            outbox_flush(x);
        else if (code == 0)
            turn_commit(x, c);
        if (unlikely(code != 0) || unlikely(atomic_load_explicit(&c->attn, memory_order_relaxed) != 0)) {
            used_free_before(x, &used, m, num - 1);
            c->turn = num;
            tally->handled += num - 1 - mark; /* this one is counted there */
            tally->ticks -= (m->head & MSG_F_SYSTEM) != 0;
            mark = num;
            if (!unusual(x, c, m, code))
                goto out;
            goto again_or_yield;
        }
        next = atomic_load_explicit(&m->next, memory_order_acquire); /* pairs with the release in mbox_push */
        if (next == NULL) {
            c->turn = num; /* now: when idle, the cell is no longer ours */
            next = mbox_next(&c->mb, m);
        }
        if (next == NULL) {
            used_free(x, &used, m, num);
            if (unlikely(attends(c)) && mbox_wake(&c->mb))
                goto again;
            if (unlikely(--w->clock_left == 0))
                clock_due(x, (uint32_t)(num - first) + other);
            goto out;
        }
        if (unlikely(--w->clock_left == 0)) {
            used_free(x, &used, m, num);
            used.first = next;
            used.from = num;
            tally->handled += num - mark;
            tally_count(w, tally);
            mark = num;
            if (clock_due(x, (uint32_t)(num - first) + other))
                goto keep;
        }
        if ((uintptr_t)m == end) {
            if (num != used.from)
                used_free(x, &used, m, num);
            goto keep;
        }
        m = next;
    }

keep:
    c->turn = num;
    mbox_keep(&c->mb, next);
    goto yield;
again_or_yield:
    if ((uint32_t)(num - first) + other < w->sched->cfg.slice_turns)
        goto again;
yield:
    worker_push_ring(w, &c->task);
out:
    tally->handled += num - mark;
    other += (uint32_t)(num - first);
    if (likely(other != 0)) {
        struct record rec = {
            .turn = first + 1, .slot = c->ref.slot, .n = other, .kind = REC_SLICE, .ns = w->now_ns};

        tally->slices++;
        recorder_add(w->recorder, &rec);
    }
}

void
actor_run(struct worker *w, struct task *t)
{
    struct actx *x = actx_of(w);
    struct tally tally = {0};

    do
        slice(x, container_of(t, struct cell, task), &tally);
    while ((t = sched_again(w)) != NULL);
    tally_count(w, &tally);
    counter_add(&w->counters, COUNTER_slices, tally.slices);
    x->me = NULL;
    atomic_store_explicit(&w->slot, 0, memory_order_relaxed);
}
