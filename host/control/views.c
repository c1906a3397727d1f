/* views.c - the table of views, and packing one by it. */
#include "control/views.h"
#include "base/util.h"
#include <string.h>

#define VIEW(name, key, ...)          static const struct view_member name##_fields[] = {__VA_ARGS__};
#define FIELD(view, kind, name, help) {#name, VIEW_KIND_##kind, help, offsetof(struct view_##view, name)},
#include "control/views.def"
#undef FIELD
#undef VIEW

static const struct view table[] = {
#define VIEW(name, key, ...) {#name, key, name##_fields, ARRAY_LEN(name##_fields)},
#include "control/views.def"
#undef VIEW
};

const struct view *
view_of(enum view_id id)
{
    return &table[id];
}

const struct view *
view_by_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

void
view_pack_fields(msgpack_packer *pk, const struct view *v, const void *view)
{
    for (size_t i = 0; i < v->nfields; i++) {
        const struct view_member *f = &v->fields[i];
        const void *p = (const char *)view + f->offset;

        pack_str(pk, f->name);
        switch (f->kind) {
        case VIEW_KIND_str:
            pack_str(pk, *(const char *const *)p);
            break;
        case VIEW_KIND_u64:
            pack_u64(pk, *(const uint64_t *)p);
            break;
        case VIEW_KIND_i64:
            pack_i64(pk, *(const int64_t *)p);
            break;
        case VIEW_KIND_f64:
            pack_f64(pk, *(const double *)p);
            break;
        case VIEW_KIND_bool:
            pack_bool(pk, *(const bool *)p);
            break;
        case VIEW_KIND_value:
            pack_raw(pk, ((const struct control_value *)p)->p, ((const struct control_value *)p)->n);
            break;
        }
    }
}
