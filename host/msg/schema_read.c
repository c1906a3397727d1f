/* schema_read.c - from the bytes of notes to schemas.
 *
 *   sizes of all records -> one block -> each head and field on its own (schema_record.c) -> repeats folded into one
 *   -> depth first: nested types resolved, layout checked, hashes
 *
 * Nothing is believed before it was checked, and the checks of one step rely on earlier steps only.
 */
#include "msg/kind.h"
#include "msg/schema_priv.h"
#include <string.h>

enum { FRESH, OPEN, DONE }; /* a schema in the depth-first walk */

struct visit {
    uint8_t mark, depth;
};
struct reader {
    struct schema_set *set;
    struct err *e;
    struct visit *walk; /* per schema; only where v[i] is the first of its name */
};

/* --- the set --- */

/* The same header in two files of a plugin gives the same note twice. Blocks are zeroed, nested not resolved
 * yet. */
static int
fold_repeats(const struct reader *r, size_t i)
{
    struct schema *s = r->set->v[i];

    for (size_t j = 0; j < i; j++) {
        struct schema *o = r->set->v[j];

        if (o->form != s->form || strcmp(o->name, s->name) != 0)
            continue;
        if (o->nfields != s->nfields || memcmp(o, s, schema_bytes(s->nfields)) != 0)
            return err_set(r->e, ERR_NOTE, "schema %s (%s): two files of the plugin define it differently",
                           s->name, form_name(s->form));
        r->set->v[i] = o;
        break;
    }
    return 0;
}

static size_t
index_of(const struct schema_set *set, const struct schema *s)
{
    size_t i = 0;

    while (set->v[i] != s)
        i++;
    return i;
}

static int
finish(struct reader *r, size_t at, unsigned level)
{
    struct schema *s = r->set->v[at];
    uint8_t depth = 1;
    int err;

    if (r->walk[at].mark == OPEN)
        return err_set(r->e, ERR_LIMIT, "schema %s contains itself", s->name);
    if (r->walk[at].mark == DONE && level + r->walk[at].depth <= SCHEMA_DEPTH_MAX + 1)
        return 0;
    if (r->walk[at].mark == DONE || level > SCHEMA_DEPTH_MAX)
        return err_set(r->e, ERR_LIMIT, "schema %s: types nest deeper than %d", s->name, SCHEMA_DEPTH_MAX);
    r->walk[at].mark = OPEN;
    for (uint32_t i = 0; i < s->nfields; i++) {
        struct field *f = &s->fields[i];
        const struct schema *t;
        size_t ti;

        if (f->kind != ACTOR_KIND_nested && f->elem != ACTOR_KIND_nested)
            continue;
        t = schema_set_find(r->set, NULL, f->type,
                            form_is_state(s->form) ? ACTOR_FORM_NESTED_STATE : ACTOR_FORM_NESTED);
        if (t == NULL)
            return err_set(r->e, ERR_NOTFOUND, "schema %s, field %s: there is no nested type %s, or several",
                           s->name, f->name, f->type);
        ti = index_of(r->set, t);
        err = finish(r, ti, level + 1);
        if (err < 0)
            return err;
        if (r->walk[ti].depth >= depth)
            depth = (uint8_t)(r->walk[ti].depth + 1);
        f->nested = t;
    }
    err = schema_check_layout(s, r->e);
    if (err < 0) {
        err_at(r->e, "schema %s", s->name);
        return err;
    }
    schema_seal(s);
    r->walk[at].mark = DONE;
    r->walk[at].depth = depth;
    return 0;
}

/* Nested types come in two forms of one list. State cannot do without its message form: elements arrive in
 * it. */
static int
find_twins(const struct reader *r)
{
    for (size_t i = 0; i < r->set->n; i++) {
        struct schema *s = r->set->v[i], *o = NULL;

        if (s->form != ACTOR_FORM_NESTED_STATE)
            continue;
        for (size_t j = 0; j < r->set->n && o == NULL; j++)
            if (r->set->v[j]->form == ACTOR_FORM_NESTED && strcmp(r->set->v[j]->name, s->name) == 0)
                o = r->set->v[j];
        if (o == NULL || o->fingerprint != s->fingerprint)
            return err_set(r->e, ERR_NOTE, "schema %s: its message form %s", s->name,
                           o == NULL ? "is missing" : "has other fields than its state form");
        s->twin = o;
        o->twin = s;
    }
    return 0;
}

int
schema_set_new(struct schema_set **ret, struct env *env, const struct schema_raw *raw, size_t n,
               const char *ns, struct err *e)
{
    size_t bytes, walk_bytes = 0;
    struct reader r = {.e = e};
    actor_schema_head h;
    char *at;
    int err;

    if (n > SCHEMA_SET_MAX)
        return err_set(e, ERR_LIMIT, "%zu schema notes; at most %d are possible", n, SCHEMA_SET_MAX);
    if (ns == NULL || !schema_is_namespace(ns, sizeof r.set->ns))
        return err_set(e, ERR_NOTE, "the plugin's name is not a name of 1 to %zu characters",
                       sizeof r.set->ns - 1);
    bytes = sizeof *r.set + n * sizeof *r.set->v;
    for (size_t i = 0; i < n; i++) {
        err = schema_read_head(&raw[i], i, &h, e);
        if (err < 0)
            return err;
        bytes += schema_bytes(h.nfields);
    }
    walk_bytes = (n + 1) * sizeof *r.walk;
    r.walk = env_alloc(env, walk_bytes);
    r.set = env_alloc(env, bytes);
    if (r.walk == NULL || r.set == NULL) {
        env_free(env, r.set, bytes);
        r.set = NULL;
        err = err_set(e, ERR_NOMEM, "no memory for %zu schemas", n);
        goto done;
    }
    r.set->env = env;
    r.set->bytes = bytes;
    r.set->n = n;
    strcpy(r.set->ns, ns);

    at = (char *)&r.set->v[n];
    err = 0;
    for (size_t i = 0; i < n && err == 0; i++) {
        struct schema *s = (struct schema *)(void *)at;

        r.set->v[i] = s;
        err = schema_read_head(&raw[i], i, &h, e);
        if (err == 0)
            err = schema_check_head(s, &h, i, r.set->ns, e);
        if (err == 0)
            err = schema_read_fields(s, &raw[i], &h, e);
        if (err == 0)
            err = fold_repeats(&r, i);
        at += schema_bytes(h.nfields);
    }
    for (size_t i = 0; i < n && err == 0; i++) /* a repeat shares the mark of its first */
        err = finish(&r, index_of(r.set, r.set->v[i]), 1);
    if (err == 0)
        err = find_twins(&r);
done:
    env_free(env, r.walk, walk_bytes);
    if (err < 0) {
        schema_set_free(r.set);
        return err;
    }
    *ret = r.set;
    return 0;
}

void
schema_set_free(struct schema_set *set)
{
    if (set != NULL)
        env_free(set->env, set, set->bytes);
}
