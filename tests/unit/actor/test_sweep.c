/* Idle actors are moved by the workers, in parts between other work. */
#include "actor/sweep.h"
#include "fixture.h"
#include "msg/plan.h"
#include <sched.h>
#include <string.h>

#define BEFORE(F) F(u32, n) F(u64, mode)
#define AFTER(F)  F(u64, n) F(u64, mode) F(u32, step, .dflt = 3)
#define SEQ(F)    F(u64, v)
ACTOR_MESSAGE(seq, 1, SEQ)
ACTOR_STATE(before, 1, BEFORE)
ACTOR_STATE(after, 2, AFTER)

static _Atomic(uint64_t) arrived, wrong, hooks, in_hook, gate;
static uint64_t hook_ns, refused_mode;
static bool hook_waits;

ACTOR_ON(before, seq, ctx, self, m)
{
    atomic_fetch_add(&wrong, m->v != self->n);
    self->n++;
    atomic_fetch_add(&arrived, 1);
    return ACTOR_OK;
}
ACTOR_ON(before, go, ctx, self, m)
{
    return ((go_fn *)(uintptr_t)m->fn)(ctx, self, m->arg);
}
ACTOR_BEHAVIOUR(before, ACTOR_ROW(before, seq), ACTOR_ROW(before, go))

ACTOR_ON_MIGRATE(after, ctx, old, self)
{
    atomic_fetch_add(&hooks, 1);
    if (hook_ns != 0)
        rig.env.mono_ns += hook_ns;
    if (hook_waits) {
        hook_waits = false;
        atomic_store(&in_hook, 1);
        while (!atomic_load(&gate))
            sched_yield();
    }
    return refused_mode != 0 && self->mode == refused_mode ? actor_fail(ctx, 3, "not this one") : ACTOR_OK;
}
ACTOR_ON(after, seq, ctx, self, m)
{
    atomic_fetch_add(&wrong, m->v != self->n);
    self->n++;
    atomic_fetch_add(&arrived, 1);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(after, ACTOR_ROW_MIGRATES(after), ACTOR_ROW(after, seq))

/* Talks to itself all the time, and notes when it finds itself on another worker. */
#define TALKER(F) F(u64, worker)
ACTOR_STATE(talker, 1, TALKER)
static _Atomic(uint64_t) talker_turns, talker_moves, talker_quiet;

ACTOR_ON(talker, seq, ctx, self, m)
{
    uint64_t id = worker_current()->id + 1;

    atomic_fetch_add(&talker_moves, self->worker != 0 && self->worker != id);
    self->worker = id;
    atomic_fetch_add(&talker_turns, 1);
    if (!atomic_load(&talker_quiet))
        actor_tell(ctx, actor_self(ctx), seq, .v = 0);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(talker, ACTOR_ROW(talker, seq))
RIG_PLUGIN(movers, "m", "1.0.0", &before_behaviour, &after_behaviour, &talker_behaviour);

enum { MANY = 3000 };
static struct swap there, back;
static struct plan *plan_there, *plan_back;
static struct sweep *sweep;
static actor_ref all[MANY];
static uint64_t sent[MANY];

static void
swap_init(struct swap *s, struct plan **plan, const char *from, const char *to)
{
    memset(s, 0, sizeof *s);
    mutex_init(&s->lock);
    s->id = s == &there ? 1 : 2;
    s->to = rig_behaviour(to);
    cr_assert_eq(
        plan_new(plan, env_real(), rig_behaviour(from)->state, s->to->state, PLAN_ALLOW_NARROW, NULL), 0);
    s->plan = *plan;
}

static void
begin(bool threads, uint32_t workers, unsigned n)
{
    static const actor_plugin *const more[] = {&movers, NULL};
    struct rig_config cfg = {.workers = workers, .more = more};

    if (threads) {
        rig_make_threads(&cfg);
        cr_assert_eq(sched_start(&rig.sys.sched), 0);
    } else {
        cr_assert_eq(rig_start_with(&cfg), 0);
    }
    arrived = wrong = hooks = in_hook = gate = 0;
    hook_ns = refused_mode = 0;
    hook_waits = false;
    swap_init(&there, &plan_there, "m.before", "m.after");
    swap_init(&back, &plan_back, "m.after", "m.before");
    cr_assert_eq(sweep_new(&sweep, &rig.sys), 0);
    memset(sent, 0, sizeof sent);
    for (unsigned i = 0; i < n; i++)
        all[i] = rig_spawn("m.before");
}

static void
end(void)
{
    sweep_free(sweep);
    plan_free(plan_there);
    plan_free(plan_back);
    rig_stop();
}
TestSuite(sweep, .fini = end);

static void
publish(struct swap *s, const char *from)
{
    struct behaviour *b = rig_behaviour(from);

    atomic_store_explicit(&b->swap, s, memory_order_release);
    sweep_begin(sweep, b, 1);
}

static void
post(unsigned i)
{
    struct actx *x = system_enter(&rig.sys, ACTOR_NOBODY);

    actor_tell(&x->ctx, all[i], seq, .v = sent[i]++);
    system_leave(x);
}

static uint64_t
actors(const char *name)
{
    return gauge_value(&rig_behaviour(name)->actors);
}

static bool
runs(unsigned i, const char *name)
{
    return atomic_load(&rig_cell(all[i])->beh) == rig_behaviour(name);
}

static const after *
moved(unsigned i)
{
    cr_assert(runs(i, "m.after"));
    return rig_cell(all[i])->state;
}

Test(sweep, idle_actors_move_and_are_idle_again)
{
    begin(false, 1, 1000);
    post(7);
    rig_run();
    publish(&there, "m.before");
    rig_run();
    cr_assert(sweep_over(sweep));
    cr_assert_eq(actors("m.before"), 0);
    cr_assert_eq(actors("m.after"), 1000);
    cr_assert_eq(atomic_load(&there.done), 1000);
    cr_assert_eq(moved(7)->n, 1);
    for (unsigned i = 0; i < 1000; i++) {
        cr_assert_eq(moved(i)->step, 3);
        cr_assert_eq(atomic_load(&rig_cell(all[i])->mb.tail), MBOX_IDLE);
        cr_assert_null(rig_cell(all[i])->arena); /* the state has nothing outside of its cell */
        post(i);
    }
    rig_run();
    cr_assert_eq(atomic_load(&arrived), 1001);
    cr_assert_eq(atomic_load(&wrong), 0);
}

/* The defect that this shows: all that wait for a switch in the queue before what comes later. */
Test(sweep, mail_is_handled_after_one_part_whatever_is_left)
{
    unsigned slices = 0;

    begin(false, 1, MANY);
    publish(&there, "m.before");
    rig_slice(); /* a part */
    post(MANY - 1);
    while (atomic_load(&arrived) == 0) {
        rig_slice();
        slices++;
    }
    cr_assert_leq(slices, 2);
    cr_assert(!sweep_over(sweep));
    cr_assert_gt(actors("m.before"), 0);
    rig_run();
    cr_assert_eq(actors("m.before"), 0);
}

Test(sweep, a_part_ends_early_when_hooks_take_long)
{
    begin(false, 1, 100);
    there.migrate = true;
    hook_ns = 1000000;
    publish(&there, "m.before");
    for (uint64_t n = 1; n <= 5; n++) {
        rig_slice();
        cr_assert_eq(atomic_load(&hooks), n);
    }
    rig_run();
    cr_assert_eq(atomic_load(&there.done), 100);
}

Test(sweep, busy_actors_are_passed_over_and_look_by_themselves)
{
    begin(false, 1, 200);
    for (unsigned i = 0; i < 200; i += 2)
        post(i);
    publish(&there, "m.before");
    rig_run();
    cr_assert_eq(atomic_load(&there.done), 200);
    cr_assert_eq(atomic_load(&arrived), 100);
    cr_assert_eq(atomic_load(&wrong), 0);
}

static actor_result
be(actor_ctx *ctx, void *self, uint64_t mode)
{
    (void)ctx;
    ((before *)self)->mode = mode;
    return ACTOR_OK;
}

Test(sweep, who_refuses_stays_is_counted_once_and_serves_on)
{
    begin(false, 1, 300);
    there.migrate = true;
    refused_mode = 9;
    rig_do(all[150], be, 9);
    publish(&there, "m.before");
    rig_run();
    sweep_begin(sweep, rig_behaviour("m.before"), 1);
    rig_run();
    cr_assert_eq(atomic_load(&there.refused), 1);
    cr_assert_eq(atomic_load(&there.first_refused), all[150].slot);
    cr_assert_eq(there.err.code, ERR_MIGRATE);
    cr_assert_eq(atomic_load(&there.done), 299);
    cr_assert_eq(actors("m.before"), 1);
    cr_assert_eq(actors("m.after"), 299);
    post(150);
    rig_run();
    cr_assert_eq(atomic_load(&arrived), 1);
    cr_assert(runs(150, "m.before"));
}

static actor_result
fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    return actor_fail(ctx, 5, "no");
}

Test(sweep, held_actors_move_and_stay_held)
{
    begin(false, 1, 10);
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_policy.delay_ns = UINT64_C(3600000000000);
    rig_do(all[4], fail, 0);
    cr_assert_eq(rig_cell(all[4])->life, CELL_HELD);
    publish(&there, "m.before");
    rig_run();
    cr_assert_eq(atomic_load(&there.done), 10);
    cr_assert(runs(4, "m.after"));
    cr_assert_eq(rig_cell(all[4])->life, CELL_HELD);
}

Test(sweep, one_that_is_canceled_is_over_after_the_parts_that_run)
{
    begin(false, 1, MANY);
    publish(&there, "m.before");
    rig_slice();
    sweep_cancel(sweep);
    rig_run();
    cr_assert(sweep_over(sweep));
    cr_assert_lt(atomic_load(&there.done), MANY);
    cr_assert_eq(actors("m.before") + actors("m.after"), MANY);
    cr_assert_eq(actors("m.after"), atomic_load(&there.done));
}

Test(sweep, actors_of_other_behaviours_are_not_touched)
{
    actor_ref other;

    begin(false, 1, 10);
    other = rig_spawn_small();
    rig_num(other, 5);
    rig_run();
    publish(&there, "m.before");
    rig_run();
    cr_assert_eq(atomic_load(&rig_cell(other)->beh), rig_behaviour("t.small"));
    cr_assert_eq(rig_small(other)->n, 1);
}

/* Under two workers, with mail from outside all the time. */
Test(sweep, mail_arrives_once_and_in_order_while_actors_move_there_and_back)
{
    begin(true, 2, 2000);
    for (unsigned round = 0; round < 10; round++) {
        struct swap *s = round % 2 == 0 ? &there : &back;
        const char *from = round % 2 == 0 ? "m.before" : "m.after";

        s->id += 2;
        atomic_store(&s->done, 0);
        publish(s, from);
        for (unsigned i = 0; i < 2000; i += 1 + i % 3)
            post(i);
        while (actors(from) != 0 || !sweep_over(sweep)) {
            if (sweep_over(sweep))
                sweep_begin(sweep, rig_behaviour(from),
                            1); /* some were in a slice since before it was published */
            sched_yield();
        }
        cr_assert_eq(atomic_load(&s->done), 2000);
        atomic_store_explicit(&rig_behaviour(from)->swap, NULL, memory_order_release);
    }
    uint64_t n = 0;
    for (unsigned i = 0; i < 2000; i++)
        n += sent[i];
    rig_until(&arrived, n);
    cr_assert_eq(atomic_load(&arrived), n);
    cr_assert_eq(atomic_load(&wrong), 0);
    rig_end_all();
}

/* One worker has an actor that talks to itself, the other sleeps: the one that sleeps moves them, and the talker stays where it is. Once
 * in a while the machine has other work and its worker looks stuck. */
Test(sweep, light_work_goes_on_where_it_is)
{
    begin(true, 2, MANY);
    while (atomic_load(&rig.sys.sched.parked) != 2)
        sched_yield();
    all[0] = rig_spawn("m.talker");
    post(0);
    while (atomic_load(&talker_turns) == 0 || atomic_load(&rig.sys.sched.parked) != 1)
        sched_yield();
    for (unsigned round = 0; round < 40; round++) {
        struct swap *s = round % 2 == 0 ? &there : &back;
        const char *from = round % 2 == 0 ? "m.before" : "m.after";

        s->id += 2;
        atomic_store(&s->done, 0);
        publish(s, from);
        while (!sweep_over(sweep) || atomic_load(&rig.sys.sched.parked) != 1)
            sched_yield();
        cr_assert_eq(atomic_load(&s->done), MANY);
        atomic_store_explicit(&rig_behaviour(from)->swap, NULL, memory_order_release);
    }
    cr_expect_lt(atomic_load(&talker_moves), 10, "%lu times", atomic_load(&talker_moves));
    atomic_store(&talker_quiet, 1);
    rig_end_all();
}

/* A hook that does not return: the worker moves on, and so does the rest of the sweep when the hook comes back. */
Test(sweep, goes_on_elsewhere_after_a_take_over)
{
    int r;

    begin(true, 1, 1000);
    there.migrate = hook_waits = true;
    publish(&there, "m.before");
    rig_until(&in_hook, 1);
    while ((r = sched_take_over(&rig.sys.sched, 0)) == -ERR_BUSY)
        sched_yield();
    cr_assert_eq(r, 0);
    post(999); /* the others are served */
    rig_until(&arrived, 1);
    cr_assert_eq(atomic_load(&hooks), 2); /* of the one that is stuck, and of 999 */
    atomic_store(&gate, 1);
    rig_until(&there.done, 1000);
    while (!sweep_over(sweep))
        sched_yield();
    cr_assert_eq(actors("m.after"), 1000);
    cr_assert_eq(atomic_load(&wrong), 0);
    rig_end_all();
}
