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
    uint64_t turn;  /* the same by the actor's, before whatever may end it */
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

INLINE const struct dispatch *
table_of(const struct behaviour *b)
{
    /* acquire; pairs with the release of whoever made a newer one */
    return atomic_load_explicit(&b->dispatch, memory_order_acquire);
}

/* A handler that cannot fail has not, whatever a row of another make returns: its state was not copied. */
static bool
nofail(const struct behaviour *b, const struct msg *m)
{
    /* a newer table has the row too */
    const struct dispatch_row *r = dispatch_find(table_of(b), MSG_TYPE(m->head));

    return r != NULL && r->undo != b->undo;
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
    if (unlikely(code != 0) && nofail(b, m)) {
        turn_commit(x, c);
        code = 0;
    }
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
    return x->hard_limit_ns != 0 || turn_timed_alone(c) ? &timed : table_of(b);
}

/* The same, as a rule nothing. */
INLINE const struct dispatch *
dispatch_of(struct actx *x, struct cell *c, struct slice *s)
{
    const struct behaviour *b = atomic_load_explicit(&c->beh, memory_order_relaxed);

    /* acquire; pairs with the release of whoever asked for attention, or planned the swap */
    if (unlikely(atomic_load_explicit(&c->attn, memory_order_acquire) != 0) ||
        unlikely(atomic_load_explicit(&b->swap, memory_order_acquire) != NULL) ||
        unlikely(x->hard_limit_ns != 0))
        return prepare(x, c, s);
    return table_of(b);
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

/* Turns for messages of one head, from m on. saves: r->undo is not 0. */
INLINE enum ended
run_turns(struct run *run, const struct slice *s, const struct dispatch_row *r, uint64_t head, bool saves)
{
    enum ended how;

    for (;;) {
        void *state;
        int32_t code;

        /* one base for all addresses; else the compiler keeps half a dozen of them on the stack */
        __asm__("" : "+r"(run->x), "+r"(run->c));
        run->n++;
        run->x->cur = run->m;
        __builtin_prefetch(atomic_load_explicit(&run->m->next, memory_order_relaxed));
        state = run->c->state;
        if (saves)
            turn_save(run->x, state, r->undo);
        code = turn_call(run->x, state, r->fn, run->m + 1, run->n);
        __asm__("" : "+r"(run->x), "+r"(run->c));
        if (unlikely(((uint32_t)code | run->x->dirty) != 0)) {
            if (code != 0) {
                run->code = code;
                return ENDED_FAILED;
            }
            turn_commit(run->x, run->c);
        }
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

INLINE void
slice(struct actx *x, struct cell *c, struct slice *s)
{
    struct run run = {.x = x, .c = c, .n = turn_count(x)};
    const struct dispatch *d;
    struct msg *next;
    uint64_t turn;

    /* the base of all its fields; else the compiler keeps half a dozen addresses on the stack */
    __asm__("" : "+r"(c));
    run.c = c;
    x->me = c;
    atomic_store_explicit(&x->w.slot, c->ref.slot, memory_order_relaxed);
    s->begin = run.n;
begin:
    s->from = run.n;
    d = dispatch_of(x, c, s);
    if (unlikely(d == NULL))
        goto gone;
    /* the tail seen on entry: what arrives later waits for the next slice, so that others run */
    s->end = (struct msg *)atomic_load_explicit(&c->mb.tail, memory_order_relaxed);
    run.m = mbox_first(&c->mb);
    if (unlikely(run.m == NULL)) {
        run.n = s->from;
        turn = c->turn - (run.n - s->begin);
        if (!mbox_sleep(&c->mb))
            goto begin;
        /* An order may have come between our look at attn and going idle: whoever sees both wakes the actor. */
        if (unlikely(attends(c)) && mbox_wake(&c->mb))
            goto begin;
        goto out;
    }
    s->first = run.m;
    run.n = s->from;
    for (;;) {
        uint64_t head = run.m->head;
        const struct dispatch_row *r = &d->rows[head & d->mask];
        enum ended how;

        if (unlikely(r->key != (head ^ s->cls))) { /* flags, or not of the class */
            enum other other = other_kind(x, c, d, run.m, s->cls);

            if (other == OTHER_CLASS) {
                settle_before(x, c, s, run.m, run.n);
                s->first = run.m;
                s->cls = head & MSG_CLASS_MASK;
                continue;
            }
            if (other == OTHER_WAY) {
                if (!other_way(x, c, s, run.m))
                    goto gone;
                run.n = turn_count(x);
                if (unlikely(clock_is_due(&x->w, run.n)) && clock_due(x, s))
                    goto yield_anew;
                goto begin_or_yield;
            }
            x->ticks += other == OTHER_TICK;
            r = &d->rows[head & d->mask]; /* again: nothing is kept in a register for it */
            head = 0;                     /* each of this kind comes this way */
        }
        /* for the watchdog; mostly it is the same: a load in place of a store */
        if (atomic_load_explicit(&x->w.type, memory_order_relaxed) != (uint32_t)r->key)
            atomic_store_explicit(&x->w.type, (uint32_t)r->key, memory_order_relaxed);
        how = likely(r->undo == 0) ? run_turns(&run, s, r, head, false) : run_turns(&run, s, r, head, true);
        x = run.x;
        c = run.c;
        if (how == ENDED_KIND) {
            /* the behaviour's: with a limit no run begins */
            d = table_of(atomic_load_explicit(&c->beh, memory_order_relaxed));
            continue;
        }
        if (unlikely(how >= ENDED_FAILED)) {
            if (!unusual(x, c, s, run.m, how == ENDED_FAILED ? run.code : 0))
                goto gone;
            run.n = turn_count(x);
            goto begin_or_yield;
        }
        turn = c->turn + (run.n - s->from);
        c->turn = turn; /* now: when idle, the cell is no longer ours */
        turn -= run.n - s->begin;
        next = mbox_next(&c->mb, run.m);
        give_back(x, s, run.m, run.n);
        if (likely(next == NULL)) {
            if (unlikely(attends(c)) && mbox_wake(&c->mb))
                goto begin;
            if (unlikely(clock_is_due(&x->w, run.n)))
                clock_due(x, s);
            goto out;
        }
        if (run.m == s->end) {
            if (unlikely(clock_is_due(&x->w, run.n)))
                clock_due(x, s);
            mbox_keep(&c->mb, next);
            goto yield;
        }
        if (unlikely(clock_is_due(&x->w, run.n)) && clock_due(x, s) && !behind_goes_on(x, c, turn))
            break;
        run.m = next;
        s->first = next;
        s->from = run.n;
        d = table_of(atomic_load_explicit(&c->beh, memory_order_relaxed));
    }
    mbox_keep(&c->mb, next);
    behind_yield(x, c, turn, run.n - s->begin);
    goto out;

begin_or_yield:
    if ((uint32_t)(run.n - s->begin) < x->w.sched->cfg.slice_turns)
        goto begin;
yield_anew:
    turn = s->turn;
yield:
    worker_push_ring(&x->w, &c->task);
    goto out;
gone:
    run.n = turn_count(x);
    turn = s->turn;
out:
    if (likely(run.n != s->begin)) {
        struct record rec = {.turn = turn + 1,
                             .slot = c->ref.slot,
                             .n = (uint32_t)(run.n - s->begin),
                             .kind = REC_SLICE,
                             .ns = x->w.now_ns};

        counter_inc(&x->w.counters, COUNTER_slices);
        recorder_add(x->w.recorder, &rec);
    }
}

void
actor_run(struct worker *w, struct task *t)
{
    struct actx *x = actx_of(w);
    struct slice s = {0};

    __asm__("" : "+r"(x)); /* likewise */
    do
        slice(x, container_of(t, struct cell, task), &s);
    while ((t = sched_again(&x->w)) != NULL);
    turns_tally(x);
    x->me = NULL;
    atomic_store_explicit(&x->w.slot, 0, memory_order_relaxed);
}
