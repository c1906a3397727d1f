/* strbuf.c - grows by doubling; cap counts the terminating NUL. */
#include "base/strbuf.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
strbuf_init(struct strbuf *b)
{
    *b = (struct strbuf){0};
}

void
strbuf_fini(struct strbuf *b)
{
    free(b->p);
    strbuf_init(b);
}

void
strbuf_reset(struct strbuf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->p != NULL)
        b->p[0] = '\0';
}

static bool
room(struct strbuf *b, size_t more)
{
    size_t cap = b->cap == 0 ? 64 : b->cap;
    char *p;

    if (b->failed)
        return false;
    if (more < b->cap - b->len) /* cap - len is at least 1 once there is memory, 0 before */
        return true;
    if (more >= SIZE_MAX / 4 - b->len) {
        b->failed = true;
        return false;
    }
    while (cap - b->len <= more)
        cap *= 2;
    p = realloc(b->p, cap);
    if (p == NULL) {
        b->failed = true;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

void
strbuf_add(struct strbuf *b, const void *p, size_t len)
{
    if (!room(b, len))
        return;
    if (len > 0)
        memcpy(b->p + b->len, p, len);
    b->len += len;
    b->p[b->len] = '\0';
}

void
strbuf_puts(struct strbuf *b, const char *s)
{
    strbuf_add(b, s, strlen(s));
}

void
strbuf_putc(struct strbuf *b, char c)
{
    strbuf_add(b, &c, 1);
}

void
strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0) {
        b->failed = true;
        return;
    }
    if (!room(b, (size_t)n))
        return;
    vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
    b->len += (size_t)n;
}

void
strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    strbuf_vprintf(b, fmt, ap);
    va_end(ap);
}

const char *
strbuf_str(const struct strbuf *b)
{
    return b->p == NULL ? "" : b->p;
}
