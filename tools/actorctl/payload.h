/* payload.h - JSON from the command line. Integers above 2^63 - 1 go as their text. */
#ifndef ACTORCTL_PAYLOAD_H
#define ACTORCTL_PAYLOAD_H
#include "base/err.h"
#include "base/strbuf.h"

/* JSON text, @FILE or - (standard input) to one packed msgpack value behind out. 0, -ERR_SYNTAX (with line and column),
 * -ERR_NOTFOUND, -ERR_IO, -ERR_NOMEM. */
int payload_pack(struct strbuf *out, const char *text, struct err *err);

#endif
