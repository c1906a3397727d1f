/* The tables, and requests decoded by them. */
#include "control/views.h"
#include "wire/object.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(commands);

Test(commands, numbers_and_names_are_unique_and_every_row_is_complete)
{
    const struct command *t;
    size_t n;

    t = command_table(&n);
    cr_assert_eq(n, 19);
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(command_by_number(t[i].number), &t[i]);
        cr_assert_eq(command_by_name(t[i].name), &t[i]);
        cr_assert_eq(strncmp(t[i].example, "actorctl ", 9), 0);
        cr_assert_eq(t[i].summary[strlen(t[i].summary) - 1], '.', "%s", t[i].name);
        cr_assert_gt(t[i].ngives, 0);
        cr_assert_leq(t[i].nargs, 16, "the tool has room for 16");
        for (size_t k = 0; k < t[i].ngives; k++)
            cr_assert_not_null(view_by_name(t[i].gives[k]), "%s gives %s", t[i].name, t[i].gives[k]);
    }
    cr_assert_null(command_by_number(0));
    cr_assert_null(command_by_name("no_such"));
}

/* Wrong orders cannot be given on a command line: required after optional, an option between. */
Test(commands, required_arguments_come_first)
{
    const struct command *t;
    size_t n;

    t = command_table(&n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 1; k < t[i].nargs; k++)
            if (t[i].args[k].how == HOW_POS)
                cr_assert_eq(t[i].args[k - 1].how, HOW_POS, "%s %s", t[i].name, t[i].args[k].name);
}

static int
decode(struct request *r, const char *command, const char *body, size_t n, struct err *err)
{
    return request_decode(r, command_by_name(command), body, n, err);
}
#define DECODE(r, command, body, err) decode(r, command, body, sizeof(body) - 1, err)

Test(commands, texts_numbers_and_values_arrive_typed)
{
    struct request r;
    struct err err = {0};
    const struct req_spawn *q;

    cr_assert_eq(DECODE(&r, "spawn",
                        "\x83\xa9"
                        "behaviour\xa7greeter\xa4"
                        "args\x81\xa1g\x07\xa7timeout\xcd\x03\xe8",
                        &err),
                 0, "%s", err.text);
    q = r.req;
    cr_assert_eq(q->command, COMMAND_spawn);
    cr_assert_str_eq(q->behaviour, "greeter");
    cr_assert_null(q->name);
    cr_assert_null(q->parent);
    cr_assert_eq(q->timeout, 1000);
    cr_assert_eq(q->args.n, 4);
    cr_assert_eq(memcmp(q->args.p, "\x81\xa1g\x07", 4), 0);
    request_free(&r);
}

Test(commands, absent_numbers_have_their_default)
{
    struct request r;
    struct err err = {0};

    cr_assert_eq(decode(&r, "recorder", NULL, 0, &err), 0);
    cr_assert_eq(((const struct req_recorder *)r.req)->limit, 100);
    cr_assert_eq(((const struct req_recorder *)r.req)->worker, UINT64_MAX);
    request_free(&r);
}

Test(commands, each_mistake_has_its_own_error)
{
    struct request r;
    struct err err = {0};

    cr_assert_eq(DECODE(&r, "load", "\x80", &err), -ERR_INVALID);
    cr_assert_not_null(strstr(err.text, "FILE"));
    cr_assert_eq(DECODE(&r, "load",
                        "\x81\xa4"
                        "fiel\xa1x",
                        &err),
                 -ERR_INVALID);
    cr_assert_not_null(strstr(err.text, "fiel"));
    cr_assert_eq(DECODE(&r, "load",
                        "\x82\xa4"
                        "file\xa1x\xa4"
                        "file\xa1y",
                        &err),
                 -ERR_INVALID);
    cr_assert_not_null(strstr(err.text, "twice"));
    cr_assert_eq(DECODE(&r, "load",
                        "\x81\xa4"
                        "file\x01",
                        &err),
                 -ERR_TYPE);
    cr_assert_eq(DECODE(&r, "load",
                        "\x81\xa4"
                        "file\xa0",
                        &err),
                 -ERR_RANGE);
    cr_assert_eq(DECODE(&r, "load",
                        "\x81\xa4"
                        "file\xa3"
                        "a\0b",
                        &err),
                 -ERR_RANGE);
    cr_assert_eq(DECODE(&r, "tree",
                        "\x81\xa5"
                        "depth\x41",
                        &err),
                 -ERR_RANGE, "65 levels");
    cr_assert_eq(DECODE(&r, "tree",
                        "\x81\xa5"
                        "depth\xff",
                        &err),
                 -ERR_TYPE, "-1 levels");
    cr_assert_eq(DECODE(&r, "logs",
                        "\x81\xa6"
                        "follow\x01",
                        &err),
                 -ERR_TYPE);
    cr_assert_eq(DECODE(&r, "status", "\x90", &err), -ERR_TYPE);
    cr_assert_eq(DECODE(&r, "status", "\x81\x01\x01", &err), -ERR_TYPE);
    cr_assert_eq(DECODE(&r, "status", "\xdf\xff\xff\xff\xff", &err), -ERR_TRUNCATED);
}

Test(commands, a_view_packs_as_a_map_of_its_fields)
{
    struct view_asked v = {.path = "/a", .answer = {"\x93\x01\x02\x03", 4}, .elapsed_us = 7};
    const struct view *view = view_of(VIEW_asked);
    struct object_doc doc;
    struct strbuf b;
    msgpack_packer pk;
    struct err err = {0};

    strbuf_init(&b);
    pack_init(&pk, &b);
    pack_map(&pk, view->nfields);
    view_pack_fields(&pk, view, &v);
    cr_assert_eq(object_read(&doc, b.p, b.len, 0, &err), 0, "%s", err.text);
    cr_assert(object_is_str(object_get(&doc.root, "path"), "/a"));
    cr_assert_eq(object_get(&doc.root, "message")->type, MSGPACK_OBJECT_NIL);
    cr_assert_eq(object_get(&doc.root, "answer")->via.array.size, 3);
    cr_assert_eq(object_u64(object_get(&doc.root, "elapsed_us"), 0), 7);
    object_free(&doc);
    strbuf_fini(&b);
}
