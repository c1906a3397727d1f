/* json.h - a small JSON writer (there is no parser: tools use jansson). Commas and nesting are kept here, so callers only
 * say what follows. Strings are escaped; invalid UTF-8 becomes U+FFFD. Doubles that are not finite become null. */
#ifndef BASE_JSON_H
#define BASE_JSON_H
#include "base/strbuf.h"
#include <stdint.h>

struct json {
    struct strbuf *out;
    uint64_t comma; /* bit per depth: a value stands before the next one; depth <= 60, deeper sets out->failed */
    unsigned depth;
    bool after_key;
};
void json_init(struct json *j, struct strbuf *out);
void json_object_begin(struct json *j); /* { */
void json_object_end(struct json *j);
void json_array_begin(struct json *j); /* [ */
void json_array_end(struct json *j);
void json_key(struct json *j, const char *key);
void json_key_n(struct json *j, const char *key, size_t len);
void json_str(struct json *j, const char *s); /* NULL gives null */
void json_str_n(struct json *j, const char *s, size_t len);
void json_base64(struct json *j, const void *p, size_t len);
void json_u64(struct json *j, uint64_t v);
void json_i64(struct json *j, int64_t v);
void json_f64(struct json *j, double v); /* shortest text that reads back the same */
void json_bool(struct json *j, bool v);
void json_nil(struct json *j);

#endif
