/* text.c - chunks of 4 KiB, larger ones for larger texts. */
#include "node/text.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 4096

struct text_chunk {
    struct text_chunk *next;
    size_t bytes;
    _Alignas(8) char at[];
};

void
text_init(struct text *t)
{
    t->first = NULL;
    t->used = 0;
}

void
text_fini(struct text *t)
{
    struct text_chunk *next;

    for (struct text_chunk *c = t->first; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    text_init(t);
}

void *
text_alloc(struct text *t, size_t bytes)
{
    size_t want = (bytes + 7) & ~(size_t)7;
    struct text_chunk *c = t->first;
    void *p;

    if (want < bytes || want > SIZE_MAX / 2)
        return NULL;
    if (c == NULL || c->bytes - t->used < want) {
        size_t size = want > CHUNK_BYTES ? want : CHUNK_BYTES;

        c = malloc(sizeof *c + size);
        if (c == NULL)
            return NULL;
        c->next = t->first;
        c->bytes = size;
        t->first = c;
        t->used = 0;
    }
    p = c->at + t->used;
    t->used += want;
    return p;
}

char *
text_dup(struct text *t, const char *s, size_t len)
{
    char *p = text_alloc(t, len + 1);

    if (p == NULL)
        return NULL;
    if (len > 0)
        memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

char *
text_vprintf(struct text *t, const char *fmt, va_list ap)
{
    va_list again;
    char *p;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0)
        return NULL;
    p = text_alloc(t, (size_t)n + 1);
    if (p != NULL)
        vsnprintf(p, (size_t)n + 1, fmt, ap);
    return p;
}

char *
text_printf(struct text *t, const char *fmt, ...)
{
    va_list ap;
    char *p;

    va_start(ap, fmt);
    p = text_vprintf(t, fmt, ap);
    va_end(ap);
    return p;
}

/* Bytes of the character at s, 0 when it is not UTF-8. */
static size_t
utf8_step(const unsigned char *s, size_t len)
{
    uint32_t c;
    size_t n;

    if (s[0] < 0x80)
        return 1;
    n = s[0] >= 0xf0 && s[0] < 0xf5   ? 4
        : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
        : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                                      : 0;
    if (n == 0 || n > len)
        return 0;
    c = s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    return n;
}

size_t
utf8_bad(const char *s, size_t len)
{
    size_t at = 0, n;

    while (at < len) {
        n = utf8_step((const unsigned char *)s + at, len - at);
        if (n == 0)
            break;
        at += n;
    }
    return at;
}

size_t
utf8_chars(const char *s, size_t len)
{
    size_t at = 0, chars = 0, n;

    while (at < len) {
        n = utf8_step((const unsigned char *)s + at, len - at);
        at += n == 0 ? 1 : n;
        chars++;
    }
    return chars;
}
