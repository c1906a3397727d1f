/* convert_copy.c - deep copy of a message by its schema.
 *
 * Structs and elements are copied whole, then what may not stay as it was is mended: views are pointed at their copies,
 * bools become 0 or 1, absent values become zero.
 */
#include "msg/convert.h"
#include "msg/sink.h"

static int mend_struct(struct sink *k, const struct schema *s, char *dst, const char *src);

static int
mend_value(struct sink *k, unsigned kind, const struct schema *nested, char *dst, const char *src)
{
    if (kind == ACTOR_KIND_nested)
        return mend_struct(k, nested, dst, src);
    if (kind_is_text(kind))
        return sink_text(k, dst, value_span(src));
    if (kind == ACTOR_KIND_bool && dst != NULL)
        *dst = *src != 0;
    return 0;
}

/* Nothing to mend in values of this kind? */
static bool
is_solid(unsigned kind)
{
    return kind != ACTOR_KIND_nested && kind != ACTOR_KIND_bool && !kind_is_text(kind);
}

/* A list, or a map: there an element is an entry. */
static int
mend_list(struct sink *k, const struct field *f, char *dst, const char *src)
{
    struct span s = value_span(src);
    bool map = f->kind == ACTOR_KIND_map;
    char *v = NULL;
    uint32_t cap;
    int r = sink_check(s, f->elem_bytes);

    if (r == 0 && s.n > 0)
        r = sink_take(k, s.n, f->elem_bytes, 8, &v, &cap);
    if (r < 0)
        return r;
    sink_list(k, dst, v, s.n, 0);
    if (v != NULL)
        memcpy(v, s.p, (size_t)s.n * f->elem_bytes);
    if (is_solid(f->elem) && (!map || is_solid(f->key)))
        return 0;
    for (uint32_t i = 0; r == 0 && i < s.n; i++) {
        size_t at = (size_t)i * f->elem_bytes;
        const char *e = (const char *)s.p + at;

        if (map)
            r = mend_value(k, f->key, NULL, sink_at(v, at), e);
        if (r == 0)
            r = mend_value(k, f->elem, f->nested, sink_at(v, at + f->value_offset), e + f->value_offset);
    }
    return r;
}

static int
mend_opt(struct sink *k, const struct field *f, char *dst, const char *src)
{
    if (*src == 0) { /* an absent value is not looked at: its views may be garbage */
        if (dst != NULL)
            memset(dst, 0, f->bytes);
        return 0;
    }
    if (dst != NULL)
        *dst = 1;
    return mend_value(k, f->elem, f->nested, sink_at(dst, f->value_offset), src + f->value_offset);
}

static int
mend_struct(struct sink *k, const struct schema *s, char *dst, const char *src)
{
    int r = 0;

    if (k->mode == SINK_MEASURE && s->flat)
        return 0;
    for (const struct field *f = s->fields; r == 0 && f < s->fields + s->nfields; f++) {
        char *d = sink_at(dst, f->offset);
        const char *v = src + f->offset;

        switch (f->kind) {
        case ACTOR_KIND_list:
        case ACTOR_KIND_map:
            r = mend_list(k, f, d, v);
            break;
        case ACTOR_KIND_opt:
            r = mend_opt(k, f, d, v);
            break;
        default:
            r = mend_value(k, f->kind, f->nested, d, v);
        }
    }
    return r;
}

int64_t
msg_copy_bytes(const struct schema *s, const void *src)
{
    struct sink k = {SINK_MEASURE, .max = SINK_BYTES_MAX};
    int r = mend_struct(&k, s, NULL, src);

    return r < 0 ? r : (int64_t)k.used;
}

int
msg_copy_into(const struct schema *s, void *dst, size_t var_bytes, const void *src)
{
    struct sink k = {SINK_BLOCK, .base = (char *)dst + msg_copy_offset(s), .max = var_bytes};

    memcpy(dst, src, s->bytes);
    return mend_struct(&k, s, dst, src);
}
