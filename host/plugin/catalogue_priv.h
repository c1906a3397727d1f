/* catalogue_priv.h - shared by the parts of catalogue.h. */
#ifndef PLUGIN_CATALOGUE_PRIV_H
#define PLUGIN_CATALOGUE_PRIV_H
#include "plugin/catalogue.h"

struct catalogue {
    struct env *env;
    struct types *types;
    struct mutex *types_lock;
    bool (*in_use)(void *self, const struct version *v); /* NULL: nothing runs a version that drains */
    void *self;
    struct store *store;            /* NULL: nothing can be loaded, only linked */
    VEC(struct version *) versions; /* none is UNLOADED */
    uint32_t next_id;
};

/* Everything up to, and without, the copy: reads the file, its notes and imports, compares its schemas. On
 * success the caller has the file and the manifest. */
int catalogue_examine(struct catalogue *c, const char *path, uint32_t allow, struct pfile *ret_file,
                      struct manifest **ret, struct strbuf *notice, struct err *err);

void catalogue_lock_types(struct catalogue *c);
void catalogue_unlock_types(struct catalogue *c);

#endif
