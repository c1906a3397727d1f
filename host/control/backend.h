/* backend.h - what the control socket needs from the node: one function a command.
 *
 *   I/O loop thread                                       the node
 *   frame --> request_decode --> backend->swap(self, call, req) ------> starts the work, returns
 *                                 control_progress(call, &view) <------ any number of times, later
 *                                 control_put(call, &view)      <------ what the answer holds
 *                                 control_end(call, 0, NULL)    <------ once; the answer goes out
 *
 * Threads: every function here is called on the thread that runs the control's loop, and every control_*
 * function may be called on that thread only. Work that ends on another thread posts to the loop first. A
 * function must not block; it may finish the call before it returns. `req` and the texts in it live until
 * control_end. A call outlives its client: when the client leaves, or cancels, or the server closes, the call
 * is canceled but still has to be ended.
 */
#ifndef CONTROL_BACKEND_H
#define CONTROL_BACKEND_H
#include "control/commands.h"
#include "control/views.h"
#include <sys/types.h>

struct control_call;

enum control_names { NAMES_ACTORS, NAMES_PLUGINS, NAMES_BEHAVIOURS };

struct control_backend {
    void *self;
#define CMD(number, name, ...) \
    void (*name)(void *self, struct control_call *call, const struct req_##name *req);
#include "control/commands.def"
#undef CMD
    /* Give names to each() until it returns false: for "did you mean". Called when a command ended in
     * -ERR_NOTFOUND; each() takes some thousands at most. NULL: no suggestions. A command that is NULL is
     * answered -ERR_UNSUPPORTED. */
    void (*names)(void *self, enum control_names what, bool (*each)(void *arg, const char *name), void *arg);
};

/* Conventions the tool relies on:
 *   logs       without follow: rows in the answer. With follow: every line, past ones too, as progress, until canceled.
 *   swap       swap_progress while it goes on (10 a second are plenty); the answer is `swapped`, with dry_run `plan`; either with plan
 *              and change rows. Actors that stay behind: kept rows and control_partial. Refused: the error, and the rows say why.
 *   tree       rows in depth-first order, parents first; actors, tree: `page` says what was left out.
 *   shutdown   end the call first, then stop; the tool waits for the connection to close.
 *   At most one view with fields of its own per answer, and `page` beside lists: names must not come twice.
 */

/* --- for the backend: answering --- */

/* Add a view to the answer: fields of the result, or a row of its list. The view is copied. Typed:
 * control_put_plan(call, &v). */
void control_put(struct control_call *call, enum view_id id, const void *view);
/* Send a view ahead of the answer. 0; -ERR_CANCELED: nobody listens any more; -ERR_BUSY: the client is slow,
 * this one was dropped and counted (the next one says how many were). */
int control_progress(struct control_call *call, enum view_id id, const void *view);
#define VIEW(name, ...)                                                                                  \
    static inline void control_put_##name(struct control_call *call, const struct view_##name *view)     \
    {                                                                                                    \
        control_put(call, VIEW_##name, view);                                                            \
    }                                                                                                    \
    static inline int control_progress_##name(struct control_call *call, const struct view_##name *view) \
    {                                                                                                    \
        return control_progress(call, VIEW_##name, view);                                                \
    }
#include "control/views.def"
#undef VIEW

/* Done in part: what was put says what remains. The tool exits with 8. */
void control_partial(struct control_call *call);
/* The end: r is 0 or -ERR_*; err (may be NULL) has the words for it. What was put goes out with an error too.
 * Frees call. Exactly once for each call. */
void control_end(struct control_call *call, int r, const struct err *err);

/* fn runs when the call is canceled (at once if it is already): end the work, then control_end. At most once.
 */
void control_on_cancel(struct control_call *call, void (*fn)(void *arg), void *arg);
bool control_canceled(const struct control_call *call);

/* Who asks; for the log. */
struct control_peer {
    uid_t uid;
    gid_t gid;
    pid_t pid; /* at connect time: it may have ended since */
    enum control_role role;
};
const struct control_peer *control_call_peer(const struct control_call *call);
const struct command *control_call_command(const struct control_call *call);

#endif
