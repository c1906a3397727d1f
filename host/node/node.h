/* node.h - a running node: what boot.h's phases bring up, and how other threads reach its loop.
 *
 *   boot (loop, log, signals)
 *     scheduler   cells, workers, blocking pool, watchdog, supervision
 *     plugins     [plugin NAME]: loaded, bound, named
 *     actors      [actor NAME]: spawned under /user; stopped in order
 *     control     the socket; its commands are in backend_*.c
 */
#ifndef NODE_NODE_H
#define NODE_NODE_H
#include "control/control.h"
#include "node/boot.h"
#include "plugin/runtime.h"
#include "sched/blocking_thread.h"
#include "sched/watch_sched_thread.h"
#include "supervision/hooks.h"

/* Work for the loop from any thread. Embedded in what it works on. */
struct node_post {
    struct node_post *next;
    void (*fn)(struct node_post *);
};

struct node_policy { /* of an [actor NAME] section */
    const char *name;
    struct policy policy;
};
struct node_settings { /* of a [plugin NAME] section */
    struct node_settings *next;
    struct arena mem;
    void *v;
};
struct backend; /* backend.h */
struct node {
    struct boot boot;
    struct system sys;
    bool sys_up, workers_up, watchdog_up;
    struct supervision supervision;
    VEC(struct node_policy) policies; /* written before workers start */
    struct blocking *blocking;
    struct watchdog watchdog;
    struct runtime *runtime;
    struct node_settings *settings;
    struct arena_source memory; /* of settings */
    struct control *control;
    struct backend *backend;
    bool control_closing, control_closed, blocking_stopped, actors_asked;
    uint64_t start_ns;
    uv_async_t posted;
    uv_timer_t tidy;
    struct mutex post_lock; /* guards posts */
    struct node_post *posts, **posts_end;
};

/* Run the configured node to its end; see boot_run. */
enum boot_end node_run(struct config *c, const struct config_world *w, const char *notify_socket,
                       struct err *e);

/* Any thread: p->fn(p) runs on the loop, once, in order. p belongs to the loop until then. */
void node_post(struct node *n, struct node_post *p);

/* Spawn under an actor, from the loop. args: a message-form struct of args_type (copied before this returns), or NULL. done runs
 * on the loop with 0 and the reference, or -ERR_*; never before this returns. 0, or -ERR_* and done will not run. */
typedef void node_spawned_fn(void *arg, int r, actor_ref ref);
int node_spawn(struct node *n, actor_ref parent, const char *behaviour, const char *name,
               const struct msg_type *args_type, const void *args, node_spawned_fn *done, void *arg);

/* Phases (node_phases.c, node_plugins.c, node_actors.c); ctx is the boot, whose node this is. */
extern const struct phase node_phases[];
extern const size_t node_phases_n;
int node_loop_start(void *ctx, struct err *e);
int node_plugins_start(void *ctx, struct err *e);
/* The plugin's ACTOR_CONFIG struct from its section's own keys, and defaults. p NULL: the section with the name that the file
 * gives itself, if there is one. *ret NULL: the plugin declares no settings. Freed with the node. */
int node_plugin_settings(struct node *n, const struct config_plugin *p, const char *path, const void **ret,
                         struct err *e);
int node_actors_start(void *ctx, struct err *e);
bool node_actors_stop(void *ctx, const struct deadline *d);
/* Policies of the [actor] sections; before workers start. */
int node_policies(struct node *n, struct err *e);
const struct policy *node_policy_of(void *self, const struct cell *c);

/* wire.c: fills the backend's function table. backend.c: what the commands need. */
void node_backend(struct node *n, struct control_backend *ret);
int backend_new(struct node *n, struct err *e);
void backend_close(struct node *n); /* the control socket is gone */
void backend_free(struct node *n);  /* workers and loop are gone; NULL inside is allowed */

#endif
