/* text.h - memory for many short texts that die together, and UTF-8.
 * One owner thread. Nothing is freed before text_fini(). */
#ifndef NODE_TEXT_H
#define NODE_TEXT_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct text_chunk;
struct text {
    struct text_chunk *first;
    size_t used;
};
void text_init(struct text *t);
void text_fini(struct text *t);
/* 8 B aligned, not cleared; NULL: no memory. */
void *text_alloc(struct text *t, size_t bytes);
/* NUL-terminated copies; NULL: no memory. */
char *text_dup(struct text *t, const char *s, size_t len);
char *text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *text_vprintf(struct text *t, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* Offset of the first byte that is not UTF-8 (overlong forms and surrogates are not), or len. */
size_t utf8_bad(const char *s, size_t len);
/* Characters in valid UTF-8; a wrong byte counts as one. */
size_t utf8_chars(const char *s, size_t len);

#endif
