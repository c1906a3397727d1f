/* litmus_actor.c - the slice and what pokes it: actor_run, actor_attend, cell_order, cell_poke and sweep_visit as they are, around
 * one cell.
 *
 * Each thread is a worker with a run queue of its own that nobody steals from; it runs what it has made runnable, then ends.
 */
#include "actor/actor_system.h"
#include "actor/outbox.h"
#include "actor/sweep.h"
#include "actor/switch.h"
#include "actor/turn.h"
#include "litmus.h"
#include <string.h>

enum { WORKERS = 4, TYPE = 5 };

static struct {
    struct system sys;
    struct actx x[WORKERS];
    struct runq q[WORKERS];
    struct recorder recorder[WORKERS];
    struct tnodes *no_timers;
    _Alignas(64) char tnodes[4096];
    struct behaviour beh;
    struct cell cell;
    struct {
        struct msg m;
        char payload[32];
    } msg[2];
    struct order order[2];
    uint64_t state; /* the actor's */
    uint32_t obeyed;
} g;
static _Alignas(struct dispatch) char table[sizeof(struct dispatch) + sizeof(struct dispatch_row)];

static actor_result
handler(actor_ctx *ctx, void *state, const void *payload)
{
    (void)ctx;
    (void)payload;
    ++*(uint64_t *)state;
    return ACTOR_OK;
}

static void
obeyed(struct actx *x, struct cell *c, void *arg)
{
    (void)x;
    (void)c;
    (void)arg;
    g.state += 100;
    g.obeyed++;
}

static void
frees(struct actx *x, struct cell *c, void *arg)
{
    obeyed(x, c, arg);
    c->life = CELL_RUNNING;
    atomic_fetch_and_explicit(&c->attn, ~(uint32_t)ATTN_HOLD, memory_order_relaxed); /* as life_direct does */
}

static void
reset(void)
{
    struct dispatch *d = (struct dispatch *)(void *)table;

    memset(&g.cell, 0, sizeof g.cell);
    memset(g.msg, 0, sizeof g.msg);
    memset(g.order, 0, sizeof g.order);
    memset(&g.beh, 0, sizeof g.beh);
    memset(g.tnodes, 0, sizeof g.tnodes);
    g.state = g.obeyed = 0;
    d->rows[0] = (struct dispatch_row){.key = TYPE, .fn = handler};
    g.beh.dispatch = d;
    g.sys.sched.cfg.slice_turns = 1000;
    g.cell.beh = &g.beh;
    g.cell.state = &g.state;
    g.cell.life = CELL_RUNNING;
    g.cell.ref.slot = 1;
    for (unsigned i = 0; i < WORKERS; i++) {
        struct actx *x = &g.x[i];

        memset(x, 0, offsetof(struct actx, ob_inline));
        g.q[i].slot = NULL;
        g.q[i].head = g.q[i].tail = g.q[i].streak = 0;
        x->sys = &g.sys;
        x->tn = (struct tnodes *)(void *)g.tnodes;
        outbox_init(x);
        x->w.id = i;
        x->w.sched = &g.sys.sched;
        x->w.runq = &g.q[i];
        x->w.recorder = &g.recorder[i];
        x->w.clock_at = 1000;
        x->w.again = 1;
        x->w.in_host = 1;
        x->w.once = true;
        x->w.pool.list[0].run = POOL_RUN;
        x->w.pool.taken = &x->w.counters.taken;
    }
}

static void
reset_held(void)
{
    reset();
    g.cell.attn = ATTN_HOLD;
    g.cell.life = CELL_HELD;
}

static void
run_queue(struct actx *x)
{
    struct task *t;

    while ((t = runq_pop(x->w.runq)) != NULL)
        actor_run(&x->w, t);
}

static void
send(unsigned i, struct actx *x)
{
    struct msg *m = &g.msg[i].m;

    m->head = TYPE;
    atomic_store_explicit(&m->next, NULL, memory_order_relaxed);
    if (mbox_push(&g.cell.mb, m, m))
        worker_push(&x->w, &g.cell.task);
    run_queue(x);
}

static void
command(unsigned i, struct actx *x, void (*fn)(struct actx *, struct cell *, void *))
{
    struct order *o = &g.order[i];

    o->kind = ORDER_CALL;
    o->fn = fn;
    cell_order(x, &g.cell, o);
    run_queue(x);
}

static void
send0(void)
{
    send(0, &g.x[0]);
}
static void
send1(void)
{
    send(1, &g.x[1]);
}
static void
command0(void)
{
    command(0, &g.x[3], obeyed);
}
static void
command2(void)
{
    command(1, &g.x[2], obeyed);
}
static void
free2(void)
{
    command(1, &g.x[2], frees);
}
static void
sweep1(void)
{
    struct switch_tally none = {.s = NULL}; /* the behaviour has no successor: only the visit itself */

    sweep_visit(&g.x[1], &g.cell, &none);
    run_queue(&g.x[1]);
}
static void
nothing_left(void)
{
    must(g.cell.mb.tail == MBOX_IDLE && g.cell.orders == NULL && (g.cell.attn & ~(uint32_t)ATTN_TIMED) == 0);
}
static void
mail_and_order(void)
{
    nothing_left();
    must(g.obeyed == 1 && g.state == 101);
}
static void
one_order(void)
{
    nothing_left();
    must(g.obeyed == 1 && g.state == 100);
}
static void
one_message(void)
{
    nothing_left();
    must(g.state == 1);
}
static void
two_and_order(void)
{
    nothing_left();
    must(g.obeyed == 1 && g.state == 102);
}
static void
two_messages(void)
{
    nothing_left();
    must(g.state == 2);
}
static void
two_orders(void)
{
    nothing_left();
    must(g.obeyed == 2 && g.state == 200);
}

static void
mail_and_two_orders(void)
{
    nothing_left();
    must(g.obeyed == 2 && g.state == 201);
}

const struct scenario actor_scenarios[] = {
    {"actor: mail and an order", reset, {send0, command2}, mail_and_order, false},
    {"actor: two messages", reset, {send0, send1}, two_messages, false},
    {"actor: two orders", reset, {command0, command2}, two_orders, false},
    {"actor: held, mail and the order that frees it", reset_held, {send0, free2}, mail_and_order, false},
    {"actor: a sweep's visit and mail", reset, {send0, sweep1}, one_message, false},
    {"actor: a sweep's visit and an order", reset, {command2, sweep1}, one_order, false},
    {"actor: a sweep's visit, mail and an order", reset, {send0, sweep1, command2}, mail_and_order, false},
    {"actor: held, a sweep's visit and the order that frees it",
     reset_held,
     {sweep1, free2},
     one_order,
     false},
    {"actor: a message and two orders", reset, {send0, command0, command2}, mail_and_two_orders, true},
    {"actor: two messages and an order", reset, {send0, send1, command2}, two_and_order, false},
};
const unsigned actor_scenarios_n = ARRAY_LEN(actor_scenarios);
