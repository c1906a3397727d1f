/* config_values.h - settings of a plugin and start arguments of an actor, from ini texts to the struct that the schema
 * describes. --check does it to find errors, boot to get the values. One thread; pure but for the arena. */
#ifndef NODE_CONFIG_VALUES_H
#define NODE_CONFIG_VALUES_H
#include "msg/arena.h"
#include "node/config.h"

/* Chunks from malloc, for arenas that outlive no boot. A constant. */
const struct arena_source *config_arena_source(void);

/* Fill v (s->bytes, zeroed or not) with defaults and the given settings; what v points to lives in mem. s NULL: the owner
 * declares nothing, so any setting is an error, and v is not touched. prefix: "" or "arg.", what: "plugin greeter", for
 * messages; at: the section, for what is missing. All errors go to d. Returns 0, -ERR_CONFIG, -ERR_NOMEM. */
int config_values(const struct schema *s, const struct setting *set, size_t n, const char *prefix,
                  const char *what, const struct place *at, void *v, struct arena *mem, struct diags *d);

#endif
