/* config_values.c - textval with places. */
#include "node/config_values.h"
#include "msg/textval.h"
#include <stdlib.h>
#include <string.h>

static void *
source_get(void *self, size_t bytes, size_t *ret_got)
{
    size_t whole = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    void *p = whole < bytes ? NULL : aligned_alloc(ARENA_ALIGN, whole);

    (void)self;
    if (p != NULL)
        *ret_got = whole;
    return p;
}

static void
source_put(void *self, void *p, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(p);
}

const struct arena_source *
config_arena_source(void)
{
    static const struct arena_source source = {.get = source_get, .put = source_put};

    return &source;
}

static void
unknown(const struct schema *s, const struct setting *x, const char *prefix, const char *what,
        const struct err *e, struct diags *d)
{
    struct nearest near;

    nearest_init(&near, x->name);
    for (uint32_t i = 0; s != NULL && i < s->nfields; i++)
        nearest_try(&near, s->fields[i].name);
    diags_add(d, &x->name_at, ERR_CONFIG, "unknown key \"%s%s\": %s declares no such field", prefix, x->name,
              what);
    if (near.n > 0)
        diags_fix(d, "did you mean \"%s%s\"?", prefix, near.name[0]);
    else if (s == NULL || s->nfields == 0)
        diags_fix(d, "it takes none");
    else
        diags_fix(d, "%s", e->fix);
}

int
config_values(const struct schema *s, const struct setting *set, size_t n, const char *prefix,
              const char *what, const struct place *at, void *v, struct arena *mem, struct diags *d)
{
    struct err e = {.code = 0};
    size_t before = diags_count(d);
    struct textval t;
    int r;

    if (s != NULL && textval_begin(&t, s, v, mem) < 0)
        return -ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct setting *x = &set[i];

        e.fix[0] = '\0';
        r = s == NULL ? -ERR_NOTFOUND
                      : textval_set(&t, x->name, strlen(x->name), x->text, strlen(x->text), &e);
        if (r == -ERR_NOMEM)
            return r;
        if (r == -ERR_NOTFOUND)
            unknown(s, x, prefix, what, &e, d);
        else if (r < 0)
            diags_add_err(d, r == -ERR_EXISTS ? &x->name_at : &x->at, &e);
    }
    if (diags_count(d) > before) /* a field that was given wrong would count as missing */
        return -ERR_CONFIG;
    e.fix[0] = '\0';
    if (s != NULL && textval_end(&t, &e) < 0) {
        diags_add_err(d, at, &e);
        if (e.fix[0] == '\0')
            diags_fix(d, "add %sFIELD = VALUE to the section", prefix);
        return -ERR_CONFIG;
    }
    return 0;
}
