/* litmus_self.c - does the explorer know its memory model? The classical tests: what must be impossible, and what must be seen. */
#include "litmus.h"
#include "sched/barrier.h"
#include <string.h>

#define RLX memory_order_relaxed
#define ACQ memory_order_acquire
#define REL memory_order_release
#define SC  memory_order_seq_cst

static struct {
    _Atomic(uint32_t) x, y, z;
    uint32_t data, a, b, c, d;
    uint32_t done;
    struct mutex lock;
} g;

static void
reset(void)
{
    memset(&g, 0, sizeof g);
}

static void
reset_late(void)
{
    reset();
    explore_late(&g.x, 1);
}

/* A pair of threads each: (name, first, second, what must hold) */
#define THREADS2(n, first, second, holds) \
    static void n##_1(void)               \
    {                                     \
        first;                            \
    }                                     \
    static void n##_2(void)               \
    {                                     \
        second;                           \
    }                                     \
    static void n##_check(void)           \
    {                                     \
        must(holds);                      \
    }
#define ROW2(n, expected)                                       \
    {                                                           \
        {#n, reset, {n##_1, n##_2}, n##_check, false}, expected \
    }
#define PUT(v, n, o) atomic_store_explicit(&g.v, n, o)
#define GET(v, o)    atomic_load_explicit(&g.v, o)

THREADS2(message_passing, (g.data = 1, PUT(x, 1, REL)), if (GET(x, ACQ)) must(g.data == 1), true)
THREADS2(message_passing_relaxed_store, (g.data = 1, PUT(x, 1, RLX)), if (GET(x, ACQ)) must(g.data == 1),
         true)
THREADS2(message_passing_relaxed_load, (g.data = 1, PUT(x, 1, REL)), if (GET(x, RLX)) must(g.data == 1), true)
THREADS2(store_buffering, (PUT(x, 1, SC), g.a = GET(y, SC)), (PUT(y, 1, SC), g.b = GET(x, SC)), g.a + g.b > 0)
THREADS2(store_buffering_release, (PUT(x, 1, REL), g.a = GET(y, ACQ)), (PUT(y, 1, REL), g.b = GET(x, ACQ)),
         g.a + g.b > 0)
THREADS2(store_buffering_one_side, (PUT(x, 1, SC), g.a = GET(y, SC)), (PUT(y, 1, SC), g.b = GET(x, ACQ)),
         g.a + g.b > 0)
THREADS2(coherence, (PUT(x, 1, RLX), PUT(x, 2, RLX)), (g.a = GET(x, RLX), g.b = GET(x, RLX)), g.a <= g.b)
THREADS2(two_writes_each, (PUT(x, 1, RLX), PUT(y, 2, RLX)), (PUT(y, 1, RLX), PUT(x, 2, RLX)),
         !(g.x == 1 && g.y == 1))
THREADS2(two_writes_each_in_order, (PUT(x, 1, SC), PUT(y, 2, SC)), (PUT(y, 1, SC), PUT(x, 2, SC)),
         !(g.x == 1 && g.y == 1))
THREADS2(adding, atomic_fetch_add_explicit(&g.x, 1, RLX), atomic_fetch_add_explicit(&g.x, 1, RLX), g.x == 2)
THREADS2(race, g.data = 1, g.data = 2, true)
THREADS2(locked, (mutex_lock(&g.lock), g.data++, mutex_unlock(&g.lock)),
         (mutex_lock(&g.lock), g.data++, mutex_unlock(&g.lock)), g.data == 2)
THREADS2(load_buffering, (g.a = GET(y, ACQ), PUT(x, 1, RLX)), (g.b = GET(x, RLX), PUT(y, 1, RLX)),
         g.a + g.b < 2)
THREADS2(load_buffering_release, (g.a = GET(y, ACQ), PUT(x, 1, RLX)), (g.b = GET(x, RLX), PUT(y, 1, REL)),
         g.a + g.b < 2)
THREADS2(barrier, (PUT(x, 1, RLX), atomic_signal_fence(SC), g.a = GET(y, RLX)),
         (PUT(y, 1, RLX), barrier_all_threads(), g.b = GET(x, RLX)), g.a + g.b > 0)
THREADS2(barrier_without_fence, (PUT(x, 1, RLX), g.a = GET(y, RLX)),
         (PUT(y, 1, RLX), barrier_all_threads(), g.b = GET(x, RLX)), g.a + g.b > 0)

static void
put_data(void)
{
    g.data = 1;
    PUT(x, 1, REL);
}
static void
store_after(void)
{
    if (GET(x, RLX))
        PUT(x, 2, RLX);
}
static void
get_data_at_two(void)
{
    if (GET(x, ACQ) == 2)
        must(g.data == 1);
}
static void
put_data_first(void)
{
    g.data = 1;
    atomic_fetch_add_explicit(&g.x, 1, REL);
    PUT(y, 1, RLX);
}
static void
add_after(void)
{
    if (GET(y, RLX))
        atomic_fetch_add_explicit(&g.x, 1, RLX);
}
static void
put_x(void)
{
    PUT(x, 1, SC);
}
static void
put_y(void)
{
    PUT(y, 1, SC);
}
static void
read_xy(void)
{
    g.a = GET(x, SC);
    g.b = GET(y, SC);
}
static void
read_yx(void)
{
    g.c = GET(y, SC);
    g.d = GET(x, SC);
}
static void
read_xy_acquire(void)
{
    g.a = GET(x, ACQ);
    g.b = GET(y, ACQ);
}
static void
one_order(void)
{
    must(!(g.a == 1 && g.b == 0 && g.c == 1 && g.d == 0));
}
static void
spin(void)
{
    while (GET(x, ACQ) == 0)
        __builtin_ia32_pause();
    must(g.data == 1);
}
static void
spin_in_vain(void)
{
    while (GET(x, ACQ) != 2)
        __builtin_ia32_pause();
}

const struct self_test self_tests[] = {
    ROW2(message_passing, true),
    ROW2(message_passing_relaxed_store, false),
    ROW2(message_passing_relaxed_load, false),
    ROW2(store_buffering, true),
    ROW2(store_buffering_release, false),
    ROW2(store_buffering_one_side, false),
    ROW2(coherence, true),
    ROW2(two_writes_each, false),
    ROW2(two_writes_each_in_order, true),
    ROW2(adding, true),
    ROW2(race, false),
    ROW2(locked, true),
    ROW2(barrier, true),
    ROW2(barrier_without_fence, false),
    {{"load_buffering", reset_late, {load_buffering_1, load_buffering_2}, load_buffering_check, false},
     false},
    {{"load_buffering_release",
      reset_late,
      {load_buffering_release_1, load_buffering_release_2},
      load_buffering_release_check,
      false},
     true},
    {{"release_sequence", reset, {put_data_first, add_after, get_data_at_two}, NULL, false}, true},
    {{"no_release_sequence", reset, {put_data, store_after, get_data_at_two}, NULL, false}, false},
    {{"independent_reads", reset, {put_x, put_y, read_xy, read_yx}, one_order, false}, true},
    {{"independent_reads_acquire", reset, {put_x, put_y, read_xy_acquire, read_yx}, one_order, false}, false},
    {{"a_loop_that_waits", reset, {put_data, spin}, NULL, false}, true},
    {{"a_loop_in_vain", reset, {put_data, spin_in_vain}, NULL, false}, false},
};
const unsigned self_tests_n = sizeof self_tests / sizeof *self_tests;
