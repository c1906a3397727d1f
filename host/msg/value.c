/* value.c - walks two structs of one field list side by side: field i of one is field i of the other. */
#include "msg/value.h"
#include "msg/map.h"

#define READ_AS(T, v)                \
    __extension__({                  \
        T t_;                        \
        memcpy(&t_, (v), sizeof t_); \
        t_;                          \
    })
#define WRITE_AS(T, v, n) memcpy((v), &(T){(T)(n)}, sizeof(T))

uint64_t
value_u64(unsigned kind, const void *v)
{
    switch (kind_bytes(kind)) {
    case 1:
        return READ_AS(uint8_t, v);
    case 2:
        return READ_AS(uint16_t, v);
    case 4:
        return READ_AS(uint32_t, v);
    default:
        return READ_AS(uint64_t, v);
    }
}

int64_t
value_i64(unsigned kind, const void *v)
{
    switch (kind_bytes(kind)) {
    case 1:
        return READ_AS(int8_t, v);
    case 2:
        return READ_AS(int16_t, v);
    case 4:
        return READ_AS(int32_t, v);
    default:
        return READ_AS(int64_t, v);
    }
}

double
value_f64(unsigned kind, const void *v)
{
    return kind == ACTOR_KIND_f32 ? (double)READ_AS(float, v) : READ_AS(double, v);
}

void
value_set_u64(unsigned kind, void *v, uint64_t n)
{
    switch (kind_bytes(kind)) {
    case 1:
        WRITE_AS(uint8_t, v, n);
        break;
    case 2:
        WRITE_AS(uint16_t, v, n);
        break;
    case 4:
        WRITE_AS(uint32_t, v, n);
        break;
    default:
        WRITE_AS(uint64_t, v, n);
    }
}

void
value_set_i64(unsigned kind, void *v, int64_t n)
{
    value_set_u64(kind, v, (uint64_t)n); /* two's complement: the low bytes are the number */
}

void
value_set_f64(unsigned kind, void *v, double n)
{
    if (kind == ACTOR_KIND_f32)
        WRITE_AS(float, v, n);
    else
        WRITE_AS(double, v, n);
}

/* --- own --- */

static int
own_text(struct undo *u, void *dst, const void *src)
{
    struct span s = value_span(src);
    actor_string out = {NULL, 0, 0};
    size_t cap;
    char *p;

    if (s.n > 0 && s.p == NULL)
        return -ERR_INVALID;
    if (s.n > 0) {
        p = undo_take(u, s.n, &cap);
        if (p == NULL)
            return -ERR_NOMEM;
        memcpy(p, s.p, s.n);
        out = (actor_string){p, s.n, cap > UINT32_MAX ? UINT32_MAX : (uint32_t)cap};
    }
    memcpy(dst, &out, sizeof out);
    return 0;
}

int
value_own(struct undo *u, unsigned kind, const struct schema *ds, void *dst, const struct schema *ss,
          const void *src)
{
    if (kind == ACTOR_KIND_nested)
        return value_own_struct(u, ds, dst, ss, src);
    if (kind_is_text(kind))
        return own_text(u, dst, src);
    memcpy(dst, src, kind_bytes(kind));
    return 0;
}

static int
own_list(struct undo *u, const struct field *df, void *dst, const struct field *sf, const void *src)
{
    struct span s = value_span(src);
    size_t bytes = (size_t)s.n * df->elem_bytes, cap;
    actor_list out = {NULL, 0, 0};
    char *v;

    if (s.n > 0 && s.p == NULL)
        return -ERR_INVALID;
    if (bytes > 0) {
        v = undo_take(u, bytes, &cap);
        if (v == NULL)
            return -ERR_NOMEM;
        cap /= df->elem_bytes;
        out = (actor_list){v, s.n, cap > UINT32_MAX ? UINT32_MAX : (uint32_t)cap};
        if (value_is_flat(df->elem, df->nested)) {
            memcpy(v, s.p, bytes);
        } else {
            for (uint32_t i = 0; i < s.n; i++) {
                int r = value_own(u, df->elem, df->nested, v + (size_t)i * df->elem_bytes, sf->nested,
                                  (const char *)s.p + (size_t)i * sf->elem_bytes);

                if (r < 0)
                    return r;
            }
        }
    }
    memcpy(dst, &out, sizeof out);
    return 0;
}

static int
own_opt(struct undo *u, const struct field *df, char *dst, const struct field *sf, const char *src)
{
    memset(dst, 0, df->bytes);
    if (!*src)
        return 0;
    *dst = 1;
    return value_own(u, df->elem, df->nested, dst + df->value_offset, sf->nested, src + sf->value_offset);
}

int
value_own_struct(struct undo *u, const struct schema *ds, void *dst, const struct schema *ss, const void *src)
{
    if (ds->flat) {
        memcpy(dst, src, ds->bytes);
        return 0;
    }
    memset(dst, 0, ds->bytes);
    for (uint32_t i = 0; i < ds->nfields; i++) {
        const struct field *df = &ds->fields[i], *sf = &ss->fields[i];
        char *d = (char *)dst + df->offset;
        const char *s = (const char *)src + sf->offset;
        int r;

        switch (df->kind) {
        case ACTOR_KIND_list:
            r = own_list(u, df, d, sf, s);
            break;
        case ACTOR_KIND_map:
            r = map_own(u, df, d, sf, s);
            break;
        case ACTOR_KIND_opt:
            r = own_opt(u, df, d, sf, s);
            break;
        case ACTOR_KIND_opaque:
            r = -ERR_UNSUPPORTED;
            break;
        default:
            r = value_own(u, df->kind, df->nested, d, sf->nested, s);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- disown --- */

static int disown_struct(struct undo *u, const struct schema *s, const char *v);

int
value_disown(struct undo *u, unsigned kind, const struct schema *s, const void *v)
{
    actor_string str;

    if (kind == ACTOR_KIND_nested)
        return disown_struct(u, s, v);
    if (!kind_is_text(kind))
        return 0;
    memcpy(&str, v, sizeof str);
    return str.cap_ == 0 ? 0 : undo_give(u, (void *)(uintptr_t)str.p, str.cap_);
}

int
value_disown_list(struct undo *u, const struct field *f, const actor_list *l)
{
    if (l->cap_ == 0)
        return 0;
    if (!value_is_flat(f->elem, f->nested))
        for (uint32_t i = 0; i < l->n; i++) {
            int r = value_disown(u, f->elem, f->nested, (const char *)l->v + (size_t)i * f->elem_bytes);

            if (r < 0)
                return r;
        }
    return undo_give(u, (void *)(uintptr_t)l->v, (size_t)l->cap_ * f->elem_bytes);
}

/* An opt that was set to absent may still own: what its value holds counts, not has. */
static int
disown_struct(struct undo *u, const struct schema *s, const char *v)
{
    if (s->flat)
        return 0;
    for (uint32_t i = 0; i < s->nfields; i++) {
        const struct field *f = &s->fields[i];
        const char *p = v + f->offset;
        int r;

        switch (f->kind) {
        case ACTOR_KIND_list:
            r = value_disown_list(u, f, (const actor_list *)(const void *)p);
            break;
        case ACTOR_KIND_map:
            r = map_disown(u, f, (const actor_map *)(const void *)p);
            break;
        case ACTOR_KIND_opt:
            r = value_disown(u, f->elem, f->nested, p + f->value_offset);
            break;
        default:
            r = value_disown(u, f->kind, f->nested, p);
        }
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- equal --- */

bool
value_equal(unsigned kind, const struct schema *as, const void *a, const struct schema *bs, const void *b)
{
    if (kind == ACTOR_KIND_nested)
        return value_equal_struct(as, a, bs, b);
    if (kind_is_text(kind)) {
        struct span x = value_span(a), y = value_span(b);

        return x.n == y.n && (x.n == 0 || memcmp(x.p, y.p, x.n) == 0);
    }
    return memcmp(a, b, kind_bytes(kind)) == 0;
}

static bool
equal_list(const struct field *af, const void *a, const struct field *bf, const void *b)
{
    struct span x = value_span(a), y = value_span(b);

    if (x.n != y.n)
        return false;
    for (uint32_t i = 0; i < x.n; i++)
        if (!value_equal(af->elem, af->nested, (const char *)x.p + (size_t)i * af->elem_bytes, bf->nested,
                         (const char *)y.p + (size_t)i * bf->elem_bytes))
            return false;
    return true;
}

static bool
equal_opt(const struct field *af, const char *a, const struct field *bf, const char *b)
{
    if (!*a || !*b)
        return !*a == !*b;
    return value_equal(af->elem, af->nested, a + af->value_offset, bf->nested, b + bf->value_offset);
}

bool
value_equal_struct(const struct schema *as, const void *a, const struct schema *bs, const void *b)
{
    for (uint32_t i = 0; i < as->nfields; i++) {
        const struct field *af = &as->fields[i], *bf = &bs->fields[i];
        const char *x = (const char *)a + af->offset, *y = (const char *)b + bf->offset;
        bool same;

        switch (af->kind) {
        case ACTOR_KIND_list:
            same = equal_list(af, x, bf, y);
            break;
        case ACTOR_KIND_map:
            same = map_equal(af, x, bf, y);
            break;
        case ACTOR_KIND_opt:
            same = equal_opt(af, x, bf, y);
            break;
        case ACTOR_KIND_opaque:
            same = memcmp(x, y, af->bytes) == 0;
            break;
        default:
            same = value_equal(af->kind, af->nested, x, bf->nested, y);
        }
        if (!same)
            return false;
    }
    return true;
}
