/* value.h - from the text of a value to its canonical text, and from that to the field of its struct.
 *
 * The canonical text is what dumps show, what reloads compare, and what reads back as the same value. One
 * owner thread. */
#ifndef NODE_VALUE_H
#define NODE_VALUE_H
#include "node/keys.h"

/* The part of a value that is wrong, in bytes of it. */
struct value_part {
    size_t from, len;
};

/* Check raw against the key. dir: absolute, relative paths start there. Lists: items joined with ", "; "" =
 * none. *ret lives in mem. Returns 0, -ERR_NOMEM, or an error with text and fix in e, and the part that is
 * wrong in *ret_part (len 0: all of it). */
int value_check(const struct key *k, const char *raw, const char *dir, struct text *mem, const char **ret,
                struct value_part *ret_part, struct err *e);

/* Put a checked canonical text into its field of the struct keys_... at `keys`. NULL = not set: no text, no
 * items, 0. Returns 0, -ERR_NOMEM. */
int value_fill(const struct key *k, const char *canonical, struct text *mem, void *keys);

/* The next item of a canonical list: *pos starts at it and ends at NULL. Returns its length. */
const char *value_item(const char **pos, size_t *ret_len);

/* Names of nodes, sections and actors: a letter or digit, then those or _ - . ; at most `most` bytes. */
int value_name_check(const char *s, size_t most, struct err *e);

#endif
