/* schema.h - the host's own copy of a field list, made from a note's records. Never points into plugin memory.
 *
 *   note records (sdk/include/actor/schema.h) --> schema_from_note() --> struct schema --> catalogue (types.h)
 *
 * Immutable once built, so any thread may read it. Nested types are resolved to pointers, recursion is refused.
 */
#ifndef MSG_SCHEMA_H
#define MSG_SCHEMA_H
#include "base/env.h"
#include "base/err.h"
#include <actor/schema.h>
#include <stdbool.h>

enum { SCHEMA_FIELDS_MAX = 256, SCHEMA_DEPTH_MAX = 8, SCHEMA_BYTES_MAX = 1 << 20, SCHEMA_NAME_MAX = 73 };

struct schema;
struct field {
    char name[40], was[40];
    uint8_t kind, elem, key; /* enum actor_kind */
    uint32_t offset, bytes;
    uint32_t elem_bytes;   /* list, opt: the element; map: one {key, value} entry */
    uint32_t value_offset; /* opt: of v; map: of value in an entry */
    uint32_t flags;        /* ACTOR_REQUIRED */
    union {
        uint64_t u;
        int64_t i;
        double f;
        char s[32];
    } dflt;
    const struct schema *nested; /* of kind or elem nested */
    char type[40];               /* name of a nested or opaque type */
};
struct schema {
    char name[SCHEMA_NAME_MAX]; /* full: "greeter.greet" */
    uint8_t form;               /* enum actor_form */
    bool flat;                  /* no pointers out of the struct: copy it with memcpy */
    uint32_t version;
    uint32_t bytes, align, nfields;
    uint64_t fingerprint; /* names, kinds, nested: equal means same meaning (version and attributes excluded) */
    uint64_t layout;      /* fingerprint plus offsets and sizes: equal means the bytes may be handed over */
    const struct schema *twin; /* of form NESTED and NESTED_STATE: the same list in the other form; else NULL */
    struct field fields[];
};

#endif
