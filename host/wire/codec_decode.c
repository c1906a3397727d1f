/* codec_decode.c - one walk serves three uses: measuring (no memory), filling one piece of memory with
 * message form, and building state form in an arena. They differ in `room` and in what a text, list or map
 * header looks like.
 *
 *   struct: which object entry belongs to which field --> each field in schema order, or its default
 */
#include "msg/map.h"
#include "msg/state.h"
#include "wire/codec.h"
#include "wire/codec_scalar.h"
#include <assert.h>
#include <stdio.h>

struct where { /* on the stack, for error texts */
    const struct where *up;
    const char *name; /* NULL: an element */
    uint32_t index;
};
struct dec {
    struct codec *c;
    const char *name; /* of the whole */
    char *base;       /* message form: the piece; NULL while measuring */
    struct undo *u;   /* state form */
    size_t at, max;   /* bytes handed out */
    const struct where *where;
    struct err *e;
};

/* --- errors --- */

static size_t
path_print(const struct where *w, char *buf, size_t n)
{
    size_t at = w->up == NULL ? 0 : path_print(w->up, buf, n);
    int k;

    if (at >= n)
        return at;
    if (w->name == NULL)
        k = snprintf(buf + at, n - at, "[%u]", w->index);
    else
        k = snprintf(buf + at, n - at, "%s%s", at == 0 ? "" : ".", w->name);
    return at + (k < 0 ? 0 : (size_t)k);
}

/* Puts the path of the value in hand before the text. */
static int __attribute__((format(printf, 3, 4))) fail(struct dec *d, int code, const char *fmt, ...)
{
    char path[200], text[200];
    va_list ap;

    if (d->where != NULL)
        path_print(d->where, path, sizeof path);
    else
        snprintf(path, sizeof path, "%s", d->name);
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(d->e, code, "%s: %s", path, text);
}

static int
misfit(struct dec *d, int code, unsigned kind, const msgpack_object *o)
{
    if (code == -ERR_RANGE && kind_is_signed(kind))
        return fail(d, code, "out of range, %s takes %lld to %lld", kind_name(kind),
                    (long long)kind_min(kind), (long long)kind_max(kind));
    if (code == -ERR_RANGE && kind_is_unsigned(kind))
        return fail(d, code, "out of range, %s takes 0 to %llu", kind_name(kind),
                    (unsigned long long)kind_max(kind));
    if (code == -ERR_RANGE)
        return fail(d, code, "no %s can hold this number exactly", kind_name(kind));
    if (code == -ERR_SYNTAX)
        return fail(d, code, "the text is no %s",
                    kind == ACTOR_KIND_bin   ? "base64"
                    : kind == ACTOR_KIND_ref ? "reference like 1.20.300"
                                             : "number");
    return fail(d, code, "is %s, expected %s", codec_type_name(o), kind_name(kind));
}

/* --- memory --- */

/* *ret is NULL while measuring. */
static int
room(struct dec *d, size_t n, size_t align, char **ret, size_t *ret_cap)
{
    size_t at = (d->at + align - 1) & ~(align - 1);

    if (at > d->max || n > d->max - at)
        return fail(d, -ERR_LIMIT, "the value takes more than %zu bytes", d->max);
    d->at = at + n;
    *ret_cap = n;
    *ret = d->base == NULL ? NULL : d->base + at;
    if (d->u == NULL)
        return 0;
    *ret = undo_take(d->u, n, ret_cap);
    return *ret == NULL ? fail(d, -ERR_NOMEM, "no memory") : 0;
}

/* What text and lists begin with, in the form at hand. */
static void
set_span(struct dec *d, void *dst, const void *p, size_t n, size_t cap)
{
    if (d->u != NULL)
        memcpy(dst, &(actor_list){p, (uint32_t)n, (uint32_t)cap}, sizeof(actor_list));
    else if (dst != NULL)
        memcpy(dst, &(actor_str){p, (uint32_t)n}, sizeof(actor_str));
}

static int
put_text(struct dec *d, void *dst, const char *src, uint32_t src_n, uint32_t n, bool base64)
{
    size_t cap = 0;
    char *p = NULL;
    int r = n == 0 ? 0 : room(d, n, 1, &p, &cap);

    if (r < 0)
        return r;
    if (p != NULL && base64)
        codec_base64(src, src_n, (uint8_t *)p, n);
    else if (p != NULL)
        memcpy(p, src, n);
    set_span(d, dst, p, n, cap);
    return 0;
}

/* --- values --- */

static int get_struct(struct dec *d, const struct schema *s, char *dst, const msgpack_object *o);

static int
get_value(struct dec *d, unsigned kind, const struct schema *nested, char *dst, const msgpack_object *o)
{
    int r;

    if (kind == ACTOR_KIND_nested)
        return get_struct(d, nested, dst, o);
    if (kind_is_text(kind)) {
        const char *p;
        bool base64;
        uint32_t n;

        r = codec_text(d->c->flags, kind, o, &p, &n, &base64);
        return r < 0 ? misfit(d, r, kind, o)
                     : put_text(d, dst, p, o->type == MSGPACK_OBJECT_STR ? o->via.str.size : 0, n, base64);
    }
    r = codec_scalar(d->c->flags, kind, o, dst);
    return r < 0 ? misfit(d, r, kind, o) : 0;
}

static int
get_list(struct dec *d, const struct field *f, char *dst, const msgpack_object *o)
{
    struct where here = {d->where, NULL, 0};
    size_t n, cap = 0;
    char *v = NULL;
    int r = 0;

    if (o->type != MSGPACK_OBJECT_ARRAY)
        return fail(d, -ERR_TYPE, "is %s, expected a list", codec_type_name(o));
    n = o->via.array.size;
    if (n == 0)
        return 0;
    r = room(d, n * f->elem_bytes, 8, &v, &cap);
    if (r < 0)
        return r;
    if (v != NULL)
        memset(v, 0, n * f->elem_bytes);
    set_span(d, dst, v, n, cap / f->elem_bytes);
    d->where = &here;
    for (; r == 0 && here.index < n; here.index++)
        r = get_value(d, f->elem, f->nested, v == NULL ? NULL : v + (size_t)here.index * f->elem_bytes,
                      &o->via.array.ptr[here.index]);
    d->where = here.up;
    return r;
}

/* Entry i of a map, or of an array of [key, value]. */
static int
entry_of(struct dec *d, const msgpack_object *o, uint32_t i, const msgpack_object **k,
         const msgpack_object **v)
{
    const msgpack_object *pair;

    if (o->type == MSGPACK_OBJECT_MAP) {
        *k = &o->via.map.ptr[i].key;
        *v = &o->via.map.ptr[i].val;
        return 0;
    }
    pair = &o->via.array.ptr[i];
    if (pair->type != MSGPACK_OBJECT_ARRAY || pair->via.array.size != 2)
        return fail(d, -ERR_TYPE, "is no pair of key and value");
    *k = &pair->via.array.ptr[0];
    *v = &pair->via.array.ptr[1];
    return 0;
}

static int
get_entry(struct dec *d, const struct field *f, char *entry, const msgpack_object *o, uint32_t i)
{
    const msgpack_object *k = NULL, *v = NULL;
    int r = entry_of(d, o, i, &k, &v);

    if (r == 0)
        r = get_value(d, f->key, NULL, entry, k);
    return r < 0 ? r : get_value(d, f->elem, f->nested, entry == NULL ? NULL : entry + f->value_offset, v);
}

/* State form: entries are built where they stay, then entered into the index. */
static int
get_state_map(struct dec *d, const struct field *f, char *dst, const msgpack_object *o, uint32_t n,
              struct where *here)
{
    actor_map m = {NULL, 0, 0, NULL};
    int r;

    d->at += (size_t)n * f->elem_bytes;
    if (d->at > d->max)
        return fail(d, -ERR_LIMIT, "the value takes more than %zu bytes", d->max);
    r = map_reserve(d->u, f, &m, n);
    if (r < 0)
        return fail(d, r, "%s", err_text(r));
    for (; r == 0 && here->index < n; here->index++) {
        char *e = (char *)(uintptr_t)m.v + (size_t)m.n * f->elem_bytes;

        memset(e, 0, f->elem_bytes);
        r = get_entry(d, f, e, o, here->index);
        if (r == 0 && map_adopt(f, &m) < 0)
            r = fail(d, -ERR_MALFORMED, "the key is given twice");
    }
    memcpy(dst, &m, sizeof m);
    return r;
}

static int
get_map(struct dec *d, const struct field *f, char *dst, const msgpack_object *o)
{
    struct where here = {d->where, NULL, 0};
    size_t cap;
    char *v;
    uint32_t n;
    int r;

    if (o->type != MSGPACK_OBJECT_MAP && o->type != MSGPACK_OBJECT_ARRAY)
        return fail(d, -ERR_TYPE, "is %s, expected a map", codec_type_name(o));
    n = o->type == MSGPACK_OBJECT_MAP ? o->via.map.size : o->via.array.size;
    if (n == 0)
        return 0;
    d->where = &here;
    if (d->u != NULL) {
        r = get_state_map(d, f, dst, o, n, &here);
    } else {
        r = room(d, (size_t)n * f->elem_bytes, 8, &v, &cap);
        if (r == 0 && v != NULL)
            memset(v, 0, (size_t)n * f->elem_bytes);
        if (r == 0)
            set_span(d, dst, v, n, cap);
        for (; r == 0 && here.index < n; here.index++)
            r = get_entry(d, f, v == NULL ? NULL : v + (size_t)here.index * f->elem_bytes, o, here.index);
    }
    d->where = here.up;
    return r;
}

static int
get_field(struct dec *d, const struct field *f, char *dst, const msgpack_object *o)
{
    switch (f->kind) {
    case ACTOR_KIND_list:
        return get_list(d, f, dst, o);
    case ACTOR_KIND_map:
        return get_map(d, f, dst, o);
    case ACTOR_KIND_opt:
        if (o->type == MSGPACK_OBJECT_NIL)
            return 0;
        if (dst != NULL)
            *dst = 1;
        return get_value(d, f->elem, f->nested, dst == NULL ? NULL : dst + f->value_offset, o);
    case ACTOR_KIND_opaque:
        return fail(d, -ERR_UNSUPPORTED, "is opaque: only its plugin can load it");
    default:
        return get_value(d, f->kind, f->nested, dst, o);
    }
}

/* dst is zero already. */
static int
get_default(struct dec *d, const struct field *f, char *dst)
{
    int r = 0;

    if (f->kind == ACTOR_KIND_str) {
        uint32_t n = (uint32_t)strnlen(f->dflt.s, sizeof f->dflt.s);

        return put_text(d, dst, f->dflt.s, n, n, false);
    }
    if (f->kind == ACTOR_KIND_nested) {
        for (uint32_t i = 0; r == 0 && i < f->nested->nfields; i++) {
            const struct field *in = &f->nested->fields[i];

            r = get_default(d, in, dst == NULL ? NULL : dst + in->offset);
        }
        return r;
    }
    if (dst != NULL && kind_is_float(f->kind))
        value_set_f64(f->kind, dst, f->dflt.f);
    else if (dst != NULL && kind_is_plain(f->kind))
        value_set_u64(f->kind, dst, f->dflt.u);
    return 0;
}

/* --- structs --- */

static bool
is_name(const char *name, const msgpack_object *key)
{
    return key->via.str.size < sizeof((struct field *)0)->name && name[key->via.str.size] == '\0' &&
           memcmp(name, key->via.str.ptr, key->via.str.size) == 0;
}

/* The field that a key names; *hint: where to look first, since fields mostly come in order. Former names count in state
 * only, as everywhere: plan.h. */
static uint32_t
find_field(const struct schema *s, const msgpack_object *key, bool former, uint32_t *hint)
{
    if (*hint < s->nfields && is_name(s->fields[*hint].name, key))
        return (*hint)++;
    for (uint32_t i = 0; i < s->nfields; i++)
        if (is_name(s->fields[i].name, key)) {
            *hint = i + 1;
            return i;
        }
    for (uint32_t i = 0; former && i < s->nfields; i++)
        if (s->fields[i].was[0] != '\0' && is_name(s->fields[i].was, key))
            return i;
    return UINT32_MAX;
}

static int
match(struct dec *d, const struct schema *s, const msgpack_object *o, const msgpack_object **val)
{
    uint32_t hint = 0;

    memset(val, 0, s->nfields * sizeof *val);
    for (uint32_t i = 0; i < o->via.map.size; i++) {
        const msgpack_object *key = &o->via.map.ptr[i].key;
        uint32_t k;

        if (key->type != MSGPACK_OBJECT_STR)
            return fail(d, -ERR_TYPE, "a field name is %s, expected text", codec_type_name(key));
        k = find_field(s, key, d->u != NULL, &hint);
        if (k == UINT32_MAX) {
            if (d->c->unknown++ == 0)
                snprintf(d->c->unknown_name, sizeof d->c->unknown_name, "%.*s",
                         (int)(key->via.str.size > 39 ? 39 : key->via.str.size), key->via.str.ptr);
        } else if (val[k] != NULL) {
            return fail(d, -ERR_MALFORMED, "the field '%s' is given twice", s->fields[k].name);
        } else {
            val[k] = &o->via.map.ptr[i].val;
        }
    }
    return 0;
}

static int
get_struct(struct dec *d, const struct schema *s, char *dst, const msgpack_object *o)
{
    const msgpack_object *val[SCHEMA_FIELDS_MAX];
    struct where here = {d->where, NULL, 0};
    int r;

    if (o->type != MSGPACK_OBJECT_MAP)
        return fail(d, -ERR_TYPE, "is %s, expected a map of fields", codec_type_name(o));
    r = match(d, s, o, val);
    if (r < 0)
        return r;
    if (dst != NULL)
        memset(dst, 0, s->bytes);
    d->where = &here;
    for (uint32_t i = 0; r == 0 && i < s->nfields; i++) {
        const struct field *f = &s->fields[i];
        char *at = dst == NULL ? NULL : dst + f->offset;

        here.name = f->name;
        if (val[i] != NULL)
            r = get_field(d, f, at, val[i]);
        else if (f->flags & ACTOR_REQUIRED)
            r = fail(d, -ERR_INVALID, "is required and missing");
        else
            r = get_default(d, f, at);
    }
    d->where = here.up;
    return r;
}

/* --- the three uses --- */

static size_t
bytes_max(const struct codec *c)
{
    return c->bytes_max == 0 ? CODEC_BYTES_MAX : c->bytes_max;
}

int
codec_measure(struct codec *c, const struct schema *s, const msgpack_object *o, size_t *ret_bytes,
              struct err *e)
{
    struct dec d = {.c = c, .name = s->name, .at = s->bytes, .max = bytes_max(c), .e = e};
    int r;

    c->unknown = 0;
    c->unknown_name[0] = '\0';
    r = get_struct(&d, s, NULL, o);
    if (r == 0)
        *ret_bytes = d.at;
    return r;
}

void
codec_fill(struct codec *c, const struct schema *s, const msgpack_object *o, void *buf)
{
    struct dec d = {.c = c, .name = s->name, .base = buf, .at = s->bytes, .max = bytes_max(c)};
    int r;

    c->unknown = 0;
    r = get_struct(&d, s, buf, o);
    assert(r == 0); /* measured before */
    (void)r;
}

int
codec_state(struct codec *c, const struct schema *s, const msgpack_object *o, void *state,
            struct arena *arena, struct err *e)
{
    struct undo u;
    struct dec d = {.c = c, .name = s->name, .u = &u, .at = s->bytes, .max = bytes_max(c), .e = e};

    undo_init(&u, arena, NULL);
    c->unknown = 0;
    c->unknown_name[0] = '\0';
    return get_struct(&d, s, state, o);
}
