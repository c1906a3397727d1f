/* conn.c - one client: who it is, its frames in, its answers out, and when it is cut.
 *
 * A client may leave its answers unread only so far: past QUEUE_HIGH its requests are not read, and after
 * slow_ms without movement it is cut. It may pipeline requests, but takes turns with the other clients every
 * PUMP_MAX.
 */
#include "control/control_priv.h"
#include <stdlib.h>
#include <unistd.h>

/* --- writing --- */

struct write {
    uv_write_t req;
    struct conn *conn;
    char *bytes;
};

bool
conn_writable(const struct conn *conn)
{
    return conn->state != CONN_CLOSING;
}

size_t
conn_queued(const struct conn *conn)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&conn->pipe);
}

static void
resume(struct conn *conn)
{
    if (!conn->paused || conn->state != CONN_OPEN || conn_queued(conn) > QUEUE_LOW_BYTES)
        return;
    conn->paused = false;
    conn->more = true;
    control_want_more(conn->c);
}

static void
wrote(uv_write_t *req, int status)
{
    struct write *w = (struct write *)req;
    struct conn *conn = w->conn;

    free(w->bytes);
    free(w);
    if (conn->state == CONN_CLOSING)
        return;
    conn->wrote_ms = uv_now(conn->c->loop);
    if (status < 0 || (conn->state == CONN_DRAINING && conn_queued(conn) == 0))
        conn_close(conn);
    else
        resume(conn);
}

void
conn_send(struct conn *conn, struct strbuf *out)
{
    struct write *w;
    uv_buf_t buf;

    if (!conn_writable(conn) || out->len == 0)
        return;
    w = malloc(sizeof *w);
    if (w == NULL) {
        conn_close(conn);
        return;
    }
    *w = (struct write){.conn = conn, .bytes = out->p};
    buf = uv_buf_init(out->p, (unsigned)out->len);
    strbuf_init(out);
    if (conn_queued(conn) == 0)
        conn->wrote_ms = uv_now(conn->c->loop); /* slowness counts from here */
    if (uv_write(&w->req, (uv_stream_t *)&conn->pipe, &buf, 1, wrote) < 0) {
        free(w->bytes);
        free(w);
        conn_close(conn);
        return;
    }
    if (conn_queued(conn) > QUEUE_HIGH_BYTES && !conn->paused && conn->state == CONN_OPEN) {
        conn->paused = true;
        uv_read_stop((uv_stream_t *)&conn->pipe);
    }
}

void
conn_bye(struct conn *conn, int code, const char *text)
{
    msgpack_packer pk;
    struct strbuf out;
    size_t mark;

    strbuf_init(&out);
    mark = frame_begin(&out, &(struct frame){.type = FRAME_BYE});
    pack_init(&pk, &out);
    pack_map(&pk, 3);
    pack_str(&pk, "code");
    pack_i64(&pk, code < 0 ? -code : code);
    pack_str(&pk, "name");
    pack_str(&pk, err_name(code));
    pack_str(&pk, "text");
    pack_str(&pk, text);
    if (frame_end(&out, mark, FRAME_ANSWER_MAX) == 0)
        conn_send(conn, &out);
    strbuf_fini(&out);
    conn_drain(conn);
}

/* --- the end --- */

static void
leave_calls(struct conn *conn)
{
    while (!list_empty(&conn->calls))
        call_detach(container_of(conn->calls.next, struct control_call, link));
}

void
conn_drain(struct conn *conn)
{
    if (conn->state != CONN_OPEN)
        return;
    conn->state = CONN_DRAINING;
    uv_read_stop((uv_stream_t *)&conn->pipe);
    leave_calls(conn);
    if (conn->state == CONN_DRAINING && conn_queued(conn) == 0)
        conn_close(conn);
}

static void
closed(uv_handle_t *h)
{
    struct conn *conn = h->data;
    struct control *c = conn->c;

    list_del(&conn->link);
    c->stats.clients--;
    frame_reader_fini(&conn->reader);
    free(conn);
    control_handle_closed(c);
}

void
conn_close(struct conn *conn)
{
    if (conn->state == CONN_CLOSING)
        return;
    conn->state = CONN_CLOSING;
    leave_calls(conn);
    uv_close((uv_handle_t *)&conn->pipe, closed);
}

void
conn_tick(struct conn *conn, uint64_t now_ms)
{
    const struct control_config *cfg = &conn->c->cfg;
    size_t queued = conn_queued(conn);

    if (conn->state == CONN_CLOSING)
        return;
    if (queued < conn->queued)
        conn->wrote_ms = now_ms;
    conn->queued = queued;
    if (queued > 0 && now_ms - conn->wrote_ms >= cfg->slow_ms) {
        conn->c->stats.cut_slow++;
        conn_close(conn);
    } else if (conn->state != CONN_OPEN || conn->paused) {
        return;
    } else if (frame_reader_partial(&conn->reader) && now_ms - conn->read_ms >= cfg->slow_ms) {
        conn->c->stats.cut_slow++;
        conn_bye(conn, ERR_TIMEOUT, "the rest of a frame did not come");
    } else if (conn->ncalls == 0 && queued == 0 && now_ms - conn->read_ms >= cfg->idle_ms) {
        conn->c->stats.cut_idle++;
        conn_bye(conn, ERR_TIMEOUT, "idle for too long");
    }
}

/* --- reading --- */

static void
bad(struct conn *conn, int code, const char *text)
{
    conn->c->stats.cut_bad++;
    conn_bye(conn, code, text);
}

static void
take(struct conn *conn, const struct frame *f)
{
    struct control_call *call = call_find(conn, f->id);

    if (f->id == 0)
        bad(conn, ERR_MALFORMED, "a request needs an id");
    else if (f->type == FRAME_CANCEL && call != NULL)
        call_cancel(call);
    else if (f->type == FRAME_REQUEST && call != NULL)
        bad(conn, ERR_MALFORMED, "the id of a request is in use");
    else if (f->type == FRAME_REQUEST)
        call_begin(conn, f);
    /* else: a cancel that crossed its answer */
}

void
conn_pump(struct conn *conn)
{
    struct frame f;
    int rc = 0;

    conn->more = false;
    for (unsigned n = 0; conn->state == CONN_OPEN && !conn->paused; n++) {
        if (n == PUMP_MAX) {
            conn->more = true;
            uv_read_stop((uv_stream_t *)&conn->pipe);
            control_want_more(conn->c);
            return;
        }
        rc = frame_reader_next(&conn->reader, &f);
        if (rc <= 0)
            break;
        conn->read_ms = uv_now(conn->c->loop);
        take(conn, &f);
    }
    if (rc < 0 && conn->state == CONN_OPEN)
        bad(conn, rc,
            rc == -ERR_LIMIT         ? "a request is larger than 64 KiB"
            : rc == -ERR_UNSUPPORTED ? "this node speaks another version of the protocol"
                                     : "not the control protocol");
}

static void
alloc_buf(uv_handle_t *h, size_t suggested, uv_buf_t *ret_buf)
{
    struct conn *conn = h->data;

    (void)suggested;
    *ret_buf = uv_buf_init(conn->c->buf, sizeof conn->c->buf);
}

static void
got(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct conn *conn = s->data;

    if (n == 0 || conn->state != CONN_OPEN)
        return;
    if (n < 0 || frame_reader_feed(&conn->reader, buf->base, (size_t)n) == -ERR_NOMEM) {
        conn_close(conn);
        return;
    }
    /* The clock of an unfinished frame starts with its first bytes and does not start again with each drop.
     */
    if ((size_t)n == conn->reader.end - conn->reader.at)
        conn->read_ms = uv_now(conn->c->loop);
    conn_pump(conn);
}

void
conn_read_on(struct conn *conn)
{
    if (conn->state == CONN_OPEN && !conn->paused && !conn->more &&
        uv_read_start((uv_stream_t *)&conn->pipe, alloc_buf, got) < 0 &&
        !uv_is_active((const uv_handle_t *)&conn->pipe))
        conn_close(conn);
}

/* --- the beginning --- */

static enum control_role
role_of(const struct control *c, const struct control_peer *peer)
{
    enum control_role role = ROLE_NONE;

    if (peer->uid == geteuid() || peer->uid == 0)
        return ROLE_ADMIN;
    for (size_t i = 0; i < c->cfg.nallow; i++) {
        const struct control_allow *a = &c->cfg.allow[i];

        if (a->id == (a->is_group ? (uint32_t)peer->gid : (uint32_t)peer->uid) && a->role > role)
            role = a->role;
    }
    return role;
}

static void
refuse(struct conn *conn, int code, const char *text)
{
    struct control *c = conn->c;
    uint64_t now_ms = uv_now(c->loop);

    if (c->logged_ms == 0 || now_ms - c->logged_ms >= 1000) { /* a flood must not flood the log too */
        c->logged_ms = now_ms;
        log_write(c->log, LOG_WARN, "control", "refused a client: %s uid=%u pid=%d", text,
                  (unsigned)conn->peer.uid, (int)conn->peer.pid);
    }
    conn_bye(conn, code, text);
}

/* Who it is, and whether there is room; the conn is open or already draining afterwards. */
static void
receive(struct conn *conn)
{
    struct control *c = conn->c;
    uv_os_fd_t fd;

    if (uv_fileno((const uv_handle_t *)&conn->pipe, &fd) < 0 || socket_peer(fd, &conn->peer) < 0) {
        conn_close(conn);
        return;
    }
    conn->peer.role = role_of(c, &conn->peer);
    if (conn->peer.role == ROLE_NONE) {
        c->stats.denied++;
        refuse(conn, ERR_DENIED, "this user is not permitted");
    } else if (c->stats.clients > c->cfg.clients_max) {
        c->stats.full++;
        refuse(conn, ERR_BUSY, "too many clients are connected");
    } else {
        c->stats.accepted++;
        conn_read_on(conn);
    }
}

int
conn_accept(struct control *c)
{
    struct conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL)
        return -ERR_NOMEM;
    conn->c = c;
    list_init(&conn->calls);
    frame_reader_init(&conn->reader, FRAME_REQUEST_MAX, FRAMES_TO_SERVER);
    uv_pipe_init(c->loop, &conn->pipe, 0);
    conn->pipe.data = conn;
    conn->read_ms = conn->wrote_ms = uv_now(c->loop);
    c->handles++;
    c->stats.clients++;
    list_push_back(&c->conns, &conn->link);
    if (uv_accept((uv_stream_t *)&c->listener, (uv_stream_t *)&conn->pipe) < 0) {
        conn_close(conn);
        return -ERR_IO;
    }
    control_start_tick(c);
    receive(conn);
    return 0;
}
