/* load.h - one build of the plugin that the simulation loads: load.c, compiled once for each version. */
#ifndef TESTS_SIM_LOAD_H
#define TESTS_SIM_LOAD_H
#include <actor/actor.h>

/* What the driver sends and spawns, in this version's layouts. */
struct load_api {
    const actor_plugin *plugin;
    int (*item)(actor_ctx *ctx, actor_ref to, uint32_t to_id, uint64_t seq, uint32_t hops);
    int (*spawn)(actor_ctx *ctx, actor_ref *ret, uint32_t id, const actor_spawn_opts *opts, const char *name);
};
extern const struct load_api load_1, load_2;

#endif
