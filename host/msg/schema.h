/* schema.h - the host's own copy of a field list, made from a note's records. Never points into plugin
 * memory.
 *
 *   all schema notes of a plugin --> schema_set_new() --> struct schema --> schema_copy() into the catalogue
 * (types.h) (sdk/include/actor/schema.h)     checks, resolves
 *
 * Immutable once built, so any thread may read it. Nested types are resolved to pointers, recursion is
 * refused. The notes are hostile bytes: whatever they hold, building gives an error or a schema that all
 * readers may trust.
 */
#ifndef MSG_SCHEMA_H
#define MSG_SCHEMA_H
#include "base/env.h"
#include "base/err.h"
#include "base/json.h"
#include "base/strbuf.h"
#include <actor/schema.h>
#include <stdbool.h>

enum {
    SCHEMA_FIELDS_MAX = 256,
    SCHEMA_DEPTH_MAX = 8,
    SCHEMA_BYTES_MAX = 1 << 20,
    SCHEMA_NAME_MAX = 73,
    SCHEMA_SET_MAX = 4096
};

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
    uint64_t
        fingerprint; /* names, kinds, nested: equal means same meaning (version and attributes excluded) */
    uint64_t layout; /* fingerprint plus offsets and sizes: equal means the bytes may be handed over */
    const struct schema
        *twin; /* of form NESTED and NESTED_STATE: the same list in the other form; else NULL */
    struct field fields[];
};

/* --- from notes --- */
struct schema_raw { /* the descriptor of one note of type ACTOR_NOTE_SCHEMA; any alignment */
    const void *p;
    size_t bytes;
};
struct schema_set {
    struct env *env;
    size_t bytes; /* of this block */
    char ns[32];  /* what an empty namespace stood for */
    size_t n;
    struct schema
        *v[]; /* v[i] is from raw[i]; the same pointer twice where notes repeat (one header, two files) */
};

/* Build the schemas of one plugin. ns: the plugin's name, at most 31 characters; it replaces an empty
 * namespace. One block from env, freed by schema_set_free; nothing points into raw afterwards. Any thread;
 * does not block. Record sizes above those of this SDK are accepted, what was appended is not read. Errors,
 * each with the schema and field in e: -ERR_TRUNCATED, -ERR_NOTE (a record makes no sense, or two definitions
 * of one name differ), -ERR_RANGE (a default), -ERR_NOTFOUND (a nested type), -ERR_LIMIT (too many, too deep,
 * recursive), -ERR_NOMEM. */
int schema_set_new(struct schema_set **ret, struct env *env, const struct schema_raw *raw, size_t n,
                   const char *ns, struct err *e);
void schema_set_free(struct schema_set *set); /* NULL is allowed */
/* By namespace, name and form. An empty or NULL ns means: the plugin's own, else the only one of that name in
 * any namespace (rows and nested fields name types as C does, without one). NULL: none, or several. */
const struct schema *schema_set_find(const struct schema_set *set, const char *ns, const char *name,
                                     unsigned form);

/* --- one schema --- */
/* A copy of s with all that it nests, in one block of its own: for what outlives the set. 0 or -ERR_NOMEM. */
int schema_copy(struct schema **ret, struct env *env, const struct schema *s);
void schema_free(struct schema *s); /* only what schema_copy gave; NULL is allowed */

const struct field *schema_field(const struct schema *s, const char *name); /* NULL: none */
/* Is there an opaque field, here or in what is nested? */
bool schema_has_opaque(const struct schema *s);
/* Equal name, form and layout: the same type for everybody. */
bool schema_same(const struct schema *a, const struct schema *b);

/* --- for people and tools --- */
/* "greeter.greet@1{str name; u32 times = 1}" */
void schema_print(const struct schema *s, struct strbuf *out);
/* {"name","form","version","bytes","fingerprint","fields":[{"name","kind","elem","key","type","was","default",
 * "required"}]}: absent attributes are left out; 64-bit hashes are hexadecimal text. */
void schema_json(const struct schema *s, struct json *out);
bool schema_has_default(const struct field *f);
void schema_json_default(const struct field *f, struct json *out); /* the value alone */
/* "list(item)", "map(str, u64)", "u32": cut to fit. Returns buf. */
const char *schema_kind_text(const struct field *f, char *buf, size_t buf_bytes);

#endif
