/* rig.c - see rig.h. What the made-up node does:
 *   status      answers at once
 *   ask         "hold": not answered until a tell "release"; "wait": until some call is canceled
 *   tell        "release": ends all held calls, the last one first
 *   swap        three progress frames, then its answer; to "partial": done in part
 *   logs        goes on until it is canceled; the real one when the test brings it
 *   counters    the server's own statistics; prefix "big": rows of 5 MiB; prefix "large": of 1 MiB
 *   actor       not found; names() knows /user/greeter, /user/greeting, /user/counter
 */
#include "rig.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the node --- */

static void
do_status(void *self, struct control_call *call, const struct req_status *req)
{
    struct view_status v = {.node = "rig", .version = "1", .state = "running", .pid = 4711, .actors = 3};

    (void)self;
    (void)req;
    control_put_status(call, &v);
    control_end(call, 0, NULL);
}

static void
held_canceled(void *arg)
{
    struct rig_held *h = arg;
    struct rig *r = h->rig;
    struct control_call *waiter = r->waiter, *call = h->call;

    r->canceled++;
    h->call = NULL;
    control_end(call, -ERR_CANCELED, NULL);
    r->waiter = NULL;
    if (waiter != NULL)
        control_end(waiter, 0, NULL);
}

static void
hold(struct rig *r, struct control_call *call, bool cancelable)
{
    struct rig_held *h = r->held;

    while (h < r->held + r->nheld && h->call != NULL)
        h++;
    if (h == r->held + r->nheld)
        r->nheld++;
    cr_assert_leq(r->nheld, RIG_HELD);
    *h = (struct rig_held){r, call};
    if (cancelable)
        control_on_cancel(call, held_canceled, h);
}

static void
release(struct rig *r)
{
    while (r->nheld > 0) {
        struct rig_held *h = &r->held[--r->nheld];

        if (h->call != NULL)
            control_end(h->call, 0, NULL);
    }
}

static void
do_ask(void *self, struct control_call *call, const struct req_ask *req)
{
    struct rig *r = self;

    if (strcmp(req->message, "hold") == 0) {
        hold(r, call, true);
    } else if (strcmp(req->message, "stubborn") == 0) { /* does not mind a cancel */
        hold(r, call, false);
    } else if (strcmp(req->message, "wait") == 0) {
        if (r->canceled > 0)
            control_end(call, 0, NULL);
        else
            r->waiter = call;
    } else {
        struct view_asked v = {
            .path = req->actor, .message = req->message, .answer = req->fields, .elapsed_us = req->timeout};

        control_put_asked(call, &v);
        control_end(call, 0, NULL);
    }
}

static void
do_tell(void *self, struct control_call *call, const struct req_tell *req)
{
    struct rig *r = self;

    (void)req;
    release(r);
    control_end(call, 0, NULL);
}

static void
do_swap(void *self, struct control_call *call, const struct req_swap *req)
{
    struct view_swapped done = {.plugin = req->plugin, .requested = req->to, .switched = 2, .kept = 1};
    struct view_kept kept = {.path = "/user/a", .reason = "its state does not fit"};

    (void)self;
    for (uint64_t i = 1; i <= 3; i++) {
        struct view_swap_progress p = {.plugin = req->plugin, .phase = "switch", .done = i, .total = 3};

        cr_assert_eq(control_progress_swap_progress(call, &p), 0);
    }
    control_put_swapped(call, &done);
    if (strcmp(req->to, "partial") == 0) {
        control_put_kept(call, &kept);
        control_partial(call);
    }
    control_end(call, 0, NULL);
}

static void
do_logs(void *self, struct control_call *call, const struct req_logs *req)
{
    struct view_log_line v = {.seq = 1, .text = "line"};
    struct rig *r = self;

    if (r->logs != NULL) {
        control_logs_run(r->logs, call, req);
        return;
    }
    hold(r, call, true);
    control_progress_log_line(call, &v);
}

static void
do_counters(void *self, struct control_call *call, const struct req_counters *req)
{
    struct rig *r = self;
    struct control_stats s;

    if (req->prefix != NULL && (strcmp(req->prefix, "big") == 0 || strcmp(req->prefix, "large") == 0)) {
        char text[1024];

        memset(text, 'x', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        for (int i = 0; i < (req->prefix[0] == 'b' ? 5 : 1) * 1024; i++)
            control_put_counter(call, &(struct view_counter){.name = text});
        control_end(call, 0, NULL);
        return;
    }
    control_stats(r->control, &s);
#define ROW(n) control_put_counter(call, &(struct view_counter){.name = #n, .value = s.n})
    ROW(accepted);
    ROW(denied);
    ROW(full);
    ROW(cut_idle);
    ROW(cut_slow);
    ROW(cut_bad);
    ROW(requests);
    ROW(failed);
    ROW(progress_lost);
    ROW(clients);
    ROW(calls);
#undef ROW
    control_end(call, 0, NULL);
}

static void
do_actor(void *self, struct control_call *call, const struct req_actor *req)
{
    struct err err;

    (void)self;
    err_set(&err, ERR_NOTFOUND, "there is no actor %s", req->actor);
    control_end(call, -ERR_NOTFOUND, &err);
}

static void
do_shutdown(void *self, struct control_call *call, const struct req_shutdown *req)
{
    struct rig *r = self;

    control_put_stopping(call, &(struct view_stopping){.deadline_ms = req->timeout});
    control_end(call, 0, NULL);
    if (r->stops_on_shutdown)
        uv_async_send(&r->stop);
}

static void
names(void *self, enum control_names what, bool (*each)(void *, const char *), void *arg)
{
    (void)self;
    if (what == NAMES_ACTORS)
        (void)(each(arg, "/user/greeter") && each(arg, "/user/greeting") && each(arg, "/user/counter"));
}

/* --- the server --- */

static void
on_stop(uv_async_t *h)
{
    struct rig *r = h->data;

    if (r->logs != NULL)
        control_logs_detach(r->logs);
    control_close(r->control, r->grace_ms, NULL, NULL);
    uv_close((uv_handle_t *)h, NULL);
}

static void *
run(void *arg)
{
    struct rig *r = arg;

    uv_run(&r->loop, UV_RUN_DEFAULT);
    return NULL;
}

void
rig_path(struct rig *r)
{
    snprintf(r->dir, sizeof r->dir, "/tmp/actord-rig-XXXXXX");
    cr_assert_not_null(mkdtemp(r->dir));
    snprintf(r->path, sizeof r->path, "%s/run/n.sock", r->dir);
}

void
rig_remove(struct rig *r)
{
    char sub[80];

    unlink(r->path);
    snprintf(sub, sizeof sub, "%s/run", r->dir);
    rmdir(sub);
    cr_assert_eq(rmdir(r->dir), 0);
}

void
rig_start(struct rig *r, const struct control_config *cfg)
{
    rig_start_logs(r, cfg, NULL);
}

void
rig_start_logs(struct rig *r, const struct control_config *cfg, struct control_logs *logs)
{
    struct control_backend b = {.self = r,
                                .status = do_status,
                                .ask = do_ask,
                                .tell = do_tell,
                                .swap = do_swap,
                                .logs = do_logs,
                                .counters = do_counters,
                                .actor = do_actor,
                                .shutdown = do_shutdown,
                                .names = names};
    struct control_config mine = *cfg;
    struct err err = {0};

    signal(SIGPIPE, SIG_IGN); /* control_open asks for it */
    memset(r, 0, sizeof *r);
    r->grace_ms = 1000;
    rig_path(r);
    mine.path = r->path;
    cr_assert_eq(uv_loop_init(&r->loop), 0);
    cr_assert_eq(uv_async_init(&r->loop, &r->stop, on_stop), 0);
    r->logs = logs;
    if (logs != NULL)
        cr_assert_eq(control_logs_attach(logs, &r->loop), 0);
    r->stop.data = r;
    cr_assert_eq(control_open(&r->control, &r->loop, &mine, &b, NULL, &err), 0, "%s", err.text);
    cr_assert_eq(pthread_create(&r->thread, NULL, run, r), 0);
}

void
rig_stop(struct rig *r)
{
    if (!r->stops_on_shutdown)
        uv_async_send(&r->stop);
    pthread_join(r->thread, NULL);
    cr_assert_eq(uv_loop_close(&r->loop), 0, "a handle was left open");
    release(r);
    cr_assert_eq(access(r->path, F_OK), -1, "the socket file is still there");
    rig_remove(r);
}

/* --- clients --- */

struct client *
rig_client(const struct rig *r)
{
    struct client *c = NULL;
    struct err err = {0};

    cr_assert_eq(client_open(&c, r->path, 5000, &err), 0, "%s", err.text);
    return c;
}

uint32_t
rig_ask2(struct client *c, uint32_t command, const char *arg, const char *value, const char *arg2,
         const char *value2)
{
    struct strbuf b;
    msgpack_packer pk;
    struct err err = {0};
    uint32_t id = 0;

    strbuf_init(&b);
    pack_init(&pk, &b);
    pack_map(&pk, (arg == NULL ? 0u : 1u) + (arg2 == NULL ? 0u : 1u));
    if (arg != NULL) {
        pack_str(&pk, arg);
        pack_str(&pk, value);
    }
    if (arg2 != NULL) {
        pack_str(&pk, arg2);
        pack_str(&pk, value2);
    }
    cr_assert_eq(client_request(c, command, b.p, b.len, 5000, &id, &err), 0, "%s", err.text);
    strbuf_fini(&b);
    return id;
}

uint32_t
rig_ask(struct client *c, uint32_t command, const char *arg, const char *value)
{
    return rig_ask2(c, command, arg, value, NULL, NULL);
}

void
rig_next(struct client *c, uint8_t type, uint32_t id, struct object_doc *ret_doc)
{
    struct err err = {0};
    struct frame f;

    cr_assert_eq(client_next(c, 10000, &f, &err), 0, "%s", err.text);
    cr_assert_eq(f.type, type);
    if (id != 0)
        cr_assert_eq(f.id, id);
    cr_assert_eq(object_read(ret_doc, f.body, f.len, OBJECT_ELEMENTS_ANSWER, &err), 0, "%s", err.text);
}

int
rig_error(const struct object_doc *doc)
{
    if (object_bool(object_get(&doc->root, "ok"), false))
        return 0;
    return (int)object_u64(rig_get(doc, "error.code"), 1);
}

const msgpack_object *
rig_get(const struct object_doc *doc, const char *path)
{
    const msgpack_object *o = &doc->root;
    char part[64];

    while (o != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");

        snprintf(part, sizeof part, "%.*s", (int)n, path);
        o = object_get(o, part);
        path += n + (path[n] == '.');
    }
    return o;
}

int
rig_end(struct client *c, struct err *err)
{
    struct frame f;
    int rc;

    do
        rc = client_next(c, 10000, &f, err);
    while (rc == 0);
    return rc;
}

uint64_t
rig_count(struct client *c, const char *name)
{
    struct object_doc doc;
    const msgpack_object *rows;
    uint64_t value = UINT64_MAX;

    rig_next(c, FRAME_ANSWER, rig_ask(c, COMMAND_counters, NULL, NULL), &doc);
    rows = rig_get(&doc, "result.counters");
    cr_assert_not_null(rows);
    for (uint32_t i = 0; i < rows->via.array.size; i++)
        if (object_is_str(object_get(&rows->via.array.ptr[i], "name"), name))
            value = object_u64(object_get(&rows->via.array.ptr[i], "value"), UINT64_MAX);
    object_free(&doc);
    cr_assert_neq(value, UINT64_MAX);
    return value;
}
