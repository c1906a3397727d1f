/* tnode_fire.c - what is due: ticks, deadlines, back-offs.
 *
 *   wheel --> 240 entries --> prefetch nodes --> prefetch neighbors and cells --> ticks of one actor linked to a chain --> mailbox
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
    uint32_t sent;
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

static COLD void
chains_open(struct worker *w, struct chains *ch, struct cell *c, uint32_t slot, struct msg *m)
{
    uint32_t i;

    if (ch->n == CHAINS)
        chains_flush(w, ch);
    i = ch->n++;
    ch->at[slot % CHAINS] = (uint8_t)ch->n;
    ch->v[i].c = c;
    ch->v[i].first = ch->v[i].last = m;
}

/* m->next is NULL. */
INLINE void
chains_add(struct worker *w, struct chains *ch, struct cell *c, uint32_t slot, struct msg *m)
{
    uint32_t i = ch->at[slot % CHAINS];

    ch->sent++;
    if (likely(i != 0 && i <= ch->n && ch->v[i - 1].c == c)) {
        atomic_store_explicit(&ch->v[i - 1].last->next, m, memory_order_relaxed); /* published by mbox_push */
        ch->v[i - 1].last = m;
    } else {
        chains_open(w, ch, c, slot, m);
    }
}

/* The actor has ended. It ends its timers itself; an ask that was still open is ours now, since no later slice will touch it.
 * Acquire; pairs with the release of the generation in life.c: an ask that the actor ended before looks ended to us. */
static void
orphan(struct actx *x, struct tnode *n, uint32_t handle)
{
    (void)__atomic_load_n(&cell_at(x->sys, n->slot)->ref.gen, __ATOMIC_ACQUIRE);
    if (n->kind == TNODE_ASK && tnode_lives(n))
        tnode_end(x, handle);
}

/* Again at due. There is room: this entry has just left the wheel. */
static COLD void
again(struct actx *x, struct tnode *n, const struct wheel_entry *e, uint64_t due)
{
    n->armed = wheel_arm(x->tn->wheel, &x->w.pool, e->id, e->gen, due);
    if (n->armed)
        wheel_done(x->tn->wheel);
}

INLINE uint32_t
handle_of(const struct actx *x, const struct wheel_entry *e)
{
    return x->tn->home << TNODE_HOME_SHIFT | e->id;
}

/* A message for n's actor, with a tag as its ext; the payload follows. NULL: no memory. */
INLINE struct msg *
news(struct actx *x, const struct tnode *n, const struct wheel_entry *e, unsigned cls, uint64_t flags,
     uint64_t tag)
{
    struct msg *m = pool_get(&x->w.pool, cls);
    struct msg_ext *ext;

    if (unlikely(m == NULL))
        return NULL;
    ext = (struct msg_ext *)(void *)((char *)m + pool_class_bytes(cls)) - 1;
    atomic_store_explicit(&m->next, NULL, memory_order_relaxed);
    m->head = flags | MSG_F_SYSTEM | (uint64_t)cls << MSG_CLASS_SHIFT;
    m->sender = tnode_who(x, n);
    ext->slot = handle_of(x, e);
    ext->gen = e->gen;
    ext->tag = tag;
    return m;
}

static COLD void
fire_ask(struct actx *x, struct chains *ch, struct cell *c, struct tnode *n, const struct wheel_entry *e)
{
    const struct tnode_extra *extra = &x->tn->extra[e->id];
    struct msg *m;

    /* the news ends the ask when it is handled. Should the asker end before that, we find out here. */
    if (atomic_load_explicit(&n->inflight, memory_order_relaxed) != 0) {
        again(x, n, e, e->due_tick + ASK_LINGER_MS);
        return;
    }
    m = news(x, n, e, DEADLINE_CLASS, MSG_F_ASK_FAILED | x->sys->st.ask_failed->id, extra->tag);
    again(x, n, e, e->due_tick + (m == NULL ? 1 : ASK_LINGER_MS)); /* no memory: try again in a tick */
    if (m == NULL)
        return;
    atomic_store_explicit(&n->inflight, 1, memory_order_relaxed);
    *(actor_ask_failed *)msg_payload(m) = (actor_ask_failed){extra->target, -ERR_TIMEOUT};
    chains_add(&x->w, ch, c, n->slot, m);
}

/* Once, and what the handler gets lies in the node. */
INLINE void
fire_inline(struct actx *x, struct chains *ch, struct cell *c, struct tnode *n, const struct wheel_entry *e)
{
    const struct tnode_extra *extra = &x->tn->extra[e->id];
    bool bare = n->class == TNODE_BARE;
    struct msg *m = news(x, n, e, TICK_CLASS,
                         MSG_F_TIMER | MSG_F_JOB | atomic_load_explicit(&n->type, memory_order_relaxed),
                         bare ? 0 : extra->tag);
    uint64_t *d;

    if (unlikely(m == NULL)) {
        again(x, n, e, e->due_tick + 1); /* no memory: try again in a tick */
        return;
    }
    d = msg_payload(m);
    d[0] = bare ? 0 : extra->inline_[0];
    d[1] = bare ? 0 : extra->inline_[1];
    chains_add(&x->w, ch, c, n->slot, m);
}

static COLD void
fire_message(struct actx *x, struct chains *ch, struct cell *c, struct tnode *n, const struct wheel_entry *e)
{
    struct tnode_extra *extra = &x->tn->extra[e->id];
    /* acq_rel; pairs with the exchange in free_message: one of us owns the message */
    struct msg *m = atomic_exchange_explicit(&extra->message, NULL, memory_order_acq_rel);

    if (m != NULL)
        chains_add(&x->w, ch, c, n->slot, m);
}

static COLD void
fire_again(struct actx *x, struct chains *ch, struct cell *c, struct tnode *n, const struct wheel_entry *e)
{
    const struct tnode_extra *extra = &x->tn->extra[e->id];
    struct msg *m;

    /* acquire/release with the clear in the actor's slice: it has taken the tick before */
    if (atomic_exchange_explicit(&n->inflight, 1, memory_order_acq_rel) != 0) {
        counter_inc(&x->w.counters, COUNTER_ticks_coalesced);
        again(x, n, e, e->due_tick + extra->period_ms);
        return;
    }
    m = news(x, n, e, TICK_CLASS, MSG_F_TIMER, extra->tag);
    if (m == NULL) {
        atomic_store_explicit(&n->inflight, 0, memory_order_relaxed);
        again(x, n, e, e->due_tick + 1);
        return;
    }
    again(x, n, e, e->due_tick + extra->period_ms);
    chains_add(&x->w, ch, c, n->slot, m);
}

static COLD void
fire_retry(struct actx *x, struct cell *c, struct tnode *n, const struct wheel_entry *e)
{
    struct order *o = cell_order_new(x, ORDER_RETRY);

    if (o == NULL) {
        again(x, n, e, e->due_tick + 1);
        return;
    }
    o->a = handle_of(x, e);
    o->b = e->gen;
    cell_order(x, c, o);
}

/* Not alive any more. false: the wheel was told that this entry is dead. */
static bool
fire_ended(struct tnode *n, uint32_t gen, const struct wheel_entry *e)
{
    if (gen != e->gen + 1 || !n->armed)
        return false;
    n->armed = 0; /* ended elsewhere; it is on its way home */
    return true;
}

/* n is not the usual timer. c: its actor, or NULL: ended. */
static __attribute__((noinline)) void
fire_other(struct actx *x, struct chains *ch, struct cell *c, struct tnode *n, const struct wheel_entry *e)
{
    if (c == NULL) {
        if (!SABOTAGE(timer_after_stop) || n->kind == TNODE_ASK || n->kind == TNODE_RETRY) {
            orphan(x, n, handle_of(x, e));
            return;
        }
        c = cell_at(x->sys, n->slot); /* the tick outlives its actor */
    }
    if (n->kind == TNODE_ASK)
        fire_ask(x, ch, c, n, e);
    else if (n->kind == TNODE_RETRY)
        fire_retry(x, c, n, e);
    else if (n->kind == TNODE_REPEATING)
        fire_again(x, ch, c, n, e);
    else if (n->class < TNODE_BARE)
        fire_message(x, ch, c, n, e);
    else
        fire_inline(x, ch, c, n, e);
}

/* What n's tick needs besides n. Its neighbors in the actor's list: those that were armed elsewhere, and what an ask has there, are
 * a wrong guess. */
INLINE void
look_ahead(const struct actx *x, const struct tnodes *t, uint32_t index)
{
    const struct tnode *n = &t->node[index];

    __builtin_prefetch(&t->node[__atomic_load_n(&n->next, __ATOMIC_RELAXED) & TNODE_INDEX], 1);
    __builtin_prefetch(&t->node[__atomic_load_n(&n->prev, __ATOMIC_RELAXED) & TNODE_INDEX], 1);
    __builtin_prefetch(&x->cells[n->slot], 1);
    if (n->class != TNODE_BARE)
        __builtin_prefetch(&t->extra[index], 1);
}

size_t
tnodes_fire(struct worker *w, const struct wheel_entry *e, size_t n)
{
    struct actx *x = actx_of(w);
    const struct tnodes *t = x->tn;
    struct chains ch;
    size_t dead = 0;

    ch.n = ch.sent = 0;
    memset(ch.at, 0, sizeof ch.at);
    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(&t->node[e[i].id], 1);
    for (size_t i = 0; i < n; i++)
        look_ahead(x, t, e[i].id);
    for (size_t i = 0; i < n; i++) {
        struct tnode *node = &t->node[e[i].id];
        uint32_t gen = atomic_load_explicit(&node->gen, memory_order_relaxed);
        struct cell *c;

        if (unlikely(gen != e[i].gen)) {
            dead += !fire_ended(node, gen, &e[i]);
            continue;
        }
        node->armed = 0;
        c = cell_resolve(x, tnode_who(x, node));
        if (likely(c != NULL && node->kind == TNODE_TIMER && node->class >= TNODE_BARE))
            fire_inline(x, &ch, c, node, &e[i]);
        else
            fire_other(x, &ch, c, node, &e[i]);
    }
    chains_flush(w, &ch);
    counter_add(&w->counters, COUNTER_sent_system, ch.sent);
    return dead;
}
