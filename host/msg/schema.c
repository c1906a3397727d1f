/* schema.c - finding, copying and comparing schemas. */
#include "msg/schema.h"
#include "msg/schema_priv.h"
#include <string.h>

static bool
name_is(const struct schema *s, const char *ns, size_t ns_len, const char *name)
{
    return strncmp(s->name, ns, ns_len) == 0 && s->name[ns_len] == '.' &&
           strcmp(s->name + ns_len + 1, name) == 0;
}

const struct schema *
schema_set_find(const struct schema_set *set, const char *ns, const char *name, unsigned form)
{
    const struct schema *found = NULL;
    bool any = ns == NULL || ns[0] == '\0';
    const char *want = any ? set->ns : ns;
    size_t want_len = strlen(want);

    for (size_t i = 0; i < set->n; i++) {
        const struct schema *s = set->v[i];
        const char *dot;

        if (s == NULL || s->form != form)
            continue;
        if (name_is(s, want, want_len, name))
            return s;
        /* names hold no dot, namespaces may */
        dot = strrchr(s->name, '.');
        if (any && strcmp(dot + 1, name) == 0 && found != s) {
            if (found != NULL)
                any = false; /* ambiguous: only the plugin's own would do now */
            found = s;
        }
    }
    return any ? found : NULL;
}

const struct field *
schema_field(const struct schema *s, const char *name)
{
    for (const struct field *f = s->fields; f < s->fields + s->nfields; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

bool
schema_has_opaque(const struct schema *s)
{
    for (const struct field *f = s->fields; f < s->fields + s->nfields; f++)
        if (f->kind == ACTOR_KIND_opaque) /* never inside nested types: schema_read.c refuses it */
            return true;
    return false;
}

bool
schema_same(const struct schema *a, const struct schema *b)
{
    return a == b || (a->layout == b->layout && a->form == b->form && strcmp(a->name, b->name) == 0);
}

/* --- copies: [block][schema][nested schema]... --- */

struct block {
    struct env *env;
    size_t bytes;
};
_Static_assert(sizeof(struct block) % _Alignof(struct schema) == 0, "a schema follows the block's head");

struct copier {
    const struct schema *from[SCHEMA_SET_MAX + 1];
    struct schema *to[SCHEMA_SET_MAX + 1];
    size_t n;
};

/* Every schema that s reaches, each once. Sets hold at most SCHEMA_SET_MAX, so it always fits. */
static void
collect(struct copier *c, const struct schema *s)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->from[i] == s)
            return;
    c->from[c->n++] = s;
    if (s->twin != NULL)
        collect(c, s->twin);
    for (uint32_t i = 0; i < s->nfields; i++)
        if (s->fields[i].nested != NULL)
            collect(c, s->fields[i].nested);
}

static struct schema *
copy_of(const struct copier *c, const struct schema *s)
{
    size_t i = 0;

    while (c->from[i] != s)
        i++;
    return c->to[i];
}

int
schema_copy(struct schema **ret, struct env *env, const struct schema *s)
{
    struct copier *c = env_alloc(env, sizeof *c);
    size_t bytes = sizeof(struct block);
    struct block *b;
    char *at;

    if (c == NULL)
        return -ERR_NOMEM;
    collect(c, s);
    for (size_t i = 0; i < c->n; i++)
        bytes += schema_bytes(c->from[i]->nfields);
    b = env_alloc(env, bytes);
    if (b == NULL) {
        env_free(env, c, sizeof *c);
        return -ERR_NOMEM;
    }
    *b = (struct block){env, bytes};
    at = (char *)(b + 1);
    for (size_t i = 0; i < c->n; i++) {
        c->to[i] = (struct schema *)(void *)at;
        memcpy(at, c->from[i], schema_bytes(c->from[i]->nfields));
        at += schema_bytes(c->from[i]->nfields);
    }
    for (size_t i = 0; i < c->n; i++) {
        struct schema *t = c->to[i];

        if (t->twin != NULL)
            t->twin = copy_of(c, t->twin);
        for (uint32_t k = 0; k < t->nfields; k++)
            if (t->fields[k].nested != NULL)
                t->fields[k].nested = copy_of(c, t->fields[k].nested);
    }
    env_free(env, c, sizeof *c);
    *ret = (struct schema *)(void *)(b + 1);
    return 0;
}

void
schema_free(struct schema *s)
{
    struct block *b;

    if (s == NULL)
        return;
    b = (struct block *)(void *)s - 1;
    env_free(b->env, b, b->bytes);
}
