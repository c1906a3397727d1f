/* test_log_file.c - the sink: files, rotation, full pipes. */
#include "node/log_file.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

TestSuite(log_file, .init = make_dir, .fini = remove_dir);

static const char *
at(const char *name)
{
    static char path[2][128];
    static int i;

    i = !i;
    snprintf(path[i], sizeof path[i], "%s/%s", dir, name);
    return path[i];
}

static void
expect_holds(const char *name, const char *want)
{
    char buf[256] = "";
    FILE *f = fopen(at(name), "r");

    cr_assert_not_null(f, "%s", name);
    buf[fread(buf, 1, sizeof buf - 1, f)] = '\0';
    fclose(f);
    cr_expect_str_eq(buf, want);
}

static void
put(struct log_file *f, const char *line)
{
    struct log_sink s = log_file_sink(f);

    cr_assert_eq(s.write(s.self, line, strlen(line)), (int64_t)strlen(line));
}

Test(log_file, lines_are_appended_and_a_moved_file_is_made_anew_on_reopen)
{
    struct log_file f;

    cr_assert_eq(log_file_open(&f, at("a.log"), NULL), 0);
    put(&f, "one\n");
    cr_assert_eq(rename(at("a.log"), at("a.log.1")), 0);
    put(&f, "two\n");
    cr_assert_eq(log_file_reopen(&f, at("a.log"), NULL), 0);
    put(&f, "three\n");
    log_file_close(&f);
    cr_assert_eq(log_file_open(&f, at("a.log"), NULL), 0);
    put(&f, "four\n");
    log_file_close(&f);
    expect_holds("a.log.1", "one\ntwo\n");
    expect_holds("a.log", "three\nfour\n");
}

Test(log_file, a_reopen_that_fails_keeps_the_old_file)
{
    struct log_file f;
    struct err e;

    cr_assert_eq(log_file_open(&f, at("a.log"), NULL), 0);
    cr_expect_eq(log_file_reopen(&f, at("none/a.log"), &e), -ERR_IO);
    cr_expect_not_null(strstr(e.text, "none/a.log"));
    put(&f, "still here\n");
    log_file_close(&f);
    expect_holds("a.log", "still here\n");
}

/* A sink over any descriptor, as standard error may be one. */
static struct log_file
over(int fd)
{
    return (struct log_file){.fd = fd};
}

static int
fill(struct log_file *f, size_t *ret_lines)
{
    static char line[4096];
    struct log_sink s = log_file_sink(f);
    int64_t r;

    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (*ret_lines = 0;; ++*ret_lines) {
        r = s.write(s.self, line, sizeof line);
        if (r != (int64_t)sizeof line)
            return (int)r;
    }
}

Test(log_file, a_full_pipe_answers_try_again_with_blocking_descriptors_too)
{
    char buf[4096];
    size_t lines;
    struct log_file f;
    int fd[2];

    cr_assert_eq(pipe(fd), 0);
    cr_expect_eq(fcntl(fd[1], F_GETFL) & O_NONBLOCK, 0);
    f = over(fd[1]);
    cr_expect_eq(fill(&f, &lines), -EAGAIN);
    cr_expect_geq(lines, 4);
    for (size_t n = 0; n < sizeof buf;)
        n += (size_t)read(fd[0], buf, sizeof buf - n);
    put(&f, "room again\n");
    close(fd[0]);
    close(fd[1]);
}

Test(log_file, a_full_socket_answers_try_again)
{
    struct log_file f;
    size_t lines;
    int fd[2], r;

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    f = over(fd[0]);
    r = fill(&f, &lines);
    cr_expect(r == -EAGAIN || (r > 0 && r < 4096)); /* the rest of a line is tried again by the log */
    cr_expect_geq(lines, 1);
    close(fd[0]);
    close(fd[1]);
}

Test(log_file, a_log_on_a_full_pipe_drops_and_counts_and_its_writers_go_on)
{
    struct log *log = NULL;
    struct log_file f;
    size_t lines;
    int fd[2];

    cr_assert_eq(pipe(fd), 0);
    f = over(fd[1]);
    cr_expect_eq(fill(&f, &lines), -EAGAIN);
    cr_assert_eq(log_new(&log, env_real(), log_file_sink(&f), LOG_INFO, LOG_TEXT, true), 0);
    for (int i = 0; i < 10000; i++)
        log_write(log, LOG_INFO, "test", "line %d", i);
    cr_expect_gt(log_dropped(log), 5000);
    log_free(log, 10);
    close(fd[0]);
    close(fd[1]);
}
