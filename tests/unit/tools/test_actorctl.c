/* actorctl as a shell sees it: words in; stdout, stderr and an exit code out. The node behind is made up (rig.c). */
#include "../control/rig.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct rig rig;

static void
setup(void)
{
    rig_start(&rig, &(const struct control_config){.nallow = 0});
}

static void
teardown(void)
{
    rig_stop(&rig);
}

TestSuite(actorctl, .init = setup, .fini = teardown);

struct ran {
    int code;
    char out[65536], err[8192];
};

static void
slurp(const char *file, char *buf, size_t n)
{
    FILE *f = fopen(file, "r");
    size_t k;

    cr_assert_not_null(f);
    k = fread(buf, 1, n - 1, f);
    buf[k] = '\0';
    fclose(f);
    unlink(file);
}

/* Run `actorctl -s SOCKET` with more words, as a shell would read them. */
static void
run(struct ran *r, const char *words)
{
    char command[2048], out[128], err[128];
    int status;

    snprintf(out, sizeof out, "%s/out", rig.dir);
    snprintf(err, sizeof err, "%s/err", rig.dir);
    snprintf(command, sizeof command, "%s -s %s %s >%s 2>%s </dev/null", getenv("ACTORCTL"), rig.path, words,
             out, err);
    status = system(command);
    cr_assert(WIFEXITED(status), "%s: ended by a signal", command);
    r->code = WEXITSTATUS(status);
    slurp(out, r->out, sizeof r->out);
    slurp(err, r->err, sizeof r->err);
}

#define RUN(r, words, want) \
    run(r, words);          \
    cr_assert_eq((r)->code, want, "%s: ended with %d\n%s%s", words, (r)->code, (r)->out, (r)->err)
#define HAS(text, part) cr_assert_not_null(strstr(text, part), "\"%s\" is not in:\n%s", part, text)

Test(actorctl, status_into_a_pipe_is_name_tab_value)
{
    struct ran r;

    RUN(&r, "status", 0);
    HAS(r.out, "node\trig\n");
    HAS(r.out, "pid\t4711\n");
    cr_assert_null(strstr(r.out, "config"), "fields that are not set are left out");
    cr_assert_str_eq(r.err, "");
}

Test(actorctl, json_is_one_document_with_a_schema_and_all_fields)
{
    struct ran r;

    RUN(&r, "status --json", 0);
    HAS(r.out, "{\"schema\":\"actorctl/status/1\",\"node\":\"rig\"");
    HAS(r.out, "\"config\":null");
    cr_assert_eq(strchr(r.out, '\n'), r.out + strlen(r.out) - 1);
}

Test(actorctl, payloads_go_there_and_back)
{
    struct ran r;

    RUN(&r,
        "ask /user/a echo '{\"s\":\"h\\u00e9 "
        "\\\"x\\\"\",\"n\":-5,\"f\":0.25,\"l\":[true,null,9007199254740993]}'",
        0);
    cr_assert_str_eq(
        r.out,
        "echo {\"s\":\"h\xc3\xa9 \\\"x\\\"\",\"n\":-5,\"f\":0.25,\"l\":[true,null,9007199254740993]}\n");
    RUN(&r, "--json ask /user/a echo '{\"n\":1}' --timeout 250ms", 0);
    HAS(r.out, "\"answer\":{\"n\":1},\"elapsed_us\":250");
    RUN(&r, "ask /user/a echo", 0);
    cr_assert_str_eq(r.out, "echo \n");
}

Test(actorctl, integers_past_those_of_the_json_library_go_as_text)
{
    struct ran r;

    RUN(&r,
        "ask /user/a echo "
        "'{\"a\":18446744073709551615,\"b\":[-1,9223372036854775808],\"c\":\"\\\"9223372036854775808\"}'",
        0);
    cr_assert_str_eq(r.out, "echo "
                            "{\"a\":\"18446744073709551615\",\"b\":[-1,\"9223372036854775808\"],\"c\":"
                            "\"\\\"9223372036854775808\"}\n");
    RUN(&r, "ask /user/a echo '{\"a\":9223372036854775808 \"b\"}'", 2);
    HAS(r.err, "not valid JSON");
    RUN(&r, "ask /user/a echo '{\"a\":1e999}'", 2);
    HAS(r.err, "not valid JSON");
}

Test(actorctl, a_payload_can_come_from_a_file)
{
    struct ran r;
    char file[128], words[300];
    FILE *f;

    snprintf(file, sizeof file, "%s/fields.json", rig.dir);
    f = fopen(file, "w");
    cr_assert_not_null(f);
    fputs("{\"n\": 3}\n", f);
    fclose(f);
    snprintf(words, sizeof words, "ask /user/a echo @%s", file);
    RUN(&r, words, 0);
    HAS(r.out, "echo {\"n\":3}");
    unlink(file);
    RUN(&r, words, 5);
}

Test(actorctl, what_cannot_be_understood_is_usage_with_advice)
{
    struct ran r;

    RUN(&r, "statsu", 2);
    HAS(r.err, "did you mean status?");
    RUN(&r, "ask /user/a", 2);
    HAS(r.err, "needs MESSAGE");
    HAS(r.err, "for example: actorctl ask");
    RUN(&r, "ask /user/a echo '{\"n\":'", 2);
    HAS(r.err, "line 1, column");
    RUN(&r, "ask /user/a echo '{}' extra", 2);
    RUN(&r, "ask /user/a echo --timeot 5s", 2);
    HAS(r.err, "did you mean --timeout?");
    RUN(&r, "ask /user/a echo --timeout 5", 2);
    HAS(r.err, "has no unit");
    RUN(&r, "ask /user/a echo --timeout 5s --timeout 6s", 2);
    RUN(&r, "logs --limit many", 2);
    RUN(&r, "logs --limit 10001", 2);
    RUN(&r, "logs --follow=yes", 2);
    RUN(&r, "status --color sometimes", 2);
    RUN(&r, "", 2);
    HAS(r.err, "usage: actorctl");
}

Test(actorctl, errors_of_the_node_have_their_exit_code_and_names_like_the_wrong_one)
{
    struct ran r;

    RUN(&r, "actor /user/greetr", 5);
    cr_assert_str_eq(r.out, "");
    HAS(r.err, "there is no actor /user/greetr [NOTFOUND]");
    HAS(r.err, "did you mean /user/greeter?");
    RUN(&r, "actor /user/greetr --json", 5);
    cr_assert_str_eq(r.out, "");
    HAS(r.err, "\"near\":[\"/user/greeter\"]");
    HAS(r.err, "\"exit\":5");
    RUN(&r, "tree", 1);
    HAS(r.err, "[UNSUPPORTED]");
}

Test(actorctl, a_swap_in_part_ends_with_8_and_lists_what_remains)
{
    struct ran r;

    RUN(&r, "swap greeter partial", 8);
    HAS(r.out, "kept\t1\n");
    HAS(r.out, "/user/a\tits state does not fit");
    cr_assert_str_eq(r.err, "", "no progress without a terminal");
    RUN(&r, "swap greeter partial --json", 8);
    HAS(r.out, "\"partial\":true");
    HAS(r.out, "\"kept_actors\":[{\"path\":\"/user/a\"");
    HAS(r.out, "\"changes\":[]");
    HAS(r.err, "\"event\":\"swap_progress\"");
    HAS(r.err, "\"done\":3,\"total\":3");
    RUN(&r, "swap greeter partial --json --quiet", 8);
    cr_assert_str_eq(r.err, "");
    RUN(&r, "swap greeter whole", 0);
}

Test(actorctl, a_file_becomes_absolute_and_a_version_stays)
{
    struct ran r;
    char file[128], words[300];

    RUN(&r, "swap greeter 1.0.0 --json", 0);
    HAS(r.out, "\"requested\":\"1.0.0\"");
    RUN(&r, "swap greeter ./no-such.so", 5);
    HAS(r.err, "no file ./no-such.so");
    snprintf(file, sizeof file, "%s/x.so", rig.dir);
    fclose(fopen(file, "w"));
    snprintf(words, sizeof words, "swap greeter %s/../%s/x.so --json", rig.dir, strrchr(rig.dir, '/') + 1);
    RUN(&r, words, 0);
    snprintf(words, sizeof words, "\"requested\":\"%s\"", file);
    HAS(r.out, words);
    unlink(file);
}

Test(actorctl, no_node_is_4_and_says_what_to_do)
{
    struct ran r;

    RUN(&r, "-s /tmp/no-such-socket.sock status", 4);
    HAS(r.err, "there is no socket /tmp/no-such-socket.sock");
    HAS(r.err, "fix: ");
    RUN(&r, "-s /tmp/no-such-socket.sock status --json", 4);
    HAS(r.err, "\"schema\":\"actorctl/error/1\"");
}

Test(actorctl, tables_into_a_pipe_are_tab_separated)
{
    struct ran r;

    RUN(&r, "counters", 0);
    HAS(r.out, "name\tvalue\tunit\thelp\n");
    HAS(r.out, "\naccepted\t1\t-\t-\n");
    RUN(&r, "counters --no-headers", 0);
    cr_assert_eq(strncmp(r.out, "accepted\t", 9), 0);
}

Test(actorctl, shutdown_waits_for_the_end_of_the_node)
{
    struct ran r;

    rig.stops_on_shutdown = true;
    RUN(&r, "shutdown --timeout 5s --json", 0);
    HAS(r.out, "\"deadline_ms\":5000");
    cr_assert_eq(access(rig.path, F_OK), -1, "it came back while the node was still there");
}

Test(actorctl, help_teaches_every_command_with_an_example)
{
    const struct command *t;
    struct ran r;
    char words[64];
    size_t n;

    t = command_table(&n);
    for (size_t i = 0; i < n; i++) {
        snprintf(words, sizeof words, "%s --help", t[i].name);
        RUN(&r, words, 0);
        HAS(r.out, t[i].summary);
        HAS(r.out, t[i].example);
        HAS(r.out, "--json fields:");
    }
}

/* Without the options that run() puts first. */
static void
run_bare(struct ran *r, const char *words)
{
    char command[1024], out[128];
    int status;

    snprintf(out, sizeof out, "%s/out", rig.dir);
    snprintf(command, sizeof command, "%s %s >%s 2>&1 </dev/null", getenv("ACTORCTL"), words, out);
    status = system(command);
    cr_assert(WIFEXITED(status));
    r->code = WEXITSTATUS(status);
    slurp(out, r->out, sizeof r->out);
}

Test(actorctl, exit_codes_are_listed)
{
    static const char *const codes[] = {"  0  ", "  1  ", "  2  ", "  3  ", "  4  ",
                                        "  5  ", "  6  ", "  7  ", "  8  ", " 75  "};
    struct ran r;

    run_bare(&r, "help exit-codes");
    cr_assert_eq(r.code, 0);
    for (size_t i = 0; i < 10; i++)
        HAS(r.out, codes[i]);
    run_bare(&r, "help swpa");
    cr_assert_eq(r.code, 2);
    HAS(r.out, "did you mean swap?");
}

Test(actorctl, the_manual_page_is_the_one_that_the_tables_give)
{
    static struct ran r;
    static char page[65536];
    FILE *f = fopen(getenv("MANUAL"), "r");

    cr_assert_not_null(f);
    page[fread(page, 1, sizeof page - 1, f)] = '\0';
    fclose(f);
    run_bare(&r, "help manual");
    cr_assert_eq(r.code, 0);
    cr_assert_str_eq(r.out, page, "write it anew: actorctl help manual > tools/actorctl/actorctl.1");
}

Test(actorctl, completion_offers_commands_options_and_nothing_else)
{
    struct ran r;

    run_bare(&r, "__complete st");
    cr_assert_str_eq(r.out, "status\nstop\n");
    run_bare(&r, "__complete swap --d");
    cr_assert_str_eq(r.out, "--dry-run\n");
    run_bare(&r, "__complete ask /user/a greet --timeout ''");
    cr_assert_str_eq(r.out, "5s\n1m\n");
}

Test(actorctl, it_starts_and_answers_fast)
{
    struct timespec a, b;
    struct ran r;
    double best = 1e9;

    for (int i = 0; i < 20; i++) {
        double ms;

        clock_gettime(CLOCK_MONOTONIC, &a);
        run_bare(&r, "--version");
        clock_gettime(CLOCK_MONOTONIC, &b);
        ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
        best = ms < best ? ms : best;
    }
    cr_assert_eq(strncmp(r.out, "actorctl ", 9), 0);
    cr_assert_lt(best, 50.0, "%.1f ms with the shell; 5 ms is the aim for the tool alone", best);
}
