/* schema_priv.h - shared by the parts of schema.h. */
#ifndef MSG_SCHEMA_PRIV_H
#define MSG_SCHEMA_PRIV_H
#include "msg/schema.h"

/* Offset, size and alignment of each field against its kind and the struct; all nested schemas are done
 * already. 0 or -ERR_NOTE with the field in e. */
int schema_check_layout(const struct schema *s, struct err *e);
/* Set flat, fingerprint and layout. All nested schemas are done already. */
void schema_seal(struct schema *s);

/* Does the field have a default that is not zero? And its value as JSON, which is also how text shows it. */
bool schema_has_default(const struct field *f);
void schema_json_default(const struct field *f, struct json *out);

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
