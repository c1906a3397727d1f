/* config_read.c - the items of a file become settings. */
#include "node/config_priv.h"
#include "node/value.h"
#include <stdio.h>
#include <string.h>

struct merge {
    struct config *c;
    const struct ini *ini;
    const char *dir;
    struct diags *d;
    struct section *open; /* NULL: keys are passed over, their section is wrong */
    size_t opened;        /* item that opened it */
    bool no_memory;
};

static void
add(struct merge *m, const struct place *at, const struct err *e)
{
    if (e->code == ERR_NOMEM)
        m->no_memory = true;
    else
        diags_add_err(m->d, at, e);
}

/* Underline only the part of the value that is wrong. */
static void
add_part(struct merge *m, const struct ini_item *x, struct value_part part, const struct err *e)
{
    struct place at = x->value_at;

    if (part.len > 0) {
        at.col += (uint32_t)utf8_chars(x->value, part.from);
        at.width = (uint32_t)utf8_chars(x->value + part.from, strnlen(x->value + part.from, part.len));
    }
    add(m, &at, e);
}

/* Line where an earlier item of this file says the same: the same header, or the same key of the open
 * section. */
static uint32_t
said_before(const struct merge *m, size_t item)
{
    const struct ini_item *x = &m->ini->items.v[item];

    for (size_t i = x->key == NULL ? 0 : m->opened; i < item; i++) {
        const struct ini_item *y = &m->ini->items.v[i];

        if (x->key == NULL ? y->key == NULL && strcmp(x->section, y->section) == 0
                           : y->key != NULL && strcmp(x->key, y->key) == 0)
            return y->key_at.line;
    }
    return 0;
}

static void
open_section(struct merge *m, size_t item)
{
    const struct ini_item *x = &m->ini->items.v[item];
    const struct key_section *kind;
    const char *space = strchr(x->section, ' '), *name = space == NULL ? "" : space + 1;
    struct nearest near;
    char word[INI_NAME_MAX + 1];
    uint32_t before;
    struct err e;

    m->open = NULL;
    m->opened = item;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(x->section, " "), x->section);
    nearest_init(&near, word);
    kind = key_section_find(word, &near);
    if (kind == NULL) {
        diags_add(m->d, &x->key_at, ERR_CONFIG, "unknown section [%s]", x->section);
        if (near.n > 0)
            diags_fix(m->d, "did you mean [%s%s%s]?", near.name[0], space == NULL ? "" : " ", name);
        else
            diags_fix(m->d,
                      "sections are [node] [scheduler] [log] [control] [plugins] [plugin NAME] [actor NAME]");
        return;
    }
    if (kind->argument[0] != '\0' && name[0] == '\0') {
        diags_add(m->d, &x->key_at, ERR_CONFIG, "[%s] without a name", kind->name);
        diags_fix(m->d, "write [%s %s], for instance [%s greeter]%s", kind->name, kind->argument, kind->name,
                  kind == &key_sections[SECTION_plugin] ? "; rules for all plugins stand in [plugins]" : "");
        return;
    }
    if (kind->argument[0] == '\0' && name[0] != '\0') {
        diags_add(m->d, &x->key_at, ERR_CONFIG, "[%s] takes no name", kind->name);
        diags_fix(m->d, "write [%s]", kind->name);
        return;
    }
    if (name[0] != '\0' && value_name_check(name, SCHEMA_NAME_MAX, &e) < 0) {
        add(m, &x->key_at, &e);
        return;
    }
    before = said_before(m, item);
    if (before > 0) {
        diags_add(m->d, &x->key_at, ERR_CONFIG, "[%s] opens a second time, first in line %u", x->section,
                  before);
        diags_fix(m->d, "keep all its keys in one place");
        /* Its keys are still looked at: they may be wrong too. */
    }
    m->open = config_section(m->c, kind, name);
    if (m->open == NULL)
        m->open = config_section_add(m->c, kind, name);
    if (m->open == NULL) {
        m->no_memory = true;
        return;
    }
    if (m->open->at.file == NULL) {
        m->open->at = x->key_at;
        m->open->origin = text_printf(&m->c->mem, "%s:%u", x->key_at.file, x->key_at.line);
    }
}

static void
unknown_key(struct merge *m, const struct ini_item *x, const struct nearest *near)
{
    const struct key_section *kind = m->open->kind;

    diags_add(m->d, &x->key_at, ERR_CONFIG, "unknown key \"%s\" in [%s]", x->key, x->section);
    for (size_t i = 0; near->n == 0 && i < SECTIONS; i++) {
        if (key_find(&key_sections[i], x->key, NULL) != NULL) {
            diags_fix(m->d, "it belongs to [%s%s%s]", key_sections[i].name,
                      key_sections[i].argument[0] == '\0' ? "" : " ", key_sections[i].argument);
            return;
        }
    }
    if (near->n > 0)
        diags_fix(m->d, "did you mean \"%s\"?", near->name[0]);
    else if (kind == &key_sections[SECTION_actor])
        diags_fix(m->d, "a start argument is written arg.%s", x->key);
    else
        diags_fix(m->d, "actord --keys lists the keys of [%s]", kind->name);
}

/* In [plugin NAME] any other key is for the plugin, in [actor NAME] arg.FIELD is for the behaviour. */
static bool
free_key(const struct section *s, const char *key)
{
    if (s->kind == &key_sections[SECTION_plugin])
        return true;
    return s->kind == &key_sections[SECTION_actor] && strncmp(key, "arg.", 4) == 0 && key[4] != '\0';
}

static bool
is_list(const struct key *k)
{
    return k != NULL && (k->type == KEY_LIST || k->type == KEY_PATHS || k->type == KEY_SET);
}

static struct setting *
free_setting(struct merge *m, const char *key)
{
    struct setting *x = section_setting(m->open, key);

    if (x != NULL)
        return x;
    if (vec_push(&m->open->settings, ((struct setting){.name = key})) < 0)
        return NULL;
    return &m->open->settings.v[m->open->settings.n - 1];
}

/* Replace, or let a list grow. */
static void
store(struct merge *m, struct setting *set, const struct ini_item *x, const char *text)
{
    struct text *mem = &m->c->mem;
    const char *origin = text_printf(mem, "%s:%u", x->key_at.file, x->key_at.line);

    if (is_list(set->key) && set->origin != NULL && set->text != NULL && set->text[0] != '\0' &&
        text[0] != '\0') {
        text = text_printf(mem, "%s, %s", set->text, text);
        origin = origin == NULL ? NULL : text_printf(mem, "%s, %s", set->origin, origin);
    }
    if (text == NULL || origin == NULL) {
        m->no_memory = true;
        return;
    }
    set->text = text;
    set->origin = origin;
    set->name_at = x->key_at;
    set->at = x->value_at;
}

static void
read_key(struct merge *m, size_t item)
{
    const struct ini_item *x = &m->ini->items.v[item];
    const struct key *k;
    const char *text = x->value;
    struct nearest near;
    struct value_part part;
    struct setting *set;
    uint32_t before;
    struct err e;

    nearest_init(&near, x->key);
    k = key_find(m->open->kind, x->key, &near);
    if (k == NULL && !free_key(m->open, x->key)) {
        unknown_key(m, x, &near);
        return;
    }
    before = is_list(k) ? 0 : said_before(m, item);
    if (before > 0) {
        diags_add(m->d, &x->key_at, ERR_CONFIG, "\"%s\" a second time, first in line %u", x->key, before);
        diags_fix(m->d, "keep one of them");
    }
    set = k != NULL ? section_setting(m->open, x->key) : free_setting(m, x->key);
    if (set == NULL) {
        m->no_memory = true;
        return;
    }
    if (k != NULL && value_check(k, x->value, m->dir, &m->c->mem, &text, &part, &e) < 0) {
        add_part(m, x, part, &e);
        /* Where it stands is known all the same: a required key that is wrong is not missing too. */
        set->name_at = x->key_at;
        return;
    }
    store(m, set, x, text);
}

int
config_merge(struct config *c, const struct ini *ini, const char *dir, struct diags *d)
{
    struct merge m = {.c = c, .ini = ini, .dir = dir, .d = d};

    for (size_t i = 0; i < ini->items.n && !m.no_memory; i++) {
        if (ini->items.v[i].key == NULL)
            open_section(&m, i);
        else if (m.open != NULL)
            read_key(&m, i);
    }
    return m.no_memory ? -ERR_NOMEM : 0;
}
