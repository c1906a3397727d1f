/* jsonview.c - both forms alike: only sizes and offsets differ, and the schema has them. */
#include "msg/jsonview.h"
#include "msg/value.h"
#include <stdio.h>
#include <stdlib.h>

/* The shortest decimal that reads back as the same float; json_f64 then prints those digits. */
static double
float_text(float f)
{
    char text[32];

    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)f);
        if (digits == 9 || strtof(text, NULL) == f)
            break;
    }
    return strtod(text, NULL);
}

static void
view_ref(struct json *j, const char *v)
{
    char text[48];
    actor_ref ref;

    memcpy(&ref, v, sizeof ref);
    if (actor_ref_is_nobody(ref)) {
        json_nil(j);
        return;
    }
    snprintf(text, sizeof text, "%u.%u.%llu", ref.node, ref.slot, (unsigned long long)ref.gen);
    json_str(j, text);
}

static void
view_value(struct json *j, unsigned kind, const struct schema *nested, const char *v)
{
    struct span text;

    switch (kind) {
    case ACTOR_KIND_bool:
        json_bool(j, *v != 0);
        break;
    case ACTOR_KIND_f32:
        json_f64(j, float_text((float)value_f64(kind, v)));
        break;
    case ACTOR_KIND_f64:
        json_f64(j, value_f64(kind, v));
        break;
    case ACTOR_KIND_str:
        text = value_span(v);
        json_str_n(j, text.n == 0 ? "" : text.p, text.n);
        break;
    case ACTOR_KIND_bin:
        text = value_span(v);
        json_base64(j, text.p, text.n);
        break;
    case ACTOR_KIND_ref:
        view_ref(j, v);
        break;
    case ACTOR_KIND_nested:
        jsonview_struct(j, nested, v);
        break;
    default:
        if (kind_is_signed(kind))
            json_i64(j, value_i64(kind, v));
        else
            json_u64(j, value_u64(kind, v));
    }
}

static void
view_list(struct json *j, const struct field *f, const char *v)
{
    struct span s = value_span(v);

    json_array_begin(j);
    for (uint32_t i = 0; i < s.n; i++)
        view_value(j, f->elem, f->nested, (const char *)s.p + (size_t)i * f->elem_bytes);
    json_array_end(j);
}

static void
view_map(struct json *j, const struct field *f, const char *v)
{
    struct span s = value_span(v);
    bool object = f->key == ACTOR_KIND_str;

    if (object)
        json_object_begin(j);
    else
        json_array_begin(j);
    for (uint32_t i = 0; i < s.n; i++) {
        const char *e = (const char *)s.p + (size_t)i * f->elem_bytes;

        if (object) {
            struct span key = value_span(e);

            json_key_n(j, key.n == 0 ? "" : key.p, key.n);
        } else {
            json_array_begin(j);
            view_value(j, f->key, NULL, e);
        }
        view_value(j, f->elem, f->nested, e + f->value_offset);
        if (!object)
            json_array_end(j);
    }
    if (object)
        json_object_end(j);
    else
        json_array_end(j);
}

void
jsonview_field(struct json *j, const struct field *f, const void *v)
{
    const char *p = (const char *)v + f->offset;

    switch (f->kind) {
    case ACTOR_KIND_list:
        view_list(j, f, p);
        break;
    case ACTOR_KIND_map:
        view_map(j, f, p);
        break;
    case ACTOR_KIND_opt:
        if (*p)
            view_value(j, f->elem, f->nested, p + f->value_offset);
        else
            json_nil(j);
        break;
    case ACTOR_KIND_opaque:
        json_object_begin(j);
        json_key(j, "opaque");
        json_str(j, f->type);
        json_object_end(j);
        break;
    default:
        view_value(j, f->kind, f->nested, p);
    }
}

void
jsonview_struct(struct json *j, const struct schema *s, const void *v)
{
    json_object_begin(j);
    for (uint32_t i = 0; i < s->nfields; i++) {
        if (strcmp(s->fields[i].name, "none_") == 0) /* what ACTOR_SIGNAL puts into its empty struct */
            continue;
        json_key(j, s->fields[i].name);
        jsonview_field(j, &s->fields[i], v);
    }
    json_object_end(j);
}
