/* keys.c - the table and finding things in it. */
#include "node/keys.h"
#include "base/util.h"
#include "node/units.h"
#include <string.h>

#define KEY_MEMBER_TEXT(k)         k
#define KEY_MEMBER_NAME(k)         k
#define KEY_MEMBER_BOOL(k)         k
#define KEY_MEMBER_COUNT(k)        k
#define KEY_MEMBER_BYTES(k)        k##_bytes
#define KEY_MEMBER_DURATION(k)     k##_ns
#define KEY_MEMBER_DURATION_OFF(k) k##_ns
#define KEY_MEMBER_ENUM(k)         k
#define KEY_MEMBER_SET(k)          k
#define KEY_MEMBER_PATH(k)         k
#define KEY_MEMBER_LIST(k)         k
#define KEY_MEMBER_PATHS(k)        k
#define KEY_MEMBER_POLICY(k)       k

#define SECTION(name, argument, doc) static const struct key name##_table[] = {
#define KEY(section, key, type, dflt, least, most, choices, flags, doc) \
    {#key,  KEY_##type, dflt,                                           \
     least, most,       choices,                                        \
     flags, doc,        offsetof(struct keys_##section, KEY_MEMBER_##type(key))},
#define SECTION_END(name) \
    }                     \
    ;
#include "node/keys.def"
#undef SECTION
#undef KEY
#undef SECTION_END

const struct key_section key_sections[SECTIONS] = {
#define SECTION(name, argument, doc) {#name, argument, doc, name##_table, ARRAY_LEN(name##_table)},
#define KEY(...)
#define SECTION_END(name)
#include "node/keys.def"
#undef SECTION
#undef KEY
#undef SECTION_END
};

const struct key_section *
key_section_find(const char *name, struct nearest *near)
{
    for (size_t i = 0; i < SECTIONS; i++) {
        if (strcmp(key_sections[i].name, name) == 0)
            return &key_sections[i];
        if (near != NULL)
            nearest_try(near, key_sections[i].name);
    }
    return NULL;
}

const struct key *
key_find(const struct key_section *s, const char *name, struct nearest *near)
{
    for (size_t i = 0; i < s->nkeys; i++) {
        if (strcmp(s->keys[i].name, name) == 0)
            return &s->keys[i];
        if (near != NULL)
            nearest_try(near, s->keys[i].name);
    }
    return NULL;
}

const char *
key_type_text(enum key_type t)
{
    static const char *const texts[] = {
        [KEY_TEXT] = "text",
        [KEY_NAME] = "name",
        [KEY_BOOL] = "yes or no",
        [KEY_COUNT] = "number",
        [KEY_BYTES] = "size",
        [KEY_DURATION] = "duration",
        [KEY_DURATION_OFF] = "duration or off",
        [KEY_ENUM] = "one of",
        [KEY_SET] = "any of",
        [KEY_PATH] = "path",
        [KEY_LIST] = "list of names",
        [KEY_PATHS] = "list of paths",
        [KEY_POLICY] = "supervision rules",
    };
    return texts[t];
}

const char *
key_default_text(const struct key *k)
{
    static const char *const computed[][2] = {
        {"@cpus", "number of CPUs"},
        {"@data_dir", "$XDG_STATE_HOME/actord, ~/.local/state/actord, for root /var/lib/actord"},
        {"@socket", "$XDG_RUNTIME_DIR/actord/NODE.sock, or /run/actord/NODE.sock"},
        {"@plugin_dir", "where actord's own plugins are installed"},
    };

    for (size_t i = 0; i < ARRAY_LEN(computed); i++)
        if (strcmp(computed[i][0], k->dflt) == 0)
            return computed[i][1];
    return k->flags & KEY_REQUIRED ? "required" : k->dflt[0] == '\0' ? "not set" : k->dflt;
}

bool
key_choice(const char *choices, size_t n, char ret[32])
{
    size_t len;

    for (; n > 0; n--) {
        choices = strchr(choices, '|');
        if (choices == NULL)
            return false;
        choices++;
    }
    len = strcspn(choices, "|");
    if (len == 0 || len >= 32)
        return false;
    memcpy(ret, choices, len);
    ret[len] = '\0';
    return true;
}

const char *
key_range_text(const struct key *k, struct text *mem)
{
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];
    const char *s = "";

    switch (k->type) {
    case KEY_COUNT:
        s = text_printf(mem, "%llu to %llu", (unsigned long long)k->least, (unsigned long long)k->most);
        break;
    case KEY_BYTES:
        s = text_printf(mem, "%s to %s", units_bytes_text(k->least, a), units_bytes_text(k->most, b));
        break;
    case KEY_DURATION:
    case KEY_DURATION_OFF:
        s = text_printf(mem, "%s to %s", units_duration_text(k->least, a), units_duration_text(k->most, b));
        break;
    case KEY_ENUM:
    case KEY_SET: {
        char *p = text_printf(mem, "%s", k->choices);

        for (s = p; p != NULL && *p != '\0'; p++)
            if (*p == '|')
                *p = ' ';
        break;
    }
    default:
        break;
    }
    return s == NULL ? "" : s;
}
