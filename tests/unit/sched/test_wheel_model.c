/* The wheel against a model: an unsorted array, of which the least (tick, order of arming) must fire. */
#include "wheel_rig.h"

TestSuite(wheel_model, .init = setup, .fini = teardown);

enum { OPS = 1000000 };
struct model {
    struct rng rng;
    uint64_t order, begin, fired, usual, target;
    struct wheel_entry waiting[WHEEL_WAITING]; /* as the wheel's own */
    uint32_t nwaiting;
};
static struct model m;

static uint64_t
random_span(void)
{
    static const uint64_t scale[] = {2, 12, 300, 700, 70000, 1u << 20, 1u << 25, 1ull << 33, 1ull << 36};

    return rng_below(&m.rng, scale[rng_below(&m.rng, ARRAY_LEN(scale))]);
}

static size_t
model_armed(void)
{
    size_t n = 0;

    for (uint32_t i = 0; i < NODES; i++)
        n += armed(i);
    return n;
}

static void
model_arm(uint32_t id, uint64_t due)
{
    if (rng_below(&m.rng, 2) && arm_usual(id, due))
        m.usual++;
    else
        arm(id, due);
    v[id].overdue = due <= w.now;
    v[id].order = m.order++;
}

static void
model_arm_in(uint32_t id, uint64_t delay)
{
    if (m.nwaiting == WHEEL_WAITING)
        return;
    arm_in(id, delay);
    v[id].due = UINT64_MAX;
    v[id].overdue = false;
    m.waiting[m.nwaiting++] = (struct wheel_entry){delay, id, v[id].gen};
}

/* Those that are still alive begin to count. */
static void
model_begin(void)
{
    for (const struct wheel_entry *e = m.waiting; e < m.waiting + m.nwaiting; e++)
        if (v[e->id].gen == e->gen) {
            v[e->id].due = m.target + 1 + e->due_tick;
            v[e->id].order = m.order++;
        }
    m.nwaiting = 0;
}

static uint32_t
any_node(void)
{
    return (uint32_t)rng_below(&m.rng, NODES);
}

static void
model_fire(uint32_t id)
{
    const struct node *n = &v[id];

    cr_assert_leq(n->due, m.target, "never early");
    cr_assert(n->overdue ? n->order < m.begin : n->due == w.now);
    for (const struct node *o = v; o < v + NODES; o++)
        cr_assert(!(o->gen & 1) || o->overdue != n->overdue || (!o->overdue && o->due > n->due) ||
                  ((o->overdue || o->due == n->due) && o->order > n->order));
    m.fired++;
    switch (rng_below(&m.rng, 7)) {
    case 6:
        model_arm_in(any_node(), random_span());
        break;
    case 0:
        model_arm(id, w.now + random_span());
        break;
    case 1:
        model_arm(any_node(), w.now + random_span());
        break;
    case 2:
        cancel(any_node());
        break;
    default:
        break;
    }
}

/* Perhaps in parts. */
static void
model_advance(void)
{
    size_t max, took;

    m.target = w.now + random_span();
    one = model_fire;
    do {
        max = rng_below(&m.rng, 2) ? SIZE_MAX : 1 + rng_below(&m.rng, 40);
        m.begin = m.order;
        model_begin();
        took = wheel_advance(&w, &pool, m.target, max, fire, &trace);
    } while (took >= max);
    cr_assert_eq(w.now, m.target);
    for (const struct node *n = v; n < v + NODES; n++)
        cr_assert(!(n->gen & 1) || n->due > m.target || (n->overdue && n->order >= m.begin),
                  "all that was due has fired");
}

Test(wheel_model, million_random_operations_agree_with_a_sorted_model)
{
    rng_seed(&m.rng, 20260101);
    for (unsigned op = 0; op < OPS; op++) {
        unsigned what = (unsigned)rng_below(&m.rng, 16);

        if (what == 0) {
            model_arm_in(any_node(), random_span());
        } else if (what < 9) {
            uint64_t span = random_span();

            model_arm(any_node(), rng_below(&m.rng, 20) == 0 && span <= w.now ? w.now - span : w.now + span);
        } else if (what < 12) {
            cancel(any_node());
        } else {
            uint64_t least = WHEEL_NONE;

            for (const struct node *n = v; n < v + NODES; n++)
                if ((n->gen & 1) && n->due < least)
                    least = n->due < w.now ? w.now : n->due;
            cr_assert_leq(wheel_next(&w), least);
            if (m.nwaiting == 0)
                cr_assert_eq(wheel_next(&w) == WHEEL_NONE, model_armed() == 0);
            else
                cr_assert_eq(wheel_next(&w), w.now);
            model_advance();
        }
        cr_assert_eq(wheel_armed(&w), model_armed());
    }
    cr_assert_gt(m.fired, OPS / 8u);
    cr_assert_gt(m.usual, OPS / 100u);
}
