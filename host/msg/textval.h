/* textval.h - fields of a message-form struct from ini and command-line text: `arg.FIELD = value`.
 *
 *   textval_begin (defaults) --> textval_set, once a field --> textval_end (required fields)
 *
 *   bool      yes no true false on off 1 0, any case      integers   decimal or 0x..., no units
 *   floats    as C writes them                            str        the text as it is
 *   opt       its value                                   list       values with commas between, trimmed
 *   nested    field by field: NAME.FIELD
 *
 * bin, ref, map and lists of nested cannot be written as text: give them in JSON. Texts are copied into the
 * arena given. One owner thread; pure. Errors name the field and what it takes.
 */
#ifndef MSG_TEXTVAL_H
#define MSG_TEXTVAL_H
#include "msg/arena.h"
#include "msg/schema.h"

struct textval_given;
struct textval {
    const struct schema *s;
    char *v;
    struct arena *mem; /* scratch use: bump only */
    struct textval_given *given;
};

/* Fill v (s->bytes; any form but state) with defaults. 0, -ERR_NOMEM. */
int textval_begin(struct textval *t, const struct schema *s, void *v, struct arena *mem);
/* 0; -ERR_NOTFOUND (no such field), -ERR_EXISTS (given twice), -ERR_SYNTAX, -ERR_RANGE, -ERR_UNSUPPORTED, -ERR_NOMEM;
 * then v is as before. */
int textval_set(struct textval *t, const char *name, size_t name_len, const char *text, size_t len,
                struct err *e);
/* 0, or -ERR_INVALID: a required field was not given (inside a nested struct: if any of its fields was). */
int textval_end(const struct textval *t, struct err *e);

#endif
