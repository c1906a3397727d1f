/* slice.c - the loop that all mail passes through: one visit of a worker to one actor. See turn.h.
 *
 *   begin --> kind: the row for the message in hand --> turns of messages that are alike ---another head---> kind
 *                                                         |   |   |    |
 *              end of mail: idle, leave <-----------------+   |   |    +--> unusual: failed, or something to attend to --> begin
 *              the clock is due: read it, go on, or yield <---+   +--> the tail seen on entry: yield
 *
 * Messages come in runs of one kind, so the row is looked up once a run, and what the turns of a run need lies in registers: the
 * worker, the actor, the message, its head, the row, the turn's number.
 *
 * Fast path a message: head compare, state copy (unless the handler cannot fail), handler call, outbox publish, attention test,
 * next pointer; freed by the dozen; no lock, no clock, no name. One exchange (publish), one compare-and-swap when the mailbox runs
 * empty. A jump that is taken costs as much as six instructions: the usual way falls through. Guarded by bench pingpong, ring1, ring100,
 * fanin.
 */
#include "actor/behind.h"
#include "actor/life.h"
#include "actor/message.h"
#include "actor/outbox.h"
#include "actor/tnode.h"
#include "actor/turn_call.h"

/* What the loop looks at once a run or less.
 *
 * first, and those after it up to the message in hand, had their turn and are not given back yet: linked as they came, one store
 * gives back all of them. All are of one pool class, cls, as in the head; until the first it is that of whatever slice was before. */
struct slice {
    struct msg *end; /* the tail seen on entry */
    struct msg *first;
    uint64_t cls;
    uint64_t from;  /* the turn before first's, by the worker's count; up to there c->turn is right */
    uint64_t begin; /* the turn before this slice, by the worker's count */
    uint64_t turn;  /* the same by the actor's, for when it is gone */
};

INLINE bool
attends(const struct cell *c) /* to anything but its limit */
{
    return (atomic_load_explicit(&c->attn, memory_order_seq_cst) & ~(uint32_t)ATTN_TIMED) != 0;
}

/* The worker's clock is due. true: the slice is over. */
static COLD bool
clock_due(struct actx *x, const struct slice *s)
{
    bool over;

    turns_tally(x);
    over = worker_clock(&x->w, (uint32_t)(turn_count(x) - s->begin));
    if (unlikely(atomic_load_explicit(&x->tn->returned, memory_order_relaxed) != NULL) && !x->w.foreign)
        tnodes_collect(x);
    return over;
}

INLINE bool
clock_is_due(const struct worker *w, uint64_t n)
{
    return n >= w->clock_at;
}

INLINE void
give_back(struct actx *x, const struct slice *s, struct msg *last, uint64_t n)
{
    uint32_t k = (uint32_t)(n - s->from);

    if (likely(s->cls == 0)) /* a known class needs no arithmetic */
        pool_put_chain(&x->w.pool, 0, s->first, last, k);
    else
        pool_put_chain(&x->w.pool, MSG_CLASS(s->cls), s->first, last, k);
}

/* The actor's books, before m goes another way: turn n was that of the message before. */
static COLD void
settle_before(struct actx *x, struct cell *c, struct slice *s, struct msg *m, uint64_t n)
{
    struct msg *last = s->first, *next;

    if (n != s->from) {
        while ((next = atomic_load_explicit(&last->next, memory_order_relaxed)) != m)
            last = next;
        give_back(x, s, last, n);
    }
    c->turn += n - s->from;
    s->from = n;
    s->turn = c->turn - (n - s->begin);
}

/* The actor's turns so far, n by the worker's count. Before it is idle: then the cell is no longer ours. */
INLINE uint64_t
turns_had(struct cell *c, const struct slice *s, uint64_t n)
{
    return c->turn += n - s->from;
}

INLINE const struct dispatch *
table_of(const struct behaviour *b)
{
    /* acquire; pairs with the release of whoever made a newer one */
    return atomic_load_explicit(&b->dispatch, memory_order_acquire);
}

/* m has had its turn and it did not simply end well, or the actor has something else to attend to. Takes m out of the queue.
 * true: the slice goes on. */
static COLD bool
unusual(struct actx *x, struct cell *c, struct slice *s, struct msg *m, int32_t code)
{
    const struct behaviour *b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    struct msg *next;

    settle_before(x, c, s, m, turn_count(x) - 1);
    c->turn++;
    next = mbox_detach(&c->mb, m);
    if (next != NULL)
        mbox_keep(&c->mb, next);
    x->counted++; /* here: */
    x->ticks -= (m->head & MSG_F_SYSTEM) != 0;
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
other_way(struct actx *x, struct cell *c, struct slice *s, struct msg *m)
{
    uint64_t n = turn_count(x);
    struct msg *next;

    settle_before(x, c, s, m, n);
    next = mbox_detach(&c->mb, m);
    if (next != NULL)
        mbox_keep(&c->mb, next);
    turn_message(x, c, m);
    if (turn_count(x) == n) { /* it took no turn: that is a turn too, for the budget */
        turn_apart(x);
        c->turn++;
    }
    return likely(atomic_load_explicit(&c->attn, memory_order_relaxed) == 0) || actor_attend(x, c);
}

/* With a hard limit no key matches, so that all mail goes the long way, to turn_run; without one it costs nothing a turn. */
static const struct dispatch timed = {.rows = {{.key = 0}}};

/* Whatever comes before the mail. What to dispatch by; NULL: the cell is no longer ours. */
static COLD const struct dispatch *
prepare(struct actx *x, struct cell *c, struct slice *s)
{
    uint32_t attn = atomic_load_explicit(&c->attn, memory_order_acquire);
    const struct behaviour *b;

    s->turn = c->turn - (s->from - s->begin);
    if (attn != 0 && !actor_attend(x, c)) {
        if (attn & ATTN_SWEEP) /* no actor: c may be gone, and the turns were those of others */
            s->begin = turn_count(x);
        return NULL;
    }
    b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    if (atomic_load_explicit(&b->swap, memory_order_acquire) != NULL) {
        life_switch(x, c);
        b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    }
    s->from = turn_count(x);
    return turn_timed(c) ? &timed : table_of(b);
}

/* As a rule nothing does: acquire; pairs with the release of whoever asked for attention, or planned the swap. */
INLINE bool
comes_first(const struct cell *c, const struct behaviour *b)
{
    return atomic_load_explicit(&c->attn, memory_order_acquire) != 0 ||
           atomic_load_explicit(&b->swap, memory_order_acquire) != NULL;
}

/* How a run of turns ended. m has had its turn in all cases but the first. */
enum ended {
    ENDED_KIND,   /* m is the next message, and another head */
    ENDED_MAIL,   /* there is none after m */
    ENDED_CLOCK,  /* the clock is due */
    ENDED_SLICE,  /* m was the tail seen on entry */
    ENDED_FAILED, /* or it stops */
    ENDED_ATTEND  /* the actor has something else to attend to */
};
struct run {
    struct actx *x;
    struct cell *c;
    struct msg *m;
    uint64_t n;   /* the worker's turns so far */
    int32_t code; /* ENDED_FAILED */
};

/* m has had its turn, and it ended well. false: *ret says how the run ended; else m is the next message, and of the same head. */
INLINE bool
run_next(struct run *run, const struct slice *s, uint64_t head, enum ended *ret)
{
    struct msg *next;

    *ret = ENDED_ATTEND;
    if (unlikely(atomic_load_explicit(&run->c->attn, memory_order_relaxed) != 0))
        return false;
    *ret = ENDED_MAIL;
    /* pairs with the release in mbox_push */
    next = atomic_load_explicit(&run->m->next, memory_order_acquire);
    if (next == NULL)
        return false;
    *ret = ENDED_CLOCK;
    if (unlikely(clock_is_due(&run->x->w, run->n)))
        return false;
    *ret = ENDED_SLICE;
    if (run->m == s->end)
        return false;
    *ret = ENDED_KIND;
    run->m = next;
    return likely(next->head == head);
}

/* From here on a and b are the bases of all addresses in them; else the compiler keeps half a dozen of those on the stack. */
#define ONE_BASE(a, b) __asm__("" : "+r"(a), "+r"(b))

/* Turns for messages of one head, from m on. nofail: as the row says. */
INLINE enum ended
run_turns(struct run *run, const struct slice *s, const struct dispatch_row *r, uint64_t head, bool nofail)
{
    enum ended how;

    for (;;) {
        void *state;

        run->n++;
        run->x->cur = run->m;
        __builtin_prefetch(atomic_load_explicit(&run->m->next, memory_order_relaxed));
        state = run->c->state;
        if (nofail) {
            turn_call_nofail(run->x, state, r->nofail_fn, run->m + 1, run->n);
            if (unlikely(run->x->dirty != 0))
                turn_commit(run->x, run->c);
        } else {
            int32_t code;

            turn_save(run->x, state, r->undo);
            code = turn_call(run->x, state, r->fn, run->m + 1, run->n);
            if (unlikely(((uint32_t)code | run->x->dirty) != 0)) {
                if (code != 0) {
                    run->code = code;
                    return ENDED_FAILED;
                }
                turn_commit(run->x, run->c);
            }
        }
        ONE_BASE(run->x, run->c);
        /* What follows is written for each way here: a jump to what is common would be taken. */
        if (likely(run->x->ob_top == NULL)) {
            if (!run_next(run, s, head, &how))
                return how;
        } else if (outbox_flush_to_busy(run->x)) {
            if (!run_next(run, s, head, &how))
                return how;
        } else if (!run_next(run, s, head, &how)) {
            return how;
        }
    }
}

/* n turns, the last of them the actor's turn. */
INLINE void
note(struct actx *x, const struct cell *c, uint64_t turn, uint64_t n)
{
    struct record rec = {
        .turn = turn, .slot = c->ref.slot, .n = (uint32_t)n, .kind = REC_SLICE, .ns = x->w.now_ns};

    counter_inc(&x->w.counters, COUNTER_slices);
    recorder_add(x->w.recorder, &rec);
}

/* One visit to run->c. */
INLINE void
slice(struct run *run, struct slice *s)
{
    struct actx *x = run->x;
    struct cell *c = run->c;
    const struct behaviour *b;
    const struct dispatch *d;
    struct msg *next;
    uint64_t turn;

    x->me = c;
    atomic_store_explicit(&x->w.slot, c->ref.slot, memory_order_relaxed);
    run->n = turn_count(x);
    s->begin = run->n;
    goto begin;
again:
    ONE_BASE(x, c);
    run->x = x;
    run->c = c;
begin:
    s->from = run->n;
    b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    if (likely(!comes_first(c, b))) {
        d = table_of(b);
    } else {
        d = prepare(x, c, s);
        run->n = s->from;
        if (d == NULL)
            goto gone;
    }
    /* the tail seen on entry: what arrives later waits for the next slice, so that others run */
    s->end = (struct msg *)atomic_load_explicit(&c->mb.tail, memory_order_relaxed);
    run->m = mbox_first(&c->mb);
    if (unlikely(run->m == NULL)) {
        turn = c->turn;
        if (!mbox_sleep(&c->mb))
            goto again;
        /* An order may have come between our look at attn and going idle: whoever sees both wakes the actor. */
        if (unlikely(attends(c)) && mbox_wake(&c->mb))
            goto again;
        goto out;
    }
    s->first = run->m;
    for (;;) {
        uint64_t head = run->m->head;
        const struct dispatch_row *r = &d->rows[head & d->mask];
        enum ended how;

        atomic_store_explicit(&x->w.type, MSG_TYPE(head), memory_order_relaxed); /* for the watchdog */
        if (unlikely(r->key != (head ^ s->cls))) { /* flags, or not of the class */
            enum other other = other_kind(x, c, d, run->m, s->cls);

            if (other == OTHER_CLASS) {
                settle_before(x, c, s, run->m, run->n);
                s->first = run->m;
                s->cls = head & MSG_CLASS_MASK;
                continue;
            }
            if (other == OTHER_WAY) {
                if (!other_way(x, c, s, run->m))
                    goto gone;
                run->n = turn_count(x);
                if (unlikely(clock_is_due(&x->w, run->n)) && clock_due(x, s))
                    goto yield_anew;
                goto begin_or_yield;
            }
            x->ticks += other == OTHER_TICK;
            r = &d->rows[head & d->mask]; /* again: nothing is kept in a register for it */
            head = 0;                     /* each of this kind comes this way */
        }
        how = likely(r->nofail) ? run_turns(run, s, r, head, true) : run_turns(run, s, r, head, false);
        x = run->x;
        c = run->c;
        switch (how) {
        case ENDED_KIND:
            /* the behaviour's: with a limit no run begins */
            d = table_of(atomic_load_explicit(&c->beh, memory_order_relaxed));
            continue;
        case ENDED_MAIL:
            turn = turns_had(c, s, run->n);
            next = mbox_next(&c->mb, run->m);
            give_back(x, s, run->m, run->n);
            if (unlikely(next != NULL))
                break;
            if (unlikely(attends(c)) && mbox_wake(&c->mb))
                goto again;
            if (unlikely(clock_is_due(&x->w, run->n)))
                clock_due(x, s);
            note(x, c, turn, run->n - s->begin);
            return;
        case ENDED_CLOCK:
        case ENDED_SLICE:
            turn = turns_had(c, s, run->n);
            next = atomic_load_explicit(&run->m->next, memory_order_relaxed); /* run_next() has seen it */
            give_back(x, s, run->m, run->n);
            break;
        case ENDED_FAILED:
        case ENDED_ATTEND:
            if (!unusual(x, c, s, run->m, how == ENDED_FAILED ? run->code : 0))
                goto gone;
            run->n = turn_count(x);
            goto begin_or_yield;
        }
        if (run->m == s->end) {
            if (unlikely(clock_is_due(&x->w, run->n)))
                clock_due(x, s);
            mbox_keep(&c->mb, next);
            goto yield;
        }
        if (unlikely(clock_is_due(&x->w, run->n)) && clock_due(x, s) &&
            !behind_goes_on(x, c, turn - (run->n - s->begin)))
            break;
        run->m = next;
        s->first = next;
        s->from = run->n;
        d = table_of(atomic_load_explicit(&c->beh, memory_order_relaxed));
    }
    mbox_keep(&c->mb, next);
    behind_yield(x, c, turn - (run->n - s->begin), run->n - s->begin);
    goto out;

begin_or_yield:
    if ((uint32_t)(run->n - s->begin) < x->w.sched->cfg.slice_turns)
        goto again;
yield_anew:
    turn = s->turn + (run->n - s->begin);
yield:
    worker_push_ring(&x->w, &c->task);
    goto out;
gone:
    run->n = turn_count(x);
    turn = s->turn + (run->n - s->begin);
out:
    if (likely(run->n != s->begin))
        note(x, c, turn, run->n - s->begin);
}

void
actor_run(struct worker *w, struct task *t)
{
    struct run run = {.x = actx_of(w)};
    struct slice s = {0};

    do {
        run.c = container_of(t, struct cell, task);
        slice(&run, &s);
    } while ((t = sched_again(&run.x->w)) != NULL);
    turns_tally(run.x);
    run.x->me = NULL;
    atomic_store_explicit(&run.x->w.slot, 0, memory_order_relaxed);
}
