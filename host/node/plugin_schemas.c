/* plugin_schemas.c - one manifest a plugin section. */
#include "node/plugin_schemas.h"
#include "plugin/store.h"
#include <actor/plugin.h>
#include <stdlib.h>
#include <string.h>

/* The choices of allow in keys.def are in the order of audit_check's bits. */
_Static_assert(AUDIT_FORK - AUDIT_THREADS == 1 && AUDIT_SIGNAL - AUDIT_THREADS == 5,
               "threads fork exec dlopen exit signal");

struct plugin_schemas {
    struct env *env;
    VEC(struct manifest *) manifests;
};

int
plugin_schemas_new(struct plugin_schemas **ret, struct env *env)
{
    struct plugin_schemas *s = calloc(1, sizeof *s);

    if (s == NULL)
        return -ERR_NOMEM;
    s->env = env;
    vec_init(&s->manifests);
    *ret = s;
    return 0;
}

void
plugin_schemas_free(struct plugin_schemas *s)
{
    if (s == NULL)
        return;
    vec_each (m, &s->manifests)
        manifest_free(*m);
    vec_fini(&s->manifests);
    free(s);
}

uint32_t
config_plugin_allow(const struct config *c, const struct config_plugin *p)
{
    return c->plugins.allow | p->keys.allow;
}

static int
check_identity(const struct config *c, const struct config_plugin *p, const struct manifest *m, struct err *e)
{
    if (strcmp(m->name, p->name) != 0) {
        err_set(e, ERR_CONFIG, "the file holds the plugin \"%s\"", m->name);
        return err_fix(e, "write [plugin %s], or give the path of %s", m->name, p->name);
    }
    if (p->keys.version != NULL && strcmp(m->version, p->keys.version) != 0) {
        err_set(e, ERR_CONFIG, "the file holds version %s of %s, not %s", m->version, m->name,
                p->keys.version);
        return err_fix(e, "install version %s, or change version = here", p->keys.version);
    }
    return audit_check(&m->audit, config_plugin_allow(c, p), e);
}

static int
settings(void *self, const struct config *c, const struct config_plugin *p, const char *path,
         const struct schema **ret, struct err *e)
{
    struct plugin_schemas *s = self;
    struct manifest *m = NULL;
    struct pfile file;
    int r = pfile_read(&file, s->env, path, e);

    if (r < 0)
        return r;
    r = manifest_read(&m, s->env, file.bytes, file.n, e);
    pfile_fini(&file);
    if (r < 0)
        return r;
    r = vec_push(&s->manifests, m);
    if (r < 0) {
        manifest_free(m);
        return err_set(e, ERR_NOMEM, "out of memory");
    }
    *ret = m->config;
    return check_identity(c, p, m, e);
}

/* "greeter" or "plugin.greeter". */
static int
args(void *self, const char *behaviour, const struct schema **ret, struct err *e)
{
    const struct plugin_schemas *s = self;
    const struct manifest_behaviour *found = NULL;
    const struct manifest *in = NULL;
    const struct manifest_row *row;
    struct nearest near;

    nearest_init(&near, behaviour);
    vec_each (m, &s->manifests) {
        const char *name = behaviour;
        size_t n = strlen((*m)->name);
        const struct manifest_behaviour *b;

        if (strncmp(name, (*m)->name, n) == 0 && name[n] == '.')
            name += n + 1;
        b = manifest_behaviour(*m, name);
        for (uint32_t i = 0; i < (*m)->nbehaviours; i++)
            nearest_try(&near, (*m)->behaviours[i].name);
        if (b == NULL)
            continue;
        if (found != NULL) {
            err_set(e, ERR_CONFIG, "the plugins %s and %s both have a behaviour \"%s\"", in->name, (*m)->name,
                    name);
            return err_fix(e, "write %s.%s or %s.%s", in->name, name, (*m)->name, name);
        }
        found = b;
        in = *m;
    }
    if (found == NULL) {
        err_set(e, ERR_NOTFOUND, "no configured plugin has a behaviour \"%.80s\"", behaviour);
        if (near.n > 0)
            return err_fix(e, "did you mean \"%s\"?", near.name[0]);
        return err_fix(e, "add a [plugin NAME] section for the plugin that has it");
    }
    row = manifest_row(found, ACTOR_ROW_START, NULL);
    *ret = row == NULL ? NULL : row->type;
    return 0;
}

struct config_schemas
plugin_schemas_face(struct plugin_schemas *s)
{
    return (struct config_schemas){.self = s, .settings = settings, .args = args};
}
