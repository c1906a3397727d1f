/* client.c - a non-blocking socket and poll: every wait has its deadline. */
#include "client/client.h"
#include "wire/object.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10 };

struct client {
    int fd;
    uint32_t last_id;
    bool eof;
    struct frame_reader reader;
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    char buf[READ_BYTES];
};

static uint64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t
deadline(uint32_t timeout_ms)
{
    return timeout_ms == CLIENT_FOREVER ? UINT64_MAX : now_ms() + timeout_ms;
}

/* 0: the socket is ready for it. -ERR_TIMEOUT, -ERR_CANCELED (a signal), -ERR_IO. */
static int
wait_for(int fd, short events, uint64_t until_ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    uint64_t now = until_ms == UINT64_MAX ? 0 : now_ms(), left;
    int n;

    left = until_ms <= now ? 0 : until_ms - now;
    n = poll(&p, 1, until_ms == UINT64_MAX ? -1 : left > 1000000 ? 1000000 : (int)left);
    if (n > 0)
        return 0;
    if (n < 0)
        return errno == EINTR ? -ERR_CANCELED : -ERR_IO;
    return now_ms() >= until_ms ? -ERR_TIMEOUT : wait_for(fd, events, until_ms);
}

/* --- connecting --- */

static int
connect_failed(const char *path, int error, struct err *err)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        err_set(err, ERR_NOTFOUND, "there is no socket %s", path);
        return err_fix(err, "is the node running? start it with `actord -c node.ini`");
    case ECONNREFUSED:
    case ENOTSOCK:
        err_set(err, ERR_CLOSED, "no node serves %s", path);
        return err_fix(err, "the node has ended; start it again");
    case EACCES:
    case EPERM:
        err_set(err, ERR_DENIED, "this user may not use %s", path);
        return err_fix(err, "run as the user of the node, or as root");
    case EAGAIN:
        return err_set(err, ERR_BUSY, "too many clients wait at %s", path);
    default:
        return err_set(err, ERR_IO, "cannot connect to %s: %s", path, strerror(error));
    }
}

static int
connect_to(struct client *c, uint32_t timeout_ms, struct err *err)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    socklen_t n = sizeof(int);
    int error = 0, rc;

    memcpy(sa.sun_path, c->path, sizeof sa.sun_path);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        return err_set(err, ERR_IO, "cannot make a socket: %s", strerror(errno));
    if (connect(c->fd, (struct sockaddr *)&sa, sizeof sa) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return connect_failed(c->path, errno, err);
    rc = wait_for(c->fd, POLLOUT, deadline(timeout_ms));
    if (rc < 0)
        return err_set(err, rc, "cannot connect to %s: %s", c->path, err_text(rc));
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 || error != 0)
        return connect_failed(c->path, error, err);
    return 0;
}

int
client_open(struct client **ret_client, const char *path, uint32_t timeout_ms, struct err *err)
{
    struct client *c = calloc(1, sizeof *c);
    int rc;

    if (c == NULL)
        return err_set(err, ERR_NOMEM, "no memory for a connection");
    c->fd = -1;
    frame_reader_init(&c->reader, FRAME_ANSWER_MAX, FRAMES_TO_CLIENT);
    if (strlen(path) >= sizeof c->path) {
        rc = err_set(err, ERR_RANGE, "socket path is longer than %zu bytes: %s", sizeof c->path - 1, path);
        goto fail;
    }
    snprintf(c->path, sizeof c->path, "%s", path);
    rc = connect_to(c, timeout_ms, err);
    if (rc < 0)
        goto fail;
    *ret_client = c;
    return 0;

fail:
    client_close(c);
    return rc;
}

void
client_close(struct client *c)
{
    if (c == NULL)
        return;
    if (c->fd >= 0)
        close(c->fd);
    frame_reader_fini(&c->reader);
    free(c);
}

int
client_fd(const struct client *c)
{
    return c->fd;
}

/* --- reading --- */

/* What is there now into the reader. 0, or the end of the connection. */
static int
take_in(struct client *c, struct err *err)
{
    ssize_t n = recv(c->fd, c->buf, sizeof c->buf, 0);
    int rc;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        c->eof = true;
        return err_set(err, ERR_CLOSED, "the node closed the connection");
    }
    rc = frame_reader_feed(&c->reader, c->buf, (size_t)n);
    return rc < 0 ? err_set(err, rc, "cannot keep an answer: %s", err_text(rc)) : 0;
}

static int
said_goodbye(const struct frame *f, struct err *err)
{
    struct object_doc doc = {0};
    const msgpack_object *text;
    int code = ERR_CLOSED;

    if (object_read(&doc, f->body, f->len, 0, err) < 0)
        return err_set(err, ERR_CLOSED, "the node closed the connection");
    code = (int)object_u64(object_get(&doc.root, "code"), ERR_CLOSED);
    text = object_get(&doc.root, "text");
    if (code < ERR_NOMEM || code > ERR_NOMEM + 10000)
        code = ERR_CLOSED;
    if (text != NULL && text->type == MSGPACK_OBJECT_STR)
        err_set(err, code, "the node closed the connection: %.*s", (int)text->via.str.size,
                text->via.str.ptr);
    else
        err_set(err, code, "the node closed the connection");
    object_free(&doc);
    return -code;
}

int
client_next(struct client *c, uint32_t timeout_ms, struct frame *ret_frame, struct err *err)
{
    uint64_t until = deadline(timeout_ms);
    struct frame f;
    int rc;

    for (;;) {
        rc = frame_reader_next(&c->reader, &f);
        if (rc < 0)
            return err_set(err, rc, "%s does not speak this version of the control protocol", c->path);
        if (rc > 0 && f.type == FRAME_BYE)
            return said_goodbye(&f, err);
        if (rc > 0) {
            *ret_frame = f;
            return 0;
        }
        if (c->eof)
            return err_set(err, ERR_CLOSED, "the node closed the connection");
        rc = wait_for(c->fd, POLLIN, until);
        if (rc < 0)
            return err_set(err, rc, "no answer from %s: %s", c->path, err_text(rc));
        rc = take_in(c, err);
        if (rc < 0)
            return rc;
    }
}

/* --- writing --- */

/* The node closed while we wrote: it may have said why before. Frames of other requests are passed over. */
static int
closed_early(struct client *c, struct err *err)
{
    struct frame f;
    int rc;

    do
        rc = client_next(c, 1000, &f, err);
    while (rc == 0);
    return rc == -ERR_TIMEOUT ? err_set(err, ERR_CLOSED, "the node closed the connection") : rc;
}

/* While the node cannot take more, its answers are taken in: otherwise both sides could wait for each other.
 */
static int
send_all(struct client *c, const char *p, size_t n, uint64_t until, struct err *err)
{
    while (n > 0) {
        ssize_t k = send(c->fd, p, n, MSG_NOSIGNAL);
        int rc;

        if (k >= 0) {
            p += k;
            n -= (size_t)k;
            continue;
        }
        if (errno == EPIPE || errno == ECONNRESET)
            return closed_early(c, err);
        if (errno != EAGAIN && errno != EINTR)
            return err_set(err, ERR_IO, "cannot send to %s: %s", c->path, strerror(errno));
        rc = wait_for(c->fd, POLLIN | POLLOUT, until);
        if (rc == 0)
            rc = take_in(c, err);
        else if (rc != -ERR_CANCELED) /* half a frame must not stay: a signal waits */
            return err_set(err, rc, "cannot send to %s: %s", c->path, err_text(rc));
        if (rc == -ERR_CLOSED)
            return closed_early(c, err);
    }
    return 0;
}

static int
send_frame(struct client *c, const struct frame *head, const void *body, size_t n, uint32_t timeout_ms,
           struct err *err)
{
    struct strbuf out;
    size_t mark;
    int rc;

    strbuf_init(&out);
    mark = frame_begin(&out, head);
    strbuf_add(&out, body, n);
    rc = frame_end(&out, mark, FRAME_REQUEST_MAX);
    if (rc == -ERR_LIMIT)
        err_set(err, ERR_LIMIT, "the request is larger than %d KiB", FRAME_REQUEST_MAX >> 10);
    else if (rc < 0)
        err_set(err, rc, "no memory for the request");
    else
        rc = send_all(c, out.p, out.len, deadline(timeout_ms), err);
    strbuf_fini(&out);
    return rc;
}

int
client_request(struct client *c, uint32_t command, const void *body, size_t n, uint32_t timeout_ms,
               uint32_t *ret_id, struct err *err)
{
    uint32_t id = c->last_id + 1 == 0 ? 1 : c->last_id + 1;
    int rc = send_frame(c, &(struct frame){.type = FRAME_REQUEST, .id = id, .code = command}, body, n,
                        timeout_ms, err);

    if (rc < 0)
        return rc;
    c->last_id = *ret_id = id;
    return 0;
}

int
client_cancel(struct client *c, uint32_t id, struct err *err)
{
    return send_frame(c, &(struct frame){.type = FRAME_CANCEL, .id = id}, NULL, 0, 5000, err);
}
