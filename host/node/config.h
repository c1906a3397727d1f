/* config.h - the whole configuration of a node: typed for boot, textual for dumps and reloads.
 *
 *   node.ini, node.ini.d/10-a.ini, node.ini.d/20-b.ini     each strict on its own (ini_file.h); drop-ins in
 * byte order |  a later file wins, key by key; lists grow, "key =" empties them
 *        v
 *   settings (text, origin) --> defaults --> typed structs (keys.h) --> boot
 *                                              plugin settings, actor arguments: checked by
 * config_check_plugins()
 *
 * All errors of all files are found in one pass. A configuration without errors is immutable until
 * config_apply(). One thread: the node's main thread. Blocks on files.
 */
#ifndef NODE_CONFIG_H
#define NODE_CONFIG_H
#include "base/vec.h"
#include "msg/schema.h"
#include "node/diag.h"
#include "node/keys.h"

/* What defaults depend on. Tests bring their own. */
struct config_world {
    bool root;
    unsigned cpus;
    const char *cwd;         /* absolute */
    const char *home;        /* NULL: not known */
    const char *state_home;  /* $XDG_STATE_HOME, or NULL */
    const char *runtime_dir; /* $XDG_RUNTIME_DIR, or NULL */
    const char *plugin_dir;
    char cwd_buf[4096];
};
/* This process's. Points into the environment and into w itself: do not copy w. */
void config_world_real(struct config_world *w);
/* A key and its value, effective. */
struct setting {
    const struct key *key; /* NULL: a key that a plugin or behaviour declares */
    const char *name;
    const char *text; /* canonical; as written when key is NULL; NULL: not set */
    const char
        *origin; /* "node.ini:4"; of a list that grew "node.ini:4, node.ini.d/1.ini:2"; NULL: the default */
    struct place name_at, at;
};
struct section {
    const struct key_section *kind;
    const char *name; /* of [plugin NAME]; "" */
    struct place at;  /* where it opens first; file NULL: nowhere */
    const char *origin;
    VEC(struct setting) settings; /* known keys in the order of keys.def, then the others as they came */
};

struct config_plugin {
    const char *name, *origin;
    struct keys_plugin keys;
    const struct section *section;
    const struct setting *own; /* settings for the plugin itself */
    size_t nown;
};
struct config_actor {
    const char *name, *origin;
    struct keys_actor keys;
    const struct section *section;
    const struct setting *args; /* names without "arg." */
    size_t nargs;
};
struct config {
    struct keys_node node;
    struct keys_scheduler scheduler;
    struct keys_log log;
    struct keys_control control;
    struct keys_plugins plugins;
    VEC(struct config_plugin) plugin; /* in the order they appear */
    VEC(struct config_actor) actor;

    const char *path; /* of the main file, as given */
    struct text mem;
    VEC(struct section *)
    sections; /* the single ones in the order of keys.def, then plugins and actors as they came */
};

/* Read path and path.d/?*.ini. Errors go to d. Returns 0; -ERR_CONFIG: d says why; -ERR_NOMEM. */
int config_load(struct config **ret, const char *path, const struct config_world *w, struct diags *d);
/* The same for one file in memory; relative paths start at w->cwd. */
int config_load_text(struct config **ret, const char *name, const char *text, size_t len,
                     const struct config_world *w, struct diags *d);
void config_free(struct config *c);

/* Schemas of what plugins declare, found in their notes without running their code. A lower floor fills this
 * in. */
struct config_schemas {
    void *self;
    /* The plugin's ACTOR_CONFIG into *ret, NULL when it has none. Lives as long as self. 0 or an error in e.
     */
    int (*settings)(void *self, const struct config *c, const struct config_plugin *p, const char *path,
                    const struct schema **ret, struct err *e);
    /* The same for the start arguments of a behaviour; called after settings() for every plugin. */
    int (*args)(void *self, const char *behaviour, const struct schema **ret, struct err *e);
};
/* config_load, and config_check_plugins even when other things are wrong: all mistakes in one pass. s may be NULL: no check. */
int config_load_checked(struct config **ret, const char *path, const struct config_world *w,
                        const struct config_schemas *s, struct diags *d);
/* Find the plugins' files and, when s is given, check their settings and the actors' arguments. Errors go to
 * d. Returns 0, -ERR_CONFIG, -ERR_NOMEM. */
int config_check_plugins(const struct config *c, const struct config_schemas *s, struct diags *d);
/* The file of a plugin: its path, or NAME.so in the first folder that has it. -ERR_NOTFOUND: e names what was
 * tried. */
int config_plugin_file(const struct config *c, const struct config_plugin *p, char *ret, size_t cap,
                       struct err *e);

/* Effective values with their origins, as an ini file that reads back the same. */
void config_dump(const struct config *c, struct strbuf *out);
/* {"file", "config": {"node": {"name": "a", ...}, "plugin": {"greeter": {...}}, ...}, "origins": [{"section",
 * "name", "key", "origin"}]}. "config" is what keys_schema() describes; keys that are not set are left out.
 */
void config_dump_json(const struct config *c, struct json *out);

/* --- reload --- */
struct config_change {
    const char *section, *name, *key; /* key NULL: the whole section came or went */
    const char *from, *to;            /* canonical; NULL: not set, not there */
    const char *origin;               /* of the new value; NULL: the default */
    bool reloadable;
};
struct config_changes {
    VEC(struct config_change) list;
    size_t reloadable; /* how many of them */
};
/* What differs. Texts point into both configurations. Returns 0, -ERR_NOMEM. */
int config_diff(struct config_changes *ret, const struct config *from, const struct config *to);
void config_changes_fini(struct config_changes *ch);
/* Take the reloadable changes over into c; the others stay as they run. Texts are copied. -ERR_NOMEM: nothing
 * changed. */
int config_apply(struct config *c, const struct config_changes *ch);
/* "log.level: info -> debug (applied)", a line each, and a last line with the sums. */
void config_changes_print(const struct config_changes *ch, struct strbuf *out);

#endif
