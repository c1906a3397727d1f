/* config.c - files, drop-ins, the model, typed structs. */
#include "node/config.h"
#include "node/config_priv.h"
#include "node/value.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the model --- */

struct section *
config_section(const struct config *c, const struct key_section *kind, const char *name)
{
    vec_each (s, &c->sections)
        if ((*s)->kind == kind && strcmp((*s)->name, name) == 0)
            return *s;
    return NULL;
}

struct section *
config_section_add(struct config *c, const struct key_section *kind, const char *name)
{
    struct section *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    vec_init(&s->settings);
    s->kind = kind;
    s->name = text_dup(&c->mem, name, strlen(name));
    if (s->name == NULL)
        goto fail;
    for (size_t i = 0; i < kind->nkeys; i++)
        if (vec_push(&s->settings, ((struct setting){.key = &kind->keys[i], .name = kind->keys[i].name})) < 0)
            goto fail;
    if (vec_push(&c->sections, s) < 0)
        goto fail;
    return s;

fail:
    vec_fini(&s->settings);
    free(s);
    return NULL;
}

struct setting *
section_setting(struct section *s, const char *key)
{
    vec_each (x, &s->settings)
        if (strcmp(x->name, key) == 0)
            return x;
    return NULL;
}

static struct config *
config_new(const char *path)
{
    struct config *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    text_init(&c->mem);
    vec_init(&c->plugin);
    vec_init(&c->actor);
    vec_init(&c->sections);
    c->path = text_dup(&c->mem, path, strlen(path));
    for (size_t i = 0; i < SECTIONS && c->path != NULL; i++) {
        if (key_sections[i].argument[0] == '\0' && config_section_add(c, &key_sections[i], "") == NULL)
            c->path = NULL;
    }
    if (c->path == NULL) {
        config_free(c);
        return NULL;
    }
    return c;
}

void
config_free(struct config *c)
{
    if (c == NULL)
        return;
    vec_each (s, &c->sections) {
        vec_fini(&(*s)->settings);
        free(*s);
    }
    vec_fini(&c->sections);
    vec_fini(&c->plugin);
    vec_fini(&c->actor);
    text_fini(&c->mem);
    free(c);
}

/* --- typed --- */

static int
fill_section(struct config *c, const struct section *s, void *keys)
{
    for (size_t i = 0; i < s->kind->nkeys; i++) {
        int r = value_fill(&s->kind->keys[i], s->settings.v[i].text, &c->mem, keys);

        if (r < 0)
            return r;
    }
    return 0;
}

static int
fill_actor(struct config *c, const struct section *s)
{
    struct config_actor a = {.name = s->name, .origin = s->origin, .section = s};
    size_t n = s->settings.n - s->kind->nkeys;
    struct setting *args = NULL;
    int r = fill_section(c, s, &a.keys);

    if (r < 0)
        return r;
    if (n > 0) {
        args = text_alloc(&c->mem, n * sizeof *args);
        if (args == NULL)
            return -ERR_NOMEM;
        memcpy(args, s->settings.v + s->kind->nkeys, n * sizeof *args);
        for (size_t i = 0; i < n; i++)
            args[i].name += strlen("arg.");
    }
    a.args = args;
    a.nargs = n;
    return vec_push(&c->actor, a);
}

int
config_fill(struct config *c)
{
    void *single[SECTIONS] = {
        [SECTION_node] = &c->node,       [SECTION_scheduler] = &c->scheduler, [SECTION_log] = &c->log,
        [SECTION_control] = &c->control, [SECTION_plugins] = &c->plugins,
    };
    int r = 0;

    vec_clear(&c->plugin);
    vec_clear(&c->actor);
    for (size_t i = 0; i < c->sections.n && r == 0; i++) {
        const struct section *s = c->sections.v[i];
        size_t id = (size_t)(s->kind - key_sections);

        if (id == SECTION_plugin) {
            struct config_plugin p = {
                .name = s->name,
                .origin = s->origin,
                .section = s,
                .own = s->settings.v + s->kind->nkeys,
                .nown = s->settings.n - s->kind->nkeys,
            };

            r = fill_section(c, s, &p.keys);
            if (r == 0)
                r = vec_push(&c->plugin, p);
        } else if (id == SECTION_actor) {
            r = fill_actor(c, s);
        } else {
            r = fill_section(c, s, single[id]);
        }
    }
    return r;
}

/* --- loading --- */

/* The folder of a file, absolute. */
static const char *
folder(struct config *c, const char *path, const struct config_world *w)
{
    const char *slash = strrchr(path, '/');
    int n = slash == NULL ? 0 : slash == path ? 1 : (int)(slash - path);

    if (path[0] == '/')
        return text_printf(&c->mem, "%.*s", n, path);
    if (n == 0 || (n == 1 && path[0] == '.'))
        return w->cwd;
    return text_printf(&c->mem, "%s%s%.*s", w->cwd, strcmp(w->cwd, "/") == 0 ? "" : "/", n, path);
}

static int
load_file(struct config *c, const char *path, const struct config_world *w, struct diags *d)
{
    const char *dir = folder(c, path, w);
    struct ini ini;
    int r;

    if (dir == NULL)
        return -ERR_NOMEM;
    r = ini_read_file(&ini, path, &c->mem, d);
    if (r < 0)
        return r == -ERR_NOMEM ? r : 0; /* d has it; the other files are read all the same */
    r = config_merge(c, &ini, dir, d);
    ini_fini(&ini);
    return r;
}

static int
is_drop_in(const struct dirent *x)
{
    size_t n = strlen(x->d_name);

    return x->d_name[0] != '.' && n > 4 && strcmp(x->d_name + n - 4, ".ini") == 0;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* alphasort would follow the locale */
}

static int
load_drop_ins(struct config *c, const char *path, const struct config_world *w, struct diags *d)
{
    const char *dir = text_printf(&c->mem, "%s.d", path);
    struct dirent **found = NULL;
    int n, r = 0;

    if (dir == NULL)
        return -ERR_NOMEM;
    n = scandir(dir, &found, is_drop_in, by_bytes);
    if (n < 0) {
        if (errno == ENOENT)
            return 0;
        if (errno == ENOMEM)
            return -ERR_NOMEM;
        diags_add(d, &(struct place){.file = dir}, ERR_IO, "cannot read the drop-in folder: %s",
                  strerror(errno));
        diags_fix(d, "make it a readable folder, or remove it");
        return 0;
    }
    for (int i = 0; i < n; i++) {
        const char *file = text_printf(&c->mem, "%s/%s", dir, found[i]->d_name);

        if (r == 0)
            r = file == NULL ? -ERR_NOMEM : load_file(c, file, w, d);
        free(found[i]);
    }
    free(found);
    return r;
}

/* With schemas, plugins are looked at in any case: all mistakes at once. What was refused is not set. */
static int
finish(struct config **ret, struct config *c, const struct config_world *w, const struct config_schemas *s,
       struct diags *d, int r)
{
    if (r == 0)
        config_defaults(c, w, d);
    if (r == 0 && (diags_count(d) == 0 || s != NULL))
        r = config_fill(c);
    if (r == 0 && s != NULL && config_check_plugins(c, s, d) == -ERR_NOMEM)
        r = -ERR_NOMEM;
    if (r == 0 && diags_count(d) > 0)
        r = -ERR_CONFIG;
    diags_sort(d);
    if (r < 0)
        config_free(c);
    else
        *ret = c;
    return r;
}

int
config_load(struct config **ret, const char *path, const struct config_world *w, struct diags *d)
{
    return config_load_checked(ret, path, w, NULL, d);
}

int
config_load_checked(struct config **ret, const char *path, const struct config_world *w,
                    const struct config_schemas *s, struct diags *d)
{
    struct config *c = config_new(path);
    int r;

    if (c == NULL)
        return -ERR_NOMEM;
    r = load_file(c, path, w, d);
    if (r == 0)
        r = load_drop_ins(c, path, w, d);
    return finish(ret, c, w, s, d, r);
}

int
config_load_text(struct config **ret, const char *name, const char *text, size_t len,
                 const struct config_world *w, struct diags *d)
{
    struct config *c = config_new(name);
    struct ini ini;
    int r;

    if (c == NULL)
        return -ERR_NOMEM;
    r = ini_read(&ini, name, text, len, &c->mem, d);
    if (r == 0) {
        r = config_merge(c, &ini, w->cwd, d);
        ini_fini(&ini);
    } else if (r != -ERR_NOMEM) {
        r = 0;
    }
    return finish(ret, c, w, NULL, d, r);
}
