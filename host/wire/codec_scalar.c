/* codec_scalar.c - numbers are taken when nothing is lost. */
#include "wire/codec_scalar.h"
#include "base/err.h"
#include "msg/value.h"
#include "wire/codec.h"
#include <math.h>

const char *
codec_type_name(const msgpack_object *o)
{
    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
        return "nothing (nil)";
    case MSGPACK_OBJECT_BOOLEAN:
        return "a bool";
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return "an integer";
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return "a float";
    case MSGPACK_OBJECT_STR:
        return "text";
    case MSGPACK_OBJECT_BIN:
        return "binary data";
    case MSGPACK_OBJECT_ARRAY:
        return "an array";
    case MSGPACK_OBJECT_MAP:
        return "a map";
    default:
        return "an extension";
    }
}

static int
scalar_int(unsigned kind, const msgpack_object *o, void *dst)
{
    if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        if (o->via.u64 > kind_max(kind))
            return -ERR_RANGE;
    } else if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        if (o->via.i64 < kind_min(kind))
            return -ERR_RANGE;
    } else {
        return -ERR_TYPE;
    }
    if (dst != NULL)
        value_set_u64(kind, dst, o->via.u64); /* the low bytes of either sign */
    return 0;
}

/* Does this integer survive as a double, and as the float if that is the kind? JSON does not tell 3.0 from 3: there it is
 * rounded as any other float is. */
static int
exact(unsigned flags, unsigned kind, const msgpack_object *o, double *ret)
{
    bool negative = o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER;
    uint64_t m = negative ? 0 - o->via.u64 : o->via.u64;
    unsigned bits = kind == ACTOR_KIND_f32 ? 24 : 53;

    if (!(flags & CODEC_TEXT) && m != 0 && 64 - __builtin_clzll(m) - __builtin_ctzll(m) > (int)bits)
        return -ERR_RANGE;
    *ret = negative ? -(double)m : (double)m;
    return 0;
}

static int
scalar_float(unsigned flags, unsigned kind, const msgpack_object *o, void *dst)
{
    double d;

    if (o->type == MSGPACK_OBJECT_FLOAT32 || o->type == MSGPACK_OBJECT_FLOAT64) {
        d = o->via.f64;
        if (kind == ACTOR_KIND_f32 && isfinite(d) && !isfinite((float)d))
            return -ERR_RANGE;
    } else if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER || o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        int r = exact(flags, kind, o, &d);

        if (r < 0)
            return r;
    } else if (o->type == MSGPACK_OBJECT_NIL && (flags & CODEC_TEXT)) {
        d = (double)NAN;
    } else {
        return -ERR_TYPE;
    }
    if (dst != NULL)
        value_set_f64(kind, dst, d);
    return 0;
}

static int
text_u64(const char **at, const char *end, uint64_t max, uint64_t *ret)
{
    const char *p = *at;
    uint64_t v = 0;

    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
            return -ERR_RANGE;
    if (p == *at)
        return -ERR_SYNTAX;
    if (v > max)
        return -ERR_RANGE;
    *at = p;
    *ret = v;
    return 0;
}

/* "node.slot.gen" */
static int
ref_from_text(const char *p, size_t n, uint64_t part[3])
{
    static const uint64_t max[3] = {UINT32_MAX, UINT32_MAX, UINT64_MAX};
    const char *end = p + n;

    for (int i = 0; i < 3; i++) {
        int r = text_u64(&p, end, max[i], &part[i]);

        if (r < 0)
            return r;
        if (i < 2 ? p == end || *p++ != '.' : p != end)
            return -ERR_SYNTAX;
    }
    return 0;
}

static int
scalar_ref(unsigned flags, const msgpack_object *o, void *dst)
{
    uint64_t part[3] = {0};
    actor_ref ref;

    if (o->type == MSGPACK_OBJECT_STR && (flags & CODEC_TEXT)) {
        int r = ref_from_text(o->via.str.ptr, o->via.str.size, part);

        if (r < 0)
            return r;
    } else if (o->type == MSGPACK_OBJECT_ARRAY && o->via.array.size == 3) {
        for (int i = 0; i < 3; i++) {
            const msgpack_object *n = &o->via.array.ptr[i];

            if (n->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
                return -ERR_TYPE;
            if (i < 2 && n->via.u64 > UINT32_MAX)
                return -ERR_RANGE;
            part[i] = n->via.u64;
        }
    } else if (o->type != MSGPACK_OBJECT_NIL || !(flags & CODEC_TEXT)) {
        return -ERR_TYPE;
    }
    ref = actor_ref_make_((uint32_t)part[0], (uint32_t)part[1], part[2]);
    if (dst != NULL)
        memcpy(dst, &ref, sizeof ref);
    return 0;
}

/* A number written as text, as JSON keys are. */
static int
int_from_text(unsigned kind, const msgpack_object *o, void *dst)
{
    const char *p = o->via.str.ptr, *end = p + o->via.str.size;
    bool negative = p < end && *p == '-' && kind_is_signed(kind);
    uint64_t v;
    int r;

    p += negative;
    r = text_u64(&p, end, negative ? kind_max(kind) + 1 : kind_max(kind), &v);
    if (r < 0)
        return r;
    if (p != end)
        return -ERR_SYNTAX;
    if (dst != NULL)
        value_set_u64(kind, dst, negative ? 0 - v : v);
    return 0;
}

int
codec_scalar(unsigned flags, unsigned kind, const msgpack_object *o, void *dst)
{
    if (kind == ACTOR_KIND_ref)
        return scalar_ref(flags, o, dst);
    if (kind == ACTOR_KIND_bool) {
        if (o->type != MSGPACK_OBJECT_BOOLEAN)
            return -ERR_TYPE;
        if (dst != NULL)
            *(uint8_t *)dst = o->via.boolean;
        return 0;
    }
    if (kind_is_float(kind))
        return scalar_float(flags, kind, o, dst);
    if (o->type == MSGPACK_OBJECT_STR && (flags & CODEC_TEXT))
        return int_from_text(kind, o, dst);
    return scalar_int(kind, o, dst);
}

/* --- text --- */

static int
digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Bytes that this base64 text stands for; with padding, as json_base64 writes it. */
static int
base64_bytes(const char *p, uint32_t n, uint32_t *ret)
{
    uint32_t pad = n < 2 || p[n - 1] != '=' ? 0 : p[n - 2] != '=' ? 1 : 2;

    if (n % 4 != 0)
        return -ERR_SYNTAX;
    for (uint32_t i = 0; i < n - pad; i++)
        if (digit(p[i]) < 0)
            return -ERR_SYNTAX;
    *ret = n / 4 * 3 - pad;
    return 0;
}

void
codec_base64(const char *text, uint32_t text_n, uint8_t *dst, uint32_t n)
{
    for (uint32_t i = 0, at = 0; i + 4 <= text_n; i += 4) {
        uint32_t v = 0;

        for (uint32_t k = 0; k < 4; k++)
            v = v << 6 | (text[i + k] == '=' ? 0 : (uint32_t)digit(text[i + k]));
        for (int shift = 16; shift >= 0 && at < n; shift -= 8)
            dst[at++] = (uint8_t)(v >> shift);
    }
}

int
codec_text(unsigned flags, unsigned kind, const msgpack_object *o, const char **ret_p, uint32_t *ret_n,
           bool *ret_base64)
{
    *ret_base64 = false;
    if (kind == ACTOR_KIND_bin && o->type == MSGPACK_OBJECT_BIN) {
        *ret_p = o->via.bin.ptr;
        *ret_n = o->via.bin.size;
        return 0;
    }
    if (o->type != MSGPACK_OBJECT_STR)
        return -ERR_TYPE;
    *ret_p = o->via.str.ptr;
    if (kind == ACTOR_KIND_bin) {
        if (!(flags & CODEC_TEXT))
            return -ERR_TYPE;
        *ret_base64 = true;
        return base64_bytes(o->via.str.ptr, o->via.str.size, ret_n);
    }
    *ret_n = o->via.str.size;
    return 0;
}
