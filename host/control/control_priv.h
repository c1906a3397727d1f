/* control_priv.h - server, connections and calls, as they know each other. All on the loop's thread.
 *
 *   control 1 --- n conn 1 --- n call          a call without a conn: its client left, the backend has not
 * ended it yet
 *
 * conn:   OPEN --> DRAINING (reads no more, closes when all is written) --> CLOSING --> freed
 *           \___________________________________________________________/^
 */
#ifndef CONTROL_CONTROL_PRIV_H
#define CONTROL_CONTROL_PRIV_H
#include "base/list.h"
#include "control/control.h"
#include "control/socket.h"
#include "wire/frame.h"

enum {
    READ_BYTES = 64 << 10,
    QUEUE_HIGH_BYTES = 1 << 20, /* unread answers: stop reading requests, drop progress */
    QUEUE_LOW_BYTES = 256 << 10,
    QUEUE_MAX_BYTES = 8 << 20, /* unread answers: further ones become errors */
    PUMP_MAX = 16,             /* requests of one client in one go */
    ROW_LISTS_MAX = 8,
    NAMES_TRIED_MAX = 10000,
};

struct control {
    uv_loop_t *loop;
    struct control_config cfg; /* path and allow point to copies */
    struct control_backend backend;
    struct log *log;
    struct socket_claim claim;
    uv_pipe_t listener;
    uv_timer_t tick, grace;
    uv_idle_t more;    /* runs while a conn has requests left over from its last pump */
    struct list conns; /* struct conn.link */
    struct list orphans;
    unsigned handles; /* uv handles that still have to be closed */
    bool closing;
    bool accept_pending; /* there was no memory for a client: the tick tries again */
    void (*closed)(void *arg);
    void *closed_arg;
    uint64_t logged_ms; /* when a refused client was last logged */
    struct control_stats stats;
    char buf[READ_BYTES]; /* the frame reader copies, so one is enough */
};

enum conn_state { CONN_OPEN, CONN_DRAINING, CONN_CLOSING };
struct conn {
    struct list link;
    struct control *c;
    uv_pipe_t pipe;
    enum conn_state state;
    struct control_peer peer;
    struct frame_reader reader;
    struct list calls; /* struct control_call.link */
    unsigned ncalls;
    bool paused;                /* its answers pile up */
    bool more;                  /* complete requests may wait in the reader */
    size_t queued;              /* bytes at the last tick */
    uint64_t read_ms, wrote_ms; /* when something moved last */
};

struct rows {
    const char *key;
    size_t n;
    struct strbuf packed;
};
struct control_call {
    struct list link; /* in conn.calls or control.orphans */
    struct control *c;
    struct conn *conn;    /* NULL: the client left, or there is none: */
    struct strbuf *local; /* where a command without a socket leaves its answer; else NULL */
    uint32_t id;
    struct control_peer peer;
    struct request request;
    bool canceled, partial;
    void (*on_cancel)(void *arg);
    void *on_cancel_arg;
    size_t nfields;
    struct strbuf fields; /* packed pairs of the result itself */
    struct rows rows[ROW_LISTS_MAX];
    size_t nrows;
    uint64_t lost, lost_total; /* progress frames dropped: since the last that went out, and ever */
    bool failed;               /* something of the answer did not fit into memory */
};

/* conn.c */
/* The listener has a client. 0; -ERR_IO (it is gone again); -ERR_NOMEM (nothing happened: call again). */
int conn_accept(struct control *c);
void conn_read_on(struct conn *conn); /* after a pause or a pump */
/* Queue the bytes of whole frames; takes them (out is empty afterwards). Ignored when the conn is not
 * writable any more. */
void conn_send(struct conn *conn, struct strbuf *out);
void conn_bye(struct conn *conn, int code, const char *text); /* say why, then drain */
void conn_drain(struct conn *conn);
void conn_close(struct conn *conn);
void conn_tick(struct conn *conn, uint64_t now_ms);
void conn_pump(struct conn *conn); /* handle requests that wait */
bool conn_writable(const struct conn *conn);
size_t conn_queued(const struct conn *conn); /* bytes written and not taken by the system yet */

/* server.c */
void control_handle_closed(struct control *c);
void control_want_more(struct control *c);
void control_start_tick(struct control *c);

/* call.c */
void call_begin(struct conn *conn,
                const struct frame *f); /* decode, check, dispatch; answers errors itself */
void call_cancel(struct control_call *call);
void call_detach(struct control_call *call); /* the client left: cancel and make it an orphan */
/* Answer now with a failure and detach: for a server that stops. */
void call_abort(struct control_call *call, int code);
struct control_call *call_find(struct conn *conn, uint32_t id);

#endif
