/* kind.h - facts about the kinds of fields: names, sizes, ranges. Pure; any thread. */
#ifndef MSG_KIND_H
#define MSG_KIND_H
#include <actor/schema.h>
#include <stdbool.h>
#include <stdint.h>

enum { KIND_COUNT = ACTOR_KIND_opaque + 1 };

/* "u32"; "?" for what is no kind. */
const char *kind_name(unsigned kind);

/* A number or bool: no pointer in it, one to eight bytes. */
static inline bool
kind_is_plain(unsigned kind)
{
    return kind >= ACTOR_KIND_bool && kind <= ACTOR_KIND_f64;
}
static inline bool
kind_is_signed(unsigned kind)
{
    return kind >= ACTOR_KIND_i8 && kind <= ACTOR_KIND_i64;
}
static inline bool
kind_is_unsigned(unsigned kind)
{
    return kind >= ACTOR_KIND_u8 && kind <= ACTOR_KIND_u64;
}
static inline bool
kind_is_int(unsigned kind)
{
    return kind_is_signed(kind) || kind_is_unsigned(kind);
}
static inline bool
kind_is_float(unsigned kind)
{
    return kind == ACTOR_KIND_f32 || kind == ACTOR_KIND_f64;
}
/* Views or owned text: {pointer, length}. */
static inline bool
kind_is_text(unsigned kind)
{
    return kind == ACTOR_KIND_str || kind == ACTOR_KIND_bin;
}
static inline bool
kind_is_key(unsigned kind)
{
    return kind_is_int(kind) || kind == ACTOR_KIND_str;
}
static inline bool
kind_is_container(unsigned kind)
{
    return kind == ACTOR_KIND_list || kind == ACTOR_KIND_map || kind == ACTOR_KIND_opt;
}
/* What a list, an opt or a map's value may be. */
static inline bool
kind_is_elem(unsigned kind)
{
    return (kind >= ACTOR_KIND_bool && kind <= ACTOR_KIND_ref) || kind == ACTOR_KIND_nested;
}

/* Size and alignment of the C type, the same in messages and in state; 0 where the kind alone does not tell
 * (containers, nested, opaque). */
static inline uint32_t
kind_bytes(unsigned kind)
{
    static const uint8_t bytes[KIND_COUNT] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 16, 16, 16};

    return kind < KIND_COUNT ? bytes[kind] : 0;
}
static inline uint32_t
kind_align(unsigned kind)
{
    uint32_t b = kind_bytes(kind);

    return b > 8 ? 8 : b;
}
/* STATE and NESTED_STATE hold owned types, all other forms borrowed views. */
static inline bool
form_is_state(unsigned form)
{
    return form == ACTOR_FORM_STATE || form == ACTOR_FORM_NESTED_STATE;
}
const char *form_name(unsigned form);

/* Largest value of an integer kind, and (signed kinds) the smallest. */
static inline uint64_t
kind_max(unsigned kind)
{
    unsigned bits = kind_bytes(kind) * 8 - (kind_is_signed(kind) ? 1 : 0);

    return bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}
static inline int64_t
kind_min(unsigned kind)
{
    return kind_is_signed(kind) ? -(int64_t)kind_max(kind) - 1 : 0;
}

#endif
