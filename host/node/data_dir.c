/* data_dir.c - mkdir -p, and a file lock that holds the owner's process id. */
#include "node/data_dir.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int
fail(struct err *e, const char *what, const char *path, int error)
{
    int denied = error == EACCES || error == EPERM || error == EROFS;

    err_set(e, denied ? ERR_DENIED : ERR_IO, "%s %.300s: %s", what, path, strerror(error));
    return err_fix(e, "make it writable for this user, or set data_dir in [node]");
}

static int
make_all(char *path, struct err *e)
{
    for (char *p = path + 1;; p++) {
        char c = *p;

        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return fail(e, "cannot make the folder", path, errno);
        *p = c;
        if (c == '\0')
            return 0;
    }
}

static int
busy(int fd, const char *path, struct err *e)
{
    char pid[24] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

    pid[n > 0 ? n : 0] = '\0';
    pid[strcspn(pid, "\n")] = '\0';
    err_set(e, ERR_BUSY, "%.300s is in use by another node%s%s", path, pid[0] == '\0' ? "" : ", process ",
            pid);
    return err_fix(e, "stop that node, or give this one a data_dir of its own in [node]");
}

int
data_dir_claim(struct data_dir *d, const char *path, struct err *e)
{
    char buf[4096], pid[24];
    int n = snprintf(buf, sizeof buf, "%s", path), r, fd;

    d->lock = -1;
    if (n <= 0 || (size_t)n >= sizeof buf - 8)
        return err_set(e, ERR_RANGE, "data_dir of %d bytes", n);
    r = make_all(buf, e);
    if (r < 0)
        return r;
    strcat(buf, "/lock");
    fd = open(buf, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(e, "cannot open", buf, errno);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        r = errno == EWOULDBLOCK ? busy(fd, path, e) : fail(e, "cannot lock", buf, errno);
        close(fd);
        return r;
    }
    n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
        r = fail(e, "cannot write", buf, errno);
        close(fd);
        return r;
    }
    d->lock = fd;
    return 0;
}

void
data_dir_release(struct data_dir *d)
{
    if (d->lock >= 0)
        close(d->lock);
    d->lock = -1;
}
