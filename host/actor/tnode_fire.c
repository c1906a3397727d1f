/* tnode_fire.c - what is due: ticks, deadlines, back-offs.
 *
 *   wheel --> 240 entries --> prefetch nodes --> prefetch messages and cells --> ticks of one actor linked to a chain --> mailbox
 *
 * Without the two passes each timer would wait for three cache misses one after the other. A chain costs one exchange, however
 * long it is. Guarded by bench timers.
 */
#include "actor/actor_system.h"
#include "actor/message.h"
#include "actor/tnode.h"
#include "actor/turn.h"
#include <string.h>

enum {
    ASK_LINGER_MS = 1000,
    CHAINS = 16,
    TICK_CLASS = 0, /* header, 16 B and ext */
    DEADLINE_CLASS = 1
};
_Static_assert(sizeof(struct msg) + sizeof(actor_ask_failed) + sizeof(struct msg_ext) <=
                   POOL_MIN_BYTES << DEADLINE_CLASS,
               "a deadline's message");

/* Ticks on their way to some actors. They are flushed in order of opening, so each actor gets its own in order of time. */
struct chains {
    uint32_t n;
    uint8_t at[CHAINS]; /* by slot: number of its chain, from 1 on; may be another's */
    struct {
        struct cell *c;
        struct msg *first, *last;
    } v[CHAINS];
};

static void
chains_flush(struct worker *w, struct chains *ch)
{
    for (uint32_t i = 0; i < ch->n; i++)
        if (mbox_push(&ch->v[i].c->mb, ch->v[i].first, ch->v[i].last))
            worker_push(w, &ch->v[i].c->task);
    ch->n = 0;
}

static void
chains_add(struct worker *w, struct chains *ch, struct cell *c, uint32_t slot, struct msg *m)
{
    uint32_t i = ch->at[slot % CHAINS];

    counter_inc(w->counters, COUNTER_sent_system);
    if (likely(i != 0 && i <= ch->n && ch->v[i - 1].c == c)) {
        atomic_store_explicit(&ch->v[i - 1].last->next, m, memory_order_relaxed); /* published by mbox_push */
        ch->v[i - 1].last = m;
        return;
    }
    if (ch->n == CHAINS)
        chains_flush(w, ch);
    i = ch->n++;
    ch->at[slot % CHAINS] = (uint8_t)ch->n;
    ch->v[i].c = c;
    ch->v[i].first = ch->v[i].last = m;
}

/* The actor has ended. It ends its timers itself; an ask that was still open is ours now, since no later slice will touch it.
 * Acquire; pairs with the release of the generation in life.c: an ask that the actor ended before looks ended to us. */
static void
orphan(struct actx *x, struct tnode *n)
{
    (void)__atomic_load_n(&cell_at(x->sys, n->who.slot)->ref.gen, __ATOMIC_ACQUIRE);
    if (n->kind == TNODE_ASK && tnode_lives(n))
        tnode_end(x, n);
}

/* Again at due. There is room: this entry has just left the wheel. */
static void
again(struct actx *x, struct tnode *n, const struct wheel_entry *e, uint64_t due)
{
    n->armed = wheel_arm(x->tn->wheel, &x->w.pool, e->id, e->gen, due);
}

static struct msg *
news(struct actx *x, struct tnode *n, uint32_t gen, unsigned cls, uint64_t flags)
{
    struct msg *m = pool_get(&x->w.pool, cls);

    if (unlikely(m == NULL))
        return NULL;
    atomic_store_explicit(&m->next, NULL, memory_order_relaxed);
    m->head = flags | MSG_F_SYSTEM | (uint64_t)cls << MSG_CLASS_SHIFT;
    *message_ext(m) = (struct msg_ext){n->handle, gen, n->tag};
    m->sender = n->who;
    return m;
}

static void
fire_ask(struct actx *x, struct chains *ch, struct cell *c, struct tnode *n, const struct wheel_entry *e)
{
    struct msg *m;

    /* the news ends the ask when it is handled. Should the asker end before that, we find out here. */
    if (atomic_load_explicit(&n->inflight, memory_order_relaxed) != 0) {
        again(x, n, e, e->due_tick + ASK_LINGER_MS);
        return;
    }
    m = news(x, n, e->gen, DEADLINE_CLASS, MSG_F_ASK_FAILED | x->sys->st.ask_failed->id);
    again(x, n, e, e->due_tick + (m == NULL ? 1 : ASK_LINGER_MS)); /* no memory: try again in a tick */
    if (m == NULL)
        return;
    atomic_store_explicit(&n->inflight, 1, memory_order_relaxed);
    *(actor_ask_failed *)msg_payload(m) = (actor_ask_failed){n->target, -ERR_TIMEOUT};
    chains_add(&x->w, ch, c, n->who.slot, m);
}

static void
fire_once(struct actx *x, struct chains *ch, struct cell *c, struct tnode *n, const struct wheel_entry *e)
{
    struct msg *m;

    if (likely(n->class == TNODE_INLINE)) {
        uint64_t *d;

        m = news(x, n, e->gen, TICK_CLASS,
                 MSG_F_TIMER | MSG_F_JOB | atomic_load_explicit(&n->type, memory_order_relaxed));
        if (m == NULL) {
            again(x, n, e, e->due_tick + 1); /* no memory: try again in a tick */
            return;
        }
        d = msg_payload(m);
        d[0] = n->inline_[0];
        d[1] = n->inline_[1];
    } else {
        /* acq_rel; pairs with the exchange in tnode_end: one of us owns the message */
        m = atomic_exchange_explicit(&n->message, NULL, memory_order_acq_rel);
        if (m == NULL)
            return;
    }
    chains_add(&x->w, ch, c, n->who.slot, m);
}

static void
fire_again(struct actx *x, struct chains *ch, struct cell *c, struct tnode *n, const struct wheel_entry *e)
{
    struct msg *m;

    /* acquire/release with the clear in the actor's slice: it has taken the tick before */
    if (atomic_exchange_explicit(&n->inflight, 1, memory_order_acq_rel) != 0) {
        counter_inc(x->w.counters, COUNTER_ticks_coalesced);
        again(x, n, e, e->due_tick + n->period_ms);
        return;
    }
    m = news(x, n, e->gen, TICK_CLASS, MSG_F_TIMER);
    if (m == NULL) {
        atomic_store_explicit(&n->inflight, 0, memory_order_relaxed);
        again(x, n, e, e->due_tick + 1);
        return;
    }
    again(x, n, e, e->due_tick + n->period_ms);
    chains_add(&x->w, ch, c, n->who.slot, m);
}

static void
fire_retry(struct actx *x, struct cell *c, struct tnode *n, const struct wheel_entry *e)
{
    struct order *o = cell_order_new(x, ORDER_RETRY);

    if (o == NULL) {
        again(x, n, e, e->due_tick + 1);
        return;
    }
    o->a = n->handle;
    o->b = e->gen;
    cell_order(x, c, o);
}

/* false: the wheel was told that this entry is dead. */
static bool
fire(struct actx *x, struct chains *ch, const struct wheel_entry *e)
{
    struct tnode *n = &x->tn->node[e->id];
    uint32_t gen = atomic_load_explicit(&n->gen, memory_order_relaxed);
    struct cell *c;

    if (unlikely(gen != e->gen)) {
        if (gen != e->gen + 1 || !n->armed)
            return false;
        n->armed = 0; /* ended elsewhere; it is on its way home */
        return true;
    }
    n->armed = 0;
    c = cell_resolve(x, n->who);
    if (c == NULL) {
        if (!SABOTAGE(timer_after_stop) || n->kind == TNODE_ASK || n->kind == TNODE_RETRY) {
            orphan(x, n);
            return true;
        }
        c = cell_at(x->sys, n->who.slot); /* the tick outlives its actor */
    }
    if (n->kind == TNODE_ASK)
        fire_ask(x, ch, c, n, e);
    else if (n->kind == TNODE_RETRY)
        fire_retry(x, c, n, e);
    else if (likely(n->kind == TNODE_TIMER))
        fire_once(x, ch, c, n, e);
    else
        fire_again(x, ch, c, n, e);
    return true;
}

size_t
tnodes_fire(struct worker *w, const struct wheel_entry *e, size_t n)
{
    struct actx *x = actx_of(w);
    const struct tnode *table = x->tn->node;
    struct chains ch;
    size_t dead = 0;

    ch.n = 0;
    memset(ch.at, 0, sizeof ch.at);

    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(&table[e[i].id], 1);
    for (size_t i = 0; i < n; i++) {
        const struct tnode *node = &table[e[i].id];

        /* its neighbours in the actor's list; those that were armed elsewhere, and what an ask has there, are a wrong guess */
        __builtin_prefetch(&table[__atomic_load_n(&node->next, __ATOMIC_RELAXED) & TNODE_INDEX], 1);
        __builtin_prefetch(&table[__atomic_load_n(&node->prev, __ATOMIC_RELAXED) & TNODE_INDEX], 1);
        if (node->class != TNODE_INLINE)
            __builtin_prefetch(atomic_load_explicit(&node->message, memory_order_relaxed), 1);
        __builtin_prefetch(&x->cells[node->who.slot], 1);
    }
    for (size_t i = 0; i < n; i++)
        dead += !fire(x, &ch, &e[i]);
    chains_flush(w, &ch);
    return dead;
}
