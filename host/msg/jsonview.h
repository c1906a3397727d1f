/* jsonview.h - a struct as JSON, for people, the gateway and actorctl: any form, driven by the schema.
 *
 *   bool, numbers, str   as JSON has them; 64-bit integers as numbers; floats that are not finite as null
 *   bin                  base64 text              ref     "node.slot.gen"; nobody: null
 *   list                 array                    opt     the value, null when absent
 *   map                  object when the key is str, else array of [key, value]
 *   nested               object                   opaque  {"opaque": its type}
 *
 * Pure; any thread that may read the value. The same bytes give the same text.
 */
#ifndef MSG_JSONVIEW_H
#define MSG_JSONVIEW_H
#include "base/json.h"
#include "msg/schema.h"

/* One object with a member a field. Failures show in the strbuf behind j. */
void jsonview_struct(struct json *j, const struct schema *s, const void *v);
/* One field of the struct at v. */
void jsonview_field(struct json *j, const struct field *f, const void *v);

#endif
