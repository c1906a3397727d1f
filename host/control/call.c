/* call.c - one command in progress: from its frame to its answer.
 *
 *   ANSWER body: {"ok", "partial", "error": {"code", "name", "text", "fix", "near": [...]} or nil, "result":
 * {...}} PROGRESS body: {"event": name of the view, "dropped": n, its fields...}
 */
#include "base/nearest.h"
#include "control/control_priv.h"
#include <stdlib.h>
#include <string.h>

/* --- answers --- */

static void
pack_error(msgpack_packer *pk, const struct err *err, const struct nearest *near)
{
    pack_map(pk, 5);
    pack_str(pk, "code");
    pack_i64(pk, err->code);
    pack_str(pk, "name");
    pack_str(pk, err_name(err->code));
    pack_str(pk, "text");
    pack_str(pk, err->text);
    pack_str(pk, "fix");
    pack_str(pk, err->fix[0] == '\0' ? NULL : err->fix);
    pack_str(pk, "near");
    pack_array(pk, near == NULL ? 0 : near->n);
    for (size_t i = 0; near != NULL && i < near->n; i++)
        pack_str(pk, near->name[i]);
}

/* err->code 0: success. call NULL: there is no result. Returns what frame_end does. */
static int
write_answer(struct strbuf *out, uint32_t id, uint32_t number, const struct control_call *call,
             const struct err *err, const struct nearest *near)
{
    size_t mark = frame_begin(out, &(struct frame){.type = FRAME_ANSWER, .id = id, .code = number});
    msgpack_packer pk;

    pack_init(&pk, out);
    pack_map(&pk, 4);
    pack_str(&pk, "ok");
    pack_bool(&pk, err->code == 0);
    pack_str(&pk, "partial");
    pack_bool(&pk, call != NULL && call->partial);
    pack_str(&pk, "error");
    if (err->code == 0)
        pack_nil(&pk);
    else
        pack_error(&pk, err, near);
    pack_str(&pk, "result");
    pack_map(&pk, call == NULL ? 0 : call->nfields + call->nrows + (call->lost_total > 0));
    if (call != NULL) {
        strbuf_add(out, call->fields.p, call->fields.len);
        for (size_t i = 0; i < call->nrows; i++) {
            pack_str(&pk, call->rows[i].key);
            pack_array(&pk, call->rows[i].n);
            strbuf_add(out, call->rows[i].packed.p, call->rows[i].packed.len);
        }
        if (call->lost_total > 0) {
            pack_str(&pk, "dropped");
            pack_u64(&pk, call->lost_total);
        }
    }
    return frame_end(out, mark, FRAME_ANSWER_MAX);
}

/* Send the answer, or, when that is too much for the frame, the client or the memory, the reason for it. */
static void
answer(struct conn *conn, uint32_t id, uint32_t number, const struct control_call *call,
       const struct err *err, const struct nearest *near)
{
    struct strbuf out;
    struct err instead;
    int rc;

    if (!conn_writable(conn))
        return;
    strbuf_init(&out);
    rc = call != NULL && call->failed ? -ERR_NOMEM : write_answer(&out, id, number, call, err, near);
    if (rc == 0 && conn_queued(conn) + out.len > QUEUE_MAX_BYTES)
        rc = -ERR_BUSY;
    if (rc < 0) {
        if (rc == -ERR_LIMIT) {
            err_set(&instead, ERR_LIMIT, "the answer is larger than %d MiB", FRAME_ANSWER_MAX >> 20);
            err_fix(&instead, "ask for less with --limit");
        } else if (rc == -ERR_BUSY) {
            err_set(&instead, ERR_BUSY, "earlier answers have not been read");
        } else {
            err_set(&instead, rc, "no memory for the answer");
        }
        strbuf_fini(&out);
        strbuf_init(&out);
        rc = write_answer(&out, id, number, NULL, &instead, NULL);
        err = &instead;
    }
    conn->c->stats.failed += err->code != 0;
    if (rc < 0)
        conn_close(conn); /* not even room for that: the client sees the end instead of waiting for ever */
    else
        conn_send(conn, &out);
    strbuf_fini(&out);
}

/* --- suggestions --- */

struct name_try {
    struct nearest *near;
    unsigned left;
};

static bool
try_name(void *arg, const char *name)
{
    struct name_try *t = arg;

    nearest_try(t->near, name);
    return --t->left > 0;
}

/* The first argument that names something decides. False: nothing to suggest. */
static bool
suggest(const struct control_call *call, struct nearest *near)
{
    const struct command *cmd = call->request.cmd;
    const struct control_backend *b = &call->c->backend;

    for (size_t i = 0; b->names != NULL && i < cmd->nargs; i++) {
        const struct command_arg *a = &cmd->args[i];
        struct name_try t = {near, NAMES_TRIED_MAX};
        const char *text;

        if (a->kind != ARG_actor && a->kind != ARG_plugin && a->kind != ARG_behaviour && a->kind != ARG_file)
            continue;
        text = *(const char *const *)((const char *)call->request.req + a->offset);
        if (text == NULL || strlen(text) >= NEAREST_NAME_MAX)
            continue;
        nearest_init(near, text);
        b->names(b->self,
                 a->kind == ARG_actor       ? NAMES_ACTORS
                 : a->kind == ARG_behaviour ? NAMES_BEHAVIOURS
                                            : NAMES_PLUGINS,
                 try_name, &t);
        if (near->n > 0 && near->distance[0] > 0)
            return true;
    }
    return false;
}

/* --- life of a call --- */

static void
call_free(struct control_call *call)
{
    list_del(&call->link);
    if (call->conn != NULL) {
        call->conn->ncalls--;
        call->conn->read_ms = uv_now(call->c->loop); /* idle from now on */
    }
    if (call->c != NULL)
        call->c->stats.calls--;
    request_free(&call->request);
    strbuf_fini(&call->fields);
    for (size_t i = 0; i < call->nrows; i++)
        strbuf_fini(&call->rows[i].packed);
    free(call);
}

static void
dispatch(struct control_call *call, const struct control_backend *b)
{
    struct err err;

    switch (call->request.cmd->number) {
#define CMD(number, name, ...)                         \
    case COMMAND_##name:                               \
        if (b->name != NULL) {                         \
            b->name(b->self, call, call->request.req); \
            return;                                    \
        }                                              \
        break;
#include "control/commands.def"
#undef CMD
    default:
        break;
    }
    err_set(&err, ERR_UNSUPPORTED, "this node does not know the command \"%s\"", call->request.cmd->name);
    control_end(call, -ERR_UNSUPPORTED, &err);
}

static int
admit(const struct conn *conn, const struct frame *f, const struct command *cmd, struct err *err)
{
    if (cmd == NULL)
        return err_set(err, ERR_UNSUPPORTED, "this node does not know command number %u", f->code);
    if (cmd->role > conn->peer.role) {
        err_set(err, ERR_DENIED, "user %u may not %s", (unsigned)conn->peer.uid, cmd->name);
        return err_fix(err, "it needs the role \"%s\", this user has \"%s\"", control_role_name(cmd->role),
                       control_role_name(conn->peer.role));
    }
    if (conn->c->closing)
        return err_set(err, ERR_STOPPING, "the node is stopping");
    if (conn->ncalls >= conn->c->cfg.calls_max)
        return err_set(err, ERR_BUSY, "%u commands of this client are in progress already", conn->ncalls);
    return 0;
}

void
call_begin(struct conn *conn, const struct frame *f)
{
    const struct command *cmd = command_by_number(f->code);
    struct err err = {0};
    struct control_call *call = NULL;
    int rc = admit(conn, f, cmd, &err);

    conn->c->stats.requests++;
    if (rc == 0) {
        call = calloc(1, sizeof *call);
        rc = call == NULL ? err_set(&err, ERR_NOMEM, "no memory for the command")
                          : request_decode(&call->request, cmd, f->body, f->len, &err);
    }
    if (rc < 0) {
        free(call);
        answer(conn, f->id, f->code, NULL, &err, NULL);
        return;
    }
    call->c = conn->c;
    call->conn = conn;
    call->id = f->id;
    call->peer = conn->peer;
    list_push_back(&conn->calls, &call->link);
    conn->ncalls++;
    conn->c->stats.calls++;
    dispatch(call, &conn->c->backend);
}

struct control_call *
call_find(struct conn *conn, uint32_t id)
{
    list_each (it, &conn->calls) {
        struct control_call *call = container_of(it, struct control_call, link);

        if (call->id == id)
            return call;
    }
    return NULL;
}

void
call_cancel(struct control_call *call)
{
    void (*fn)(void *) = call->on_cancel;

    if (call->canceled)
        return;
    call->canceled = true;
    call->on_cancel = NULL;
    if (fn != NULL)
        fn(call->on_cancel_arg); /* may end the call: do not touch it afterwards */
}

void
call_detach(struct control_call *call)
{
    list_del(&call->link);
    list_push_back(&call->c->orphans, &call->link);
    call->conn->ncalls--;
    call->conn = NULL;
    call_cancel(call);
}

void
call_abort(struct control_call *call, int code)
{
    struct err err;

    err_set(&err, code, "%s", err_text(code));
    answer(call->conn, call->id, call->request.cmd->number, call, &err, NULL);
    call_detach(call);
}

/* --- for the backend --- */

static struct rows *
rows_of(struct control_call *call, const char *key)
{
    for (size_t i = 0; i < call->nrows; i++)
        if (strcmp(call->rows[i].key, key) == 0)
            return &call->rows[i];
    if (call->nrows == ROW_LISTS_MAX)
        return NULL;
    call->rows[call->nrows] = (struct rows){.key = key};
    strbuf_init(&call->rows[call->nrows].packed);
    return &call->rows[call->nrows++];
}

void
control_put(struct control_call *call, enum view_id id, const void *view)
{
    const struct view *v = view_of(id);
    msgpack_packer pk;
    struct rows *rows;

    if (v->key[0] == '\0') {
        pack_init(&pk, &call->fields);
        view_pack_fields(&pk, v, view);
        call->nfields += v->nfields;
        call->failed |= call->fields.failed;
        return;
    }
    rows = rows_of(call, v->key);
    if (rows == NULL) {
        call->failed = true;
        return;
    }
    pack_init(&pk, &rows->packed);
    pack_map(&pk, v->nfields);
    view_pack_fields(&pk, v, view);
    rows->n++;
    call->failed |= rows->packed.failed;
}

int
control_progress(struct control_call *call, enum view_id id, const void *view)
{
    const struct view *v = view_of(id);
    msgpack_packer pk;
    struct strbuf out;
    size_t mark;
    int rc;

    if (call->conn == NULL || call->canceled || !conn_writable(call->conn))
        return -ERR_CANCELED;
    strbuf_init(&out);
    mark = frame_begin(
        &out, &(struct frame){.type = FRAME_PROGRESS, .id = call->id, .code = call->request.cmd->number});
    pack_init(&pk, &out);
    pack_map(&pk, v->nfields + 2);
    pack_str(&pk, "event");
    pack_str(&pk, v->name);
    pack_str(&pk, "dropped");
    pack_u64(&pk, call->lost);
    view_pack_fields(&pk, v, view);
    rc = conn_queued(call->conn) > QUEUE_HIGH_BYTES ? -ERR_BUSY : frame_end(&out, mark, FRAME_ANSWER_MAX);
    if (rc == 0) {
        call->lost = 0;
        conn_send(call->conn, &out);
    } else {
        call->lost++;
        call->lost_total++;
        call->c->stats.progress_lost++;
        rc = -ERR_BUSY;
    }
    strbuf_fini(&out);
    return rc;
}

void
control_partial(struct control_call *call)
{
    call->partial = true;
}

/* A reader need not tell "no rows" from "no such list". */
static void
add_empty_lists(struct control_call *call)
{
    const struct command *cmd = call->request.cmd;

    for (size_t i = 0; i < cmd->ngives; i++) {
        const struct view *v = view_by_name(cmd->gives[i]);

        if (v != NULL && v->key[0] != '\0' && rows_of(call, v->key) == NULL)
            call->failed = true;
    }
}

int
control_local(const struct control_backend *b, const struct command *cmd, const void *body, size_t n,
              struct strbuf *ret_answer, struct err *err)
{
    struct control_call *call = calloc(1, sizeof *call);
    int r = call == NULL ? err_set(err, ERR_NOMEM, "no memory for the command")
                         : request_decode(&call->request, cmd, body, n, err);

    if (r < 0) {
        free(call);
        return r;
    }
    list_init(&call->link);
    call->local = ret_answer;
    dispatch(call, b);
    return ret_answer->failed ? err_set(err, ERR_NOMEM, "no memory for the answer") : 0;
}

void
control_end(struct control_call *call, int r, const struct err *err)
{
    struct err none = {0}, plain;
    struct nearest near;
    bool have_near = false;

    if (call->conn != NULL || call->local != NULL) {
        if (r == 0) {
            add_empty_lists(call);
            err = &none;
        } else if (err == NULL || err->code == 0) {
            err_set(&plain, r, "%s", err_text(r));
            err = &plain;
        }
        if (r == -ERR_NOTFOUND && call->c != NULL)
            have_near = suggest(call, &near);
        if (call->local != NULL)
            write_answer(call->local, 0, call->request.cmd->number, call, err, NULL);
        else
            answer(call->conn, call->id, call->request.cmd->number, call, err, have_near ? &near : NULL);
    }
    call_free(call);
}

void
control_on_cancel(struct control_call *call, void (*fn)(void *arg), void *arg)
{
    if (call->canceled) {
        fn(arg);
        return;
    }
    call->on_cancel = fn;
    call->on_cancel_arg = arg;
}

bool
control_canceled(const struct control_call *call)
{
    return call->canceled;
}

const struct control_peer *
control_call_peer(const struct control_call *call)
{
    return &call->peer;
}

const struct command *
control_call_command(const struct control_call *call)
{
    return call->request.cmd;
}
