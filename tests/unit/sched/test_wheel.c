#include "base/list.h"
#include "base/random.h"
#include "base/util.h"
#include "sched/wheel.h"
#include <criterion/criterion.h>
#include <string.h>

static struct wheel w;
static struct wheel_node a, b, c;

struct trace {
    struct wheel_node *n[16];
    uint64_t at[16]; /* where the wheel stood */
    size_t count;
};
static struct trace trace;

static void
record(void *self, struct wheel_node *n)
{
    struct trace *t = self;

    cr_assert(!wheel_is_armed(n));
    cr_assert_lt(t->count, ARRAY_LEN(t->n));
    t->n[t->count] = n;
    t->at[t->count++] = w.now;
}

static size_t
advance(uint64_t tick)
{
    return wheel_advance(&w, tick, record, &trace);
}

static void
setup(void)
{
    wheel_init(&w, 1000);
    memset(&a, 0, sizeof a);
    b = c = a;
    memset(&trace, 0, sizeof trace);
}

TestSuite(wheel, .init = setup);

Test(wheel, node_fires_at_its_tick_and_not_before)
{
    static const uint64_t delays[] = {1,           2,          254,    255,      256,         257,
                                      65535,       65536,      100000, 1u << 24, 4294967295u, 4294967296u,
                                      4294967297u, 1ull << 40, 23,     24,       1u << 24};

    for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
        uint64_t due = w.now + delays[i];

        wheel_arm(&w, &a, due);
        cr_assert(wheel_is_armed(&a));
        cr_assert_leq(wheel_next(&w), due);
        cr_assert_eq(advance(due - 1), 0u, "delay %zu", i);
        cr_assert_eq(wheel_next(&w), due, "one tick before, the answer is exact");
        cr_assert(wheel_is_due(&w, due));
        cr_assert_eq(advance(due), 1u, "delay %zu", i);
        cr_assert(!wheel_is_armed(&a));
        trace.count = 0;
    }
    cr_assert_eq(wheel_armed(&w), 0u);
    cr_assert_eq(wheel_next(&w), WHEEL_NONE);
}

Test(wheel, nodes_fire_by_due_tick_then_by_order_of_arming)
{
    wheel_arm(&w, &a, 1700);
    wheel_arm(&w, &b, 1300);
    advance(1299); /* 1700 lies at a higher level still, and comes down later */
    wheel_arm(&w, &c, 1700);
    cr_assert_eq(advance(5000), 3u);
    cr_assert_eq(trace.n[0], &b);
    cr_assert_eq(trace.n[1], &a);
    cr_assert_eq(trace.n[2], &c);
    cr_assert_eq(trace.at[0], 1300u);
    cr_assert_eq(trace.at[1], 1700u);
}

Test(wheel, canceled_node_never_fires)
{
    cr_assert(!wheel_cancel(&w, &a), "a node that was never armed");
    wheel_arm(&w, &a, 1001);
    wheel_arm(&w, &b, 1001);
    wheel_arm(&w, &c, 1ull << 45);
    cr_assert(wheel_cancel(&w, &a));
    cr_assert(!wheel_cancel(&w, &a));
    cr_assert(wheel_cancel(&w, &c));
    cr_assert_eq(advance(1ull << 46), 1u);
    cr_assert_eq(trace.n[0], &b);
    cr_assert_eq(wheel_armed(&w), 0u);
}

Test(wheel, arming_again_moves_the_node)
{
    wheel_arm(&w, &a, 1010);
    wheel_arm(&w, &a, 2000);
    cr_assert_eq(wheel_armed(&w), 1u);
    cr_assert_eq(advance(1999), 0u);
    cr_assert_eq(advance(2000), 1u);
}

Test(wheel, tick_that_is_over_fires_at_the_next_advance)
{
    wheel_arm(&w, &a, 3);
    wheel_arm(&w, &b, 1000);
    cr_assert_eq(wheel_next(&w), 1000u);
    cr_assert(wheel_is_due(&w, 1000));
    cr_assert_eq(advance(1000), 2u, "the clock did not even move");
    cr_assert_eq(trace.n[0], &a);
    cr_assert_eq(advance(1000), 0u);
}

static void
rearm_at_once(void *self, struct wheel_node *n)
{
    record(self, n);
    wheel_arm(&w, n, n->due_tick);
}

Test(wheel, zero_delay_from_a_callback_waits_for_the_next_advance)
{
    wheel_arm(&w, &a, 1005);
    cr_assert_eq(wheel_advance(&w, 2000, rearm_at_once, &trace), 1u);
    cr_assert_eq(wheel_next(&w), 2000u, "the worker must not sleep over it");
    cr_assert_eq(wheel_advance(&w, 2000, rearm_at_once, &trace), 1u);
    wheel_cancel(&w, &a);
    cr_assert_eq(wheel_next(&w), WHEEL_NONE);
}

static void
rearm_in_300(void *self, struct wheel_node *n)
{
    record(self, n);
    wheel_arm(&w, n, n->due_tick + 300);
}

Test(wheel, period_armed_from_the_callback_catches_up_in_one_advance)
{
    wheel_arm(&w, &a, 1100);
    cr_assert_eq(wheel_advance(&w, 2000, rearm_in_300, &trace), 4u);
    for (uint64_t i = 0; i < 4; i++)
        cr_assert_eq(trace.at[i], 1100 + 300 * i);
    cr_assert_eq(a.due_tick, 2300u);
}

static void
cancel_b(void *self, struct wheel_node *n)
{
    record(self, n);
    if (n == &a)
        cr_expect(wheel_cancel(&w, &b));
}

Test(wheel, callback_cancels_a_node_of_the_same_tick)
{
    wheel_arm(&w, &a, 1500);
    wheel_arm(&w, &b, 1500);
    wheel_arm(&w, &c, 1500);
    cr_assert_eq(wheel_advance(&w, 1500, cancel_b, &trace), 2u);
    cr_assert_eq(trace.n[1], &c);

    wheel_arm(&w, &a, 7); /* the same among nodes that are overdue */
    wheel_arm(&w, &b, 7);
    cr_assert_eq(wheel_advance(&w, 1500, cancel_b, &trace), 1u);
    cr_assert_eq(wheel_armed(&w), 0u);
}

Test(wheel, clock_that_steps_back_changes_nothing)
{
    wheel_arm(&w, &a, 1100);
    cr_assert_eq(advance(1050), 0u);
    cr_assert_eq(advance(10), 0u);
    cr_assert_eq(w.now, 1050u);
    cr_assert_eq(advance(1100), 1u);
}

Test(wheel, sleeping_by_wheel_next_wakes_at_most_five_times_for_one_node)
{
    /* 5: four levels and the far list lie between now and the node */
    uint64_t due = (1ull << 33) + 0x01020304;
    unsigned wakes = 0;

    wheel_arm(&w, &a, due);
    while (wheel_next(&w) != WHEEL_NONE) {
        uint64_t next = wheel_next(&w);

        cr_assert_gt(next, w.now);
        advance(next);
        wakes++;
    }
    cr_assert_eq(trace.count, 1u);
    cr_assert_eq(trace.at[0], due);
    cr_assert_leq(wakes, 6u); /* two periods of 2^32 ticks begin on the way */
}

/* --- against a model: an unsorted array, of which the least (tick, order of arming) must fire --- */

enum { NODES = 160, OPS = 1000000 };
struct model_node {
    struct wheel_node n;
    uint64_t due, order;
    bool armed;
};
struct model {
    struct model_node v[NODES];
    struct rng rng;
    uint64_t now, order, fired, target;
    size_t armed;
};
static struct model m;

static uint64_t
random_span(void)
{
    static const uint64_t scale[] = {2, 12, 300, 700, 70000, 1u << 20, 1u << 25, 1ull << 33, 1ull << 36};

    return rng_below(&m.rng, scale[rng_below(&m.rng, ARRAY_LEN(scale))]);
}

static void
model_arm(struct model_node *n, uint64_t due)
{
    wheel_arm(&w, &n->n, due);
    m.armed += !n->armed;
    n->armed = true;
    n->due = due > w.now ? due : 0; /* overdue: before all others */
    n->order = m.order++;
}

static void
model_cancel(struct model_node *n)
{
    cr_assert_eq(wheel_cancel(&w, &n->n), n->armed);
    m.armed -= n->armed;
    n->armed = false;
}

static struct model_node *
any_node(void)
{
    return &m.v[rng_below(&m.rng, NODES)];
}

static void
model_fire(void *self, struct wheel_node *wn)
{
    struct model_node *n = container_of(wn, struct model_node, n);

    cr_assert_eq(self, &m);
    cr_assert(n->armed);
    cr_assert_leq(n->due, m.target, "never early");
    cr_assert_eq(n->due == 0 ? w.now : n->due, w.now);
    for (struct model_node *o = m.v; o < m.v + NODES; o++) {
        if (!o->armed || o == n)
            continue;
        /* An overdue node armed during this advance waits for the next: order > order at its begin. */
        if (o->due == 0 && o->order >= m.now)
            continue;
        cr_assert(o->due > n->due || (o->due == n->due && o->order > n->order));
    }
    n->armed = false;
    m.armed--;
    m.fired++;
    switch (rng_below(&m.rng, 6)) {
    case 0:
        model_arm(n, w.now + random_span());
        break;
    case 1:
        model_arm(any_node(), w.now + random_span());
        break;
    case 2:
        model_cancel(any_node());
        break;
    default:
        break;
    }
}

Test(wheel, million_random_operations_agree_with_a_sorted_model)
{
    rng_seed(&m.rng, 20260101);
    for (unsigned op = 0; op < OPS; op++) {
        unsigned what = (unsigned)rng_below(&m.rng, 16);

        if (what < 9) {
            uint64_t span = random_span();

            model_arm(any_node(), rng_below(&m.rng, 20) == 0 && span <= w.now ? w.now - span : w.now + span);
        } else if (what < 12) {
            model_cancel(any_node());
        } else {
            uint64_t least = WHEEL_NONE;

            for (struct model_node *n = m.v; n < m.v + NODES; n++)
                if (n->armed && n->due < least)
                    least = n->due < w.now ? w.now : n->due;
            cr_assert_leq(wheel_next(&w), least);
            cr_assert_eq(wheel_next(&w) == WHEEL_NONE, m.armed == 0);
            m.now = m.order;
            m.target = w.now + random_span();
            wheel_advance(&w, m.target, model_fire, &m);
            cr_assert_eq(w.now, m.target);
            for (struct model_node *n = m.v; n < m.v + NODES; n++)
                cr_assert(!n->armed || n->due > m.target || (n->due == 0 && n->order >= m.now),
                          "all that was due has fired");
        }
        cr_assert_eq(wheel_armed(&w), m.armed);
    }
    cr_assert_gt(m.fired, OPS / 8u);
}
