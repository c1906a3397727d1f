/* logs.h - the last lines of the node's log, and the `logs` command on them.
 *
 *   log's writer thread: sink.write --> [ring of lines] --> the sink behind (file, stderr)
 *                                            |  wake (uv_async)
 *   loop thread:   control_logs_run <--------+--> progress of each follower
 *
 * The ring keeps 1,024 lines of at most 4 KiB. A line is kept although the sink behind refuses it. Nobody waits for a follower:
 * one that falls behind misses lines, and sees it in their numbers.
 */
#ifndef CONTROL_LOGS_H
#define CONTROL_LOGS_H
#include "base/log.h"
#include "control/backend.h"
#include <uv.h>

struct control_logs;

/* Before log_new(): behind is where lines go on to. 0 or -ERR_NOMEM. */
int control_logs_new(struct control_logs **ret_logs, struct log_sink behind);
/* After log_free(), and after a detach that has ended. NULL is allowed. */
void control_logs_free(struct control_logs *l);
/* What to give to log_new(). Its write is for the log's writer thread. */
struct log_sink control_logs_sink(struct control_logs *l);

/* Loop thread: followers are served from now on. 0 or -ERR_IO. */
int control_logs_attach(struct control_logs *l, uv_loop_t *loop);
/* Loop thread: cancel followers and close the handle; the loop has to run once more. Nothing happens when not attached. */
void control_logs_detach(struct control_logs *l);

/* Loop thread: the whole of the `logs` command; ends the call. */
void control_logs_run(struct control_logs *l, struct control_call *call, const struct req_logs *req);

#endif
