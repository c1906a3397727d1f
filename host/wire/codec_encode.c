/* codec_encode.c - both forms alike: only sizes and offsets differ, and the schema has them. */
#include "msg/value.h"
#include "wire/codec.h"
#include "wire/pack.h"

static int pack_struct(msgpack_packer *pk, const struct schema *s, const char *v);

static int
pack_value(msgpack_packer *pk, unsigned kind, const struct schema *nested, const char *v)
{
    struct span text;
    actor_ref ref;

    switch (kind) {
    case ACTOR_KIND_bool:
        pack_bool(pk, *v != 0);
        break;
    case ACTOR_KIND_f32:
        msgpack_pack_float(pk, (float)value_f64(kind, v));
        break;
    case ACTOR_KIND_f64:
        pack_f64(pk, value_f64(kind, v));
        break;
    case ACTOR_KIND_str:
        text = value_span(v);
        pack_str_n(pk, text.p, text.n);
        break;
    case ACTOR_KIND_bin:
        text = value_span(v);
        pack_bin(pk, text.p, text.n);
        break;
    case ACTOR_KIND_ref:
        memcpy(&ref, v, sizeof ref);
        pack_array(pk, 3);
        pack_u64(pk, ref.node);
        pack_u64(pk, ref.slot);
        pack_u64(pk, ref.gen);
        break;
    case ACTOR_KIND_nested:
        return pack_struct(pk, nested, v);
    default:
        if (kind_is_signed(kind))
            pack_i64(pk, value_i64(kind, v));
        else
            pack_u64(pk, value_u64(kind, v));
    }
    return 0;
}

static int
pack_list(msgpack_packer *pk, const struct field *f, const char *v)
{
    struct span s = value_span(v);
    int r = 0;

    pack_array(pk, s.n);
    for (uint32_t i = 0; r == 0 && i < s.n; i++)
        r = pack_value(pk, f->elem, f->nested, (const char *)s.p + (size_t)i * f->elem_bytes);
    return r;
}

static int
pack_entries(msgpack_packer *pk, const struct field *f, const char *v)
{
    struct span s = value_span(v);
    int r = 0;

    pack_map(pk, s.n);
    for (uint32_t i = 0; r == 0 && i < s.n; i++) {
        const char *e = (const char *)s.p + (size_t)i * f->elem_bytes;

        r = pack_value(pk, f->key, NULL, e);
        if (r == 0)
            r = pack_value(pk, f->elem, f->nested, e + f->value_offset);
    }
    return r;
}

static bool
is_left_out(const struct field *f, const char *v)
{
    return f->kind == ACTOR_KIND_opt && v[f->offset] == 0 && !(f->flags & ACTOR_REQUIRED);
}

static int
pack_struct(msgpack_packer *pk, const struct schema *s, const char *v)
{
    size_t n = s->nfields;
    int r = 0;

    for (uint32_t i = 0; i < s->nfields; i++)
        n -= is_left_out(&s->fields[i], v);
    pack_map(pk, n);
    for (uint32_t i = 0; r == 0 && i < s->nfields; i++) {
        const struct field *f = &s->fields[i];
        const char *p = v + f->offset;

        if (is_left_out(f, v))
            continue;
        pack_str(pk, f->name);
        switch (f->kind) {
        case ACTOR_KIND_list:
            r = pack_list(pk, f, p);
            break;
        case ACTOR_KIND_map:
            r = pack_entries(pk, f, p);
            break;
        case ACTOR_KIND_opt:
            if (*p == 0)
                pack_nil(pk);
            else
                r = pack_value(pk, f->elem, f->nested, p + f->value_offset);
            break;
        case ACTOR_KIND_opaque:
            r = -ERR_UNSUPPORTED;
            break;
        default:
            r = pack_value(pk, f->kind, f->nested, p);
        }
    }
    return r;
}

int
codec_encode(struct strbuf *out, const struct schema *s, const void *v)
{
    msgpack_packer pk;
    int r;

    pack_init(&pk, out);
    r = pack_struct(&pk, s, v);
    return r == 0 && out->failed ? -ERR_NOMEM : r;
}
