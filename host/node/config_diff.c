/* config_diff.c - what a reload changes, and taking over what may change while the node runs. */
#include "node/config_priv.h"
#include <string.h>

static bool
same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static int
note(struct config_changes *ch, const struct section *s, const struct setting *from, const struct setting *to)
{
    const struct setting *any = to != NULL ? to : from;
    struct config_change x = {
        .section = s->kind->name,
        .name = s->name,
        .key = any == NULL ? NULL : any->name,
        .from = from == NULL ? NULL : from->text,
        .to = to == NULL ? NULL : to->text,
        .origin = to == NULL ? NULL : to->origin,
        .reloadable = any != NULL && any->key != NULL && (any->key->flags & KEY_RELOAD) != 0,
    };

    ch->reloadable += x.reloadable;
    return vec_push(&ch->list, x);
}

static int
diff_section(struct config_changes *ch, struct section *from, struct section *to)
{
    int r = 0;

    vec_each (x, &to->settings) {
        struct setting *old = section_setting(from, x->name);

        if (r == 0 && !same(old == NULL ? NULL : old->text, x->text))
            r = note(ch, to, old, x);
    }
    vec_each (x, &from->settings) {
        if (r == 0 && section_setting(to, x->name) == NULL)
            r = note(ch, to, x, NULL);
    }
    return r;
}

int
config_diff(struct config_changes *ret, const struct config *from, const struct config *to)
{
    struct config_changes ch = {.reloadable = 0};
    int r = 0;

    vec_init(&ch.list);
    vec_each (s, &to->sections) {
        struct section *old = config_section(from, (*s)->kind, (*s)->name);

        if (r == 0 && old != NULL) {
            r = diff_section(&ch, old, *s);
        } else if (r == 0) {
            r = note(&ch, *s, NULL, NULL);
            if (r == 0) {
                ch.list.v[ch.list.n - 1].to = "added";
                ch.list.v[ch.list.n - 1].origin = (*s)->origin;
            }
        }
    }
    vec_each (s, &from->sections) {
        if (r == 0 && config_section(to, (*s)->kind, (*s)->name) == NULL) {
            r = note(&ch, *s, NULL, NULL);
            if (r == 0)
                ch.list.v[ch.list.n - 1].from = "removed";
        }
    }
    if (r < 0)
        config_changes_fini(&ch);
    else
        *ret = ch;
    return r;
}

void
config_changes_fini(struct config_changes *ch)
{
    vec_fini(&ch->list);
    ch->reloadable = 0;
}

/* Copies first, so that a lack of memory leaves everything as it was. */
int
config_apply(struct config *c, const struct config_changes *ch)
{
    struct copy {
        const char *text, *origin;
    } *copies = text_alloc(&c->mem, (ch->list.n + 1) * sizeof *copies);

    if (copies == NULL)
        return -ERR_NOMEM;
    for (size_t i = 0; i < ch->list.n; i++) {
        const struct config_change *x = &ch->list.v[i];

        copies[i] = (struct copy){.text = NULL};
        if (!x->reloadable)
            continue;
        if (x->to != NULL && (copies[i].text = text_dup(&c->mem, x->to, strlen(x->to))) == NULL)
            return -ERR_NOMEM;
        if (x->origin != NULL && (copies[i].origin = text_dup(&c->mem, x->origin, strlen(x->origin))) == NULL)
            return -ERR_NOMEM;
    }
    for (size_t i = 0; i < ch->list.n; i++) {
        const struct config_change *x = &ch->list.v[i];
        struct section *s;
        struct setting *set;

        if (!x->reloadable)
            continue;
        s = config_section(c, key_section_find(x->section, NULL), x->name);
        set = s == NULL ? NULL : section_setting(s, x->key);
        if (set == NULL)
            continue;
        set->text = copies[i].text;
        set->origin = copies[i].origin;
    }
    return config_fill(c);
}

static const char *
shown(const char *text)
{
    return text == NULL ? "not set" : text[0] == '\0' ? "empty" : text;
}

void
config_changes_print(const struct config_changes *ch, struct strbuf *out)
{
    size_t later = ch->list.n - ch->reloadable;

    vec_each (x, &ch->list) {
        const char *sep = x->name[0] == '\0' ? "" : " ";

        if (x->key == NULL)
            strbuf_printf(out, "[%s%s%s]: %s", x->section, sep, x->name, x->to != NULL ? x->to : x->from);
        else
            strbuf_printf(out, "[%s%s%s] %s: %s -> %s", x->section, sep, x->name, x->key, shown(x->from),
                          shown(x->to));
        strbuf_puts(out, x->reloadable ? " (applied)\n" : " (needs restart)\n");
    }
    if (ch->list.n == 0)
        strbuf_puts(out, "nothing changed\n");
    else
        strbuf_printf(out, "%zu changed: %zu applied, %zu need%s a restart\n", ch->list.n, ch->reloadable,
                      later, later == 1 ? "s" : "");
}
