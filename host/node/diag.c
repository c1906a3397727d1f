/* diag.c - collecting and showing errors with their places. */
#include "node/diag.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
diags_init(struct diags *d)
{
    *d = (struct diags){.omitted = 0};
    text_init(&d->mem);
    vec_init(&d->list);
}

void
diags_fini(struct diags *d)
{
    text_fini(&d->mem);
    vec_fini(&d->list);
}

static const char *
keep(struct diags *d, const char *s)
{
    char *p = text_dup(&d->mem, s, strlen(s));

    if (p == NULL)
        d->no_memory = true;
    return p == NULL ? "" : p;
}

/* The file's name is kept once: equal pointers then mean the same file. */
static const char *
keep_file(struct diags *d, const char *file)
{
    if (file == NULL)
        return NULL;
    for (size_t i = d->list.n; i > 0; i--)
        if (d->list.v[i - 1].at.file != NULL && strcmp(d->list.v[i - 1].at.file, file) == 0)
            return d->list.v[i - 1].at.file;
    return keep(d, file);
}

int
diags_add(struct diags *d, const struct place *at, int code, const char *fmt, ...)
{
    struct diag x = {.code = abs(code), .message = "", .fix = ""};
    va_list ap;
    char *p;

    if (d->list.n == DIAGS_SHOWN_MAX) {
        d->omitted++;
        return -x.code;
    }
    va_start(ap, fmt);
    p = text_vprintf(&d->mem, fmt, ap);
    va_end(ap);
    if (p == NULL)
        d->no_memory = true;
    else
        x.message = p;
    if (at != NULL) {
        x.at = *at;
        x.at.file = keep_file(d, at->file);
        x.at.text = at->text == NULL ? NULL : keep(d, at->text);
    }
    if (vec_push(&d->list, x) < 0) {
        d->no_memory = true;
        d->omitted++;
    }
    return -x.code;
}

void
diags_fix(struct diags *d, const char *fmt, ...)
{
    va_list ap;
    char *p;

    if (d->list.n == 0 || d->omitted > 0)
        return;
    va_start(ap, fmt);
    p = text_vprintf(&d->mem, fmt, ap);
    va_end(ap);
    if (p == NULL)
        d->no_memory = true;
    else
        d->list.v[d->list.n - 1].fix = p;
}

int
diags_add_err(struct diags *d, const struct place *at, const struct err *e)
{
    diags_add(d, at, e->code, "%s", e->text);
    if (e->fix[0] != '\0')
        diags_fix(d, "%s", e->fix);
    return -abs(e->code);
}

size_t
diags_count(const struct diags *d)
{
    return d->list.n + d->omitted;
}

static bool
before(const struct diag *a, const struct diag *b)
{
    return a->at.line != b->at.line ? a->at.line < b->at.line : a->at.col < b->at.col;
}

/* Insertion keeps the order of files; there are at most DIAGS_SHOWN_MAX. */
void
diags_sort(struct diags *d)
{
    for (size_t i = 1; i < d->list.n; i++) {
        struct diag x = d->list.v[i];
        size_t j = i;

        while (j > 0 && d->list.v[j - 1].at.file == x.at.file && before(&x, &d->list.v[j - 1])) {
            d->list.v[j] = d->list.v[j - 1];
            j--;
        }
        d->list.v[j] = x;
    }
}

/* Messages quote what stands in files: a terminal must not obey it. Tabs become spaces, so that carets fit.
 */
static void
put_safe(struct strbuf *out, const char *s)
{
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;

        if (c == '\t')
            strbuf_putc(out, ' ');
        else if (c < 0x20 || c == 0x7f)
            strbuf_putc(out, '?');
        else
            strbuf_putc(out, (char)c);
    }
}

static void
put_line(struct strbuf *out, const struct place *at, bool color)
{
    int gutter = snprintf(NULL, 0, "%5u", at->line);

    strbuf_printf(out, "%5u | ", at->line);
    put_safe(out, at->text);
    strbuf_putc(out, '\n');
    if (at->col == 0)
        return;
    strbuf_printf(out, "%*s | ", gutter, "");
    for (uint32_t i = 1; i < at->col; i++)
        strbuf_putc(out, ' ');
    strbuf_puts(out, color ? "\033[1;32m^" : "^");
    for (uint32_t i = 1; i < at->width; i++)
        strbuf_putc(out, '~');
    strbuf_puts(out, color ? "\033[0m\n" : "\n");
}

void
diags_print(const struct diags *d, struct strbuf *out, bool color)
{
    size_t n = diags_count(d);

    vec_each (x, &d->list) {
        if (color)
            strbuf_puts(out, "\033[1m");
        if (x->at.file != NULL) {
            put_safe(out, x->at.file);
            if (x->at.line > 0)
                strbuf_printf(out, ":%u", x->at.line);
            if (x->at.line > 0 && x->at.col > 0)
                strbuf_printf(out, ":%u", x->at.col);
            strbuf_puts(out, ": ");
        }
        strbuf_puts(out, color ? "\033[31merror:\033[0m " : "error: ");
        put_safe(out, x->message);
        strbuf_putc(out, '\n');
        if (x->at.text != NULL && x->at.line > 0)
            put_line(out, &x->at, color);
        if (x->fix[0] != '\0') {
            strbuf_puts(out, color ? "  \033[36mfix:\033[0m " : "  fix: ");
            put_safe(out, x->fix);
            strbuf_putc(out, '\n');
        }
    }
    if (n > 0)
        strbuf_printf(out, "%zu error%s", n, n == 1 ? "" : "s");
    if (d->omitted > 0)
        strbuf_printf(out, ", the first %zu shown", d->list.n);
    if (d->no_memory)
        strbuf_puts(out, ", some texts lost: out of memory");
    if (n > 0)
        strbuf_putc(out, '\n');
}

void
diags_json(const struct diags *d, struct json *out)
{
    json_array_begin(out);
    vec_each (x, &d->list) {
        json_object_begin(out);
        json_key(out, "file");
        json_str(out, x->at.file);
        json_key(out, "line");
        json_u64(out, x->at.line);
        json_key(out, "column");
        json_u64(out, x->at.col);
        json_key(out, "error");
        json_str(out, err_name(x->code));
        json_key(out, "message");
        json_str(out, x->message);
        json_key(out, "fix");
        json_str(out, x->fix);
        json_object_end(out);
    }
    json_array_end(out);
}
