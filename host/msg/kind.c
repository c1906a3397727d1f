/* kind.c - the names of kinds and forms. */
#include "msg/kind.h"
#include "base/util.h"
#include <stddef.h>

const char *
kind_name(unsigned kind)
{
    static const char *const names[KIND_COUNT] = {
        "?",   "bool", "i8",  "i16", "i32", "i64",  "u8",  "u16", "u32",    "u64",
        "f32", "f64",  "str", "bin", "ref", "list", "map", "opt", "nested", "opaque",
    };

    return kind < KIND_COUNT ? names[kind] : "?";
}

const char *
form_name(unsigned form)
{
    static const char *const names[] = {
        "?", "message", "state", "args", "config", "nested", "nested_state",
    };

    return form < ARRAY_LEN(names) ? names[form] : "?";
}
