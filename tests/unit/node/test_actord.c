/* test_actord.c - the program as a user runs it: arguments are actord, the plugin folder, and the config folder. */
#include "node/keys.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef ACTORD
#error "the build gives ACTORD, PLUGINS and CONFIG"
#endif

static char dir[64];

static void
make_dir(void)
{
    strcpy(dir, "/tmp/actord-test-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
}

static void
remove_dir(void)
{
    char cmd[128];

    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    cr_assert_eq(system(cmd), 0);
}

TestSuite(actord, .init = make_dir, .fini = remove_dir);

static void
put(const char *name, const char *text)
{
    char path[160];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "w");
    cr_assert_not_null(f);
    cr_assert_geq(fputs(text, f), 0);
    cr_assert_eq(fclose(f), 0);
}

/* Both outputs of "cd DIR; actord ARGS"; the exit code. */
static int
run(const char *args, char out[16384])
{
    char cmd[512];
    size_t n;
    int status;
    FILE *p;

    snprintf(cmd, sizeof cmd, "cd %s && " ACTORD " %s 2>&1", dir, args);
    p = popen(cmd, "r");
    cr_assert_not_null(p);
    n = fread(out, 1, 16383, p);
    out[n] = '\0';
    while (n > 0 && fgetc(p) != EOF) /* the rest, so that actord does not fail */
        continue;
    status = pclose(p);
    cr_assert(WIFEXITED(status), "%s", out);
    return WEXITSTATUS(status);
}

#define expect_has(out, part) cr_expect(strstr(out, part) != NULL, "no \"%s\" in: %s", part, out)

Test(actord, check_says_valid_and_exits_0_for_a_good_file_with_its_plugin)
{
    char out[16384];

    put("node.ini",
        "[node]\nname = n\n[plugins]\ndir = " PLUGINS "\n[plugin greeter]\n[actor a]\nbehaviour = greeter\n");
    cr_expect_eq(run("-c node.ini --check", out), 0, "%s", out);
    cr_expect_str_eq(out, "node.ini is valid: node n, 1 plugin, 1 actor\n");
    cr_expect_eq(run("-c node.ini --check --json", out), 0);
    cr_expect_str_eq(out, "{\"valid\":true,\"errors\":[]}\n");
}

Test(actord, check_exits_3_and_shows_all_errors_without_colors_in_a_pipe)
{
    char out[16384];

    put("node.ini", "[node]\nnmae = n\n[log]\nlevel = x\n");
    cr_expect_eq(run("-c node.ini --check", out), 3);
    expect_has(out, "node.ini:2:1: error: unknown key \"nmae\" in [node]\n    2 | nmae = n\n      | ^~~~\n"
                    "  fix: did you mean \"name\"?\n");
    expect_has(out, "node.ini:4:9: error:");
    expect_has(out, "2 errors\n");
    cr_expect_null(strchr(out, 0x1b));
    cr_expect_eq(run("-c node.ini --check --json", out), 3);
    expect_has(out, "{\"valid\":false,\"errors\":[{\"file\":\"node.ini\",\"line\":2,\"column\":1,");
}

Test(actord, what_is_wrong_with_plugins_is_shown_beside_what_is_wrong_with_keys)
{
    char out[16384];

    put("node.ini", "[scheduler]\nthreads = 0\n[plugins]\ndir = " PLUGINS "\n[plugin greeter]\nsetting = 1\n"
                    "[plugin gone]\npath = gone.so\n[actor a]\nbehavior = greeter\n");
    cr_expect_eq(run("-c node.ini --check", out), 3);
    expect_has(out, "node.ini:2:11: error: 0 is too small");
    expect_has(out, "node.ini:6:1: error:");
    expect_has(out, "node.ini:8:8: error: cannot read ");
    expect_has(out, "did you mean \"behaviour\"?");
    expect_has(out, "5 errors\n"); /* the fifth: [actor a] has no behaviour */
    put("node.ini", "[scheduler]\nthreads = 0\n[plugins]\ndir = " PLUGINS
                    "\n[plugin greeter]\n[actor a]\nbehaviour = greeter\narg.x = 1\n");
    cr_expect_eq(run("-c node.ini", out), 78);
    expect_has(out, "node.ini:8:1: error:");
    expect_has(out, "2 errors\n");
}

Test(actord, a_start_with_a_wrong_configuration_exits_78)
{
    char out[16384];

    put("node.ini", "[node]\nnmae = n\n");
    cr_expect_eq(run("-c node.ini", out), 78);
    expect_has(out, "node.ini:2:1: error:");
    cr_expect_eq(run("-c none.ini", out), 78);
    expect_has(out, "none.ini: error: cannot read the file: No such file or directory");
}

Test(actord, settings_and_arguments_are_checked_against_the_notes_of_plugins)
{
    char out[16384];

    put("node.ini",
        "[plugins]\ndir = " PLUGINS "\n[plugin jobs]\npath = " ABI "/jobs.so\nlimt = 7\n"
        "[plugin greeter]\nvolume = 11\n[plugin none]\n[plugin bank]\npath = " PLUGINS "/greeter.so\n"
        "[plugin counter]\npath = " ABI "/counter2.so\nversion = 77\n");
    cr_expect_eq(run("-c node.ini --check", out), 3);
    expect_has(out, "node.ini:5:1: error: unknown key \"limt\": plugin jobs declares no such field");
    expect_has(out, "did you mean \"limit\"?");
    expect_has(out, "node.ini:7:1: error: unknown key \"volume\": plugin greeter declares no such field");
    expect_has(out, "it takes none");
    expect_has(out, "node.ini:8:2: error: no none.so in " PLUGINS);
    expect_has(out, "node.ini:10:8: error: the file holds the plugin \"greeter\"");
    expect_has(out, "node.ini:12:8: error: the file holds version ");
    expect_has(out, "5 errors");
    put("node.ini",
        "[plugin counter]\npath = " ABI "/counter2.so\n[actor a]\nbehaviour = counter\narg.form = 1\n"
        "[actor b]\nbehaviour = countre\n");
    cr_expect_eq(run("-c node.ini --check", out), 3);
    expect_has(out,
               "node.ini:5:1: error: unknown key \"arg.form\": behaviour counter declares no such field");
    expect_has(out, "did you mean \"arg.from\"?");
    expect_has(out, "node.ini:7:13: error: no configured plugin has a behaviour \"countre\"");
    expect_has(out, "did you mean \"counter\"?");
    put("node.ini", "[plugin counter]\npath = " ABI
                    "/counter2.so\n[actor a]\nbehaviour = counter\narg.from = 4294967296\n");
    cr_expect_eq(run("-c node.ini --check", out), 3);
    expect_has(out, "node.ini:5:12: error: 'from': 4294967296 is out of range");
    put("node.ini",
        "[plugin counter]\npath = " ABI "/counter2.so\n[actor a]\nbehaviour = counter\narg.from = 7\n");
    cr_expect_eq(run("-c node.ini --check", out), 0, "%s", out);
}

Test(actord, a_plugin_that_escapes_the_host_needs_allow)
{
    char out[16384];

    put("node.ini", "[plugin bad]\npath = " ABI "/bad_threads.so\n");
    cr_expect_eq(run("-c node.ini --check", out), 3);
    expect_has(out, "allow = threads");
    put("node.ini", "[plugins]\nallow = threads\n[plugin bad]\npath = " ABI "/bad_threads.so\n");
    cr_expect_eq(run("-c node.ini --check", out), 0, "%s", out);
}

Test(actord, checking_runs_no_code_of_a_plugin)
{
    char out[16384], cmd[512], mark[160];

    snprintf(mark, sizeof mark, "%s/mark", dir);
    setenv("ACTOR_TEST_CONSTRUCTOR", mark, 1);
    put("node.ini", "[plugin bad]\npath = " ABI "/bad_constructor.so\n");
    run("-c node.ini --check", out);
    snprintf(cmd, sizeof cmd, "test ! -e %s", mark);
    cr_expect_eq(system(cmd), 0, "%s", out);
}

Test(actord, a_dump_reads_back_and_names_the_line_of_each_value)
{
    char out[16384], again[16384];

    put("node.ini", "[scheduler]\nthreads = 3\n");
    cr_expect_eq(run("-c node.ini --dump-config", out), 0);
    expect_has(out, "# node.ini:2\nthreads = 3\n# default\nslice_turns = 1000\n");
    put("dump.ini", out);
    cr_expect_eq(run("-c dump.ini --dump-config", again), 0);
    for (char *p = out, *q = again; p != NULL && q != NULL;) { /* the same but for the comments */
        size_t n = strcspn(p, "\n"), m = strcspn(q, "\n");

        if (*p == '#' && p[1] == ' ')
            p += n + 1;
        else if (*q == '#' && q[1] == ' ')
            q += m + 1;
        else {
            if (n == 0 && m > 0)
                p++;
            else if (m == 0 && n > 0)
                q++;
            else {
                cr_assert(n == m && memcmp(p, q, n) == 0, "%.*s / %.*s", (int)n, p, (int)m, q);
                if (p[n] == '\0' || q[m] == '\0')
                    break;
                p += n + 1;
                q += m + 1;
            }
        }
    }
    cr_expect_eq(run("-c node.ini --dump-config --json", out), 0);
    expect_has(out, "\"threads\":3,");
}

Test(actord, a_wrong_command_line_exits_2_with_advice)
{
    static const struct {
        const char *args, *text, *fix;
    } wrong[] = {
        {"", "no configuration given", "actord -c node.ini"},
        {"--chek", "unknown option --chek", "did you mean --check?"},
        {"-x", "unknown option -x", "--help"},
        {"-c", "-c needs a value", "node.ini"},
        {"node.ini", "\"node.ini\" is not an option", "actord -c node.ini"},
        {"-c a -c b", "-c twice", "FILE.d"},
        {"-c a --check --dump-config", "two actions", "one of"},
        {"--check=1 -c a", "--check takes no value", "--check"},
        {"--keys=xml", "unknown form", "markdown"},
        {"-c a --json", "--json needs", "format = json"},
    };
    char out[16384];

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_eq(run(wrong[i].args, out), 2, "%s: %s", wrong[i].args, out);
        expect_has(out, wrong[i].text);
        expect_has(out, wrong[i].fix);
    }
}

Test(actord, help_version_and_keys_need_no_configuration)
{
    char out[16384];

    cr_expect_eq(run("--help", out), 0);
    expect_has(out, "A first node.ini");
    cr_expect_eq(run("--version", out), 0);
    cr_expect_eq(strncmp(out, "actord ", 7), 0);
    cr_expect_eq(run("--keys=markdown", out), 0);
    for (size_t i = 0; i < SECTIONS; i++) {
        for (size_t k = 0; k < key_sections[i].nkeys; k++) {
            char row[80];

            snprintf(row, sizeof row, "| `%s` |", key_sections[i].keys[k].name);
            expect_has(out, row);
        }
    }
    cr_expect_eq(run("--keys --json", out), 0);
    expect_has(out, "\"$schema\"");
    cr_expect_eq(run("--keys", out), 0);
    expect_has(out, "[actor NAME]");
}

/* --- the files in config/ --- */

static void
read_config(const char *name, char out[16384])
{
    char path[512];
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, CONFIG "/%s", name);
    f = fopen(path, "r");
    cr_assert_not_null(f);
    n = fread(out, 1, 16383, f);
    out[n] = '\0';
    fclose(f);
}

Test(actord, the_example_file_is_valid_and_shows_every_key)
{
    char text[16384], out[16384], *p;

    cr_expect_eq(run("-c " CONFIG "/actord.ini --check", out), 0, "%s", out);
    read_config("actord.ini", text);
    for (size_t i = 0; i < SECTIONS; i++) {
        char head[80];
        const char *at, *end;

        snprintf(head, sizeof head, "[%s%s", key_sections[i].name,
                 key_sections[i].argument[0] == '\0' ? "]" : " ");
        at = strstr(text, head);
        cr_assert_not_null(at, "%s", head);
        end = strstr(at + 1, "\n[");
        for (size_t k = 0; k < key_sections[i].nkeys; k++) {
            char line[80];

            snprintf(line, sizeof line, "\n#%s = ", key_sections[i].keys[k].name);
            at = strstr(strstr(text, head), line);
            cr_expect(at != NULL && (end == NULL || at < end), "[%s] lacks %s", key_sections[i].name,
                      line + 1);
        }
    }
    /* With every "#key = value" and "#[section]" put in force it is still right, but for the plugin's file. */
    while ((p = strstr(text, "\n#")) != NULL) {
        if (p[2] == ' ' || p[2] == '\n')
            p[1] = ';';
        else
            memmove(p + 1, p + 2, strlen(p + 2) + 1);
    }
    put("all.ini", text);
    cr_expect_eq(run("-c all.ini --dump-config", out), 0, "%s", out);
    expect_has(out, "behaviour = greeter\n");
}

Test(actord, the_minimal_file_is_valid_with_the_example_plugins)
{
    char text[16384], out[16384];

    read_config("minimal.ini", text);
    strcat(text, "[plugins]\ndir = " PLUGINS "\n");
    put("minimal.ini", text);
    cr_expect_eq(run("-c minimal.ini --check", out), 0, "%s", out);
}
