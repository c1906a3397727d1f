/* catalogue_priv.h - shared by the parts of catalogue.h. */
#ifndef PLUGIN_CATALOGUE_PRIV_H
#define PLUGIN_CATALOGUE_PRIV_H
#include "plugin/catalogue.h"

struct catalogue {
    struct env *env;
    struct types *types;
    struct mutex *types_lock;
    struct store *store;           /* NULL: nothing can be loaded, only linked */
    VEC(struct version *) versions; /* none is UNLOADED */
    uint32_t next_id;
};

/* Everything up to, and without, the copy: reads the file, its notes and imports, compares its schemas. On
 * success the caller has the file and the manifest. */
int catalogue_examine(struct catalogue *c, const char *path, uint32_t allow, struct pfile *ret_file,
                      struct manifest **ret, struct strbuf *notice, struct err *err);

/* Do its schemas fit those that the node knows? 0, -ERR_SCHEMA, -ERR_NOMEM. */
int catalogue_compare(struct catalogue *c, const struct manifest *m, struct strbuf *notice, struct err *err);

#endif
