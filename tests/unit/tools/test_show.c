/* Answers on a terminal: aligned, readable units, few columns, and nothing that could steer it. */
#include "control/views.h"
#include "ctl.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(show);

struct answer {
    struct strbuf b;
    msgpack_packer pk;
};

static void
begin(struct answer *a, size_t pairs)
{
    strbuf_init(&a->b);
    pack_init(&a->pk, &a->b);
    pack_map(&a->pk, pairs);
}

static void
put(struct answer *a, enum view_id id, const void *view)
{
    pack_map(&a->pk, view_of(id)->nfields);
    view_pack_fields(&a->pk, view_of(id), view);
}

/* What show_result prints of a; frees it. The caller frees the text. */
static char *
shown(struct answer *a, const char *command, struct options opt)
{
    struct call call = {.opt = opt, .cmd = command_by_name(command)};
    struct object_doc doc;
    struct err err = {0};
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    cr_assert_eq(object_read(&doc, a->b.p, a->b.len, 0, &err), 0, "%s", err.text);
    show_result(&call, &doc.root, f);
    fclose(f);
    object_free(&doc);
    strbuf_fini(&a->b);
    return text;
}

static const struct options terminal = {.terminal = true};

static void
tree_row(struct answer *a, uint64_t depth, const char *name, const char *path)
{
    put(a, VIEW_tree_row,
        &(struct view_tree_row){.depth = depth, .name = name, .path = path, .behaviour = "b"});
}

Test(show, a_tree_is_drawn_with_its_branches)
{
    struct answer a;
    char *text;

    begin(&a, 1);
    pack_str(&a.pk, "tree");
    pack_array(&a.pk, 5);
    tree_row(&a, 0, "user", "/user");
    tree_row(&a, 1, "a", "/user/a");
    tree_row(&a, 2, "x", "/user/a/x");
    tree_row(&a, 2, "y", "/user/a/y");
    tree_row(&a, 1, "b", "/user/b");
    text = shown(&a, "tree", terminal);
    cr_assert_str_eq(text, "/user  b\n├─ a  b\n│  ├─ x  b\n│  └─ y  b\n└─ b  b\n");
    free(text);
}

Test(show, columns_are_aligned_by_characters_and_empty_ones_left_out)
{
    struct view_plugin one = {.name = "grüße",
                              .version = "1.0.0",
                              .state = "serving",
                              .age_ms = 65000,
                              .sha256 = "00ff"},
                       two = {.name = "b", .version = "10.0.0", .state = "old", .actors = 3, .pure = true};
    struct answer a;
    char *text;

    begin(&a, 1);
    pack_str(&a.pk, "plugins");
    pack_array(&a.pk, 2);
    put(&a, VIEW_plugin, &one);
    put(&a, VIEW_plugin, &two);
    text = shown(&a, "plugins", terminal);
    cr_assert_str_eq(text,
                     "name   version  state    actors  behaviours  pure  age\n"
                     "grüße  1.0.0    serving  0       0           no    1m05s\n"
                     "b      10.0.0   old      3       0           yes   0ms\n",
                     "%s", text);
    free(text);
}

Test(show, fields_have_readable_units_on_a_terminal_and_raw_ones_in_a_pipe)
{
    struct view_status v = {.node = "n", .uptime_ms = 90061000, .rss_bytes = 5 << 20};
    struct answer a;
    char *text;

    for (int pipe = 0; pipe < 2; pipe++) {
        begin(&a, view_of(VIEW_status)->nfields);
        view_pack_fields(&a.pk, view_of(VIEW_status), &v);
        text = shown(&a, "status", pipe ? (struct options){.json = false} : terminal);
        cr_assert_not_null(strstr(text, pipe ? "uptime_ms\t90061000\n" : "uptime"), "%s", text);
        cr_assert_not_null(strstr(text, pipe ? "rss_bytes\t5242880\n" : "1d01h"), "%s", text);
        if (!pipe)
            cr_assert_not_null(strstr(text, "5.0 MiB"));
        free(text);
    }
}

Test(show, an_empty_list_says_so_on_a_terminal_only)
{
    struct answer a;
    char *text;

    for (int pipe = 0; pipe < 2; pipe++) {
        begin(&a, 1);
        pack_str(&a.pk, "actors");
        pack_array(&a.pk, 0);
        text = shown(&a, "actors", pipe ? (struct options){.json = false} : terminal);
        cr_assert_str_eq(text, pipe ? "" : "no actors\n");
        free(text);
    }
}

Test(show, text_from_a_node_cannot_steer_the_terminal)
{
    struct answer a;
    char *text;

    begin(&a, 1);
    pack_str(&a.pk, "lines");
    pack_array(&a.pk, 1);
    put(&a, VIEW_log_line,
        &(struct view_log_line){.time = "t",
                                .level = "info",
                                .text = "a\x1b[2Jb\nc\xc2\x9b"
                                        "31md\x7f"});
    text = shown(&a, "logs", terminal);
    cr_assert_str_eq(text, "t info  a\\x1b[2Jb\\nc\\x9b31md\\x7f\n", "%s", text);
    free(text);
}

Test(show, only_headings_are_bold)
{
    struct view_counter v = {.name = "n", .value = 1};
    struct answer a;
    char *text;

    begin(&a, 1);
    pack_str(&a.pk, "counters");
    pack_array(&a.pk, 1);
    put(&a, VIEW_counter, &v);
    text = shown(&a, "counters", (struct options){.terminal = true, .color = true});
    cr_assert_str_eq(text, "\033[1mname\033[0m  \033[1mvalue\033[0m\nn     1\n", "%s", text);
    free(text);
}

Test(show, durations_are_read_with_their_unit)
{
    struct err err = {0};
    uint64_t ms = 0;

    cr_assert_eq(duration_parse("250ms", &ms, &err), 0);
    cr_assert_eq(ms, 250);
    cr_assert_eq(duration_parse("2h", &ms, &err), 0);
    cr_assert_eq(ms, 7200000);
    cr_assert_eq(duration_parse("5", &ms, &err), -ERR_SYNTAX);
    cr_assert_str_eq(err.fix, "write 5ms, 5s or 5m");
    cr_assert_eq(duration_parse("5 s", &ms, &err), -ERR_SYNTAX);
    cr_assert_eq(duration_parse("-5s", &ms, &err), -ERR_SYNTAX);
    cr_assert_eq(duration_parse("", &ms, &err), -ERR_SYNTAX);
    cr_assert_eq(duration_parse("99999999999999999999s", &ms, &err), -ERR_SYNTAX);
    cr_assert_eq(duration_parse("18446744073709551615d", &ms, &err), -ERR_RANGE);
    cr_assert_eq(ms, 7200000, "untouched by failures");
}

Test(show, each_error_of_the_table_has_its_exit_code)
{
    cr_assert_eq(exit_for(0), 0);
    cr_assert_eq(exit_for(ERR_NOTFOUND), 5);
    cr_assert_eq(exit_for(-ERR_NOTFOUND), 5);
    cr_assert_eq(exit_for(ERR_MIGRATE), 6);
    cr_assert_eq(exit_for(ERR_TIMEOUT), 7);
    cr_assert_eq(exit_for(ERR_FULL), 75);
    cr_assert_eq(exit_for(ERR_CONFIG), 3);
    cr_assert_eq(exit_for(ERR_FAILED), 1);
    cr_assert_eq(exit_for(12345), 1);
}
