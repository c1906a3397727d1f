/* plugin_schemas.h - what the configured plugins declare, read from their notes; no plugin code runs.
 * The config_schemas of config.h. One thread; blocks on files. */
#ifndef NODE_PLUGIN_SCHEMAS_H
#define NODE_PLUGIN_SCHEMAS_H
#include "node/config.h"
#include "plugin/manifest.h"

struct plugin_schemas;
int plugin_schemas_new(struct plugin_schemas **ret, struct env *env);
void plugin_schemas_free(struct plugin_schemas *s); /* NULL is allowed */
struct config_schemas plugin_schemas_face(struct plugin_schemas *s);

/* For audit_check(): what [plugins] and [plugin NAME] allow together. */
uint32_t config_plugin_allow(const struct config *c, const struct config_plugin *p);

#endif
