/* actor/schema.h - one field list gives the C struct, the field table (an ELF note), and the message's type object.
 *
 *   #define GREET(F)  F(str, name)  F(u32, times, .dflt = 1)
 *   ACTOR_MESSAGE(greet, 1, GREET)          (no semicolon needed)
 *
 *        struct greet {...}   greet_type (what tell, ask and rows name)   a note in section .note.actor
 *
 * Kinds: bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 str bin ref
 *        list(K) opt(K) map(KEY, K) nested(NAME)   K: any kind but list, opt, map; KEY: an integer kind or str
 *        opaque(CTYPE, NAME) in state only          needs ACTOR_ON_SAVE and ACTOR_ON_LOAD
 * Attributes after the name, in this order: .was = "old_name"  .dflt = VALUE  .flags = ACTOR_REQUIRED
 * A default applies when the field is absent on decode, conversion or migration, and to fresh state.
 *
 * The note *is* the field table: packed fixed records without pointers, so that a host reads them from the file and plans a
 * migration before any code runs. sdk/ABI.md gives the layout byte by byte.
 */
#ifndef ACTOR_SCHEMA_H
#define ACTOR_SCHEMA_H

#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC system_header /* designated initialisers leave fields out on purpose; g++ -Wextra warns of each */
#endif

#include <actor/types.h>

#ifndef ACTOR_NAMESPACE
/* Prefix of every full name, "greeter.greet". Empty: the plugin's own name. Define it before the first include. */
#define ACTOR_NAMESPACE ""
#endif

#define ACTOR_PACKED_ __attribute__((packed, aligned(4)))
#if defined(__clang__)
#define ACTOR_NOTE_ATTR_ __attribute__((used, section(".note.actor"), aligned(4), no_sanitize("address")))
#else
#define ACTOR_NOTE_ATTR_ __attribute__((used, section(".note.actor"), aligned(4)))
#endif

enum actor_kind {
    ACTOR_KIND_bool = 1,
    ACTOR_KIND_i8,
    ACTOR_KIND_i16,
    ACTOR_KIND_i32,
    ACTOR_KIND_i64,
    ACTOR_KIND_u8,
    ACTOR_KIND_u16,
    ACTOR_KIND_u32,
    ACTOR_KIND_u64,
    ACTOR_KIND_f32,
    ACTOR_KIND_f64,
    ACTOR_KIND_str,
    ACTOR_KIND_bin,
    ACTOR_KIND_ref,
    ACTOR_KIND_list,
    ACTOR_KIND_map,
    ACTOR_KIND_opt,
    ACTOR_KIND_nested,
    ACTOR_KIND_opaque
};
enum actor_form { /* what a schema describes, and which C types its fields have */
    ACTOR_FORM_MESSAGE = 1,
    ACTOR_FORM_STATE = 2,
    ACTOR_FORM_ARGS = 3,          /* spawn arguments; C types as in messages */
    ACTOR_FORM_CONFIG = 4,        /* plugin settings; C types as in messages */
    ACTOR_FORM_NESTED = 5,        /* inside messages */
    ACTOR_FORM_NESTED_STATE = 6   /* inside state */
};
enum { ACTOR_REQUIRED = 1u /* decode fails when the field is absent */ };
enum { ACTOR_NOTE_PLUGIN = 1, ACTOR_NOTE_SCHEMA = 2, ACTOR_NOTE_BEHAVIOUR = 3, ACTOR_NOTE_ROW = 4 };
enum { ACTOR_ABI_MAJOR = 1, ACTOR_ABI_MINOR = 2 };

/* --- the records --- */
typedef struct ACTOR_PACKED_ actor_note_head { /* as ELF wants it */
    uint32_t name_bytes, desc_bytes, type;     /* 6, bytes after this head, ACTOR_NOTE_* */
    char name[8];                              /* "actor" */
} actor_note_head;

typedef struct ACTOR_PACKED_ actor_schema_head {
    uint16_t head_bytes, field_bytes; /* record sizes: later versions append */
    uint8_t form, zero[3];            /* ACTOR_FORM_* */
    uint32_t version;
    uint32_t bytes, align; /* of the C struct */
    uint32_t nfields;
    char ns[32], name[40];
} actor_schema_head;

/* One record type a default's C type; all have the layout of actor_field. */
#define ACTOR_FIELD_RECORD_(TYPENAME, DEFAULT)                                                                 \
    typedef struct ACTOR_PACKED_ TYPENAME {                                                                    \
        uint8_t kind, elem, key, zero; /* elem: of list, opt, map values; key: of map keys */                 \
        uint32_t offset, bytes;        /* of the field in the C struct */                                      \
        uint32_t elem_bytes;           /* list and opt: the element; map: one {key, value} entry */            \
        uint32_t value_offset;         /* opt: of v; map: of the value in an entry */                          \
        char name[40], type[40];       /* type: name of a nested or opaque type */                             \
        char was[40];                                                                                          \
        DEFAULT;                                                                                               \
        uint32_t flags;                                                                                        \
    } TYPENAME
ACTOR_FIELD_RECORD_(actor_field_u, uint64_t dflt; uint8_t dflt_pad_[24]);
ACTOR_FIELD_RECORD_(actor_field_i, int64_t dflt; uint8_t dflt_pad_[24]);
ACTOR_FIELD_RECORD_(actor_field_f, double dflt; uint8_t dflt_pad_[24]);
ACTOR_FIELD_RECORD_(actor_field_s, char dflt[32]);
ACTOR_FIELD_RECORD_(actor_field_n, uint8_t dflt_pad_[32]); /* no default possible */
/* What readers use. */
ACTOR_FIELD_RECORD_(actor_field, union { uint64_t u; int64_t i; double f; char s[32]; } dflt);

typedef struct ACTOR_PACKED_ actor_plugin_note {
    uint16_t head_bytes, zero;
    uint16_t abi_major, abi_minor;
    char name[40], version[40];
} actor_plugin_note;

typedef struct ACTOR_PACKED_ actor_behaviour_note {
    uint16_t head_bytes, zero;
    uint32_t flags;
    char name[40], state[40]; /* state: a schema of form STATE in the plugin's namespace */
} actor_behaviour_note;

typedef struct ACTOR_PACKED_ actor_row_note {
    uint16_t head_bytes;
    uint8_t kind, zero; /* ACTOR_ROW_* of plugin.h */
    char behaviour[40];
    char type_ns[32], type[40];  /* the message, arguments or job input */
    char out[40];                /* jobs: the output message */
} actor_row_note;

/* --- the type object: what calls and rows name. One a schema and object file; the host fills its part at load. --- */
typedef struct actor_type {
    uint32_t size;  /* of this struct */
    uint32_t bytes; /* of the C struct */
    uint64_t head_; /* host: type id and size class, ready for the message header; 0 = not loaded */
    uint32_t units_, flags_;
    const actor_schema_head *(*schema)(void); /* in the note; the fields follow it */
} actor_type;
enum { ACTOR_TYPE_FLAT_ = 1u /* flags_: nothing points out of the struct */ };

/* Fields that are not named stay zero. That is meant, but clang 19 warns of it in C++ with -Wextra. */
#if defined(__clang__) && defined(__cplusplus)
#if __has_warning("-Wmissing-designated-field-initializers")
#define ACTOR_QUIET_FIELDS_                                                                                    \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wmissing-designated-field-initializers\"")
#define ACTOR_LOUD_FIELDS_ _Pragma("clang diagnostic pop")
#endif
#endif
#ifndef ACTOR_QUIET_FIELDS_
#define ACTOR_QUIET_FIELDS_
#define ACTOR_LOUD_FIELDS_
#endif

/* Every type object of a plugin, found by the linker: the host walks [start, stop). Plugins that are linked into one program
 * (tests) are compiled with -DACTOR_LINK_AS=NAME each: their types then lie in sections of their own, and NAME is what
 * ACTOR_PLUGIN defines in place of actor_plugin_entry. */
#ifdef ACTOR_LINK_AS
#define ACTOR_TYPES_NAME__(prefix, name) prefix##actor_types_##name
#define ACTOR_TYPES_NAME_(prefix, name)  ACTOR_TYPES_NAME__(prefix, name)
#define ACTOR_TYPES_START_               ACTOR_TYPES_NAME_(__start_, ACTOR_LINK_AS)
#define ACTOR_TYPES_STOP_                ACTOR_TYPES_NAME_(__stop_, ACTOR_LINK_AS)
#define ACTOR_TEXT_OF__(s)               #s
#define ACTOR_TEXT_OF_(s)                ACTOR_TEXT_OF__(s)
#define ACTOR_TYPES_SECTION_             __attribute__((used, section("actor_types_" ACTOR_TEXT_OF_(ACTOR_LINK_AS))))
#define ACTOR_ENTRY_                     ACTOR_LINK_AS
#else
#define ACTOR_TYPES_START_   __start_actor_types
#define ACTOR_TYPES_STOP_    __stop_actor_types
#define ACTOR_TYPES_SECTION_ __attribute__((used, section("actor_types")))
#define ACTOR_ENTRY_         actor_plugin_entry
#endif

/* --- C types of the kinds: in messages (T), in state (S) --- */
#define ACTOR_T_bool actor_bool
#define ACTOR_T_i8   int8_t
#define ACTOR_T_i16  int16_t
#define ACTOR_T_i32  int32_t
#define ACTOR_T_i64  int64_t
#define ACTOR_T_u8   uint8_t
#define ACTOR_T_u16  uint16_t
#define ACTOR_T_u32  uint32_t
#define ACTOR_T_u64  uint64_t
#define ACTOR_T_f32  float
#define ACTOR_T_f64  double
#define ACTOR_T_str  actor_str
#define ACTOR_T_bin  actor_bin
#define ACTOR_T_ref  actor_ref
#define ACTOR_T_nested(N) N
/* No such type, so that the compiler's complaint says what is wrong. */
#define ACTOR_T_opaque(C, N) actor_opaque_fields_are_for_state_only
#define ACTOR_T_list(K)                                                                                        \
    struct {                                                                                                   \
        const ACTOR_T_##K *v;                                                                                  \
        uint32_t n;                                                                                            \
    }
#define ACTOR_T_opt(K)                                                                                         \
    struct {                                                                                                   \
        actor_bool has;                                                                                        \
        ACTOR_T_##K v;                                                                                         \
    }
#define ACTOR_T_map(KEY, K)                                                                                    \
    struct {                                                                                                   \
        const struct {                                                                                         \
            ACTOR_T_##KEY key;                                                                                 \
            ACTOR_T_##K value;                                                                                 \
        } *v;                                                                                                  \
        uint32_t n;                                                                                            \
    }

#define ACTOR_S_bool actor_bool
#define ACTOR_S_i8   int8_t
#define ACTOR_S_i16  int16_t
#define ACTOR_S_i32  int32_t
#define ACTOR_S_i64  int64_t
#define ACTOR_S_u8   uint8_t
#define ACTOR_S_u16  uint16_t
#define ACTOR_S_u32  uint32_t
#define ACTOR_S_u64  uint64_t
#define ACTOR_S_f32  float
#define ACTOR_S_f64  double
#define ACTOR_S_str  actor_string
#define ACTOR_S_bin  actor_bytes
#define ACTOR_S_ref  actor_ref
#define ACTOR_S_nested(N)    N##_state
#define ACTOR_S_opaque(C, N) C
/* The empty arrays cost no byte; they let actor_append() and actor_put() check the types of what they are given. */
#define ACTOR_S_list(K)                                                                                        \
    struct {                                                                                                   \
        const ACTOR_S_##K *v;                                                                                  \
        uint32_t n, cap_;                                                                                      \
        ACTOR_T_##K view_[0];                                                                                  \
    }
#define ACTOR_S_opt(K)                                                                                         \
    struct {                                                                                                   \
        actor_bool has;                                                                                        \
        ACTOR_S_##K v;                                                                                         \
    }
#define ACTOR_S_map(KEY, K)                                                                                    \
    struct {                                                                                                   \
        const struct {                                                                                         \
            ACTOR_S_##KEY key;                                                                                 \
            ACTOR_S_##K value;                                                                                 \
        } *v;                                                                                                  \
        uint32_t n, cap_;                                                                                      \
        void *index_;                                                                                          \
        ACTOR_T_##KEY key_view_[0];                                                                            \
        ACTOR_T_##K view_[0];                                                                                  \
    }

/* --- record type (by default's C type), kind, element kind, nested name --- */
#define ACTOR_D_bool actor_field_u
#define ACTOR_D_i8   actor_field_i
#define ACTOR_D_i16  actor_field_i
#define ACTOR_D_i32  actor_field_i
#define ACTOR_D_i64  actor_field_i
#define ACTOR_D_u8   actor_field_u
#define ACTOR_D_u16  actor_field_u
#define ACTOR_D_u32  actor_field_u
#define ACTOR_D_u64  actor_field_u
#define ACTOR_D_f32  actor_field_f
#define ACTOR_D_f64  actor_field_f
#define ACTOR_D_str  actor_field_s
#define ACTOR_D_bin  actor_field_n
#define ACTOR_D_ref  actor_field_n
#define ACTOR_D_list(K)      actor_field_n
#define ACTOR_D_opt(K)       actor_field_n
#define ACTOR_D_map(KEY, K)  actor_field_n
#define ACTOR_D_nested(N)    actor_field_n
#define ACTOR_D_opaque(C, N) actor_field_n

#define ACTOR_E_KIND_bool ACTOR_KIND_bool
#define ACTOR_E_KIND_i8   ACTOR_KIND_i8
#define ACTOR_E_KIND_i16  ACTOR_KIND_i16
#define ACTOR_E_KIND_i32  ACTOR_KIND_i32
#define ACTOR_E_KIND_i64  ACTOR_KIND_i64
#define ACTOR_E_KIND_u8   ACTOR_KIND_u8
#define ACTOR_E_KIND_u16  ACTOR_KIND_u16
#define ACTOR_E_KIND_u32  ACTOR_KIND_u32
#define ACTOR_E_KIND_u64  ACTOR_KIND_u64
#define ACTOR_E_KIND_f32  ACTOR_KIND_f32
#define ACTOR_E_KIND_f64  ACTOR_KIND_f64
#define ACTOR_E_KIND_str  ACTOR_KIND_str
#define ACTOR_E_KIND_bin  ACTOR_KIND_bin
#define ACTOR_E_KIND_ref  ACTOR_KIND_ref
#define ACTOR_E_KIND_nested(N) ACTOR_KIND_nested
#define ACTOR_N_bool ""
#define ACTOR_N_i8   ""
#define ACTOR_N_i16  ""
#define ACTOR_N_i32  ""
#define ACTOR_N_i64  ""
#define ACTOR_N_u8   ""
#define ACTOR_N_u16  ""
#define ACTOR_N_u32  ""
#define ACTOR_N_u64  ""
#define ACTOR_N_f32  ""
#define ACTOR_N_f64  ""
#define ACTOR_N_str  ""
#define ACTOR_N_bin  ""
#define ACTOR_N_ref  ""
#define ACTOR_N_nested(N) #N

/* The part of a record that depends on the kind. F is T or S (the form), C the struct, n the field. */
#define ACTOR_I_scalar_(k) .kind = k, .elem = 0, .key = 0, .zero = 0
#define ACTOR_I_bool ACTOR_I_scalar_(ACTOR_KIND_bool)
#define ACTOR_I_i8   ACTOR_I_scalar_(ACTOR_KIND_i8)
#define ACTOR_I_i16  ACTOR_I_scalar_(ACTOR_KIND_i16)
#define ACTOR_I_i32  ACTOR_I_scalar_(ACTOR_KIND_i32)
#define ACTOR_I_i64  ACTOR_I_scalar_(ACTOR_KIND_i64)
#define ACTOR_I_u8   ACTOR_I_scalar_(ACTOR_KIND_u8)
#define ACTOR_I_u16  ACTOR_I_scalar_(ACTOR_KIND_u16)
#define ACTOR_I_u32  ACTOR_I_scalar_(ACTOR_KIND_u32)
#define ACTOR_I_u64  ACTOR_I_scalar_(ACTOR_KIND_u64)
#define ACTOR_I_f32  ACTOR_I_scalar_(ACTOR_KIND_f32)
#define ACTOR_I_f64  ACTOR_I_scalar_(ACTOR_KIND_f64)
#define ACTOR_I_str  ACTOR_I_scalar_(ACTOR_KIND_str)
#define ACTOR_I_bin  ACTOR_I_scalar_(ACTOR_KIND_bin)
#define ACTOR_I_ref  ACTOR_I_scalar_(ACTOR_KIND_ref)
#define ACTOR_I_nested(N)    ACTOR_I_scalar_(ACTOR_KIND_nested)
#define ACTOR_I_opaque(C, N) ACTOR_I_scalar_(ACTOR_KIND_opaque)
#define ACTOR_I_list(K)      .kind = ACTOR_KIND_list, .elem = ACTOR_E_KIND_##K, .key = 0, .zero = 0
#define ACTOR_I_opt(K)       .kind = ACTOR_KIND_opt, .elem = ACTOR_E_KIND_##K, .key = 0, .zero = 0
#define ACTOR_I_map(KEY, K)                                                                                    \
    .kind = ACTOR_KIND_map, .elem = ACTOR_E_KIND_##K, .key = ACTOR_E_KIND_##KEY, .zero = 0
/* elem_bytes and value_offset */
#define ACTOR_Z_none_ .elem_bytes = 0, .value_offset = 0
#define ACTOR_Z_bool(C, n) ACTOR_Z_none_
#define ACTOR_Z_i8(C, n)   ACTOR_Z_none_
#define ACTOR_Z_i16(C, n)  ACTOR_Z_none_
#define ACTOR_Z_i32(C, n)  ACTOR_Z_none_
#define ACTOR_Z_i64(C, n)  ACTOR_Z_none_
#define ACTOR_Z_u8(C, n)   ACTOR_Z_none_
#define ACTOR_Z_u16(C, n)  ACTOR_Z_none_
#define ACTOR_Z_u32(C, n)  ACTOR_Z_none_
#define ACTOR_Z_u64(C, n)  ACTOR_Z_none_
#define ACTOR_Z_f32(C, n)  ACTOR_Z_none_
#define ACTOR_Z_f64(C, n)  ACTOR_Z_none_
#define ACTOR_Z_str(C, n)  ACTOR_Z_none_
#define ACTOR_Z_bin(C, n)  ACTOR_Z_none_
#define ACTOR_Z_ref(C, n)  ACTOR_Z_none_
#define ACTOR_Z_nested(N)    ACTOR_Z_nested_
#define ACTOR_Z_nested_(C, n) ACTOR_Z_none_
#define ACTOR_Z_opaque(O, N) ACTOR_Z_nested_
#define ACTOR_Z_list(K)      ACTOR_Z_list_
#define ACTOR_Z_list_(C, n)  .elem_bytes = (uint32_t)sizeof(*((C *)0)->n.v), .value_offset = 0
#define ACTOR_Z_opt(K)       ACTOR_Z_opt_
#define ACTOR_Z_opt_(C, n)                                                                                     \
    .elem_bytes = (uint32_t)sizeof(((C *)0)->n.v), .value_offset = (uint32_t)(offsetof(C, n.v) - offsetof(C, n))
#define ACTOR_Z_map(KEY, K)  ACTOR_Z_map_
#define ACTOR_Z_map_(C, n)                                                                                     \
    .elem_bytes = (uint32_t)sizeof(*((C *)0)->n.v),                                                            \
    .value_offset = (uint32_t)__builtin_offsetof(__typeof__(*((C *)0)->n.v), value)
/* nested name */
#define ACTOR_Y_bool ""
#define ACTOR_Y_i8   ""
#define ACTOR_Y_i16  ""
#define ACTOR_Y_i32  ""
#define ACTOR_Y_i64  ""
#define ACTOR_Y_u8   ""
#define ACTOR_Y_u16  ""
#define ACTOR_Y_u32  ""
#define ACTOR_Y_u64  ""
#define ACTOR_Y_f32  ""
#define ACTOR_Y_f64  ""
#define ACTOR_Y_str  ""
#define ACTOR_Y_bin  ""
#define ACTOR_Y_ref  ""
#define ACTOR_Y_nested(N)    #N
#define ACTOR_Y_opaque(C, N) #N
#define ACTOR_Y_list(K)      ACTOR_N_##K
#define ACTOR_Y_opt(K)       ACTOR_N_##K
#define ACTOR_Y_map(KEY, K)  ACTOR_N_##K

/* --- expansions of a field list --- */
#define ACTOR_X_T_(t, n, ...)     ACTOR_T_##t n;
#define ACTOR_X_S_(t, n, ...)     ACTOR_S_##t n;
#define ACTOR_X_D_(t, n, ...)     ACTOR_D_##t n;
#define ACTOR_X_COUNT_(t, n, ...) +1
/* A name that fills its place in the note has no end there; without these two, a C compiler would say nothing. */
#define ACTOR_NAME_FITS_(text, room)                                                                           \
    ACTOR_STATIC_ASSERT_(sizeof(text) <= (room), "actor: the name is too long for its note: " text)
#define ACTOR_X_FITS_(t, n, ...) ACTOR_NAME_FITS_(#n, 40);
/* self_ is a typedef of the struct, made around the note */
#define ACTOR_X_I_(t, n, ...)                                                                                  \
    {ACTOR_I_##t, .offset = (uint32_t)offsetof(self_, n), .bytes = (uint32_t)sizeof(((self_ *)0)->n),          \
     ACTOR_Z_##t(self_, n), .name = #n, .type = ACTOR_Y_##t __VA_OPT__(, ) __VA_ARGS__},

#ifdef __cplusplus
#define ACTOR_ALIGNOF_(T) alignof(T)
#define ACTOR_STATIC_ASSERT_(what, text) static_assert(what, text)
#else
#define ACTOR_STATIC_ASSERT_(what, text) _Static_assert(what, text)
#define ACTOR_ALIGNOF_(T) _Alignof(T)
#endif

/* A message argument: designated fields of T, as a pointer that lives until the end of the full expression. */
#ifdef __cplusplus
extern "C++" {
template <class T>
static inline const T *
actor_tmp_(const T &t)
{
    return &t;
}
}
#define ACTOR_ARG_(T, ...) (actor_tmp_<T>(ACTOR_QUIET_FIELDS_ T{__VA_ARGS__} ACTOR_LOUD_FIELDS_))
#else
#define ACTOR_ARG_(T, ...) (&(const T){__VA_ARGS__})
#endif

/* The note is static inside a function because only there a typedef can give the struct the name self_, which the field
 * list, unaware of the struct, uses for offsets. The function is kept (used), so the note is; the type object names it. */
#define ACTOR_SCHEMA_(T, FORM, NS, NAME, VER, LIST)                                                            \
    __attribute__((used)) static const actor_schema_head *T##_schema_(void)                                    \
    {                                                                                                          \
        typedef T self_;                                                                                       \
        ACTOR_NAME_FITS_(NS, 32);                                                                              \
        ACTOR_NAME_FITS_(NAME, 40);                                                                            \
        LIST(ACTOR_X_FITS_)                                                                                    \
        struct note_t_ {                                                                                       \
            actor_note_head actor_note_; /* a field may be called note or head */                              \
            actor_schema_head actor_head_;                                                                     \
            LIST(ACTOR_X_D_)                                                                                   \
        };                                                                                                     \
        ACTOR_QUIET_FIELDS_                                                                                    \
        ACTOR_NOTE_ATTR_ static const struct note_t_ note_ = {                                                 \
            {6, (uint32_t)(sizeof(struct note_t_) - sizeof(actor_note_head)), ACTOR_NOTE_SCHEMA, "actor"},     \
            {(uint16_t)sizeof(actor_schema_head), (uint16_t)sizeof(actor_field), (uint8_t)FORM, {0, 0, 0}, VER,  \
             (uint32_t)sizeof(self_), (uint32_t)ACTOR_ALIGNOF_(self_), 0 LIST(ACTOR_X_COUNT_), NS, NAME},      \
            LIST(ACTOR_X_I_)};                                                                                 \
        ACTOR_LOUD_FIELDS_                                                                                     \
        return &note_.actor_head_;                                                                             \
    }                                                                                                          \
    ACTOR_TYPE_(T)
#define ACTOR_TYPE_(T)                                                                                         \
    static actor_type T##_type = {(uint32_t)sizeof(actor_type), (uint32_t)sizeof(T), 0, 0, 0, T##_schema_};    \
    ACTOR_TYPES_SECTION_ static actor_type *const T##_type_p_ = &T##_type;

/* --- declarations, once each in the file or header that owns the name --- */
#define ACTOR_STRUCT_T_(T, LIST)                                                                               \
    typedef struct T {                                                                                         \
        LIST(ACTOR_X_T_)                                                                                       \
    } T
#define ACTOR_STRUCT_S_(T, LIST)                                                                               \
    typedef struct T {                                                                                         \
        LIST(ACTOR_X_S_)                                                                                       \
    } T
/* A message: what tell, ask, reply, timers and jobs carry. VER is for people; compatibility goes by field names. */
#define ACTOR_MESSAGE(T, VER, LIST) ACTOR_MESSAGE_IN(ACTOR_NAMESPACE, T, VER, LIST)
/* The same with the namespace named: for headers that other plugins include. */
#define ACTOR_MESSAGE_IN(NS, T, VER, LIST)                                                                     \
    ACTOR_STRUCT_T_(T, LIST);                                                                                  \
    ACTOR_SCHEMA_(T, ACTOR_FORM_MESSAGE, NS, #T, VER, LIST)
/* A message without fields. */
#define ACTOR_SIGNAL(T, VER)        ACTOR_SIGNAL_IN(ACTOR_NAMESPACE, T, VER)
#define ACTOR_SIGNAL_IN(NS, T, VER) ACTOR_MESSAGE_IN(NS, T, VER, ACTOR_NO_FIELDS_)
#define ACTOR_NO_FIELDS_(F)         F(u64, none_) /* 8 B: the fast path copies whole words */
/* State of an actor: zeroed, filled with defaults, then start() runs. Its name is the behaviour's. */
#define ACTOR_STATE(T, VER, LIST)                                                                              \
    ACTOR_STRUCT_S_(T, LIST);                                                                                  \
    ACTOR_SCHEMA_(T, ACTOR_FORM_STATE, ACTOR_NAMESPACE, #T, VER, LIST)
#define ACTOR_STATELESS(T) ACTOR_STATE(T, 1, ACTOR_NO_FIELDS_)
/* A struct inside messages (T) and inside state (T_state). */
#define ACTOR_NESTED(T, VER, LIST) ACTOR_NESTED_IN(ACTOR_NAMESPACE, T, VER, LIST)
#define ACTOR_NESTED_IN(NS, T, VER, LIST)                                                                      \
    ACTOR_STRUCT_T_(T, LIST);                                                                                  \
    ACTOR_STRUCT_S_(T##_state, LIST);                                                                          \
    ACTOR_SCHEMA_(T, ACTOR_FORM_NESTED, NS, #T, VER, LIST)                                                     \
    ACTOR_SCHEMA_(T##_state, ACTOR_FORM_NESTED_STATE, NS, #T, VER, LIST)
/* Spawn arguments: start() gets them; in ini "arg.FIELD = value", in actorctl JSON. */
#define ACTOR_ARGS(T, VER, LIST)                                                                               \
    ACTOR_STRUCT_T_(T, LIST);                                                                                  \
    ACTOR_SCHEMA_(T, ACTOR_FORM_ARGS, ACTOR_NAMESPACE, #T, VER, LIST)
/* Settings of the plugin: keys of [plugin NAME] in the ini; at most one a plugin. */
#define ACTOR_CONFIG(T, VER, LIST)                                                                             \
    ACTOR_STRUCT_T_(T, LIST);                                                                                  \
    ACTOR_SCHEMA_(T, ACTOR_FORM_CONFIG, ACTOR_NAMESPACE, #T, VER, LIST)

#endif
