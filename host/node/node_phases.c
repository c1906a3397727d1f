/* node_phases.c - scheduler and control, and the order of all phases. */
#include "base/util.h"
#include "node/node.h"

enum {
    MAX_CELLS = 1 << 24,
    DEAD_BYTES = 1 << 20,
    BLOCKING_QUEUE = 4096,
    BLOCKING_IDLE_MS = 10000,
    STEP_MS = 10
};

/* --- scheduler --- */
static void
stuck(void *self, const struct watch_event *ev)
{
    struct node *n = self;
    const struct msg_type *t = types_get(&n->sys.types, ev->type);
    char path[256];

    names_path(&n->sys, cell_at(&n->sys, ev->slot), path, sizeof path);
    if (ev->kind == WATCH_REPORT)
        log_write(n->boot.log, LOG_ERROR, "watchdog",
                  "%s is stuck in a handler: message=%s for=%llums worker=%u%s", path,
                  t == NULL ? "start" : t->schema->name, (unsigned long long)(ev->lasted_ns / 1000000),
                  ev->worker, ev->in_host ? " (inside the host)" : "");
    else if (ev->kind == WATCH_TAKEN)
        log_write(n->boot.log, LOG_WARN, "watchdog",
                  "worker %u goes on with a new thread; the old one keeps only %s", ev->worker, path);
    else if (ev->kind == WATCH_RETURNED)
        log_write(n->boot.log, LOG_INFO, "watchdog", "%s came back after %llums", path,
                  (unsigned long long)(ev->lasted_ns / 1000000));
}

static int
blocking_adapter(void *self, void (*fn)(void *), void (*done)(void *, int), void *arg)
{
    struct blocking_job job = {.fn = fn, .done = done, .arg = arg};

    return blocking_submit(self, &job);
}

static int
workers_start(struct node *n, struct err *e)
{
    const struct config *c = n->boot.config;
    struct watch_ops ops;
    int r;

    if (c->scheduler.watchdog_ns != 0) {
        sched_watch_ops(&n->sys.sched, &ops);
        ops.report = stuck;
        ops.report_self = n;
        /* the key says when a stuck handler has been reported at the latest; the first look comes within half of it */
        r = watchdog_start(&n->watchdog, n->boot.env, &ops, c->scheduler.watchdog_ns / 2);
        if (r < 0)
            return err_set(e, -r, "cannot start the watchdog: %s", err_text(r));
        n->watchdog_up = true;
        n->sys.sched.watchdog = &n->watchdog;
    }
    r = sched_start(&n->sys.sched);
    if (r < 0)
        return err_set(e, -r, "cannot start %u worker threads: %s", n->sys.sched.nworkers, err_text(r));
    n->workers_up = true;
    return 0;
}

static bool
scheduler_stop(void *ctx, const struct deadline *d)
{
    struct node *n = ((struct boot *)ctx)->node;

    if (n->watchdog_up)
        watchdog_stop(&n->watchdog); /* before the workers: it may start threads */
    n->watchdog_up = false;
    if (n->workers_up && sched_stop(&n->sys.sched, STEP_MS * UINT64_C(1000000)) < 0) {
        if (deadline_left_ns(d) > 0)
            return false;
        sched_abandon(&n->sys.sched);
        return false; /* a handler is stuck: its memory stays */
    }
    n->workers_up = false;
    if (!n->blocking_stopped && n->blocking != NULL) {
        uint64_t left = deadline_left_ns(d);

        n->blocking_stopped = true;
        if (blocking_stop(n->blocking, left) != 0) {
            log_write(n->boot.log, LOG_WARN, "node",
                      "a blocking job does not end; its thread is left behind");
            return false;
        }
    }
    runtime_free(n->runtime);
    n->runtime = NULL;
    if (n->sys_up)
        system_fini(&n->sys);
    n->sys_up = false;
    blocking_free(n->blocking);
    n->blocking = NULL;
    for (struct node_settings *s = n->settings, *next; s != NULL; s = next) {
        next = s->next;
        arena_drop(&s->mem);
        env_free(n->boot.env, s, sizeof *s);
    }
    n->settings = NULL;
    return true;
}

static int
scheduler_start(void *ctx, struct err *e)
{
    struct boot *b = ctx;
    struct node *n = b->node;
    const struct config *c = b->config;
    struct system_config sc = {.sched = {.workers = (uint32_t)c->scheduler.threads,
                                         .slice_turns = (uint32_t)c->scheduler.slice_turns,
                                         .slice_ns = c->scheduler.slice_time_ns},
                               .node = 1,
                               .max_cells = MAX_CELLS,
                               .dead_bytes = DEAD_BYTES,
                               .hard_limit_ns = c->scheduler.hard_limit_ns};
    struct blocking_config bc = {.threads_max = (uint32_t)c->scheduler.blocking_threads,
                                 .queue_max = BLOCKING_QUEUE,
                                 .idle_ms = BLOCKING_IDLE_MS};
    struct deadline now;
    int r = node_policies(n, e);

    if (r < 0)
        return r;
    if (sc.sched.workers > SCHED_WORKERS_MAX)
        sc.sched.workers = SCHED_WORKERS_MAX;
    r = system_init(&n->sys, b->env, b->log, &sc);
    if (r < 0)
        return err_set(e, -r, "cannot make the actor system: %s", err_text(r));
    n->sys_up = true;
    policy_default(&n->supervision.node);
    n->supervision.of_actor = node_policy_of;
    n->supervision.self = n;
    supervision_bind(&n->supervision, &n->sys);
    r = blocking_new(&n->blocking, b->env, &bc);
    if (r < 0) {
        err_set(e, -r, "cannot make the pool for blocking jobs: %s", err_text(r));
    } else {
        n->sys.blocking = blocking_adapter;
        n->sys.blocking_self = n->blocking;
        r = workers_start(n, e);
    }
    if (r < 0) {
        deadline_init(&now, b->env, UINT64_C(1000000000));
        scheduler_stop(ctx, &now);
    }
    return r;
}

/* --- control --- */
static void
control_gone(void *arg)
{
    struct node *n = arg;

    n->control_closed = true;
    boot_wake(&n->boot);
}

static int
control_start(void *ctx, struct err *e)
{
    struct boot *b = ctx;
    struct node *n = b->node;
    struct control_config cc = {.path = b->config->control.socket,
                                .clients_max = (uint32_t)b->config->control.clients};
    struct control_backend backend = {0};
    int r = backend_new(n, e);

    if (r < 0)
        return r;
    node_backend(n, &backend);
    r = control_open(&n->control, b->loop, &cc, &backend, b->log, e);
    if (r < 0)
        backend_close(n);
    return r;
}

static bool
control_stop(void *ctx, const struct deadline *d)
{
    struct node *n = ((struct boot *)ctx)->node;
    uint32_t grace = deadline_left_ms(d) / 4;

    if (!n->control_closing) {
        n->control_closing = true;
        control_close(n->control, grace < 1000 ? grace : 1000, control_gone, n);
    }
    if (!n->control_closed)
        return false;
    backend_close(n);
    return true;
}

const struct phase node_phases[] = {
    {"loop", node_loop_start, NULL, NULL},          {"scheduler", scheduler_start, scheduler_stop, NULL},
    {"plugins", node_plugins_start, NULL, NULL},    {"actors", node_actors_start, node_actors_stop, NULL},
    {"control", control_start, control_stop, NULL},
};
const size_t node_phases_n = ARRAY_LEN(node_phases);
