#include "fixture.h"
#include "plugin/store.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static char dir[4096]; /* of one test; each test is a process of its own or runs alone */
static char path[4400];

static void
make_dir(void)
{
    temp_dir_make(dir, sizeof dir);
}

static void
remove_dir(void)
{
    temp_dir_remove(dir);
}

TestSuite(store, .init = make_dir, .fini = remove_dir);

static const char *
in_dir(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void
write_file(const char *p, const char *text, mode_t mode)
{
    int fd = open(p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    cr_assert_eq(fchmod(fd, mode), 0);
    close(fd);
}

static int
read_error(const char *p, struct err *err)
{
    struct pfile f = {0};
    int r = pfile_read(&f, env_real(), p, err);

    if (r == 0)
        pfile_fini(&f);
    return r;
}

Test(store, a_file_is_read_with_its_sha256)
{
    struct pfile f = {0};
    struct err err = {0};

    write_file(in_dir("a.so"), "abc", 0644);
    cr_assert_eq(pfile_read(&f, env_real(), path, &err), 0, "%s", err.text);
    cr_expect_eq(f.n, 3);
    cr_expect_eq(memcmp(f.bytes, "abc", 3), 0);
    cr_expect_str_eq(f.sha256_hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cr_expect_str_eq(f.warning, "");
    pfile_fini(&f);
}

Test(store, what_is_no_plain_file_of_a_trusted_user_is_refused)
{
    struct err err = {0};

    write_file(in_dir("a.so"), "abc", 0644);
    cr_assert_eq(symlink("a.so", in_dir("link.so")), 0);
    cr_expect_eq(read_error(path, &err), -ERR_DENIED);
    expect_text(&err, "symbolic link");
    cr_expect_eq(read_error(in_dir("none.so"), &err), -ERR_NOTFOUND);
    expect_text(&err, "none.so");
    cr_expect_eq(read_error(dir, &err), -ERR_TYPE);
    cr_expect_eq(read_error("", &err), -ERR_INVALID);
    cr_assert_eq(mkfifo(in_dir("pipe.so"), 0600), 0);
    cr_expect_eq(read_error(path, &err), -ERR_TYPE); /* and does not wait for a writer */
    write_file(in_dir("open.so"), "abc", 0666);
    cr_expect_eq(read_error(path, &err), -ERR_DENIED);
    expect_text(&err, "written by others (mode 0666)");
    expect_fix(&err, "chmod go-w");
    write_file(in_dir("big.so"), "abc", 0644);
    cr_assert_eq(truncate(path, (off_t)PFILE_BYTES_MAX + 1), 0);
    cr_expect_eq(read_error(path, &err), -ERR_LIMIT);
}

Test(store, a_directory_that_others_can_write_is_refused_unless_it_is_sticky)
{
    struct pfile f = {0};
    struct err err = {0};

    cr_assert_eq(mkdir(in_dir("shared"), 0700), 0);
    cr_assert_eq(chmod(path, 0777), 0);
    write_file(in_dir("shared/a.so"), "abc", 0644);
    cr_expect_eq(read_error(path, &err), -ERR_DENIED);
    expect_text(&err, "who could replace the file");
    cr_assert_eq(chmod(in_dir("shared"), 01777), 0);
    cr_assert_eq(pfile_read(&f, env_real(), in_dir("shared/a.so"), &err), 0, "%s", err.text);
    cr_expect_not_null(strstr(f.warning, "everyone can write"));
    pfile_fini(&f);
}

Test(store, the_files_of_other_users_are_refused)
{
    struct err err = {0};

    if (geteuid() != 0)
        return; /* only root can give files away */
    write_file(in_dir("a.so"), "abc", 0644);
    cr_assert_eq(chown(path, 12345, 12345), 0);
    cr_expect_eq(read_error(path, &err), -ERR_DENIED);
    expect_text(&err, "belongs to user 12345");
    write_file(in_dir("b.so"), "abc", 0664);
    cr_assert_eq(chown(path, 0, 12345), 0);
    cr_expect_eq(read_error(path, &err), -ERR_DENIED);
    expect_text(&err, "written by others");
}

Test(store, a_copy_is_private_named_by_content_and_reused)
{
    struct store *s = NULL;
    struct pfile f = {0};
    struct err err = {0};
    struct stat st;
    char copy[4500], again[4500];

    write_file(in_dir("a.so"), "abc", 0644);
    cr_assert_eq(pfile_read(&f, env_real(), path, &err), 0);
    cr_assert_eq(store_open(&s, env_real(), in_dir("data"), &err), 0, "%s", err.text);
    cr_expect_eq(store_put(s, &f, copy, sizeof copy, &err), STORE_NEW, "%s", err.text);
    cr_expect_not_null(strstr(copy, "/data/plugins/ba7816bf"));
    cr_expect_eq(copy[0], '/');
    cr_assert_eq(stat(copy, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0400);
    cr_assert_eq(stat(store_dir(s), &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0700);
    write_file(in_dir("a.so"), "xyz", 0644); /* the original may change now */
    cr_expect_eq(store_put(s, &f, again, sizeof again, &err), STORE_REUSED);
    cr_expect_str_eq(copy, again);
    cr_expect_eq(store_remove(s, f.sha256_hex, &err), 0);
    cr_expect_eq(store_remove(s, f.sha256_hex, &err), -ERR_NOTFOUND);
    cr_expect_eq(store_put(s, &f, again, sizeof again, &err), STORE_NEW);
    store_close(s);
    pfile_fini(&f);
}

Test(store, a_damaged_copy_is_replaced_and_the_old_file_left_alone)
{
    struct store *s = NULL;
    struct pfile f = {0};
    struct err err = {0};
    char copy[4500], text[4] = "";
    int fd;

    write_file(in_dir("a.so"), "abc", 0644);
    cr_assert_eq(pfile_read(&f, env_real(), path, &err), 0);
    cr_assert_eq(store_open(&s, env_real(), in_dir("data"), &err), 0, "%s", err.text);
    cr_assert_eq(store_put(s, &f, copy, sizeof copy, &err), STORE_NEW);
    cr_assert_eq(chmod(copy, 0600), 0);
    write_file(copy, "abX", 0400);
    fd = open(copy, O_RDONLY | O_CLOEXEC); /* stands for a process that maps it */
    cr_expect_eq(store_put(s, &f, copy, sizeof copy, &err), STORE_REPLACED);
    cr_expect_eq(read(fd, text, 3), 3);
    cr_expect_str_eq(text, "abX");
    close(fd);
    cr_expect_eq(store_put(s, &f, copy, sizeof copy, &err), STORE_REUSED);
    cr_assert_eq(unlink(copy), 0);
    cr_assert_eq(symlink("/etc/passwd", copy), 0);
    cr_expect_eq(store_put(s, &f, copy, sizeof copy, &err), STORE_REPLACED);
    store_close(s);
    pfile_fini(&f);
}

Test(store, a_noexec_file_system_is_refused_at_start)
{
    struct statvfs vfs;
    struct err err = {0};
    int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    cr_assert_geq(fd, 0);
    cr_assert_eq(fstatvfs(fd, &vfs), 0);
    if ((vfs.f_flag & ST_NOEXEC) != 0) {
        cr_expect_eq(store_check_exec(fd, "/proc", &err), -ERR_REFUSED);
        expect_text(&err, "noexec");
        expect_fix(&err, "data_dir");
    } else {
        cr_expect_eq(store_check_exec(fd, "/proc", &err), 0);
    }
    close(fd);
}

Test(store, without_memory_there_is_an_error_and_no_leak)
{
    struct env_fake env;
    struct store *s = NULL;
    struct pfile f = {0};
    struct err err = {0};

    env_fake_init(&env, 1);
    write_file(in_dir("a.so"), "abc", 0644);
    env.fail_at = 1;
    cr_expect_eq(pfile_read(&f, &env.env, path, &err), -ERR_NOMEM);
    env.fail_at = 1;
    cr_expect_eq(store_open(&s, &env.env, in_dir("data"), &err), -ERR_NOMEM);
    cr_expect_eq(env.live_bytes, 0);
}
