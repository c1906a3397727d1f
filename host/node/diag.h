/* diag.h - everything that is wrong with a configuration, each with its place.
 *
 *   node.ini:7:1: error: unknown key "treads" in [scheduler]
 *       7 | treads = 4
 *         | ^~~~~~
 *     fix: did you mean "threads"?
 *
 * Reading goes on after an error, so that one pass shows all of them. One owner thread. All texts are copied.
 */
#ifndef NODE_DIAG_H
#define NODE_DIAG_H
#include "base/err.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "node/text.h"

enum { DIAGS_SHOWN_MAX = 100 }; /* a file that is no ini at all must not flood the terminal */

struct place {
    const char *file;   /* NULL: no file is concerned */
    uint32_t line, col; /* from 1, col in characters; 0 = the whole file, the whole line */
    uint32_t width;     /* characters to underline; 0 counts as 1 */
    const char *text;   /* the line itself; NULL: not shown */
};

struct diag {
    struct place at;
    int code;                  /* ERR_* */
    const char *message, *fix; /* fix may be "" */
};

struct diags {
    struct text mem;
    VEC(struct diag) list;
    size_t omitted; /* errors beyond DIAGS_SHOWN_MAX */
    bool no_memory; /* some could not be kept */
};
void diags_init(struct diags *d);
void diags_fini(struct diags *d);
/* An error. at may be NULL. Returns -code. */
int diags_add(struct diags *d, const struct place *at, int code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* What to do about the error added last; does nothing when that one was omitted. */
void diags_fix(struct diags *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* From the report of another module: text and fix. */
int diags_add_err(struct diags *d, const struct place *at, const struct err *e);
/* Errors found, the omitted too. */
size_t diags_count(const struct diags *d);
/* Sorted by file in order of reading, then line and column. */
void diags_sort(struct diags *d);

/* As above, one after the other, and a last line with their number. color: with ANSI codes. */
void diags_print(const struct diags *d, struct strbuf *out, bool color);
/* An array of {"file", "line", "column", "error", "message", "fix"}. */
void diags_json(const struct diags *d, struct json *out);

#endif
