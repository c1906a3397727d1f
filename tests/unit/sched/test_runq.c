#include "sched/barrier.h"
#include "sched/runq.h"
#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>

static struct runq q;
static struct task t[4096];

static void
start(void)
{
    memset(&q, 0, sizeof q);
    runq_init(&q, false);
}

static void
stop(void)
{
    runq_fini(&q);
}
TestSuite(runq, .init = start, .fini = stop);

/* As worker_push does it. */
static void
push(struct task *x)
{
    struct task *old = runq_push_slot(&q, x);

    if (old != NULL)
        cr_assert(runq_push_ring(&q, old));
}

Test(runq, the_newest_runs_first_and_what_it_displaced_waits_in_order)
{
    push(&t[0]);
    push(&t[1]);
    push(&t[2]);
    cr_assert_eq(runq_pop(&q), &t[2]);
    cr_assert_eq(runq_pop(&q), &t[0]);
    cr_assert_eq(runq_pop(&q), &t[1]);
    cr_assert_null(runq_pop(&q));
}

Test(runq, the_slot_does_not_starve_the_ring)
{
    bool ran = false;

    runq_push_ring(&q, &t[9]);
    for (int i = 0; i < RUNQ_LIFO_STREAK + 1 && !ran; i++) {
        push(&t[1]);
        ran = runq_pop(&q) == &t[9];
    }
    cr_assert(ran);
}

Test(runq, who_goes_after_one_lets_one_of_the_ring_go_first)
{
    runq_push_ring(&q, &t[0]);
    runq_push_ring(&q, &t[1]);
    cr_assert(runq_push_after_one(&q, &t[9]));
    cr_assert_not(runq_push_after_one(&q, &t[8]), "the slot is taken");
    cr_assert_eq(runq_pop(&q), &t[0]);
    cr_assert_eq(runq_pop(&q), &t[9]);
    cr_assert_eq(runq_pop(&q), &t[1]);
    cr_assert(runq_push_after_one(&q, &t[9]));
    cr_assert_eq(runq_pop(&q), &t[9], "nobody waits");
    cr_assert_null(runq_pop(&q));
}

Test(runq, the_slot_goes_on_for_ever_while_nothing_waits)
{
    for (int i = 0; i < 10 * RUNQ_LIFO_STREAK; i++) {
        push(&t[1]);
        cr_assert_eq(runq_pop(&q), &t[1]);
    }
}

Test(runq, a_full_ring_refuses)
{
    for (size_t i = 0; i < RUNQ_RING; i++)
        cr_assert(runq_push_ring(&q, &t[i]));
    cr_assert_not(runq_push_ring(&q, &t[RUNQ_RING]));
    cr_assert_eq(runq_pop(&q), &t[0]);
    cr_assert(runq_push_ring(&q, &t[RUNQ_RING]));
}

Test(runq, the_ring_keeps_its_order_around_its_end)
{
    size_t in = 0, out = 0;

    for (int round = 0; round < 1000; round++) {
        for (int i = 0; i < 7; i++)
            cr_assert(runq_push_ring(&q, &t[in++ % ARRAY_LEN(t)]));
        for (int i = 0; i < 7; i++)
            cr_assert_eq(runq_pop(&q), &t[out++ % ARRAY_LEN(t)]);
    }
}

Test(runq, a_thief_takes_the_older_half)
{
    struct task *got[64];

    cr_assert_eq(runq_steal_ring(&q, got, ARRAY_LEN(got)), 0);
    for (size_t i = 0; i < 9; i++)
        runq_push_ring(&q, &t[i]);
    cr_assert_eq(runq_steal_ring(&q, got, ARRAY_LEN(got)), 5);
    cr_assert_eq(got[0], &t[0]);
    cr_assert_eq(got[4], &t[4]);
    cr_assert_eq(runq_pop(&q), &t[5]);
    cr_assert_eq(runq_steal_ring(&q, got, 1), 1);
    cr_assert_eq(got[0], &t[6]);
    cr_assert_eq(runq_steal_ring(&q, got, ARRAY_LEN(got)), 1);
    cr_assert_eq(runq_steal_ring(&q, got, ARRAY_LEN(got)), 1);
    cr_assert_null(runq_pop(&q));
}

Test(runq, a_thief_takes_the_slot_of_a_stuck_owner)
{
    barrier_register();
    push(&t[0]);
    cr_assert_eq(runq_steal_slot(&q), &t[0]);
    cr_assert_null(runq_steal_slot(&q));
    cr_assert_null(runq_pop(&q));
    push(&t[1]); /* the owner goes on as if nothing had happened */
    push(&t[2]);
    cr_assert_eq(runq_pop(&q), &t[2]);
    cr_assert_eq(runq_pop(&q), &t[1]);
}

/* --- the nest --- */
enum { MS = 1000000 };

/* n tasks from first on. */
static void
nest(size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++)
        t[i].next = i + 1 < first + n ? &t[i + 1] : NULL;
    cr_assert(runq_push_nest(&q, &t[first]));
}

Test(runq, new_tasks_run_in_their_order_and_the_newest_chain_first)
{
    runq_push_ring(&q, &t[9]);
    nest(0, 3);
    cr_assert_eq(runq_pop(&q), &t[0]);
    nest(4, 2); /* what the first of them spawned */
    push(&t[8]);
    cr_assert_eq(runq_pop(&q), &t[8]); /* the slot goes before */
    cr_assert_eq(runq_pop(&q), &t[4]);
    cr_assert_eq(runq_pop(&q), &t[5]);
    cr_assert_eq(runq_pop(&q), &t[1]);
    cr_assert_eq(runq_pop(&q), &t[2]);
    cr_assert_eq(runq_pop(&q), &t[9]); /* and the ring behind */
    cr_assert_null(runq_pop(&q));
}

Test(runq, a_full_nest_refuses)
{
    for (size_t i = 0; i < RUNQ_NEST; i++)
        nest(i, 1);
    t[RUNQ_NEST].next = NULL;
    cr_assert_not(runq_push_nest(&q, &t[RUNQ_NEST]));
    for (size_t i = RUNQ_NEST; i > 0; i--)
        cr_assert_eq(runq_pop(&q), &t[i - 1]);
    cr_assert_null(runq_pop(&q));
}

Test(runq, the_ring_has_a_round_each_millisecond_while_the_nest_is_never_empty)
{
    for (size_t i = 100; i < 103; i++)
        runq_push_ring(&q, &t[i]);
    nest(0, 20);
    cr_assert_eq(runq_pop(&q), &t[0]);
    q.aged_ns = 5 * MS;
    cr_assert_null(runq_age(&q, 5 * MS));
    runq_push_ring(&q, &t[103]); /* came after the round began: waits for the next */
    for (size_t i = 100; i < 103; i++)
        cr_assert_eq(runq_pop(&q), &t[i]);
    cr_assert_eq(runq_pop(&q), &t[1]);
    cr_assert_null(runq_age(&q, 5 * MS + MS / 2));
    cr_assert_eq(runq_pop(&q), &t[2]);
    cr_assert_null(runq_age(&q, 6 * MS));
    cr_assert_eq(runq_pop(&q), &t[103]);
    cr_assert_eq(runq_pop(&q), &t[3]);
}

Test(runq, what_lies_deepest_in_the_nest_leaves_it_one_by_one)
{
    nest(0, 2);
    nest(2, 2);
    cr_assert_eq(runq_age(&q, 10 * MS), &t[0]);
    cr_assert_null(runq_age(&q, 19 * MS));
    cr_assert_eq(runq_age(&q, 20 * MS), &t[1]);
    cr_assert_eq(runq_age(&q, 30 * MS), &t[2]);
    cr_assert_eq(runq_pop(&q), &t[3]);
    cr_assert_null(runq_pop(&q));
}

Test(runq, a_slot_that_is_never_empty_keeps_neither_nest_nor_ring_waiting)
{
    bool nested = false, ring = false;

    runq_push_ring(&q, &t[9]);
    nest(1, 1);
    for (int i = 0; i < 2 * (RUNQ_LIFO_STREAK + 1); i++) {
        struct task *x;

        push(&t[8]);
        x = runq_pop(&q);
        nested |= x == &t[1];
        ring |= x == &t[9];
    }
    cr_assert(nested);
    cr_assert(ring);
}

Test(runq, a_thief_takes_the_oldest_chain_and_the_owner_goes_on)
{
    q.shared = true;
    nest(0, 2);
    nest(2, 2);
    nest(4, 2);
    cr_assert_eq(runq_steal_nest(&q), &t[0]);
    cr_assert_eq(t[0].next, &t[1]);
    cr_assert_eq(runq_pop(&q), &t[4]);
    cr_assert_eq(runq_pop(&q), &t[5]);
    cr_assert_eq(runq_pop(&q), &t[2]);
    cr_assert_eq(runq_steal_nest(&q), &t[3]);
    cr_assert_null(runq_steal_nest(&q));
    runq_push_ring(&q, &t[9]);
    cr_assert_eq(runq_pop(&q), &t[9]); /* though two chains were there */
    cr_assert_null(runq_pop(&q));
}

/* --- threads: each task is in exactly one pair of hands --- */
enum { TASKS = 64, STEPS_MIN = 300000, SLOT_STEALS = 30 };
static _Atomic(uint32_t) slot_steals;
static _Atomic(uint32_t) holders[TASKS]; /* how many have it outside of the queue */
static _Atomic(uint32_t) wrong;
static _Atomic(bool) over;
/* From thieves back to the owner. */
static _Atomic(struct task *) returned;

static void
take(struct task *x)
{
    if (atomic_fetch_add(&holders[x - t], 1) != 0)
        atomic_fetch_add(&wrong, 1);
}

static void
let_go(struct task *x)
{
    if (atomic_fetch_sub(&holders[x - t], 1) != 1)
        atomic_fetch_add(&wrong, 1);
}

static void
give_back(struct task *x)
{
    x->next = atomic_load(&returned);
    while (!atomic_compare_exchange_weak(&returned, &x->next, x))
        ;
}

static void
steal_on(void *arg)
{
    const bool *slot_only = arg;
    uint32_t n = 0;

    while (!atomic_load(&over)) {
        struct task *got[16], *x;
        uint32_t k = *slot_only ? 0 : runq_steal_ring(&q, got, ARRAY_LEN(got));

        for (uint32_t i = 0; i < k; i++) {
            take(got[i]);
            give_back(got[i]);
        }
        if ((n++ % 2 == 0 || *slot_only) && (x = runq_steal_slot(&q)) != NULL) {
            take(x);
            give_back(x);
            atomic_fetch_add(&slot_steals, 1);
        }
        if (*slot_only) { /* it holds the lock for nearly all of the time: the owner has to come to it as well */
            sched_yield();
        } else if (k == 0) {
            for (struct task *c = runq_steal_nest(&q); c != NULL; c = x) {
                x = c->next;
                take(c);
                give_back(c);
            }
            sched_yield();
        }
    }
}

/* Owner: what thieves gave back goes into the queue again. Returns how many. */
static uint32_t
refill(void)
{
    struct task *x = atomic_exchange(&returned, NULL), *next;
    uint32_t n = 0;

    for (; x != NULL; x = next, n++) {
        next = x->next;
        let_go(x);
        push(x);
    }
    return n;
}

static void
owner_and_thieves(uint32_t thieves, bool slot_only)
{
    struct thread th[2];
    uint32_t left = 0;

    runq_fini(&q);
    memset(&q, 0, sizeof q);
    runq_init(&q, true);
    atomic_store(&over, false);
    atomic_store(&wrong, 0);
    atomic_store(&slot_steals, 0);
    for (size_t i = 0; i < TASKS; i++)
        atomic_store(&holders[i], 0);
    cr_assert(barrier_register());
    for (size_t i = 0; i < TASKS; i++)
        push(&t[i]);
    for (uint32_t i = 0; i < thieves; i++)
        cr_assert_eq(thread_start(&th[i], "thief", steal_on, &slot_only, 0), 0);
    /* a barrier on all threads takes long on a busy machine, so count what matters */
    for (uint32_t i = 0; i < STEPS_MIN || atomic_load(&slot_steals) < SLOT_STEALS; i++) {
        struct task *x[2] = {runq_pop(&q), runq_pop(&q)};

        for (int k = 0; k < 2; k++) { /* the second displaces the first, which a thief may be taking */
            if (x[k] == NULL)
                continue;
            take(x[k]);
            let_go(x[k]);
        }
        if (i % 2 == 0 && x[0] != NULL && x[1] != NULL && !slot_only) {
            x[0]->next = x[1];
            x[1]->next = NULL;
            if (runq_push_nest(&q, x[0]))
                continue;
        }
        for (int k = 0; k < 2; k++)
            if (x[k] != NULL)
                push(x[k]);
        refill();
    }
    atomic_store(&over, true);
    for (uint32_t i = 0; i < thieves; i++)
        thread_join(&th[i]);
    refill();
    for (struct task *x; (x = runq_pop(&q)) != NULL; left++)
        take(x);
    cr_assert_eq(left, TASKS, "%u of %u tasks are left", left, TASKS);
    cr_assert_eq(atomic_load(&wrong), 0);
}

Test(runq, no_task_is_lost_or_run_twice_while_a_thief_takes_slot_ring_and_nest)
{
    owner_and_thieves(1, false);
}

Test(runq, no_task_is_lost_or_run_twice_while_a_thief_takes_from_the_slot)
{
    owner_and_thieves(1, true);
}

Test(runq, no_task_is_lost_or_run_twice_with_two_thieves)
{
    owner_and_thieves(2, false);
}
