/* config_plugins.c - plugins' files, and the keys that plugins and behaviours declare, checked without
 * running them. */
#include "node/config_priv.h"
#include "node/config_values.h"
#include <stdio.h>
#include <stdlib.h>
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

/* Into values that are thrown away. */
static int
check_values(const struct schema *s, const struct setting *set, size_t n, const char *prefix,
             const char *what, const struct place *at, struct diags *d)
{
    struct arena mem;
    void *v = s == NULL ? NULL : calloc(1, s->bytes + 1);
    int r;

    if (s != NULL && v == NULL)
        return -ERR_NOMEM;
    arena_init(&mem, config_arena_source(), NULL, 0);
    r = config_values(s, set, n, prefix, what, at, v, &mem, d);
    arena_drop(&mem);
    free(v);
    return r;
}

static int
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
        return -ERR_CONFIG;
    }
    if (s == NULL)
        return 0;
    if (s->settings(s->self, c, p, path, &schema, &e) < 0) {
        diags_add_err(d, at, &e);
        return -ERR_CONFIG;
    }
    snprintf(what, sizeof what, "plugin %s", p->name);
    return check_values(schema, p->own, p->nown, "", what, &p->section->at, d);
}

static int
check_actor(const struct config_actor *a, const struct config_schemas *s, struct diags *d)
{
    const struct setting *behaviour = section_setting((struct section *)(uintptr_t)a->section, "behaviour");
    const struct schema *schema = NULL;
    struct err e = {.code = 0};
    char what[120];

    if (s->args(s->self, a->keys.behaviour, &schema, &e) < 0) {
        diags_add_err(d, &behaviour->at, &e);
        return -ERR_CONFIG;
    }
    snprintf(what, sizeof what, "behaviour %s", a->keys.behaviour);
    return check_values(schema, a->args, a->nargs, "arg.", what, &a->section->at, d);
}

int
config_check_plugins(const struct config *c, const struct config_schemas *s, struct diags *d)
{
    size_t before = diags_count(d);
    bool no_memory = false;

    vec_each (p, &c->plugin)
        no_memory = check_plugin(c, p, s, d) == -ERR_NOMEM || no_memory;
    /* Behaviours of plugins that could not be read are unknown for that reason alone: say nothing more. */
    if (s != NULL && diags_count(d) == before)
        vec_each (a, &c->actor)
            if (a->keys.behaviour != NULL)
                no_memory = check_actor(a, s, d) == -ERR_NOMEM || no_memory;
    if (d->no_memory || no_memory)
        return -ERR_NOMEM;
    diags_sort(d);
    return diags_count(d) > before ? -ERR_CONFIG : 0;
}
