/* wire.c - the calls upward that the control floor makes: which function of the node answers which command. */
#include "node/backend.h"

void
node_backend(struct node *n, struct control_backend *ret)
{
    *ret = (struct control_backend){
        .self = n->backend,
#define CMD(number, name, ...) .name = backend_##name,
#include "control/commands.def"
#undef CMD
        .names = backend_names,
    };
}
