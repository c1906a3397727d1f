/* node_plugins.c - the [plugin NAME] sections: find the file, fill its settings, load. */
#include "msg/textval.h"
#include "node/node.h"
#include "node/plugin_schemas.h"
#include <limits.h>
#include <string.h>

static void *
memory_get(void *self, size_t bytes, size_t *ret_got)
{
    *ret_got = bytes;
    return env_alloc(self, bytes);
}

static void
memory_put(void *self, void *p, size_t bytes)
{
    env_free(self, p, bytes);
}

static const struct config_plugin *
section_of(const struct node *n, const char *plugin)
{
    vec_each (p, &n->boot.config->plugin)
        if (strcmp(p->name, plugin) == 0)
            return p;
    return NULL;
}

int
node_plugin_settings(struct node *n, const struct config_plugin *p, const char *path, const void **ret,
                     struct err *e)
{
    struct manifest *m = NULL;
    char sha[SHA256_HEX];
    const struct schema *s = NULL;
    struct node_settings *set;
    struct textval t;
    int r = inspect_file(&m, n->boot.env, path, sha, e);

    *ret = NULL;
    if (r < 0)
        return r;
    if (p == NULL)
        p = section_of(n, m->name);
    for (size_t i = 0; i < m->schemas->n; i++)
        if (m->schemas->v[i]->form == ACTOR_FORM_CONFIG)
            s = m->schemas->v[i];
    if (s == NULL)
        goto out;
    set = env_alloc(n->boot.env, sizeof *set);
    if (set == NULL) {
        r = err_set(e, ERR_NOMEM, "no memory for the settings of %s", m->name);
        goto out;
    }
    arena_init(&set->mem, &n->memory, NULL, 0);
    set->next = n->settings;
    n->settings = set; /* freed with the node */
    set->v = arena_alloc(&set->mem, s->bytes);
    r = set->v == NULL ? -ERR_NOMEM : textval_begin(&t, s, set->v, &set->mem);
    for (size_t i = 0; p != NULL && i < p->nown && r == 0; i++) {
        r = textval_set(&t, p->own[i].name, strlen(p->own[i].name), p->own[i].text, strlen(p->own[i].text),
                        e);
        if (r < 0)
            err_at(e, "%s", p->own[i].origin);
    }
    if (r == 0)
        r = textval_end(&t, e);
    if (r == 0)
        *ret = set->v;
    else if (e->code == 0)
        err_set(e, -r, "%s", err_text(r));
out:
    manifest_free(m);
    return r;
}

/* A line each. */
static void
log_notices(struct log *log, const char *lines)
{
    for (const char *end; *lines != '\0'; lines = *end == '\0' ? end : end + 1) {
        end = strchrnul(lines, '\n');
        if (end != lines)
            log_write(log, LOG_INFO, "plugin", "%.*s", (int)(end - lines), lines);
    }
}

static int
load(struct node *n, const struct config_plugin *p, struct err *e)
{
    const struct config *c = n->boot.config;
    char path[PATH_MAX];
    struct strbuf notice;
    struct version *v;
    const void *settings;
    int r = config_plugin_file(c, p, path, sizeof path, e);

    if (r == 0)
        r = node_plugin_settings(n, p, path, &settings, e);
    if (r < 0)
        return r;
    strbuf_init(&notice);
    r = runtime_load(n->runtime, path, config_plugin_allow(c, p), settings, &v, &notice, e);
    if (r == 0 && p->keys.version != NULL && strcmp(p->keys.version, v->manifest->version) != 0) {
        r = err_set(e, ERR_CONFIG, "%s is version %s, the configuration wants %s", path, v->manifest->version,
                    p->keys.version);
        err_fix(e, "change `version` in [plugin %s] (%s), or the file", p->name, p->origin);
    }
    if (r == 0 && strcmp(v->manifest->name, p->name) != 0)
        log_write(n->boot.log, LOG_WARN, "plugin", "[plugin %s]: the file's own name is %s; that one counts",
                  p->name, v->manifest->name);
    if (r == 0)
        log_write(n->boot.log, LOG_INFO, "plugin", "loaded %s version=%s file=%s sha256=%.12s",
                  v->manifest->name, v->manifest->version, path, v->sha256_hex);
    if (r >= 0)
        log_notices(n->boot.log, strbuf_str(&notice));
    strbuf_fini(&notice);
    return r < 0 ? r : 0;
}

int
node_plugins_start(void *ctx, struct err *e)
{
    struct boot *b = ctx;
    struct node *n = b->node;
    struct runtime_config rc = {.sys = &n->sys,
                                .data_dir = b->config->node.data_dir,
                                .unload = b->config->plugins.unload == 0 ? RUNTIME_UNLOAD_NEVER
                                                                         : RUNTIME_UNLOAD_DRAINED};
    int r;

    n->memory = (struct arena_source){memory_get, memory_put, b->env, 0x2545f4914f6cdd1du};
    r = runtime_new(&n->runtime, &rc, e);
    for (size_t i = 0; i < b->config->plugin.n && r == 0; i++)
        r = load(n, &b->config->plugin.v[i], e);
    return r;
}
