/* catalogue.h - the plugins of a node: which versions are loaded, which one is active, what a behaviour's
 * name means.
 *
 *   catalogue_check(file)    read, rules, notes, imports, schemas, plan: all that load does, and no plugin
 * code runs catalogue_load(file)     the same, then private copy, dlopen, descriptor; the version is LOADED
 *   catalogue_activate()     plain names now mean this version; the one before drains
 *   catalogue_unload()       when nothing runs it any more
 *
 * Any number of versions of a plugin live side by side, at most one is active. Message types stay in the
 * node's catalogue of types for ever: mail, logs and traces name them by id. Where two living versions have
 * different layouts of one message, what one may send must convert to what the other has a row for; otherwise
 * the newcomer is refused.
 *
 * Control thread: the caller serialises all calls (versions may be read by others while it holds them).
 * Workers look names up in a table of their own, made from catalogue_names().
 */
#ifndef PLUGIN_CATALOGUE_H
#define PLUGIN_CATALOGUE_H
#include "base/thread.h"
#include "base/vec.h"
#include "plugin/store.h"
#include "plugin/swap_plan.h"
#include "plugin/version.h"

struct catalogue_config {
    struct env *env;
    struct types *types;
    struct mutex *types_lock; /* of all writers of types; NULL: the caller's serialisation is enough */
    const char *data_dir;     /* NULL: no files; plugins are linked in (runtime_link) */
    /* Does anything run this version? Asked for those that drain. NULL: no. */
    bool (*in_use)(void *self, const struct version *v);
    void *self;
};
struct catalogue;
int catalogue_new(struct catalogue **ret, const struct catalogue_config *cfg, struct err *err);
/* Unloads what is loaded: nothing runs any more. NULL is allowed. */
void catalogue_free(struct catalogue *c);

/* Load a file. 0: *ret is LOADED; 1: the same file (by content) was loaded before, *ret is that version as it
 * is. allow: a set of audit.h. notice (may be NULL) gets lines that the operator should see: impurity,
 * conversions, warnings. Errors as pfile_read, manifest_read, audit_check, version_load; -ERR_SCHEMA: a
 * schema does not fit one that is known, both plugins and the field are named. After an error the node is as
 * before. */
int catalogue_load(struct catalogue *c, const char *path, uint32_t allow, struct version **ret,
                   struct strbuf *notice, struct err *err);
/* Does mail between m and the versions that live, other than m's own, convert? notice (may be NULL) gets a line for each
 * difference. 0; -ERR_SCHEMA: naming both plugins and the field; -ERR_NOMEM. */
int catalogue_compare(struct catalogue *c, const struct manifest *m, struct strbuf *notice, struct err *err);
/* v is LOADED or DRAINING. The version that was active drains. */
void catalogue_activate(struct catalogue *c, struct version *v);
/* The active version of its plugin becomes DRAINING without a successor. */
void catalogue_retire(struct catalogue *c, struct version *v);
/* Unmap and forget v; its memory is gone afterwards, whatever the result. The caller has made sure that no
 * actor runs it and that every worker has passed a slice end. 0, or -ERR_BUSY: its file stays mapped.
 * -ERR_INVALID: v is active or pinned; nothing has happened then. */
int catalogue_unload(struct catalogue *c, struct version *v, struct err *err);

/* --- what a name means --- */
/* "counter.counter", "counter" where one plugin has it, either with "@1.4" (a version, or the start of one up
 * to a dot) or
 * "@3fa2" (the start of a SHA-256, 4 digits or more). Without '@': the active version.
 * -ERR_NOTFOUND, -ERR_EXISTS (ambiguous); the error lists what there is. */
int catalogue_find(const struct catalogue *c, const char *name, struct version **ret, uint32_t *ret_behaviour,
                   struct err *err);
/* A plugin by name, with or without '@'. */
int catalogue_find_version(const struct catalogue *c, const char *name, struct version **ret,
                           struct err *err);
struct version *catalogue_active(const struct catalogue *c, const char *plugin); /* NULL: none */
/* In the order of loading; *pos starts at 0; NULL at the end. */
struct version *catalogue_next(const struct catalogue *c, size_t *pos);

/* Every name by which a behaviour can be spawned, for a table that workers read: plain names of active
 * versions, "name@1.4.0", "name@1.4", "name@1" and "name@" + 12 digits of the SHA-256 for all, as far as they
 * are unambiguous. */
struct catalogue_name {
    char *name;
    struct version *version;
    uint32_t behaviour; /* index in manifest and descriptor */
};
struct catalogue_names {
    struct catalogue_name *v;
    size_t n, cap;
};
int catalogue_names(const struct catalogue *c, struct catalogue_names *ret); /* 0 or -ERR_NOMEM */
void catalogue_names_fini(struct catalogue_names *n);

/* --- looking without loading --- */
struct check {
    struct env *env;
    struct manifest *manifest;
    struct swap_plan
        *plan; /* against the active version of the same plugin, or `against`; NULL: none is loaded */
    char sha256_hex[SHA256_HEX];
    size_t bytes;
    struct strbuf notice;
};
/* All checks of catalogue_load and the plan of a swap, without running or copying anything. against: a
 * plugin's version to plan from; NULL: the active one of the same name. use: of swap_plan.h. An impossible
 * plan is no error here: see plan->verdict. ret borrows the manifest of the version that it plans from. */
int catalogue_check(struct catalogue *c, const char *path, uint32_t allow, const struct version *against,
                    const struct swap_use *use, struct check *ret, struct err *err);
void check_fini(struct check *k);
void check_print(const struct check *k, struct strbuf *out);
void check_json(const struct check *k, struct json *out);

/* What the notes of a file say; no node is needed. */
int inspect_file(struct manifest **ret, struct env *env, const char *path, char ret_sha256_hex[SHA256_HEX],
                 struct err *err);

#endif
