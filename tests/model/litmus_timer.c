/* litmus_timer.c - host/actor/tnode.c and tnode_fire.c: a timer's actor runs on one worker, its home is another.
 *
 * Thread 0 is the home: it fires what is due, and takes back what others ended. Thread 1 runs the actor, which ends the node.
 */
#include "actor/tnode.h"
#include "litmus.h"
#include <string.h>

enum { GEN = 7, LIFE = 3, NODE = 1 };

static struct {
    struct system sys;
    struct actx x[2];
    struct runq q[2];
    struct wheel wheel;
    struct depot depot;
    struct tnodes tn, other; /* other: of the worker that the actor runs on */
    struct tnode node[2];
    struct tnode_extra extra[2];
    uint32_t free[4];
    struct cell cells[2];
    struct {
        _Alignas(64) struct msg m;
        char payload[32];
    } msg;
} g;

static void
reset(void)
{
    memset(g.node, 0, sizeof g.node);
    memset(g.extra, 0, sizeof g.extra);
    memset(g.cells, 0, sizeof g.cells);
    memset(&g.msg, 0, sizeof g.msg);
    memset(&g.tn, 0, sizeof g.tn);
    g.tn.node = g.node;
    g.tn.extra = g.extra;
    g.tn.free = g.free;
    g.tn.wheel = &g.wheel;
    g.tn.used = 2;
    g.other = (struct tnodes){.home = 1};
    g.sys.tn[0] = &g.tn;
    g.sys.cells = g.cells;
    g.cells[1].ref = (actor_ref){.slot = 1, .gen = GEN};
    g.node[NODE] =
        (struct tnode){.gen = LIFE, .slot = 1, .who = GEN, .armed = 1, .class = TNODE_INLINE};
    depot_init(&g.depot, env_real());
    for (int i = 0; i < 2; i++) {
        struct actx *x = &g.x[i];

        memset(x, 0, offsetof(struct actx, ob_inline));
        g.q[i].slot = NULL;
        g.q[i].head = g.q[i].tail = 0;
        x->sys = &g.sys;
        x->tn = i == 0 ? &g.tn : &g.other;
        x->cells = g.cells;
        x->cells_max = 2;
        x->w.runq = &g.q[i];
        pool_init(&x->w.pool, &g.depot, NULL);
    }
}
static void
reset_message(void)
{
    reset();
    g.node[NODE].kind = TNODE_TIMER;
    g.node[NODE].class = 0;
    g.extra[NODE].message = &g.msg.m;
}
static void
reset_ask(void)
{
    reset();
    g.node[NODE].kind = TNODE_ASK;
}

static void
fire(void)
{
    struct wheel_entry e = {.id = NODE, .gen = LIFE};

    tnodes_fire(&g.x[0].w, &e, 1);
}
static void
fire_when_ended(void)
{
    if (__atomic_load_n(&g.cells[1].ref.gen, __ATOMIC_RELAXED) == 0)
        fire();
}
static void
take_back(void)
{
    tnodes_collect(&g.x[0]);
    if (g.tn.nfree == 0)
        return;
    g.node[NODE].kind = TNODE_ASK; /* the next life */
    g.node[NODE].class = 1;
    g.extra[NODE].tag = 1;
}
static void
fire_then_take_back(void)
{
    fire();
    take_back();
}
static void
cancel(void)
{
    tnode_end(&g.x[1], NODE);
}
/* The answer came, and then the actor ended: life_finish_stop. */
static void
answer_and_end(void)
{
    tnode_end(&g.x[1], NODE);
    __atomic_store_n(&g.cells[1].ref.gen, 0, __ATOMIC_RELEASE);
}

/* At home once, whoever ended it. */
static void
home_once(void)
{
    tnodes_collect(&g.x[0]);
    must(g.tn.nfree == 1 && g.free[0] == NODE && !tnode_lives(&g.node[NODE]));
}
const struct scenario timer_scenarios[] = {
    {"timer: canceled elsewhere while it is due",
     reset_message,
     {fire_then_take_back, cancel},
     home_once,
     false},
    {"timer: canceled elsewhere, used again", reset_message, {take_back, cancel}, home_once, false},
    {"timer: an ask whose actor ended", reset_ask, {fire_when_ended, answer_and_end}, home_once, false},
};
const unsigned timer_scenarios_n = ARRAY_LEN(timer_scenarios);
