/* schema_print.c - a schema as text and as JSON. */
#include "msg/kind.h"
#include "msg/schema_priv.h"
#include <stdio.h>
#include <string.h>

const char *
schema_kind_text(const struct field *f, char *buf, size_t buf_bytes)
{
    const char *elem = f->elem == ACTOR_KIND_nested ? f->type : kind_name(f->elem);

    switch (f->kind) {
    case ACTOR_KIND_list:
    case ACTOR_KIND_opt:
        snprintf(buf, buf_bytes, "%s(%s)", kind_name(f->kind), elem);
        break;
    case ACTOR_KIND_map:
        snprintf(buf, buf_bytes, "map(%s, %s)", kind_name(f->key), elem);
        break;
    case ACTOR_KIND_nested:
        snprintf(buf, buf_bytes, "%s", f->type);
        break;
    case ACTOR_KIND_opaque:
        snprintf(buf, buf_bytes, "opaque(%s)", f->type);
        break;
    default:
        snprintf(buf, buf_bytes, "%s", kind_name(f->kind));
    }
    return buf;
}

bool
schema_has_default(const struct field *f)
{
    if (f->kind == ACTOR_KIND_str)
        return f->dflt.s[0] != '\0';
    return kind_is_plain(f->kind) && f->dflt.u != 0;
}

void
schema_json_default(const struct field *f, struct json *out)
{
    if (f->kind == ACTOR_KIND_str)
        json_str(out, f->dflt.s);
    else if (f->kind == ACTOR_KIND_bool)
        json_bool(out, f->dflt.u != 0);
    else if (kind_is_float(f->kind))
        json_f64(out, f->dflt.f);
    else if (kind_is_signed(f->kind))
        json_i64(out, f->dflt.i);
    else
        json_u64(out, f->dflt.u);
}

void
schema_print(const struct schema *s, struct strbuf *out)
{
    strbuf_printf(out, "%s@%u{", s->name, s->version);
    for (uint32_t i = 0; i < s->nfields; i++) {
        const struct field *f = &s->fields[i];
        char kind[64];

        strbuf_printf(out, "%s%s %s", i == 0 ? "" : "; ", schema_kind_text(f, kind, sizeof kind), f->name);
        if (f->was[0] != '\0')
            strbuf_printf(out, " was %s", f->was);
        if (schema_has_default(f)) {
            /* numbers and quoted text look the same in JSON */
            struct json j;

            strbuf_puts(out, " = ");
            json_init(&j, out);
            schema_json_default(f, &j);
        }
        if (f->flags & ACTOR_REQUIRED)
            strbuf_puts(out, " required");
    }
    strbuf_putc(out, '}');
}

static void
json_hex(struct json *out, const char *key, uint64_t v)
{
    char hex[17];

    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)v);
    json_key(out, key);
    json_str(out, hex);
}

static void
json_text(struct json *out, const char *key, const char *v)
{
    if (v[0] == '\0')
        return;
    json_key(out, key);
    json_str(out, v);
}

void
schema_json(const struct schema *s, struct json *out)
{
    json_object_begin(out);
    json_text(out, "name", s->name);
    json_text(out, "form", form_name(s->form));
    json_key(out, "version");
    json_u64(out, s->version);
    json_key(out, "bytes");
    json_u64(out, s->bytes);
    json_hex(out, "fingerprint", s->fingerprint);
    json_key(out, "fields");
    json_array_begin(out);
    for (const struct field *f = s->fields; f < s->fields + s->nfields; f++) {
        json_object_begin(out);
        json_text(out, "name", f->name);
        json_text(out, "kind", kind_name(f->kind));
        json_text(out, "elem", f->elem ? kind_name(f->elem) : "");
        json_text(out, "key", f->key ? kind_name(f->key) : "");
        json_text(out, "type", f->type);
        json_text(out, "was", f->was);
        if (schema_has_default(f)) {
            json_key(out, "default");
            schema_json_default(f, out);
        }
        if (f->flags & ACTOR_REQUIRED) {
            json_key(out, "required");
            json_bool(out, true);
        }
        json_object_end(out);
    }
    json_array_end(out);
    json_object_end(out);
}
