/* Random programs of container calls, some turns rolled back, some calls without memory, against a model of
 * plain arrays that is copied before each turn. The state must equal the model after every call and after
 * every turn. */
#define ACTOR_NAMESPACE ""
#include "base/random.h"
#include "mem.h"
#include "msg/container.h"
#include "msg/state.h"
#include "note.h"
#include <criterion/criterion.h>

#define PART(F) F(u32, a) F(str, text) F(list(u16), nums) F(map(u8, str), names)
#define STORE(F)                                                                                            \
    F(u64, turns)                                                                                           \
    F(str, last)                                                                                            \
    F(bin, raw) F(list(u32), nums) F(list(str), words) F(list(nested(part)), parts) F(map(i32, u64), by_id) \
        F(map(str, nested(part)), by_name) F(nested(part), one)
ACTOR_NESTED(part, 1, PART)
ACTOR_STATE(store, 1, STORE)

enum { TEXT = 700, LIST = 400, MAP = 60 };

/* --- the model --- */
struct m_text {
    uint32_t n;
    char p[24];
};
struct m_part {
    uint32_t a, nnums, nnames;
    struct m_text text;
    uint16_t nums[4];
    uint8_t keys[3];
    struct m_text names[3];
};
struct model {
    uint64_t turns;
    uint32_t last_n, raw_n, nnums, nwords, nparts, nid, nname, one_n;
    char last[TEXT], raw[TEXT];
    uint32_t nums[LIST];
    struct m_text words[MAP];
    struct m_part parts[MAP];
    int32_t id_key[MAP];
    uint64_t id[MAP];
    struct m_text name_key[MAP];
    struct m_part name[MAP];
    uint16_t one[LIST];
};

static struct mem mem;
static struct arena state_mem, log_mem;
static struct undo u;
static struct schema_set *set;
static const struct schema *schema;
static store *s;
static struct model m, before;
static struct rng rng;

static uint32_t
below(uint32_t n)
{
    return (uint32_t)rng_below(&rng, n);
}

static void
setup(void)
{
    struct schema_raw raw[] = {NOTE(store), NOTE(part), NOTE(part_state)};
    struct err e;

    mem_init(&mem);
    cr_assert_eq(schema_set_new(&set, &mem.env.env, raw, 3, "test", &e), 0);
    schema = schema_set_find(set, NULL, "store", ACTOR_FORM_STATE);
}

static void
begin(uint64_t seed)
{
    rng_seed(&rng, seed);
    memset(&m, 0, sizeof m);
    arena_init(&state_mem, &mem.source, NULL, 0);
    arena_init(&log_mem, &mem.source, NULL, 0);
    undo_init(&u, &state_mem, &log_mem);
    s = arena_alloc(&state_mem, schema->bytes);
    cr_assert_eq(state_init(schema, s, &state_mem), 0);
}

static void
end(void)
{
    arena_drop(&state_mem);
    arena_drop(&log_mem);
}

static void
teardown(void)
{
    schema_set_free(set);
    cr_assert_eq(mem.env.live_bytes, 0);
}

TestSuite(undo, .init = setup, .fini = teardown);

/* --- comparing --- */
static bool
same_text(const void *state_text, const char *p, uint32_t n)
{
    struct span v = value_span(state_text);

    return v.n == n && (n == 0 || memcmp(v.p, p, n) == 0);
}

static bool
same_part(const part_state *p, const struct m_part *q)
{
    const struct field *names = schema_field(schema_field(schema, "one")->nested, "names");

    if (p->a != q->a || !same_text(&p->text, q->text.p, q->text.n) || p->nums.n != q->nnums ||
        p->names.n != q->nnames)
        return false;
    if (q->nnums > 0 && memcmp(p->nums.v, q->nums, q->nnums * 2) != 0)
        return false;
    for (uint32_t i = 0; i < q->nnames; i++) {
        const void *v = cont_map_get(names, (const actor_map *)(const void *)&p->names, &q->keys[i]);

        if (v == NULL || !same_text(v, q->names[i].p, q->names[i].n))
            return false;
    }
    return true;
}

static bool
same(void)
{
    const struct field *by_id = schema_field(schema, "by_id"), *by_name = schema_field(schema, "by_name");

    if (s->turns != m.turns || !same_text(&s->last, m.last, m.last_n) ||
        !same_text(&s->raw, m.raw, m.raw_n) || s->nums.n != m.nnums || s->words.n != m.nwords ||
        s->parts.n != m.nparts || s->by_id.n != m.nid || s->by_name.n != m.nname || s->one.nums.n != m.one_n)
        return false;
    for (uint32_t i = 0; i < m.nnums; i++)
        if (s->nums.v[i] != m.nums[i])
            return false;
    for (uint32_t i = 0; i < m.one_n; i++)
        if (s->one.nums.v[i] != m.one[i])
            return false;
    for (uint32_t i = 0; i < m.nwords; i++)
        if (!same_text(&s->words.v[i], m.words[i].p, m.words[i].n))
            return false;
    for (uint32_t i = 0; i < m.nparts; i++)
        if (!same_part(&s->parts.v[i], &m.parts[i]))
            return false;
    for (uint32_t i = 0; i < m.nid; i++) {
        const uint64_t *v = cont_map_get(by_id, (const actor_map *)(const void *)&s->by_id, &m.id_key[i]);

        if (v == NULL || *v != m.id[i])
            return false;
    }
    for (uint32_t i = 0; i < m.nname; i++) {
        actor_str key = {m.name_key[i].p, m.name_key[i].n};
        const part_state *v = cont_map_get(by_name, (const actor_map *)(const void *)&s->by_name, &key);

        if (v == NULL || !same_part(v, &m.name[i]))
            return false;
    }
    return true;
}

/* --- one random call on both --- */
static struct m_text
random_text(void)
{
    struct m_text t = {.n = below(sizeof t.p + 1)};

    for (uint32_t i = 0; i < t.n; i++)
        t.p[i] = (char)('a' + below(26));
    return t;
}

static struct m_part
random_part(void)
{
    struct m_part p = {.a = below(1000), .nnums = below(5), .nnames = below(4), .text = random_text()};

    for (uint32_t i = 0; i < 4; i++)
        p.nums[i] = (uint16_t)below(65536);
    for (uint32_t i = 0; i < 3; i++) {
        p.keys[i] = (uint8_t)(i * 50 + below(50));
        p.names[i] = random_text();
    }
    return p;
}

/* The same in message form; names: room for its map entries. */
#define VIEW_OF(p)                                                                             \
    part view = {.a = (p).a, .text = {(p).text.p, (p).text.n}, .nums = {(p).nums, (p).nnums}}; \
    struct {                                                                                   \
        uint8_t key;                                                                           \
        actor_str value;                                                                       \
    } names_[3];                                                                               \
    for (uint32_t i_ = 0; i_ < 3; i_++) {                                                      \
        names_[i_].key = (p).keys[i_];                                                         \
        names_[i_].value = (actor_str){(p).names[i_].p, (p).names[i_].n};                      \
    }                                                                                          \
    view.names.v = (void *)names_;                                                             \
    view.names.n = (p).nnames

#define SHIFT_UP(v, at, n)   memmove(&(v)[(at) + 1], &(v)[at], ((n) - (at)) * sizeof *(v))
#define SHIFT_DOWN(v, at, n) memmove(&(v)[at], &(v)[(at) + 1], ((n) - (at)-1) * sizeof *(v))

static int
call_text(void)
{
    char text[TEXT];
    uint32_t n = below(4) == 0 ? below(TEXT) : below(40);
    int r;

    for (uint32_t i = 0; i < n; i++)
        text[i] = (char)('A' + below(26));
    if (below(2) == 0) {
        r = cont_set_str(&u, &s->last, (actor_str){text, n});
        if (r == 0)
            memcpy(m.last, text, m.last_n = n);
    } else {
        r = cont_set_bin(&u, &s->raw, (actor_bin){(uint8_t *)text, n});
        if (r == 0)
            memcpy(m.raw, text, m.raw_n = n);
    }
    return r;
}

/* A list of numbers: what = 0..2 insert, 3 set, 4 remove, 5 clear. The model moves as the list should. */
#define CALL_LIST(LISTP, FIELD, ARR, N, MAXN, VALUE, VIEWP)                 \
    do {                                                                    \
        actor_list *l_ = (actor_list *)(void *)(LISTP);                     \
        uint32_t what = below(24) == 0 ? 5 : below(5), at = below((N) + 1); \
        if (what <= 2 && (N) < (MAXN)) {                                    \
            if (below(2) == 0)                                              \
                at = (N);                                                   \
            r = cont_list_insert(&u, FIELD, l_, at, VIEWP);                 \
            if (r == 0) {                                                   \
                SHIFT_UP(ARR, at, N);                                       \
                (ARR)[at] = VALUE;                                          \
                (N)++;                                                      \
            }                                                               \
        } else if (what == 3 && at < (N)) {                                 \
            r = cont_list_set(&u, FIELD, l_, at, VIEWP);                    \
            if (r == 0)                                                     \
                (ARR)[at] = VALUE;                                          \
        } else if (what == 4 && at < (N)) {                                 \
            r = cont_list_remove(&u, FIELD, l_, at);                        \
            if (r == 0) {                                                   \
                SHIFT_DOWN(ARR, at, N);                                     \
                (N)--;                                                      \
            }                                                               \
        } else if (what == 5) {                                             \
            r = cont_list_clear(&u, FIELD, l_);                             \
            if (r == 0)                                                     \
                (N) = 0;                                                    \
        }                                                                   \
    } while (0)

static int
call_list(void)
{
    int r = 0;

    switch (below(4)) {
    case 0: {
        uint32_t v = below(1u << 30);

        CALL_LIST(&s->nums, schema_field(schema, "nums"), m.nums, m.nnums, LIST, v, &v);
        break;
    }
    case 1: {
        struct m_text t = random_text();
        actor_str v = {t.p, t.n};

        CALL_LIST(&s->words, schema_field(schema, "words"), m.words, m.nwords, MAP, t, &v);
        break;
    }
    case 2: {
        struct m_part p = random_part();
        VIEW_OF(p);

        CALL_LIST(&s->parts, schema_field(schema, "parts"), m.parts, m.nparts, MAP, p, &view);
        break;
    }
    default: {
        uint16_t v = (uint16_t)below(65536);
        const struct field *f = NULL;

        cr_assert_eq(cont_find(schema, s, &s->one.nums, ACTOR_KIND_list, &f), 0);
        CALL_LIST(&s->one.nums, f, m.one, m.one_n, LIST, v, &v);
    }
    }
    return r;
}

#define CALL_MAP(MAPP, FIELD, KEYS, VALUES, N, FOUND, KEY, KEYP, VALUE, VIEWP) \
    do {                                                                       \
        actor_map *map_ = (actor_map *)(void *)(MAPP);                         \
        uint32_t what = below(40) == 0 ? 2 : below(3) == 0, k = 0;             \
        while (k < (N) && !(FOUND))                                            \
            k++;                                                               \
        if (what == 0 && (k < (N) || (N) < MAP)) {                             \
            r = cont_map_put(&u, FIELD, map_, KEYP, VIEWP);                    \
            if (r == 0) {                                                      \
                (KEYS)[k] = KEY;                                               \
                (VALUES)[k] = VALUE;                                           \
                (N) += k == (N);                                               \
            }                                                                  \
        } else if (what == 1) {                                                \
            r = cont_map_remove(&u, FIELD, map_, KEYP);                        \
            if (k == (N)) {                                                    \
                cr_assert_eq(r, -ERR_NOTFOUND);                                \
                r = 0;                                                         \
            } else if (r == 0) {                                               \
                (N)--;                                                         \
                (KEYS)[k] = (KEYS)[N];                                         \
                (VALUES)[k] = (VALUES)[N];                                     \
            }                                                                  \
        } else if (what == 2) {                                                \
            r = cont_map_clear(&u, FIELD, map_);                               \
            if (r == 0)                                                        \
                (N) = 0;                                                       \
        }                                                                      \
    } while (0)

static int
call_map(void)
{
    int r = 0;

    if (below(2) == 0) {
        int32_t key = (int32_t)below(2 * MAP) - MAP;
        uint64_t v = rng_u64(&rng);

        CALL_MAP(&s->by_id, schema_field(schema, "by_id"), m.id_key, m.id, m.nid, m.id_key[k] == key, key,
                 &key, v, &v);
    } else {
        struct m_part p = random_part();
        struct m_text t = {.n = 1 + below(3)};
        VIEW_OF(p);

        for (uint32_t i = 0; i < t.n; i++)
            t.p[i] = (char)('0' + below(4));
        CALL_MAP(&s->by_name, schema_field(schema, "by_name"), m.name_key, m.name, m.nname,
                 m.name_key[k].n == t.n && memcmp(m.name_key[k].p, t.p, t.n) == 0, t,
                 (&(actor_str){t.p, t.n}), p, &view);
    }
    return r;
}

static void
turn(bool faults)
{
    uint32_t calls = below(12);
    store flat = *s;

    before = m;
    s->turns++;
    m.turns++;
    while (calls-- > 0) {
        int r;

        if (faults && below(3) == 0) {
            mem.env.fail_at = 1 + below(3);
            mem.env.fail_from = below(2) == 0;
        }
        switch (below(3)) {
        case 0:
            r = call_text();
            break;
        case 1:
            r = call_list();
            break;
        default:
            r = call_map();
        }
        mem.env.fail_at = 0;
        mem.env.fail_from = false;
        cr_assert(r == 0 || (faults && r == -ERR_NOMEM), "got %d", r);
        if (r != 0 || below(8) == 0)
            cr_assert(same(), "after a call");
    }
    if (u.log != NULL && below(3) == 0) {
        undo_rollback(&u);
        *s = flat;
        m = before;
        cr_assert(same(), "after a rollback");
    } else {
        undo_commit(&u);
        cr_assert(same(), "after a commit");
    }
    cr_assert_eq(u.bytes, 0);
}

/* keep: turns share one piece of scratch as on a worker; the log's content must not be needed any more. */
static void
program(uint64_t seed, uint32_t turns, bool faults, bool logged)
{
    struct arena_mark mark;

    begin(seed);
    if (!logged)
        u.log = NULL;
    arena_alloc(&log_mem, 16);
    mark = arena_mark(&log_mem);
    while (turns-- > 0) {
        turn(faults);
        arena_reset(&log_mem, mark);
    }
    end();
}

Test(undo, random_programs_equal_the_model_at_every_turn)
{
    for (uint64_t seed = 1; seed <= 60; seed++)
        program(seed, 150, false, true);
}

Test(undo, a_call_without_memory_has_not_happened)
{
    for (uint64_t seed = 1; seed <= 60; seed++)
        program(1000 + seed, 150, true, true);
}

Test(undo, without_a_log_a_call_without_memory_has_not_happened_either)
{
    for (uint64_t seed = 1; seed <= 60; seed++)
        program(2000 + seed, 150, true, false);
}

Test(undo, rollback_without_calls_does_nothing)
{
    begin(1);
    undo_rollback(&u);
    undo_commit(&u);
    cr_assert(same());
    cr_assert_null(log_mem.chunks);
    end();
}

Test(undo, memory_taken_in_failed_turns_is_used_again)
{
    struct arena_mark mark;
    size_t held = 0;

    begin(1);
    arena_alloc(&log_mem, 16);
    mark = arena_mark(&log_mem);
    for (int i = 0; i < 1000; i++) {
        store flat = *s;

        for (uint32_t k = 0; k < 50; k++)
            cr_assert_eq(
                cont_list_insert(&u, schema_field(schema, "nums"), (actor_list *)(void *)&s->nums, k, &k), 0);
        undo_rollback(&u);
        *s = flat;
        arena_reset(&log_mem, mark);
        if (i == 3)
            held = arena_held(&state_mem);
    }
    cr_assert_eq(arena_held(&state_mem), held);
    end();
}
