/* Containers by hand: one behaviour a test. The random programs are in test_undo.c. */
#define ACTOR_NAMESPACE ""
#include "mem.h"
#include "msg/container.h"
#include "msg/state.h"
#include "note.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define INNER(F) F(u32, a, .dflt = 3) F(str, text, .dflt = "inner") F(list(u16), nums) F(map(u32, str), names)
#define BOX(F)                                                                                    \
    F(u64, total, .dflt = 9)                                                                      \
    F(str, last, .dflt = "nobody")                                                                \
    F(bin, raw)                                                                                   \
    F(list(u32), nums) F(list(str), words) F(list(nested(inner)), inners) F(map(u64, u64), by_id) \
        F(map(str, nested(inner)), by_name) F(nested(inner), one) F(opt(str), maybe)              \
            F(opt(nested(inner)), perhaps) F(f64, ratio, .dflt = 0.5) F(i16, low, .dflt = -300)
ACTOR_NESTED(inner, 1, INNER)
ACTOR_STATE(box, 1, BOX)

static struct mem mem;
static struct arena state_mem, log_mem;
static struct undo u;
static struct schema_set *set;
static const struct schema *schema, *inner_view;
static box *b;

static void
setup(void)
{
    struct schema_raw raw[] = {NOTE(box), NOTE(inner), NOTE(inner_state)};
    struct err e;

    mem_init(&mem);
    cr_assert_eq(schema_set_new(&set, &mem.env.env, raw, 3, "test", &e), 0);
    schema = schema_set_find(set, NULL, "box", ACTOR_FORM_STATE);
    inner_view = schema_set_find(set, NULL, "inner", ACTOR_FORM_NESTED);
    arena_init(&state_mem, &mem.source, NULL, 0);
    arena_init(&log_mem, &mem.source, NULL, 0);
    undo_init(&u, &state_mem, &log_mem);
    b = arena_alloc(&state_mem, schema->bytes);
    cr_assert_eq(state_init(schema, b, &state_mem), 0);
}

static void
teardown(void)
{
    arena_drop(&state_mem);
    arena_drop(&log_mem);
    schema_set_free(set);
    cr_assert_eq(mem.env.live_bytes, 0);
}

TestSuite(container, .init = setup, .fini = teardown);

static const struct field *
field_of(const void *addr, unsigned kind)
{
    const struct field *f = NULL;

    cr_assert_eq(cont_find(schema, b, addr, kind, &f), 0);
    return f;
}
#define LIST(l) field_of(l, ACTOR_KIND_list), (actor_list *)(void *)(l)
#define MAP(m)  field_of(m, ACTOR_KIND_map), (actor_map *)(void *)(m)

static actor_str
str(const char *s)
{
    return actor_cstr(s);
}

Test(container, defaults_are_set_and_strings_are_owned)
{
    cr_assert_eq(b->total, 9);
    cr_assert(actor_str_eq(actor_view(b->last), str("nobody")));
    cr_assert_geq(b->last.cap_, 6);
    cr_assert_eq(b->one.a, 3);
    cr_assert(actor_str_eq(actor_view(b->one.text), str("inner")));
    cr_assert_eq(b->low, -300);
    cr_assert_eq(b->ratio, 0.5);
    cr_assert_eq(b->maybe.has, 0);
    cr_assert_eq(b->nums.n, 0);
}

Test(container, a_field_is_found_by_its_address_also_inside_nested)
{
    const struct field *f = NULL;

    cr_assert_eq(cont_find(schema, b, &b->one.nums, ACTOR_KIND_list, &f), 0);
    cr_assert_str_eq(f->name, "nums");
    cr_assert_eq(f->elem, ACTOR_KIND_u16);
    cr_assert_eq(cont_find(schema, b, &b->maybe.v, ACTOR_KIND_str, &f), 0);
    cr_assert_str_eq(f->name, "maybe");
    cr_assert_eq(cont_find(schema, b, &b->perhaps.v.text, ACTOR_KIND_str, &f), 0);
    cr_assert_str_eq(f->name, "text");
    cr_assert_eq(schema_field_at(schema, offsetof(box, by_id)), schema_field(schema, "by_id"));
}

Test(container, an_address_that_is_no_such_field_is_refused)
{
    const struct field *f = NULL;
    char elsewhere[64];

    cr_assert_eq(cont_find(schema, b, &b->nums, ACTOR_KIND_map, &f), -ERR_TYPE);
    cr_assert_eq(cont_find(schema, b, &b->maybe, ACTOR_KIND_str, &f), -ERR_TYPE);
    cr_assert_eq(cont_find(schema, b, (char *)&b->nums + 8, ACTOR_KIND_list, &f), -ERR_INVALID);
    cr_assert_eq(cont_find(schema, b, (char *)&b->maybe.v + 4, ACTOR_KIND_str, &f), -ERR_INVALID);
    cr_assert_eq(cont_find(schema, b, b + 1, ACTOR_KIND_list, &f), -ERR_INVALID);
    cr_assert_eq(cont_find(schema, b, elsewhere, ACTOR_KIND_list, &f), -ERR_INVALID);
    cr_assert_null(f);
}

Test(container, a_string_is_replaced_by_a_copy_and_reads_back)
{
    char text[600], word[16] = "first";

    cr_assert_eq(cont_set_str(&u, &b->last, str(word)), 0);
    strcpy(word, "XXXXX");
    cr_assert(actor_str_eq(actor_view(b->last), str("first")));
    memset(text, 'y', sizeof text);
    cr_assert_eq(cont_set_str(&u, &b->last, (actor_str){text, sizeof text}), 0);
    cr_assert_eq(b->last.n, 600);
    cr_assert_eq(b->last.p[599], 'y');
    cr_assert_eq(cont_set_str(&u, &b->last, str("")), 0);
    cr_assert_eq(b->last.n, 0);
    cr_assert_eq(cont_set_bin(&u, &b->raw, (actor_bin){(const uint8_t *)"\0\1", 2}), 0);
    cr_assert_eq(b->raw.p[1], 1);
}

Test(container, a_string_may_be_set_from_a_part_of_itself)
{
    cr_assert_eq(cont_set_str(&u, &b->last, str("abcdefgh")), 0);
    cr_assert_eq(cont_set_str(&u, &b->last, (actor_str){b->last.p + 2, 5}), 0);
    cr_assert(actor_str_eq(actor_view(b->last), str("cdefg")));
}

Test(container, a_list_inserts_sets_and_removes_in_place)
{
    uint32_t v[] = {10, 20, 30, 15, 21};

    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(cont_list_insert(&u, LIST(&b->nums), b->nums.n, &v[i]), 0);
    cr_assert_eq(cont_list_insert(&u, LIST(&b->nums), 1, &v[3]), 0);
    cr_assert_eq(cont_list_set(&u, LIST(&b->nums), 2, &v[4]), 0);
    cr_assert_eq(cont_list_remove(&u, LIST(&b->nums), 0), 0);
    cr_assert_eq(b->nums.n, 3);
    cr_assert_eq(b->nums.v[0], 15);
    cr_assert_eq(b->nums.v[1], 21);
    cr_assert_eq(b->nums.v[2], 30);
}

Test(container, a_wrong_position_is_a_range_error)
{
    uint32_t v = 1;

    cr_assert_eq(cont_list_insert(&u, LIST(&b->nums), 1, &v), -ERR_RANGE);
    cr_assert_eq(cont_list_set(&u, LIST(&b->nums), 0, &v), -ERR_RANGE);
    cr_assert_eq(cont_list_remove(&u, LIST(&b->nums), 0), -ERR_RANGE);
    cr_assert_eq(b->nums.n, 0);
}

Test(container, nested_elements_are_given_in_message_form_and_copied_deep)
{
    uint16_t nums[] = {7, 8};
    inner in = {.a = 1, .text = str("one"), .nums = {nums, 2}};

    cr_assert_eq(cont_list_insert(&u, LIST(&b->inners), 0, &in), 0);
    nums[0] = 99;
    cr_assert_eq(b->inners.v[0].nums.v[0], 7);
    cr_assert(actor_str_eq(actor_view(b->inners.v[0].text), str("one")));
    cr_assert(value_equal_struct(inner_view, &(inner){1, str("one"), {(uint16_t[]){7, 8}, 2}, {NULL, 0}},
                                 inner_view->twin, &b->inners.v[0]));
}

Test(container, a_map_keeps_one_entry_a_key)
{
    for (uint64_t k = 0; k < 1000; k++) {
        uint64_t v = k * k;

        cr_assert_eq(cont_map_put(&u, MAP(&b->by_id), &k, &v), 0);
        v++;
        cr_assert_eq(cont_map_put(&u, MAP(&b->by_id), &k, &v), 0);
    }
    cr_assert_eq(b->by_id.n, 1000);
    for (uint64_t k = 0; k < 1010; k++) {
        const uint64_t *v = cont_map_get(MAP(&b->by_id), &k);

        if (k < 1000)
            cr_assert_eq(*v, k * k + 1);
        else
            cr_assert_null(v);
    }
}

Test(container, a_map_forgets_what_is_removed_and_finds_the_rest)
{
    for (uint64_t k = 0; k < 200; k++)
        cr_assert_eq(cont_map_put(&u, MAP(&b->by_id), &k, &k), 0);
    for (uint64_t k = 0; k < 200; k += 3)
        cr_assert_eq(cont_map_remove(&u, MAP(&b->by_id), &k), 0);
    for (uint64_t k = 0; k < 200; k++) {
        const uint64_t *v = cont_map_get(MAP(&b->by_id), &k);

        if (k % 3 == 0)
            cr_assert_null(v);
        else
            cr_assert_eq(*v, k);
    }
    cr_assert_eq(cont_map_remove(&u, MAP(&b->by_id), &(uint64_t){3}), -ERR_NOTFOUND);
    cr_assert_eq(b->by_id.n, 133);
}

Test(container, map_keys_may_be_text_and_values_nested)
{
    char name[16];
    inner in = {.text = str("v")};

    for (uint32_t i = 0; i < 50; i++) {
        actor_str key = {name, (uint32_t)snprintf(name, sizeof name, "key-%u", i)};

        in.a = i;
        cr_assert_eq(cont_map_put(&u, MAP(&b->by_name), &key, &in), 0);
    }
    for (uint32_t i = 0; i < 50; i++) {
        actor_str key = {name, (uint32_t)snprintf(name, sizeof name, "key-%u", i)};
        const inner_state *v = cont_map_get(MAP(&b->by_name), &key);

        cr_assert_not_null(v);
        cr_assert_eq(v->a, i);
    }
    cr_assert_eq(cont_map_clear(&u, MAP(&b->by_name)), 0);
    cr_assert_eq(b->by_name.n, 0);
    cr_assert_null(cont_map_get(MAP(&b->by_name), &(actor_str){"key-1", 5}));
}

Test(container, appending_within_capacity_needs_no_record)
{
    uint32_t v = 5;
    size_t bytes;

    cr_assert_eq(cont_list_insert(&u, LIST(&b->nums), 0, &v), 0);
    undo_commit(&u);
    cr_assert_eq(u.bytes, 0);
    bytes = log_mem.at == NULL ? 0 : (size_t)(log_mem.end - log_mem.at);
    cr_assert_eq(cont_list_insert(&u, LIST(&b->nums), 1, &v), 0);
    cr_assert_eq(u.bytes, 0);
    cr_assert_eq((size_t)(log_mem.end - log_mem.at), bytes);
}

Test(container, rollback_brings_the_old_values_back)
{
    box flat;
    uint32_t v[] = {1, 2, 3};

    for (int i = 0; i < 3; i++)
        cr_assert_eq(cont_list_insert(&u, LIST(&b->nums), b->nums.n, &v[i]), 0);
    undo_commit(&u);
    flat = *b;

    cr_assert_eq(cont_set_str(&u, &b->last, str("other")), 0);
    cr_assert_eq(cont_list_set(&u, LIST(&b->nums), 1, &(uint32_t){77}), 0);
    cr_assert_eq(cont_list_remove(&u, LIST(&b->nums), 0), 0);
    undo_rollback(&u);
    *b = flat;
    cr_assert(actor_str_eq(actor_view(b->last), str("nobody")));
    cr_assert_eq(b->nums.n, 3);
    cr_assert_eq(b->nums.v[0], 1);
    cr_assert_eq(b->nums.v[1], 2);
}

Test(container, many_turns_of_replacing_take_bounded_memory)
{
    char text[400];
    size_t held = 0;
    struct arena_mark m = arena_mark(&log_mem);

    memset(text, 'z', sizeof text);
    for (uint32_t turn = 0; turn < 5000; turn++) {
        inner in = {.a = turn, .text = {text, turn * 7 % 400}};
        box flat = *b;

        cr_assert_eq(cont_set_str(&u, &b->last, (actor_str){text, turn * 13 % 400}), 0);
        cr_assert_eq(cont_map_put(&u, MAP(&b->by_name), &(actor_str){text, turn % 30}, &in), 0);
        if (turn % 2 == 0) {
            undo_commit(&u);
        } else {
            undo_rollback(&u);
            *b = flat;
        }
        arena_reset(&log_mem, m);
        if (turn == 1000)
            held = arena_held(&state_mem);
    }
    cr_assert_leq(arena_held(&state_mem), held + 2 * ARENA_CHUNK_MAX);
}

Test(container, what_is_cleared_is_used_again_down_to_nested_text)
{
    struct arena_mark m;
    size_t held = 0;

    arena_alloc(&log_mem, 16);
    m = arena_mark(&log_mem);
    for (uint32_t turn = 0; turn < 300; turn++) {
        uint16_t nums[] = {7, 8, 9, 10, 11, 12, 13, 14, 15};
        struct {
            uint32_t key;
            actor_str value;
        } names[20];
        inner in = {.text = str("a text that takes a block"), .nums = {nums, 9}};

        for (uint32_t i = 0; i < 20; i++) {
            names[i].key = i;
            names[i].value = str("a name");
        }
        in.names.v = (void *)names;
        in.names.n = 20;
        for (uint32_t i = 0; i < 30; i++) {
            actor_str key = {(const char *)&i, sizeof i};

            cr_assert_eq(cont_list_insert(&u, LIST(&b->inners), 0, &in), 0);
            cr_assert_eq(cont_map_put(&u, MAP(&b->by_name), &key, &in), 0);
            if (turn % 2 == 0) /* without this, each turn frees in its own log only */
                undo_commit(&u);
        }
        for (uint32_t i = 0; i < 30; i += 2) {
            cr_assert_eq(cont_list_remove(&u, LIST(&b->inners), b->inners.n - 1), 0);
            cr_assert_eq(cont_list_set(&u, LIST(&b->inners), 0, &in), 0);
            cr_assert_eq(cont_map_remove(&u, MAP(&b->by_name), &(actor_str){(const char *)&i, sizeof i}), 0);
        }
        cr_assert_eq(cont_list_clear(&u, LIST(&b->inners)), 0);
        cr_assert_eq(cont_map_clear(&u, MAP(&b->by_name)), 0);
        undo_commit(&u);
        arena_reset(&log_mem, m);
        if (turn == 10)
            held = arena_held(&state_mem);
    }
    cr_assert_eq(arena_held(&state_mem), held);
}

Test(container, a_failed_call_keeps_the_frees_of_earlier_ones)
{
    static char text[1000];
    size_t held = 0;

    for (int turn = 0; turn < 200; turn++) {
        /* Too long for its block, so the old one is given; then a call that fails. */
        cr_assert_eq(cont_set_str(&u, &b->last, (actor_str){text, 1000}), 0);
        mem.env.fail_at = 1;
        mem.env.fail_from = true;
        cr_assert_eq(cont_set_bin(&u, &b->raw, (actor_bin){(uint8_t *)text, 20000}), 0 - ERR_NOMEM);
        mem.env.fail_at = 0;
        mem.env.fail_from = false;
        cr_assert_eq(cont_set_bin(&u, (actor_bytes *)&b->last, (actor_bin){NULL, 5}), -ERR_INVALID);
        undo_commit(&u);
        if (turn == 3)
            held = arena_held(&state_mem);
    }
    cr_assert_eq(arena_held(&state_mem), held);
}

Test(container, whole_states_need_all_their_memory_or_give_an_error)
{
    box v;
    inner in = {.text = str("text")};

    for (uint32_t i = 0; i < 20; i++)
        cr_assert_eq(cont_map_put(&u, MAP(&b->by_name), &(actor_str){(const char *)&i, sizeof i}, &in), 0);
    for (uint64_t n = 1;; n++) {
        struct arena a;
        int r;

        arena_init(&a, &mem.source, NULL, 0);
        mem.env.fail_at = n;
        r = state_copy(schema, &v, b, &a);
        if (r == 0)
            r = state_init(schema, &v, &a);
        arena_drop(&a);
        if (mem.env.fail_at != 0) {
            cr_assert_eq(r, 0);
            cr_assert_gt(n, 2);
            break;
        }
        cr_assert_eq(r, -ERR_NOMEM);
    }
    mem.env.fail_at = 0;
}

Test(container, a_state_is_copied_deep_and_compares_equal)
{
    box *c = arena_alloc(&state_mem, schema->bytes);
    uint16_t nums[] = {7, 8};
    inner in = {.a = 1, .text = str("one"), .nums = {nums, 2}};

    cr_assert_eq(cont_list_insert(&u, LIST(&b->inners), 0, &in), 0);
    for (uint64_t k = 0; k < 20; k++)
        cr_assert_eq(cont_map_put(&u, MAP(&b->by_id), &k, &k), 0);
    cr_assert_eq(state_copy(schema, c, b, &state_mem), 0);
    cr_assert(state_equal(schema, b, c));
    cr_assert_neq(b->inners.v[0].text.p, c->inners.v[0].text.p);
    cr_assert_eq(cont_map_remove(&u, MAP(&b->by_id), &(uint64_t){0}), 0);
    cr_assert_eq(cont_map_put(&u, MAP(&b->by_id), &(uint64_t){0}, &(uint64_t){0}), 0);
    cr_assert(state_equal(schema, b, c), "the order of entries does not count");
    cr_assert_eq(cont_set_str(&u, &c->one.text, str("inneR")), 0);
    cr_assert_not(state_equal(schema, b, c));
}

Test(container, one_turn_may_log_so_much_and_no_more)
{
    static char text[256];
    int r = 0;

    cr_assert_eq(cont_set_str(&u, &b->last, (actor_str){text, 256}), 0);
    for (int i = 0; i < 200000 && r == 0; i++)
        r = cont_set_str(&u, &b->last, (actor_str){text, 255});
    cr_assert_eq(r, -ERR_LIMIT);
    cr_assert_leq(u.bytes, UNDO_BYTES_MAX);
    undo_rollback(&u);
}

Test(container, building_a_large_map_in_one_turn_stays_within_the_log)
{
    for (uint64_t k = 0; k < 300000; k++)
        cr_assert_eq(cont_map_put(&u, MAP(&b->by_id), &k, &k), 0);
    cr_assert_lt(u.bytes, 100000);
    for (uint32_t i = 0; i < 5000; i++)
        cr_assert_eq(cont_list_insert(&u, LIST(&b->nums), 0, &i), 0);
    cr_assert_lt(u.bytes, 600000);
}
