#include "fixture.h"
#include "msg/plan.h"
#include <sched.h>
#include <string.h>

/* Two versions of a counter: `sum` is widened and renamed, `step` comes with a default, `gone` goes. */
#define TALLY1(F) F(u64, n) F(u32, sum) F(u32, gone) F(str, label) F(list(u64), seen)
#define TALLY2(F) \
    F(u64, n) F(u64, total, .was = "sum") F(u32, step, .dflt = 3) F(str, label) F(list(u64), seen)
#define SEQ(F) F(u64, v)
ACTOR_MESSAGE(seq, 1, SEQ)
ACTOR_STATE(tally1, 1, TALLY1)
ACTOR_STATE(tally2, 2, TALLY2)

/* The same message in each one's layout; the second is in no section, since one program has one layout of a name. */
#define LEVEL1(F) F(u32, now)
#define LEVEL2(F) F(u64, now) F(u8, unit)
ACTOR_STRUCT_T_(level1, LEVEL1);
ACTOR_SCHEMA_(level1, ACTOR_FORM_MESSAGE, "t", "level", 1, LEVEL1)
#undef ACTOR_TYPE_
#define ACTOR_TYPE_(T) \
    static actor_type T##_type = {(uint32_t)sizeof(actor_type), (uint32_t)sizeof(T), 0, 0, 0, T##_schema_};
ACTOR_STRUCT_T_(level2, LEVEL2);
ACTOR_SCHEMA_(level2, ACTOR_FORM_MESSAGE, "t", "level", 2, LEVEL2)

static actor_ref a;
static int migrate_fails, got;
static uint64_t lost, doubled, reordered, next_v1, next_v2;

/* Each value comes once and in order, whichever version handles it. */
static void
check(uint64_t *n, uint64_t v)
{
    if (v > *n)
        lost += v - *n;
    else if (v + 1 == *n)
        doubled++;
    else if (v < *n)
        reordered++;
    if (v >= *n)
        *n = v + 1;
}

ACTOR_ON(tally1, seq, ctx, self, m)
{
    check(&self->n, m->v);
    next_v1++;
    self->sum += 2;
    return ACTOR_OK;
}
ACTOR_ON(tally1, go, ctx, self, m)
{
    return ((go_fn *)(uintptr_t)m->fn)(ctx, self, m->arg);
}
ACTOR_ON(tally1, num, ctx, self, m)
{
    rig_own(ctx, 1, m->v);
    return ACTOR_OK;
}
ACTOR_ON(tally1, level1, ctx, self, m)
{
    rig_own(ctx, 1, m->now);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(tally1, ACTOR_ROW(tally1, seq), ACTOR_ROW(tally1, go), ACTOR_ROW(tally1, num),
                ACTOR_ROW(tally1, level1))
RIG_PLUGIN(v1, "v1", "1.0.0", &tally1_behaviour);

ACTOR_ON_MIGRATE(tally2, ctx, old, self)
{
    uint32_t sum = 0;

    cr_assert_eq(actor_old_get(ctx, old, "sum", u32, &sum), 0);
    cr_assert_eq(actor_old_version(ctx, old), 1);
    cr_assert(actor_ref_is_nobody(actor_sender(ctx)));
    actor_set(ctx, &self->label, ACTOR_STR("migrated"));
    actor_append(ctx, &self->seen, 1000u + sum);
    actor_tell(ctx, actor_self(ctx), num, .v = 1); /* without effect */
    if (migrate_fails)
        return actor_fail(ctx, 12, "cannot do it");
    return ACTOR_OK;
}
ACTOR_ON(tally2, seq, ctx, self, m)
{
    check(&self->n, m->v);
    next_v2++;
    return ACTOR_OK;
}
ACTOR_ON(tally2, go, ctx, self, m)
{
    return ((go_fn *)(uintptr_t)m->fn)(ctx, self, m->arg);
}
ACTOR_ON(tally2, num, ctx, self, m)
{
    rig_own(ctx, 2, m->v);
    return ACTOR_OK;
}
ACTOR_ON(tally2, level2, ctx, self, m)
{
    rig_own(ctx, 2, m->now);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(tally2, ACTOR_ROW_MIGRATES(tally2), ACTOR_ROW(tally2, seq), ACTOR_ROW(tally2, go),
                ACTOR_ROW(tally2, num), ACTOR_ROW(tally2, level2))
static actor_type *const v2_types[] = {&tally2_type, &seq_type, &go_type, &num_type, &level2_type};
static const actor_behaviour *const v2_behaviours[] = {&tally2_behaviour};
static const actor_plugin v2 = {.size = sizeof(actor_plugin),
                                .abi_major = ACTOR_ABI_MAJOR,
                                .abi_minor = ACTOR_ABI_MINOR,
                                .name = "v2",
                                .version = "2.0.0",
                                .behaviours = v2_behaviours,
                                .nbehaviours = 1,
                                .types = v2_types,
                                .types_end = v2_types + ARRAY_LEN(v2_types)};

static struct swap swap;
static struct plan *plan;

static void
start(void)
{
    static const actor_plugin *const more[] = {&v1, &v2, NULL};

    cr_assert_eq(rig_start_with(&(struct rig_config){.more = more}), 0);
    for (size_t i = 0; i < rig.nbound; i++) /* version 1 learns the layout that came with version 2 */
        cr_assert_eq(bound_refresh(&rig.sys, rig.bound[i], NULL), 0);
    a = rig_spawn("v1.tally1");
    memset(&swap, 0, sizeof swap);
    lost = doubled = reordered = next_v1 = next_v2 = 0;
    migrate_fails = 0;
    mutex_init(&swap.lock);
    swap.id = 1;
    swap.to = rig_behaviour("v2.tally2");
    cr_assert_eq(plan_new(&plan, &rig.env.env, rig_behaviour("v1.tally1")->state, swap.to->state, 0, NULL),
                 0);
    swap.plan = plan;
}

static void
stop(void)
{
    if (plan != NULL)
        plan_free(plan);
    rig_stop();
}
TestSuite(actor_switch, .init = start, .fini = stop);

static void
begin(void)
{
    atomic_store_explicit(&rig_behaviour("v1.tally1")->swap, &swap, memory_order_release);
}

static void
post_seq(uint64_t from, uint64_t to)
{
    struct actx *x = system_enter(&rig.sys, ACTOR_NOBODY);

    for (uint64_t v = from; v < to; v++)
        actor_tell(&x->ctx, a, seq, .v = v);
    system_leave(x);
}

static tally1 *
one(void)
{
    cr_assert_eq(atomic_load(&rig_cell(a)->beh), rig_behaviour("v1.tally1"));
    return rig_cell(a)->state;
}

static tally2 *
two(void)
{
    cr_assert_eq(atomic_load(&rig_cell(a)->beh), rig_behaviour("v2.tally2"));
    return rig_cell(a)->state;
}

static actor_result
fill(actor_ctx *ctx, void *self, uint64_t arg)
{
    tally1 *t = self;

    t->sum = (uint32_t)arg;
    actor_set(ctx, &t->label, ACTOR_STR("a label that owns its bytes"));
    for (uint64_t i = 0; i < 10; i++)
        actor_append(ctx, &t->seen, i);
    return ACTOR_OK;
}

Test(actor_switch, an_actor_moves_with_its_state_at_its_next_turn)
{
    rig_do(a, fill, 21);
    begin();
    post_seq(0, 1);
    rig_run();
    cr_assert_eq(two()->total, 21);
    cr_assert_eq(two()->step, 3);
    cr_assert_eq(two()->n, 1);
    cr_assert_eq(two()->label.n, 27);
    cr_assert_eq(two()->seen.n, 10);
    cr_assert_eq(two()->seen.v[9], 9);
    cr_assert_eq(atomic_load(&swap.done), 1);
    cr_assert_eq(gauge_value(&rig_behaviour("v1.tally1")->actors), 0);
    cr_assert_eq(gauge_value(&swap.to->actors), 1);
}

Test(actor_switch, migrate_runs_after_the_plan_and_its_effects_are_dropped)
{
    rig_do(a, fill, 21);
    rig_num(a, 5); /* what the worker handled last: not in migrate's hand */
    rig_run();
    swap.migrate = true;
    begin();
    post_seq(0, 1);
    rig_run();
    cr_assert_eq(two()->label.n, 8);
    cr_assert_eq(two()->seen.n, 11);
    cr_assert_eq(two()->seen.v[10], 1021);
    cr_assert_eq(rig_events(a, EV_OWN), 1); /* of version 1, above */
}

Test(actor_switch, a_migrate_that_fails_leaves_the_old_version_serving)
{
    rig_do(a, fill, 21);
    swap.migrate = true;
    migrate_fails = 1;
    begin();
    post_seq(0, 3);
    rig_run();
    cr_assert_eq(one()->n, 3);
    cr_assert_eq(one()->sum, 27);
    cr_assert_eq(one()->label.n, 27);
    cr_assert_eq(one()->seen.n, 10);
    cr_assert_eq(atomic_load(&swap.refused), 1); /* once, not at each slice */
    cr_assert_eq(atomic_load(&swap.first_refused), a.slot);
    cr_assert_eq(swap.err.code, ERR_MIGRATE);
    cr_assert_not_null(strstr(swap.err.text, "cannot do it"));
    cr_assert_eq(rig_policy.asked, 0);
}

/* --- a refusal, as another thread sees it --- */

enum { REFUSALS = 100, LOOKS = 1000 };
struct watcher {
    struct thread thread;
    _Atomic(uint32_t) held,
        seen;      /* the refusal that it waits for, its reason locked; the last one it has seen */
    uint32_t bare; /* those that counted before their reason was there */
};

/* Nobody can leave a reason while we hold its lock, so nothing may count. */
static void
watcher_main(void *arg)
{
    struct watcher *w = arg;

    for (uint32_t i = 1; i <= REFUSALS; i++) {
        while (atomic_load(&swap.refused) != 0)
            sched_yield();
        mutex_lock(&swap.lock);
        atomic_store(&w->held, i);
        for (int k = 0; k < LOOKS && atomic_load(&swap.refused) == 0; k++)
            sched_yield();
        w->bare += atomic_load(&swap.refused) != 0;
        mutex_unlock(&swap.lock);
        while (atomic_load(&swap.refused) == 0)
            sched_yield();
        mutex_lock(&swap.lock);
        w->bare += atomic_load(&swap.first_refused) != a.slot || swap.err.code != ERR_MIGRATE;
        mutex_unlock(&swap.lock);
        swap.err = (struct err){0};
        atomic_store(&swap.first_refused, 0);
        atomic_store(&swap.refused, 0);
        atomic_store(&w->seen, i);
    }
}

Test(actor_switch, a_refusal_counts_once_its_reason_is_there)
{
    static struct watcher w;

    migrate_fails = 1;
    swap.migrate = true;
    begin();
    cr_assert_eq(thread_start(&w.thread, "watcher", watcher_main, &w, 0), 0);
    for (uint32_t i = 1; i <= REFUSALS; i++) {
        while (atomic_load(&w.held) != i)
            sched_yield();
        swap.id++;
        post_seq(i - 1, i);
        rig_run();
        while (atomic_load(&w.seen) != i)
            sched_yield();
    }
    thread_join(&w.thread);
    cr_expect_eq(w.bare, 0);
}

Test(actor_switch, queued_mail_is_neither_lost_nor_doubled_nor_reordered)
{
    post_seq(0, 100);
    rig_slice();
    post_seq(100, 200);
    begin();
    post_seq(200, 300);
    rig_run();
    post_seq(300, 400);
    rig_run();
    cr_assert_eq(two()->n, 400);
    cr_assert_eq(lost, 0);
    cr_assert_eq(doubled, 0);
    cr_assert_eq(reordered, 0);
    cr_assert_eq(next_v1 + next_v2, 400);
}

Test(actor_switch, the_mail_of_sixteen_actors_arrives_once_and_in_order)
{
    actor_ref all[16];

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        all[i] = rig_spawn("v1.tally1");
    begin();
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        a = all[i];
        post_seq(0, 50);
    }
    rig_run();
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        a = all[i];
        cr_assert_eq(two()->n, 50);
    }
    cr_assert_eq(lost, 0);
    cr_assert_eq(doubled, 0);
    cr_assert_eq(reordered, 0);
}

static actor_result
arm(actor_ctx *ctx, void *self, uint64_t ms)
{
    (void)self;
    cr_assert_gt(actor_timer(ctx, ms, 0, 4, num, .v = ms), 0);
    return ACTOR_OK;
}

/* --- mail in the other version's layout --- */
static void
tell_level2(uint64_t now)
{
    struct actx *x = system_enter(&rig.sys, ACTOR_NOBODY);

    cr_assert_eq(actor_tell(&x->ctx, a, level2, .now = now), 0);
    system_leave(x);
}

Test(actor_switch, mail_of_the_wider_layout_is_narrowed_for_the_old_version_if_it_fits)
{
    tell_level2(70000);
    rig_run();
    cr_assert_eq(rig_event(a, EV_OWN, 0)->a, 1);
    cr_assert_eq(rig_event(a, EV_OWN, 0)->b, 70000);
}

Test(actor_switch, mail_that_does_not_fit_the_old_version_is_a_dead_letter_and_not_the_actors_failure)
{
    tell_level2(UINT64_C(1) << 40);
    rig_run();
    cr_assert_eq(rig_events(a, EV_OWN), 0);
    cr_assert_eq(rig_dead(DEAD_type_mismatch), 1);
    cr_assert_eq(rig_policy.asked, 0);
    tell_level2(1);
    rig_run();
    cr_assert_eq(rig_events(a, EV_OWN), 1);
}

static actor_result
ask_level2(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    return actor_ask(ctx, a, num, 100, tag, level2, .now = UINT64_MAX) == 0 ? ACTOR_OK
                                                                            : actor_fail(ctx, 1, "no");
}

Test(actor_switch, whoever_asks_with_what_does_not_fit_is_told_at_once)
{
    actor_ref asker = rig_spawn("t.thing");

    rig_do(asker, ask_level2, 4);
    cr_assert_eq(rig_event(asker, EV_ASK_FAILED, 0)->a, ERR_TYPE);
}

static actor_result
begin_now(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)ctx, (void)self, (void)arg;
    begin();
    return ACTOR_OK;
}

/* The swap begins while the slice runs, and mail from an actor that has moved on is in it already. */
Test(actor_switch, mail_that_fits_only_the_successor_is_handled_by_the_successor)
{
    rig_post(a, begin_now, 0);
    tell_level2(UINT64_C(1) << 40);
    post_seq(0, 3);
    rig_run();
    cr_assert_eq(rig_dead(DEAD_type_mismatch), 0);
    cr_assert_eq(rig_event(a, EV_OWN, 0)->a, 2);
    cr_assert_eq(rig_event(a, EV_OWN, 0)->b, UINT64_C(1) << 40);
    cr_assert_eq(two()->n, 3);
}

Test(actor_switch, an_actor_that_cannot_follow_gives_up_such_mail)
{
    swap.migrate = true;
    migrate_fails = 1;
    rig_post(a, begin_now, 0);
    tell_level2(UINT64_C(1) << 40);
    post_seq(0, 3);
    rig_run();
    cr_assert_eq(rig_dead(DEAD_type_mismatch), 1);
    cr_assert_eq(one()->n, 3);
}

Test(actor_switch, timers_and_the_reference_stay)
{
    rig_do(a, arm, 50);
    begin();
    post_seq(0, 1);
    rig_run();
    two();
    rig_advance(60);
    cr_assert_eq(rig_event(a, EV_OWN, 0)->a, 2); /* the new version got the tick */
    cr_assert_eq(rig_event(a, EV_OWN, 0)->tag, 4);
}

Test(actor_switch, what_migrate_undoes_is_not_what_the_turn_before_has_armed)
{
    rig_do(a, arm, 50); /* the last turn of this worker when migrate runs */
    swap.migrate = true;
    begin();
    post_seq(0, 1);
    rig_run();
    two();
    rig_advance(60);
    cr_assert_eq(rig_events(a, EV_OWN), 1);
    cr_assert_eq(rig_event(a, EV_OWN, 0)->tag, 4);
}

static actor_result
fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    return actor_fail(ctx, 5, "no");
}

Test(actor_switch, a_held_actor_moves_when_it_is_poked)
{
    struct actx *x;

    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_policy.delay_ns = UINT64_C(3600000000000);
    rig_do(a, fill, 21);
    rig_do(a, fail, 0);
    cr_assert_eq(rig_cell(a)->life, CELL_HELD);
    begin();
    x = system_enter(&rig.sys, ACTOR_NOBODY);
    cell_poke(x, rig_cell(a), ATTN_SWAP);
    system_leave(x);
    rig_run();
    cr_assert_eq(two()->total, 21);
    cr_assert_eq(rig_cell(a)->life, CELL_HELD);
}

Test(actor_switch, a_restart_during_a_swap_comes_up_on_the_new_version)
{
    rig_do(a, fill, 21);
    rig_policy.directive = ACTOR_DIRECTIVE_RESTART;
    rig_policy.delay_ns = 50 * 1000000;
    rig_do(a, fail, 0);
    begin();
    rig_advance(60);
    cr_assert_eq(two()->total, 0); /* fresh */
    cr_assert_eq(two()->step, 3);
    cr_assert_eq(rig_cell(a)->incarnation, 1);
    cr_assert_eq(atomic_load(&swap.done), 1);
    cr_assert_eq(gauge_value(&rig_behaviour("v1.tally1")->actors), 0);
}

Test(actor_switch, children_that_are_spawned_meanwhile_start_on_the_new_version)
{
    begin();
    a = rig_spawn("v1.tally1");
    two();
    cr_assert_eq(atomic_load(&swap.done), 0);
}

Test(actor_switch, every_allocation_of_a_switch_may_fail)
{
    uint64_t n = 0;

    rig_do(a, fill, 21);
    swap.migrate = true;
    begin();
    for (bool moved = false; !moved; n++) {
        swap.id++;
        cr_assert_lt(n, 1000);
        rig.env.fail_at = n + 1;
        {
            struct actx *x;

            rig.env.fail_at = 0;
            x = system_enter(&rig.sys, ACTOR_NOBODY);
            cell_poke(x, rig_cell(a), ATTN_SWAP);
            system_leave(x);
            rig.env.fail_at = n + 1;
        }
        rig_run();
        rig.env.fail_at = 0;
        moved = atomic_load(&swap.done) == 1;
        if (!moved) {
            cr_assert_eq(one()->sum, 21);
            cr_assert_eq(one()->label.n, 27);
        }
    }
    cr_assert_eq(two()->total, 21);
    (void)got;
}
