/* config_dump.c - the effective configuration, with where each value comes from. */
#include "node/config.h"
#include "node/ini_file.h"
#include "node/value.h"
#include <string.h>

static void
header(const struct section *s, struct strbuf *out)
{
    if (s->origin != NULL)
        strbuf_printf(out, "\n# %s", s->origin);
    strbuf_printf(out, "\n[%s%s%s]\n", s->kind->name, s->name[0] == '\0' ? "" : " ", s->name);
}

static bool
list_key(const struct key *k)
{
    return k != NULL && (k->type == KEY_LIST || k->type == KEY_PATHS || k->type == KEY_SET);
}

static void
value(const struct setting *x, struct strbuf *out)
{
    size_t len;

    if (x->origin != NULL)
        strbuf_printf(out, "# %s\n", x->origin);
    else if (x->key->dflt[0] == '@')
        strbuf_printf(out, "# default: %s\n", key_default_text(x->key));
    else
        strbuf_puts(out, "# default\n");
    if (x->text == NULL) {
        strbuf_printf(out, "#%s =\n", x->name);
        return;
    }
    if (strlen(x->name) + 3 + strlen(x->text) <= INI_LINE_MAX) {
        strbuf_printf(out, "%s =%s%s\n", x->name, x->text[0] == '\0' ? "" : " ", x->text);
        return;
    }
    if (!list_key(x->key)) {
        strbuf_printf(out, "%s=%s\n", x->name, x->text); /* it fitted into a line without the spaces */
        return;
    }
    for (const char *pos = x->text, *item; (item = value_item(&pos, &len)) != NULL;)
        strbuf_printf(out, "%s = %.*s\n", x->name, (int)len, item);
}

void
config_dump(const struct config *c, struct strbuf *out)
{
    strbuf_puts(out, "# The effective configuration of actord; above each value is where it comes from.\n");
    vec_each (s, &c->sections) {
        header(*s, out);
        vec_each (x, &(*s)->settings)
            value(x, out);
    }
}

static void
typed(const struct setting *x, struct json *out)
{
    size_t len;

    if (x->text == NULL) {
        json_nil(out);
    } else if (list_key(x->key)) {
        json_array_begin(out);
        for (const char *pos = x->text, *item; (item = value_item(&pos, &len)) != NULL;)
            json_str_n(out, item, len);
        json_array_end(out);
    } else if (x->key != NULL && x->key->type == KEY_BOOL) {
        json_bool(out, strcmp(x->text, "yes") == 0);
    } else if (x->key != NULL && x->key->type == KEY_COUNT) {
        uint64_t v = 0;

        for (const char *p = x->text; *p != '\0'; p++)
            v = v * 10 + (uint64_t)(*p - '0');
        json_u64(out, v);
    } else {
        json_str(out, x->text);
    }
}

/* Members for the keys that are set; a key that is not set is left out. */
static void
section_json(const struct section *s, struct json *out)
{
    json_object_begin(out);
    vec_each (x, &s->settings) {
        if (x->text == NULL)
            continue;
        json_key(out, x->name);
        typed(x, out);
    }
    json_object_end(out);
}

static void
values_json(const struct config *c, struct json *out)
{
    json_object_begin(out);
    for (size_t i = 0; i < SECTIONS; i++) {
        const struct key_section *kind = &key_sections[i];
        bool named = kind->argument[0] != '\0';

        json_key(out, kind->name);
        if (named)
            json_object_begin(out);
        vec_each (s, &c->sections) {
            if ((*s)->kind != kind)
                continue;
            if (named)
                json_key(out, (*s)->name);
            section_json(*s, out);
        }
        if (named)
            json_object_end(out);
    }
    json_object_end(out);
}

void
config_dump_json(const struct config *c, struct json *out)
{
    json_object_begin(out);
    json_key(out, "file");
    json_str(out, c->path);
    json_key(out, "config");
    values_json(c, out);
    json_key(out, "origins");
    json_array_begin(out);
    vec_each (s, &c->sections) {
        vec_each (x, &(*s)->settings) {
            if (x->origin == NULL)
                continue;
            json_object_begin(out);
            json_key(out, "section");
            json_str(out, (*s)->kind->name);
            json_key(out, "name");
            json_str(out, (*s)->name[0] == '\0' ? NULL : (*s)->name);
            json_key(out, "key");
            json_str(out, x->name);
            json_key(out, "origin");
            json_str(out, x->origin);
            json_object_end(out);
        }
    }
    json_array_end(out);
    json_object_end(out);
}
