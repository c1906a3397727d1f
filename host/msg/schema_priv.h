/* schema_priv.h - shared by the parts of schema.h. */
#ifndef MSG_SCHEMA_PRIV_H
#define MSG_SCHEMA_PRIV_H
#include "msg/schema.h"

/* --- schema_record.c: note i of the plugin, in this order --- */

/* Names of plugins and namespaces: a letter, then letters, digits, '_', '-', '.'; ends before max. */
bool schema_is_namespace(const char *s, size_t max);
/* Copy the head. Afterwards its record sizes and nfields fit into raw. */
int schema_read_head(const struct schema_raw *raw, size_t i, actor_schema_head *h, struct err *e);
/* The rest of the head into s, which is zeroed. plugin stands for an empty namespace. */
int schema_check_head(struct schema *s, const actor_schema_head *h, size_t i, const char *plugin,
                      struct err *e);
/* All fields, each on its own and then their names together; not their layout. */
int schema_read_fields(struct schema *s, const struct schema_raw *raw, const actor_schema_head *h,
                       struct err *e);

/* --- schema_layout.c --- */

/* Offset, size and alignment of each field against its kind and the struct; all nested schemas are done
 * already. 0 or -ERR_NOTE with the field in e. */
int schema_check_layout(const struct schema *s, struct err *e);
/* Set flat, fingerprint and layout. All nested schemas are done already. */
void schema_seal(struct schema *s);

/* Does the field have a default that is not zero? And its value as JSON, which is also how text shows it. */

static inline size_t
schema_bytes(uint32_t nfields)
{
    return sizeof(struct schema) + (size_t)nfields * sizeof(struct field);
}
static inline uint32_t
align_up(uint32_t n, uint32_t align)
{
    return (n + align - 1) & ~(align - 1);
}

#endif
