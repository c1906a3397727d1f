/* schema_record.c - one note's records: text, head, fields, defaults.
 *
 * Hostile bytes: a record is copied before it is looked at, text must end inside its array, and nothing here relies on
 * another note. What needs neighbours (nested types, layout) comes later, in schema_read.c and schema_layout.c.
 */
#include "msg/kind.h"
#include "msg/schema_priv.h"
#include <float.h>
#include <math.h>
#include <string.h>

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
bool
schema_is_namespace(const char *s, size_t max)
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
int
schema_read_head(const struct schema_raw *raw, size_t i, actor_schema_head *h, struct err *e)
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

int
schema_check_head(struct schema *s, const actor_schema_head *h, size_t i, const char *plugin, struct err *e)
{
    const char *ns = h->ns;

    if (!is_name(h->name, sizeof h->name))
        return err_set(e, ERR_NOTE, "schema note %zu: its name is not an identifier of 1 to %zu characters",
                       i, sizeof h->name - 1);
    if (ns[0] == '\0')
        ns = plugin;
    else if (!schema_is_namespace(ns, sizeof h->ns))
        return err_set(e, ERR_NOTE,
                       "schema note %zu (%s): its namespace is not a name of 1 to %zu characters", i, h->name,
                       sizeof h->ns - 1);
    size_t n = strlen(ns);

    memcpy(s->name, ns, n);
    s->name[n] = '.';
    memcpy(s->name + n + 1, h->name, strlen(h->name) + 1);
    if (h->form < ACTOR_FORM_MESSAGE || h->form > ACTOR_FORM_NESTED_STATE ||
        !all_zero(h->zero, sizeof h->zero))
        return err_set(e, ERR_NOTE, "schema %s: unknown form %u", s->name, h->form);
    if (h->bytes > SCHEMA_BYTES_MAX)
        return err_set(e, ERR_LIMIT, "schema %s: its struct takes %u bytes; at most %d are possible", s->name,
                       h->bytes, SCHEMA_BYTES_MAX);
    if (h->align == 0 || h->align > 16 || (h->align & (h->align - 1)) != 0 || h->bytes % h->align != 0)
        return err_set(e, ERR_NOTE, "schema %s: %u bytes aligned to %u are no C struct", s->name, h->bytes,
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

int
schema_read_fields(struct schema *s, const struct schema_raw *raw, const actor_schema_head *h, struct err *e)
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
