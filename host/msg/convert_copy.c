/* convert_copy.c - deep copy of a message by its schema. */
#include "msg/convert.h"
#include "msg/sink.h"

static int copy_struct(struct sink *k, const struct schema *s, char *dst, const char *src);

static int
copy_value(struct sink *k, unsigned kind, const struct schema *nested, char *dst, const char *src)
{
    if (kind == ACTOR_KIND_nested)
        return copy_struct(k, nested, dst, src);
    if (kind_is_text(kind))
        return sink_text(k, dst, value_span(src));
    if (dst == NULL)
        return 0;
    if (kind == ACTOR_KIND_bool)
        *dst = *src != 0;
    else
        memcpy(dst, src, kind_bytes(kind));
    return 0;
}

/* Elements whose bytes may be copied in one go: no pointers, no bools. */
static bool
is_solid(unsigned kind)
{
    return kind != ACTOR_KIND_nested && kind != ACTOR_KIND_bool && !kind_is_text(kind);
}

/* A list, or a map: there an element is an entry, its padding zeroed. */
static int
copy_list(struct sink *k, const struct field *f, char *dst, const char *src)
{
    struct span s = value_span(src);
    uint32_t cap;
    char *v = NULL;
    int r = sink_check(s, f->elem_bytes);

    if (r == 0 && s.n > 0)
        r = sink_take(k, s.n, f->elem_bytes, 8, &v, &cap);
    if (r < 0)
        return r;
    sink_list(k, dst, v, s.n, 0);
    if (f->kind == ACTOR_KIND_list && is_solid(f->elem)) {
        if (v != NULL)
            memcpy(v, s.p, (size_t)s.n * f->elem_bytes);
        return 0;
    }
    if (v != NULL)
        memset(v, 0, (size_t)s.n * f->elem_bytes);
    for (uint32_t i = 0; r == 0 && i < s.n; i++) {
        size_t at = (size_t)i * f->elem_bytes;
        const char *e = (const char *)s.p + at;

        if (f->kind == ACTOR_KIND_map)
            r = copy_value(k, f->key, NULL, sink_at(v, at), e);
        if (r == 0)
            r = copy_value(k, f->elem, f->nested, sink_at(v, at + f->value_offset), e + f->value_offset);
    }
    return r;
}

static int
copy_struct(struct sink *k, const struct schema *s, char *dst, const char *src)
{
    int r = 0;

    if (k->mode == SINK_MEASURE && s->flat)
        return 0;
    if (dst != NULL)
        memset(dst, 0, s->bytes);
    for (const struct field *f = s->fields; r == 0 && f < s->fields + s->nfields; f++) {
        char *d = sink_at(dst, f->offset);
        const char *v = src + f->offset;

        if (f->kind == ACTOR_KIND_list || f->kind == ACTOR_KIND_map) {
            r = copy_list(k, f, d, v);
        } else if (f->kind != ACTOR_KIND_opt) {
            r = copy_value(k, f->kind, f->nested, d, v);
        } else if (*v != 0) { /* an absent value is not looked at: its views may be garbage */
            if (d != NULL)
                *d = 1;
            r = copy_value(k, f->elem, f->nested, sink_at(d, f->value_offset), v + f->value_offset);
        }
    }
    return r;
}

int64_t
msg_copy_bytes(const struct schema *s, const void *src)
{
    struct sink k = {SINK_MEASURE, .max = SINK_BYTES_MAX};
    int r = copy_struct(&k, s, NULL, src);

    return r < 0 ? r : (int64_t)k.used;
}

int
msg_copy_into(const struct schema *s, void *dst, size_t var_bytes, const void *src)
{
    struct sink k = {SINK_BLOCK, .base = (char *)dst + msg_copy_offset(s), .max = var_bytes};

    return copy_struct(&k, s, dst, src);
}
