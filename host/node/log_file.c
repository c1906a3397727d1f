/* log_file.c - a descriptor that can be exchanged under the writer. */
#include "node/log_file.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
open_target(const char *path, struct err *e)
{
    int fd = path == NULL
                 ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
                 : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);

    if (fd >= 0)
        return fd;
    err_set(e, ERR_IO, "cannot open the log %.300s: %s", path == NULL ? "(standard error)" : path,
            strerror(errno));
    return err_fix(e, path == NULL ? "start with an open standard error, or set file in [log]"
                                   : "check that the folder exists and is writable for this user");
}

int
log_file_open(struct log_file *f, const char *path, struct err *e)
{
    int fd = open_target(path, e);

    if (fd < 0)
        return -ERR_IO;
    f->fd = fd;
    return 0;
}

int
log_file_reopen(struct log_file *f, const char *path, struct err *e)
{
    int fd = open_target(path, e), r;

    if (fd < 0)
        return -ERR_IO;
    r = dup3(fd, f->fd, O_CLOEXEC); /* atomic for the writer */
    close(fd);
    return r < 0 ? err_set(e, ERR_IO, "cannot change the log over: %s", strerror(errno)) : 0;
}

void
log_file_close(struct log_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

static int64_t
sink_write(void *self, const char *line, size_t len)
{
    const struct log_file *f = self;
    struct pollfd p = {.fd = f->fd, .events = POLLOUT};
    ssize_t n = send(f->fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n >= 0)
        return n;
    if (errno != ENOTSOCK)
        return -errno;
    if (poll(&p, 1, 0) == 0)
        return -EAGAIN;
    n = write(f->fd, line, len);
    return n < 0 ? -errno : n;
}

struct log_sink
log_file_sink(struct log_file *f)
{
    return (struct log_sink){.self = f, .write = sink_write};
}
