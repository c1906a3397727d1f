/* runtime_priv.h - inside of the plugin runtime. */
#ifndef PLUGIN_RUNTIME_PRIV_H
#define PLUGIN_RUNTIME_PRIV_H
#include "plugin/runtime.h"
#include "supervision/policy.h"

struct loaded {
    struct version *version;
    struct bound *bound;
    struct policy *policies; /* one a behaviour */
    char *file;              /* as it was given */
    bool hidden;             /* its names are gone: it is about to be unloaded */
    uint64_t epoch;          /* when hidden: safe once this has passed */
};
struct runtime {
    struct runtime_config cfg;
    struct system *sys;
    struct catalogue *catalogue;
    VEC(struct loaded) loaded; /* in the order of loading */
    uint32_t swaps;            /* ids given out */
    struct swapping *swapping; /* those under way, by next */
};
void runtime_swaps_free(struct runtime *rt); /* the workers have stopped: those under way will not end */

/* By its name without the plugin's. NULL: none. */
struct behaviour *runtime_behaviour(struct bound *b, const char *name);
int runtime_publish_names(struct runtime *rt);
/* v is in the catalogue: bind its code p and make its names known. On failure v is gone, and the node as before. */
int runtime_bring_in(struct runtime *rt, struct version *v, const actor_plugin *p, const char *file,
                     const void *config, struct err *e);

#endif
