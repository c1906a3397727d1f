/* backend_names.c - what names in requests stand for, and names for those whom the loop cannot visit. */
#include "node/backend.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
ref_text(actor_ref r, char buf[48])
{
    snprintf(buf, 48, "%u.%llu", r.slot, (unsigned long long)r.gen);
    return buf;
}

int
find_actor(struct backend *b, const char *name, actor_ref *ret, struct err *e)
{
    actor_ref r = names_lookup(&b->n->sys, name, strlen(name));

    if (actor_ref_is_nobody(r)) {
        err_set(e, ERR_NOTFOUND, "there is no actor %s", name);
        return err_fix(e, "actorctl tree shows those that live");
    }
    *ret = r;
    return 0;
}

/* --- paths from the table of names: for actors that are stuck, and for whom a visit is too much --- */
struct seek {
    uint32_t slot, parent; /* parent: of the one that was found */
    char name[256];
    bool found;
};

static bool
seek_slot(void *arg, uint32_t slot, uint32_t parent, const char *name, size_t len)
{
    struct seek *s = arg;

    if (slot != s->slot || parent == 0 || len >= sizeof s->name)
        return true;
    memcpy(s->name, name, len);
    s->name[len] = '\0';
    s->parent = parent;
    s->found = true;
    return false;
}

char *
backend_path(struct backend *b, actor_ref who, const char *text)
{
    struct system *sys = &b->n->sys;
    struct seek s = {.slot = who.slot};
    char *path = NULL, *longer, ref[48];

    if (text != NULL && text[0] == '/')
        return strdup(text);
    if (who.slot == sys->root.slot)
        return strdup("/");
    for (; s.slot != sys->root.slot; s.slot = s.parent) {
        s.found = false;
        names_each(sys, seek_slot, &s);
        if (!s.found) { /* no name: it, or one above it */
            free(path);
            return strdup(ref_text(who, ref));
        }
        if (asprintf(&longer, "/%s%s", s.name, path == NULL ? "" : path) < 0)
            longer = NULL;
        free(path);
        path = longer;
        if (path == NULL)
            return NULL;
    }
    return path;
}

/* --- for "did you mean" --- */
enum { SUGGESTED_MAX = 4096 };
struct name_row {
    uint32_t slot, parent;
    char *name;
};
struct name_rows {
    struct name_row v[SUGGESTED_MAX];
    size_t n;
};

static bool
keep_name(void *arg, uint32_t slot, uint32_t parent, const char *name, size_t len)
{
    struct name_rows *rows = arg;
    char *copy = strndup(name, len);

    if (copy != NULL)
        rows->v[rows->n++] = (struct name_row){slot, parent, copy};
    return rows->n < SUGGESTED_MAX;
}

static int
by_slot(const void *a, const void *b)
{
    const struct name_row *x = a, *y = b;

    return (x->slot > y->slot) - (x->slot < y->slot);
}

/* False: the path is too long, or one above has no name. */
static bool
write_path(const struct name_rows *rows, const struct name_row *row, uint32_t root, char *buf, size_t size,
           size_t *at)
{
    size_t len = strlen(row->name);

    if (row->parent != root) {
        struct name_row key = {.slot = row->parent};
        const struct name_row *up = bsearch(&key, rows->v, rows->n, sizeof key, by_slot);

        if (up == NULL || up->parent == 0 || !write_path(rows, up, root, buf, size, at))
            return false;
    }
    if (*at + len + 2 > size)
        return false;
    buf[(*at)++] = '/';
    memcpy(buf + *at, row->name, len + 1);
    *at += len;
    return true;
}

static void
names_of_actors(struct backend *b, bool (*each)(void *arg, const char *name), void *arg)
{
    struct name_rows *rows = calloc(1, sizeof *rows);
    char path[512];
    bool on = true;

    if (rows == NULL)
        return;
    names_each(&b->n->sys, keep_name, rows);
    qsort(rows->v, rows->n, sizeof rows->v[0], by_slot);
    for (size_t i = 0; i < rows->n && on; i++) {
        size_t at = 0;

        if (rows->v[i].parent == 0)
            on = each(arg, rows->v[i].name);
        else if (write_path(rows, &rows->v[i], b->n->sys.root.slot, path, sizeof path, &at))
            on = each(arg, path);
    }
    for (size_t i = 0; i < rows->n; i++)
        free(rows->v[i].name);
    free(rows);
}

static void
names_of_plugins(struct backend *b, bool (*each)(void *arg, const char *name), void *arg)
{
    const struct version *v;
    size_t pos = 0;

    while ((v = catalogue_next(runtime_catalogue(b->n->runtime), &pos)) != NULL)
        if (!each(arg, v->manifest->name))
            return;
}

static void
names_of_behaviours(struct backend *b, bool (*each)(void *arg, const char *name), void *arg)
{
    struct catalogue_names names = {0};
    bool on = true;

    if (catalogue_names(runtime_catalogue(b->n->runtime), &names) == 0)
        for (size_t i = 0; i < names.n && on; i++)
            if (strchr(names.v[i].name, '@') == NULL)
                on = each(arg, names.v[i].name);
    catalogue_names_fini(&names);
}

void
backend_names(void *self, enum control_names what, bool (*each)(void *arg, const char *name), void *arg)
{
    struct backend *b = self;

    switch (what) {
    case NAMES_ACTORS:
        names_of_actors(b, each, arg);
        break;
    case NAMES_PLUGINS:
        names_of_plugins(b, each, arg);
        break;
    case NAMES_BEHAVIOURS:
        names_of_behaviours(b, each, arg);
        break;
    }
}
