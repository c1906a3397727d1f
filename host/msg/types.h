/* types.h - a node's catalogue of message types: which 32-bit id stands for which schema.
 *
 *   types_add(schema) --> [table: id -> msg_type]     <-- types_get(id): any thread, no lock
 *                         [name -> its layouts]       <-- types_named(): with the writers' lock
 *
 * A type is full name + form + layout: two plugins built from one header share it, two layouts of one name
 * are two types (conversion between them is a plan, plan.h). Types are never removed before types_fini: mail,
 * logs and traces name them by id. The catalogue copies schemas and points into no plugin. The caller
 * serialises types_add and types_named (one lock of the plugin floor); readers need nothing.
 */
#ifndef MSG_TYPES_H
#define MSG_TYPES_H
#include "msg/schema.h"
#include <stdatomic.h>

enum {
    TYPES_RESERVED = 256, /* ids below are the host's own; 0 is no type */
    TYPES_MAX = 65536
};

struct msg_type { /* immutable once found */
    uint32_t id;
    uint8_t cls,
        cls_ext;   /* pool class of header + struct, and with a msg_ext; POOL_LARGE: asks for its own size */
    uint64_t head; /* id and cls as msg.head has them: for flat types the whole header of a tell */
    const struct schema *schema;
    struct msg_type *next_named; /* the next layout or form of this name; under the writers' lock */
};

struct types_table;
struct types {
    struct env *env;
    _Atomic(struct types_table *) table; /* written by types_add (release), read by types_get (acquire) */
    uint32_t n, max;                     /* how many there are, and may be; under the writers' lock */
};

/* max: at most TYPES_MAX; 0 gives that. Takes no memory yet. */
void types_init(struct types *t, struct env *env, uint32_t max);
/* Nobody reads any more. */
void types_fini(struct types *t);

/* Find or make the type of s, which may go afterwards. Adding the same twice gives the same. Under the
 * caller's lock. 0, -ERR_LIMIT (the catalogue is full), -ERR_NOMEM; e says which. */
int types_add(struct types *t, const struct schema *s, const struct msg_type **ret, struct err *e);
/* Any thread, at any time; no lock, about one cache miss. NULL: unknown id. */
const struct msg_type *types_get(const struct types *t, uint32_t id);
/* The first type with this full name, or NULL; follow next_named. Under the caller's lock. */
const struct msg_type *types_named(const struct types *t, const char *full_name);
/* In no particular order. *pos starts at 0; NULL at the end. Under the caller's lock. */
const struct msg_type *types_next(const struct types *t, uint32_t *pos);

/* The id that s gets unless another type has it already: then the next free one. */
uint32_t types_wanted_id(const struct schema *s);

#endif
