#include "fixture.h"
#include <string.h>

TestSuite(call_send, .init = rig_start, .fini = rig_stop);

static actor_ref a, b;
static int got;
static char *scratch_text;

static actor_result
tell_num(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    got = actor_tell(ctx, b, num, .v = v);
    return ACTOR_OK;
}

static actor_result
tell_text(actor_ctx *ctx, void *self, uint64_t v)
{
    uint64_t l[] = {v, v + 1, v + 2};

    (void)self;
    scratch_text = actor_alloc(ctx, 600);
    memset(scratch_text, 'x', 600);
    got = actor_tell(ctx, b, text, .s = actor_str_make_(scratch_text, 600), .l = {l, 3});
    memset(scratch_text, 'y', 600); /* the copy is made already */
    memset(l, 0, sizeof l);
    return ACTOR_OK;
}

static actor_result
ask_get(actor_ctx *ctx, void *self, uint64_t tag)
{
    (void)self;
    got = actor_ask(ctx, b, num, 1000, tag, get);
    return ACTOR_OK;
}

static actor_result
send_moved(actor_ctx *ctx, void *self, uint64_t v)
{
    num *m = actor_new(ctx, num);

    (void)self;
    m->v = v;
    got = actor_send(ctx, b, m);
    return ACTOR_OK;
}

static void
two(void)
{
    a = rig_spawn("t.thing");
    b = rig_spawn("t.thing");
}

Test(call_send, a_tell_reaches_its_target)
{
    a = rig_spawn_small();
    rig_num(a, 42);
    rig_run();
    cr_assert_str_eq(rig_nums(a), "42");
    cr_assert_eq(rig_small(a)->n, 1);
}

Test(call_send, a_handler_sees_who_sent)
{
    two();
    rig_do(a, tell_num, 5);
    cr_assert_eq(got, 0);
    cr_assert_str_eq(rig_nums(b), "5");
    cr_assert(actor_ref_eq(rig_event(b, EV_NUM, 0)->from, a));
}

Test(call_send, what_a_message_points_to_is_copied_at_the_call)
{
    two();
    rig_do(a, tell_text, 7);
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_event(b, EV_TEXT, 0)->a, 600);
    cr_assert_eq(rig_thing(b)->text.n, 600);
    cr_assert_eq(rig_thing(b)->text.p[0], 'x');
    cr_assert_eq(rig_thing(b)->text.p[599], 'x');
    cr_assert_eq(rig_thing(b)->seen.n, 3);
    cr_assert_eq(rig_thing(b)->seen.v[2], 9);
}

static actor_result
tell_large(actor_ctx *ctx, void *self, uint64_t bytes)
{
    uint8_t *p = actor_alloc(ctx, bytes);

    (void)self;
    memset(p, 1, bytes);
    got = actor_tell(ctx, b, text, .s = actor_str_make_((char *)p, (uint32_t)bytes));
    return ACTOR_OK;
}

Test(call_send, a_message_may_be_larger_than_any_class)
{
    two();
    rig_do(a, tell_large, 3 << 20);
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_event(b, EV_TEXT, 0)->a, 3 << 20);
    cr_assert_eq(rig_thing(b)->text.n, 3 << 20);
}

Test(call_send, a_message_over_sixteen_mebibytes_is_refused)
{
    two();
    rig_do(a, tell_large, (16 << 20) - 16);
    cr_assert_eq(got, -ERR_LIMIT);
    cr_assert_eq(rig_events(b, EV_TEXT), 0);
}

Test(call_send, mail_of_one_sender_keeps_its_order)
{
    two();
    for (uint64_t i = 1; i <= 5; i++)
        rig_post(a, tell_num, i);
    rig_run();
    cr_assert_str_eq(rig_nums(b), "1 2 3 4 5");
}

static actor_result
tell_alternately(actor_ctx *ctx, void *self, uint64_t n)
{
    actor_ref to[3];

    (void)self;
    to[0] = a;
    to[1] = b;
    to[2] = actor_self(ctx);
    for (uint64_t i = 0; i < n; i++)
        cr_assert_eq(actor_tell(ctx, to[i % 3], num, .v = i), 0);
    return ACTOR_OK;
}

Test(call_send, order_holds_when_a_turn_sends_to_several)
{
    actor_ref c;

    two();
    c = rig_spawn("t.thing");
    rig_do(c, tell_alternately, 12);
    cr_assert_str_eq(rig_nums(a), "0 3 6 9");
    cr_assert_str_eq(rig_nums(b), "1 4 7 10");
    cr_assert_str_eq(rig_nums(c), "2 5 8 11");
}

static actor_ref many[1200];
static actor_result
tell_all_twice(actor_ctx *ctx, void *self, uint64_t n)
{
    (void)self;
    for (uint64_t k = 0; k < 2; k++)
        for (uint64_t i = 0; i < n; i++)
            cr_assert_eq(actor_tell(ctx, many[i], num, .v = k), 0);
    return ACTOR_OK;
}

Test(call_send, a_turn_may_send_to_more_targets_than_fit_inline)
{
    two();
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = rig_spawn_small();
    rig_do(a, tell_all_twice, ARRAY_LEN(many));
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        cr_assert_eq(rig_small(many[i])->n, 2);
        cr_assert_eq(rig_small(many[i])->last, 1);
    }
}

Test(call_send, a_stale_reference_is_a_status_and_a_dead_letter)
{
    two();
    rig_end(b, ACTOR_STOP_NOW);
    rig_do(a, tell_num, 1);
    cr_assert_eq(got, -ERR_DEAD);
    cr_assert_eq(rig_dead(DEAD_no_actor), 1);
}

Test(call_send, a_stale_reference_never_reaches_a_slot_that_is_used_again)
{
    actor_ref fresh;

    two();
    rig_end(b, ACTOR_STOP_NOW);
    for (int i = 0; i < 200; i++) { /* some of them get the slot of b */
        fresh = rig_spawn("t.thing");
        if (fresh.slot == b.slot)
            break;
    }
    cr_assert_eq(fresh.slot, b.slot);
    cr_assert_neq(fresh.gen, b.gen);
    rig_do(a, tell_num, 1);
    cr_assert_eq(got, -ERR_DEAD);
    cr_assert_eq(rig_events(fresh, EV_NUM), 0);
}

Test(call_send, a_reference_of_another_node_or_beyond_the_range_is_stale)
{
    two();
    b.node = 2;
    rig_do(a, tell_num, 1);
    cr_assert_eq(got, -ERR_DEAD);
    b = (actor_ref){1, 0xffffffff, 1};
    rig_do(a, tell_num, 1);
    cr_assert_eq(got, -ERR_DEAD);
    b = ACTOR_NOBODY;
    rig_do(a, tell_num, 1);
    cr_assert_eq(got, -ERR_DEAD);
}

Test(call_send, a_reply_to_a_tell_goes_to_its_sender)
{
    struct actx *x;

    two();
    x = system_enter(&rig.sys, a);
    cr_assert_eq(actor_tell(&x->ctx, b, get), 0);
    system_leave(x);
    rig_run();
    cr_assert_str_eq(rig_nums(a), "0");
}

Test(call_send, an_ask_gets_one_answer_with_its_tag)
{
    two();
    rig_thing(b)->n = 33;
    rig_do(a, ask_get, 77);
    cr_assert_eq(got, 0);
    cr_assert_str_eq(rig_nums(a), "33");
    cr_assert_eq(rig_event(a, EV_NUM, 0)->tag, 77);
    rig_advance(1100);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 0);
}

static actor_result
reply_twice(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)self;
    (void)arg;
    cr_assert_eq(actor_reply(ctx, num, .v = 1), 0);
    cr_assert_eq(actor_reply(ctx, num, .v = 2), -ERR_CANCELED);
    return ACTOR_OK;
}

static actor_result
ask_go(actor_ctx *ctx, void *self, uint64_t fn)
{
    (void)self;
    got = actor_ask(ctx, b, num, 1000, 5, go, .fn = fn);
    return ACTOR_OK;
}

Test(call_send, only_the_first_reply_to_an_ask_counts)
{
    two();
    rig_do(a, ask_go, (uint64_t)(uintptr_t)reply_twice);
    cr_assert_str_eq(rig_nums(a), "1");
}

Test(call_send, a_reply_without_a_sender_is_a_status)
{
    struct actx *x;

    two();
    x = system_enter(&rig.sys, ACTOR_NOBODY);
    actor_tell(&x->ctx, b, get);
    system_leave(x);
    rig_run();
    rig_check_balance();
}

static actor_result
forward_once(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    (void)v;
    if (actor_ref_eq(actor_self(ctx), b)) {
        rig_own(ctx, actor_sender(ctx).slot, 0);
        return actor_reply(ctx, num, .v = 9), ACTOR_OK;
    }
    got = actor_forward(ctx, b);
    return ACTOR_OK;
}

Test(call_send, a_forwarded_tell_keeps_its_sender)
{
    actor_ref c;
    struct actx *x;

    two();
    c = rig_spawn("t.thing");
    x = system_enter(&rig.sys, c);
    actor_tell(&x->ctx, a, go, .fn = (uint64_t)(uintptr_t)forward_once);
    system_leave(x);
    rig_run();
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_event(b, EV_OWN, 0)->a, c.slot);
    cr_assert_str_eq(rig_nums(c), "9");
}

static actor_ref middle;
static actor_result
ask_middle(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    got = actor_ask(ctx, middle, num, 1000, v, go, .fn = (uint64_t)(uintptr_t)forward_once);
    return ACTOR_OK;
}

Test(call_send, a_forwarded_ask_is_answered_by_whoever_handles_it)
{
    two();
    middle = rig_spawn("t.thing");
    rig_do(a, ask_middle, 8);
    cr_assert_str_eq(rig_nums(a), "9");
    cr_assert_eq(rig_event(a, EV_NUM, 0)->tag, 8);
    cr_assert(actor_ref_eq(rig_event(a, EV_NUM, 0)->from, b));
    cr_assert_eq(rig_event(b, EV_OWN, 0)->a, a.slot); /* b saw a as the sender */
    rig_advance(1100);
    cr_assert_eq(rig_events(a, EV_ASK_FAILED), 0);
}

static actor_result
answer_with_go(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    (void)v;
    actor_reply(ctx, go, .fn = (uint64_t)(uintptr_t)forward_once);
    return ACTOR_OK;
}

static actor_result
ask_for_go(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    got = actor_ask(ctx, middle, go, 1000, v, go, .fn = (uint64_t)(uintptr_t)answer_with_go);
    return ACTOR_OK;
}

Test(call_send, an_answer_that_is_forwarded_arrives_as_a_plain_message)
{
    two();
    middle = rig_spawn("t.thing");
    rig_do(a, ask_for_go, 8); /* a forwards the answer to b, which notes and replies to its sender, middle */
    cr_assert_eq(rig_events(b, EV_OWN), 1);
    cr_assert_eq(rig_event(b, EV_OWN, 0)->a, middle.slot);
    cr_assert_str_eq(rig_nums(middle), "9");
    cr_assert_eq(rig_dead(DEAD_late_reply), 0);
}

Test(call_send, what_msg_new_gave_is_handed_over_without_a_copy)
{
    two();
    rig_do(a, send_moved, 11);
    cr_assert_eq(got, 0);
    cr_assert_str_eq(rig_nums(b), "11");
}

static actor_result
send_and_look(actor_ctx *ctx, void *self, uint64_t v)
{
    const uint64_t before = rig_counter(COUNTER_sent_user);

    (void)self;
    for (uint64_t i = 0; i < v; i++)
        cr_assert_eq(actor_tell(ctx, b, num, .v = i), 0);
    cr_assert_eq(rig_counter(COUNTER_sent_user), before + v, "a turn may last");
    return ACTOR_OK;
}

Test(call_send, what_is_sent_counts_at_once)
{
    two();
    rig_do(a, send_and_look, 700);
}

static actor_result
make_and_drop(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    (void)v;
    for (int i = 0; i < 10; i++)
        cr_assert_not_null(actor_new(ctx, num));
    return ACTOR_OK;
}

Test(call_send, what_msg_new_gave_and_nobody_sent_goes_at_the_end_of_the_turn)
{
    two();
    rig_do(a, make_and_drop, 0); /* rig_stop() counts blocks */
    cr_assert_eq(rig_counter(COUNTER_sent_user), 1);
}

static actor_result
send_a_pointer(actor_ctx *ctx, void *self, uint64_t v)
{
    text *t = actor_new(ctx, text);
    char local[64];

    (void)self;
    (void)v;
    memset(local, 'q', sizeof local);
    t->s = actor_str_make_(local, sizeof local);
    got = actor_send(ctx, b, t);
    memset(local, 0, sizeof local);
    return ACTOR_OK;
}

Test(call_send, views_in_a_moved_message_are_copied_at_the_send)
{
    two();
    rig_do(a, send_a_pointer, 0);
    cr_assert_eq(got, 0);
    cr_assert_eq(rig_thing(b)->text.n, 64);
    cr_assert_eq(rig_thing(b)->text.p[63], 'q');
}

static num *kept;
static actor_result
keep_fresh(actor_ctx *ctx, void *self, uint64_t v)
{
    (void)self;
    (void)v;
    kept = actor_new(ctx, num);
    cr_assert_eq(actor_send(ctx, b, kept), 0);
    got = actor_send(ctx, b, kept);
    return ACTOR_OK;
}

Test(call_send, sending_the_same_block_twice_is_refused)
{
    two();
    rig_do(a, keep_fresh, 0);
    cr_assert_eq(got, -ERR_INVALID);
    cr_assert_eq(rig_events(b, EV_NUM), 1);
}

/* --- caps --- */
static uint64_t sent;
static actor_result
tell_until_refused(actor_ctx *ctx, void *self, uint64_t max)
{
    (void)self;
    for (sent = 0; sent < max; sent++) {
        got = actor_tell(ctx, b, num, .v = sent);
        if (got < 0)
            break;
    }
    return ACTOR_OK;
}

Test(call_send, a_turn_sends_some_65536_messages_and_no_more)
{
    a = rig_spawn_small();
    b = rig_spawn("t.large"); /* without a row for num: dead letters, quickly */
    rig_do(a, tell_until_refused, 200000);
    cr_assert_eq(got, -ERR_LIMIT);
    cr_assert_geq(sent, TURN_MESSAGES_MAX - POOL_RUN);
    cr_assert_leq(sent, TURN_MESSAGES_MAX + POOL_RUN);
    rig_do(a, tell_until_refused, 10); /* the next turn starts anew */
    cr_assert_eq(got, 0);
}

static actor_result
tell_megabytes(actor_ctx *ctx, void *self, uint64_t max)
{
    char *p = actor_alloc(ctx, 1 << 20);

    (void)self;
    for (sent = 0; sent < max; sent++) {
        got = actor_tell(ctx, b, text, .s = actor_str_make_(p, (1 << 20) - 256));
        if (got < 0)
            break;
    }
    return ACTOR_OK;
}

Test(call_send, a_turn_sends_sixteen_mebibytes_and_no_more)
{
    two();
    rig_do(a, tell_megabytes, 100);
    cr_assert_eq(got, -ERR_LIMIT);
    cr_assert_eq(sent, 16);
}
