/* backend_plugins.c - plugins: what is loaded, check, load. See also backend_inspect.c, backend_unload.c, backend_swap.c.
 *
 * Reading a file of some hundred KiB, its SHA-256 and dlopen take the loop a few milliseconds: that is accepted here, since the
 * runtime belongs to this thread. inspect and check run no code of the plugin.
 */
#include "node/backend.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- words --- */
const char *
version_state_word(const struct version *v)
{
    switch (v->state) {
    case VERSION_ACTIVE:
        return "serving";
    case VERSION_DRAINING:
        return "old";
    case VERSION_LOADED:
        return "loaded";
    case VERSION_UNLOADED:
        break;
    }
    return "unloading";
}

/* --- finding --- */
int
backend_version(struct backend *b, const char *plugin, const char *version, struct version **ret,
                struct err *e)
{
    char name[128];

    if (version != NULL)
        snprintf(name, sizeof name, "%s@%s", plugin, version);
    else
        snprintf(name, sizeof name, "%s", plugin);
    return catalogue_find_version(runtime_catalogue(b->n->runtime), name, ret, e);
}

uint32_t
backend_allow(struct backend *b, const char *plugin)
{
    const struct config *c = b->n->boot.config;
    uint32_t allow = c->plugins.allow;

    vec_each (p, &c->plugin)
        if (strcmp(p->name, plugin) == 0)
            allow |= p->keys.allow;
    return allow;
}

struct behaviour *
backend_behaviour_of(struct backend *b, const struct version *v, const char *name)
{
    struct bound *bound = runtime_bound(b->n->runtime, v);
    size_t skip = strlen(v->manifest->name) + 1;

    for (size_t i = 0; bound != NULL && i < bound->n; i++)
        if (strcmp(bound->behaviours[i].name + skip, name) == 0)
            return &bound->behaviours[i];
    return NULL;
}

/* The name in a file's notes decides what its section allows. Not readable: load and check will say why. */
static uint32_t
allow_for_file(struct backend *b, const char *path)
{
    struct manifest *m = NULL;
    char sha[SHA256_HEX];
    struct err e;
    uint32_t allow = b->n->boot.config->plugins.allow;

    if (inspect_file(&m, b->n->boot.env, path, sha, &e) == 0)
        allow = backend_allow(b, m->name);
    manifest_free(m);
    return allow;
}

/* --- plugins --- */
static void
put_plugin(struct backend *b, struct control_call *call, const struct version *v)
{
    const struct manifest *m = v->manifest;
    struct env *env = b->n->boot.env;
    uint64_t now = env->real_ns(env);
    struct strbuf buf;
    struct view_plugin p = {
        .name = m->name,
        .version = m->version,
        .state = version_state_word(v),
        .actors = runtime_actors(b->n->runtime, v),
        .behaviours = m->nbehaviours,
        .pure = audit_pure(&m->audit),
        .containment = "trusted",
        .load = v->id,
        .age_ms = now > v->loaded_real_ns ? (now - v->loaded_real_ns) / 1000000 : 0,
        .file = runtime_file(b->n->runtime, v),
        .copy = v->path,
        .sha256 = v->sha256_hex,
    };

    strbuf_init(&buf);
    p.impure = impure_text(m, &buf);
    control_put_plugin(call, &p);
    strbuf_fini(&buf);
}

void
backend_plugins(void *self, struct control_call *call, const struct req_plugins *req)
{
    struct backend *b = self;
    const struct version *v;
    struct err e = {0};
    size_t pos = 0, n = 0;
    int r = 0;

    while ((v = catalogue_next(runtime_catalogue(b->n->runtime), &pos)) != NULL) {
        if (req->plugin != NULL && strcmp(req->plugin, v->manifest->name) != 0)
            continue;
        put_plugin(b, call, v);
        n++;
    }
    if (n == 0 && req->plugin != NULL) {
        r = err_set(&e, ERR_NOTFOUND, "no plugin '%s' is loaded", req->plugin);
        err_fix(&e, "actorctl plugins lists those that are; actorctl load FILE loads one");
    }
    control_end(call, r, &e);
}

/* --- check --- */
/* A plan from another file, instead of from what is loaded. */
static int
plan_from_file(struct backend *b, struct check *k, const char *old_path, struct manifest **ret_old,
               char *ret_sha, struct err *e)
{
    int r = inspect_file(ret_old, b->n->boot.env, old_path, ret_sha, e);
    const struct manifest *old = *ret_old;

    if (r < 0)
        return r;
    if (strcmp(old->name, k->manifest->name) != 0)
        return err_set(e, ERR_INVALID, "plugin '%s' cannot take over from '%s'", k->manifest->name,
                       old->name);
    swap_plan_free(k->plan);
    k->plan = NULL;
    return swap_plan_new(&k->plan, b->n->boot.env, old, k->manifest,
                         version_text_compare(k->manifest->version, old->version) < 0, NULL, NULL);
}

static void
check_from_file(struct backend *b, struct control_call *call, const struct req_check *req)
{
    struct manifest *old = NULL;
    char old_sha[SHA256_HEX];
    struct check k;
    struct err e = {0};
    int r = backend_check_file(b, req->file, NULL, &k, &e);

    if (r == 0) {
        r = plan_from_file(b, &k, req->against, &old, old_sha, &e);
        if (r == 0) {
            struct view_plan v = {.plugin = k.manifest->name,
                                  .requested = req->file,
                                  .resolved = req->file,
                                  .from_version = old->version,
                                  .from_sha256 = old_sha,
                                  .to_version = k.manifest->version,
                                  .to_sha256 = k.sha256_hex};

            put_notices(call, strbuf_str(&k.notice));
            put_plan_verdict(call, k.plan, &v);
            put_plan_views(call, k.plan, NULL);
        }
        check_fini(&k); /* the plan borrows old */
        manifest_free(old);
    }
    control_end(call, r, &e);
}

void
backend_check(void *self, struct control_call *call, const struct req_check *req)
{
    struct backend *b = self;
    struct version *against = NULL;
    struct check k;
    struct err e = {0};
    int r;

    if (req->against != NULL && req->against[0] == '/') {
        check_from_file(b, call, req);
        return;
    }
    r = req->against == NULL ? 0 : backend_version(b, req->against, NULL, &against, &e);
    if (r == 0)
        r = backend_check_file(b, req->file, against, &k, &e);
    if (r == 0) {
        const struct manifest *m = k.manifest;
        struct view_plan v = {.plugin = m->name,
                              .requested = req->file,
                              .resolved = req->file,
                              .to_version = m->version,
                              .to_sha256 = k.sha256_hex};

        put_notices(call, strbuf_str(&k.notice));
        if (k.plan != NULL) {
            if (against == NULL)
                against = catalogue_active(runtime_catalogue(b->n->runtime), m->name);
            put_plan(b, call, k.plan, against, &v);
        } else {
            v.reason = "no version of this plugin is loaded: there is nothing to swap";
            control_put_plan(call, &v);
        }
        check_fini(&k);
    }
    control_end(call, r, &e);
}

/* --- load --- */
static uint64_t
types_of(const struct manifest *m)
{
    uint64_t n = 0;

    for (size_t i = 0; i < m->schemas->n; i++) {
        bool seen = strncmp(m->schemas->v[i]->name, "actor.", 6) == 0;

        for (size_t k = 0; k < i && !seen; k++)
            seen = m->schemas->v[k] == m->schemas->v[i] || m->schemas->v[k]->twin == m->schemas->v[i];
        n += !seen;
    }
    return n;
}

int
backend_load_file(struct backend *b, const char *path, struct version **ret, struct strbuf *notice,
                  struct err *e)
{
    struct node *n = b->n;
    const void *settings = NULL;
    int r = node_plugin_settings(n, NULL, path, &settings, e);

    if (r == 0)
        r = runtime_load(n->runtime, path, allow_for_file(b, path), settings, ret, notice, e);
    if (r == 0)
        log_write(n->boot.log, LOG_INFO, "plugin", "loaded %s version=%s file=%s sha256=%.12s",
                  (*ret)->manifest->name, (*ret)->manifest->version, path, (*ret)->sha256_hex);
    return r;
}

void
backend_load(void *self, struct control_call *call, const struct req_load *req)
{
    struct backend *b = self;
    uint64_t start = env_mono_ns(b->n->boot.env);
    struct version *v;
    struct strbuf notice;
    struct err e = {0};
    int r;

    strbuf_init(&notice);
    r = backend_load_file(b, req->file, &v, &notice, &e);
    if (r >= 0) {
        struct view_loaded view = {.plugin = v->manifest->name,
                                   .version = v->manifest->version,
                                   .requested = req->file,
                                   .copy = v->path,
                                   .sha256 = v->sha256_hex,
                                   .behaviours = v->manifest->nbehaviours,
                                   .types = types_of(v->manifest),
                                   .pure = audit_pure(&v->manifest->audit),
                                   .elapsed_us = (env_mono_ns(b->n->boot.env) - start) / 1000};
        struct version *active = catalogue_active(runtime_catalogue(b->n->runtime), v->manifest->name);

        control_put_loaded(call, &view);
        put_notices(call, strbuf_str(&notice));
        if (r == 1)
            put_notices(call, "these bytes were loaded before: nothing changed");
        else if (active != v && active != NULL) {
            char text[256];

            snprintf(text, sizeof text, "version %s keeps serving; actorctl swap %s %s changes over",
                     active->manifest->version, v->manifest->name, v->manifest->version);
            put_notices(call, text);
        }
    }
    strbuf_fini(&notice);
    control_end(call, r < 0 ? r : 0, &e);
}
