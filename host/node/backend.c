/* backend.c - ops, visits, and the host actor that hears answers. See backend.h. */
#include "node/backend.h"
#include "actor/call.h"
#include "actor/message.h"
#include "actor/turn.h"
#include "wire/codec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 2 };

/* --- ops --- */
static void
op_free(struct op *op)
{
    list_del(&op->link);
    if (op->fini != NULL)
        op->fini(op);
    free(op->path);
    free(op);
}

static void
op_unref(struct op *op)
{
    if (--op->refs == 0 && op->b->walking == 0)
        op_free(op);
}

/* While the list is walked, ops that ended stay in it: ending one may end others, when a client is cut. */
static void
walk_begin(struct backend *b)
{
    b->walking++;
}

static void
walk_end(struct backend *b)
{
    if (--b->walking != 0)
        return;
    list_each_safe (it, &b->ops)
        if (container_of(it, struct op, link)->refs == 0)
            op_free(container_of(it, struct op, link));
}

void
op_end(struct op *op, int r, const struct err *err)
{
    struct control_call *call = op->call;

    if (call == NULL)
        return;
    op->call = NULL;
    op->deadline_ns = op->again_ns = 0;
    control_end(call, r, err);
    op_unref(op);
}

void
op_fail(struct op *op, int code, const char *fmt, ...)
{
    struct err e = {0};
    char text[sizeof e.text];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    err_set(&e, code, "%s", text);
    op_end(op, -e.code, &e);
}

/* The client left, pressed Ctrl-C, or the node stops. What was begun in an actor goes on. */
static void
canceled(void *arg)
{
    struct op *op = arg;

    op_end(op, op->b->closing || op->b->n->boot.stopping ? -ERR_STOPPING : -ERR_CANCELED, NULL);
}

void *
op_new(struct backend *b, struct control_call *call, size_t bytes, void (*fini)(struct op *))
{
    struct op *op = calloc(1, bytes);

    if (op == NULL) {
        control_end(call, -ERR_NOMEM, NULL);
        return NULL;
    }
    op->b = b;
    op->call = call;
    op->refs = 1;
    op->id = ++b->next_id;
    op->start_ns = env_mono_ns(b->n->boot.env);
    op->fini = fini;
    list_push_back(&b->ops, &op->link);
    control_on_cancel(call, canceled, op);
    return op;
}

uint64_t
op_elapsed_ms(const struct op *op)
{
    return (env_mono_ns(op->b->n->boot.env) - op->start_ns) / 1000000;
}

/* --- time: one timer for all, which runs only while somebody waits for a moment --- */
static void
tick_op(struct op *op, uint64_t now)
{
    void (*fn)(struct op *) = op->again;

    if (op->again_ns != 0 && now >= op->again_ns) {
        op->again_ns = 0;
        fn(op);
        return;
    }
    if (op->deadline_ns == 0 || now < op->deadline_ns)
        return;
    op->deadline_ns = 0;
    if (op->late != NULL)
        op->late(op);
    else
        op_fail(op, ERR_TIMEOUT, "%s did not come to it within %llu ms",
                op->path == NULL ? "the actor" : op->path, (unsigned long long)op_elapsed_ms(op));
}

static void
tick(uv_timer_t *t)
{
    struct backend *b = t->data;
    uint64_t now = env_mono_ns(b->n->boot.env);
    bool waiting;

    walk_begin(b);
    backend_swaps_step(b);
    list_each (it, &b->ops)
        tick_op(container_of(it, struct op, link), now);
    walk_end(b);
    waiting = !list_empty(&b->swaps);
    list_each (it, &b->ops) {
        const struct op *op = container_of(it, struct op, link);

        waiting |= op->deadline_ns != 0 || op->again_ns != 0;
    }
    if (!waiting)
        uv_timer_stop(t);
}

void
backend_wake(struct backend *b)
{
    if (!uv_is_active((uv_handle_t *)&b->tick) && !uv_is_closing((uv_handle_t *)&b->tick))
        uv_timer_start(&b->tick, tick, TICK_MS, TICK_MS);
}

void
op_deadline(struct op *op, uint64_t ms)
{
    op->deadline_ns = env_mono_ns(op->b->n->boot.env) + ms * 1000000;
    backend_wake(op->b);
}

void
op_again(struct op *op, uint64_t ms, void (*again)(struct op *))
{
    op->again = again;
    op->again_ns = env_mono_ns(op->b->n->boot.env) + ms * 1000000;
    backend_wake(op->b);
}

/* --- visits --- */
static void
visit_free(struct visit *v)
{
    list_del(&v->link);
    if (v->fini != NULL)
        v->fini(v);
    free(v);
}

static void
came_back(struct node_post *p)
{
    struct visit *v = (struct visit *)(void *)p; /* first member */
    struct op *op = v->op;

    if (!op_ended(op))
        v->back(v);
    visit_free(v);
    op_unref(op);
}

static void
visiting(struct actx *x, struct cell *c, void *arg)
{
    struct visit *v = arg;

    v->dead = c == NULL;
    if (c != NULL)
        v->here(x, c, v);
    node_post(v->op->b->n, &v->post);
}

int
visit_start(struct op *op, struct visit *v, actor_ref who)
{
    int r;

    v->post.fn = came_back;
    v->op = op;
    v->who = who;
    list_push_back(&op->b->visits, &v->link);
    op->refs++;
    r = system_call(&op->b->n->sys, who, visiting, v);
    if (r < 0) {
        op->refs--;
        visit_free(v);
    }
    return r;
}

/* --- what /system/control hears --- */
static void
heard_free(struct heard *h)
{
    strbuf_fini(&h->answer);
    free(h);
}

static void
hear(struct node_post *p)
{
    struct heard *h = container_of(p, struct heard, post);
    struct backend *b = h->n->backend;

    walk_begin(b);
    list_each (it, &b->ops) {
        struct op *op = container_of(it, struct op, link);

        if (op_ended(op) || op->answer == NULL)
            continue;
        if (h->kind == HEARD_TERMINATED ? actor_ref_eq(op->who, h->who) : op->id == h->id)
            op->answer(op, h);
    }
    walk_end(b);
    heard_free(h);
}

/* Mail of /system/control. In its slice; the thread counts as running plugin code, so a long encoding is watched. */
static actor_result
voice(actor_ctx *ctx, void *state, const void *payload)
{
    struct actx *x = (struct actx *)ctx;
    const struct backend *b =
        container_of(atomic_load_explicit(&x->me->beh, memory_order_relaxed), struct backend, voice);
    uint32_t type = MSG_TYPE(x->cur->head);
    struct heard *h;

    (void)state;
    if (!(x->cur->head & (MSG_F_REPLY | MSG_F_ASK_FAILED)) && type != x->sys->st.terminated->id)
        return ACTOR_OK; /* an answer to a tell: nobody waits */
    h = calloc(1, sizeof *h);
    if (h == NULL)
        return ACTOR_OK; /* the deadline will tell */
    *h = (struct heard){.post.fn = hear, .n = b->n, .id = turn_tag(x), .who = x->cur->sender};
    strbuf_init(&h->answer);
    if (x->cur->head & MSG_F_ASK_FAILED) {
        const actor_ask_failed *f = payload;

        h->kind = HEARD_FAILED;
        h->code = f->code;
    } else if (x->cur->head & MSG_F_REPLY) {
        h->type = types_get(&x->sys->types, type);
        h->encoded = h->type == NULL ? -ERR_TYPE : codec_encode(&h->answer, h->type->schema, payload);
    } else {
        const actor_terminated *t = payload;

        h->kind = HEARD_TERMINATED;
        h->who = t->who;
        h->reason = t->reason;
        h->code = t->code;
    }
    node_post(b->n, &h->post);
    return ACTOR_OK;
}

struct birth {
    struct node_post post;
    struct backend *b;
    bool done;
    int r;
};

static void
born(struct node_post *p)
{
    container_of(p, struct birth, post)->done = true;
}

/* In the slice of /system. */
static void
give_birth(struct actx *x, struct cell *parent, void *arg)
{
    struct birth *birth = arg;
    struct cell *c;

    birth->r =
        parent == NULL ? -ERR_DEAD : spawn_cell(x, &c, &birth->b->voice, "control", 7, NULL, NULL, NULL);
    if (birth->r == 0) {
        birth->b->control = c->ref;
        c->flags |= CELL_SYSTEM; /* the host's own: nobody stops it, it does not count */
        gauge_lower(&x->sys->alive, x->w.id, 1);
    }
    node_post(birth->b->n, &birth->post);
}

/* --- life --- */
int
backend_new(struct node *n, struct err *e)
{
    struct backend *b = calloc(1, sizeof *b);
    struct birth birth = {.post.fn = born, .b = b};
    int r;

    if (b == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the control commands");
    b->n = n;
    list_init(&b->ops);
    list_init(&b->visits);
    list_init(&b->swaps);
    n->backend = b;
    r = uv_timer_init(n->boot.loop, &b->tick);
    if (r < 0)
        return err_set(e, ERR_IO, "no timer: %s", uv_strerror(r));
    r = control_logs_attach(n->boot.lines, n->boot.loop);
    if (r < 0)
        return err_set(e, -r, "cannot follow the log: %s", err_text(r));
    b->tick.data = b;
    uv_unref((uv_handle_t *)&b->tick);
    b->voice = (struct behaviour){
        .name = "actor.control", .version = "host", .zero_state = true, .state_bytes = 8, .any = voice};
    r = behaviour_dispatch(&n->sys, &b->voice, e);
    if (r < 0)
        return r;
    r = system_call(&n->sys, n->sys.system, give_birth, &birth);
    while (r == 0 && !birth.done) /* the workers run already; their answer comes through the loop */
        uv_run(n->boot.loop, UV_RUN_ONCE);
    r = r < 0 ? r : birth.r;
    return r < 0 ? err_set(e, -r, "cannot start /system/control: %s", err_text(r)) : 0;
}

void
backend_close(struct node *n)
{
    struct backend *b = n->backend;

    if (b == NULL)
        return;
    b->closing = true;
    control_logs_detach(n->boot.lines);
    walk_begin(b);
    list_each (it, &b->ops)
        op_end(container_of(it, struct op, link), -ERR_STOPPING, NULL);
    walk_end(b);
}

void
backend_free(struct node *n)
{
    struct backend *b = n->backend;

    if (b == NULL)
        return;
    /* posts that the loop did not come to */
    for (struct node_post *p = n->posts, *next; p != NULL; p = next) {
        next = p->next;
        if (p->fn == hear)
            heard_free(container_of(p, struct heard, post));
    }
    while (!list_empty(&b->visits)) {
        struct visit *v = container_of(b->visits.next, struct visit, link);
        struct op *op = v->op;

        visit_free(v);
        op_unref(op);
    }
    backend_swaps_free(b);
    behaviour_fini(&n->sys, &b->voice);
    free(b);
    n->backend = NULL;
}
