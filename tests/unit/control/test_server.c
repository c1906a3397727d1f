/* The control socket as a client sees it. */
#include "rig.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(server);

static const struct control_config plain = {.nallow = 0};

Test(server, status_answers_with_the_fields_of_its_view)
{
    struct rig r;
    struct client *c;
    struct object_doc doc;

    rig_start(&r, &plain);
    c = rig_client(&r);
    rig_next(c, FRAME_ANSWER, rig_ask(c, COMMAND_status, NULL, NULL), &doc);
    cr_assert_eq(rig_error(&doc), 0);
    cr_assert(object_is_str(rig_get(&doc, "result.node"), "rig"));
    cr_assert_eq(object_u64(rig_get(&doc, "result.pid"), 0), 4711);
    cr_assert_eq(rig_get(&doc, "result.config")->type, MSGPACK_OBJECT_NIL);
    cr_assert_eq(rig_get(&doc, "error")->type, MSGPACK_OBJECT_NIL);
    object_free(&doc);
    client_close(c);
    rig_stop(&r);
}

Test(server, a_command_it_does_not_know_or_have_is_answered_so)
{
    struct rig r;
    struct client *c;
    struct object_doc doc;

    rig_start(&r, &plain);
    c = rig_client(&r);
    rig_next(c, FRAME_ANSWER, rig_ask(c, 999, NULL, NULL), &doc);
    cr_assert_eq(rig_error(&doc), ERR_UNSUPPORTED);
    object_free(&doc);
    rig_next(c, FRAME_ANSWER, rig_ask(c, COMMAND_tree, NULL, NULL), &doc);
    cr_assert_eq(rig_error(&doc), ERR_UNSUPPORTED);
    object_free(&doc);
    client_close(c);
    rig_stop(&r);
}

Test(server, a_bad_request_gets_its_error_and_the_connection_goes_on)
{
    static const char *const bodies[] = {"\xdd\xff\xff\xff\xff", "\xc1", "\x81\xa5", "\x80\x80", "\x01"};
    struct rig r;
    struct client *c;
    struct object_doc doc;
    struct err err;
    uint32_t id;

    rig_start(&r, &plain);
    c = rig_client(&r);
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(client_request(c, COMMAND_status, bodies[i], strlen(bodies[i]), 5000, &id, &err), 0);
        rig_next(c, FRAME_ANSWER, id, &doc);
        cr_assert_neq(rig_error(&doc), 0);
        object_free(&doc);
    }
    rig_next(c, FRAME_ANSWER, rig_ask(c, COMMAND_status, "no_such", "x"), &doc);
    cr_assert_eq(rig_error(&doc), ERR_INVALID);
    object_free(&doc);
    rig_next(c, FRAME_ANSWER, rig_ask(c, COMMAND_status, NULL, NULL), &doc);
    cr_assert_eq(rig_error(&doc), 0);
    object_free(&doc);
    client_close(c);
    rig_stop(&r);
}

Test(server, a_long_command_does_not_hold_up_the_next_ones)
{
    struct rig r;
    struct client *c;
    struct object_doc doc;
    uint32_t slow, quick, release;

    rig_start(&r, &plain);
    c = rig_client(&r);
    slow = rig_ask2(c, COMMAND_ask, "actor", "/user/a", "message", "hold");
    quick = rig_ask(c, COMMAND_status, NULL, NULL);
    rig_next(c, FRAME_ANSWER, quick, &doc);
    object_free(&doc);
    release = rig_ask2(c, COMMAND_tell, "actor", "/user/a", "message", "release");
    rig_next(c, FRAME_ANSWER, slow, &doc);
    object_free(&doc);
    rig_next(c, FRAME_ANSWER, release, &doc);
    object_free(&doc);
    client_close(c);
    rig_stop(&r);
}

Test(server, progress_comes_before_the_answer_and_partial_is_told)
{
    struct rig r;
    struct client *c;
    struct object_doc doc;
    uint32_t id;

    rig_start(&r, &plain);
    c = rig_client(&r);
    id = rig_ask2(c, COMMAND_swap, "plugin", "greeter", "to", "partial");
    for (uint64_t i = 1; i <= 3; i++) {
        rig_next(c, FRAME_PROGRESS, id, &doc);
        cr_assert(object_is_str(rig_get(&doc, "event"), "swap_progress"));
        cr_assert_eq(object_u64(rig_get(&doc, "done"), 0), i);
        object_free(&doc);
    }
    rig_next(c, FRAME_ANSWER, id, &doc);
    cr_assert_eq(rig_error(&doc), 0);
    cr_assert(object_bool(rig_get(&doc, "partial"), false));
    cr_assert_eq(object_u64(rig_get(&doc, "result.switched"), 0), 2);
    cr_assert_eq(rig_get(&doc, "result.kept_actors")->via.array.size, 1);
    object_free(&doc);
    client_close(c);
    rig_stop(&r);
}

Test(server, values_and_defaults_reach_the_command)
{
    static const char body[] = "\x83\xa5"
                               "actor\xa2/a\xa7message\xa4"
                               "echo"
                               "\xa6"
                               "fields\x81\xa1x\x93\x01\xc0\xa1y";
    struct rig r;
    struct client *c;
    struct object_doc doc;
    struct err err;
    const msgpack_object *x;
    uint32_t id;

    rig_start(&r, &plain);
    c = rig_client(&r);
    cr_assert_eq(client_request(c, COMMAND_ask, body, sizeof body - 1, 5000, &id, &err), 0);
    rig_next(c, FRAME_ANSWER, id, &doc);
    cr_assert_eq(rig_error(&doc), 0);
    cr_assert(object_is_str(rig_get(&doc, "result.path"), "/a"));
    cr_assert_eq(object_u64(rig_get(&doc, "result.elapsed_us"), 0), 5000, "the default of timeout");
    x = rig_get(&doc, "result.answer.x");
    cr_assert_not_null(x);
    cr_assert_eq(x->type, MSGPACK_OBJECT_ARRAY);
    cr_assert_eq(x->via.array.size, 3);
    cr_assert(object_is_str(&x->via.array.ptr[2], "y"));
    object_free(&doc);
    client_close(c);
    rig_stop(&r);
}

Test(server, a_cancel_ends_a_command_that_goes_on)
{
    struct rig r;
    struct client *c;
    struct object_doc doc;
    struct err err;
    uint32_t id;

    rig_start(&r, &plain);
    c = rig_client(&r);
    id = rig_ask(c, COMMAND_logs, NULL, NULL);
    rig_next(c, FRAME_PROGRESS, id, &doc);
    object_free(&doc);
    cr_assert_eq(client_cancel(c, id, &err), 0);
    rig_next(c, FRAME_ANSWER, id, &doc);
    cr_assert_eq(rig_error(&doc), ERR_CANCELED);
    object_free(&doc);
    cr_assert_eq(client_cancel(c, id, &err), 0, "a cancel that comes too late is nothing");
    cr_assert_eq(rig_count(c, "calls"), 1, "only the asking one");
    client_close(c);
    rig_stop(&r);
}

Test(server, a_client_that_leaves_cancels_its_commands)
{
    struct rig r;
    struct client *leaves, *stays;
    struct object_doc doc;
    uint32_t id;

    rig_start(&r, &plain);
    leaves = rig_client(&r);
    stays = rig_client(&r);
    rig_next(leaves, FRAME_PROGRESS, rig_ask(leaves, COMMAND_logs, NULL, NULL), &doc);
    object_free(&doc);
    id = rig_ask2(stays, COMMAND_ask, "actor", "/a", "message", "wait");
    client_close(leaves);
    rig_next(stays, FRAME_ANSWER, id, &doc);
    object_free(&doc);
    client_close(stays);
    rig_stop(&r);
    cr_assert_eq(r.canceled, 1);
}

Test(server, closing_answers_what_is_in_progress)
{
    struct rig r;
    struct client *c;
    struct object_doc doc;
    struct err err = {0};
    uint32_t a, b;

    rig_start(&r, &plain);
    c = rig_client(&r);
    a = rig_ask2(c, COMMAND_ask, "actor", "/a", "message", "hold");
    b = rig_ask2(c, COMMAND_ask, "actor", "/a", "message", "stubborn");
    rig_count(c, "calls");
    rig_stop(&r); /* and the stubborn one is ended after the server is gone */
    rig_next(c, FRAME_ANSWER, a, &doc);
    cr_assert_eq(rig_error(&doc), ERR_STOPPING);
    object_free(&doc);
    rig_next(c, FRAME_ANSWER, b, &doc);
    cr_assert_eq(rig_error(&doc), ERR_STOPPING);
    object_free(&doc);
    cr_assert_eq(rig_end(c, &err), -ERR_STOPPING);
    client_close(c);
}

Test(server, a_wrong_name_is_answered_with_those_like_it)
{
    struct rig r;
    struct client *c;
    struct object_doc doc;
    const msgpack_object *near;

    rig_start(&r, &plain);
    c = rig_client(&r);
    rig_next(c, FRAME_ANSWER, rig_ask(c, COMMAND_actor, "actor", "/user/greetr"), &doc);
    cr_assert_eq(rig_error(&doc), ERR_NOTFOUND);
    near = rig_get(&doc, "error.near");
    cr_assert_eq(near->via.array.size, 1);
    cr_assert(object_is_str(&near->via.array.ptr[0], "/user/greeter"));
    object_free(&doc);
    client_close(c);
    rig_stop(&r);
}

Test(server, an_answer_past_its_cap_becomes_an_error)
{
    struct rig r;
    struct client *c;
    struct object_doc doc;

    rig_start(&r, &plain);
    c = rig_client(&r);
    rig_next(c, FRAME_ANSWER, rig_ask(c, COMMAND_counters, "prefix", "big"), &doc);
    cr_assert_eq(rig_error(&doc), ERR_LIMIT);
    object_free(&doc);
    client_close(c);
    rig_stop(&r);
}
