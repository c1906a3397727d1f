/* views.h - the rows of views.def as C structs (struct view_swapped ...), and packing them. Constants; any
 * thread. Texts in a view are borrowed for the duration of the call they are given to. */
#ifndef CONTROL_VIEWS_H
#define CONTROL_VIEWS_H
#include "control/commands.h"
#include "wire/pack.h"

enum view_kind {
    VIEW_KIND_str,
    VIEW_KIND_u64,
    VIEW_KIND_i64,
    VIEW_KIND_f64,
    VIEW_KIND_bool,
    VIEW_KIND_value
};

#define VIEW_C_str   const char *
#define VIEW_C_u64   uint64_t
#define VIEW_C_i64   int64_t
#define VIEW_C_f64   double
#define VIEW_C_bool  bool
#define VIEW_C_value struct control_value

enum view_id {
#define VIEW(name, ...) VIEW_##name,
#include "control/views.def"
#undef VIEW
    VIEWS
};

#define VIEW(name, key, ...) \
    struct view_##name {     \
        __VA_ARGS__          \
    };
#define FIELD(view, kind, name, help) VIEW_C_##kind name;
#include "control/views.def"
#undef FIELD
#undef VIEW

struct view_member {
    const char *name;
    enum view_kind kind;
    const char *help;
    size_t offset;
};
struct view {
    const char *name, *key; /* key "": fields of the result itself */
    const struct view_member *fields;
    size_t nfields;
};
const struct view *view_of(enum view_id id);
const struct view *view_by_name(const char *name); /* NULL: unknown */
/* Key and value of each field, without the map's head. */
void view_pack_fields(msgpack_packer *pk, const struct view *v, const void *view);

#endif
