#include "base/pool.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct env_fake fake;
static struct depot depot;
static struct counters counters;

static void
setup(void)
{
    env_fake_init(&fake, 1);
    memset(&counters, 0, sizeof counters);
    depot_init(&depot, &fake.env);
}

static void
teardown(void)
{
    depot_fini(&depot);
    cr_assert_eq(fake.live_bytes, 0);
}

TestSuite(pool, .init = setup, .fini = teardown);

static uint64_t
count(enum counter id)
{
    const struct counters *all[] = {&counters};

    return counters_sum(all, 1, id);
}

Test(pool, class_is_the_smallest_that_fits)
{
    cr_assert_eq(pool_class(0), 0u);
    cr_assert_eq(pool_class(64), 0u);
    cr_assert_eq(pool_class(8192), 7u);
    cr_assert_eq(pool_class(8193), (unsigned)POOL_LARGE);
    for (size_t n = 1; n <= POOL_MAX_BYTES; n++) {
        unsigned k = pool_class(n);

        cr_assert_geq(pool_class_bytes(k), n);
        if (k > 0)
            cr_assert_lt(pool_class_bytes(k - 1), n);
    }
}

Test(pool, blocks_are_aligned_and_do_not_overlap)
{
    enum { N = 300 };
    struct pool p;
    unsigned char *b[POOL_CLASSES][N];

    pool_init(&p, &depot, &counters);
    for (unsigned k = 0; k < POOL_CLASSES; k++)
        for (size_t i = 0; i < N; i++) {
            b[k][i] = pool_get(&p, k);
            cr_assert_not_null(b[k][i]);
            cr_assert_eq((uintptr_t)b[k][i] % 64, 0u);
            memset(b[k][i], (int)(k * 31 + i), pool_class_bytes(k));
        }
    for (unsigned k = 0; k < POOL_CLASSES; k++)
        for (size_t i = 0; i < N; i++) {
            for (size_t at = 0; at < pool_class_bytes(k); at++)
                cr_assert_eq(b[k][i][at], (unsigned char)(k * 31 + i));
            pool_put(&p, k, b[k][i]);
        }
    cr_assert_eq(depot_live(&depot), 0);
    pool_fini(&p);
}

Test(pool, freed_block_is_handed_out_again)
{
    struct pool p;
    void *a, *b;

    pool_init(&p, &depot, NULL);
    a = pool_get(&p, 2);
    pool_put(&p, 2, a);
    b = pool_get(&p, 2);
    cr_assert_eq(a, b);
    pool_put(&p, 2, b);
    pool_fini(&p);
}

Test(pool, live_counts_blocks_in_hand_of_all_pools)
{
    struct pool p, q;
    void *b[200], *large;

    pool_init(&p, &depot, NULL);
    pool_init(&q, &depot, NULL);
    for (int i = 0; i < 200; i++)
        b[i] = pool_get(&p, 0);
    large = pool_get_large(&q, 10000);
    cr_assert_eq(depot_live(&depot), 201);
    for (int i = 0; i < 150; i++)
        pool_put(&q, 0, b[i]);
    cr_assert_eq(depot_live(&depot), 51);
    pool_fini(&q);
    cr_assert_eq(depot_live(&depot), 51);
    for (int i = 150; i < 200; i++)
        pool_put(&p, 0, b[i]);
    pool_put(&p, POOL_LARGE, large);
    cr_assert_eq(depot_live(&depot), 0);
    pool_fini(&p);
    cr_assert_eq(depot_live(&depot), 0);
}

Test(pool, blocks_from_one_pool_feed_another)
{
    enum { N = 10 * POOL_RUN };
    struct pool from, to;
    static void *b[N];
    uint64_t before;

    pool_init(&from, &depot, &counters);
    pool_init(&to, &depot, NULL);
    for (int i = 0; i < N; i++)
        b[i] = pool_get(&from, 0);
    before = depot_bytes(&depot);
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < N; i++)
            pool_put(&to, 0, b[i]);
        for (int i = 0; i < N; i++)
            cr_assert_not_null(b[i] = pool_get(&from, 0));
    }
    cr_assert_leq(depot_bytes(&depot), before + (1 << 20), "circulation must not grow the depot");
    for (int i = 0; i < N; i++)
        pool_put(&to, 0, b[i]);
    cr_assert_eq(depot_live(&depot), 0);
    pool_fini(&from);
    pool_fini(&to);
}

Test(pool, refills_and_spills_come_once_per_magazine)
{
    enum { N = 100 * POOL_RUN };
    struct pool p;
    static void *b[N];

    pool_init(&p, &depot, &counters);
    for (int i = 0; i < N; i++)
        b[i] = pool_get(&p, 0);
    cr_assert_geq(count(COUNTER_pool_refills), 100);
    cr_assert_leq(count(COUNTER_pool_refills), 102);
    for (int i = 0; i < N; i++)
        pool_put(&p, 0, b[i]);
    cr_assert_geq(count(COUNTER_pool_spills), 98);
    cr_assert_leq(count(COUNTER_pool_spills), 100);
    pool_fini(&p);
}

Test(pool, idle_pool_takes_one_small_chunk)
{
    struct pool p;
    void *b[POOL_CLASSES];

    pool_init(&p, &depot, NULL);
    cr_assert_eq(depot_bytes(&depot), 0);
    for (unsigned k = 0; k < 3; k++)
        b[k] = pool_get(&p, k);
    cr_assert_eq(depot_bytes(&depot), 64 << 10);
    for (unsigned k = 0; k < 3; k++)
        pool_put(&p, k, b[k]);
    pool_fini(&p);
}

Test(pool, large_block_knows_its_size_and_is_zeroed)
{
    struct pool p;
    unsigned char *b;

    pool_init(&p, &depot, NULL);
    b = pool_get_large(&p, 100000);
    cr_assert_not_null(b);
    cr_assert_eq((uintptr_t)b % 16, 0u);
    cr_assert_eq(pool_large_bytes(b), 100000u);
    for (size_t i = 0; i < 100000; i++)
        cr_assert_eq(b[i], 0);
    cr_assert_gt(fake.live_bytes, 100000);
    pool_put(&p, POOL_LARGE, b);
    cr_assert_eq(fake.live_bytes, 0);
    cr_assert_null(pool_get_large(&p, SIZE_MAX - 4));
    pool_fini(&p);
}

/* Take and give back many blocks through two pools; every get may fail, none may be lost. */
static void
churn(struct pool *p, struct pool *q)
{
    enum { N = 5 * POOL_RUN };
    static void *b[N];
    int n = 0;

    for (int i = 0; i < N; i++) {
        void *x = pool_get(p, 1);

        if (x != NULL)
            b[n++] = x;
    }
    while (n > 0)
        pool_put(q, 1, b[--n]);
}

Test(pool, every_single_failed_allocation_is_survived)
{
    bool failed = true;

    for (uint64_t at = 1; failed; at++) {
        struct pool p, q;

        pool_init(&p, &depot, &counters);
        pool_init(&q, &depot, &counters);
        fake.fail_at = at;
        churn(&p, &q);
        churn(&q, &p);
        failed = fake.fail_at == 0;
        fake.fail_at = 0;
        cr_assert_eq(depot_live(&depot), 0);
        pool_fini(&p);
        pool_fini(&q);
        depot_fini(&depot);
        cr_assert_eq(fake.live_bytes, 0);
        depot_init(&depot, &fake.env);
    }
    cr_assert_gt(count(COUNTER_pool_failed), 0);
}

Test(pool, putting_back_works_when_no_memory_is_left_at_all)
{
    enum { N = 20 * POOL_RUN };
    struct pool p;
    static void *b[N];

    pool_init(&p, &depot, NULL);
    for (int i = 0; i < N; i++)
        cr_assert_not_null(b[i] = pool_get(&p, 0));
    fake.fail_at = 1;
    fake.fail_from = true;
    for (int i = 0; i < N; i++)
        pool_put(&p, 0, b[i]);
    cr_assert_eq(depot_live(&depot), 0);
    fake.fail_at = 0;
    for (int i = 0; i < N; i++)
        cr_assert_not_null(b[i] = pool_get(&p, 0));
    cr_assert_eq(depot_live(&depot), N);
    for (int i = 0; i < N; i++)
        pool_put(&p, 0, b[i]);
    pool_fini(&p);
}

/* --- two threads: one takes, the other gives back --- */

enum { PASSED = 200000, SLOTS = 1024 };

struct belt {
    _Atomic(void *)
        slot[SLOTS]; /* NULL: free. Release by the producer pairs with the consumer's acquire, and back. */
    struct depot depot;
    struct pool from, to;
};

static void
consume(void *arg)
{
    struct belt *b = arg;

    for (int i = 0; i < PASSED; i++) {
        void *p;

        while ((p = atomic_load_explicit(&b->slot[i % SLOTS], memory_order_acquire)) == NULL)
            sched_yield();
        atomic_store_explicit(&b->slot[i % SLOTS], NULL, memory_order_release);
        pool_put(&b->to, 0, p);
    }
}

Test(pool, blocks_travel_between_threads)
{
    struct belt *b = calloc(1, sizeof *b);
    struct thread t = {0};

    cr_assert_not_null(b);
    depot_init(&b->depot, env_real());
    pool_init(&b->from, &b->depot, NULL);
    pool_init(&b->to, &b->depot, NULL);
    cr_assert_eq(thread_start(&t, "consumer", consume, b, 0), 0);
    for (int i = 0; i < PASSED; i++) {
        void **p = pool_get(&b->from, 0);

        cr_assert_not_null(p);
        *p = b;
        while (atomic_load_explicit(&b->slot[i % SLOTS], memory_order_acquire) != NULL)
            sched_yield();
        atomic_store_explicit(&b->slot[i % SLOTS], p, memory_order_release);
    }
    thread_join(&t);
    cr_assert_eq(depot_live(&b->depot), 0);
    cr_assert_leq(depot_bytes(&b->depot), 3 << 20);
    pool_fini(&b->from);
    pool_fini(&b->to);
    depot_fini(&b->depot);
    free(b);
}

/* --- giving back --- */
#ifdef __SANITIZE_THREAD__
#define SANITIZED 1
#else
#define SANITIZED POOL_ASAN /* its shadow and its quarantine are resident too */
#endif

static uint64_t
resident_kib(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    cr_assert_not_null(f);
    cr_assert_eq(fscanf(f, "%*u %lu", &pages), 1);
    fclose(f);
    return pages * 4;
}

enum { PEAK = 400000 };
static void *peak[PEAK];

static void
get_peak(struct pool *p, unsigned cls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        peak[i] = pool_get(p, cls);
        cr_assert_not_null(peak[i]);
        memset(peak[i], 1, pool_class_bytes(cls));
    }
}

Test(pool, after_a_peak_memory_goes_back_to_the_system)
{
    struct pool p;
    uint64_t base, most, bytes;

    memset(peak, 1, sizeof peak); /* resident before the count */
    pool_init(&p, &depot, NULL);
    pool_put(&p, 0, pool_get(&p, 0));
    base = resident_kib();
    bytes = depot_bytes(&depot);
    for (int round = 0; round < 3; round++) {
        get_peak(&p, 0, PEAK);
        most = resident_kib();
        cr_assert_gt(most, base + 20000);
        cr_assert_eq(depot_surplus(&depot), 0, "all is in use");
        for (size_t i = 0; i < PEAK; i++)
            pool_put(&p, 0, peak[(i * 7919) % PEAK]);
        cr_assert_gt(depot_surplus(&depot), 20u << 20);
        pool_flush(&p);
        depot_trim(&depot);
        cr_assert_eq(depot_surplus(&depot), 0);
        cr_assert_eq(depot_live(&depot), 0);
        cr_assert_leq(depot_bytes(&depot), bytes + (1 << 20), "one chunk is being carved");
        env_real()->trim(env_real()); /* the magazines */
        if (!SANITIZED)
            cr_assert_lt(resident_kib(), base + 2000, "round %d", round);
    }
    pool_fini(&p);
}

Test(pool, blocks_in_use_keep_their_content_and_the_pages_around_them_go_back)
{
    struct pool p;
    uint64_t most;

    pool_init(&p, &depot, NULL);
    memset(peak, 1, sizeof peak);
    get_peak(&p, 1, PEAK / 2);
    for (size_t i = 0; i < PEAK / 2; i++) {
        if (i % 1000 == 0)
            memset(peak[i], (int)(i / 1000), 128);
        else
            pool_put(&p, 1, peak[i]);
    }
    most = resident_kib();
    depot_trim(&depot);
    if (!SANITIZED)
        cr_assert_lt(resident_kib(), most - 18000);
    for (size_t i = 0; i < PEAK / 2; i += 1000) {
        for (size_t at = 0; at < 128; at++)
            cr_assert_eq(((unsigned char *)peak[i])[at], (unsigned char)(i / 1000));
        pool_put(&p, 1, peak[i]);
    }
    cr_assert_eq(depot_live(&depot), 0);
    get_peak(&p, 1, PEAK / 2); /* all of it is usable again */
    for (size_t i = 0; i < PEAK / 2; i++)
        pool_put(&p, 1, peak[i]);
    pool_fini(&p);
}

struct stirrer {
    struct thread t;
    struct pool pool;
    _Atomic(bool) *stop;
    uint64_t seed;
};

static void
stir(void *arg)
{
    struct stirrer *c = arg;
    static _Thread_local unsigned char *held[3000];
    uint32_t n = 0;
    uint64_t rounds = 0;

    while (!atomic_load(c->stop) || n > 0) {
        c->seed = c->seed * 6364136223846793005u + 1442695040888963407u;
        if (n < ARRAY_LEN(held) && (c->seed >> 33) % 2 && !atomic_load(c->stop)) {
            held[n] = pool_get(&c->pool, n % 3);
            cr_assert_not_null(held[n]);
            memset(held[n], (int)(n & 255), 64);
            n++;
        } else if (n > 0) {
            n--;
            cr_assert_eq(held[n][(c->seed >> 40) % 64], (unsigned char)(n & 255));
            pool_put(&c->pool, n % 3, held[n]);
        }
        if (++rounds % 10000 == 0)
            pool_flush(&c->pool);
    }
}

Test(pool, a_trim_beside_threads_at_work_loses_no_block)
{
    struct stirrer c[3];
    struct depot d;
    _Atomic(bool) stop = false;

    depot_init(&d, env_real());
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        c[i] = (struct stirrer){.stop = &stop, .seed = i};
        pool_init(&c[i].pool, &d, NULL);
        cr_assert_eq(thread_start(&c[i].t, "stir", stir, &c[i], 0), 0);
    }
    for (int i = 0; i < 300; i++)
        depot_trim(&d);
    atomic_store(&stop, true);
    for (size_t i = 0; i < ARRAY_LEN(c); i++)
        thread_join(&c[i].t);
    depot_trim(&d);
    cr_assert_eq(depot_live(&d), 0);
    for (size_t i = 0; i < ARRAY_LEN(c); i++)
        pool_fini(&c[i].pool);
    depot_fini(&d);
}
