/* runtime.c - loading, names, unloading. The swap is in swapping.c. */
#include "plugin/runtime.h"
#include "plugin/runtime_priv.h"
#include "supervision/policy.h"
#include <string.h>

static bool
in_use(void *self, const struct version *v)
{
    return runtime_actors(self, v) != 0;
}

int
runtime_new(struct runtime **ret, const struct runtime_config *cfg, struct err *e)
{
    struct runtime *rt = env_alloc(cfg->sys->env, sizeof *rt);
    struct catalogue_config cc = {.env = cfg->sys->env,
                                  .types = &cfg->sys->types,
                                  .types_lock = &cfg->sys->types_lock,
                                  .data_dir = cfg->data_dir,
                                  .in_use = in_use,
                                  .self = rt};
    int r;

    if (rt == NULL)
        return err_set(e, ERR_NOMEM, "no memory for plugins");
    rt->cfg = *cfg;
    rt->sys = cfg->sys;
    r = catalogue_new(&rt->catalogue, &cc, e);
    if (r < 0) {
        env_free(cfg->sys->env, rt, sizeof *rt);
        return r;
    }
    *ret = rt;
    return 0;
}

static void
loaded_free(struct runtime *rt, struct loaded *l)
{
    if (l->bound != NULL)
        env_free(rt->sys->env, l->policies, (l->bound->n + 1) * sizeof *l->policies);
    if (l->file != NULL)
        env_free(rt->sys->env, l->file, strlen(l->file) + 1);
    bound_free(rt->sys, l->bound);
}

void
runtime_free(struct runtime *rt)
{
    if (rt == NULL)
        return;
    registry_publish(rt->sys, NULL, NULL, 0);
    runtime_swaps_free(rt);
    vec_each (l, &rt->loaded)
        loaded_free(rt, l);
    vec_fini(&rt->loaded);
    catalogue_free(rt->catalogue);
    env_free(rt->sys->env, rt, sizeof *rt);
}

struct catalogue *
runtime_catalogue(struct runtime *rt)
{
    return rt->catalogue;
}

static struct loaded *
find(struct runtime *rt, const struct version *v)
{
    vec_each (l, &rt->loaded)
        if (l->version == v)
            return l;
    return NULL;
}

struct bound *
runtime_bound(struct runtime *rt, const struct version *v)
{
    struct loaded *l = find(rt, v);

    return l == NULL ? NULL : l->bound;
}

const char *
runtime_file(struct runtime *rt, const struct version *v)
{
    struct loaded *l = find(rt, v);

    return l == NULL ? NULL : l->file;
}

uint64_t
runtime_actors(struct runtime *rt, const struct version *v)
{
    struct bound *b = runtime_bound(rt, v);
    uint64_t n = 0;

    for (size_t i = 0; b != NULL && i < b->n;
         i++) /* acquire; pairs with the release in actor/switch.c and life.c */
        n += gauge_value(&b->behaviours[i].actors);
    return n;
}

int
runtime_publish_names(struct runtime *rt)
{
    struct catalogue_names names = {0};
    struct behaviour **all;
    const char **text;
    int r = catalogue_names(rt->catalogue, &names);

    if (r < 0)
        return r;
    all = env_alloc(rt->sys->env, (names.n + 1) * sizeof *all);
    text = env_alloc(rt->sys->env, (names.n + 1) * sizeof *text);
    r = -ERR_NOMEM;
    if (all != NULL && text != NULL) {
        size_t n = 0;

        for (size_t i = 0; i < names.n; i++) {
            const struct version *v = names.v[i].version;
            struct loaded *l = find(rt, v);

            if (l == NULL || l->hidden)
                continue;
            all[n] = runtime_behaviour(l->bound, v->manifest->behaviours[names.v[i].behaviour].name);
            text[n++] = names.v[i].name;
        }
        r = registry_publish(rt->sys, all, text, n);
    }
    env_free(rt->sys->env, all, (names.n + 1) * sizeof *all);
    env_free(rt->sys->env, text, (names.n + 1) * sizeof *text);
    catalogue_names_fini(&names);
    return r;
}

struct behaviour *
runtime_behaviour(struct bound *b, const char *name)
{
    size_t plugin;

    for (size_t i = 0; i < b->n; i++) {
        plugin = strlen(b->behaviours[i].plugin) + 1;
        if (strcmp(b->behaviours[i].name + plugin, name) == 0)
            return &b->behaviours[i];
    }
    return NULL;
}

/* ACTOR_ROW_SUPERVISES: how a behaviour treats its children's failures. */
static int
read_policies(struct runtime *rt, struct loaded *l, struct err *e)
{
    int r = 0;

    l->policies = env_alloc(rt->sys->env, (l->bound->n + 1) * sizeof *l->policies);
    if (l->policies == NULL)
        return err_set(e, ERR_NOMEM, "no memory for policies");
    for (size_t i = 0; i < l->bound->n && r == 0; i++) {
        struct behaviour *b = &l->bound->behaviours[i];

        if (b->policy_text == NULL)
            continue;
        r = policy_parse(b->policy_text, &l->policies[i], e);
        if (r < 0)
            err_at(e, "behaviour %s: ACTOR_ROW_SUPERVISES(\"%s\")", b->name, b->policy_text);
        b->policy = &l->policies[i];
    }
    return r;
}

int
runtime_bring_in(struct runtime *rt, struct version *v, const actor_plugin *p, const char *file,
                 const void *config, struct err *e)
{
    struct loaded l = {.version = v, .file = env_alloc(rt->sys->env, strlen(file) + 1)};
    int r = l.file == NULL ? -ERR_NOMEM : bind_plugin(rt->sys, p, v->id, &l.bound, e);

    if (l.file != NULL)
        memcpy(l.file, file, strlen(file) + 1);
    if (r == 0) {
        for (size_t i = 0; i < l.bound->n; i++)
            l.bound->behaviours[i].config = config;
        r = read_policies(rt, &l, e);
    }
    if (r == 0)
        r = vec_push(&rt->loaded, l);
    /* layouts that this version brought: rows for them everywhere */
    for (size_t i = 0; r == 0 && i < rt->loaded.n; i++)
        r = bound_refresh(rt->sys, rt->loaded.v[i].bound, e);
    if (r == 0 && catalogue_active(rt->catalogue, v->manifest->name) == NULL)
        catalogue_activate(rt->catalogue, v);
    if (r == 0)
        r = runtime_publish_names(rt);
    if (r < 0) {
        if (rt->loaded.n > 0 && rt->loaded.v[rt->loaded.n - 1].version == v)
            rt->loaded.n--;
        loaded_free(rt, &l);
        catalogue_retire(rt->catalogue, v);
        catalogue_unload(rt->catalogue, v, NULL);
        if (e != NULL && e->code == 0)
            err_set(e, -r, "%s", err_text(r));
        err_at(e, "%s", file);
    }
    return r;
}

int
runtime_load(struct runtime *rt, const char *path, uint32_t allow, const void *config, struct version **ret,
             struct strbuf *notice, struct err *e)
{
    struct version *v = NULL;
    int r = catalogue_load(rt->catalogue, path, allow, &v, notice, e);

    if (r == 0)
        r = runtime_bring_in(rt, v, image_symbol(&v->image, "actor_plugin_entry"), path, config, e);
    if (r >= 0)
        *ret = v;
    return r;
}

static uint64_t
pins(struct bound *b)
{
    uint64_t n = 0;

    for (size_t i = 0; i < b->n; i++) /* acquire; pairs with the release in actor/job.c */
        n += atomic_load_explicit(&b->behaviours[i].pins, memory_order_acquire);
    return n;
}

int
runtime_unload(struct runtime *rt, struct version *v, struct err *e)
{
    struct loaded *l = find(rt, v);
    uint64_t n = runtime_actors(rt, v);
    int r;

    if (v->state == VERSION_ACTIVE)
        return catalogue_unload(rt->catalogue, v, e); /* says why not */
    if (n != 0)
        return err_set(e, ERR_BUSY, "%s %s cannot be unloaded: %llu actors run it", v->manifest->name,
                       v->manifest->version, (unsigned long long)n);
    if (pins(l->bound) != 0)
        return err_set(e, ERR_BUSY, "%s %s cannot be unloaded: a job of it is running", v->manifest->name,
                       v->manifest->version);
    if (!l->hidden) { /* unpublish, then wait until every worker has passed a slice end */
        l->hidden = true;
        r = runtime_publish_names(rt);
        if (r < 0)
            return err_set(e, -r, "%s", err_text(r));
        l->epoch = epoch_advance(&rt->sys->sched.epoch);
    }
    if (!epoch_passed(&rt->sys->sched.epoch, l->epoch))
        return err_set(e, ERR_BUSY, "%s %s is about to be unloaded: workers still pass by", v->manifest->name,
                       v->manifest->version);
    loaded_free(rt, l);
    *l = rt->loaded.v[--rt->loaded.n];
    return catalogue_unload(rt->catalogue, v, e);
}

void
runtime_tidy(struct runtime *rt)
{
    size_t pos = 0;
    struct version *v;

    if (rt->cfg.unload != RUNTIME_UNLOAD_DRAINED)
        return;
    while ((v = catalogue_next(rt->catalogue, &pos)) != NULL) {
        if (v->state == VERSION_DRAINING && v->pins == 0 && runtime_unload(rt, v, NULL) == 0)
            pos = 0;
    }
}
