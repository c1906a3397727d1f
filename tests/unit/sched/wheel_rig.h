/* wheel_rig.h - a wheel with nodes to arm, for its tests. Everything is static: each test file has its own. */
#ifndef TEST_WHEEL_RIG_H
#define TEST_WHEEL_RIG_H
#include "base/random.h"
#include "base/util.h"
#include "sched/wheel.h"
#include <criterion/criterion.h>
#include <string.h>

/* A node of the tests: its index is the id, its generation is odd while it is armed. */
struct node {
    uint32_t gen;
    bool overdue; /* when it was armed */
    uint64_t due, order;
    bool counts; /* armed for a tick, not for a delay that begins to count later */
};
enum { A, B, C, NODES = 160 };
static struct node v[NODES];
static struct wheel w;
static struct env_fake env;
static struct depot depot;
static struct pool pool;

struct trace {
    uint32_t id[2 * WHEEL_CHUNK];
    uint64_t at[2 * WHEEL_CHUNK]; /* where the wheel stood */
    size_t count;
};
static struct trace trace;

static size_t
keep(void *self, struct wheel_entry *e, size_t n)
{
    size_t kept = 0;

    cr_assert_eq(self, v);
    for (size_t i = 0; i < n; i++)
        if (v[e[i].id].gen == e[i].gen)
            e[kept++] = e[i];
    return kept;
}

static bool
armed(uint32_t id)
{
    return v[id].gen & 1;
}

static bool
cancel(uint32_t id)
{
    if (!armed(id))
        return false;
    v[id].gen++;
    wheel_dead(&w);
    return true;
}

static void
arm(uint32_t id, uint64_t due)
{
    cancel(id);
    v[id].gen++;
    v[id].due = due;
    v[id].counts = true;
    cr_assert(wheel_arm(&w, &pool, id, v[id].gen, due));
}

/* The short way, where it is open: true. */
static bool
arm_usual(uint32_t id, uint64_t due)
{
    struct wheel_slot *s;

    cancel(id);
    s = wheel_usual(&w, due);
    if (s == NULL)
        return false;
    v[id].gen++;
    v[id].due = due;
    v[id].counts = true;
    wheel_arm_usual(&w, s, id, v[id].gen, due);
    return true;
}

static void
arm_in(uint32_t id, uint64_t delay)
{
    cancel(id);
    v[id].gen++;
    v[id].counts = false;
    cr_assert(wheel_arm_in(&w, &pool, id, v[id].gen, delay));
}

/* The living of them, one by one; they are not armed any more. */
static size_t
each(const struct wheel_entry *e, size_t n, void (*fire)(uint32_t id))
{
    size_t dead = 0;

    for (size_t i = 0; i < n; i++) {
        if (v[e[i].id].gen != e[i].gen) {
            dead++;
            continue;
        }
        cr_assert(!v[e[i].id].counts || e[i].due_tick == v[e[i].id].due);
        v[e[i].id].gen++;
        fire(e[i].id);
    }
    return dead;
}

static void (*one)(uint32_t id);

static size_t
fire(void *self, const struct wheel_entry *e, size_t n)
{
    cr_assert_eq(self, &trace);
    return each(e, n, one);
}

static void
setup(void)
{
    env_fake_init(&env, 1);
    depot_init(&depot, &env.env);
    pool_init(&pool, &depot, NULL);
    wheel_init(&w, 1000);
    w.keep = keep;
    w.self = v;
    memset(v, 0, sizeof v);
    memset(&trace, 0, sizeof trace);
}

static void
teardown(void)
{
    wheel_fini(&w, &pool);
    pool_fini(&pool);
    cr_expect_eq(depot_live(&depot), 0u);
    depot_fini(&depot);
}

#endif
