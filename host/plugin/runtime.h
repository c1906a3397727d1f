/* runtime.h - plugins of a running node: loaded versions become behaviours, and actors move from one version to the next.
 *
 *   load: catalogue (checks, copy, dlopen) --> bind (types, dispatch) --> names published
 *   swap: plan --> old->swap = ... --> every actor of it switches at its next turn boundary; idle ones are swept
 *         --> all moved: new version active, old one drains --> unload when nothing runs it (policy)
 *         --> one refused: by default all go back, and the old version serves on
 *
 * Control thread only. Nothing here blocks: a swap is a machine that runtime_swap_step() moves on; call it every few
 * milliseconds while it runs.
 */
#ifndef PLUGIN_RUNTIME_H
#define PLUGIN_RUNTIME_H
#include "actor/bind.h"
#include "plugin/catalogue.h"

enum runtime_unload { RUNTIME_UNLOAD_NEVER, RUNTIME_UNLOAD_DRAINED };

struct runtime_config {
    struct system *sys;
    const char *data_dir; /* of the copies; NULL: plugins are linked in, none is loaded */
    enum runtime_unload unload;
};
struct runtime;
int runtime_new(struct runtime **ret, const struct runtime_config *cfg, struct err *e);
/* Workers have stopped and actors are gone. NULL is allowed. */
void runtime_free(struct runtime *rt);
struct catalogue *runtime_catalogue(struct runtime *rt);

/* Load a file and make its behaviours known. The first version of a plugin becomes active. config: the plugin's settings struct
 * (kept, not copied), or NULL. 0; 1: these bytes were loaded before. Errors as catalogue_load; the node is as before. */
int runtime_load(struct runtime *rt, const char *path, uint32_t allow, const void *config,
                 struct version **ret, struct strbuf *notice, struct err *e);
/* The same for a plugin that is linked into this program; several versions may be, each compiled with its own ACTOR_LINK_AS.
 * p stays. Errors as catalogue_load, but for files. */
int runtime_link(struct runtime *rt, const actor_plugin *p, const void *config, struct version **ret,
                 struct err *e);
/* Behaviours of a version, in its descriptor's order. */
struct bound *runtime_bound(struct runtime *rt, const struct version *v);
/* The file it was loaded from, as given. */
const char *runtime_file(struct runtime *rt, const struct version *v);
/* Actors that run it now. */
uint64_t runtime_actors(struct runtime *rt, const struct version *v);

/* --- swap --- */
/* What runs and waits for the behaviours of v, for a plan; *ret borrows *u, which is the caller's memory. */
struct in_use {
    struct system *sys;
    struct bound *bound;
};
void runtime_in_use(struct runtime *rt, const struct version *v, struct in_use *u, struct swap_use *ret);

struct swapping; /* one at a time a plugin */
enum swap_phase {
    SWAPPING_MOVING,  /* actors switch */
    SWAPPING_BACK,    /* one could not; those that had moved return */
    SWAPPING_DONE,    /* all run the new version */
    SWAPPING_REVERTED /* all run the old one */
};
struct swap_status {
    enum swap_phase phase;
    uint64_t actors, moved, refused; /* at plan time; so far */
    uint64_t elapsed_ns;
    uint32_t first_refused; /* slot, 0 = none */
    struct err err;         /* of it */
};
struct swap_options {
    bool narrow;       /* an explicit swap to an older version: narrowing allowed, each value tested */
    bool keep_refused; /* actors that cannot follow stay where they are, the rest moves */
};
/* Begin: to is LOADED or DRAINING, its plugin has an active version. *ret_plan (may be NULL) borrows until the swap ends.
 * 0; -ERR_MIGRATE, -ERR_SCHEMA: the plan is impossible, e names the field, nothing has happened; -ERR_BUSY: one is under way;
 * -ERR_NOTFOUND: no active version; -ERR_NOMEM. */
int runtime_swap(struct runtime *rt, struct version *to, const struct swap_options *o, struct swapping **ret,
                 const struct swap_plan **ret_plan, struct err *e);
/* Move it on. true: it is over, and *st final; then runtime_swap_end. */
bool runtime_swap_step(struct runtime *rt, struct swapping *s, struct swap_status *st);
void runtime_swap_end(struct runtime *rt, struct swapping *s);

/* Forget a version that nothing runs. 0; -ERR_BUSY: actors run it, or not every worker has passed a slice end (try again);
 * -ERR_INVALID: it is active. */
int runtime_unload(struct runtime *rt, struct version *v, struct err *e);
/* Policy "drained": unload what may go. From time to time. */
void runtime_tidy(struct runtime *rt);

#endif
