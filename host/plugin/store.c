#include "plugin/store.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int
io_error(struct err *err, const char *what, const char *path)
{
    int code = errno == ENOENT || errno == ENOTDIR ? ERR_NOTFOUND
               : errno == EACCES || errno == EPERM ? ERR_DENIED
               : errno == ENOMEM                   ? ERR_NOMEM
                                                   : ERR_IO;

    return err_set(err, code, "cannot %s %s: %m", what, path);
}

static int
read_full(int fd, uint8_t *p, size_t n, size_t *ret_n)
{
    size_t got = 0;

    while (got < n) {
        ssize_t r = read(fd, p + got, n - got);

        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -1;
        if (r == 0)
            break;
        got += (size_t)r;
    }
    *ret_n = got;
    return 0;
}

static int
write_full(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t r = write(fd, p, n);

        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return -1;
        p += r;
        n -= (size_t)r;
    }
    return 0;
}

/* --- who may have written this --- */

static bool
ours(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

static bool
written_by_other_groups(const struct stat *st)
{
    return (st->st_mode & S_IWGRP) != 0 && st->st_gid != 0 && st->st_gid != getegid();
}

static int
check_directory(const struct stat *st, const char *path, struct pfile *f, struct err *err)
{
    if (!ours(st->st_uid)) {
        err_set(err, ERR_DENIED, "the directory of %s belongs to user %u, who could replace the file", path,
                (unsigned)st->st_uid);
        return err_fix(err, "keep plugins in a directory of root or of the user that runs actord");
    }
    if ((st->st_mode & S_IWOTH) == 0 && !written_by_other_groups(st))
        return 0;
    if ((st->st_mode & S_ISVTX) == 0) {
        err_set(err, ERR_DENIED,
                "the directory of %s can be written by others (mode %04o), who could replace the file", path,
                (unsigned)st->st_mode & 07777);
        return err_fix(err, "chmod go-w the directory");
    }
    snprintf(f->warning, sizeof f->warning,
             "the plugin lies in a directory that everyone can write to (mode %04o)",
             (unsigned)st->st_mode & 07777);
    return 0;
}

static int
check_file(const struct stat *st, const char *path, struct err *err)
{
    if (!S_ISREG(st->st_mode))
        return err_set(err, ERR_TYPE, "%s is not a regular file", path);
    if (!ours(st->st_uid)) {
        err_set(err, ERR_DENIED, "%s belongs to user %u, not to root or the user that runs actord", path,
                (unsigned)st->st_uid);
        return err_fix(err, "chown the file");
    }
    if ((st->st_mode & S_IWOTH) != 0 || written_by_other_groups(st)) {
        err_set(err, ERR_DENIED, "%s can be written by others (mode %04o)", path,
                (unsigned)st->st_mode & 07777);
        return err_fix(err, "chmod go-w the file");
    }
    if (st->st_size > PFILE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "%s has %lld bytes, more than %d allowed", path,
                       (long long)st->st_size, PFILE_BYTES_MAX);
    return 0;
}

/* --- the user's file --- */

/* The directory first, the file within it: what was checked is what is opened. O_NONBLOCK, or a named pipe
 * would block. */
static int
open_checked(struct pfile *f, const char *path, struct stat *ret_st, struct err *err)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    int dirfd, fd = -1, r;
    struct stat st;

    r = snprintf(dir, sizeof dir, "%.*s",
                 slash == NULL   ? 1
                 : slash == path ? 1
                                 : (int)(slash - path),
                 slash == NULL ? "." : path);
    if (r < 0 || (size_t)r >= sizeof dir || *base == '\0')
        return err_set(err, ERR_INVALID, "'%.200s' names no file", path);
    dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return io_error(err, "open the directory of", path);
    if (fstat(dirfd, &st) < 0) {
        r = io_error(err, "examine the directory of", path);
        goto done;
    }
    r = check_directory(&st, path, f, err);
    if (r < 0)
        goto done;
    fd = openat(dirfd, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ELOOP) {
            err_set(err, ERR_DENIED, "%s is a symbolic link", path);
            r = err_fix(err, "name the file itself");
        } else {
            r = io_error(err, "open", path);
        }
        goto done;
    }
    if (fstat(fd, ret_st) < 0)
        r = io_error(err, "examine", path);
    else
        r = check_file(ret_st, path, err);

done:
    close(dirfd);
    if (r < 0 && fd >= 0)
        close(fd);
    return r < 0 ? r : fd;
}

static void
hash(struct pfile *f)
{
    static const char digits[] = "0123456789abcdef";
    SHA2_CTX ctx;

    SHA256Init(&ctx);
    SHA256Update(&ctx, f->bytes, f->n);
    SHA256Final(f->sha256, &ctx);
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        f->sha256_hex[2 * i] = digits[f->sha256[i] >> 4];
        f->sha256_hex[2 * i + 1] = digits[f->sha256[i] & 15];
    }
    f->sha256_hex[2 * SHA256_BYTES] = '\0';
}

int
pfile_read(struct pfile *ret, struct env *env, const char *path, struct err *err)
{
    struct pfile f = {.env = env};
    struct stat st;
    size_t got = 0;
    int fd, r = 0;

    fd = open_checked(&f, path, &st, err);
    if (fd < 0)
        return fd;
    f.n = (size_t)st.st_size;
    f.bytes = env_alloc(env, f.n + 1); /* one more: sees a file that grows */
    if (f.bytes == NULL)
        r = err_set(err, ERR_NOMEM, "no memory for the %zu bytes of %s", f.n, path);
    else if (read_full(fd, f.bytes, f.n + 1, &got) < 0)
        r = io_error(err, "read", path);
    else if (got != f.n) {
        err_set(err, ERR_TRUNCATED, "%s changed while it was read", path);
        r = err_fix(err, "wait until it is written completely");
    }
    close(fd);
    if (r < 0) {
        pfile_fini(&f);
        return r;
    }
    hash(&f);
    *ret = f;
    return 0;
}

void
pfile_fini(struct pfile *f)
{
    if (f->env != NULL)
        env_free(f->env, f->bytes, f->n + 1);
    f->bytes = NULL;
    f->env = NULL;
}

/* --- the copies --- */

struct store {
    struct env *env;
    int dirfd;
    char dir[PATH_MAX];
};

int
store_check_exec(int fd, const char *path, struct err *err)
{
    struct statvfs vfs;

    if (fstatvfs(fd, &vfs) < 0)
        return io_error(err, "examine the file system of", path);
    if ((vfs.f_flag & ST_NOEXEC) != 0) {
        err_set(err, ERR_REFUSED,
                "%s lies on a file system mounted noexec: no plugin could be loaded from it", path);
        return err_fix(err, "set data_dir in [node] to a directory on another file system");
    }
    return 0;
}

static int
open_private(struct store *s, const char *data_dir, struct err *err)
{
    char plugins[PATH_MAX];
    struct stat st;
    int n;

    if (mkdir(data_dir, 0700) < 0 && errno != EEXIST)
        return io_error(err, "make the directory", data_dir);
    n = snprintf(plugins, sizeof plugins, "%s/plugins", data_dir);
    if (n < 0 || (size_t)n >= sizeof plugins)
        return err_set(err, ERR_LIMIT, "the path of data_dir is too long");
    if (mkdir(plugins, 0700) < 0 && errno != EEXIST)
        return io_error(err, "make the directory", plugins);
    s->dirfd = open(plugins, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (s->dirfd < 0)
        return io_error(err, "open the directory", plugins);
    if (realpath(plugins, s->dir) == NULL || fstat(s->dirfd, &st) < 0)
        return io_error(err, "examine", plugins);
    if (st.st_uid != geteuid()) {
        err_set(err, ERR_DENIED, "%s belongs to user %u", plugins, (unsigned)st.st_uid);
        return err_fix(err, "give each user that runs actord a data_dir of its own");
    }
    if ((st.st_mode & 077) != 0 && fchmod(s->dirfd, 0700) < 0)
        return io_error(err, "make private", plugins);
    return store_check_exec(s->dirfd, plugins, err);
}

int
store_open(struct store **ret, struct env *env, const char *data_dir, struct err *err)
{
    struct store *s = env_alloc(env, sizeof *s);
    int r;

    if (s == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the plugin store");
    s->env = env;
    s->dirfd = -1;
    r = open_private(s, data_dir, err);
    if (r < 0) {
        store_close(s);
        return r;
    }
    *ret = s;
    return 0;
}

void
store_close(struct store *s)
{
    if (s == NULL)
        return;
    if (s->dirfd >= 0)
        close(s->dirfd);
    env_free(s->env, s, sizeof *s);
}

const char *
store_dir(const struct store *s)
{
    return s->dir;
}

/* Is the copy there, ours alone, and byte by byte what was read? (Equal bytes, so equal hash.) */
static bool
intact(const struct store *s, const char *name, const struct pfile *f)
{
    uint8_t chunk[16384];
    struct stat st;
    size_t at = 0, got;
    bool same = false;
    int fd = openat(s->dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & 0277) == 0 &&
        (size_t)st.st_size == f->n) {
        while (at < f->n) {
            if (read_full(fd, chunk, f->n - at < sizeof chunk ? f->n - at : sizeof chunk, &got) < 0 ||
                got == 0 || memcmp(chunk, f->bytes + at, got) != 0)
                break;
            at += got;
        }
        same = at == f->n;
    }
    close(fd);
    return same;
}

/* Written aside and renamed: whoever maps a file of this name keeps the one that it mapped. */
static int
write_copy(const struct store *s, const char *name, const struct pfile *f, struct err *err)
{
    char tmp[64];
    int fd = -1, r = 0;

    for (unsigned i = 0; fd < 0; i++) {
        snprintf(tmp, sizeof tmp, ".tmp-%ld-%u", (long)getpid(), i);
        fd = openat(s->dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
        if (fd < 0 && (errno != EEXIST || i == 1000))
            return io_error(err, "write a copy into", s->dir);
    }
    if (write_full(fd, f->bytes, f->n) < 0 || fchmod(fd, 0400) < 0)
        r = io_error(err, "write a copy into", s->dir);
    if (close(fd) < 0 && r == 0)
        r = io_error(err, "write a copy into", s->dir);
    if (r == 0 && renameat(s->dirfd, tmp, s->dirfd, name) < 0)
        r = io_error(err, "write a copy into", s->dir);
    if (r < 0) {
        (void)unlinkat(s->dirfd, tmp, 0);
        return r == -ERR_DENIED || r == -ERR_NOTFOUND ? err_set(err, ERR_IO, "cannot write into %s", s->dir)
                                                      : r;
    }
    return 0;
}

int
store_put(struct store *s, const struct pfile *f, char *ret_path, size_t path_bytes, struct err *err)
{
    char name[SHA256_HEX + 3];
    struct stat st;
    bool there;
    int n, r;

    snprintf(name, sizeof name, "%s.so", f->sha256_hex);
    n = snprintf(ret_path, path_bytes, "%s/%s", s->dir, name);
    if (n < 0 || (size_t)n >= path_bytes)
        return err_set(err, ERR_LIMIT, "the path of the plugin store is too long: %s", s->dir);
    there = fstatat(s->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && intact(s, name, f))
        return STORE_REUSED;
    r = write_copy(s, name, f, err);
    if (r < 0)
        return r;
    return there ? STORE_REPLACED : STORE_NEW;
}

int
store_remove(struct store *s, const char *sha256_hex, struct err *err)
{
    char name[SHA256_HEX + 3];

    snprintf(name, sizeof name, "%.*s.so", SHA256_HEX - 1, sha256_hex);
    if (unlinkat(s->dirfd, name, 0) < 0)
        return io_error(err, "delete the copy of", name);
    return 0;
}
