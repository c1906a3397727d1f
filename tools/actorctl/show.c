/* show.c - answers for people: fields one a line, lists as tables. On a terminal columns are aligned, units are readable
 * and few columns are shown; into a pipe go all columns, separated by tabs, as they came. */
#include "base/util.h"
#include "base/vec.h"
#include "control/views.h"
#include "ctl.h"
#include <stdlib.h>
#include <string.h>

#define BOLD  "\033[1m"
#define DIM   "\033[2m"
#define PLAIN "\033[0m"

enum { COLUMNS_MAX = 32 };

/* What a terminal shows of wide rows; the rest is in --json. */
static const struct {
    const char *view, *fields;
} narrow[] = {
    {"plugin", "name version state actors behaviours pure age_ms"},
    {"field", "type name kind required dflt was"},
    {"actor_row", "path ref behaviour version state queued turns failures restarts"},
    {"record", "worker time_ns event actor turn n message code"},
    {"counter", "name value unit help"},
};

static bool
word_in(const char *words, const char *word)
{
    size_t n = strlen(word);

    for (const char *s = words; s != NULL && *s != '\0';) {
        size_t k = strcspn(s, " ");

        if (k == n && strncmp(s, word, n) == 0)
            return true;
        s += k + (s[k] == ' ');
    }
    return false;
}

static bool
ends(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);

    return n > k && strcmp(s + n - k, end) == 0;
}

/* --- values --- */

static void
duration(struct strbuf *out, uint64_t ms)
{
    uint64_t s = ms / 1000;

    if (ms < 1000)
        strbuf_printf(out, "%llums", (unsigned long long)ms);
    else if (s < 60)
        strbuf_printf(out, "%llu.%llus", (unsigned long long)s, (unsigned long long)(ms % 1000 / 100));
    else if (s < 3600)
        strbuf_printf(out, "%llum%02llus", (unsigned long long)(s / 60), (unsigned long long)(s % 60));
    else if (s < 86400)
        strbuf_printf(out, "%lluh%02llum", (unsigned long long)(s / 3600), (unsigned long long)(s / 60 % 60));
    else
        strbuf_printf(out, "%llud%02lluh", (unsigned long long)(s / 86400),
                      (unsigned long long)(s / 3600 % 24));
}

static void
bytes(struct strbuf *out, uint64_t n)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double v = (double)n;
    int unit = -1;

    while (v >= 1024 && unit < 3) {
        v /= 1024;
        unit++;
    }
    if (unit < 0)
        strbuf_printf(out, "%llu B", (unsigned long long)n);
    else
        strbuf_printf(out, "%.1f %s", v, units[unit]);
}

/* name: of the field; it says the unit. */
static void
value(struct strbuf *out, const char *name, const msgpack_object *o, bool terminal)
{
    if (o == NULL) {
        strbuf_putc(out, '-');
    } else if (!terminal || o->type != MSGPACK_OBJECT_POSITIVE_INTEGER) {
        if (terminal && o->type == MSGPACK_OBJECT_STR && ends(name, "sha256"))
            strbuf_printf(out, "%.*s", o->via.str.size > 12 ? 12 : (int)o->via.str.size, o->via.str.ptr);
        else
            object_text(out, o);
    } else if (ends(name, "_ms")) {
        duration(out, o->via.u64);
    } else if (ends(name, "_us") && o->via.u64 >= 1000) {
        strbuf_printf(out, "%.1fms", (double)o->via.u64 / 1000);
    } else if (strcmp(name, "bytes") == 0 || ends(name, "_bytes")) {
        bytes(out, o->via.u64);
    } else {
        object_text(out, o);
        if (ends(name, "_us"))
            strbuf_puts(out, "us");
    }
}

/* The unit stands in the value then. */
static void
heading(struct strbuf *out, const char *name, bool terminal)
{
    size_t n = strlen(name);

    if (terminal && (ends(name, "_ms") || ends(name, "_us")))
        n -= 3;
    else if (terminal && ends(name, "_bytes"))
        n -= 6;
    for (size_t i = 0; i < n; i++)
        strbuf_putc(out, terminal && name[i] == '_' ? ' ' : name[i]);
}

/* Characters, not bytes: continuation bytes of UTF-8 take no room. */
static size_t
width(const char *s)
{
    size_t n = 0;

    for (; *s != '\0'; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static void
pad(FILE *f, size_t n)
{
    fprintf(f, "%*s", (int)n, "");
}

/* --- tables --- */

struct table {
    const char *columns[COLUMNS_MAX];
    size_t ncolumns, widths[COLUMNS_MAX];
    VEC(char *) cells; /* ncolumns a row */
};

static const struct view *
view_of_key(const struct command *cmd, const msgpack_object *key)
{
    for (size_t i = 0; i < cmd->ngives; i++) {
        const struct view *v = view_by_name(cmd->gives[i]);

        if (v != NULL && v->key[0] != '\0' && object_is_str(key, v->key))
            return v;
    }
    return NULL;
}

static bool
all_nil(const msgpack_object *rows, const char *name)
{
    for (uint32_t i = 0; i < rows->via.array.size; i++) {
        const msgpack_object *o = object_get(&rows->via.array.ptr[i], name);

        if (o != NULL && o->type != MSGPACK_OBJECT_NIL)
            return false;
    }
    return true;
}

static void
choose_columns(struct table *t, const struct view *v, const msgpack_object *rows, bool terminal)
{
    const char *few = NULL;

    for (size_t i = 0; i < ARRAY_LEN(narrow); i++)
        if (strcmp(narrow[i].view, v->name) == 0)
            few = narrow[i].fields;
    for (size_t i = 0; i < v->nfields && t->ncolumns < COLUMNS_MAX; i++) {
        const char *name = v->fields[i].name;

        if (terminal && ((few != NULL && !word_in(few, name)) || all_nil(rows, name)))
            continue;
        t->columns[t->ncolumns++] = name;
    }
}

static void
add_cell(struct table *t, size_t column, const struct strbuf *text)
{
    size_t w = width(strbuf_str(text));
    char *copy = strdup(strbuf_str(text));

    if (copy == NULL || vec_push(&t->cells, copy) < 0)
        abort(); /* a tool without memory for a word has nothing left to say */
    if (w > t->widths[column])
        t->widths[column] = w;
}

static void
print_table(const struct table *t, const struct options *opt, FILE *f, bool terminal)
{
    for (size_t i = 0; i < t->cells.n; i++) {
        size_t column = i % t->ncolumns;
        bool head = i < t->ncolumns && !opt->no_headers, last = column + 1 == t->ncolumns;

        if (head && opt->color)
            fputs(BOLD, f);
        fputs(t->cells.v[i], f);
        if (head && opt->color)
            fputs(PLAIN, f);
        if (last)
            fputc('\n', f);
        else if (terminal)
            pad(f, t->widths[column] - width(t->cells.v[i]) + 2);
        else
            fputc('\t', f);
    }
}

static void
show_table(const struct call *call, const struct view *v, const msgpack_object *rows, FILE *f)
{
    bool terminal = call->opt.terminal;
    struct table t = {.ncolumns = 0};
    struct strbuf text;

    vec_init(&t.cells);
    strbuf_init(&text);
    choose_columns(&t, v, rows, terminal);
    for (size_t c = 0; c < t.ncolumns && !call->opt.no_headers; c++) {
        strbuf_reset(&text);
        heading(&text, t.columns[c], terminal);
        add_cell(&t, c, &text);
    }
    for (uint32_t i = 0; i < rows->via.array.size; i++)
        for (size_t c = 0; c < t.ncolumns; c++) {
            strbuf_reset(&text);
            value(&text, t.columns[c], object_get(&rows->via.array.ptr[i], t.columns[c]), terminal);
            add_cell(&t, c, &text);
        }
    if (t.ncolumns > 0)
        print_table(&t, &call->opt, f, terminal);
    vec_each (cell, &t.cells)
        free(*cell);
    vec_fini(&t.cells);
    strbuf_fini(&text);
}

/* --- lists with a shape of their own --- */

static const char *
text_of(const msgpack_object *row, const char *name, struct strbuf *buf)
{
    const msgpack_object *o = object_get(row, name);

    strbuf_reset(buf);
    if (o != NULL && o->type != MSGPACK_OBJECT_NIL)
        object_text(buf, o);
    return strbuf_str(buf);
}

/* Is there a later row of the same depth under the same parent? */
static bool
has_sibling(const msgpack_object *rows, uint32_t at, uint64_t depth)
{
    for (uint32_t i = at + 1; i < rows->via.array.size; i++) {
        uint64_t d = object_u64(object_get(&rows->via.array.ptr[i], "depth"), 0);

        if (d <= depth)
            return d == depth;
    }
    return false;
}

static void
show_tree(const struct call *call, const msgpack_object *rows, FILE *f)
{
    bool open[66] = {false}; /* is the branch of that depth still going on? */
    struct strbuf b;

    strbuf_init(&b);
    for (uint32_t i = 0; i < rows->via.array.size; i++) {
        const msgpack_object *row = &rows->via.array.ptr[i];
        uint64_t depth = object_u64(object_get(row, "depth"), 0);

        depth = depth > 64 ? 64 : depth;
        open[depth] = has_sibling(rows, i, depth);
        for (uint64_t d = 1; d < depth; d++)
            fputs(!call->opt.terminal ? "  " : open[d] ? "│  " : "   ", f);
        if (depth > 0)
            fputs(!call->opt.terminal ? "  " : open[depth] ? "├─ " : "└─ ", f);
        fputs(text_of(row, depth == 0 ? "path" : "name", &b), f);
        if (call->opt.color)
            fputs(DIM, f);
        if (text_of(row, "behaviour", &b)[0] != '\0')
            fprintf(f, "  %s", strbuf_str(&b));
        if (text_of(row, "version", &b)[0] != '\0')
            fprintf(f, " %s", strbuf_str(&b));
        if (text_of(row, "state", &b)[0] != '\0')
            fprintf(f, " %s", strbuf_str(&b));
        if (object_u64(object_get(row, "queued"), 0) > 0)
            fprintf(f, " queued=%s", text_of(row, "queued", &b));
        if (call->opt.color)
            fputs(PLAIN, f);
        fputc('\n', f);
    }
    strbuf_fini(&b);
}

void
show_log_line(const struct call *call, const msgpack_object *line, FILE *f)
{
    struct strbuf b;
    struct json j;

    strbuf_init(&b);
    if (call->opt.json) {
        json_init(&j, &b);
        object_json(&j, line);
        fprintf(f, "%s\n", strbuf_str(&b));
    } else {
        fputs(text_of(line, "time", &b), f);
        fprintf(f, " %-5s", text_of(line, "level", &b));
        if (text_of(line, "source", &b)[0] != '\0')
            fprintf(f, " %s:", strbuf_str(&b));
        fprintf(f, " %s\n", text_of(line, "text", &b));
    }
    fflush(f); /* whoever follows wants each line now */
    strbuf_fini(&b);
}

/* --- the result --- */

static void
show_field(const struct call *call, const char *name, const msgpack_object *o, size_t wide, FILE *f)
{
    bool terminal = call->opt.terminal;
    struct strbuf b;

    strbuf_init(&b);
    heading(&b, name, terminal);
    if (call->opt.color)
        fprintf(f, BOLD "%s" PLAIN, strbuf_str(&b));
    else
        fputs(strbuf_str(&b), f);
    if (terminal)
        pad(f, wide - width(strbuf_str(&b)) + 2);
    else
        fputc('\t', f);
    strbuf_reset(&b);
    value(&b, name, o, terminal);
    fprintf(f, "%s\n", strbuf_str(&b));
    strbuf_fini(&b);
}

static void
show_fields(const struct call *call, const msgpack_object *result, FILE *f)
{
    struct strbuf name;
    size_t wide = 0;

    strbuf_init(&name);
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < result->via.map.size; i++) {
            const msgpack_object_kv *kv = &result->via.map.ptr[i];

            /* Views do not hold lists, so an array is a list of rows; a value field of the node's schema is a map. */
            if (kv->val.type == MSGPACK_OBJECT_NIL || view_of_key(call->cmd, &kv->key) != NULL)
                continue;
            strbuf_reset(&name);
            object_text(&name, &kv->key);
            if (pass == 1)
                show_field(call, strbuf_str(&name), &kv->val, wide, f);
            else if (name.len > wide)
                wide = name.len;
        }
    strbuf_fini(&name);
}

static void
show_lists(const struct call *call, const msgpack_object *result, FILE *f)
{
    unsigned lists = 0;

    for (uint32_t i = 0; i < result->via.map.size; i++)
        lists += result->via.map.ptr[i].val.type == MSGPACK_OBJECT_ARRAY;
    for (uint32_t i = 0; i < result->via.map.size; i++) {
        const msgpack_object_kv *kv = &result->via.map.ptr[i];
        const struct view *v = view_of_key(call->cmd, &kv->key);

        if (v == NULL || kv->val.type != MSGPACK_OBJECT_ARRAY)
            continue;
        if (kv->val.via.array.size == 0 && (lists > 1 || !call->opt.terminal))
            continue;
        if (lists > 1)
            fprintf(f, "\n%.*s:\n", (int)kv->key.via.str.size, kv->key.via.str.ptr);
        if (kv->val.via.array.size == 0)
            fprintf(f, "no %s\n", v->key);
        else if (strcmp(v->name, "tree_row") == 0)
            show_tree(call, &kv->val, f);
        else if (strcmp(v->name, "log_line") == 0)
            for (uint32_t k = 0; k < kv->val.via.array.size; k++)
                show_log_line(call, &kv->val.via.array.ptr[k], f);
        else
            show_table(call, v, &kv->val, f);
    }
}

/* One line says it all: what a shell or a person wants of these. */
static bool
show_short(const struct call *call, const msgpack_object *result, FILE *f)
{
    struct strbuf b;

    strbuf_init(&b);
    switch (call->cmd->number) {
    case COMMAND_ask:
        fprintf(f, "%s ", text_of(result, "message", &b));
        fprintf(f, "%s\n", text_of(result, "answer", &b));
        break;
    case COMMAND_tell:
        fprintf(f, "told %s ", text_of(result, "path", &b));
        fprintf(f, "%s\n", text_of(result, "message", &b));
        break;
    case COMMAND_spawn:
        fprintf(f, "%s ", text_of(result, "path", &b));
        fprintf(f, "%s\n", text_of(result, "ref", &b));
        break;
    default:
        strbuf_fini(&b);
        return false;
    }
    strbuf_fini(&b);
    return true;
}

void
show_result(const struct call *call, const msgpack_object *result, FILE *f)
{
    const msgpack_object *next;

    if (result == NULL || result->type != MSGPACK_OBJECT_MAP || result->via.map.size == 0 || /* a refusal's */
        show_short(call, result, f))
        return;
    if (call->cmd->number == COMMAND_actors || call->cmd->number == COMMAND_tree) {
        show_lists(call, result, f);
        next = object_get(result, "next");
        if (next != NULL && next->type == MSGPACK_OBJECT_STR && call->opt.terminal)
            fprintf(stderr, "%llu of %llu; the next page: --after %.*s\n",
                    (unsigned long long)object_u64(object_get(result, "shown"), 0),
                    (unsigned long long)object_u64(object_get(result, "total"), 0), (int)next->via.str.size,
                    next->via.str.ptr);
        return;
    }
    show_fields(call, result, f);
    show_lists(call, result, f);
}
