#include "plugin/catalogue.h"
#include "plugin/catalogue_priv.h"
#include <string.h>

void
catalogue_lock_types(struct catalogue *c)
{
    if (c->types_lock != NULL)
        mutex_lock(c->types_lock);
}

void
catalogue_unlock_types(struct catalogue *c)
{
    if (c->types_lock != NULL)
        mutex_unlock(c->types_lock);
}

int
catalogue_new(struct catalogue **ret, const struct catalogue_config *cfg, struct err *err)
{
    struct catalogue *c = env_alloc(cfg->env, sizeof *c);
    int r;

    if (c == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the plugin catalogue");
    c->env = cfg->env;
    c->types = cfg->types;
    c->types_lock = cfg->types_lock;
    c->in_use = cfg->in_use;
    c->self = cfg->self;
    vec_init(&c->versions);
    r = cfg->data_dir == NULL ? 0 : store_open(&c->store, cfg->env, cfg->data_dir, err);
    if (r < 0) {
        env_free(c->env, c, sizeof *c);
        return r;
    }
    *ret = c;
    return 0;
}

void
catalogue_free(struct catalogue *c)
{
    if (c == NULL)
        return;
    vec_each (v, &c->versions)
        version_free(*v);
    vec_fini(&c->versions);
    store_close(c->store);
    env_free(c->env, c, sizeof *c);
}

int
catalogue_examine(struct catalogue *c, const char *path, uint32_t allow, struct pfile *ret_file,
                  struct manifest **ret, struct strbuf *notice, struct err *err)
{
    struct manifest *m = NULL;
    int r;

    r = pfile_read(ret_file, c->env, path, err);
    if (r < 0)
        return r;
    r = manifest_read(&m, c->env, ret_file->bytes, ret_file->n, err);
    if (r == 0)
        r = audit_check(&m->audit, allow, err);
    if (r == 0)
        r = catalogue_compare(c, m, notice, err);
    if (r < 0) {
        err_at(err, "%s", path);
        manifest_free(m);
        pfile_fini(ret_file);
        return r;
    }
    if (notice != NULL) {
        if (ret_file->warning[0] != '\0')
            strbuf_printf(notice, "%s\n", ret_file->warning);
        if (m->pinned != NULL)
            strbuf_printf(notice, "it can never be unloaded: it %s\n", m->pinned);
        if (!audit_pure(&m->audit)) {
            audit_print(&m->audit, notice);
            strbuf_putc(notice, '\n');
        }
    }
    *ret = m;
    return 0;
}

/* --- loading --- */

static struct version *
by_content(const struct catalogue *c, const char *sha256_hex)
{
    vec_each (v, &c->versions)
        if (strcmp((*v)->sha256_hex, sha256_hex) == 0)
            return *v;
    return NULL;
}

static int
open_version(struct catalogue *c, const struct pfile *f, struct manifest *m, struct version **ret,
             struct err *err)
{
    char copy[4096 + 80];
    struct version *v = NULL;
    int r;

    r = store_put(c->store, f, copy, sizeof copy, err);
    if (r < 0)
        return r;
    r = version_load(&v, c->env, c->next_id + 1, copy, f->sha256_hex, m, err);
    if (r < 0)
        return r;
    catalogue_lock_types(c);
    r = version_bind(v, c->types, err);
    catalogue_unlock_types(c);
    if (r == 0 && vec_push(&c->versions, v) < 0)
        r = err_set(err, ERR_NOMEM, "no memory for another version of '%s'", m->name);
    if (r < 0) {
        v->manifest = NULL; /* still the caller's */
        version_free(v);
        return r;
    }
    c->next_id++;
    *ret = v;
    return 0;
}

int
catalogue_load(struct catalogue *c, const char *path, uint32_t allow, struct version **ret,
               struct strbuf *notice, struct err *err)
{
    struct manifest *m = NULL;
    struct version *have;
    struct pfile f = {0};
    int r;

    if (c->store == NULL)
        return err_set(err, ERR_UNSUPPORTED, "%s: this node has no folder for copies of plugins", path);
    r = catalogue_examine(c, path, allow, &f, &m, notice, err);
    if (r < 0)
        return r;
    have = by_content(c, f.sha256_hex);
    if (have != NULL) {
        *ret = have;
        r = 1;
    } else {
        r = open_version(c, &f, m, ret, err);
        if (r < 0)
            err_at(err, "%s", path);
    }
    if (r != 0)
        manifest_free(m);
    pfile_fini(&f);
    return r;
}

void
catalogue_activate(struct catalogue *c, struct version *v)
{
    struct version *before = catalogue_active(c, v->manifest->name);

    if (before == v)
        return;
    if (before != NULL)
        version_move(before, VERSION_DRAINING);
    version_move(v, VERSION_ACTIVE);
}

void
catalogue_retire(struct catalogue *c, struct version *v)
{
    (void)c;
    if (v->state == VERSION_ACTIVE)
        version_move(v, VERSION_DRAINING);
}

int
catalogue_unload(struct catalogue *c, struct version *v, struct err *err)
{
    size_t i = 0;
    int r;

    if (v->state == VERSION_ACTIVE || v->pins > 0) {
        err_set(err, ERR_INVALID, "%s %s cannot be unloaded: %s", v->manifest->name, v->manifest->version,
                v->state == VERSION_ACTIVE ? "it is the active version" : "a swap still needs it");
        return err_fix(err, "%s",
                       v->state == VERSION_ACTIVE ? "swap to another version first" : "try again later");
    }
    while (c->versions.v[i] != v)
        i++;
    memmove(&c->versions.v[i], &c->versions.v[i + 1], (c->versions.n - i - 1) * sizeof *c->versions.v);
    c->versions.n--;
    r = version_unload(v, err);
    version_free(v);
    return r;
}

struct version *
catalogue_active(const struct catalogue *c, const char *plugin)
{
    vec_each (v, &c->versions)
        if ((*v)->state == VERSION_ACTIVE && strcmp((*v)->manifest->name, plugin) == 0)
            return *v;
    return NULL;
}

struct version *
catalogue_next(const struct catalogue *c, size_t *pos)
{
    return *pos < c->versions.n ? c->versions.v[(*pos)++] : NULL;
}
