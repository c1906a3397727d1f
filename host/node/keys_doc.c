/* keys_doc.c - documentation of the keys, made from the table. */
#include "node/keys.h"
#include "node/units.h"
#include <string.h>

static void
title(const struct key_section *s, char buf[64])
{
    size_t n = strlen(s->name), m = strlen(s->argument);

    memcpy(buf, s->name, n);
    if (m > 0) {
        buf[n++] = ' ';
        memcpy(buf + n, s->argument, m);
        n += m;
    }
    buf[n] = '\0';
}

/* Words of s in lines of at most `width` characters, each after `indent` spaces. */
static void
wrap(struct strbuf *out, const char *s, int indent, size_t width)
{
    size_t col = 0;

    while (*s != '\0') {
        size_t n = strcspn(s, " ");

        if (col > 0 && col + 1 + n > width) {
            strbuf_putc(out, '\n');
            col = 0;
        }
        if (col == 0)
            strbuf_printf(out, "%*s", indent, "");
        else
            strbuf_putc(out, ' ');
        strbuf_add(out, s, n);
        col += n + (col > 0);
        s += n;
        s += strspn(s, " ");
    }
    strbuf_putc(out, '\n');
}

void
keys_list(struct strbuf *out, bool color)
{
    const char *bold = color ? "\033[1m" : "", *plain = color ? "\033[0m" : "";
    struct text mem;

    text_init(&mem);
    for (size_t i = 0; i < SECTIONS; i++) {
        const struct key_section *s = &key_sections[i];
        char name[64];

        title(s, name);
        strbuf_printf(out, "%s%s[%s]%s\n", i == 0 ? "" : "\n", bold, name, plain);
        wrap(out, s->doc, 2, 76);
        for (size_t j = 0; j < s->nkeys; j++) {
            const struct key *k = &s->keys[j];
            const char *range = key_range_text(k, &mem);

            strbuf_printf(out, "  %s%s%s = %s%s%s\n", bold, k->name, plain, key_type_text(k->type),
                          range[0] == '\0' ? "" : ": ", range);
            strbuf_printf(out, "      default: %s%s\n", key_default_text(k),
                          k->flags & KEY_RELOAD ? "; changes at SIGHUP" : "");
            wrap(out, k->doc, 6, 72);
        }
    }
    text_fini(&mem);
}

/* Table cells: "|" would end them. */
static void
cell(struct strbuf *out, const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == '|')
            strbuf_putc(out, '\\');
        strbuf_putc(out, *s);
    }
}

void
keys_markdown(struct strbuf *out)
{
    struct text mem;

    text_init(&mem);
    strbuf_puts(out, "# Keys of an actord ini file\n");
    for (size_t i = 0; i < SECTIONS; i++) {
        const struct key_section *s = &key_sections[i];
        char name[64];

        title(s, name);
        strbuf_printf(out, "\n## `[%s]`\n\n%s\n\n", name, s->doc);
        strbuf_puts(out, "| key | value | default | at SIGHUP | meaning |\n|---|---|---|---|---|\n");
        for (size_t j = 0; j < s->nkeys; j++) {
            const struct key *k = &s->keys[j];
            const char *range = key_range_text(k, &mem);

            strbuf_printf(out, "| `%s` | %s%s", k->name, key_type_text(k->type),
                          range[0] == '\0' ? "" : ": ");
            cell(out, range);
            strbuf_puts(out, " | ");
            cell(out, key_default_text(k));
            strbuf_printf(out, " | %s | ", k->flags & KEY_RELOAD ? "applied" : "needs restart");
            cell(out, k->doc);
            strbuf_puts(out, " |\n");
        }
    }
    text_fini(&mem);
}

static void
choices(const struct key *k, struct json *out)
{
    char c[32];

    json_key(out, "enum");
    json_array_begin(out);
    for (size_t i = 0; key_choice(k->choices, i, c); i++)
        json_str(out, c);
    json_array_end(out);
}

static void
pair(struct json *out, const char *key, const char *value)
{
    json_key(out, key);
    json_str(out, value);
}

static void
value_schema(const struct key *k, struct json *out)
{
    json_object_begin(out);
    pair(out, "description", k->doc);
    pair(out, "x-default", key_default_text(k));
    json_key(out, "x-reloadable");
    json_bool(out, (k->flags & KEY_RELOAD) != 0);
    switch (k->type) {
    case KEY_BOOL:
        pair(out, "type", "boolean");
        break;
    case KEY_COUNT:
        pair(out, "type", "integer");
        json_key(out, "minimum");
        json_u64(out, k->least);
        json_key(out, "maximum");
        json_u64(out, k->most);
        break;
    case KEY_ENUM:
        pair(out, "type", "string");
        choices(k, out);
        break;
    case KEY_SET:
    case KEY_LIST:
    case KEY_PATHS:
        pair(out, "type", "array");
        json_key(out, "items");
        json_object_begin(out);
        pair(out, "type", "string");
        if (k->type == KEY_SET)
            choices(k, out);
        json_object_end(out);
        break;
    case KEY_BYTES:
        pair(out, "type", "string");
        pair(out, "pattern", "^[0-9]+(B|KiB|MiB|GiB|TiB|kB|MB|GB|TB)$");
        break;
    case KEY_DURATION:
        pair(out, "type", "string");
        pair(out, "pattern", "^[0-9]+(ns|us|ms|s|m|h|d)$");
        break;
    case KEY_DURATION_OFF:
        pair(out, "type", "string");
        pair(out, "pattern", "^(off|[0-9]+(ns|us|ms|s|m|h|d))$");
        break;
    case KEY_NAME:
        pair(out, "type", "string");
        pair(out, "pattern", "^[A-Za-z0-9][A-Za-z0-9_.-]*$");
        break;
    case KEY_TEXT:
    case KEY_PATH:
    case KEY_POLICY:
        pair(out, "type", "string");
        break;
    }
    json_object_end(out);
}

static void
section_schema(const struct key_section *s, struct json *out)
{
    bool any = false;

    json_object_begin(out);
    pair(out, "type", "object");
    pair(out, "description", s->doc);
    json_key(out, "properties");
    json_object_begin(out);
    for (size_t j = 0; j < s->nkeys; j++) {
        json_key(out, s->keys[j].name);
        value_schema(&s->keys[j], out);
        any = any || (s->keys[j].flags & KEY_REQUIRED);
    }
    json_object_end(out);
    if (any) {
        json_key(out, "required");
        json_array_begin(out);
        for (size_t j = 0; j < s->nkeys; j++)
            if (s->keys[j].flags & KEY_REQUIRED)
                json_str(out, s->keys[j].name);
        json_array_end(out);
    }
    json_key(out, "additionalProperties");
    json_bool(out, s->argument[0] != '\0'); /* what plugins and behaviours declare */
    json_object_end(out);
}

void
keys_schema(struct json *out)
{
    json_object_begin(out);
    pair(out, "$schema", "https://json-schema.org/draft/2020-12/schema");
    pair(out, "title", "actord configuration");
    pair(out, "type", "object");
    json_key(out, "properties");
    json_object_begin(out);
    for (size_t i = 0; i < SECTIONS; i++) {
        const struct key_section *s = &key_sections[i];

        json_key(out, s->name);
        if (s->argument[0] == '\0') {
            section_schema(s, out);
            continue;
        }
        json_object_begin(out);
        pair(out, "type", "object");
        pair(out, "description", "One member a section: its NAME.");
        json_key(out, "additionalProperties");
        section_schema(s, out);
        json_object_end(out);
    }
    json_object_end(out);
    json_key(out, "additionalProperties");
    json_bool(out, false);
    json_object_end(out);
}
