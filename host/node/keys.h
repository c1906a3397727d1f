/* keys.h - the table of keys.def as data. Constant; any thread. */
#ifndef NODE_KEYS_H
#define NODE_KEYS_H
#include "base/err.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "node/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_US   UINT64_C(1000)
#define KEY_MS   UINT64_C(1000000)
#define KEY_S    UINT64_C(1000000000)
#define KEY_HOUR (3600 * KEY_S)
/* A dumped line has to be readable again: key, " = " and the whole path in INI_LINE_MAX bytes. */
#define KEY_PATH_MAX   180
#define KEY_SOCKET_MAX 107 /* sun_path */

enum key_type {
    KEY_TEXT,
    KEY_NAME,
    KEY_BOOL,
    KEY_COUNT,
    KEY_BYTES,
    KEY_DURATION,
    KEY_DURATION_OFF,
    KEY_ENUM,
    KEY_SET,
    KEY_PATH,
    KEY_LIST,
    KEY_PATHS,
    KEY_POLICY
};
enum { KEY_RELOAD = 1, KEY_REQUIRED = 2 };

struct key_list {
    const char *const *v;
    size_t n;
};

/* The typed structs: struct keys_node, keys_scheduler, ... with one field a key. */
#define KEY_FIELD_TEXT(k)                                               const char *k;
#define KEY_FIELD_NAME(k)                                               const char *k;
#define KEY_FIELD_BOOL(k)                                               bool k;
#define KEY_FIELD_COUNT(k)                                              uint64_t k;
#define KEY_FIELD_BYTES(k)                                              uint64_t k##_bytes;
#define KEY_FIELD_DURATION(k)                                           uint64_t k##_ns;
#define KEY_FIELD_DURATION_OFF(k)                                       uint64_t k##_ns;
#define KEY_FIELD_ENUM(k)                                               int k;
#define KEY_FIELD_SET(k)                                                uint32_t k;
#define KEY_FIELD_PATH(k)                                               const char *k;
#define KEY_FIELD_LIST(k)                                               struct key_list k;
#define KEY_FIELD_PATHS(k)                                              struct key_list k;
#define KEY_FIELD_POLICY(k)                                             const char *k;
#define SECTION(name, argument, doc)                                    struct keys_##name {
#define KEY(section, key, type, dflt, least, most, choices, flags, doc) KEY_FIELD_##type(key)
#define SECTION_END(name) \
    }                     \
    ;
#include "node/keys.def"
#undef SECTION
#undef KEY
#undef SECTION_END

struct key {
    const char *name;
    enum key_type type;
    const char *dflt;
    uint64_t least, most; /* most 0: no limit */
    const char *choices;  /* "a|b|c" */
    unsigned flags;
    const char *doc;
    size_t offset; /* of the field in its struct */
};
enum key_section_id {
#define SECTION(name, argument, doc) SECTION_##name,
#define KEY(...)
#define SECTION_END(name)
#include "node/keys.def"
#undef SECTION
#undef KEY
#undef SECTION_END
    SECTIONS
};
struct key_section {
    const char *name, *argument, *doc;
    const struct key *keys;
    size_t nkeys;
};
extern const struct key_section key_sections[SECTIONS];

/* NULL: not found; near (may be NULL) has then considered all names there are. */
const struct key_section *key_section_find(const char *name, struct nearest *near);
const struct key *key_find(const struct key_section *s, const char *name, struct nearest *near);
/* "[scheduler] threads" style pieces of documentation. */
const char *key_type_text(enum key_type t); /* "duration or off" */
/* "number of CPUs" for "@cpus"; the default itself otherwise; "not set" for "". */
const char *key_default_text(const struct key *k);
/* "10us to 1s", "debug, info, warn, error, off"; empty: no limits. Texts live in mem. */
const char *key_range_text(const struct key *k, struct text *mem);

/* The n-th of "a|b|c" into ret; false: there are not so many. */
bool key_choice(const char *choices, size_t n, char ret[32]);

/* --keys: a list for the terminal, a markdown page, a JSON schema (draft 2020-12) of what --dump-config
 * --json shows as "config". */
void keys_list(struct strbuf *out, bool color);
void keys_markdown(struct strbuf *out);
void keys_schema(struct json *out);

#endif
