/* test_config_bad.c - files with one mistake each: the mistake is found, at its place, with advice. */
#include "base/util.h"
#include "node/config.h"
#include "node/ini_file.h"
#include <criterion/criterion.h>
#include <string.h>

#define X50    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X200   X50 X50 X50 X50
#define STR(s) s, sizeof(s) - 1

static const struct bad {
    const char *ini;
    size_t len;
    uint32_t line, col;
    const char *message, *fix; /* parts of them; fix "" = any */
} bad[] = {
    /* lines */
    {STR("[node]\nname = " X200 "\n"), 2, 199, "line of 207 bytes, the limit is 198", "shorten"},
    {STR("# " X200 "\n"), 1, 199, "line of 202 bytes", ""},
    {STR("[node]\nname = a" X50 X50 X50 "                                     tls=off\n"), 2, 199,
     "limit is 198", ""},
    {STR("[node]\nna\0me = a\n"), 2, 3, "NUL byte", "UTF-8"},
    {STR("\xff\xfe[\0n\0o\0d\0e\0]\0\n\0"), 1, 4, "NUL byte", ""},
    {STR("[node]\nname = \x01\n"), 2, 8, "control character 0x01", "remove"},
    {STR("[node]\rname = a\n"), 1, 7, "control character 0x0d", "LF"},
    {STR("[node]\nname = a\x7f\n"), 2, 9, "control character 0x7f", ""},
    {STR("# caf\xe9\n"), 1, 6, "byte 0xe9 is not UTF-8", "save the file as UTF-8"},
    {STR("# \xc0\xaf\n"), 1, 3, "byte 0xc0 is not UTF-8", ""},
    {STR("# \xed\xa0\x80\n"), 1, 3, "byte 0xed is not UTF-8", ""},
    {STR("# \xf5\x80\x80\x80\n"), 1, 3, "byte 0xf5 is not UTF-8", ""},
    {STR("# \xe2\x82\n"), 1, 3, "byte 0xe2 is not UTF-8", ""},
    {STR("[node]\nname = a\n  b\n"), 3, 1, "indented line", "first column"},
    {STR("[node]\nname = a\n\tdata_dir = /x\n"), 3, 1, "indented line", "first column"},
    {STR(" [node]\n"), 1, 1, "indented line", ""},
    {STR("[plugin p]\ntext = a\tb\n"), 2, 9, "tab inside a value", "space"},
    /* headers */
    {STR("[node\nname = a\n"), 1, 1, "without \"]\"", "[name]"},
    {STR("[]\n"), 1, 1, "without a name", "[node]"},
    {STR("[   ]\n"), 1, 1, "without a name", ""},
    {STR("[ node ]\n"), 1, 2, "spaces inside the brackets", "write [node]"},
    {STR("[node] # here\n"), 1, 7, "text after the section header", "line of its own"},
    {STR("[node] name = a\n"), 1, 7, "text after the section header", ""},
    {STR("[[node]]\n"), 1, 8, "text after the section header", ""},
    {STR("[plugin \"greeter\"]\n"), 1, 9, "quotes in a section name", "[kind name]"},
    {STR("[plugin a b]\n"), 1, 10, "more than one space", ""},
    {STR("[plugin a/b]\n"), 1, 10, "no section name may hold", "letters"},
    {STR("[plugin " X50 "]\n"), 1, 2, "section name of 57 bytes, the limit is 49", ""},
    {STR("[plugin -a]\n"), 1, 2, "\"-a\" is not a name", "start with a letter"},
    {STR("[sheduler]\n"), 1, 2, "unknown section [sheduler]", "did you mean [scheduler]?"},
    {STR("[Node]\n"), 1, 2, "unknown section [Node]", "did you mean [node]?"},
    {STR("[plugn greeter]\n"), 1, 2, "unknown section [plugn greeter]", "did you mean [plugin greeter]?"},
    {STR("[cluster]\n"), 1, 2, "unknown section [cluster]", "sections are [node]"},
    {STR("[plugin]\n"), 1, 2, "[plugin] without a name", "[plugins]"},
    {STR("[actor]\n"), 1, 2, "[actor] without a name", "[actor NAME]"},
    {STR("[log file]\n"), 1, 2, "[log] takes no name", "write [log]"},
    {STR("[log]\nlevel = info\n[node]\n[log]\n"), 4, 2, "[log] opens a second time, first in line 1",
     "one place"},
    {STR("[plugin a]\n[plugin a]\n"), 2, 2, "[plugin a] opens a second time, first in line 1", ""},
    /* keys */
    {STR("name = a\n[node]\n"), 1, 1, "key before the first section", "[node]"},
    {STR("[node]\nname\n"), 2, 1, "line without \"=\"", "key = value"},
    {STR("[node]\nname: a\n"), 2, 5, "\":\" where \"=\" belongs", "name = ..."},
    {STR("[node]\n= a\n"), 2, 1, "without a key before it", ""},
    {STR("[node]\nna me = a\n"), 2, 3, "character that no key may hold", "letters"},
    {STR("[plugin p]\n" X50 " = a\n"), 2, 1, "key of 50 bytes, the limit is 49", ""},
    {STR("[node]\nname = a\nname = b\n"), 3, 1, "\"name\" a second time, first in line 2", "keep one"},
    {STR("[plugin p]\nx = a\ny = b\nx = c\n"), 4, 1, "\"x\" a second time, first in line 2", ""},
    {STR("[scheduler]\ntreads = 4\n"), 2, 1, "unknown key \"treads\" in [scheduler]",
     "did you mean \"threads\"?"},
    {STR("[scheduler]\nThreads = 4\n"), 2, 1, "unknown key \"Threads\"", "did you mean \"threads\"?"},
    {STR("[node]\ndata = /x\n"), 2, 1, "unknown key \"data\" in [node]", "did you mean \"data_dir\"?"},
    {STR("[node]\nthreads = 4\n"), 2, 1, "unknown key \"threads\" in [node]", "belongs to [scheduler]"},
    {STR("[node]\ncolour = red\n"), 2, 1, "unknown key \"colour\"", "actord --keys"},
    {STR("[actor a]\nbehaviour = b\nstart = 1\n"), 3, 1, "unknown key \"start\"", "arg.start"},
    {STR("[actor a]\nbehaviour = b\narg. = 1\n"), 3, 1, "unknown key \"arg.\"", ""},
    {STR("[actor a]\nalias = b\n"), 1, 2, "[actor a] has no \"behaviour\"", "add behaviour"},
    /* values */
    {STR("[node]\nname =\n"), 2, 7, "name has no value", "default: actord"},
    {STR("[node]\nname = a ; the name\n"), 2, 10, "would start a comment", "line of its own"},
    {STR("[node]\nname = a # the name\n"), 2, 10, "\" #\" inside the value", "line of its own"},
    {STR("[node]\nname = \"a\"\n"), 2, 8, "quotes around the value", "name = a"},
    {STR("[node]\nname = a b\n"), 2, 8, "\"a b\" is not a name", ""},
    {STR("[node]\nname = .a\n"), 2, 8, "\".a\" is not a name", ""},
    {STR("[node]\nname = " X50 X50 "\n"), 2, 8, "name of 100 bytes, the limit is 64", ""},
    {STR("[node]\nstop_timeout = 10\n"), 2, 16, "duration without a unit: \"10\"", "write 10s"},
    {STR("[node]\nstop_timeout = 10 s\n"), 2, 16, "unknown unit \" s\"", "write 10s"},
    {STR("[node]\nstop_timeout = 10S\n"), 2, 16, "unknown unit \"S\"", "write 10s"},
    {STR("[node]\nstop_timeout = 1.5s\n"), 2, 16, "fraction in a duration", "smaller unit"},
    {STR("[node]\nstop_timeout = 10sec\n"), 2, 16, "unknown unit \"sec\"", "units are"},
    {STR("[node]\nstop_timeout = soon\n"), 2, 16, "\"soon\" is not a duration", "10s"},
    {STR("[node]\nstop_timeout = -1s\n"), 2, 16, "\"-1s\" is not a duration", ""},
    {STR("[node]\nstop_timeout = 1ms\n"), 2, 16, "1ms is too small", "from 100ms to 1h"},
    {STR("[node]\nstop_timeout = 2h\n"), 2, 16, "2h is too large", ""},
    {STR("[node]\nstop_timeout = 18446744073709551616s\n"), 2, 16, "too long", ""},
    {STR("[node]\nstop_timeout = 999999999999d\n"), 2, 16, "too long", ""},
    {STR("[scheduler]\nwatchdog = 0\n"), 2, 12, "without a unit", "write off"},
    {STR("[scheduler]\nwatchdog = 0s\n"), 2, 12, "0s is too small", "or off"},
    {STR("[scheduler]\nthreads = 0\n"), 2, 11, "0 is too small", "from 1 to 256"},
    {STR("[scheduler]\nthreads = 257\n"), 2, 11, "257 is too large", "from 1 to 256"},
    {STR("[scheduler]\nthreads = four\n"), 2, 11, "\"four\" is not a whole number", "digits"},
    {STR("[scheduler]\nslice_turns = 1,000\n"), 2, 15, "\"1,000\" is not a whole number",
     "without separators"},
    {STR("[scheduler]\nthreads = 99999999999999999999\n"), 2, 11, "too large", ""},
    {STR("[log]\nlevel = inf\n"), 2, 9, "\"inf\" is not one of the choices", "did you mean \"info\"?"},
    {STR("[log]\nformat = xml\n"), 2, 10, "\"xml\" is not one of the choices", "choices are text, json"},
    {STR("[log]\nfile = ~/actord.log\n"), 2, 8, "\"~\" is not expanded", "absolute path"},
    {STR("[control]\nsocket = /" X50 X50 "abcdefg\n"), 2, 10, "path of 108 bytes, the limit is 107",
     "shorter"},
    {STR("[plugins]\nallow = thread\n"), 2, 9, "\"thread\" is not one of the choices", "\"threads\""},
    {STR("[plugins]\ndir = /a,,/b\n"), 2, 7, "empty item in the list", "a, b, c"},
    {STR("[actor a]\nbehaviour = b\nalias = a, b c\n"), 3, 12, "\"b c\" is not a name", ""},
    {STR("[actor a]\nbehaviour = b\non_failure = 7: restrat\n"), 3, 17, "restrat", ""},
    {STR("[actor a]\nbehaviour = b\non_failure = 7: stop, 3 failures in 10: stop\n"), 3, 37, "", ""},
    {STR("\xc3\xa4 = \n"), 1, 1, "no key may hold", ""},
    {STR("[plugin p]\nx = \xc3\xa4\xc3\xb6 ; c\n"), 2, 8, "would start a comment", ""},
};

static const struct config_world world = {
    .root = true, .cpus = 4, .cwd = "/etc/actord", .plugin_dir = "/usr/lib/actord/plugins"};

static bool
has(const char *s, const char *part)
{
    return strstr(s, part) != NULL;
}

Test(config_bad, each_mistake_is_found_at_its_line_and_column_with_advice)
{
    cr_assert_geq(ARRAY_LEN(bad), 60);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct bad *b = &bad[i];
        struct config *c = NULL;
        struct diags d;
        int r;

        diags_init(&d);
        r = config_load_text(&c, "bad.ini", b->ini, b->len, &world, &d);
        cr_expect_eq(r, -ERR_CONFIG, "%s: result %d", b->message, r);
        cr_expect_null(c);
        cr_expect_geq(d.list.n, 1, "%s: no error", b->message);
        if (d.list.n > 0) {
            const struct diag *x = &d.list.v[0];

            cr_expect_str_eq(x->at.file, "bad.ini");
            cr_expect(x->at.line == b->line && x->at.col == b->col, "%s: at %u:%u, not %u:%u", b->message,
                      x->at.line, x->at.col, b->line, b->col);
            cr_expect(has(x->message, b->message), "\"%s\" lacks \"%s\"", x->message, b->message);
            cr_expect(has(x->fix, b->fix), "%s: fix \"%s\" lacks \"%s\"", b->message, x->fix, b->fix);
            cr_expect_not_null(x->at.text);
        }
        diags_fini(&d);
    }
}

Test(config_bad, all_mistakes_of_a_file_are_found_in_one_pass_in_the_order_of_lines)
{
    static const char ini[] =
        "[node]\nnmae = a\nstop_timeout = 10\n[sheduler]\nthreads = x\n[log]\nlevel\n\tfile = x\n"
        "[actor a]\n[plugin]\nx = 1\n";
    static const uint32_t lines[] = {2, 3, 4, 7, 8, 9, 10};
    struct config *c = NULL;
    struct diags d;

    diags_init(&d);
    cr_assert_eq(config_load_text(&c, "bad.ini", STR(ini), &world, &d), -ERR_CONFIG);
    cr_assert_eq(d.list.n, ARRAY_LEN(lines));
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        cr_expect_eq(d.list.v[i].at.line, lines[i]);
    diags_fini(&d);
}

Test(config_bad, an_error_shows_the_line_a_caret_under_the_value_and_the_fix)
{
    static const char ini[] = "[node]\nstop_timeout = 10\n";
    struct config *c = NULL;
    struct strbuf out;
    struct diags d;

    diags_init(&d);
    strbuf_init(&out);
    cr_assert_eq(config_load_text(&c, "node.ini", STR(ini), &world, &d), -ERR_CONFIG);
    diags_print(&d, &out, false);
    cr_expect_str_eq(strbuf_str(&out), "node.ini:2:16: error: duration without a unit: \"10\"\n"
                                       "    2 | stop_timeout = 10\n"
                                       "      |                ^~\n"
                                       "  fix: write 10s; units are ns us ms s m h d\n"
                                       "1 error\n");
    strbuf_fini(&out);
    diags_fini(&d);
}

Test(config_bad, escape_sequences_of_a_file_do_not_reach_the_terminal)
{
    static const char ini[] = "[node]\nname = \x1b[31mred\n";
    struct config *c = NULL;
    struct strbuf out;
    struct diags d;

    diags_init(&d);
    strbuf_init(&out);
    cr_assert_eq(config_load_text(&c, "node.ini", STR(ini), &world, &d), -ERR_CONFIG);
    diags_print(&d, &out, false);
    cr_expect_null(strchr(strbuf_str(&out), 0x1b));
    cr_expect(has(strbuf_str(&out), "name = ?[31mred"));
    strbuf_fini(&out);
    diags_fini(&d);
}

Test(config_bad, a_file_of_noise_shows_a_hundred_errors_and_their_number)
{
    struct config *c = NULL;
    struct strbuf ini, out;
    struct diags d;

    diags_init(&d);
    strbuf_init(&ini);
    strbuf_init(&out);
    for (int i = 0; i < 5000; i++)
        strbuf_puts(&ini, "noise\n");
    cr_assert_eq(config_load_text(&c, "noise.ini", ini.p, ini.len, &world, &d), -ERR_CONFIG);
    cr_expect_eq(d.list.n, DIAGS_SHOWN_MAX);
    cr_expect_eq(diags_count(&d), 5000);
    diags_print(&d, &out, false);
    cr_expect(has(strbuf_str(&out), "\n5000 errors, the first 100 shown\n"));
    strbuf_fini(&out);
    strbuf_fini(&ini);
    diags_fini(&d);
}

Test(config_bad, a_file_over_one_mebibyte_is_refused)
{
    struct config *c = NULL;
    struct strbuf ini;
    struct diags d;

    diags_init(&d);
    strbuf_init(&ini);
    while (ini.len <= INI_FILE_MAX)
        strbuf_puts(&ini, "# comment\n");
    cr_assert_eq(config_load_text(&c, "big.ini", ini.p, ini.len, &world, &d), -ERR_CONFIG);
    cr_assert_eq(d.list.n, 1);
    cr_expect(has(d.list.v[0].message, "larger than 1048576 bytes"));
    strbuf_fini(&ini);
    diags_fini(&d);
}
