/* Random schemas, random changes, random values: what both versions know survives every way through them.
 *
 * CASES can be set in the environment, and SEED to replay one; a failure prints its seed. */
#include "gen.h"
#include "msg/convert.h"
#include "msg/state.h"
#include "survive.h"
#include <criterion/criterion.h>

enum { CASES = 10000, VERSIONS = 3 };

struct world {
    struct rng rng;
    struct mem mem;
    struct arena arena;
    struct gen_model m[VERSIONS];
    struct schema_set *set[VERSIONS];
    void *value[VERSIONS]; /* by version, on the way up */
    struct err e;
};

static uint64_t
number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

static void
world_init(struct world *w, uint64_t seed, unsigned form, unsigned changes)
{
    memset(w, 0, sizeof *w);
    rng_seed(&w->rng, seed);
    mem_init(&w->mem);
    arena_init(&w->arena, &w->mem.source, NULL, 0);
    for (unsigned i = 0; i < VERSIONS; i++) {
        if (i == 0) {
            gen_model(&w->rng, &w->m[0]);
        } else {
            w->m[i] = w->m[i - 1];
            gen_change(&w->rng, &w->m[i], changes);
        }
        w->set[i] = gen_build(&w->m[i], &w->mem.env.env, form, i + 1, &w->e);
        cr_assert_not_null(w->set[i], "SEED=%llu: %s", (unsigned long long)seed, w->e.text);
    }
    w->value[0] = arena_alloc(&w->arena, w->set[0]->v[0]->bytes);
    gen_value(&(struct gen){&w->rng, &w->arena, form_is_state(form)}, w->set[0]->v[0], w->value[0]);
}

static void
world_fini(struct world *w)
{
    arena_drop(&w->arena);
    for (unsigned i = 0; i < VERSIONS; i++)
        schema_set_free(w->set[i]);
    cr_assert_eq(w->mem.env.live_bytes, 0);
}

/* From version `from` to `to`; exact memory, so that a sanitizer sees any byte beyond. */
static void *
step(struct world *w, uint64_t seed, unsigned from, unsigned to, const void *v)
{
    const struct schema *a = w->set[from]->v[0], *b = w->set[to]->v[0];
    bool state = form_is_state(b->form);
    struct plan *p;
    void *out;
    int r;

    cr_assert_eq(plan_new(&p, &w->mem.env.env, a, b, from > to ? PLAN_ALLOW_NARROW : 0, &w->e), 0);
    cr_assert_leq(plan_verdict(p), PLAN_AUTO, "SEED=%llu: %s", (unsigned long long)seed, w->e.text);
    cr_assert_eq(plan_verdict(p) == PLAN_EQUAL, a->layout == b->layout);
    if (state) {
        out = arena_alloc(&w->arena, b->bytes);
        r = convert_state(p, &w->arena, out, v, &w->e);
    } else {
        int64_t bytes = convert_msg_bytes(p, v);

        cr_assert_gt(bytes, 0);
        out = arena_alloc(&w->arena, (size_t)bytes);
        r = convert_msg(p, out, (size_t)bytes, v);
    }
    cr_assert_eq(r, 0, "SEED=%llu: %s", (unsigned long long)seed, w->e.text);
    plan_free(p);
    return out;
}

static bool
same(const struct world *w, unsigned a, const void *va, unsigned x, const void *vx, unsigned via)
{
    return survived(&(struct survive){&w->m[a], &w->m[x], &w->m[via]}, 0, w->set[a]->v[0], va,
                    w->set[x]->v[0], vx);
}

static void
round_trips(unsigned form, unsigned changes)
{
    uint64_t first = number("SEED", 1), n = getenv("SEED") != NULL ? 1 : number("CASES", CASES);

    for (uint64_t seed = first; seed < first + n; seed++) {
        struct world w;
        void *there, *back;

        world_init(&w, seed, form, changes);
        there = step(&w, seed, 0, 1, w.value[0]);
        cr_assert(same(&w, 0, w.value[0], 1, there, 1), "up: SEED=%llu", (unsigned long long)seed);
        back = step(&w, seed, 1, 0, there);
        cr_assert(same(&w, 0, w.value[0], 0, back, 1), "up and back: SEED=%llu", (unsigned long long)seed);
        world_fini(&w);
    }
}

Test(convert_random, state_survives_a_swap_and_the_swap_back)
{
    round_trips(ACTOR_FORM_STATE, GEN_ANY);
}

Test(convert_random, messages_survive_both_ways_when_no_kind_changes)
{
    round_trips(ACTOR_FORM_MESSAGE, GEN_ANY & ~(GEN_RENAME | GEN_WIDEN));
}

Test(convert_random, messages_reach_a_wider_receiver)
{
    for (uint64_t seed = 1; seed <= number("CASES", CASES); seed++) {
        struct world w;
        void *there;

        world_init(&w, seed, ACTOR_FORM_MESSAGE, GEN_ANY & ~(unsigned)GEN_RENAME);
        there = step(&w, seed, 0, 1, w.value[0]);
        cr_assert(same(&w, 0, w.value[0], 1, there, 1), "SEED=%llu", (unsigned long long)seed);
        world_fini(&w);
    }
}

/* Up through two versions and down again: renames and widenings add up, and all of them are undone. */
Test(convert_random, state_survives_two_swaps_and_both_swaps_back)
{
    for (uint64_t seed = 1; seed <= number("CASES", CASES) / 4; seed++) {
        struct world w;
        void *one, *two, *back;

        world_init(&w, seed, ACTOR_FORM_STATE, GEN_RENAME | GEN_WIDEN | GEN_ADD | GEN_REORDER);
        one = step(&w, seed, 0, 1, w.value[0]);
        two = step(&w, seed, 1, 2, one);
        cr_assert(same(&w, 0, w.value[0], 2, two, 2), "up: SEED=%llu", (unsigned long long)seed);
        back = step(&w, seed, 1, 0, step(&w, seed, 2, 1, two));
        cr_assert(state_equal(w.set[0]->v[0], back, w.value[0]), "and back: SEED=%llu",
                  (unsigned long long)seed);
        world_fini(&w);
    }
}

Test(convert_random, a_deep_copy_equals_its_source)
{
    for (uint64_t seed = 1; seed <= number("CASES", CASES); seed++) {
        struct world w;
        const struct schema *s;
        int64_t var;
        char *block;

        world_init(&w, seed, ACTOR_FORM_MESSAGE, 0);
        s = w.set[0]->v[0];
        var = msg_copy_bytes(s, w.value[0]);
        cr_assert_geq(var, 0);
        block = malloc(msg_copy_offset(s) + (size_t)var + 1);
        cr_assert_eq(msg_copy_into(s, block, (size_t)var, w.value[0]), 0);
        cr_assert(state_equal(s, block, w.value[0]), "SEED=%llu", (unsigned long long)seed);
        free(block);
        world_fini(&w);
    }
}
