/* test_boot.c - whole lives of the daemon with phases of the test's own, driven by real signals. */
#include "base/thread.h"
#include "node/boot.h"
#include "node/plugin_schemas.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One scripted life. */
static struct script {
    char dir[64], ini[128], log[128];
    char done[64];
    struct config_world world;
    int start_result;
    int stops_wanted; /* the phase is done when it was asked so often; -1: never */
    int asked;
    int reloads;
    int level_seen; /* log.level at the last reload */
    void (*at_start)(struct boot *b);
    void (*at_reload)(struct boot *b);
    void (*at_stop)(struct boot *b);
} s;

static void
put(const char *text)
{
    FILE *f = fopen(s.ini, "w");

    cr_assert_not_null(f);
    fprintf(f, "[node]\nname = t\ndata_dir = data\nstop_timeout = 5s\n[log]\nfile = node.log\n%s", text);
    cr_assert_eq(fclose(f), 0);
}

static void
setup(void)
{
    s = (struct script){.dir = "/tmp/actord-test-XXXXXX", .stops_wanted = 1};
    cr_assert_not_null(mkdtemp(s.dir));
    snprintf(s.ini, sizeof s.ini, "%s/node.ini", s.dir);
    snprintf(s.log, sizeof s.log, "%s/node.log", s.dir);
    s.world = (struct config_world){.root = true, .cpus = 1, .cwd = "/", .plugin_dir = "/p"};
    put("");
}

static void
teardown(void)
{
    char cmd[128];

    snprintf(cmd, sizeof cmd, "rm -rf %s", s.dir);
    cr_assert_eq(system(cmd), 0);
}

TestSuite(boot, .init = setup, .fini = teardown);

static int
start_one(void *ctx, struct err *e)
{
    struct boot *b = ctx;

    if (s.start_result < 0) {
        err_set(e, s.start_result, "no scheduler");
        return err_fix(e, "add threads");
    }
    strcat(s.done, "1");
    if (s.at_start != NULL)
        s.at_start(b);
    return 0;
}

static bool
stop_one(void *ctx, const struct deadline *d)
{
    struct boot *b = ctx;

    (void)d;
    if (s.at_stop != NULL)
        s.at_stop(b);
    if (++s.asked < s.stops_wanted || s.stops_wanted < 0)
        return false;
    strcat(s.done, "-1");
    return true;
}

static void
reload_one(void *ctx)
{
    struct boot *b = ctx;

    s.reloads++;
    s.level_seen = b->config->log.level;
    if (s.at_reload != NULL)
        s.at_reload(b);
}

static int
start_base(void *ctx, struct err *e)
{
    (void)ctx;
    (void)e;
    strcat(s.done, "0");
    return 0;
}

static bool
stop_base(void *ctx, const struct deadline *d)
{
    (void)ctx;
    (void)d;
    strcat(s.done, "-0");
    return true;
}

static const struct phase table[] = {{"base", start_base, stop_base, NULL},
                                     {"one", start_one, stop_one, reload_one}};

static enum boot_end
run(struct err *e)
{
    struct config *c = NULL;
    enum boot_end end;
    struct boot b;
    struct diags d;

    diags_init(&d);
    cr_assert_eq(config_load(&c, s.ini, &s.world, &d), 0);
    end = boot_run(&b, env_real(), c, &s.world, table, 2, NULL, NULL, e);
    config_free(c);
    diags_fini(&d);
    return end;
}

static bool
logged(const char *part)
{
    char text[8192];
    FILE *f = fopen(s.log, "r");

    cr_assert_not_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return strstr(text, part) != NULL;
}

static void
send_term(struct boot *b)
{
    (void)b;
    kill(getpid(), SIGTERM);
}

Test(boot, sigterm_stops_the_phases_backwards_and_the_log_tells_it)
{
    struct err e;

    s.at_start = send_term;
    cr_expect_eq(run(&e), BOOT_STOPPED);
    cr_expect_str_eq(s.done, "01-1-0");
    cr_expect(logged("node t is up: 0 plugins, 0 actors configured"));
    cr_expect(logged("stopping: SIGTERM, 5000 ms at most"));
    cr_expect(logged("node: stopped\n"));
}

Test(boot, a_phase_that_is_not_done_is_asked_again_until_it_is)
{
    struct err e;

    s.at_start = send_term;
    s.stops_wanted = 4;
    cr_expect_eq(run(&e), BOOT_STOPPED);
    cr_expect_eq(s.asked, 4);
    cr_expect_str_eq(s.done, "01-1-0");
}

static struct thread waker;

static void
wake_often(void *b)
{
    for (int i = 0; i < 1000; i++)
        boot_wake(b);
}

static void
start_waker(struct boot *b)
{
    cr_assert_eq(thread_start(&waker, "waker", wake_often, b, 0), 0);
    send_term(b);
}

static void
join_waker(struct boot *b)
{
    (void)b;
    thread_join(&waker);
}

Test(boot, wakes_from_another_thread_before_and_during_the_stop_do_no_harm)
{
    struct err e;

    s.at_start = start_waker;
    s.at_stop = join_waker;
    s.stops_wanted = 3;
    cr_expect_eq(run(&e), BOOT_STOPPED);
    cr_expect_eq(s.asked, 3);
    cr_expect_str_eq(s.done, "01-1-0");
}

static void
term_again(struct boot *b)
{
    (void)b;
    if (s.asked == 1)
        kill(getpid(), SIGTERM);
}

Test(boot, a_second_signal_leaves_a_tenth_of_the_time_and_then_the_phase_is_cut_off)
{
    uint64_t before = env_mono_ns(env_real());
    struct err e;

    s.at_start = send_term;
    s.at_stop = term_again;
    s.stops_wanted = -1;
    cr_expect_eq(run(&e), BOOT_LATE);
    cr_expect_lt(env_mono_ns(env_real()) - before, 4000000000);
    cr_expect_str_eq(s.done, "01-0");
    cr_expect(logged("SIGTERM again: "));
    cr_expect(logged("one did not stop in time"));
    cr_expect(logged("stopped, not all of it in time"));
}

Test(boot, a_failing_phase_ends_the_start_and_stops_what_ran)
{
    struct err e;

    s.start_result = -ERR_LIMIT;
    cr_expect_eq(run(&e), BOOT_FAILED);
    cr_expect_str_eq(s.done, "0-0");
    cr_expect_str_eq(e.text, "one: no scheduler");
    cr_expect_str_eq(e.fix, "add threads");
    cr_expect(logged("start failed: one: no scheduler; fix: add threads"));
}

Test(boot, a_second_node_on_the_same_data_is_refused)
{
    struct data_dir other;
    char path[128];
    struct err e;

    snprintf(path, sizeof path, "%s/data", s.dir);
    cr_assert_eq(data_dir_claim(&other, path, &e), 0);
    cr_expect_eq(run(&e), BOOT_FAILED);
    cr_expect_not_null(strstr(e.text, "in use by another node, process "));
    cr_expect_str_eq(s.done, "");
    data_dir_release(&other);
    s.at_start = send_term;
    cr_expect_eq(run(&e), BOOT_STOPPED);
}

static void
change_and_hup(struct boot *b)
{
    (void)b;
    put("level = debug\n[scheduler]\nthreads = 7\n");
    kill(getpid(), SIGHUP);
}

Test(boot, sighup_applies_what_may_change_and_names_the_rest)
{
    struct err e;

    s.at_start = change_and_hup;
    s.at_reload = send_term;
    cr_expect_eq(run(&e), BOOT_STOPPED);
    cr_expect_eq(s.reloads, 1);
    cr_expect_eq(s.level_seen, LOG_DEBUG);
    cr_expect(logged("[log] level: info -> debug (applied)"));
    cr_expect(logged("[scheduler] threads: 1 -> 7 (needs restart)"));
}

static void
reload_wrong(struct boot *b)
{
    struct config_changes ch;
    struct config *fresh = NULL;
    struct diags d;

    diags_init(&d);
    put("level = debug\nfromat = json\n");
    cr_expect_eq(boot_reload(b, &fresh, &ch, &d), -ERR_CONFIG);
    cr_expect_null(fresh);
    cr_expect_eq(diags_count(&d), 1);
    diags_fini(&d);
    diags_init(&d);
    put("level = debug\n[plugin none]\n"); /* right in itself, but the plugin is not there */
    cr_expect_eq(boot_reload(b, &fresh, &ch, &d), -ERR_CONFIG);
    diags_fini(&d);
    diags_init(&d);
    put("level = debug\n[control]\n[log2]\n");
    cr_expect_eq(boot_reload(b, &fresh, &ch, &d), -ERR_CONFIG);
    diags_fini(&d);
    cr_expect_eq(b->config->log.level, LOG_INFO);
    send_term(b);
}

Test(boot, one_error_in_the_files_and_a_reload_changes_nothing)
{
    struct err e;

    s.at_start = reload_wrong;
    cr_expect_eq(run(&e), BOOT_STOPPED);
    cr_expect_eq(s.reloads, 0);
    cr_expect(logged("unknown key \"fromat\" in [log]"));
    cr_expect(logged("did you mean \"format\"?"));
    cr_expect(logged("no none.so in /p"));
    cr_expect(logged("reload refused: nothing changed"));
}
