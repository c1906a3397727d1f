#include "fixture.h"
#include "msg/schema.h"
#include <string.h>

/* Other layouts of messages that the fixture's actors handle, as another plugin would bring them. They are not in the
 * plugin's own section: the test adds them to the catalogue. */
#undef ACTOR_TYPE_
#define ACTOR_TYPE_(T) \
    static actor_type T##_type = {(uint32_t)sizeof(actor_type), (uint32_t)sizeof(T), 0, 0, 0, T##_schema_};
#define NUM_OTHER(F)  F(u32, extra) F(u16, v)
#define TEXT_OTHER(F) F(list(u32), l) F(u8, more) F(str, s)
#define GET_OTHER(F)  F(u64, none_) F(u64, more)
#define NUM_ODD(F)    F(str, v)
ACTOR_STRUCT_T_(num_other, NUM_OTHER);
ACTOR_SCHEMA_(num_other, ACTOR_FORM_MESSAGE, "t", "num", 2, NUM_OTHER)
ACTOR_STRUCT_T_(text_other, TEXT_OTHER);
ACTOR_SCHEMA_(text_other, ACTOR_FORM_MESSAGE, "t", "text", 2, TEXT_OTHER)
ACTOR_STRUCT_T_(get_other, GET_OTHER);
ACTOR_SCHEMA_(get_other, ACTOR_FORM_MESSAGE, "t", "get", 2, GET_OTHER)
ACTOR_STRUCT_T_(num_odd, NUM_ODD);
ACTOR_SCHEMA_(num_odd, ACTOR_FORM_MESSAGE, "t", "num", 3, NUM_ODD)

#define ARGS_OTHER(F) F(str, text) F(u32, arg)
#define ARGS_ODD(F)   F(u64, text)
ACTOR_STRUCT_T_(args_other, ARGS_OTHER);
ACTOR_SCHEMA_(args_other, ACTOR_FORM_ARGS, "t", "args", 2, ARGS_OTHER)
ACTOR_STRUCT_T_(args_odd, ARGS_ODD);
ACTOR_SCHEMA_(args_odd, ACTOR_FORM_ARGS, "t", "args", 3, ARGS_ODD)

static actor_ref a, b;
static int got;

static void
add(actor_type *t)
{
    const actor_schema_head *h = t->schema();
    struct schema_raw raw = {h, h->head_bytes + (size_t)h->nfields * h->field_bytes};
    const struct msg_type *m;
    struct schema_set *set;
    struct err e = {0};

    cr_assert_eq(schema_set_new(&set, &rig.env.env, &raw, 1, "t", &e), 0, "%s", e.text);
    cr_assert_eq(types_add(&rig.sys.types, set->v[0], &m, &e), 0, "%s", e.text);
    schema_set_free(set);
    t->head_ = m->head;
    t->units_ = 0xffff;
}

static void
start(void)
{
    struct err e = {0};

    rig_start();
    add(&num_other_type);
    add(&text_other_type);
    add(&get_other_type);
    add(&num_odd_type);
    add(&args_other_type);
    add(&args_odd_type);
    cr_assert_eq(bound_refresh(&rig.sys, rig.bound[0], &e), 0, "%s", e.text);
    a = rig_spawn("t.thing");
    b = rig_spawn("t.thing");
}
TestSuite(deliver, .init = start, .fini = rig_stop);

static actor_result
tell_other(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    got = actor_tell(ctx, b, num_other, .v = (uint16_t)v, .extra = 9);
    return ACTOR_OK;
}

Test(deliver, another_layout_is_converted_for_the_receiver)
{
    rig_do(a, tell_other, 500);
    cr_assert_eq(got, 0);
    cr_assert_str_eq(rig_nums(b), "500");
    cr_assert_eq(rig_counter(COUNTER_converted), 1);
    cr_assert(actor_ref_eq(rig_event(b, EV_NUM, 0)->from, a));
}

static actor_result
tell_both_and_stop(actor_ctx *ctx, void *self, uint64_t v)
{
    tell_other(ctx, self, v);
    actor_tell(ctx, b, num, .v = v);
    return ACTOR_STOP;
}

/* Its last tell fails, as who asked is gone: what that leaves behind is no result of the handler, converted or not. */
Test(deliver, a_handler_that_cannot_fail_has_no_result_after_a_conversion_either)
{
    b = rig_spawn("t.sure");
    rig_do(a, tell_both_and_stop, 500);
    cr_assert_eq(rig_counter(COUNTER_converted), 1);
    cr_assert_eq(((sure *)rig_cell(b)->state)->n, 1000);
    cr_assert_eq(rig_policy.asked, 0);
    cr_assert_eq(rig_dead(DEAD_failed), 0);
    cr_assert_eq(rig_dead(DEAD_no_actor), 2);
}

static actor_result
tell_other_text(actor_ctx *ctx, void *self, uint64_t v)
{
    uint32_t l[] = {7, 8, (uint32_t)v};

    (void)self;
    got = actor_tell(ctx, b, text_other, .s = ACTOR_STR("with text"), .l = {l, 3});
    return ACTOR_OK;
}

Test(deliver, text_and_lists_are_converted_too)
{
    rig_do(a, tell_other_text, 9);
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_thing(b)->text.n, 9);
    cr_assert_eq(rig_thing(b)->seen.n, 3);
    cr_assert_eq(rig_thing(b)->seen.v[2], 9);
}

static actor_result
ask_other(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    got = actor_ask(ctx, b, num, 100, tag, get_other, .more = 1);
    return ACTOR_OK;
}

Test(deliver, an_ask_of_another_layout_is_answered)
{
    rig_thing(b)->n = 4;
    rig_do(a, ask_other, 3);
    cr_assert_str_eq(rig_nums(a), "4");
    cr_assert_eq(rig_event(a, EV_NUM, 0)->tag, 3);
}

static actor_result
reply_other(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    actor_reply(ctx, num_other, .v = (uint16_t)v);
    return ACTOR_OK;
}

static actor_result
ask_go(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    got = actor_ask(ctx, b, num, 100, tag, go, .fn = (uint64_t)(uintptr_t)reply_other, .arg = 12);
    return ACTOR_OK;
}

Test(deliver, an_answer_of_another_layout_is_the_answer)
{
    rig_do(a, ask_go, 3);
    cr_assert_str_eq(rig_nums(a), "12");
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 0);
}

static actor_result
tell_odd(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    (void)v;
    got = actor_tell(ctx, b, num_odd, .v = ACTOR_STR("no number"));
    return ACTOR_OK;
}

Test(deliver, a_layout_that_does_not_convert_is_a_dead_letter_for_that_reason)
{
    rig_do(a, tell_odd, 0);
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_events(b, EV_NUM), 0);
    cr_assert_eq(rig_dead(DEAD_type_mismatch), 1);
}

static actor_result
stash_now(actor_ctx *ctx, void *self, uint64_t mode)
{
    (void)ctx;
    ((thing *)self)->mode = mode;
    return ACTOR_OK;
}

static actor_result
unstash(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)arg;
    ((thing *)self)->mode = MODE_NOTE;
    cr_assert_eq(actor_unstash_all(ctx), 1);
    return ACTOR_OK;
}

Test(deliver, a_stashed_message_of_another_layout_is_converted_each_time)
{
    rig_do(b, stash_now, MODE_STASH);
    rig_do(a, tell_other, 500);
    cr_assert_str_eq(rig_nums(b), "");
    rig_do(b, unstash, 0);
    cr_assert_str_eq(rig_nums(b), "500");
}

Test(deliver, a_failing_handler_of_a_converted_message_fails_as_any_other)
{
    rig_do(b, stash_now, MODE_FAIL);
    rig_do(a, tell_other, 500);
    cr_assert_eq(rig_thing(b)->n, 0);
    cr_assert_eq(rig_dead(DEAD_failed), 1);
    cr_assert_eq(rig_policy.last.code, 7);
}

/* --- start arguments --- */
static actor_ref kid;

static actor_result
spawn_other(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    got = actor_spawn(ctx, &kid, "thing", "", args_other, .text = ACTOR_STR("four"), .arg = (uint32_t)v);
    return ACTOR_OK;
}

static actor_result
spawn_odd(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    got = actor_spawn(ctx, &kid, "thing", "", args_odd, .text = v);
    actor_watch(ctx, kid);
    return ACTOR_OK;
}

Test(deliver, a_spawners_other_layout_of_the_arguments_is_converted)
{
    rig_do(a, spawn_other, 70000);
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_event(kid, EV_START, 0)->a, 70000);
    cr_assert_eq(rig_event(kid, EV_START, 0)->b, 4);
}

Test(deliver, arguments_that_do_not_convert_fail_the_start)
{
    rig_do(a, spawn_odd, 1);
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_events(kid, EV_START), 0);
    cr_assert_eq(rig_policy.last.kind, FAILURE_START);
}

/* --- caps of what came from outside --- */
static actor_result
system_twice(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    got = actor_forward(ctx, b);
    return ACTOR_OK;
}

static actor_result
arm_forward(actor_ctx *ctx, void *self, uint64_t ms)
{
    (void)self;
    actor_timer(ctx, ms, 0, 0, go, .fn = (uint64_t)(uintptr_t)system_twice);
    return ACTOR_OK;
}

Test(deliver, what_the_host_sent_cannot_be_forwarded)
{
    rig_do(a, arm_forward, 5);
    rig_advance(10);
    cr_assert_eq(got, -ERR_INVALID);
}
