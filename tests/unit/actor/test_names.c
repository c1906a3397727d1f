#include "fixture.h"
#include <stdio.h>
#include <string.h>

TestSuite(names, .init = rig_start, .fini = rig_stop);

static actor_ref
look(const char *path)
{
    return names_lookup(&rig.sys, path, strlen(path));
}

static const char *
path_of(actor_ref r)
{
    static char buf[256];

    names_path(&rig.sys, cell_at(&rig.sys, r.slot), buf, sizeof buf);
    return buf;
}

Test(names, a_named_actor_is_found_by_its_path)
{
    actor_ref a = rig_spawn_under(rig.sys.user, "anna");
    actor_ref b = rig_spawn_under(a, "ben");

    cr_assert(actor_ref_eq(look("/user/anna"), a));
    cr_assert(actor_ref_eq(look("/user/anna/ben"), b));
    cr_assert_str_eq(path_of(b), "/user/anna/ben");
    cr_assert(actor_ref_eq(look("/user"), rig.sys.user));
    cr_assert(actor_ref_eq(look("/"), rig.sys.root));
    cr_assert_str_eq(path_of(rig.sys.root), "/");
}

Test(names, unknown_paths_and_odd_ones_give_nobody)
{
    static const char *const odd[] = {"",     "/user/x",    "/user/anna/x", "user/anna",
                                      "anna", "/anna",      "1.2.3",        "0.0",
                                      "99.1", "/user/99.1", "4294967295.1"};
    char longer[600];

    rig_spawn_under(rig.sys.user, "anna");
    for (size_t i = 0; i < ARRAY_LEN(odd); i++)
        cr_assert(actor_ref_is_nobody(look(odd[i])), "%s", odd[i]);
    memset(longer, 'a', sizeof longer);
    longer[0] = '/';
    longer[sizeof longer - 1] = 0;
    cr_assert(actor_ref_is_nobody(look(longer)));
    cr_assert(actor_ref_is_nobody(look(longer + 1)));
}

Test(names, a_name_is_unique_under_its_parent_only)
{
    actor_ref a = rig_spawn_under(rig.sys.user, "anna"), r;

    cr_assert_eq(rig_try_spawn(&r, rig.sys.user, "t.thing", "anna", NULL), -ERR_EXISTS);
    cr_assert_eq(rig_try_spawn(&r, a, "t.thing", "anna", NULL), 0);
    cr_assert(actor_ref_eq(look("/user/anna/anna"), r));
}

Test(names, a_name_conflict_spawns_nothing)
{
    actor_ref r;
    uint64_t alive;

    rig_spawn_under(rig.sys.user, "anna");
    alive = gauge_value(&rig.sys.alive);
    cr_assert_eq(rig_try_spawn(&r, rig.sys.user, "t.thing", "anna", NULL), -ERR_EXISTS);
    cr_assert_eq(gauge_value(&rig.sys.alive), alive);
}

Test(names, names_that_are_no_names_are_refused)
{
    static const char *const bad[] = {"a b", "/a", "-a", "_a", ".a", "a/b", "\xc3\xa9"};
    char longer[257];
    actor_ref r;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        cr_assert_eq(rig_try_spawn(&r, rig.sys.user, "t.thing", bad[i], NULL), -ERR_INVALID, "%s", bad[i]);
    memset(longer, 'a', 256);
    longer[256] = 0;
    cr_assert_eq(rig_try_spawn(&r, rig.sys.user, "t.thing", longer, NULL), -ERR_INVALID);
    longer[255] = 0;
    cr_assert_eq(rig_try_spawn(&r, rig.sys.user, "t.thing", longer, NULL), 0);
    cr_assert_eq(rig_try_spawn(&r, rig.sys.user, "t.thing", "A-1_b.c", NULL), 0);
}

Test(names, a_name_is_free_again_when_its_actor_has_ended)
{
    actor_ref a = rig_spawn_under(rig.sys.user, "anna"), b;

    rig_end(a, ACTOR_STOP_NOW);
    cr_assert(actor_ref_is_nobody(look("/user/anna")));
    b = rig_spawn_under(rig.sys.user, "anna");
    cr_assert(actor_ref_eq(look("/user/anna"), b));
    cr_assert_not(actor_ref_eq(a, b));
}

Test(names, slot_and_generation_find_an_actor_while_it_lives)
{
    actor_ref a = rig_spawn("t.thing");
    char key[64], path[80];

    snprintf(key, sizeof key, "%u.%llu", a.slot, (unsigned long long)a.gen);
    snprintf(path, sizeof path, "/user/%s", key);
    cr_assert(actor_ref_eq(look(key), a));
    cr_assert(actor_ref_eq(look(path), a));
    cr_assert_str_eq(path_of(a), path);
    snprintf(path, sizeof path, "/system/%s", key);
    cr_assert(actor_ref_is_nobody(look(path)));
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert(actor_ref_is_nobody(look(key)));
}

Test(names, an_alias_finds_its_actor)
{
    actor_ref a = rig_spawn("t.thing"), b = rig_spawn("t.thing");

    cr_assert_eq(names_alias(&rig.sys, "boss", 4, a), 0);
    cr_assert(actor_ref_eq(look("boss"), a));
    cr_assert_eq(names_alias(&rig.sys, "boss", 4, b), -ERR_EXISTS);
    cr_assert_eq(names_alias(&rig.sys, "no good", 7, b), -ERR_INVALID);
}

Test(names, an_alias_never_finds_the_next_actor_of_the_slot)
{
    actor_ref a = rig_spawn("t.thing"), next;

    cr_assert_eq(names_alias(&rig.sys, "boss", 4, a), 0);
    rig_end(a, ACTOR_STOP_NOW);
    cr_assert(actor_ref_is_nobody(look("boss")));
    do
        next = rig_spawn("t.thing");
    while (next.slot != a.slot);
    cr_assert(actor_ref_is_nobody(look("boss")));
    cr_assert_eq(names_alias(&rig.sys, "boss", 4, next), 0); /* and it is free again */
    cr_assert(actor_ref_eq(look("boss"), next));
}

Test(names, an_alias_for_somebody_who_is_gone_is_refused)
{
    actor_ref a = rig_spawn("t.thing");

    rig_end(a, ACTOR_STOP_NOW);
    cr_assert_eq(names_alias(&rig.sys, "boss", 4, a), -ERR_DEAD);
}

static actor_result
look_up(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    rig_own(ctx, actor_lookup(ctx, "/user/anna").slot, actor_lookup(ctx, "nobody").slot);
    return ACTOR_OK;
}

Test(names, handlers_look_up_too)
{
    actor_ref a = rig_spawn_under(rig.sys.user, "anna");

    rig_do(a, look_up, 0);
    cr_assert_eq(rig_event(a, EV_OWN, 0)->a, a.slot);
    cr_assert_eq(rig_event(a, EV_OWN, 0)->b, 0);
}

Test(names, a_path_that_does_not_fit_is_cut_and_its_length_told)
{
    actor_ref a = rig_spawn_under(rig.sys.user, "anna");
    char buf[8];

    cr_assert_eq(names_path(&rig.sys, rig_cell(a), buf, sizeof buf), strlen("/user/anna"));
    cr_assert_str_eq(buf, "/user/a");
    cr_assert_eq(names_path(&rig.sys, rig_cell(a), NULL, 0), strlen("/user/anna"));
}

static actor_ref early;
static actor_result
spawn_and_fail(actor_ctx *ctx, void *self, uint64_t arg)
{
    struct actx *x;

    (void)self;
    (void)arg;
    cr_assert_eq(actor_spawn(ctx, &early, "thing", "early", args), 0);
    /* somebody finds it by name before the turn is over, and sends to it */
    x = system_enter(&rig.sys, ACTOR_NOBODY);
    cr_assert(actor_ref_eq(look("/user/anna/early"), early));
    cr_assert_eq(actor_tell(&x->ctx, early, num, .v = 1), 0);
    system_leave(x);
    return actor_fail(ctx, 5, "no");
}

Test(names, mail_for_a_child_whose_spawn_is_rolled_back_is_counted_as_such)
{
    actor_ref a = rig_spawn_under(rig.sys.user, "anna");

    rig_do(a, spawn_and_fail, 0);
    cr_assert(actor_ref_is_nobody(look("/user/anna/early")));
    cr_assert_eq(rig_dead(DEAD_rolled_back), 1);
    cr_assert_eq(rig_events(early, EV_NUM), 0);
}
