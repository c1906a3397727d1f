/* object_json.c - a decoded msgpack value as JSON or as text. Depth is bounded by the scan that came before. */
#include "ctl.h"
#include <inttypes.h>

static void
key_json(struct json *j, const msgpack_object *key)
{
    struct strbuf text;

    if (key->type == MSGPACK_OBJECT_STR) {
        json_key_n(j, key->via.str.ptr, key->via.str.size);
        return;
    }
    strbuf_init(&text); /* JSON has only text as keys: maps from numbers get their digits */
    object_text(&text, key);
    json_key(j, strbuf_str(&text));
    strbuf_fini(&text);
}

void
object_json(struct json *j, const msgpack_object *o)
{
    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
        json_nil(j);
        break;
    case MSGPACK_OBJECT_BOOLEAN:
        json_bool(j, o->via.boolean);
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        json_u64(j, o->via.u64);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        json_i64(j, o->via.i64);
        break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        json_f64(j, o->via.f64);
        break;
    case MSGPACK_OBJECT_STR:
        json_str_n(j, o->via.str.ptr, o->via.str.size);
        break;
    case MSGPACK_OBJECT_BIN:
        json_base64(j, o->via.bin.ptr, o->via.bin.size);
        break;
    case MSGPACK_OBJECT_EXT:
        json_base64(j, o->via.ext.ptr, o->via.ext.size);
        break;
    case MSGPACK_OBJECT_ARRAY:
        json_array_begin(j);
        for (uint32_t i = 0; i < o->via.array.size; i++)
            object_json(j, &o->via.array.ptr[i]);
        json_array_end(j);
        break;
    case MSGPACK_OBJECT_MAP:
        json_object_begin(j);
        for (uint32_t i = 0; i < o->via.map.size; i++) {
            key_json(j, &o->via.map.ptr[i].key);
            object_json(j, &o->via.map.ptr[i].val);
        }
        json_object_end(j);
        break;
    }
}

/* Bytes of a terminal's own language must not come from a node: only printable text passes. */
static void
safe_text(struct strbuf *out, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];

        if (c == 0xc2 && i + 1 < n && (unsigned char)p[i + 1] < 0xa0)
            strbuf_printf(out, "\\x%02x", (unsigned char)p[++i]); /* the same as one byte 80..9f */
        else if (c < 0x20 || c == 0x7f)
            strbuf_printf(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\x%02x", c);
        else
            strbuf_putc(out, p[i]);
    }
}

void
object_text(struct strbuf *out, const msgpack_object *o)
{
    struct json j;

    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
        strbuf_putc(out, '-');
        break;
    case MSGPACK_OBJECT_BOOLEAN:
        strbuf_puts(out, o->via.boolean ? "yes" : "no");
        break;
    case MSGPACK_OBJECT_STR:
        safe_text(out, o->via.str.ptr, o->via.str.size);
        break;
    default:
        json_init(&j, out);
        object_json(&j, o);
    }
}
