/* boot.h - one life of the daemon: log, signals, service manager, phases, main loop, orderly stop.
 *
 *   boot_run: data dir, log, signals > phases start > READY > loop ....... SIGTERM > STOPPING > phases stop > log flushed
 *                                        |                  SIGHUP: reload        second SIGTERM: a tenth of the time left
 *                                        +-- failure ------------------------------^
 *
 * The main thread runs the loop; phases and the control socket live on it too. What other threads have to say comes through
 * boot_wake().
 */
#ifndef NODE_BOOT_H
#define NODE_BOOT_H
#include "base/log.h"
#include "control/logs.h"
#include "node/config.h"
#include "node/data_dir.h"
#include "node/log_file.h"
#include "node/notify.h"
#include "node/phase.h"
#include <uv.h>

struct boot {
    /* For phases. */
    struct env *env;
    struct config *config; /* as it is in force; changes in reload only */
    struct log *log;
    uv_loop_t *loop;
    struct control_logs *lines; /* the last ones of the log */
    void *node;                 /* the phases' own */

    /* Inside. */
    const struct config_world *world;
    uv_loop_t loop_;
    uv_signal_t signals[3];
    uv_timer_t step, alive;
    uv_async_t wake;
    struct log_file log_file;
    struct notify notify;
    struct data_dir data_dir;
    struct phases phases;
    struct deadline deadline;
    bool stopping, failed, done;
    bool told;         /* BOOT_FAILED stands on standard error already */
    uint64_t alive_ns; /* how often the service manager hears from the loop; 0: never */
};

/* What happened, as an exit code is made of it. */
enum boot_end {
    BOOT_STOPPED, /* in order */
    BOOT_FAILED,  /* it did not start: e */
    BOOT_LATE     /* the deadline cut phases off: threads may still run, so leave by _exit */
};
/* Run to the end. Takes c over (a later configuration replaces parts of it); the caller frees it afterwards. env is the real
 * one: the loop's timers follow the real clock. notify_socket: $NOTIFY_SOCKET or NULL. */
enum boot_end boot_run(struct boot *b, struct env *env, struct config *c, const struct config_world *w,
                       const struct phase *table, size_t n, void *node, const char *notify_socket,
                       struct err *e);

/* Main thread: begin to stop (why: for the log), or hurry when it has begun. */
void boot_stop(struct boot *b, const char *why);
/* Any thread: the phase that is stopping wants to be asked again. May be called until boot_run returns. */
void boot_wake(struct boot *b);
/* Main thread: read the files again and apply what may change. Errors go to d: nothing changed then. On 0 *ret_changes is the
 * caller's, with texts that live in *ret_fresh, which is the caller's too. The log has it all. */
int boot_reload(struct boot *b, struct config **ret_fresh, struct config_changes *ret_changes,
                struct diags *d);

#endif
