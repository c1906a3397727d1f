/* tnode.c - see tnode.h. */
#include "actor/tnode.h"
#include "actor/actor_system.h"
#include "actor/message.h"
#include "actor/turn.h"
#include <string.h>

enum { ASK_LINGER_MS = 1000 };
#define TNODE_AFTER_MAX (UINT64_C(1) << 48) /* some 8,900 years: sums of times do not wrap */

int
tnodes_new(struct tnodes **ret, struct env *env, uint32_t home, struct wheel *wheel)
{
    struct tnodes *t = env_alloc(env, sizeof *t);

    if (t == NULL)
        return -ERR_NOMEM;
    t->env = env;
    t->home = home;
    t->wheel = wheel;
    t->used = 1; /* handle 0 is none */
    *ret = t;
    return 0;
}

void
tnodes_free(struct tnodes *t)
{
    if (t == NULL)
        return;
    for (uint32_t i = 0; i < TNODE_CHUNKS; i++)
        env_free(t->env, atomic_load_explicit(&t->chunk[i], memory_order_relaxed),
                 TNODE_CHUNK * sizeof(struct tnode));
    env_free(t->env, t, sizeof *t);
}

static struct tnode *
at(struct tnodes *t, uint32_t index)
{
    /* acquire; pairs with the release in fresh_chunk */
    struct tnode *chunk =
        atomic_load_explicit(&t->chunk[index / TNODE_CHUNK % TNODE_CHUNKS], memory_order_acquire);

    return chunk == NULL ? NULL : &chunk[index % TNODE_CHUNK];
}

struct tnode *
tnode_at(struct system *sys, uint32_t handle)
{
    uint32_t home = handle >> TNODE_HOME_SHIFT;

    return sys->tn[home] == NULL ? NULL : at(sys->tn[home], handle & ((1u << TNODE_HOME_SHIFT) - 1));
}

static COLD struct tnode *
fresh_chunk(struct tnodes *t)
{
    uint32_t k = t->used / TNODE_CHUNK;
    struct tnode *chunk;

    if (t->used % TNODE_CHUNK != 0 && t->used != 1)
        return at(t, t->used++);
    if (k >= TNODE_CHUNKS)
        return NULL;
    if (t->used != 1 || at(t, 1) == NULL) {
        chunk = env_alloc(t->env, TNODE_CHUNK * sizeof *chunk);
        if (chunk == NULL)
            return NULL;
        for (uint32_t i = 0; i < TNODE_CHUNK; i++)
            chunk[i].handle = t->home << TNODE_HOME_SHIFT | (k * TNODE_CHUNK + i);
        atomic_store_explicit(&t->chunk[k], chunk, memory_order_release);
    }
    return at(t, t->used++);
}

static void
put_free(struct tnodes *t, struct tnode *n)
{
    n->next = t->free;
    t->free = n->handle & ((1u << TNODE_HOME_SHIFT) - 1);
}

void
tnodes_collect(struct actx *x)
{
    struct tnodes *t = x->tn;
    /* acquire; pairs with the release in tnode_end: the actor's last writes to the node */
    struct tnode *n = atomic_load_explicit(&t->returned, memory_order_relaxed) == NULL
                          ? NULL
                          : atomic_exchange_explicit(&t->returned, NULL, memory_order_acquire);

    while (n != NULL) {
        struct tnode *next = n->returned;

        wheel_cancel(t->wheel, &n->wheel);
        put_free(t, n);
        n = next;
    }
}

struct tnode *
tnode_arm(struct actx *x, enum tnode_kind kind, actor_ref who, uint64_t after_ms, uint64_t period_ms,
          uint64_t tag)
{
    struct tnodes *t = x->tn;
    struct tnode *n;

    if (unlikely(x->w.foreign))
        return NULL;
    if (unlikely(t->free == 0) && atomic_load_explicit(&t->returned, memory_order_relaxed) != NULL)
        tnodes_collect(x);
    if (likely(t->free != 0)) {
        n = at(t, t->free);
        t->free = n->next;
    } else {
        n = fresh_chunk(t);
        if (n == NULL)
            return NULL;
    }
    n->kind = kind;
    n->who.node = who.node;
    n->who.gen = who.gen;
    __atomic_store_n(&n->who.slot, who.slot, __ATOMIC_RELAXED);
    atomic_store_explicit(&n->type, 0, memory_order_relaxed);
    n->tag = tag;
    n->period_ms = period_ms > TNODE_AFTER_MAX ? TNODE_AFTER_MAX : period_ms;
    n->template = NULL;
    n->next = n->prev = 0;
    atomic_store_explicit(&n->inflight, 0, memory_order_relaxed);
    atomic_store_explicit(&n->gen, atomic_load_explicit(&n->gen, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    if (after_ms > TNODE_AFTER_MAX)
        after_ms = TNODE_AFTER_MAX;
    /* never early: count from the tick after now */
    wheel_arm(t->wheel, &n->wheel, turn_now(x) / 1000000 + 1 + after_ms);
    return n;
}

void
tnode_end(struct actx *x, struct tnode *n)
{
    struct tnodes *home = x->sys->tn[n->handle >> TNODE_HOME_SHIFT];

    if (n->kind == TNODE_TIMER && n->template != NULL) {
        message_free(x, n->template);
        n->template = NULL;
    }
    atomic_store_explicit(&n->gen, atomic_load_explicit(&n->gen, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    if (likely(home == x->tn && !x->w.foreign)) {
        wheel_cancel(home->wheel, &n->wheel);
        put_free(home, n);
        return;
    }
    n->returned = atomic_load_explicit(&home->returned, memory_order_relaxed);
    /* release; pairs with the acquire in tnodes_collect */
    while (!atomic_compare_exchange_weak_explicit(&home->returned, &n->returned, n, memory_order_release,
                                                  memory_order_relaxed))
        ;
}

/* The actor has ended. It ends its timers itself; an ask that was still open is ours now, since no later slice will touch it.
 * Acquire; pairs with the release of the generation in life.c: an ask that the actor ended before looks ended to us. */
static void
orphan(struct actx *x, struct tnode *n)
{
    (void)__atomic_load_n(&cell_at(x->sys, n->who.slot)->ref.gen, __ATOMIC_ACQUIRE);
    if (n->kind == TNODE_ASK && (atomic_load_explicit(&n->gen, memory_order_relaxed) & 1))
        tnode_end(x, n);
}

void
tnode_fire(struct worker *w, struct wheel_node *wn)
{
    struct actx *x = actx_of(w);
    struct tnode *n = (struct tnode *)(void *)((char *)wn - offsetof(struct tnode, wheel));
    uint32_t gen = atomic_load_explicit(&n->gen, memory_order_relaxed);
    uint64_t due = wn->due_tick;
    struct cell *c;
    struct msg *m;

    if (!(gen & 1))
        return; /* ended; it is on its way home */
    c = cell_resolve(x, n->who);
    if (c == NULL && !SABOTAGE(timer_after_stop)) {
        orphan(x, n);
        return;
    }
    if (n->kind == TNODE_RETRY) {
        struct order *o = c == NULL ? NULL : cell_order_new(x, ORDER_RETRY);

        if (o == NULL)
            goto later;
        o->a = n->handle;
        o->b = gen;
        cell_order(x, c, o);
        return;
    }
    if (n->period_ms != 0)
        wheel_arm(x->tn->wheel, wn, due + n->period_ms);
    if (n->kind == TNODE_ASK) {
        /* The news ends the ask when it is handled. Should the asker end before that, we find out here. */
        wheel_arm(x->tn->wheel, wn, due + ASK_LINGER_MS);
        if (atomic_exchange_explicit(&n->inflight, 1, memory_order_relaxed) != 0)
            return;
    }
    /* acquire/release with the clear in the actor's slice: it has taken the tick before */
    if (n->kind == TNODE_TIMER && atomic_exchange_explicit(&n->inflight, 1, memory_order_acq_rel) != 0) {
        counter_inc(w->counters, COUNTER_ticks_coalesced);
        return;
    }
    m = message_alloc(x, sizeof(actor_ask_failed), true,
                      n->kind == TNODE_TIMER ? MSG_F_TIMER | MSG_F_SYSTEM
                                             : MSG_F_ASK_FAILED | MSG_F_SYSTEM | x->sys->st.ask_failed->id);
    if (m == NULL) {
        atomic_store_explicit(&n->inflight, 0, memory_order_relaxed);
        goto later;
    }
    *message_ext(m) = (struct msg_ext){n->handle, gen, n->tag};
    m->sender = n->who;
    if (n->kind == TNODE_ASK)
        *(actor_ask_failed *)msg_payload(m) = (actor_ask_failed){n->target, -ERR_TIMEOUT};
    counter_inc(w->counters, COUNTER_sent_system);
    if (c == NULL)
        c = cell_at(x->sys, n->who.slot); /* sabotage: the tick outlives its actor */
    if (mbox_push(&c->mb, m, m))
        worker_push(w, &c->task);
    return;

later: /* no memory: try again in a tick */
    wheel_arm(x->tn->wheel, wn, due + 1);
}

static bool
waits(struct system *sys, struct tnode *n, const struct behaviour *b, const char *type)
{
    uint32_t gen = atomic_load_explicit(&n->gen, memory_order_relaxed);
    uint32_t slot = __atomic_load_n(&n->who.slot, __ATOMIC_RELAXED);
    const struct msg_type *t = types_get(&sys->types, atomic_load_explicit(&n->type, memory_order_relaxed));

    return (gen & 1) && t != NULL && strcmp(t->schema->name, type) == 0 &&
           atomic_load_explicit(&cell_at(sys, slot)->beh, memory_order_relaxed) == b;
}

uint64_t
tnodes_waiting(struct system *sys, const struct behaviour *b, const char *type)
{
    uint64_t count = 0;

    for (uint32_t home = 0; home <= SCHED_WORKERS_MAX; home++) {
        for (uint32_t k = 0; sys->tn[home] != NULL && k < TNODE_CHUNKS; k++) {
            struct tnode *chunk = atomic_load_explicit(&sys->tn[home]->chunk[k], memory_order_acquire);

            if (chunk == NULL)
                break; /* chunks are made in order */
            for (uint32_t i = 0; i < TNODE_CHUNK; i++)
                count += waits(sys, &chunk[i], b, type);
        }
    }
    return count;
}
