/* backend_talk.c - tell and ask: JSON fields become a message of the target's own layout; the answer goes back as msgpack.
 *
 *   tell: from the port, in the name of /system/control
 *   ask:  a visit to /system/control sends it; answer or failure comes back to `voice` (backend.c) with the op's id as tag
 */
#include "actor/call.h"
#include "actor/message.h"
#include "actor/outbox.h"
#include "actor/tnode.h"
#include "base/nearest.h"
#include "node/backend.h"
#include "wire/codec.h"
#include <stdlib.h>
#include <string.h>

enum { ASK_GRACE_MS = 1000, ALIGN = 16 };

/* --- values --- */
static int
unknown_field(const struct schema *s, const char *name, struct err *e)
{
    struct nearest near;

    nearest_init(&near, name);
    for (uint32_t i = 0; i < s->nfields; i++)
        nearest_try(&near, s->fields[i].name);
    err_set(e, ERR_INVALID, "%s has no field '%s'", s->name, name);
    if (near.n > 0)
        return err_fix(e, "did you mean '%s'?", near.name[0]);
    return err_fix(e, "actorctl inspect PLUGIN shows its fields");
}

int
value_read(const struct schema *s, struct control_value v, void **ret, struct err *e)
{
    struct object_doc doc = {.root = {.type = MSGPACK_OBJECT_MAP}}; /* nothing given: an empty map */
    struct codec c = {.flags = CODEC_TEXT};
    size_t bytes;
    void *buf;
    int r = v.n == 0 ? 0 : object_read(&doc, v.p, v.n, 0, e);

    if (r < 0)
        return r;
    if (doc.root.type == MSGPACK_OBJECT_NIL)
        doc.root = (msgpack_object){.type = MSGPACK_OBJECT_MAP};
    r = codec_measure(&c, s, &doc.root, &bytes, e);
    if (r == 0 && c.unknown > 0) {
        r = unknown_field(s, c.unknown_name, e);
    } else if (r < 0) {
        err_at(e, "%s", s->name);
    }
    if (r == 0) {
        buf = aligned_alloc(ALIGN, (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1));
        if (buf == NULL) {
            r = err_set(e, ERR_NOMEM, "no memory for %s", s->name);
        } else {
            codec_fill(&c, s, &doc.root, buf);
            *ret = buf;
        }
    }
    object_free(&doc);
    return r;
}

/* --- which message --- */
static const char *
short_of(const char *full)
{
    const char *dot = strchr(full, '.');

    return dot == NULL ? full : dot + 1;
}

static int
not_handled(const struct behaviour *b, const char *name, struct err *e)
{
    struct strbuf all;
    struct nearest near;
    size_t shown = 0;

    strbuf_init(&all);
    nearest_init(&near, name);
    for (uint32_t i = 0; i < b->nmsgs; i++) {
        const char *full = b->msgs[i].type->schema->name;

        if (strncmp(full, "actor.", 6) == 0)
            continue; /* what the host sends */
        nearest_try(&near, short_of(full));
        strbuf_printf(&all, "%s%s", shown++ == 0 ? "" : ", ", short_of(full));
    }
    err_set(e, ERR_NOTFOUND, "%s does not handle a message '%s'", b->name, name);
    if (near.n > 0)
        err_fix(e, "did you mean '%s'?", near.name[0]);
    else
        err_fix(e, "it handles: %s", shown == 0 ? "nothing" : strbuf_str(&all));
    strbuf_fini(&all);
    return -ERR_NOTFOUND;
}

/* The layout that the target's version declares. If it has moved on when the message comes, the message is converted there. */
static int
find_type(const struct behaviour *b, const char *name, const struct msg_type **ret, struct err *e)
{
    const struct msg_type *found = NULL;

    for (uint32_t i = 0; i < b->nmsgs; i++) {
        const struct msg_type *t = b->msgs[i].type;

        if (strcmp(t->schema->name, name) == 0) {
            *ret = t;
            return 0;
        }
        if (strcmp(short_of(t->schema->name), name) != 0)
            continue;
        if (found != NULL) {
            err_set(e, ERR_INVALID, "%s handles both %s and %s", b->name, found->schema->name,
                    t->schema->name);
            return err_fix(e, "give the full name");
        }
        found = t;
    }
    if (found == NULL)
        return not_handled(b, name, e);
    *ret = found;
    return 0;
}

struct words { /* of a tell or ask, read */
    actor_ref who;
    const struct msg_type *type;
    void *v;
};

static int
read_words(struct backend *b, const char *actor, const char *message, struct control_value fields,
           struct words *ret, struct err *e)
{
    const struct behaviour *beh;
    int r = find_actor(b, actor, &ret->who, e);

    if (r < 0)
        return r;
    beh = atomic_load_explicit(&cell_at(&b->n->sys, ret->who.slot)->beh, memory_order_relaxed);
    if (actor_ref_eq(ret->who, b->n->sys.root) || beh == &b->n->sys.guardian || beh == &b->voice) {
        err_set(e, ERR_DENIED, "%s is part of the node, it takes no messages", actor);
        return -ERR_DENIED;
    }
    r = find_type(beh, message, &ret->type, e);
    return r < 0 ? r : value_read(ret->type->schema, fields, &ret->v, e);
}

/* --- tell --- */
static int
send_from_port(struct backend *b, const struct words *w)
{
    struct actx *x = system_enter(&b->n->sys, b->control);
    struct cell *c = cell_resolve(x, w->who);
    struct msg *m;
    int r = c == NULL ? -ERR_DEAD : message_build_type(x, &m, w->type, w->v, 0);

    if (r == 0) {
        r = outbox_add(x, c, m);
        if (r == 0)
            counter_inc(&x->w.counters, COUNTER_sent_user);
        else
            message_free(x, m);
    }
    system_leave(x);
    return r;
}

void
backend_tell(void *self, struct control_call *call, const struct req_tell *req)
{
    struct backend *b = self;
    struct words w = {0};
    struct err e = {0};
    char *path = NULL;
    int r = read_words(b, req->actor, req->message, req->fields, &w, &e);

    if (r == 0) {
        path = backend_path(b, w.who, req->actor);
        r = send_from_port(b, &w);
        if (r < 0)
            err_set(&e, -r, "%s: %s", req->actor, err_text(r));
    }
    if (r == 0) {
        struct view_told v = {.path = path, .message = w.type->schema->name};

        control_put_told(call, &v);
    }
    free(path);
    free(w.v);
    control_end(call, r, &e);
}

/* --- ask --- */
struct ask_visit {
    struct visit v;
    struct words w;
    uint64_t id, timeout_ms;
    int r;
};

/* In the slice of /system/control: what a plugin's actor_ask does. */
static int
ask(struct actx *x, struct ask_visit *a)
{
    struct cell *c = cell_resolve(x, a->w.who);
    struct tnode *n;
    struct msg *m;
    uint32_t h;
    int r = c == NULL ? -ERR_DEAD : message_build_type(x, &m, a->w.type, a->w.v, MSG_F_ASK);

    if (r < 0)
        return r;
    h = tnode_ask(x, a->w.who, 0, a->timeout_ms, a->id); /* any answer will do */
    if (h == 0) {
        message_free(x, m);
        return -ERR_NOMEM;
    }
    n = tnode_own(x, h);
    *message_ext(m) = (struct msg_ext){h, atomic_load_explicit(&n->gen, memory_order_relaxed), a->id};
    r = outbox_add(x, c, m);
    if (r < 0) {
        tnode_end(x, h);
        message_free(x, m);
        return r;
    }
    counter_inc(&x->w.counters, COUNTER_sent_user);
    return 0;
}

static void
ask_here(struct actx *x, struct cell *c, struct visit *v)
{
    struct ask_visit *a = (struct ask_visit *)v; /* first member */

    (void)c;
    a->r = ask(x, a);
}

static void
ask_back(struct visit *v)
{
    const struct ask_visit *a = (const struct ask_visit *)v;
    int r = v->dead ? -ERR_STOPPING : a->r;

    if (r < 0)
        op_fail(v->op, -r, "%s: %s", v->op->path, err_text(r));
}

static void
ask_fini(struct visit *v)
{
    free(((struct ask_visit *)v)->w.v);
}

static void
failed(struct op *op, const struct heard *h)
{
    struct err e;

    if (h->code > 0) {
        err_set(&e, ERR_FAILED, "the handler of %s failed with code %d", op->path, h->code);
        err_fix(&e, "actorctl actor %s shows its words", op->path);
        op_end(op, -ERR_FAILED, &e);
        return;
    }
    switch (-h->code) {
    case ERR_TIMEOUT:
        op_fail(op, ERR_TIMEOUT, "%s did not answer within %llu ms", op->path,
                (unsigned long long)op_elapsed_ms(op));
        break;
    case ERR_UNHANDLED:
        op_fail(op, ERR_UNHANDLED, "%s took the message and gave no answer", op->path);
        break;
    case ERR_DEAD:
        op_fail(op, ERR_DEAD, "%s ended before it answered", op->path);
        break;
    default:
        op_fail(op, -h->code, "%s: %s", op->path, err_text(h->code));
    }
}

static void
answered(struct op *op, const struct heard *h)
{
    struct view_asked v = {.path = op->path,
                           .elapsed_us = (env_mono_ns(op->b->n->boot.env) - op->start_ns) / 1000};

    if (h->kind == HEARD_FAILED) {
        failed(op, h);
    } else if (h->encoded < 0 || h->answer.failed) {
        op_fail(op, h->encoded < 0 ? -h->encoded : ERR_NOMEM, "the answer of %s cannot be shown", op->path);
    } else {
        v.message = h->type->schema->name;
        v.answer = (struct control_value){h->answer.p, h->answer.len};
        control_put_asked(op->call, &v);
        op_end(op, 0, NULL);
    }
}

void
backend_ask(void *self, struct control_call *call, const struct req_ask *req)
{
    struct backend *b = self;
    struct op *op = op_new(b, call, sizeof *op, NULL);
    struct ask_visit *a = op == NULL ? NULL : calloc(1, sizeof *a);
    struct err e = {0};
    int r;

    if (op == NULL)
        return;
    if (a == NULL) {
        op_end(op, -ERR_NOMEM, NULL);
        return;
    }
    r = read_words(b, req->actor, req->message, req->fields, &a->w, &e);
    if (r < 0) {
        free(a);
        op_end(op, r, &e);
        return;
    }
    op->path = backend_path(b, a->w.who, req->actor);
    op->answer = answered;
    a->id = op->id;
    a->timeout_ms = req->timeout;
    a->v.here = ask_here;
    a->v.back = ask_back;
    a->v.fini = ask_fini;
    op_deadline(op,
                req->timeout + ASK_GRACE_MS); /* the ask has its own; this one is for a node that is stuck */
    r = visit_start(op, &a->v, b->control);
    if (r < 0)
        op_end(op, r, NULL);
}
