/* names.c - what "counter", "demo.counter", "counter@1.4" and "counter@3fa2c1" mean.
 *
 * A name is split at the last '@' and the first part at its last dot, for plugin names may hold dots and
 * behaviour names may not. A suffix is tried as a whole version, then as the start of one up to a dot, then
 * as the start of a SHA-256; the first kind that matches anything decides. */
#include "base/util.h"
#include "plugin/catalogue_priv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHA_MIN = 4, SHA_NAMED = 12, NAME_BYTES = 256 };

struct wanted {
    char plugin[64], behaviour[64], suffix[80]; /* empty: any, any, the active version */
};
enum fit { FIT_NONE, FIT_SHA, FIT_START, FIT_VERSION, FIT_ACTIVE };

static bool
take(char *ret, size_t max, const char *s, size_t n)
{
    if (n >= max)
        return false;
    memcpy(ret, s, n);
    ret[n] = '\0';
    return true;
}

/* by_behaviour: the last dot parts plugin and behaviour; else all of it is the plugin. */
static bool
split(struct wanted *w, const char *name, bool by_behaviour)
{
    const char *at = strrchr(name, '@'), *end = at != NULL ? at : name + strlen(name);
    const char *dot = by_behaviour ? memrchr(name, '.', (size_t)(end - name)) : NULL;

    memset(w, 0, sizeof *w);
    if (at != NULL && (at[1] == '\0' || !take(w->suffix, sizeof w->suffix, at + 1, strlen(at + 1))))
        return false;
    if (!by_behaviour)
        return end > name && take(w->plugin, sizeof w->plugin, name, (size_t)(end - name));
    if (dot != NULL && (dot == name || !take(w->plugin, sizeof w->plugin, name, (size_t)(dot - name))))
        return false;
    name = dot != NULL ? dot + 1 : name;
    return end > name && take(w->behaviour, sizeof w->behaviour, name, (size_t)(end - name));
}

static enum fit
fits(const struct version *v, const char *suffix)
{
    const char *text = v->manifest->version;
    size_t n = strlen(suffix);

    if (n == 0)
        return v->state == VERSION_ACTIVE ? FIT_ACTIVE : FIT_NONE;
    if (strcmp(text, suffix) == 0)
        return FIT_VERSION;
    if (strncmp(text, suffix, n) == 0 && text[n] == '.')
        return FIT_START;
    if (n >= SHA_MIN && strncmp(v->sha256_hex, suffix, n) == 0)
        return FIT_SHA;
    return FIT_NONE;
}

static bool
behaviour_index(const struct version *v, const char *name, uint32_t *ret)
{
    const struct manifest_behaviour *b = manifest_behaviour(v->manifest, name);

    if (b == NULL)
        return false;
    *ret = (uint32_t)(b - v->manifest->behaviours);
    return true;
}

/* Adds "name version (sha...)" to a list in e->fix, as long as there is room. */
static void
mention(struct err *err, const struct version *v)
{
    size_t n;

    if (err == NULL)
        return;
    n = strlen(err->fix);
    snprintf(err->fix + n, sizeof err->fix - n, "%s%s@%s (%s, %.12s)", n == 0 ? "there are: " : ", ",
             v->manifest->name, v->manifest->version, version_state_name(v->state), v->sha256_hex);
}

static int
search(const struct catalogue *c, const struct wanted *w, const char *name, struct version **ret,
       uint32_t *ret_behaviour, struct err *err)
{
    enum fit best = FIT_NONE;
    struct version *found = NULL;
    uint32_t index = 0, i = 0;
    unsigned count = 0;

    vec_each (v, &c->versions) {
        enum fit f = fits(*v, w->suffix);

        if ((w->plugin[0] != '\0' && strcmp((*v)->manifest->name, w->plugin) != 0) ||
            (w->behaviour[0] != '\0' && !behaviour_index(*v, w->behaviour, &i)) || f == FIT_NONE || f < best)
            continue;
        count = f > best ? 1 : count + 1;
        best = f;
        found = *v;
        index = i;
    }
    if (count == 1) {
        *ret = found;
        if (ret_behaviour != NULL)
            *ret_behaviour = index;
        return 0;
    }
    if (count == 0)
        err_set(err, ERR_NOTFOUND, "no %s '%s' is %s", w->behaviour[0] != '\0' ? "behaviour" : "plugin", name,
                w->suffix[0] != '\0' ? "loaded in that version" : "active");
    else
        err_set(err, ERR_EXISTS, "'%s' is ambiguous: %u versions fit", name, count);
    vec_each (v, &c->versions)
        if ((w->plugin[0] == '\0' || strcmp((*v)->manifest->name, w->plugin) == 0) &&
            (w->behaviour[0] == '\0' || behaviour_index(*v, w->behaviour, &i)))
            mention(err, *v);
    return count == 0 ? -ERR_NOTFOUND : -ERR_EXISTS;
}

int
catalogue_find(const struct catalogue *c, const char *name, struct version **ret, uint32_t *ret_behaviour,
               struct err *err)
{
    struct wanted w;

    if (!split(&w, name, true))
        return err_set(err, ERR_NOTFOUND, "'%.100s' is no name of a behaviour", name);
    return search(c, &w, name, ret, ret_behaviour, err);
}

int
catalogue_find_version(const struct catalogue *c, const char *name, struct version **ret, struct err *err)
{
    struct wanted w;

    if (!split(&w, name, false))
        return err_set(err, ERR_NOTFOUND, "'%.100s' is no name of a plugin", name);
    return search(c, &w, name, ret, NULL, err);
}

/* --- the table for workers --- */

static int
add_name(const struct catalogue *c, struct catalogue_names *all, const char *name, struct version *v,
         uint32_t index)
{
    struct catalogue_name entry = {.version = v, .behaviour = index};
    struct version *means;
    uint32_t i;

    /* What is ambiguous, or means another version, is not in the table. */
    if (catalogue_find(c, name, &means, &i, NULL) < 0 || means != v || i != index)
        return 0;
    vec_each (n, all)
        if (strcmp(n->name, name) == 0)
            return 0;
    entry.name = strdup(name);
    if (entry.name == NULL || vec_push(all, entry) < 0) {
        free(entry.name);
        return -ERR_NOMEM;
    }
    return 0;
}

/* base, base@1, base@1.4, base@1.4.0, base@3fa2c1d4e5f6 */
static int
add_names(const struct catalogue *c, struct catalogue_names *all, const char *base, struct version *v,
          uint32_t index)
{
    const char *text = v->manifest->version;
    char name[NAME_BYTES];
    int r;

    r = add_name(c, all, base, v, index);
    for (size_t n = 1; r == 0 && n <= strlen(text); n++) {
        if (text[n] != '.' && text[n] != '\0')
            continue;
        snprintf(name, sizeof name, "%s@%.*s", base, (int)n, text);
        r = add_name(c, all, name, v, index);
    }
    if (r == 0) {
        snprintf(name, sizeof name, "%s@%.*s", base, SHA_NAMED, v->sha256_hex);
        r = add_name(c, all, name, v, index);
    }
    return r;
}

int
catalogue_names(const struct catalogue *c, struct catalogue_names *ret)
{
    struct catalogue_names all = {0};
    char full[128];
    int r = 0;

    vec_each (v, &c->versions)
        for (uint32_t i = 0; r == 0 && i < (*v)->manifest->nbehaviours; i++) {
            const char *name = (*v)->manifest->behaviours[i].name;

            snprintf(full, sizeof full, "%s.%s", (*v)->manifest->name, name);
            r = add_names(c, &all, full, *v, i);
            if (r == 0)
                r = add_names(c, &all, name, *v, i);
        }
    if (r < 0) {
        catalogue_names_fini(&all);
        return r;
    }
    *ret = all;
    return 0;
}

void
catalogue_names_fini(struct catalogue_names *n)
{
    vec_each (it, n)
        free(it->name);
    vec_fini(n);
}
