/* offline.h - the commands that need no node: `inspect` of a file, `check` of a file, alone or against another file. They read notes
 * and run no code of a plugin. Without a node nothing is allowed by an ini and no other plugin can be in the way.
 */
#ifndef NODE_OFFLINE_H
#define NODE_OFFLINE_H
#include "base/env.h"
#include "control/backend.h"

/* Fills ret with inspect and check; all other commands are NULL. env must outlive it. Blocks: reads files. */
void offline_backend(struct control_backend *ret, struct env *env);

#endif
