/* wire.c - the calls upward that the control floor makes: which function of the node answers which command. */
#include "node/node.h"

int
backend_new(struct node *n, struct err *e)
{
    (void)n;
    (void)e;
    return 0;
}

void
backend_free(struct node *n)
{
    (void)n;
}

void
node_backend(struct node *n, struct control_backend *ret)
{
    ret->self = n;
}
