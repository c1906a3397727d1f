/* json.c - the writer: a bit per depth remembers whether a comma is due. */
#include "base/json.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 60

void
json_init(struct json *j, struct strbuf *out)
{
    *j = (struct json){.out = out};
}

/* What comes before any value or key: a comma when a sibling stands there. */
static void
lead(struct json *j)
{
    uint64_t bit = UINT64_C(1) << j->depth;

    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (j->comma & bit)
        strbuf_putc(j->out, ',');
    j->comma |= bit;
}

static void
begin(struct json *j, char c)
{
    lead(j);
    if (j->depth >= MAX_DEPTH) {
        j->out->failed = true;
        return;
    }
    strbuf_putc(j->out, c);
    j->depth++;
    j->comma &= ~(UINT64_C(1) << j->depth);
}

static void
end(struct json *j, char c)
{
    if (j->depth > 0)
        j->depth--;
    strbuf_putc(j->out, c);
}

void
json_object_begin(struct json *j)
{
    begin(j, '{');
}

void
json_object_end(struct json *j)
{
    end(j, '}');
}

void
json_array_begin(struct json *j)
{
    begin(j, '[');
}

void
json_array_end(struct json *j)
{
    end(j, ']');
}

/* Bytes of the valid UTF-8 character at s, 0 when there is none: overlong forms, surrogates and values past
 * U+10FFFF are not characters. */
static size_t
utf8_len(const unsigned char *s, size_t n)
{
    size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return len;
}

static void
escape(struct strbuf *b, unsigned char c)
{
    static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
    const char *at = memchr(from, c, sizeof from - 1);

    if (at != NULL) {
        strbuf_putc(b, '\\');
        strbuf_putc(b, to[at - from]);
    } else {
        strbuf_printf(b, "\\u%04x", c);
    }
}

static void
quoted(struct strbuf *b, const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t run = 0; /* plain characters since the last that needed care */

    strbuf_putc(b, '"');
    for (size_t i = 0; i < len;) {
        size_t k = utf8_len(s + i, len - i);

        if (k > 0 && s[i] >= 0x20 && s[i] != '"' && s[i] != '\\' && s[i] != 0x7f) {
            run += k;
            i += k;
            continue;
        }
        strbuf_add(b, s + i - run, run);
        run = 0;
        if (k == 0)
            strbuf_puts(b, "\xef\xbf\xbd");
        else
            escape(b, s[i]);
        i++;
    }
    strbuf_add(b, s + len - run, run);
    strbuf_putc(b, '"');
}

void
json_key_n(struct json *j, const char *key, size_t len)
{
    lead(j);
    quoted(j->out, key, len);
    strbuf_putc(j->out, ':');
    j->after_key = true;
}

void
json_key(struct json *j, const char *key)
{
    json_key_n(j, key, strlen(key));
}

void
json_str_n(struct json *j, const char *s, size_t len)
{
    lead(j);
    quoted(j->out, s, len);
}

void
json_str(struct json *j, const char *s)
{
    if (s == NULL)
        json_nil(j);
    else
        json_str_n(j, s, strlen(s));
}

void
json_base64(struct json *j, const void *p, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *s = p;

    lead(j);
    strbuf_putc(j->out, '"');
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t v =
            (uint32_t)s[i] << 16 | (left > 1 ? (uint32_t)s[i + 1] << 8 : 0) | (left > 2 ? s[i + 2] : 0);
        char four[4] = {digits[v >> 18], digits[v >> 12 & 63], left > 1 ? digits[v >> 6 & 63] : '=',
                        left > 2 ? digits[v & 63] : '='};

        strbuf_add(j->out, four, sizeof four);
    }
    strbuf_putc(j->out, '"');
}

void
json_u64(struct json *j, uint64_t v)
{
    lead(j);
    strbuf_printf(j->out, "%llu", (unsigned long long)v);
}

void
json_i64(struct json *j, int64_t v)
{
    lead(j);
    strbuf_printf(j->out, "%lld", (long long)v);
}

void
json_f64(struct json *j, double v)
{
    char text[32];

    if (!isfinite(v)) {
        json_nil(j);
        return;
    }
    lead(j);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (digits == 17 || memcmp(&(double){strtod(text, NULL)}, &v, sizeof v) == 0)
            break;
    }
    strbuf_puts(j->out, text);
}

void
json_bool(struct json *j, bool v)
{
    lead(j);
    strbuf_puts(j->out, v ? "true" : "false");
}

void
json_nil(struct json *j)
{
    lead(j);
    strbuf_puts(j->out, "null");
}
