/* config_plugins.c - plugins' files, and the keys that plugins and behaviours declare, checked without
 * running them. */
#include "node/config_priv.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
config_plugin_file(const struct config *c, const struct config_plugin *p, char *ret, size_t cap,
                   struct err *e)
{
    struct strbuf tried;
    int n;

    if (p->keys.path != NULL) {
        n = snprintf(ret, cap, "%s", p->keys.path);
        if (n >= 0 && (size_t)n < cap && access(ret, R_OK) == 0)
            return 0;
        err_set(e, ERR_NOTFOUND, "cannot read %.300s: %m", p->keys.path);
        return err_fix(e, "check the path; relative ones start at the folder of the ini file");
    }
    strbuf_init(&tried);
    for (size_t i = 0; i < c->plugins.dir.n; i++) {
        n = snprintf(ret, cap, "%s/%s.so", c->plugins.dir.v[i], p->name);
        if (n >= 0 && (size_t)n < cap && access(ret, R_OK) == 0) {
            strbuf_fini(&tried);
            return 0;
        }
        strbuf_printf(&tried, "%s%s", i == 0 ? "" : ", ", c->plugins.dir.v[i]);
    }
    err_set(e, ERR_NOTFOUND, "no %s.so in %.300s", p->name,
            tried.len == 0 ? "any folder" : strbuf_str(&tried));
    strbuf_fini(&tried);
    return err_fix(e, "give its path = ..., or add its folder to dir in [plugins]");
}

static const struct field *
field_find(const struct schema *s, const char *name, struct nearest *near)
{
    nearest_init(near, name);
    for (uint32_t i = 0; s != NULL && i < s->nfields; i++) {
        if (strcmp(s->fields[i].name, name) == 0)
            return &s->fields[i];
        nearest_try(near, s->fields[i].name);
    }
    return NULL;
}

/* One key against the schema; prefix "" or "arg.". */
static void
check_key(const struct config_schemas *s, const struct schema *schema, const struct setting *x,
          const char *prefix, const char *what, struct diags *d)
{
    struct nearest near;
    const struct field *f = field_find(schema, x->name, &near);
    struct err e = {.code = 0};

    if (f == NULL) {
        diags_add(d, &x->name_at, ERR_CONFIG, "unknown key \"%s%s\": %s declares no such field", prefix,
                  x->name, what);
        if (near.n > 0)
            diags_fix(d, "did you mean \"%s%s\"?", prefix, near.name[0]);
        else if (schema == NULL || schema->nfields == 0)
            diags_fix(d, "it takes no settings");
    } else if (s->value != NULL && s->value(s->self, f, x->text, &e) < 0) {
        diags_add_err(d, &x->at, &e);
    }
}

static void
check_required(const struct schema *schema, const struct setting *have, size_t n, const char *prefix,
               const struct place *at, struct diags *d)
{
    for (uint32_t i = 0; schema != NULL && i < schema->nfields; i++) {
        const struct field *f = &schema->fields[i];
        bool found = !(f->flags & ACTOR_REQUIRED);

        for (size_t k = 0; k < n && !found; k++)
            found = strcmp(have[k].name, f->name) == 0;
        if (!found) {
            diags_add(d, at, ERR_CONFIG, "\"%s%s\" is required and missing", prefix, f->name);
            diags_fix(d, "add %s%s = ...", prefix, f->name);
        }
    }
}

static void
check_plugin(const struct config *c, const struct config_plugin *p, const struct config_schemas *s,
             struct diags *d)
{
    const struct place *at = &p->section->at;
    const struct schema *schema = NULL;
    char path[4096], what[64];
    struct err e = {.code = 0};

    if (p->keys.path != NULL)
        vec_each (x, &p->section->settings)
            if (strcmp(x->name, "path") == 0)
                at = &x->at;
    if (config_plugin_file(c, p, path, sizeof path, &e) < 0) {
        diags_add_err(d, at, &e);
        return;
    }
    if (s == NULL)
        return;
    if (s->settings(s->self, c, p, path, &schema, &e) < 0) {
        diags_add_err(d, at, &e);
        return;
    }
    snprintf(what, sizeof what, "plugin %s", p->name);
    for (size_t i = 0; i < p->nown; i++)
        check_key(s, schema, &p->own[i], "", what, d);
    check_required(schema, p->own, p->nown, "", &p->section->at, d);
}

static void
check_actor(const struct config_actor *a, const struct config_schemas *s, struct diags *d)
{
    const struct setting *behaviour = section_setting((struct section *)(uintptr_t)a->section, "behaviour");
    const struct schema *schema = NULL;
    struct err e = {.code = 0};
    char what[120];

    if (s->args(s->self, a->keys.behaviour, &schema, &e) < 0) {
        diags_add_err(d, &behaviour->at, &e);
        return;
    }
    snprintf(what, sizeof what, "behaviour %s", a->keys.behaviour);
    for (size_t i = 0; i < a->nargs; i++)
        check_key(s, schema, &a->args[i], "arg.", what, d);
    check_required(schema, a->args, a->nargs, "arg.", &a->section->at, d);
}

int
config_check_plugins(const struct config *c, const struct config_schemas *s, struct diags *d)
{
    size_t before = diags_count(d);

    vec_each (p, &c->plugin)
        check_plugin(c, p, s, d);
    /* Behaviours of plugins that could not be read are unknown for that reason alone: say nothing more. */
    if (s != NULL && diags_count(d) == before)
        vec_each (a, &c->actor)
            check_actor(a, s, d);
    if (d->no_memory)
        return -ERR_NOMEM;
    diags_sort(d);
    return diags_count(d) > before ? -ERR_CONFIG : 0;
}
