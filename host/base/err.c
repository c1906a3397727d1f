/* err.c - the table of errors, and filling a report. */
#include "base/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int code;
    const char *name, *text;
} table[] = {
#define ERR(name, number, text) {number, #name, text},
#include "base/err.def"
#undef ERR
};

const char *
err_name(int code)
{
    code = abs(code);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].code == code)
            return table[i].name;
    return "UNKNOWN";
}

const char *
err_text(int code)
{
    code = abs(code);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].code == code)
            return table[i].text;
    return "unknown error";
}

/* A report is one line: a stray newline at the end would break the log and the caret display. */
static void
trim(char *s)
{
    size_t n = strlen(s);

    while (n > 0 && s[n - 1] == '\n')
        s[--n] = '\0';
}

int
err_set(struct err *e, int code, const char *fmt, ...)
{
    va_list ap;

    code = abs(code);
    if (e == NULL)
        return -code;
    e->code = code;
    e->fix[0] = '\0';
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    trim(e->text);
    return -code;
}

int
err_fix(struct err *e, const char *fmt, ...)
{
    va_list ap;

    if (e == NULL)
        return 0;
    va_start(ap, fmt);
    vsnprintf(e->fix, sizeof e->fix, fmt, ap);
    va_end(ap);
    trim(e->fix);
    return -e->code;
}

void
err_at(struct err *e, const char *fmt, ...)
{
    char was[sizeof e->text];
    size_t n;
    va_list ap;

    if (e == NULL)
        return;
    memcpy(was, e->text, sizeof was);
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    n = strlen(e->text);
    snprintf(e->text + n, sizeof e->text - n, ": %s", was);
}
