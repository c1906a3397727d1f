/* client.h - the other end of a control socket: connect, request, answers as they come.
 *
 *   client_open --> client_request --> client_next ... PROGRESS ... ANSWER --> client_close
 *
 * One owner thread; calls block for at most their timeout. Several requests may be in progress: match answers
 * by id. No threads, no event loop: client_fd lets a caller wait in its own.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H
#include "base/err.h"
#include "wire/frame.h"
#include <stdint.h>

struct client;
#define CLIENT_FOREVER UINT32_MAX /* as a timeout */

/* 0; -ERR_NOTFOUND (no such socket), -ERR_CLOSED (nobody serves it), -ERR_DENIED (its mode forbids),
 * -ERR_RANGE (path too long), -ERR_TIMEOUT, -ERR_IO, -ERR_NOMEM; err says which socket. */
int client_open(struct client **ret_client, const char *path, uint32_t timeout_ms, struct err *err);
void
client_close(struct client *c); /* NULL is allowed; what is in progress goes on or is canceled by the node */

/* Send a request; body is a packed map or nothing (n = 0). 0, -ERR_LIMIT (body too long), -ERR_TIMEOUT (the
 * node does not read: the connection is unusable afterwards), -ERR_CLOSED. */
int client_request(struct client *c, uint32_t command, const void *body, size_t n, uint32_t timeout_ms,
                   uint32_t *ret_id, struct err *err);
/* End a request early; its answer still comes. Errors as above. */
int client_cancel(struct client *c, uint32_t id, struct err *err);
/* The next ANSWER or PROGRESS frame; its body is valid until the next call. 0; -ERR_TIMEOUT: none came, ask
 * again; -ERR_CLOSED: the node closed the connection; when it said why, that is the code and the text
 * (DENIED, BUSY, STOPPING ...); -ERR_CANCELED: a signal arrived; -ERR_MALFORMED, -ERR_UNSUPPORTED,
 * -ERR_LIMIT: not our protocol. */
int client_next(struct client *c, uint32_t timeout_ms, struct frame *ret_frame, struct err *err);
int client_fd(const struct client *c);

#endif
