/* litmus_runq.c - host/sched/runq.h: the owner at its slot and ring, thieves at both.
 *
 * What a task stands for, its cell, is plain data: whoever runs it must see what the last one wrote.
 */
#include "litmus.h"
#include "sched/barrier.h"
#include "sched/runq.h"
#include <string.h>

enum { TASKS = 4 };

static struct {
    struct runq q;
    struct task t[TASKS];
    uint32_t cell[TASKS]; /* times run */
    struct task full[RUNQ_RING];
} g;

bool
barrier_all_threads(void)
{
    static struct explore_site site = {"host/sched/barrier_thread.c",
                                       "barrier_all_threads",
                                       "membarrier",
                                       "barrier",
                                       0,
                                       __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST,
                                       0,
                                       0};
    static struct explore_site *const ref __attribute__((section("explore_sites"), used)) = &site;

    explore_barrier(ref);
    return true;
}

bool
barrier_register(void)
{
    return true;
}

static void
reset(void)
{
    memset(&g.q, 0, sizeof g.q);
    memset(g.cell, 0, sizeof g.cell);
    runq_init(&g.q, true);
}

static void
run(struct task *t)
{
    if (t == NULL)
        return;
    must(t >= g.t && t < g.t + TASKS);
    g.cell[t - g.t] += 2; /* 1: made runnable, 3: and run */
}

static void
spawn(unsigned i)
{
    g.cell[i] = 1;
}

/* The ring is full; its oldest entry is task 0, the others stay where they are. Task 1 takes the same place when there is room. */
static void
reset_full(void)
{
    reset();
    for (unsigned i = 0; i < RUNQ_RING; i++)
        g.q.ring[i] = &g.full[i];
    g.q.ring[0] = &g.t[0];
    g.q.tail = RUNQ_RING;
    g.cell[0] = 1;
    explore_late(&g.q.ring[0], (uintptr_t)&g.t[1]);
}

static void
push_two_ring(void)
{
    spawn(0);
    must(runq_push_ring(&g.q, &g.t[0]));
    spawn(1);
    must(runq_push_ring(&g.q, &g.t[1]));
    run(runq_pop(&g.q));
}

static void
steal_ring(void)
{
    struct task *got[4];
    uint32_t n = runq_steal_ring(&g.q, got, 4);

    for (uint32_t i = 0; i < n; i++)
        run(got[i]);
}

static void
push_when_room(void)
{
    spawn(1);
    if (!runq_push_ring(&g.q, &g.t[1]))
        run(&g.t[1]); /* goes elsewhere */
}

static void
steal_one(void)
{
    struct task *got[1];

    if (runq_steal_ring(&g.q, got, 1) == 1) {
        must(got[0] == &g.t[0]);
        run(got[0]);
    }
}

static void
steal_one_of_ring(void)
{
    struct task *got[1];

    if (runq_steal_ring(&g.q, got, 1) == 1)
        run(got[0]);
}

/* The slot: push, push again (the first is displaced), pop. */
static void
talk(void)
{
    struct task *old;

    spawn(0);
    must(runq_push_slot(&g.q, &g.t[0]) == NULL);
    spawn(1);
    old = runq_push_slot(&g.q, &g.t[1]);
    must(old == NULL || old == &g.t[0]);
    run(old);
    run(runq_pop(&g.q));
}

static void
talk_once(void)
{
    spawn(0);
    must(runq_push_slot(&g.q, &g.t[0]) == NULL);
    run(runq_pop(&g.q));
    spawn(1);
    must(runq_push_slot(&g.q, &g.t[1]) == NULL);
    run(runq_pop(&g.q));
}

static void
steal_slot(void)
{
    run(runq_steal_slot(&g.q));
}

static void
steal_slot_twice(void)
{
    run(runq_steal_slot(&g.q));
    run(runq_steal_slot(&g.q));
}

/* The nest: a chain of two. */
static void
push_nest(void)
{
    spawn(0);
    spawn(1);
    g.t[0].next = &g.t[1];
    g.t[1].next = NULL;
    must(runq_push_nest(&g.q, &g.t[0]));
}

static void
nest_and_pop(void)
{
    push_nest();
    run(runq_pop(&g.q));
    run(runq_pop(&g.q));
}

/* What lies deepest is due for the ring. */
static void
nest_and_age(void)
{
    push_nest();
    run(runq_age(&g.q, UINT64_C(1000000000)));
}

static void
steal_nest(void)
{
    struct task *next;

    for (struct task *t = runq_steal_nest(&g.q); t != NULL; t = next) {
        next = t->next;
        run(t);
    }
}

/* The slot has had its streak, so that the ring comes first; a thief may empty it meanwhile. */
static void
reset_streak(void)
{
    reset();
    g.q.slot = &g.t[0];
    g.q.ring[0] = &g.t[1];
    g.q.tail = 1;
    g.q.streak = RUNQ_LIFO_STREAK;
    g.cell[0] = g.cell[1] = 1;
}
static void
pop_all(void)
{
    struct task *t;

    while ((t = runq_pop(&g.q)) != NULL)
        run(t);
    must(g.q.slot == NULL && runq_waiting(&g.q) == 0); /* who leaves, or sleeps, relies on it */
}

static void
two_run_once(void)
{
    struct task *t;

    while ((t = runq_pop(&g.q)) != NULL)
        run(t);
    must(g.cell[0] == 3 && g.cell[1] == 3);
}

static void
room_kept(void)
{
    must(g.cell[0] == 3 || g.q.ring[0] == &g.t[0]);
    must(g.cell[1] == 3 || g.q.ring[0] == &g.t[1]);
}

const struct scenario runq_scenarios[] = {
    {"ring: a thief", reset, {push_two_ring, steal_ring}, two_run_once, false},
    {"ring: two thieves", reset, {push_two_ring, steal_ring, steal_one_of_ring}, two_run_once, false},
    {"ring: full", reset_full, {push_when_room, steal_one}, room_kept, false},
    {"slot: its streak is over", reset_streak, {pop_all, steal_one_of_ring}, two_run_once, false},
    {"slot: a thief", reset, {talk, steal_slot}, two_run_once, false},
    {"slot: a thief, twice", reset, {talk_once, steal_slot_twice}, two_run_once, false},
    {"nest: a thief", reset, {nest_and_pop, steal_nest}, two_run_once, false},
    {"nest: two thieves", reset, {nest_and_pop, steal_nest, steal_nest}, two_run_once, false},
    {"nest: a thief while it ages", reset, {nest_and_age, steal_nest}, two_run_once, false},
    {"slot: two thieves", reset, {talk, steal_slot, steal_slot}, two_run_once, false},
};
const unsigned runq_scenarios_n = ARRAY_LEN(runq_scenarios);
