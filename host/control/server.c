/* server.c - the listener, the clock, and the way down.
 *
 * close: stop listening, remove the file --> calls answered STOPPING --> clients drain --> all handles closed
 * --> closed() | grace over: cut
 */
#include "base/util.h"
#include "control/control_priv.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLIENTS_MAX = 32, CALLS_MAX = 16, IDLE_MS = 60000, SLOW_MS = 10000 };

/* --- clock --- */

static void
tick(uv_timer_t *t)
{
    struct control *c = t->data;

    if (c->accept_pending)
        c->accept_pending = conn_accept(c) == -ERR_NOMEM;
    list_each_safe (it, &c->conns)
        conn_tick(container_of(it, struct conn, link), uv_now(c->loop));
    if (list_empty(&c->conns) && !c->accept_pending)
        uv_timer_stop(t); /* an idle node does not wake up */
}

void
control_start_tick(struct control *c)
{
    uint64_t every = (c->cfg.idle_ms < c->cfg.slow_ms ? c->cfg.idle_ms : c->cfg.slow_ms) / 4;

    every = every < 5 ? 5 : every > 1000 ? 1000 : every;
    if (!uv_is_active((const uv_handle_t *)&c->tick) && !uv_is_closing((const uv_handle_t *)&c->tick))
        uv_timer_start(&c->tick, tick, every, every);
}

/* --- requests left over --- */

static void
pump_more(uv_idle_t *h)
{
    struct control *c = h->data;
    bool again = false;

    list_each_safe (it, &c->conns) {
        struct conn *conn = container_of(it, struct conn, link);

        if (!conn->more)
            continue;
        conn_pump(conn);
        conn_read_on(conn);
        again |= conn->more;
    }
    if (!again)
        uv_idle_stop(h);
}

void
control_want_more(struct control *c)
{
    if (!uv_is_closing((const uv_handle_t *)&c->more))
        uv_idle_start(&c->more, pump_more);
}

/* --- down --- */

static void
control_free(struct control *c)
{
    free((char *)c->cfg.path);
    free((struct control_allow *)c->cfg.allow);
    free(c);
}

static void
handle_closed(uv_handle_t *h)
{
    control_handle_closed(h->data);
}

void
control_handle_closed(struct control *c)
{
    void (*fn)(void *) = c->closed;
    void *arg = c->closed_arg;

    c->handles--;
    if (c->closing && list_empty(&c->conns) && !uv_is_closing((uv_handle_t *)&c->grace)) {
        uv_close((uv_handle_t *)&c->grace, handle_closed);
        uv_close((uv_handle_t *)&c->tick, handle_closed);
        uv_close((uv_handle_t *)&c->more, handle_closed);
    }
    if (c->handles > 0)
        return;
    list_each_safe (it, &c->orphans) { /* whoever ends them later finds no server */
        container_of(it, struct control_call, link)->c = NULL;
        list_del(it);
    }
    control_free(c);
    if (fn != NULL)
        fn(arg);
}

static void
cut_all(uv_timer_t *t)
{
    struct control *c = t->data;

    list_each_safe (it, &c->conns)
        conn_close(container_of(it, struct conn, link));
}

static void
say_goodbye(struct conn *conn)
{
    while (!list_empty(&conn->calls))
        call_abort(container_of(conn->calls.next, struct control_call, link), ERR_STOPPING);
    if (conn->state == CONN_OPEN)
        conn_bye(conn, ERR_STOPPING, "the node is stopping");
}

void
control_close(struct control *c, uint32_t grace_ms, void (*closed)(void *arg), void *arg)
{
    if (c == NULL) {
        if (closed != NULL)
            closed(arg);
        return;
    }
    c->closing = true;
    c->closed = closed;
    c->closed_arg = arg;
    socket_unclaim(&c->claim, c->cfg.path);
    uv_close((uv_handle_t *)&c->listener, handle_closed);
    list_each_safe (it, &c->conns)
        say_goodbye(container_of(it, struct conn, link));
    uv_timer_start(&c->grace, cut_all, grace_ms, 0);
}

/* --- up --- */

static void
connected(uv_stream_t *s, int status)
{
    struct control *c = s->data;

    /* libuv holds the connection until it is accepted, and takes no other before. */
    if (status == 0 && conn_accept(c) == -ERR_NOMEM) {
        c->accept_pending = true;
        control_start_tick(c);
    }
}

static void
set_defaults(struct control_config *cfg)
{
    cfg->clients_max = cfg->clients_max == 0 ? CLIENTS_MAX : cfg->clients_max;
    cfg->calls_max = cfg->calls_max == 0 ? CALLS_MAX : cfg->calls_max;
    cfg->idle_ms = cfg->idle_ms == 0 ? IDLE_MS : cfg->idle_ms;
    cfg->slow_ms = cfg->slow_ms == 0 ? SLOW_MS : cfg->slow_ms;
}

static struct control *
control_alloc(const struct control_config *cfg)
{
    struct control *c = calloc(1, sizeof *c);
    struct control_allow *allow = calloc(cfg->nallow + 1, sizeof *allow);
    char *path = strdup(cfg->path);

    if (c == NULL || allow == NULL || path == NULL) {
        free(c);
        free(allow);
        free(path);
        return NULL;
    }
    if (cfg->nallow > 0)
        memcpy(allow, cfg->allow, cfg->nallow * sizeof *allow);
    c->cfg = *cfg;
    c->cfg.path = path;
    c->cfg.allow = allow;
    set_defaults(&c->cfg);
    return c;
}

static int
start(struct control *c, uv_loop_t *loop)
{
    int rc;

    uv_pipe_init(loop, &c->listener, 0);
    uv_timer_init(loop, &c->tick);
    uv_timer_init(loop, &c->grace);
    uv_idle_init(loop, &c->more);
    c->listener.data = c->tick.data = c->grace.data = c->more.data = c;
    c->handles = 4;
    rc = uv_pipe_open(&c->listener, c->claim.fd);
    if (rc < 0) {
        close(c->claim.fd);
        return rc;
    }
    return uv_listen((uv_stream_t *)&c->listener, SOMAXCONN, connected);
}

int
control_open(struct control **ret_control, uv_loop_t *loop, const struct control_config *cfg,
             const struct control_backend *backend, struct log *log, struct err *err)
{
    struct control *c = control_alloc(cfg);
    int rc;

    if (c == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the control socket");
    c->loop = loop;
    c->backend = *backend;
    c->log = log;
    list_init(&c->conns);
    list_init(&c->orphans);
    rc = socket_claim(&c->claim, cfg->path, cfg->nallow > 0, err);
    if (rc < 0) {
        control_free(c);
        return rc;
    }
    rc = start(c, loop);
    if (rc < 0) {
        control_close(c, 0, NULL, NULL);
        return err_set(err, ERR_IO, "cannot listen on %s: %s", cfg->path, uv_strerror(rc));
    }
    *ret_control = c;
    return 0;
}

const char *
control_path(const struct control *c)
{
    return c->cfg.path;
}

void
control_stats(const struct control *c, struct control_stats *ret_stats)
{
    *ret_stats = c->stats;
}
