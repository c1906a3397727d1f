/* In which order new actors run, and what a spawn finds by name. */
#include "fixture.h"
#include <stdlib.h>
#include <string.h>

TestSuite(spawn, .init = rig_start, .fini = rig_stop);

enum { WIDE = 10000 };
static uint64_t order[64];
static size_t norder, ran;
static actor_ref child[2];

/* A node of a tree has its path as number: 1, 11, 12, 111... */
static actor_result
grow(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    order[norder++] = arg;
    for (uint64_t i = 1; arg < 100 && i <= 3; i++) {
        actor_ref r = ACTOR_NOBODY;

        cr_assert_eq(actor_spawn(ctx, &r, "small", NULL, actor_none), 0);
        cr_assert_eq(actor_tell(ctx, r, go, .fn = (uintptr_t)grow, .arg = arg * 10 + i), 0);
    }
    return ACTOR_OK;
}

Test(spawn, a_tree_is_walked_in_depth_and_children_in_the_order_of_their_birth)
{
    static const uint64_t want[] = {1, 11, 111, 112, 113, 12, 121, 122, 123, 13, 131, 132, 133};

    norder = 0;
    rig_do(rig_spawn("t.small"), grow, 1);
    cr_assert_eq(norder, sizeof want / sizeof *want);
    cr_assert_eq(memcmp(order, want, sizeof want), 0);
}

static actor_result
count(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)ctx;
    (void)self;
    (void)arg;
    ran++;
    return ACTOR_OK;
}

static actor_result
wide(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    for (uint64_t i = 0; i < arg; i++) {
        actor_ref r = ACTOR_NOBODY;

        cr_assert_eq(actor_spawn(ctx, &r, "small", NULL, actor_none), 0);
        cr_assert_eq(actor_tell(ctx, r, go, .fn = (uintptr_t)count), 0);
    }
    return ACTOR_OK;
}

Test(spawn, more_children_than_the_nest_holds_all_run)
{
    ran = 0;
    rig_do(rig_spawn("t.small"), wide, WIDE);
    cr_assert_eq(ran, WIDE);
}

Test(spawn, more_children_than_the_nest_holds_all_run_on_two_workers)
{
    rig_stop();
    cr_assert_eq(rig_start_with(&(struct rig_config){.workers = 2, .seed = 7}), 0);
    ran = 0;
    rig_do(rig_spawn("t.small"), wide, WIDE);
    cr_assert_eq(ran, WIDE);
}

static actor_result
mixed(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(actor_spawn(ctx, &child[i], "small", NULL, actor_none), 0);
        cr_assert_eq(actor_tell(ctx, child[i], num, .v = 1), 0);
        cr_assert_eq(actor_tell(ctx, child[0], num, .v = 2), 0);
        cr_assert_eq(actor_tell(ctx, actor_self(ctx), num, .v = 3), 0);
        cr_assert_eq(actor_tell(ctx, child[i], num, .v = 4), 0);
    }
    return arg == 0 ? ACTOR_OK : actor_fail(ctx, 5, "no");
}

Test(spawn, mail_to_children_of_the_turn_keeps_its_order_whatever_comes_between)
{
    actor_ref a = rig_spawn("t.small");

    rig_do(a, mixed, 0);
    cr_assert_str_eq(rig_nums(child[0]), "1 2 4 2");
    cr_assert_str_eq(rig_nums(child[1]), "1 4");
    cr_assert_str_eq(rig_nums(a), "3 3");
}

Test(spawn, children_of_a_turn_that_fails_are_gone_with_their_mail)
{
    actor_ref a = rig_spawn("t.small");

    rig_do(a, mixed, 1);
    cr_assert_null(rig_cell(child[0]));
    cr_assert_null(rig_cell(child[1]));
    cr_assert_str_eq(rig_nums(child[0]), "");
    cr_assert_str_eq(rig_nums(a), "");
    cr_assert_eq(rig_counter(COUNTER_rolled_back), 8);
}

static actor_result
by_name(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    return actor_spawn(ctx, &child[0], "small", NULL, actor_none) == 0 ? ACTOR_OK : actor_fail(ctx, 5, "no");
}

static struct behaviour *
what(actor_ref r)
{
    return atomic_load_explicit(&rig_cell(r)->beh, memory_order_relaxed);
}

Test(spawn, a_name_means_what_the_newest_index_says)
{
    struct behaviour *tiny = rig_behaviour("t.small"), *big_one = rig_behaviour("t.large");
    struct behaviour *const all[] = {big_one, tiny};
    actor_ref a = rig_spawn("t.thing");

    for (int i = 0; i < 2; i++) { /* the second time without a search */
        rig_do(a, by_name, 0);
        cr_assert_eq(what(child[0]), tiny);
    }
    cr_assert_eq(registry_publish(&rig.sys, all, (const char *const[]){"t.small", "small"}, 2), 0);
    for (int i = 0; i < 2; i++) {
        rig_do(a, by_name, 0);
        cr_assert_eq(what(child[0]), big_one); /* the spawner's own plugin first */
    }
    cr_assert_eq(registry_publish(&rig.sys, all + 1, (const char *const[]){"small"}, 1), 0);
    rig_do(a, by_name, 0);
    cr_assert_eq(what(child[0]), tiny);
}
