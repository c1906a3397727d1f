#include "fixture.h"
#include <string.h>

#define CHUNK(F)  F(u64, n) F(str, s)
#define DIGEST(F) F(u64, sum) F(str, s)
#define BOSS(F)   F(u64, x)
ACTOR_MESSAGE(chunk, 1, CHUNK)
ACTOR_MESSAGE(digest, 1, DIGEST)
ACTOR_STATE(boss, 1, BOSS)

static int returns;
ACTOR_JOB(boss, hash, chunk, digest, job, in, out)
{
    char *p = actor_job_alloc(job, in->s.n + 1);

    if (p == NULL)
        return ACTOR_E_NOMEM;
    for (uint32_t i = 0; i < in->s.n; i++)
        p[i] = in->s.p[in->s.n - 1 - i];
    out->sum = in->n * 2;
    out->s = actor_str_make_(p, in->s.n);
    return returns;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    return ((go_fn *)(uintptr_t)m->fn)(ctx, self, m->arg);
}
ACTOR_ON(boss, digest, ctx, self, m)
{
    rig_own(ctx, m->sum, m->s.n);
    cr_assert_eq(memcmp(m->s.p, "olleh", 5), 0);
    return ACTOR_OK;
}
ACTOR_ON(boss, actor_ask_failed, ctx, self, m)
{
    rig_note((struct event){.kind = EV_ASK_FAILED,
                            .self = actor_self(ctx),
                            .who = m->target,
                            .a = (uint64_t) - (int64_t)m->code,
                            .tag = actor_tag(ctx)});
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW(boss, go), ACTOR_ROW(boss, digest), ACTOR_ROW(boss, actor_ask_failed),
                ACTOR_ROW_RUNS(boss, hash, chunk, digest))
RIG_PLUGIN(job_plugin, "j", "1.0.0", &boss_behaviour);

/* --- a pool that runs its one job when the test says so --- */
static struct {
    void (*fn)(void *);
    void (*done)(void *, int);
    void *arg;
    int refuses;
} pool;
static actor_ref a;
static int got;

static int
submit(void *self, void (*fn)(void *arg), void (*done)(void *arg, int code), void *arg)
{
    cr_assert_eq(self, &pool);
    if (pool.refuses != 0)
        return pool.refuses;
    pool.fn = fn;
    pool.done = done;
    pool.arg = arg;
    return 0;
}

static void
run_job(void)
{
    pool.fn(pool.arg);
    pool.done(pool.arg, 0);
    pool.fn = NULL;
    rig_run();
}

static void
start(void)
{
    static const actor_plugin *const more[] = {&job_plugin, NULL};

    cr_assert_eq(rig_start_with(&(struct rig_config){.more = more}), 0);
    memset(&pool, 0, sizeof pool);
    returns = 0;
    rig.sys.blocking = submit;
    rig.sys.blocking_self = &pool;
    a = rig_spawn("j.boss");
}
TestSuite(job, .init = start, .fini = rig_stop);

static actor_result
run_hash(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    got = actor_run(ctx, hash, tag, .n = 21, .s = ACTOR_STR("hello"));
    return ACTOR_OK;
}

static uint64_t
pins(void)
{
    return atomic_load(&rig_behaviour("j.boss")->pins);
}

Test(job, its_output_is_mail_with_the_tag)
{
    rig_do(a, run_hash, 9);
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_events(a, EV_OWN), 0);
    cr_assert_eq(pins(), 1);
    run_job();
    cr_assert_eq(rig_event(a, EV_OWN, 0)->a, 42);
    cr_assert_eq(rig_event(a, EV_OWN, 0)->b, 5);
    cr_assert_eq(rig_event(a, EV_OWN, 0)->tag, 9);
    cr_assert_eq(pins(), 0);
}

Test(job, what_it_returns_is_the_code_of_its_failure)
{
    returns = 17;
    rig_do(a, run_hash, 9);
    run_job();
    cr_assert_eq((int64_t)rig_event(a, EV_ASK_FAILED, 0)->a, -17);
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->tag, 9);
    returns = ACTOR_E_FAILED;
    rig_do(a, run_hash, 10);
    run_job();
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 1)->a, ERR_FAILED);
}

static actor_result
run_and_fail(actor_ctx *ctx, void *self, uint64_t tag)
{
    run_hash(ctx, self, tag);
    return actor_fail(ctx, 5, "no");
}

Test(job, of_a_failed_turn_never_starts)
{
    rig_do(a, run_and_fail, 9);
    cr_assert_eq(got, 0);
    cr_assert_null(pool.fn);
    cr_assert_eq(pins(), 0);
}

Test(job, that_the_pool_refuses_fails_as_mail)
{
    pool.refuses = -ERR_FULL;
    rig_do(a, run_hash, 9);
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->a, ERR_FULL);
    cr_assert_eq(pins(), 0);
}

Test(job, without_a_pool_fails_as_mail)
{
    rig.sys.blocking = NULL;
    rig_do(a, run_hash, 9);
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->a, ERR_UNSUPPORTED);
}

Test(job, outlives_its_actor)
{
    rig_do(a, run_hash, 9);
    rig_end(a, ACTOR_STOP_NOW);
    run_job();
    cr_assert_eq(rig_events(a, EV_OWN), 0);
    cr_assert_eq(pins(), 0);
}

Test(job, that_never_ran_fails_as_stopping)
{
    rig_do(a, run_hash, 9);
    pool.done(pool.arg, -ERR_CANCELED);
    rig_run();
    cr_assert_eq(rig_event(a, EV_ASK_FAILED, 0)->a, ERR_STOPPING);
}

static actor_result
run_unknown(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    got = ctx->host->job(ctx, ACTOR_STR("nosuch"), tag, &chunk_type, &(chunk){.n = 1});
    cr_assert_eq(ctx->host->job(ctx, ACTOR_STR("hash"), tag, &digest_type, &(digest){.sum = 1}), -ERR_TYPE);
    return ACTOR_OK;
}

Test(job, must_be_a_row_of_the_behaviour_and_get_its_own_input)
{
    rig_do(a, run_unknown, 1);
    cr_assert_eq(got, -ERR_NOTFOUND);
}
