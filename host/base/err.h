/* err.h - error numbers, and the report that travels with one.
 *
 * A function returns 0 or -ERR_name. Where a person will read the outcome it also fills a `struct err`: what failed and
 * where (text), and what to do about it (fix). Code that returns an error does not log it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

enum err_code {
#define ERR(name, number, text) ERR_##name = number,
#include "base/err.def"
#undef ERR
};

struct err {
    int code;       /* ERR_*, positive; 0 = nothing happened */
    char text[512]; /* what failed, with the place; never ends in a newline */
    char fix[256];  /* what to do; may be empty */
};

/* Any thread, never blocks, never allocates. code may carry either sign; unknown codes give "unknown error". */
const char *err_name(int code); /* "NOMEM" */
const char *err_text(int code); /* "out of memory" */

/* Fill e (NULL is allowed) and return -code, so that `return err_set(e, ERR_IO, ...)` works. Clears the fix. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Add the advice to an e that was set; returns -e->code (0 when e is NULL). */
int err_fix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Put "prefix: " before the text that is there. */
void err_at(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
