/* notify.h - tells the service manager how the node is doing: the datagrams of sd_notify(3), without its
 * library.
 *
 * $NOTIFY_SOCKET unset: every call does nothing and succeeds. Any thread; never blocks: a full socket loses
 * the datagram.
 */
#ifndef NODE_NOTIFY_H
#define NODE_NOTIFY_H
#include "base/err.h"
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
    int fd; /* -1: nobody listens */
    struct sockaddr_un to;
    socklen_t to_len;
};
/* socket: "/path", "@abstract", NULL or "". -ERR_UNSUPPORTED for other kinds, -ERR_RANGE when too long,
 * -ERR_IO: n then does nothing, and the node may go on without. */
int notify_open(struct notify *n, const char *socket, struct err *e);
void notify_close(struct notify *n);

/* 0, or -ERR_IO when it could not be sent. */
int notify_ready(const struct notify *n, const char *status);
/* mono_ns: CLOCK_MONOTONIC now. notify_ready() ends the reload. */
int notify_reloading(const struct notify *n, uint64_t mono_ns);
int notify_stopping(const struct notify *n, const char *status);
int notify_status(const struct notify *n, const char *status);
/* More time for a stop (or start) that takes long. */
int notify_extend(const struct notify *n, uint64_t more_ns);
int notify_watchdog(const struct notify *n);

/* How often notify_watchdog() is due: half of $WATCHDOG_USEC; 0 = never. pid_text: $WATCHDOG_PID, NULL = any.
 */
uint64_t notify_watchdog_ns(const char *usec_text, const char *pid_text, int64_t pid);

#endif
