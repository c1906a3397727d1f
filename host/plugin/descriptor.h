/* descriptor.h - what the loaded code says about itself, against what its notes said.
 *
 *   image --> actor_plugin_entry --> behaviours --> rows --> types --> schema bytes
 *                      each must equal the manifest; each pointer must lie in the image
 *
 * The result is host-owned: only function pointers and type objects still point into the plugin.
 */
#ifndef PLUGIN_DESCRIPTOR_H
#define PLUGIN_DESCRIPTOR_H
#include "base/env.h"
#include "plugin/image.h"
#include "plugin/manifest.h"
#include <actor/plugin.h>

struct descriptor_row {
    const struct manifest_row *declared; /* kind and schemas; NULL for ACTOR_ROW_ATOMIC, which has no note */
    uint32_t kind;
    char job[40]; /* name of a job */
    uint64_t value;
    actor_fn fn; /* in the plugin */
};
struct descriptor_behaviour {
    const struct manifest_behaviour *declared;
    struct descriptor_row *rows;
    uint32_t nrows;
};
struct descriptor_type {
    actor_type *object; /* in the plugin; the host fills it */
    const struct schema *schema;
};
struct descriptor {
    struct env *env;
    struct descriptor_behaviour *behaviours; /* [manifest->nbehaviours], in the manifest's order */
    struct descriptor_row *rows;             /* of all */
    struct descriptor_type *types;
    size_t nbehaviours, nrows, ntypes, types_cap;
};

/* Check and copy. Control thread; calls the schema functions of the plugin, nothing else of it.
 * -ERR_NOTE: the code and its notes disagree; -ERR_NOMEM. */
int descriptor_read(struct descriptor *ret, struct env *env, const struct image *im, const struct manifest *m,
                    struct err *err);
void descriptor_fini(struct descriptor *d);

#endif
