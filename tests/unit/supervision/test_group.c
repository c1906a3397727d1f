#include "base/util.h"
#include "supervision/group.h"
#include <criterion/criterion.h>
#include <string.h>

/* Five siblings, spawned in this order; the third fails. */
static char a, b, failed, y, z, parent;
static char *const order[] = {&a, &b, &failed, &y, &z};

static void *
step(void *self, void *at, bool backwards)
{
    size_t n = ARRAY_LEN(order), i;

    cr_assert_eq(self, (void *)order);
    if (at == NULL)
        return backwards ? order[n - 1] : order[0];
    for (i = 0; i < n && order[i] != at; i++)
        ;
    cr_assert_lt(i, n);
    if (backwards)
        return i == 0 ? NULL : order[i - 1];
    return i + 1 == n ? NULL : order[i + 1];
}

struct seen {
    struct effect e[16];
    size_t n;
};

static void
collect(void *arg, const struct effect *e)
{
    struct seen *s = arg;

    cr_assert_lt(s->n, ARRAY_LEN(s->e));
    s->e[s->n++] = *e;
}

static struct seen
spread(uint32_t directive, enum policy_group group, enum family_parent role)
{
    struct decision d = {.directive = directive, .why = WHY_RULE, .delay_ns = 42};
    struct family fam = {.parent_role = role,
                         .parent = &parent,
                         .failed = &failed,
                         .self = (void *)(uintptr_t)order,
                         .step = step};
    struct seen s = {.n = 0};

    supervision_spread(&d, group, &fam, collect, &s);
    return s;
}

static void
expect_apply(const struct seen *s, uint32_t directive, const char *const *who, size_t n)
{
    cr_assert_geq(s->n, n);
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(s->e[i].kind, (uint32_t)EFFECT_APPLY, "effect %zu", i);
        cr_assert_eq(s->e[i].actor, (const void *)who[i], "effect %zu", i);
        cr_assert_eq(s->e[i].directive, directive);
        cr_assert_eq(s->e[i].delay_ns, 42u, "the group waits together");
        cr_assert_eq(s->e[i].why, who[i] == &failed ? (uint32_t)WHY_RULE : (uint32_t)WHY_GROUP);
    }
}
#define EXPECT_APPLY(s, directive, ...)                               \
    expect_apply(&(s), directive, (const char *const[]){__VA_ARGS__}, \
                 ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

Test(group, one_for_one_touches_only_the_failed_actor)
{
    struct seen s = spread(ACTOR_DIRECTIVE_RESTART, GROUP_ONE_FOR_ONE, PARENT_ACTOR);

    EXPECT_APPLY(s, ACTOR_DIRECTIVE_RESTART, &failed);
    cr_assert_eq(s.n, 1u);
}

Test(group, one_for_all_restarts_in_order_of_spawning)
{
    struct seen s = spread(ACTOR_DIRECTIVE_RESTART, GROUP_ONE_FOR_ALL, PARENT_ACTOR);

    EXPECT_APPLY(s, ACTOR_DIRECTIVE_RESTART, &a, &b, &failed, &y, &z);
    cr_assert_eq(s.n, 5u);
}

Test(group, one_for_all_stops_against_it_and_tells_the_parent_last)
{
    struct seen s = spread(ACTOR_DIRECTIVE_STOP, GROUP_ONE_FOR_ALL, PARENT_ACTOR);

    EXPECT_APPLY(s, ACTOR_DIRECTIVE_STOP, &z, &y, &failed, &b, &a);
    cr_assert_eq(s.n, 6u);
    cr_assert_eq(s.e[5].kind, (uint32_t)EFFECT_TELL_PARENT);
    cr_assert_eq(s.e[5].actor, (void *)&parent);
    cr_assert_eq(s.e[5].directive, (uint32_t)ACTOR_DIRECTIVE_STOP);
}

Test(group, rest_for_one_touches_those_spawned_later)
{
    struct seen s = spread(ACTOR_DIRECTIVE_RESTART, GROUP_REST_FOR_ONE, PARENT_ACTOR);

    EXPECT_APPLY(s, ACTOR_DIRECTIVE_RESTART, &failed, &y, &z);
    cr_assert_eq(s.n, 3u);
    s = spread(ACTOR_DIRECTIVE_STOP, GROUP_REST_FOR_ONE, PARENT_USER);
    EXPECT_APPLY(s, ACTOR_DIRECTIVE_STOP, &z, &y, &failed);
    cr_assert_eq(s.n, 3u, "a guardian is not told");
}

Test(group, resume_concerns_nobody_else)
{
    for (unsigned g = GROUP_ONE_FOR_ONE; g <= GROUP_REST_FOR_ONE; g++) {
        struct seen s = spread(ACTOR_DIRECTIVE_RESUME, (enum policy_group)g, PARENT_SYSTEM);

        EXPECT_APPLY(s, ACTOR_DIRECTIVE_RESUME, &failed);
        cr_assert_eq(s.n, 1u);
    }
}

Test(group, escalation_fails_the_parent_and_leaves_the_child_suspended)
{
    struct seen s = spread(ACTOR_DIRECTIVE_ESCALATE, GROUP_ONE_FOR_ALL, PARENT_ACTOR);

    cr_assert_eq(s.n, 2u);
    cr_assert_eq(s.e[0].kind, (uint32_t)EFFECT_TELL_PARENT);
    cr_assert_eq(s.e[1].kind, (uint32_t)EFFECT_FAIL_PARENT);
    cr_assert_eq(s.e[1].actor, (void *)&parent);
}

Test(group, escalation_to_user_stops_that_actor_and_logs)
{
    struct seen s = spread(ACTOR_DIRECTIVE_ESCALATE, GROUP_ONE_FOR_ALL, PARENT_USER);

    cr_assert_eq(s.n, 2u);
    cr_assert_eq(s.e[0].kind, (uint32_t)EFFECT_APPLY);
    cr_assert_eq(s.e[0].actor, (void *)&failed);
    cr_assert_eq(s.e[0].directive, (uint32_t)ACTOR_DIRECTIVE_STOP);
    cr_assert_eq(s.e[0].why, (uint32_t)WHY_GUARDIAN);
    cr_assert_eq(s.e[1].kind, (uint32_t)EFFECT_LOG);
}

Test(group, only_a_system_actor_that_gives_up_stops_the_node)
{
    for (uint32_t directive = ACTOR_DIRECTIVE_RESUME; directive <= ACTOR_DIRECTIVE_ESCALATE; directive++)
        for (unsigned role = PARENT_ACTOR; role <= PARENT_SYSTEM; role++) {
            struct seen s = spread(directive, GROUP_ONE_FOR_ONE, (enum family_parent)role);
            bool gives_up = directive == ACTOR_DIRECTIVE_STOP || directive == ACTOR_DIRECTIVE_ESCALATE;

            cr_assert_eq(s.e[0].kind == EFFECT_STOP_NODE, role == PARENT_SYSTEM && gives_up);
            for (size_t i = 1; i < s.n; i++)
                cr_assert_neq(s.e[i].kind, (uint32_t)EFFECT_STOP_NODE);
        }
}

/* --- the whole chain: a tree of three floors that keeps failing --- */

Test(group, endless_failures_climb_to_user_and_stop_there)
{
    struct policy p;
    struct rng rng;
    struct failure_history child = {0}, top = {0};
    uint64_t now = 1000000000;
    unsigned restarts_of_top = 0;
    struct decision d;

    policy_default(&p);
    rng_seed(&rng, 1);
    for (unsigned i = 0; i < 1000; i++, now += 1000000) {
        struct cause f = {.kind = CAUSE_RETURNED, .code = 7, .resumable = true};

        supervision_decide(&p, &child, now, &rng, &f, &d);
        if (d.directive != ACTOR_DIRECTIVE_ESCALATE)
            continue;
        f = (struct cause){.kind = CAUSE_CHILD, .code = 7};
        supervision_decide(&p, &top, now, &rng, &f, &d);
        if (d.directive == ACTOR_DIRECTIVE_ESCALATE)
            break;
        cr_assert_eq(d.directive, (uint32_t)ACTOR_DIRECTIVE_RESTART);
        memset(&child, 0, sizeof child); /* the parent's new life spawns a new child */
        restarts_of_top++;
    }
    cr_assert_eq(restarts_of_top, 3u);
    cr_assert_eq(d.directive, (uint32_t)ACTOR_DIRECTIVE_ESCALATE);
    cr_assert_eq(d.why, (uint32_t)WHY_RESTARTS);
}
