/* The catalogue of message types: one id for one name and layout, found by any thread without a lock. */
#define ACTOR_NAMESPACE ""
#include "base/pool.h"
#include "base/thread.h"
#include "base/util.h"
#include "msg/msg.h"
#include "msg/types.h"
#include "note.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GREET(F) F(str, name) F(u32, times, .dflt = 1)
#define WIDE(F)  F(str, name) F(u64, times, .dflt = 1)
#define BIG(F)   F(nested(kib), a) F(nested(kib), b) F(u64, c)
#define KIB(F)   F(nested(line), a) F(nested(line), b) F(nested(line), c) F(nested(line), d)
#define LINE(F)  F(ref, a) F(ref, b) F(ref, c) F(ref, d)
#define ONE(F)   F(ref, a) F(u64, b)
ACTOR_MESSAGE(greet, 1, GREET)
ACTOR_MESSAGE(wide, 1, WIDE)
ACTOR_NESTED(line, 1, LINE)
ACTOR_NESTED(kib, 1, KIB)
ACTOR_MESSAGE(big, 1, BIG)
ACTOR_MESSAGE(one, 1, ONE)

static struct env_fake env;
static struct types types;
static struct err e;

static void
setup(void)
{
    env_fake_init(&env, 1);
    types_init(&types, &env.env, 0);
    memset(&e, 0, sizeof e);
}

static void
teardown(void)
{
    types_fini(&types);
    cr_assert_eq(env.live_bytes, 0);
}
TestSuite(types, .init = setup, .fini = teardown);

static const struct msg_type *
add(const struct schema *s)
{
    const struct msg_type *t = NULL;

    cr_assert_eq(types_add(&types, s, &t, &e), 0, "%s", e.text);
    return t;
}

static struct schema_set *
build(const char *ns, struct schema_raw raw)
{
    struct schema_raw all[] = {raw, NOTE(line), NOTE(kib), NOTE(line_state), NOTE(kib_state)};
    struct schema_set *set;

    cr_assert_eq(schema_set_new(&set, &env.env, all, ARRAY_LEN(all), ns, &e), 0, "%s", e.text);
    return set;
}

/* A schema with another name; the set behind it is freed. */
static struct schema *
named(struct schema_raw raw, const char *name)
{
    struct schema_set *set = build("t", raw);
    struct schema *s;

    cr_assert_eq(schema_copy(&s, &env.env, set->v[0]), 0);
    schema_set_free(set);
    snprintf(s->name, sizeof s->name, "%s", name);
    return s;
}

Test(types, equal_name_and_layout_is_one_type)
{
    struct schema_set *a = build("greeter", NOTE(greet)), *b = build("greeter", NOTE(greet));
    struct schema_set *c = build("other", NOTE(greet));
    const struct msg_type *t = add(a->v[0]), *u = add(b->v[0]), *v = add(c->v[0]);

    cr_expect_eq(t, u);
    cr_expect_neq(t, v);
    cr_expect_neq(t->id, v->id);
    cr_expect_eq(types.n, 2);
    schema_set_free(a);
    schema_set_free(b);
    schema_set_free(c);
    cr_expect_str_eq(types_get(&types, t->id)->schema->name, "greeter.greet",
                     "the catalogue has its own copy");
}

Test(types, all_layouts_of_a_name_are_found_by_it)
{
    struct schema *a = named(NOTE(greet), "x.greet"), *b = named(NOTE(wide), "x.greet"),
                  *c = named(NOTE(greet), "x.greet");
    const struct msg_type *t = add(a), *u = add(b), *v, *found;
    unsigned n = 0;

    c->form = ACTOR_FORM_ARGS;
    v = add(c);
    cr_expect(t != u && u != v && t != v);
    for (found = types_named(&types, "x.greet"); found != NULL; found = found->next_named, n++)
        cr_expect(found == t || found == u || found == v);
    cr_expect_eq(n, 3);
    cr_expect_null(types_named(&types, "x.gree"));
    schema_free(a);
    schema_free(b);
    schema_free(c);
}

Test(types, an_empty_catalogue_knows_nothing)
{
    uint32_t pos = 0;

    cr_expect_null(types_get(&types, 0));
    cr_expect_null(types_get(&types, 12345));
    cr_expect_null(types_named(&types, "x.greet"));
    cr_expect_null(types_next(&types, &pos));
}

Test(types, the_header_word_has_id_and_pool_class)
{
    struct schema_set *set = build("t", NOTE(big)), *small = build("t", NOTE(one));
    const struct msg_type *t = add(set->v[0]);

    cr_expect_eq(MSG_TYPE(t->head), t->id);
    cr_expect_eq(MSG_CLASS(t->head), t->cls);
    cr_expect_geq(pool_class_bytes(t->cls), sizeof(struct msg) + sizeof(big));
    cr_expect_lt(pool_class_bytes(t->cls) / 2, sizeof(struct msg) + sizeof(big));
    t = add(small->v[0]);
    cr_expect_eq(t->cls, 0);
    cr_expect_eq(t->cls_ext, 1, "32 + 24 fit into 64, with 16 more they do not");
    cr_expect_eq(t->head, t->id, "class 0, no flags");
    schema_set_free(set);
    schema_set_free(small);
}

Test(types, a_thousand_types_are_all_found_after_growth)
{
    struct schema *s = named(NOTE(greet), "x");
    uint32_t ids[1000], pos = 0, seen = 0;

    for (unsigned i = 0; i < 1000; i++) {
        snprintf(s->name, sizeof s->name, "many.t%u", i);
        ids[i] = add(s)->id;
        cr_assert_geq(ids[i], TYPES_RESERVED);
    }
    for (unsigned i = 0; i < 1000; i++) {
        const struct msg_type *t = types_get(&types, ids[i]);

        snprintf(s->name, sizeof s->name, "many.t%u", i);
        cr_assert_not_null(t);
        cr_assert_str_eq(t->schema->name, s->name);
        cr_assert_eq(types_named(&types, s->name), t);
        cr_assert_eq(add(s), t);
    }
    while (types_next(&types, &pos) != NULL)
        seen++;
    cr_expect_eq(seen, 1000);
    cr_expect_eq(types.n, 1000);
    schema_free(s);
}

/* --- two names whose ids collide: by birthday, among some hundred thousand --- */

struct wish {
    uint32_t id, i;
};

static int
by_id(const void *a, const void *b)
{
    const struct wish *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

Test(types, a_collision_of_ids_gives_the_next_free_id)
{
    enum { N = 400000 };
    struct schema *s = named(NOTE(greet), "x");
    struct wish *w = malloc(N * sizeof *w);
    const struct msg_type *t, *u;
    unsigned at = 1;

    for (unsigned i = 0; i < N; i++) {
        snprintf(s->name, sizeof s->name, "c.t%u", i);
        w[i] = (struct wish){types_wanted_id(s), i};
        cr_assert_geq(w[i].id, TYPES_RESERVED);
    }
    qsort(w, N, sizeof *w, by_id);
    while (at < N && w[at].id != w[at - 1].id)
        at++;
    cr_assert_lt(at, N, "no collision among %d names", N);
    snprintf(s->name, sizeof s->name, "c.t%u", w[at - 1].i);
    t = add(s);
    snprintf(s->name, sizeof s->name, "c.t%u", w[at].i);
    u = add(s);
    cr_expect_eq(t->id, w[at].id);
    cr_expect_eq(u->id, w[at].id == UINT32_MAX ? TYPES_RESERVED : w[at].id + 1);
    cr_expect_eq(types_get(&types, t->id), t);
    cr_expect_eq(types_get(&types, u->id), u);
    schema_free(s);
    free(w);
}

Test(types, a_full_catalogue_says_so)
{
    struct schema *s = named(NOTE(greet), "x");
    const struct msg_type *t = NULL;

    types_init(&types, &env.env, 2);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(s->name, sizeof s->name, "full.t%u", i);
        add(s);
    }
    strcpy(s->name, "full.t2");
    cr_expect_eq(types_add(&types, s, &t, &e), -ERR_LIMIT);
    cr_expect_not_null(strstr(e.text, "full.t2"), "%s", e.text);
    cr_expect_null(t);
    strcpy(s->name, "full.t1");
    cr_expect_eq(types_add(&types, s, &t, &e), 0, "what is there is still found");
    schema_free(s);
}

Test(types, every_failing_allocation_leaves_the_catalogue_as_it_was)
{
    struct schema *s = named(NOTE(big), "x");
    const struct msg_type *t;

    for (unsigned i = 0; i < 40; i++) { /* past the first growth */
        int r = -ERR_NOMEM;

        snprintf(s->name, sizeof s->name, "fail.t%u", i);
        for (uint64_t at = 1; r != 0; at++) {
            cr_assert_lt(at, 10);
            env.fail_at = at;
            r = types_add(&types, s, &t, &e);
            cr_assert(r == 0 || r == -ERR_NOMEM);
            cr_assert_eq(types.n, r == 0 ? i + 1 : i);
            cr_assert_eq(types_named(&types, s->name) != NULL, r == 0);
        }
        env.fail_at = 0;
    }
    schema_free(s);
}

/* --- readers beside a writer; ThreadSanitizer watches --- */

enum { SHOWN = 2000 };
struct show {
    _Atomic(uint32_t) ids[SHOWN];
    _Atomic(uint32_t) n; /* release by the writer, acquire by the reader: ids up to n are there */
    uint32_t wrong;
};

static void
read_all(void *arg)
{
    struct show *show = arg;
    uint32_t n, wrong = 0;

    do {
        n = atomic_load_explicit(&show->n, memory_order_acquire);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t id = atomic_load_explicit(&show->ids[i], memory_order_relaxed);
            const struct msg_type *t = types_get(&types, id);

            wrong += t == NULL || t->id != id || t->schema->nfields != 2;
        }
    } while (n < SHOWN);
    show->wrong = wrong; /* read after the join */
}

Test(types, readers_find_every_published_type_while_the_table_grows)
{
    static struct show show;
    struct schema *s = named(NOTE(greet), "x");
    struct thread thread;

    cr_assert_eq(thread_start(&thread, "reader", read_all, &show, 0), 0);
    for (uint32_t i = 0; i < SHOWN; i++) {
        snprintf(s->name, sizeof s->name, "shown.t%u", i);
        atomic_store_explicit(&show.ids[i], add(s)->id, memory_order_relaxed);
        atomic_store_explicit(&show.n, i + 1, memory_order_release);
    }
    thread_join(&thread);
    cr_expect_eq(show.wrong, 0);
    schema_free(s);
}
