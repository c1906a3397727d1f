/* outbox.c - the unusual cases: several targets, growth, rollback. */
#include "actor/outbox.h"
#include "actor/actor_system.h"
#include "actor/message.h"
#include <string.h>

static struct cell *
target(const struct outbox_entry *e)
{
    return (struct cell *)((uintptr_t)e->to & ~OUTBOX_FRESH);
}

/* In the map. By address: the slot that a cell names is its own worker's to write. Cells of 192 B fall on all 16 places. */
static unsigned
place(const struct cell *c)
{
    return (unsigned)((uintptr_t)c >> 6) & 15;
}

void
outbox_init(struct actx *x)
{
    x->ob = x->ob_inline;
    x->ob_top = NULL;
    x->obcap = OUTBOX_INLINE;
}

void
outbox_fini(struct actx *x)
{
    if (x->ob != x->ob_inline)
        env_free(x->sys->env, x->ob, x->obcap * sizeof *x->ob);
    outbox_init(x);
}

static int
grow(struct actx *x)
{
    uint32_t cap = x->obcap * 4, n = x->obcap;
    struct outbox_entry *v;

    if (x->obcap >= TURN_MESSAGES_MAX)
        return -ERR_LIMIT;
    v = env_alloc(x->sys->env, cap * sizeof *v);
    if (v == NULL)
        return -ERR_NOMEM;
    memcpy(v, x->ob, n * sizeof *v);
    outbox_fini(x);
    x->ob = v;
    x->ob_top = v + n - 1;
    x->obcap = cap;
    return 0;
}

/* Entries in use. */
static uint32_t
used(const struct actx *x)
{
    return x->ob_top == NULL ? 0 : (uint32_t)(x->ob_top - x->ob) + 1;
}

/* The first entry is opened inline, without the map. */
static void
map_first(struct actx *x)
{
    x->obmap[place(target(x->ob))] = 1;
}

static int
open_entry(struct actx *x, struct cell *c, struct msg *m, uintptr_t fresh)
{
    uint32_t n = used(x);

    if (unlikely(n == x->obcap)) {
        int r = grow(x);

        if (r < 0)
            return r;
    }
    if (n == 1)
        map_first(x);
    if (n < UINT16_MAX)
        x->obmap[place(c)] = (uint16_t)(n + 1);
    outbox_open_(x, &x->ob[n], (struct cell *)((uintptr_t)c | fresh), m);
    return 0;
}

int
outbox_add_slow_(struct actx *x, struct cell *c, struct msg *m)
{
    uint32_t n = used(x), i;

    if (n == 1)
        map_first(x);
    i = x->obmap[place(c)]; /* may be stale: checked */
    if (i != 0 && i <= n && target(&x->ob[i - 1]) == c) {
        outbox_append_(&x->ob[i - 1], m);
        return 0;
    }
    return open_entry(x, c, m, 0);
}

/* Not in the map: what is sent to it later, when it is not the newest entry, gets another one, and is published after this one. */
int
outbox_add_fresh(struct actx *x, struct cell *c)
{
    struct outbox_entry *e = x->ob_top;

    if (e == NULL)
        outbox_open_(x, e = x->ob, NULL, NULL);
    if (unlikely(++e == x->ob + x->obcap))
        return open_entry(x, c, NULL, OUTBOX_FRESH);
    if (e == x->ob + 1)
        map_first(x);
    outbox_open_(x, e, (struct cell *)((uintptr_t)c | OUTBOX_FRESH), NULL);
    return 0;
}

/* It runs in any case. */
static struct cell *
fill_fresh(struct outbox_entry *e)
{
    struct cell *c = target(e);

    if (e->first != NULL)
        outbox_put_(e, c); /* its mailbox is EMPTY, never IDLE: scheduling is ours */
    return c;
}

/* Children, the last first, so that the first of them is on top. */
static void
publish_fresh(struct actx *x)
{
    struct task *chain = NULL;
    uint32_t n = 0;

    for (struct outbox_entry *e = x->ob_top; e != x->ob; e--) {
        struct cell *c;

        if (!((uintptr_t)e->to & OUTBOX_FRESH))
            continue;
        c = fill_fresh(e);
        c->task.next = chain;
        chain = &c->task;
        if (++n == RUNQ_CHAIN) {
            worker_push_new(&x->w, chain);
            chain = NULL;
            n = 0;
        }
    }
    if (chain != NULL)
        worker_push_new(&x->w, chain);
}

void
outbox_publish_many_(struct actx *x)
{
    struct outbox_entry *top = x->ob_top, *e = x->ob;

    if (e->to == NULL && top == e + 1) { /* one child and nothing else */
        worker_push(&x->w, &fill_fresh(top)->task);
    } else {
        if (x->dirty) /* else there are none */
            publish_fresh(x);
        for (; e <= top; e++)
            if (e->to != NULL && !((uintptr_t)e->to & OUTBOX_FRESH) && outbox_put_(e, e->to) == MBOX_WAS_IDLE)
                worker_push(&x->w, &e->to->task);
    }
    x->ob_top = NULL;
}

void
outbox_drop(struct actx *x)
{
    uint32_t n = used(x);

    for (struct outbox_entry *e = x->ob; e < x->ob + n; e++) {
        if (e->first != NULL) /* else publish would do this */
            atomic_store_explicit(&e->last->next, NULL, memory_order_relaxed);
        for (struct msg *m = e->first, *next; m != NULL; m = next) {
            next = atomic_load_explicit(&m->next, memory_order_relaxed);
            counter_inc(&x->w.counters,
                        m->head & MSG_F_SYSTEM ? COUNTER_dropped_system : COUNTER_rolled_back);
            message_free(x, m);
        }
    }
    x->ob_top = NULL;
}
