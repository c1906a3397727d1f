/* schema_layout.c - do offsets and sizes agree with the kinds? And the two hashes.
 *
 * The rules are those of the C ABI for the types that sdk/include/actor/schema.h gives to each kind, so that
 * what walks a struct later (codec, conversion, copy) may trust every offset.
 */
#include "msg/kind.h"
#include "msg/schema_priv.h"
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

struct shape {
    uint32_t bytes, align;
};

/* Of a value: a kind that is no container, or the type it nests. */
static struct shape
value_shape(unsigned kind, const struct schema *nested)
{
    if (kind == ACTOR_KIND_nested)
        return (struct shape){nested->bytes, nested->align};
    return (struct shape){kind_bytes(kind), kind_align(kind)};
}

/* What the field must look like. Opaque: any size, and its alignment is its author's business. */
static struct shape
field_shape(const struct schema *s, const struct field *f, uint32_t *elem_bytes, uint32_t *value_offset)
{
    bool state = form_is_state(s->form);
    struct shape v = value_shape(f->kind == ACTOR_KIND_nested ? f->kind : f->elem, f->nested), k;
    uint32_t align;

    *elem_bytes = *value_offset = 0;
    switch (f->kind) {
    case ACTOR_KIND_list:
        *elem_bytes = v.bytes;
        return (struct shape){16, 8};
    case ACTOR_KIND_opt:
        *elem_bytes = v.bytes;
        *value_offset = v.align;
        return (struct shape){align_up(v.align + v.bytes, v.align), v.align};
    case ACTOR_KIND_map:
        k = value_shape(f->key, NULL);
        align = k.align > v.align ? k.align : v.align;
        *value_offset = align_up(k.bytes, v.align);
        *elem_bytes = align_up(*value_offset + v.bytes, align);
        return (struct shape){state ? 24 : 16, 8};
    case ACTOR_KIND_nested:
        return v;
    case ACTOR_KIND_opaque:
        return (struct shape){f->bytes, 1};
    default:
        return (struct shape){kind_bytes(f->kind), kind_align(f->kind)};
    }
}

static int
field_check(const struct schema *s, const struct field *f, struct err *e)
{
    uint32_t elem_bytes, value_offset;
    struct shape want = field_shape(s, f, &elem_bytes, &value_offset);

    if (f->nested != NULL && f->nested->bytes == 0)
        return err_set(e, ERR_NOTE, "field %s: %s is empty", f->name, f->type);
    if (f->bytes != want.bytes || f->bytes == 0)
        return err_set(e, ERR_NOTE, "field %s: %u bytes are no %s (%u)", f->name, f->bytes,
                       kind_name(f->kind), want.bytes);
    if (f->elem_bytes != elem_bytes || f->value_offset != value_offset)
        return err_set(e, ERR_NOTE, "field %s: elements of %u bytes with the value at %u; expected %u and %u",
                       f->name, f->elem_bytes, f->value_offset, elem_bytes, value_offset);
    if (f->offset > s->bytes || f->bytes > s->bytes - f->offset)
        return err_set(e, ERR_NOTE, "field %s: bytes %u..%llu lie outside the struct of %u", f->name,
                       f->offset, (unsigned long long)f->offset + f->bytes, s->bytes);
    if (f->offset % want.align != 0 || want.align > s->align)
        return err_set(e, ERR_NOTE, "field %s: offset %u is not aligned to %u", f->name, f->offset,
                       want.align);
    for (const struct field *o = s->fields; o < f; o++)
        if (f->offset < o->offset + o->bytes && o->offset < f->offset + f->bytes)
            return err_set(e, ERR_NOTE, "field %s overlaps field %s", f->name, o->name);
    return 0;
}

int
schema_check_layout(const struct schema *s, struct err *e)
{
    for (const struct field *f = s->fields; f < s->fields + s->nfields; f++) {
        int r = field_check(s, f, e);

        if (r < 0)
            return r;
    }
    return 0;
}

/* --- hashes: of a text a field, each hash being the seed of the next --- */

static uint64_t
hash_text(uint64_t seed, const char *text)
{
    return XXH3_64bits_withSeed(text, strlen(text), seed);
}

/* The meaning of a field as text: "total:u64()" "items:list(#0123456789abcdef)" "by_name:map(str,u64)". A
 * nested type stands as its own hash, so its name does not count. */
static uint64_t
hash_field(uint64_t seed, const struct field *f, uint64_t nested)
{
    char value[24] = "";
    char buf[160];

    if (f->nested != NULL)
        snprintf(value, sizeof value, "#%016llx", (unsigned long long)nested);
    else if (f->elem != 0)
        snprintf(value, sizeof value, "%s", kind_name(f->elem));
    if (f->kind == ACTOR_KIND_map)
        snprintf(buf, sizeof buf, "%s:map(%s,%s)", f->name, kind_name(f->key), value);
    else if (f->kind == ACTOR_KIND_opaque)
        snprintf(buf, sizeof buf, "%s:opaque(%s)", f->name, f->type);
    else
        snprintf(buf, sizeof buf, "%s:%s(%s)", f->name, kind_name(f->kind), value);
    return hash_text(seed, buf);
}

void
schema_seal(struct schema *s)
{
    uint64_t meaning = 0, layout;
    char buf[96];

    s->flat = true;
    snprintf(buf, sizeof buf, "%s,%u,%u", form_is_state(s->form) ? "state" : "message", s->bytes, s->align);
    layout = hash_text(0, buf);
    for (const struct field *f = s->fields; f < s->fields + s->nfields; f++) {
        meaning = hash_field(meaning, f, f->nested != NULL ? f->nested->fingerprint : 0);
        layout = hash_field(layout, f, f->nested != NULL ? f->nested->layout : 0);
        snprintf(buf, sizeof buf, "%u,%u,%u,%u", f->offset, f->bytes, f->elem_bytes, f->value_offset);
        layout = hash_text(layout, buf);
        if (f->kind == ACTOR_KIND_list || f->kind == ACTOR_KIND_map || f->kind == ACTOR_KIND_opaque ||
            kind_is_text(f->kind) || kind_is_text(f->elem) || (f->nested != NULL && !f->nested->flat))
            s->flat = false;
    }
    s->fingerprint = meaning;
    s->layout = layout;
}
