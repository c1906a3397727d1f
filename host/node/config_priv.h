/* config_priv.h - between config.c, config_read.c and config_diff.c. */
#ifndef NODE_CONFIG_PRIV_H
#define NODE_CONFIG_PRIV_H
#include "node/config.h"
#include "node/ini_file.h"

/* Merge one file that was read: dir is where its relative paths start. -ERR_NOMEM; all else goes to d. */
int config_merge(struct config *c, const struct ini *ini, const char *dir, struct diags *d);

/* NULL: there is none. */
struct section *config_section(const struct config *c, const struct key_section *kind, const char *name);
struct section *config_section_add(struct config *c, const struct key_section *kind, const char *name);
struct setting *section_setting(struct section *s, const char *key);

/* After the last file: give unset keys their defaults, look for required ones. */
void config_defaults(struct config *c, const struct config_world *w, struct diags *d);

/* Fill the typed structs from the settings. -ERR_NOMEM. */
int config_fill(struct config *c);

#endif
