/* control.h - the control socket of a node: a Unix socket that answers the commands of commands.def.
 *
 *   actorctl == Unix socket ==> conn --> frames --> call --> backend.h
 *                                <-- progress, answer <--/
 *
 * Lives on one uv loop; all functions on its thread. The process has to ignore SIGPIPE: libuv writes to clients
 * that may be gone. Only the node's own user, root, and who is on the list
 * may talk.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H
#include "base/err.h"
#include "base/log.h"
#include "control/backend.h"
#include <uv.h>

struct control;

/* One user or group that may talk besides the node's own user and root, and how much it may do. */
struct control_allow {
    bool is_group; /* the primary group of the client counts */
    uint32_t id;
    enum control_role role;
};

struct control_config {
    const char *path; /* of the socket; see socket_path.h for the default */
    const struct control_allow *allow;
    size_t nallow;
    /* 0 means the value in parentheses. */
    uint32_t clients_max; /* clients at a time (32) */
    uint32_t calls_max;   /* commands in progress, per client (16) */
    uint32_t idle_ms;     /* a client without a command in progress is cut after this (60,000) */
    uint32_t
        slow_ms; /* so is one that leaves a frame unfinished, or its answers unread, this long (10,000) */
};

struct control_stats {
    uint64_t accepted;       /* connections */
    uint64_t denied;         /* connections refused: user not permitted */
    uint64_t full;           /* connections refused: too many */
    uint64_t cut_idle;       /* connections cut: nothing to do */
    uint64_t cut_slow;       /* connections cut: reading or writing too slowly */
    uint64_t cut_bad;        /* connections cut: not our protocol */
    uint64_t requests;       /* commands taken */
    uint64_t failed;         /* commands answered with an error */
    uint64_t progress_lost;  /* progress frames dropped because the client was slow */
    uint32_t clients, calls; /* now */
};

/* Claim the socket path and listen. cfg, the list in it and *backend are copied; loop, log and what backend
 * points to must stay. The directory is made 0700, the socket is 0600 (0711 and 0666 when somebody else is
 * allowed: then the check of the peer's user is what guards it). A socket file that nobody serves is
 * replaced. After a failure the loop may have to run once more for its handles. -ERR_EXISTS: another process
 * serves there. -ERR_DENIED: directory not safe or not ours. -ERR_RANGE: path too long. -ERR_IO. */
int control_open(struct control **ret_control, uv_loop_t *loop, const struct control_config *cfg,
                 const struct control_backend *backend, struct log *log, struct err *err);
/* Stop listening, remove the socket file, cancel all calls and answer them -ERR_STOPPING, let clients read
 * what was sent for grace_ms at most, then closed(arg) (may be NULL). The loop has to run until then; c is
 * gone when closed is called. At most once. Calls that were not ended may still be ended afterwards. NULL is allowed:
 * closed is called at once. */
void control_close(struct control *c, uint32_t grace_ms, void (*closed)(void *arg), void *arg);
/* Carry out a command in this process, without a socket: body as in a request, the answer's frame behind ret_answer. b must end the
 * call before its function returns. 0, also when the command failed: the answer says so; or err says what is wrong with body. */
int control_local(const struct control_backend *b, const struct command *cmd, const void *body, size_t n,
                  struct strbuf *ret_answer, struct err *err);
const char *control_path(const struct control *c);
void control_stats(const struct control *c, struct control_stats *ret_stats);

#endif
