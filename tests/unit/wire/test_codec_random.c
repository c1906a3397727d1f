/* Random schemas, random values: through msgpack and back, and as JSON through jansson and back.
 *
 * CASES can be set in the environment, and SEED to replay one; a failure prints its seed. */
#include "../msg/gen.h"
#include "from_json.h"
#include "msg/jsonview.h"
#include "msg/state.h"
#include "wire/codec.h"
#include "wire/object.h"
#include <criterion/criterion.h>

enum { CASES = 10000 };

struct world {
    uint64_t seed;
    struct mem mem;
    struct arena arena;
    struct schema_set *set;
    const struct schema *s;
    void *v;
    struct strbuf out;
};

static void
world_init(struct world *w, uint64_t seed, unsigned form)
{
    struct gen_model m;
    struct rng rng;
    struct err e;

    memset(w, 0, sizeof *w);
    w->seed = seed;
    rng_seed(&rng, seed);
    mem_init(&w->mem);
    arena_init(&w->arena, &w->mem.source, NULL, 0);
    gen_model(&rng, &m);
    w->set = gen_build(&m, &w->mem.env.env, form, 1, &e);
    cr_assert_not_null(w->set, "SEED=%llu: %s", (unsigned long long)seed, e.text);
    w->s = w->set->v[0];
    w->v = arena_alloc(&w->arena, w->s->bytes);
    gen_value(&(struct gen){&rng, &w->arena, form_is_state(form)}, w->s, w->v);
    strbuf_init(&w->out);
}

static void
world_fini(struct world *w)
{
    strbuf_fini(&w->out);
    arena_drop(&w->arena);
    schema_set_free(w->set);
    cr_assert_eq(w->mem.env.live_bytes, 0);
}

/* The bytes in w->out give a value equal to w->v. Memory is exact, so that a sanitizer sees any byte beyond. */
static void
comes_back(struct world *w, unsigned flags)
{
    struct codec c = {.flags = flags};
    struct object_doc doc;
    struct err e = {0};
    size_t bytes;
    void *got;

    cr_assert_eq(object_read(&doc, w->out.p, w->out.len, 0, &e), 0, "SEED=%llu: %s",
                 (unsigned long long)w->seed, e.text);
    if (form_is_state(w->s->form)) {
        got = arena_alloc(&w->arena, w->s->bytes);
        cr_assert_eq(codec_state(&c, w->s, &doc.root, got, &w->arena, &e), 0, "SEED=%llu: %s",
                     (unsigned long long)w->seed, e.text);
    } else {
        cr_assert_eq(codec_measure(&c, w->s, &doc.root, &bytes, &e), 0, "SEED=%llu: %s",
                     (unsigned long long)w->seed, e.text);
        got = env_alloc(&w->mem.env.env, bytes);
        codec_fill(&c, w->s, &doc.root, got);
    }
    object_free(&doc);
    cr_assert(state_equal(w->s, w->v, got), "SEED=%llu", (unsigned long long)w->seed);
    cr_assert_eq(c.unknown, 0);
    if (!form_is_state(w->s->form))
        env_free(&w->mem.env.env, got, bytes);
}

static void
through_msgpack(struct world *w)
{
    cr_assert_eq(codec_encode(&w->out, w->s, w->v), 0);
    comes_back(w, 0);
}

static void
through_json(struct world *w)
{
    struct strbuf text;
    struct json j;
    char why[200] = "";

    strbuf_init(&text);
    json_init(&j, &text);
    jsonview_struct(&j, w->s, w->v);
    cr_assert(!text.failed && from_json(&w->out, text.p, text.len, why, sizeof why), "SEED=%llu: %s: %s",
              (unsigned long long)w->seed, why, strbuf_str(&text));
    strbuf_fini(&text);
    comes_back(w, CODEC_TEXT);
}

static void
all(unsigned form, void (*through)(struct world *))
{
    const char *one = getenv("SEED"), *many = getenv("CASES");
    uint64_t n = many == NULL ? CASES : strtoull(many, NULL, 0),
             from = one == NULL ? 1 : strtoull(one, NULL, 0);

    for (uint64_t seed = from; seed < (one == NULL ? from + n : from + 1); seed++) {
        struct world w;

        world_init(&w, seed, form);
        through(&w);
        world_fini(&w);
    }
}

Test(codec_random, messages_come_back_from_msgpack)
{
    all(ACTOR_FORM_MESSAGE, through_msgpack);
}

Test(codec_random, states_come_back_from_msgpack)
{
    all(ACTOR_FORM_STATE, through_msgpack);
}

Test(codec_random, messages_come_back_from_json)
{
    all(ACTOR_FORM_MESSAGE, through_json);
}

Test(codec_random, states_come_back_from_json)
{
    all(ACTOR_FORM_STATE, through_json);
}
