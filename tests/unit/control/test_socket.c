/* The socket file: who may own it, what becomes of an old one, and where it is looked for. */
#include "control/socket_path.h"
#include "rig.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/socket.h"

TestSuite(socket_file);

static const struct control_config plain = {.nallow = 0};

static mode_t
mode_of(const char *path)
{
    struct stat st;

    cr_assert_eq(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static void
run_dir(const struct rig *r, char *buf, size_t n)
{
    snprintf(buf, n, "%s/run", r->dir);
}

Test(socket_file, it_is_private_in_a_private_directory)
{
    struct rig r;
    char dir[96];
    mode_t before = umask(0);

    rig_start(&r, &plain);
    run_dir(&r, dir, sizeof dir);
    cr_assert_eq(mode_of(r.path), 0600);
    cr_assert_eq(mode_of(dir), 0700);
    umask(before);
    rig_stop(&r);
}

Test(socket_file, one_that_nobody_serves_is_replaced)
{
    struct rig r;
    struct socket_claim old, claim;
    struct err err = {0};

    rig_path(&r);
    cr_assert_eq(socket_claim(&old, r.path, false, &err), 0, "%s", err.text);
    close(old.fd); /* as after a crash: the file stays */
    cr_assert_eq(socket_claim(&claim, r.path, false, &err), 0, "%s", err.text);
    socket_unclaim(&old, r.path);
    cr_assert_eq(access(r.path, F_OK), 0, "the file of somebody else was removed");
    socket_unclaim(&claim, r.path);
    cr_assert_eq(access(r.path, F_OK), -1);
    close(claim.fd);
    rig_remove(&r);
}

Test(socket_file, one_that_is_served_refuses_the_second_node)
{
    struct rig r;
    struct socket_claim first, second;
    struct err err = {0};
    char pid[32];

    rig_path(&r);
    cr_assert_eq(socket_claim(&first, r.path, false, &err), 0, "%s", err.text);
    cr_assert_eq(socket_claim(&second, r.path, false, &err), -ERR_EXISTS);
    snprintf(pid, sizeof pid, "process %d", (int)getpid());
    cr_assert_not_null(strstr(err.text, pid), "%s", err.text);
    cr_assert_eq(access(r.path, F_OK), 0);
    close(first.fd);
    rig_remove(&r);
}

Test(socket_file, another_file_in_its_place_is_left_alone)
{
    struct rig r;
    struct socket_claim claim;
    struct err err = {0};
    char dir[96];
    FILE *f;

    rig_path(&r);
    run_dir(&r, dir, sizeof dir);
    cr_assert_eq(mkdir(dir, 0700), 0);
    f = fopen(r.path, "w");
    cr_assert_not_null(f);
    fputs("precious", f);
    fclose(f);
    cr_assert_eq(socket_claim(&claim, r.path, false, &err), -ERR_EXISTS);
    cr_assert_not_null(strstr(err.text, "not a socket"));
    cr_assert_eq(access(r.path, F_OK), 0);
    rig_remove(&r);
}

Test(socket_file, a_directory_that_others_can_change_is_refused)
{
    struct rig r;
    struct socket_claim claim;
    struct err err = {0};
    char dir[96];

    rig_path(&r);
    run_dir(&r, dir, sizeof dir);
    cr_assert_eq(mkdir(dir, 0700), 0);
    cr_assert_eq(chmod(dir, 0777), 0);
    cr_assert_eq(socket_claim(&claim, r.path, false, &err), -ERR_DENIED);
    cr_assert_not_null(strstr(err.fix, "chmod"));
    if (geteuid() == 0) {
        cr_assert_eq(chmod(dir, 0700), 0);
        cr_assert_eq(chown(dir, 65534, 65534), 0);
        cr_assert_eq(socket_claim(&claim, r.path, false, &err), -ERR_DENIED);
    }
    rig_remove(&r);
}

Test(socket_file, a_path_that_does_not_fit_is_named)
{
    struct socket_claim claim;
    struct err err = {0};
    char path[200];

    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    cr_assert_eq(socket_claim(&claim, path, false, &err), -ERR_RANGE);
    cr_assert_neq(err.fix[0], '\0');
}

/* --- where it is --- */

static void
serve(const char *runtime, const char *node, struct socket_claim *ret)
{
    struct strbuf path;
    struct err err = {0};

    strbuf_init(&path);
    cr_assert_eq(socket_path_default(&path, runtime, node, &err), 0);
    cr_assert_eq(socket_claim(ret, strbuf_str(&path), false, &err), 0, "%s", err.text);
    strbuf_fini(&path);
}

Test(socket_path, the_default_follows_the_runtime_directory)
{
    struct strbuf b;
    struct err err = {0};

    strbuf_init(&b);
    cr_assert_eq(socket_path_default(&b, "/run/user/7", "n1", &err), 0);
    cr_assert_str_eq(strbuf_str(&b), "/run/user/7/actord/n1.sock");
    strbuf_reset(&b);
    cr_assert_eq(socket_path_default(&b, NULL, "n1", &err), 0);
    cr_assert_str_eq(strbuf_str(&b), "/run/actord/n1.sock");
    cr_assert_eq(socket_path_default(&b, NULL, "../n1", &err), -ERR_INVALID);
    cr_assert_eq(socket_path_default(&b, NULL, "", &err), -ERR_INVALID);
    strbuf_fini(&b);
}

Test(socket_path, the_only_node_is_found_and_two_have_to_be_told_apart)
{
    char runtime[] = "/tmp/actord-path-XXXXXX", sub[64];
    struct socket_claim a, b;
    struct strbuf path;
    struct err err = {0};

    strbuf_init(&path);
    cr_assert_not_null(mkdtemp(runtime));
    serve(runtime, "one", &a);
    cr_assert_eq(socket_path_find(&path, runtime, NULL, &err), 0, "%s", err.text);
    cr_assert_not_null(strstr(strbuf_str(&path), "/actord/one.sock"));
    serve(runtime, "two", &b);
    cr_assert_eq(socket_path_find(&path, runtime, NULL, &err), -ERR_INVALID);
    cr_assert_not_null(strstr(err.text, "two"));
    cr_assert_not_null(strstr(err.fix, "-N"));
    cr_assert_eq(socket_path_find(&path, runtime, "two", &err), 0);
    cr_assert_not_null(strstr(strbuf_str(&path), "/actord/two.sock"));
    cr_assert_eq(socket_path_find(&path, runtime, "three", &err), -ERR_NOTFOUND);
    close(a.fd);
    close(b.fd);
    for (int i = 0; i < 2; i++) {
        snprintf(sub, sizeof sub, "%s/actord/%s.sock", runtime, i == 0 ? "one" : "two");
        unlink(sub);
    }
    snprintf(sub, sizeof sub, "%s/actord", runtime);
    rmdir(sub);
    cr_assert_eq(rmdir(runtime), 0);
    strbuf_fini(&path);
}
