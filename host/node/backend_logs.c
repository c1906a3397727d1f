/* backend_logs.c - the `logs` command: the control floor keeps the lines and answers (control/logs.h). */
#include "control/logs.h"
#include "node/backend.h"

void
backend_logs(void *self, struct control_call *call, const struct req_logs *req)
{
    struct backend *b = self;

    control_logs_run(b->n->boot.lines, call, req);
}
