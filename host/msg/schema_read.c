/* schema_read.c - from the bytes of notes to schemas.
 *
 *   sizes of all records -> one block -> each head and field on its own -> repeated notes folded into one
 *   -> depth first: nested types resolved, layout checked, hashes
 *
 * Nothing is believed before it was checked, and the checks of one step rely on earlier steps only.
 */
#include "base/util.h"
#include "msg/kind.h"
#include "msg/schema_priv.h"
#include <float.h>
#include <math.h>
#include <string.h>

enum { FRESH, OPEN, DONE }; /* a schema in the depth-first walk */

struct reader {
    struct schema_set *set;
    struct err *e;
    struct {
        uint8_t mark, depth;
    } * walk; /* per schema; only where v[i] is the first of its name */
};

/* --- text in records --- */

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A C identifier that ends inside the array. */
static bool
is_name(const char *s, size_t max)
{
    size_t n = strnlen(s, max);

    if (n == 0 || n == max || !is_letter(s[0]))
        return false;
    for (size_t i = 1; i < n; i++)
        if (!is_letter(s[i]) && !is_digit(s[i]))
            return false;
    return true;
}

/* Namespaces are plugin names too, so they may hold '-' and '.' between. */
static bool
is_namespace(const char *s, size_t max)
{
    size_t n = strnlen(s, max);

    if (n == 0 || n == max || !is_letter(s[0]))
        return false;
    for (size_t i = 1; i < n; i++)
        if (!is_letter(s[i]) && !is_digit(s[i]) && s[i] != '-' && s[i] != '.')
            return false;
    return true;
}

static bool
is_utf8(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s, *end = p + n;

    while (p < end) {
        unsigned len = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;

        if (len == 0 || (size_t)(end - p) < len)
            return false;
        for (unsigned i = 1; i < len; i++)
            if ((p[i] & 0xc0) != 0x80)
                return false;
        if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
            (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
            return false;
        p += len;
    }
    return true;
}

static bool
all_zero(const void *p, size_t n)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++)
        if (b[i] != 0)
            return false;
    return true;
}

/* --- one record --- */

/* Sizes only: what else is in the head is checked when the schema has its place. */
static int
head_read(const struct schema_raw *raw, size_t i, actor_schema_head *h, struct err *e)
{
    if (raw->p == NULL || raw->bytes < sizeof *h)
        return err_set(e, ERR_TRUNCATED, "schema note %zu: %zu bytes, but its head takes %zu", i, raw->bytes,
                       sizeof *h);
    memcpy(h, raw->p, sizeof *h);
    if (h->head_bytes < sizeof *h || h->field_bytes < sizeof(actor_field))
        return err_set(e, ERR_NOTE,
                       "schema note %zu: record sizes %u and %u are below the %zu and %zu of ABI 1.0", i,
                       h->head_bytes, h->field_bytes, sizeof *h, sizeof(actor_field));
    if (h->nfields > SCHEMA_FIELDS_MAX)
        return err_set(e, ERR_LIMIT, "schema note %zu: %u fields; at most %d are possible", i, h->nfields,
                       SCHEMA_FIELDS_MAX);
    if (h->head_bytes + (size_t)h->nfields * h->field_bytes > raw->bytes)
        return err_set(e, ERR_TRUNCATED, "schema note %zu: %u fields do not fit into its %zu bytes", i,
                       h->nfields, raw->bytes);
    return 0;
}

static int
head_check(const struct reader *r, struct schema *s, const actor_schema_head *h, size_t i)
{
    const char *ns = h->ns;

    if (!is_name(h->name, sizeof h->name))
        return err_set(r->e, ERR_NOTE,
                       "schema note %zu: its name is not an identifier of 1 to %zu characters", i,
                       sizeof h->name - 1);
    if (ns[0] == '\0')
        ns = r->set->ns;
    else if (!is_namespace(ns, sizeof h->ns))
        return err_set(r->e, ERR_NOTE,
                       "schema note %zu (%s): its namespace is not a name of 1 to %zu characters", i, h->name,
                       sizeof h->ns - 1);
    size_t n = strlen(ns);

    memcpy(s->name, ns, n);
    s->name[n] = '.';
    memcpy(s->name + n + 1, h->name, strlen(h->name) + 1);
    if (h->form < ACTOR_FORM_MESSAGE || h->form > ACTOR_FORM_NESTED_STATE ||
        !all_zero(h->zero, sizeof h->zero))
        return err_set(r->e, ERR_NOTE, "schema %s: unknown form %u", s->name, h->form);
    if (h->bytes > SCHEMA_BYTES_MAX)
        return err_set(r->e, ERR_LIMIT, "schema %s: its struct takes %u bytes; at most %d are possible",
                       s->name, h->bytes, SCHEMA_BYTES_MAX);
    if (h->align == 0 || h->align > 16 || (h->align & (h->align - 1)) != 0 || h->bytes % h->align != 0)
        return err_set(r->e, ERR_NOTE, "schema %s: %u bytes aligned to %u are no C struct", s->name, h->bytes,
                       h->align);
    s->form = h->form;
    s->version = h->version;
    s->bytes = h->bytes;
    s->align = h->align;
    s->nfields = h->nfields;
    return 0;
}

/* The default, tested against what the field can hold. */
static int
default_read(struct field *f, const actor_field *rec, struct err *e)
{
    unsigned k = f->kind;

    if (k == ACTOR_KIND_bool || kind_is_unsigned(k)) {
        uint64_t max = k == ACTOR_KIND_bool ? 1 : kind_max(k);

        f->dflt.u = rec->dflt.u;
        if (f->dflt.u > max)
            return err_set(e, ERR_RANGE, "the default %llu does not fit into %s",
                           (unsigned long long)f->dflt.u, kind_name(k));
    } else if (kind_is_signed(k)) {
        f->dflt.i = rec->dflt.i;
        if (f->dflt.i < kind_min(k) || f->dflt.i > (int64_t)kind_max(k))
            return err_set(e, ERR_RANGE, "the default %lld does not fit into %s", (long long)f->dflt.i,
                           kind_name(k));
    } else if (kind_is_float(k)) {
        f->dflt.f = rec->dflt.f;
        if (k == ACTOR_KIND_f32 && isfinite(f->dflt.f) && fabs(f->dflt.f) > (double)FLT_MAX)
            return err_set(e, ERR_RANGE, "the default %g does not fit into f32", f->dflt.f);
    } else if (k == ACTOR_KIND_str) {
        size_t n = strnlen(rec->dflt.s, sizeof rec->dflt.s);

        if (n == sizeof rec->dflt.s)
            return err_set(e, ERR_RANGE, "the default is longer than %zu bytes", sizeof rec->dflt.s - 1);
        if (!is_utf8(rec->dflt.s, n))
            return err_set(e, ERR_NOTE, "the default is not UTF-8");
        memcpy(f->dflt.s, rec->dflt.s, n);
    } else if (!all_zero(&rec->dflt, sizeof rec->dflt)) {
        return err_set(e, ERR_NOTE, "a %s cannot have a default", kind_name(k));
    }
    return 0;
}

/* All that can be said of a field without its neighbours and nested types. f->name is set first, so that the
 * caller can name the field. */
static int
field_read(const struct schema *s, struct field *f, const actor_field *rec, struct err *e)
{
    bool elem, typed;

    if (!is_name(rec->name, sizeof rec->name))
        return err_set(e, ERR_NOTE, "its name is not an identifier of 1 to %zu characters",
                       sizeof rec->name - 1);
    strcpy(f->name, rec->name);
    if (rec->kind < ACTOR_KIND_bool || rec->kind >= KIND_COUNT || rec->zero != 0)
        return err_set(e, ERR_NOTE, "unknown kind %u", rec->kind);
    if (rec->kind == ACTOR_KIND_opaque && s->form != ACTOR_FORM_STATE)
        return err_set(e, ERR_NOTE, "opaque is possible in state only, not in a %s", form_name(s->form));
    elem = kind_is_container(rec->kind);
    if (elem ? !kind_is_elem(rec->elem) : rec->elem != 0)
        return err_set(e, ERR_NOTE, "a %s of %s is not possible", kind_name(rec->kind), kind_name(rec->elem));
    if (rec->kind == ACTOR_KIND_map ? !kind_is_key(rec->key) : rec->key != 0)
        return err_set(e, ERR_NOTE, "%s is no key of a %s", kind_name(rec->key), kind_name(rec->kind));
    if ((rec->flags & ~(uint32_t)ACTOR_REQUIRED) != 0)
        return err_set(e, ERR_NOTE, "unknown flags 0x%x", rec->flags);
    typed =
        rec->kind == ACTOR_KIND_nested || rec->elem == ACTOR_KIND_nested || rec->kind == ACTOR_KIND_opaque;
    if (typed ? !is_name(rec->type, sizeof rec->type) : rec->type[0] != '\0')
        return err_set(e, ERR_NOTE,
                       typed ? "its type has no valid name" : "a type name is not possible here");
    if (rec->was[0] != '\0' && !is_name(rec->was, sizeof rec->was))
        return err_set(e, ERR_NOTE, ".was is not an identifier of 1 to %zu characters", sizeof rec->was - 1);
    strcpy(f->was, rec->was);
    strcpy(f->type, rec->type);
    f->kind = rec->kind;
    f->elem = rec->elem;
    f->key = rec->key;
    f->offset = rec->offset;
    f->bytes = rec->bytes;
    f->elem_bytes = rec->elem_bytes;
    f->value_offset = rec->value_offset;
    f->flags = rec->flags;
    return default_read(f, rec, e);
}

static int
names_check(const struct schema *s, const struct field *f, struct err *e)
{
    for (const struct field *o = s->fields; o < s->fields + s->nfields; o++) {
        if (o < f && strcmp(o->name, f->name) == 0)
            return err_set(e, ERR_NOTE, "the name occurs twice");
        if (f->was[0] == '\0')
            continue;
        if (strcmp(o->name, f->was) == 0)
            return err_set(e, ERR_NOTE, ".was = \"%s\" names a field that is still there", f->was);
        if (o < f && strcmp(o->was, f->was) == 0)
            return err_set(e, ERR_NOTE, ".was = \"%s\" is claimed by field %s too", f->was, o->name);
    }
    return 0;
}

static int
fields_read(struct schema *s, const struct schema_raw *raw, const actor_schema_head *h, struct err *e)
{
    int r;

    for (uint32_t i = 0; i < s->nfields; i++) {
        actor_field rec;

        memcpy(&rec, (const char *)raw->p + h->head_bytes + (size_t)i * h->field_bytes, sizeof rec);
        r = field_read(s, &s->fields[i], &rec, e);
        if (r < 0) {
            if (s->fields[i].name[0] != '\0')
                err_at(e, "schema %s, field %s", s->name, s->fields[i].name);
            else
                err_at(e, "schema %s, field %u", s->name, i + 1);
            return r;
        }
    }
    for (uint32_t i = 0; i < s->nfields; i++) {
        r = names_check(s, &s->fields[i], e);
        if (r < 0) {
            err_at(e, "schema %s, field %s", s->name, s->fields[i].name);
            return r;
        }
    }
    return 0;
}

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
    if (ns == NULL || !is_namespace(ns, sizeof r.set->ns))
        return err_set(e, ERR_NOTE, "the plugin's name is not a name of 1 to %zu characters",
                       sizeof r.set->ns - 1);
    bytes = sizeof *r.set + n * sizeof *r.set->v;
    for (size_t i = 0; i < n; i++) {
        err = head_read(&raw[i], i, &h, e);
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
        err = head_read(&raw[i], i, &h, e);
        if (err == 0)
            err = head_check(&r, s, &h, i);
        if (err == 0)
            err = fields_read(s, &raw[i], &h, e);
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
