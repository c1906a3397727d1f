/* backend_life.c - spawn, stop, restart.
 *
 *   spawn:    visit to the parent: spawn, and have the child watched; then visits to the child until its start turn is over
 *   stop:     watch, then the order or the poison; over when /system/control hears Terminated
 *   restart:  the directive, then visits until the new life has started
 *
 * Terminated of a child that failed carries the code, so a start that fails can be told with it.
 */
#include "actor/call.h"
#include "actor/life.h"
#include "actor/message.h"
#include "node/backend.h"
#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 2, ENDED_GRACE_MS = 200, DEAD_SEEN = 256 };

/* Have /system/control told of who's end, before anything else happens to it. In a slice, or from the port. */
static int
watch(struct actx *x, const struct backend *b, struct cell *c)
{
    struct order *o = cell_order_new(x, ORDER_WATCH);

    if (o == NULL)
        return -ERR_NOMEM;
    o->who = b->control;
    cell_order(x, c, o);
    return 0;
}

static int
not_ours_to_touch(struct backend *b, actor_ref who, const char *name, const char *what, struct err *e)
{
    struct system *sys = &b->n->sys;

    if (!actor_ref_eq(who, sys->root) && !actor_ref_eq(who, sys->system) && !actor_ref_eq(who, sys->user) &&
        !actor_ref_eq(who, b->control))
        return 0;
    err_set(e, ERR_DENIED, "%s is part of the node and cannot be %s", name, what);
    err_fix(e, "actorctl shutdown stops the node");
    return -ERR_DENIED;
}

/* --- spawn --- */
struct spawn_op {
    struct op op;
    char behaviour[96], version[48], ref[48];
};
struct spawn_visit {
    struct visit v;
    struct behaviour *b;
    char *name;
    void *args;
    int r;
    actor_ref ref;
    char *path;
};
struct look_visit { /* is it up? */
    struct visit v;
    bool started, held;
    uint32_t incarnation;
};

static void
spawn_fini(struct visit *v)
{
    struct spawn_visit *s = (struct spawn_visit *)v;

    free(s->name);
    free(s->args);
    free(s->path);
}

static char *
path_of(struct system *sys, const struct cell *c)
{
    size_t n = names_path(sys, c, NULL, 0);
    char *p = malloc(n + 1);

    if (p != NULL)
        names_path(sys, c, p, n + 1);
    return p;
}

static void
spawn_here(struct actx *x, struct cell *parent, struct visit *v)
{
    struct spawn_visit *s = (struct spawn_visit *)v;
    struct cell *c;

    if (atomic_load_explicit(&x->sys->stopping, memory_order_relaxed) || parent->life == CELL_STOPPING)
        s->r = -ERR_STOPPING;
    else
        s->r = spawn_cell(x, &c, s->b, s->name, s->name == NULL ? 0 : (uint32_t)strlen(s->name), NULL,
                          s->args == NULL ? NULL : s->b->args, s->args);
    if (s->r < 0)
        return;
    s->ref = c->ref;
    s->path = path_of(x->sys, c);
    watch(x, v->op->b, c); /* without memory for it, a failing start is told without its code */
}

static void spawn_look(struct op *op);

static void
look_here(struct actx *x, struct cell *c, struct visit *v)
{
    struct look_visit *l = (struct look_visit *)v;

    (void)x;
    l->incarnation = c->incarnation;
    l->held = c->life == CELL_HELD;
    l->started =
        c->life == CELL_RUNNING && !(atomic_load_explicit(&c->attn, memory_order_relaxed) & ATTN_START);
}

static int
look(struct op *op, void (*back)(struct visit *))
{
    struct look_visit *l = calloc(1, sizeof *l);

    if (l == NULL)
        return -ERR_NOMEM;
    l->v.here = look_here;
    l->v.back = back;
    return visit_start(op, &l->v, op->who);
}

static void
start_failed(struct op *op, const char *why, int32_t code)
{
    if (code != 0)
        op_fail(op, ERR_START, "the start of %s failed with code %d", op->path, code);
    else
        op_fail(op, ERR_START, "%s ended in its start%s", op->path, why);
}

static void
spawn_ended(struct op *op)
{
    start_failed(op, "", 0);
}

static void
spawn_heard(struct op *op, const struct heard *h)
{
    if (h->kind == HEARD_TERMINATED)
        start_failed(op, h->reason == ACTOR_REASON_SHUTDOWN ? ": the node stops" : "", h->code);
}

static void
spawn_looked(struct visit *v)
{
    const struct look_visit *l = (const struct look_visit *)v;
    struct spawn_op *s = (struct spawn_op *)v->op;

    if (v->dead) { /* Terminated is under way, with the code */
        op_again(v->op, ENDED_GRACE_MS, spawn_ended);
    } else if (l->started) {
        struct view_spawned view = {
            .path = s->op.path, .ref = s->ref, .behaviour = s->behaviour, .version = s->version};

        control_put_spawned(s->op.call, &view);
        op_end(&s->op, 0, NULL);
    } else {
        op_again(v->op, LOOK_MS, spawn_look);
    }
}

static void
spawn_look(struct op *op)
{
    int r = look(op, spawn_looked);

    if (r == -ERR_DEAD)
        op_again(op, ENDED_GRACE_MS, spawn_ended);
    else if (r < 0)
        op_end(op, r, NULL);
}

static void
spawn_back(struct visit *v)
{
    struct spawn_visit *s = (struct spawn_visit *)v;
    struct op *op = v->op;

    if (v->dead) {
        op_fail(op, ERR_DEAD, "the parent ended meanwhile");
    } else if (s->r == -ERR_EXISTS) {
        op_fail(op, ERR_EXISTS, "an actor named '%s' lives there already", s->name);
    } else if (s->r == -ERR_INVALID && s->name != NULL) {
        op_fail(op, ERR_INVALID, "'%s' is no name: 1 to 255 of A-Za-z0-9-_. with a letter or digit first",
                s->name);
    } else if (s->r < 0) {
        op_fail(op, -s->r, "cannot spawn %s: %s", s->b->name, err_text(s->r));
    } else {
        op->who = s->ref;
        op->path = s->path;
        s->path = NULL;
        ref_text(s->ref, ((struct spawn_op *)op)->ref);
        spawn_look(op);
    }
}

static int
spawn_behaviour(struct backend *b, const char *name, struct behaviour **ret, struct err *e)
{
    struct catalogue *c = runtime_catalogue(b->n->runtime);
    struct version *v;
    struct behaviour *beh;
    uint32_t at;
    int r = catalogue_find(c, name, &v, &at, e);

    if (r < 0)
        return r;
    beh = backend_behaviour_of(b, v, v->manifest->behaviours[at].name);
    if (beh == NULL)
        return err_set(e, ERR_NOTFOUND, "%s is being unloaded", name);
    /* a swap is under way: children start on the new version */
    for (struct swap *s; (s = atomic_load_explicit(&beh->swap, memory_order_acquire)) != NULL;)
        beh = s->to;
    *ret = beh;
    return 0;
}

static int
spawn_args(struct backend *b, const struct behaviour *beh, struct control_value given, void **ret,
           struct err *e)
{
    struct object_doc doc = {0};
    bool some;
    int r;

    if (beh->args != NULL && beh->args != b->n->sys.st.none)
        return value_read(beh->args->schema, given, ret, e);
    r = given.n == 0 ? 0 : object_read(&doc, given.p, given.n, 0, e);
    if (r < 0)
        return r;
    some = given.n != 0 && doc.root.type != MSGPACK_OBJECT_NIL &&
           !(doc.root.type == MSGPACK_OBJECT_MAP && doc.root.via.map.size == 0);
    object_free(&doc);
    return some ? err_set(e, ERR_INVALID, "%s takes no start arguments", beh->name) : 0;
}

static int
spawn_prepare(struct backend *b, const struct req_spawn *req, struct spawn_visit *s, actor_ref *ret_parent,
              struct err *e)
{
    int r = req->parent == NULL ? 0 : find_actor(b, req->parent, ret_parent, e);

    if (r == 0 && (actor_ref_eq(*ret_parent, b->n->sys.root) || actor_ref_eq(*ret_parent, b->n->sys.system) ||
                   actor_ref_eq(*ret_parent, b->control))) {
        err_set(e, ERR_DENIED, "actors of plugins do not live under %s", req->parent);
        r = err_fix(e, "choose /user or an actor below it");
    }
    if (r == 0)
        r = spawn_behaviour(b, req->behaviour, &s->b, e);
    if (r == 0)
        r = spawn_args(b, s->b, req->args, &s->args, e);
    if (r == 0 && req->name != NULL && (s->name = strdup(req->name)) == NULL)
        r = -ERR_NOMEM;
    return r;
}

void
backend_spawn(void *self, struct control_call *call, const struct req_spawn *req)
{
    struct backend *b = self;
    struct spawn_op *op = op_new(b, call, sizeof *op, NULL);
    struct spawn_visit *s = op == NULL ? NULL : calloc(1, sizeof *s);
    actor_ref parent = b->n->sys.user;
    struct err e = {0};
    int r;

    if (op == NULL)
        return;
    r = s == NULL ? -ERR_NOMEM : spawn_prepare(b, req, s, &parent, &e);
    if (r < 0) {
        if (s != NULL)
            spawn_fini(&s->v);
        free(s);
        op_end(&op->op, r, &e);
        return;
    }
    strncpy(op->behaviour, s->b->name, sizeof op->behaviour - 1);
    strncpy(op->version, s->b->version, sizeof op->version - 1);
    op->op.answer = spawn_heard;
    s->v.here = spawn_here;
    s->v.back = spawn_back;
    s->v.fini = spawn_fini;
    op_deadline(&op->op, req->timeout);
    r = visit_start(&op->op, &s->v, parent);
    if (r < 0)
        op_end(&op->op, r, NULL);
}

/* --- stop --- */
struct stop_op {
    struct op op;
    char ref[48];
};

/* Letters that it left, of those that are kept: the newest MiB. */
static uint64_t
letters_of(struct backend *b, actor_ref who)
{
    struct dead_letter *l = calloc(DEAD_SEEN, sizeof *l);
    uint64_t n = 0, from = 0, next;
    size_t got;

    while (l != NULL && (got = dead_copy(b->n->sys.dead, from, l, DEAD_SEEN, &next)) != 0) {
        for (size_t i = 0; i < got; i++)
            n += l[i].reason == DEAD_stopped && actor_ref_eq(l[i].target, who);
        from = l[got - 1].seq + 1;
    }
    free(l);
    return n;
}

static void
stop_heard(struct op *op, const struct heard *h)
{
    struct stop_op *s = (struct stop_op *)op;
    struct view_stopped v = {.path = op->path, .ref = s->ref, .elapsed_ms = op_elapsed_ms(op)};

    if (h->kind != HEARD_TERMINATED)
        return;
    v.dead = letters_of(op->b, op->who);
    control_put_stopped(op->call, &v);
    op_end(op, 0, NULL);
}

static int
send_stop(struct backend *b, actor_ref who, bool drain)
{
    struct actx *x = system_enter(&b->n->sys, b->control);
    struct cell *c = cell_resolve(x, who);
    struct msg *m;
    int r = c == NULL ? -ERR_DEAD : watch(x, b, c);

    if (r == 0 && drain) {
        m = message_alloc(x, 0, false, MSG_F_POISON | MSG_F_SYSTEM);
        if (m == NULL) {
            r = -ERR_NOMEM;
        } else {
            m->sender = b->control;
            counter_inc(&x->w.counters, COUNTER_sent_system);
            if (mbox_push(&c->mb, m, m))
                worker_push(&x->w, &c->task);
        }
    } else if (r == 0) {
        cell_poke(x, c, ATTN_STOP);
    }
    system_leave(x);
    return r;
}

void
backend_stop(void *self, struct control_call *call, const struct req_stop *req)
{
    struct backend *b = self;
    struct stop_op *op = op_new(b, call, sizeof *op, NULL);
    struct err e = {0};
    int r;

    if (op == NULL)
        return;
    r = find_actor(b, req->actor, &op->op.who, &e);
    if (r == 0)
        r = not_ours_to_touch(b, op->op.who, req->actor, "stopped", &e);
    if (r == 0) {
        ref_text(op->op.who, op->ref);
        op->op.path = backend_path(b, op->op.who, req->actor);
        op->op.answer = stop_heard;
        r = send_stop(b, op->op.who, req->drain);
    }
    if (r < 0)
        op_end(&op->op, r, &e);
    else
        op_deadline(&op->op, req->timeout);
}

/* --- restart --- */
struct restart_op {
    struct op op;
    bool known; /* incarnation is that of before */
    uint32_t incarnation;
    char ref[48];
};

static void restart_look(struct op *op);

static void
restart_ended(struct op *op)
{
    op_fail(op, ERR_DEAD, "%s ended instead of restarting", op->path);
}

static void
restart_heard(struct op *op, const struct heard *h)
{
    if (h->kind != HEARD_TERMINATED)
        return;
    if (h->code != 0)
        op_fail(op, ERR_START, "%s ended in its restart: its start failed with code %d", op->path, h->code);
    else
        restart_ended(op);
}

static void
restart_looked(struct visit *v)
{
    const struct look_visit *l = (const struct look_visit *)v;
    struct restart_op *s = (struct restart_op *)v->op;

    if (v->dead) {
        op_again(v->op, ENDED_GRACE_MS, restart_ended);
    } else if (l->started && l->incarnation > s->incarnation) {
        struct view_restarted view = {.path = s->op.path,
                                      .ref = s->ref,
                                      .incarnation = l->incarnation,
                                      .elapsed_ms = op_elapsed_ms(v->op)};

        control_put_restarted(s->op.call, &view);
        op_end(&s->op, 0, NULL);
    } else {
        op_again(v->op, LOOK_MS, restart_look);
    }
}

static void
restart_look(struct op *op)
{
    int r = look(op, restart_looked);

    if (r == -ERR_DEAD)
        op_again(op, ENDED_GRACE_MS, restart_ended);
    else if (r < 0)
        op_end(op, r, NULL);
}

/* In its slice: the number of this life, then the directive as an order of its own. */
static void
restart_here(struct actx *x, struct cell *c, struct visit *v)
{
    struct look_visit *l = (struct look_visit *)v;

    l->incarnation = c->incarnation;
    l->held = false;
    watch_add(x, c, v->op->b->control);
    life_direct(x, c, ACTOR_DIRECTIVE_RESTART, 0);
}

static void
restart_back(struct visit *v)
{
    struct restart_op *s = (struct restart_op *)v->op;

    if (v->dead) {
        restart_ended(v->op);
        return;
    }
    s->incarnation = ((const struct look_visit *)v)->incarnation;
    restart_look(v->op);
}

void
backend_restart(void *self, struct control_call *call, const struct req_restart *req)
{
    struct backend *b = self;
    struct restart_op *op = op_new(b, call, sizeof *op, NULL);
    struct look_visit *l = op == NULL ? NULL : calloc(1, sizeof *l);
    struct err e = {0};
    int r;

    if (op == NULL)
        return;
    r = l == NULL ? -ERR_NOMEM : find_actor(b, req->actor, &op->op.who, &e);
    if (r == 0)
        r = not_ours_to_touch(b, op->op.who, req->actor, "restarted", &e);
    if (r < 0) {
        free(l);
        op_end(&op->op, r, &e);
        return;
    }
    ref_text(op->op.who, op->ref);
    op->op.path = backend_path(b, op->op.who, req->actor);
    op->op.answer = restart_heard;
    l->v.here = restart_here;
    l->v.back = restart_back;
    op_deadline(&op->op, req->timeout);
    r = visit_start(&op->op, &l->v, op->op.who);
    if (r < 0)
        op_end(&op->op, r, &e);
}
