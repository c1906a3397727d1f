/* socket.h - claiming a socket path, and who is at the other end. Any thread; claim blocks for the file
 * system only. */
#ifndef CONTROL_SOCKET_H
#define CONTROL_SOCKET_H
#include "base/err.h"
#include "control/backend.h"
#include <sys/types.h>
#include <time.h>

struct socket_claim {
    int fd; /* bound and listening; close-on-exec; the caller's */
    dev_t dev;
    ino_t ino;
    struct timespec made; /* numbers of removed files are used again */
};
/* Bind a Unix stream socket at path. shared: others than its owner may connect (the caller checks who they
 * are). Two processes that claim the same path at once: one wins, the other gets -ERR_EXISTS. Errors as
 * control_open. */
int socket_claim(struct socket_claim *ret_claim, const char *path, bool shared, struct err *err);
/* Remove the file if it still is the one that was bound. Does not close fd. */
void socket_unclaim(const struct socket_claim *claim, const char *path);
/* Credentials of the process that connected. role is left ROLE_NONE. 0 or -ERR_IO. */
int socket_peer(int fd, struct control_peer *ret_peer);

#endif
