#include "base/err.h"
#include "base/gauge.h"
#include "base/thread.h"
#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 20000 };
static struct gauge g;

Test(gauge, counts_over_its_parts)
{
    memset(&g, 0, sizeof g);
    cr_assert_eq(gauge_init(&g, env_real(), 3), 0);
    cr_assert_eq(gauge_value(&g), 0);
    gauge_raise(&g, 0, 5);
    gauge_raise(&g, 2, 1);
    gauge_lower(&g, 1, 4); /* what another part raised */
    cr_assert_eq(gauge_value(&g), 2);
    gauge_lower(&g, 0, 2);
    cr_assert_eq(gauge_value(&g), 0);
    gauge_fini(&g, env_real());
    gauge_fini(&g, env_real());
}

Test(gauge, without_memory_it_is_refused)
{
    struct env_fake fake;

    memset(&g, 0, sizeof g);
    env_fake_init(&fake, 1);
    fake.fail_at = 1;
    cr_assert_eq(gauge_init(&g, &fake.env, 3), -ERR_NOMEM);
    gauge_fini(&g, &fake.env);
}

/* --- threads: what one raises, the next lowers --- */
struct passer {
    struct thread thread;
    uint32_t part;
    _Atomic(uint32_t) have, *to;
    uint32_t received;
};
static struct passer passers[THREADS];

static void
passer_main(void *arg)
{
    struct passer *p = arg;

    for (uint32_t i = 0; i < ROUNDS; i++) {
        gauge_raise(&g, p->part, 1);
        atomic_fetch_add_explicit(p->to, 1, memory_order_release);
        while (atomic_load_explicit(&p->have, memory_order_acquire) == p->received)
            sched_yield();
        p->received++;
        gauge_lower(&g, p->part, 1);
    }
}

Test(gauge, a_reader_never_finds_too_few)
{
    bool wrong = false;

    memset(&g, 0, sizeof g);
    cr_assert_eq(gauge_init(&g, env_real(), THREADS), 0);
    gauge_raise(&g, 0, 1); /* one stays */
    for (uint32_t i = 0; i < THREADS; i++) {
        passers[i].part = i;
        passers[i].to = &passers[(i + 1) % THREADS].have;
        cr_assert_eq(thread_start(&passers[i].thread, "passer", passer_main, &passers[i], 0), 0);
    }
    for (int k = 0; k < 100000 && !wrong; k++) {
        uint64_t n = gauge_value(&g);

        wrong = n < 1 || n > (uint64_t)THREADS * ROUNDS;
    }
    for (uint32_t i = 0; i < THREADS; i++)
        thread_join(&passers[i].thread);
    cr_expect_not(wrong);
    cr_expect_eq(gauge_value(&g), 1);
    gauge_fini(&g, env_real());
}
