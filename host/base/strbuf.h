/* strbuf.h - a string that grows. One owner thread. After an allocation failure it stays valid, `failed` is set and
 * further appends do nothing: check once at the end. */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
    char *p; /* always NUL-terminated once anything was appended; NULL before */
    size_t len, cap;
    bool failed;
};
void strbuf_init(struct strbuf *b);
void strbuf_fini(struct strbuf *b); /* frees; usable again after init */
void strbuf_reset(struct strbuf *b);
void strbuf_add(struct strbuf *b, const void *p, size_t len);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
const char *strbuf_str(const struct strbuf *b); /* never NULL */

#endif
