/* socket_path.h - where control sockets are: $XDG_RUNTIME_DIR/actord/NODE.sock, or /run/actord/NODE.sock. Any
 * thread. */
#ifndef CONTROL_SOCKET_PATH_H
#define CONTROL_SOCKET_PATH_H
#include "base/err.h"
#include "base/strbuf.h"

/* Where a node of that name listens unless its ini says otherwise. runtime_dir: the value of XDG_RUNTIME_DIR;
 * NULL or not absolute: /run. 0, -ERR_NOMEM, -ERR_INVALID (a name with '/' or a leading '.', or empty). */
int socket_path_default(struct strbuf *out, const char *runtime_dir, const char *node, struct err *err);
/* The socket of a node (node may be NULL: the only one there is) as a client finds it: runtime_dir first,
 * then /run. 0; -ERR_NOTFOUND: none; -ERR_INVALID: several, and err names them; -ERR_NOMEM. Does not connect.
 */
int socket_path_find(struct strbuf *out, const char *runtime_dir, const char *node, struct err *err);

#endif
