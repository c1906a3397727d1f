/* Versions under living actors: two workers run, the test is the control thread. */
#include "actor/call.h"
#include "fixture.h"
#include "plugin/runtime.h"
#include <sched.h>

static char dir[4096]; /* of one test; each test is a process of its own or runs alone */
static struct system sys;
static struct runtime *rt;
static struct err err;

static void
start(void)
{
    char data[4200];
    struct system_config cfg = {.sched = {.workers = 2, .slice_turns = 1000, .slice_ns = 200000},
                                .node = 1,
                                .max_cells = 4096,
                                .dead_bytes = 65536};
    struct runtime_config rc = {.sys = &sys, .data_dir = data, .unload = RUNTIME_UNLOAD_DRAINED};

    err = (struct err){0};
    memset(&sys, 0, sizeof sys);
    temp_dir_make(dir, sizeof dir);
    snprintf(data, sizeof data, "%s/data", dir);
    cr_assert_eq(system_init(&sys, env_real(), NULL, &cfg), 0);
    cr_assert_eq(runtime_new(&rt, &rc, &err), 0, "%s", err.text);
    cr_assert_eq(sched_start(&sys.sched), 0);
}

static void
stop(void)
{
    cr_assert_eq(sched_stop(&sys.sched, 20000000000ull), 0);
    system_fini(&sys);
    runtime_free(rt);
    temp_dir_remove(dir);
}

TestSuite(runtime, .init = start, .fini = stop);

static struct version *
loaded(const char *name)
{
    struct version *v = NULL;

    cr_assert_eq(runtime_load(rt, plugin_path(name), 0, NULL, &v, NULL, &err), 0, "%s: %s", name, err.text);
    return v;
}

/* --- something done in an actor's own slice, and waited for --- */

struct visit {
    struct parker done;
    void (*fn)(struct actx *, struct cell *, struct visit *);
    const char *name;
    actor_ref ref;
    int result;
    uint64_t value;
    const struct behaviour *behaviour;
};

static void
visit_run(struct actx *x, struct cell *cell, void *arg)
{
    struct visit *v = arg;

    v->result = -ERR_DEAD;
    if (cell != NULL)
        v->fn(x, cell, v);
    parker_unpark(&v->done);
}

static void
visit(actor_ref who, struct visit *v)
{
    parker_init(&v->done);
    cr_assert_eq(system_call(&sys, who, visit_run, v), 0);
    cr_assert(parker_park(&v->done, 20000000000ull), "nobody answered");
}

static void
do_spawn(struct actx *x, struct cell *cell, struct visit *v)
{
    struct behaviour *b = registry_find(&sys, v->name, strlen(v->name));
    struct cell *child = NULL;

    (void)cell;
    v->result = b == NULL ? -ERR_NOTFOUND : spawn_cell(x, &child, b, NULL, 0, NULL, NULL, NULL);
    if (v->result == 0)
        v->ref = child->ref;
}

static actor_ref
spawned(const char *behaviour)
{
    struct visit v = {.fn = do_spawn, .name = behaviour};

    visit(sys.user, &v);
    cr_assert_eq(v.result, 0, "%s: %d", behaviour, v.result);
    return v.ref;
}

/* An unsigned field of the actor's state, by name in whatever version it runs. */
static void
do_read(struct actx *x, struct cell *cell, struct visit *v)
{
    const struct behaviour *b = atomic_load(&cell->beh);
    const struct field *f = schema_field(b->state, v->name);
    uint32_t small;

    (void)x;
    v->behaviour = b;
    v->result = f == NULL ? -ERR_NOTFOUND : 0;
    if (f == NULL)
        return;
    if (f->bytes == 4) {
        memcpy(&small, (char *)cell->state + f->offset, 4);
        v->value = small;
    } else {
        memcpy(&v->value, (char *)cell->state + f->offset, 8);
    }
}

static uint64_t
field_of(actor_ref who, const char *name)
{
    struct visit v = {.fn = do_read, .name = name};

    visit(who, &v);
    cr_assert_eq(v.result, 0, "field %s: %d", name, v.result);
    return v.value;
}

/* A visit comes before the mail that waits; so look until the mail is handled. */
static void
expect_field(actor_ref who, const char *name, uint64_t want)
{
    uint64_t end = env_mono_ns(env_real()) + 20000000000ull, is;

    while ((is = field_of(who, name)) != want && env_mono_ns(env_real()) < end)
        sched_yield();
    cr_expect_eq(is, want, "%s is %llu, not %llu", name, (unsigned long long)is, (unsigned long long)want);
}

static const struct behaviour *
behaviour_of(actor_ref who)
{
    struct visit v = {.fn = do_read, .name = ""};

    visit(who, &v);
    return v.behaviour;
}

static const actor_type *
type_named(const struct version *v, const char *name)
{
    for (size_t i = 0; i < v->descriptor.ntypes; i++)
        if (strcmp(v->descriptor.types[i].schema->name, name) == 0)
            return v->descriptor.types[i].object;
    cr_assert_fail("no type %s", name);
    return NULL;
}

static void
add(const struct version *v, actor_ref to, uint32_t by)
{
    struct {
        uint32_t by;
        actor_str why; /* version 2 has it */
    } m = {by, {NULL, 0}};
    struct actx *x = system_enter(&sys, sys.user);

    cr_assert_eq(call_tell(&x->ctx, to, type_named(v, "counter.add"), &m), 0);
    system_leave(x);
}

struct pass {
    actor_ref to;
    uint64_t now;
};
/* Have `from` send a level. */
static void
pass(const struct version *v, actor_ref from, actor_ref to, uint64_t now)
{
    struct pass m = {to, now};
    struct actx *x = system_enter(&sys, sys.user);

    cr_assert_eq(call_tell(&x->ctx, from, type_named(v, "meter.pass"), &m), 0);
    system_leave(x);
}

static struct swap_status
swapped(struct version *to, const struct swap_options *o)
{
    struct swapping *s = NULL;
    struct swap_status st = {0};

    cr_assert_eq(runtime_swap(rt, to, o, &s, NULL, &err), 0, "%s", err.text);
    while (!runtime_swap_step(rt, s, &st))
        sched_yield();
    runtime_swap_end(rt, s);
    return st;
}

/* --- tests --- */

Test(runtime, the_first_version_of_a_plugin_is_active_and_can_be_spawned)
{
    struct version *v = loaded("counter1");
    actor_ref a, b;

    cr_expect_eq(v->state, VERSION_ACTIVE);
    a = spawned("counter");
    b = spawned("counter.counter@1.0");
    add(v, a, 5);
    add(v, a, 2);
    add(v, b, 1);
    expect_field(a, "total", 7);
    cr_expect_eq(runtime_actors(rt, v), 2);
}

Test(runtime, a_swap_moves_every_actor_with_its_state)
{
    struct version *v1 = loaded("counter1"), *v2 = loaded("counter2");
    struct swap_options o = {0};
    struct swap_status st;
    actor_ref who[100];
    uint64_t moved = 0;

    cr_expect_eq(v2->state, VERSION_LOADED);
    for (size_t i = 0; i < 100; i++) {
        who[i] = spawned("counter");
        add(v1, who[i], (uint32_t)i);
    }
    st = swapped(v2, &o);
    cr_expect_eq(st.phase, SWAPPING_DONE);
    cr_expect_eq(st.refused, 0);
    cr_expect_eq(v2->state, VERSION_ACTIVE);
    cr_expect_eq(v1->state, VERSION_DRAINING);
    cr_expect_eq(runtime_actors(rt, v1), 0);
    cr_expect_eq(runtime_actors(rt, v2), 100);
    for (size_t i = 0; i < 100; i++) {
        moved += behaviour_of(who[i])->version_id == v2->id;
        add(v1, who[i], 1); /* mail of the layout before still arrives */
        add(v2, who[i], 1);
        expect_field(who[i], "sum", i + 2);  /* was total */
        expect_field(who[i], "limit", 1000); /* new, with its default */
    }
    cr_expect_eq(moved, 100);
    cr_expect_eq(behaviour_of(spawned("counter"))->version_id, v2->id);
}

Test(runtime, a_swap_back_inverts_renames_and_tests_what_it_narrows)
{
    struct version *v1 = loaded("counter1"), *v2 = loaded("counter2");
    struct swap_options o = {0}, back = {.narrow = true};
    struct swap_status st;
    actor_ref a, b;

    a = spawned("counter");
    b = spawned("counter");
    cr_expect_eq(swapped(v2, &o).phase, SWAPPING_DONE);
    add(v2, a, 10);
    cr_expect_eq(swapped(v1, &back).phase, SWAPPING_DONE);
    expect_field(a, "total", 10);
    cr_expect_eq(v1->state, VERSION_ACTIVE);
    cr_expect_eq(swapped(v2, &o).phase, SWAPPING_DONE);
    add(v2, b, UINT32_MAX);
    add(v2, b, 5); /* past what version 1 can hold */
    expect_field(b, "sum", (uint64_t)UINT32_MAX + 5);
    st = swapped(v1, &back);
    cr_expect_eq(st.phase, SWAPPING_REVERTED);
    cr_expect_eq(st.refused, 1);
    cr_expect_eq(st.first_refused, b.slot);
    cr_expect_eq(st.err.code, ERR_RANGE);
    expect_text(&st.err, "total");
    cr_expect_eq(v2->state, VERSION_ACTIVE);
    cr_expect_eq(runtime_actors(rt, v1), 0);
    expect_field(a, "sum", 10);
    expect_field(b, "sum", (uint64_t)UINT32_MAX + 5);
}

Test(runtime, a_message_that_widens_arrives_from_senders_of_both_layouts)
{
    struct version *v1 = loaded("meter1"), *feed = loaded("feed1"), *v2 = loaded("meter2");
    actor_ref meter = spawned("meter.meter"), other = spawned("meter.meter"), feeder = spawned("feed.feeder");
    struct swap_options o = {0};

    pass(feed, feeder, meter, 5);
    expect_field(meter, "sum", 5);
    cr_expect_eq(swapped(v2, &o).phase, SWAPPING_DONE);
    pass(feed, feeder, meter, 6);
    expect_field(meter, "sum", 11);
    pass(v1, other, meter, UINT64_C(1) << 40); /* `other` runs version 2 by now */
    expect_field(meter, "last", UINT64_C(1) << 40);
}

Test(runtime, a_swap_back_that_would_cut_what_another_plugin_sends_is_refused)
{
    struct version *v1 = loaded("meter1"), *v2 = loaded("meter2"), *feed;
    actor_ref meter = spawned("meter.meter"), feeder;
    struct swap_options o = {0}, back = {.narrow = true};
    struct swapping *s = NULL;

    cr_expect_eq(swapped(v2, &o).phase, SWAPPING_DONE);
    feed = loaded("feed2");
    feeder = spawned("feed.feeder");
    pass(feed, feeder, meter, UINT64_C(1) << 40);
    expect_field(meter, "sum", UINT64_C(1) << 40);
    cr_expect_eq(runtime_swap(rt, v1, &back, &s, NULL, &err), -ERR_SCHEMA);
    expect_text(&err, "'feed' 2.0.0 brought");
    pass(feed, feeder, meter, 1);
    expect_field(meter, "last", 1);
    cr_expect_eq(behaviour_of(meter)->version_id, v2->id);
}

Test(runtime, an_impossible_swap_is_refused_and_the_old_version_serves_on)
{
    struct version *v1 = loaded("counter2"), *v3 = loaded("bad_counter3");
    struct swap_options o = {0};
    struct swapping *s = NULL;
    actor_ref a = spawned("counter");

    cr_expect_eq(runtime_swap(rt, v3, &o, &s, NULL, &err), -ERR_MIGRATE);
    expect_text(&err, "field limit");
    cr_expect_null(s);
    add(v1, a, 3);
    expect_field(a, "sum", 3);
    cr_expect_eq(behaviour_of(a)->version_id, v1->id);
    cr_expect_eq(v1->pins, 0);
}

struct sender {
    struct version *version;
    actor_ref *who;
    size_t n;
    uint64_t sent;
    _Atomic(bool) stop; /* release by the test; pairs with the acquire in send_all */
};

static void
send_all(void *arg)
{
    struct sender *s = arg;

    while (!atomic_load_explicit(&s->stop, memory_order_acquire) || s->sent < s->n * 200) {
        for (size_t i = 0; i < s->n; i++)
            add(s->version, s->who[i], 1);
        s->sent += s->n;
    }
}

Test(runtime, swaps_to_and_fro_under_traffic_lose_and_double_nothing)
{
    enum { ACTORS = 32, SWAPS = 20 };
    struct version *v1 = loaded("counter1"), *v2 = loaded("counter2");
    struct swap_options o = {.narrow = true};
    actor_ref who[ACTORS];
    struct sender s = {.version = v1, .who = who, .n = ACTORS};
    struct thread t = {0};
    const char *field = "total";
    uint64_t sum, end = env_mono_ns(env_real()) + 40000000000ull;

    for (size_t i = 0; i < ACTORS; i++)
        who[i] = spawned("counter");
    cr_assert_eq(thread_start(&t, "sender", send_all, &s, 0), 0);
    for (unsigned i = 0; i < SWAPS; i++) {
        cr_expect_eq(swapped(i % 2 == 0 ? v2 : v1, &o).phase, SWAPPING_DONE);
        field = i % 2 == 0 ? "sum" : "total";
    }
    atomic_store_explicit(&s.stop, true, memory_order_release);
    thread_join(&t);
    do {
        sum = 0;
        for (size_t i = 0; i < ACTORS; i++)
            sum += field_of(who[i], field);
    } while (sum < s.sent && env_mono_ns(env_real()) < end);
    cr_expect_eq(sum, s.sent);
    cr_expect_geq(s.sent, ACTORS * 200);
}

/* --- opaque state --- */
struct put {
    uint32_t where, coins;
};
static void
put_coins(const struct version *v, actor_ref to, uint32_t coins)
{
    struct put m = {1, coins};
    struct actx *x = system_enter(&sys, sys.user);

    cr_assert_eq(call_tell(&x->ctx, to, type_named(v, "vault.put"), &m), 0);
    system_leave(x);
}

/* coins[1], in whichever layout this version has. */
static void
do_count(struct actx *x, struct cell *cell, struct visit *v)
{
    const struct field *f = schema_field(atomic_load(&cell->beh)->state, "inside");
    const char *p = (const char *)cell->state + f->offset;
    uint32_t small;

    (void)x;
    v->result = 0;
    if (f->bytes == 8) {
        memcpy(&small, p + 4, 4);
        v->value = small;
    } else {
        memcpy(&v->value, p + 16, 8);
    }
}

static void
expect_coins(actor_ref who, uint64_t want)
{
    uint64_t end = env_mono_ns(env_real()) + 20000000000ull;
    struct visit v;

    do {
        v = (struct visit){.fn = do_count};
        visit(who, &v);
    } while (v.value != want && env_mono_ns(env_real()) < end);
    cr_expect_eq(v.value, want);
}

Test(runtime, opaque_state_goes_from_version_to_version_by_save_and_load)
{
    struct version *v1 = loaded("vault1"), *v2 = loaded("vault2");
    struct swap_options o = {0}, back = {.narrow = true};
    actor_ref a = spawned("vault");

    put_coins(v1, a, 7);
    expect_field(a, "turns", 1);
    cr_expect_eq(swapped(v2, &o).phase, SWAPPING_DONE);
    expect_coins(a, 7);
    put_coins(v2, a, 1);
    expect_coins(a, 8);
    expect_field(a, "turns", 2);
    cr_expect_eq(swapped(v1, &back).phase, SWAPPING_DONE);
    expect_coins(a, 8);
    expect_field(a, "turns", 2);
}

Test(runtime, a_load_that_fails_leaves_opaque_state_where_it_is)
{
    struct version *v2 = loaded("vault2"), *v3 = loaded("vault3");
    struct swap_options o = {0};
    struct swap_status st;
    actor_ref a = spawned("vault");

    put_coins(v2, a, 7);
    st = swapped(v3, &o);
    cr_expect_eq(st.phase, SWAPPING_REVERTED);
    cr_expect_eq(st.refused, 1);
    expect_text(&st.err, "load() of vault.vault 3.0.0 failed with code 77: cannot read 16 bytes");
    put_coins(v2, a, 1);
    expect_coins(a, 8);
}

Test(runtime, save_only_saves)
{
    struct version *v4 = loaded("vault4"), *v2 = loaded("vault2");
    struct swap_options o = {0};
    actor_ref a = spawned("vault");

    put_coins(v4, a, 7);
    cr_expect_eq(swapped(v2, &o).phase, SWAPPING_DONE);
    expect_coins(a, 7);
    expect_field(a, "turns", 1); /* what save() told itself was dropped */
}

/* What fails may also be nobody's business to read. */
Test(runtime, a_load_that_fails_needs_no_place_for_its_error)
{
    static const char *const bad[] = {"bad_no_symbol", "bad_wrong_policy", "bad_message_conflict"};
    struct version *v = NULL;

    loaded("counter1");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_lt(runtime_load(rt, plugin_path(bad[i]), 0, NULL, &v, NULL, NULL), 0, "%s", bad[i]);
    cr_expect_null(v);
}

Test(runtime, a_drained_version_is_unloaded_by_policy_and_loads_again)
{
    struct version *v1 = loaded("counter1"), *v2 = loaded("counter2"), *it;
    struct swap_options o = {0};
    actor_ref a = spawned("counter");
    char path[4096];
    bool mapped = true;
    size_t pos, n;

    snprintf(path, sizeof path, "%s", v1->path);
    runtime_tidy(rt);
    cr_expect_eq(v1->state, VERSION_ACTIVE); /* what is in use stays */
    cr_expect_eq(swapped(v2, &o).phase, SWAPPING_DONE);
    do {
        runtime_tidy(rt);
        for (pos = 0, n = 0; (it = catalogue_next(runtime_catalogue(rt), &pos)) != NULL; n++)
            ;
    } while (n == 2); /* until every worker has passed a slice end */
    cr_expect_eq(n, 1);
    cr_expect_eq(image_mapped(path, &mapped, &err), 0);
    cr_expect_eq(mapped, false);
    add(v2, a, 1);
    expect_field(a, "sum", 1);
    v1 = loaded("counter1");
    cr_expect_eq(v1->state, VERSION_LOADED);
    cr_expect_eq(swapped(v1, &(struct swap_options){.narrow = true}).phase, SWAPPING_DONE);
    expect_field(a, "total", 1);
}

Test(runtime, a_version_that_actors_run_is_not_unloaded)
{
    struct version *v1 = loaded("counter1"), *v2 = loaded("counter2");
    actor_ref a = spawned("counter@2");

    cr_expect_eq(runtime_unload(rt, v1, &err), -ERR_INVALID);
    cr_expect_eq(runtime_unload(rt, v2, &err), -ERR_BUSY);
    expect_text(&err, "1 actors run it");
    add(v2, a, 1);
    expect_field(a, "sum", 1);
}
