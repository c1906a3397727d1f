#include "from_json.h"
#include "wire/pack.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* jansson's integers end at 2^63 - 1: longer ones become text, which the codec takes from JSON. */
static void
quote_long_numbers(const char *p, size_t len, struct strbuf *out)
{
    bool text = false;

    for (size_t i = 0; i < len;) {
        size_t n = 0;

        while (!text && i + n < len && p[i + n] != '\0' && strchr("0123456789+-.eE", p[i + n]) != NULL)
            n++;
        if (n >= 19 && memchr(p + i, '.', n) == NULL && memchr(p + i, 'e', n) == NULL) {
            strbuf_putc(out, '"');
            strbuf_add(out, p + i, n);
            strbuf_putc(out, '"');
        } else {
            n = n > 0 ? n : text && p[i] == '\\' ? 2 : 1;
            if (p[i] == '"')
                text = !text;
            strbuf_add(out, p + i, n);
        }
        i += n;
    }
}

static void
pack_json(msgpack_packer *pk, const json_t *v)
{
    const char *key;
    json_t *member;
    size_t i;

    switch (json_typeof(v)) {
    case JSON_OBJECT:
        pack_map(pk, json_object_size(v));
        json_object_foreach((json_t *)(uintptr_t)v, key, member)
        {
            pack_str_n(pk, key, json_object_iter_key_len(json_object_key_to_iter(key)));
            pack_json(pk, member);
        }
        break;
    case JSON_ARRAY:
        pack_array(pk, json_array_size(v));
        json_array_foreach(v, i, member) pack_json(pk, member);
        break;
    case JSON_STRING:
        pack_str_n(pk, json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER:
        pack_i64(pk, json_integer_value(v));
        break;
    case JSON_REAL:
        pack_f64(pk, json_real_value(v));
        break;
    case JSON_NULL:
        pack_nil(pk);
        break;
    default:
        pack_bool(pk, json_is_true(v));
    }
}

bool
from_json(struct strbuf *out, const char *text, size_t n, char *why, size_t why_bytes)
{
    struct strbuf quoted;
    msgpack_packer pk;
    json_error_t e;
    json_t *tree;

    strbuf_init(&quoted);
    quote_long_numbers(text, n, &quoted);
    tree = json_loadb(quoted.p, quoted.len, JSON_REJECT_DUPLICATES, &e);
    strbuf_fini(&quoted);
    if (tree == NULL) {
        snprintf(why, why_bytes, "%s", e.text);
        return false;
    }
    pack_init(&pk, out);
    pack_json(&pk, tree);
    json_decref(tree);
    return true;
}
