/* version.h - one loaded build of a plugin.
 *
 *   LOADED --> ACTIVE <--> DRAINING --> UNLOADED        (refused on the way up: never a version)
 *      \___________________^
 *
 * LOADED: mapped, its types known, no actor uses it. ACTIVE: what its plugin's plain behaviour names mean;
 * one a plugin. DRAINING: another became active; actors may still run it. UNLOADED: its code is gone (or
 * stays mapped, `pinned` says why); the struct stays until nobody holds it. Control thread only, apart from
 * what is immutable once loaded (id, manifest, descriptor, texts).
 */
#ifndef PLUGIN_VERSION_H
#define PLUGIN_VERSION_H
#include "msg/types.h"
#include "plugin/descriptor.h"
#include "plugin/image.h"
#include "plugin/manifest.h"
#include "plugin/store.h"

enum version_state { VERSION_LOADED, VERSION_ACTIVE, VERSION_DRAINING, VERSION_UNLOADED };

struct version {
    struct env *env;
    uint32_t id; /* unique in the node, from 1 */
    enum version_state state;
    char sha256_hex[SHA256_HEX];
    char *path; /* of the private copy */
    struct manifest *manifest;
    struct descriptor descriptor; /* empty once unloaded */
    struct image image;
    const char *pinned;      /* why its memory stays mapped, or NULL */
    uint64_t loaded_real_ns; /* since 1970 */
    uint32_t pins; /* reasons not to unload that are no actors: swaps, retained states; control thread */
    size_t path_bytes_;
};

/* Map the copy at path and check its code against m. On success the version owns m (freed by version_free);
 * the type objects are not filled yet. -ERR_ELF, -ERR_NOTE, -ERR_NOMEM: nothing stays mapped, m is still the
 * caller's. */
int version_load(struct version **ret, struct env *env, uint32_t id, const char *path, const char *sha256_hex,
                 struct manifest *m, struct err *err);
/* Tell the plugin its types: adds its messages and arguments to types (under the caller's lock) and fills
 * every type object. -ERR_LIMIT, -ERR_NOMEM; -ERR_EXISTS: another node of this process has filled them
 * differently. */
int version_bind(struct version *v, struct types *types, struct err *err);
/* Move to another state; only the moves drawn above. */
void version_move(struct version *v, enum version_state to);
/* Unmap. The caller knows that nothing runs it, will run it, or points into it. v becomes UNLOADED in any
 * case. 0; -ERR_BUSY: it stays mapped, and v->pinned says so. */
int version_unload(struct version *v, struct err *err);
/* Unloads when that is still to be done. NULL is allowed. */
void version_free(struct version *v);

const char *version_state_name(enum version_state s); /* "active" */
/* {"plugin","version","id","state","sha256","pinned",...} */
void version_json(const struct version *v, struct json *out);

#endif
