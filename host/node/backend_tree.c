/* backend_tree.c - the `tree` and `actor` commands.
 *
 *   tree:   visit --> row and its children's references --> visit the first of them ... depth first
 *   actor:  one visit, with the state encoded there
 *
 * An actor that does not come to its turn end within LOOK_MS is shown in the tree as running, without its children.
 */
#include "base/vec.h"
#include "node/backend_look.h"
#include "wire/codec.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 1000 };

/* --- tree --- */
struct branch {
    actor_ref who;
    uint32_t depth;
};
struct tree_op {
    struct op op;
    uint64_t depth, limit, shown, seen; /* seen: rows there would be, as far as they were counted */
    VEC(struct branch) todo;            /* last one first */
    struct branch now;
};
struct tree_visit {
    struct visit v;
    struct look look;
    size_t want;      /* children at most */
    actor_ref *child; /* oldest first */
    size_t nchild;
    uint64_t batch;
};

static void
tree_fini(struct op *op)
{
    vec_fini(&((struct tree_op *)op)->todo);
}

static void
tree_visit_fini(struct visit *v)
{
    struct tree_visit *t = (struct tree_visit *)v;

    look_fini(&t->look);
    free(t->child);
}

static void
tree_here(struct actx *x, struct cell *c, struct visit *v)
{
    struct tree_visit *t = (struct tree_visit *)v;
    uint32_t s = c->child;

    look_take(&t->look, x, c);
    if (t->want > t->look.children)
        t->want = t->look.children;
    t->child = t->want == 0 ? NULL : calloc(t->want, sizeof *t->child);
    if (t->child == NULL)
        return;
    while (cell_at(x->sys, s)->older != CELL_NONE)
        s = cell_at(x->sys, s)->older;
    for (; s != CELL_NONE && t->nchild < t->want; s = cell_at(x->sys, s)->younger)
        t->child[t->nchild++] = (actor_ref){x->node, s, cell_gen(cell_at(x->sys, s))};
}

static void tree_next(struct tree_op *t);

static void
put_tree_row(struct tree_op *t, const struct look *l)
{
    char ref[48];
    const char *slash = l->path == NULL ? NULL : strrchr(l->path, '/');
    struct view_tree_row v = {.depth = t->now.depth,
                              .name = slash == NULL || slash[1] == '\0' ? l->path : slash + 1,
                              .path = l->path,
                              .ref = ref_text(l->ref, ref),
                              .behaviour = l->behaviour,
                              .version = l->version,
                              .state = l->state,
                              .queued = l->queued,
                              .children = l->children};

    control_put_tree_row(t->op.call, &v);
    t->shown++;
    t->seen += l->children;
}

static void
tree_back(struct visit *v)
{
    struct tree_visit *w = (struct tree_visit *)v;
    struct tree_op *t = (struct tree_op *)v->op;

    if (w->batch != t->op.id)
        return;
    t->op.deadline_ns = 0;
    if (!v->dead) {
        put_tree_row(t, &w->look);
        for (size_t i = w->nchild; i-- > 0;)
            if (w->child[i].gen != 0 &&
                vec_push(&t->todo, ((struct branch){w->child[i], t->now.depth + 1})) < 0) {
                op_end(&t->op, -ERR_NOMEM, NULL);
                return;
            }
    }
    tree_next(t);
}

static void
tree_late(struct op *op)
{
    struct tree_op *t = (struct tree_op *)op;
    struct look l = {0};

    op->id = ++op->b->next_id;
    look_from_afar(&l, op->b, t->now.who);
    put_tree_row(t, &l);
    look_fini(&l);
    tree_next(t);
}

static void
tree_end(struct tree_op *t)
{
    struct view_page p = {.shown = t->shown, .total = t->seen};

    control_put_page(t->op.call, &p);
    op_end(&t->op, 0, NULL);
}

static void
tree_next(struct tree_op *t)
{
    for (;;) {
        struct tree_visit *w;
        int r;

        if (t->todo.n == 0 || t->shown >= t->limit) {
            tree_end(t);
            return;
        }
        t->now = t->todo.v[--t->todo.n];
        w = calloc(1, sizeof *w);
        if (w == NULL) {
            op_end(&t->op, -ERR_NOMEM, NULL);
            return;
        }
        w->v.here = tree_here;
        w->v.back = tree_back;
        w->v.fini = tree_visit_fini;
        w->batch = t->op.id;
        w->want = t->now.depth + 1 < t->depth ? t->limit - t->shown : 0;
        r = visit_start(&t->op, &w->v, t->now.who);
        if (r == 0) {
            op_deadline(&t->op, LOOK_MS);
            return;
        }
        if (r != -ERR_DEAD) {
            op_end(&t->op, r, NULL);
            return;
        }
    }
}

void
backend_tree(void *self, struct control_call *call, const struct req_tree *req)
{
    struct backend *b = self;
    struct tree_op *t = op_new(b, call, sizeof *t, tree_fini);
    struct branch root = {.who = b->n->sys.root};
    struct err e = {0};
    int r;

    if (t == NULL)
        return;
    t->depth = req->depth == 0 ? 1 : req->depth;
    t->limit = req->limit == 0 ? 1 : req->limit;
    t->seen = 1;
    t->op.late = tree_late;
    r = req->under == NULL ? 0 : find_actor(b, req->under, &root.who, &e);
    if (r == 0)
        r = vec_push(&t->todo, root);
    if (r < 0)
        op_end(&t->op, r, &e);
    else
        tree_next(t);
}

/* --- actor --- */
struct actor_visit {
    struct visit v;
    bool want_state;
    struct look look;
    char *parent;
    uint64_t stashed, watchers, worker, state_bytes;
    int32_t failure_code;
    char failure[100], state_type[96];
    struct strbuf supervision, state;
    int encoded;
};

static void
actor_visit_fini(struct visit *v)
{
    struct actor_visit *a = (struct actor_visit *)v;

    look_fini(&a->look);
    free(a->parent);
    strbuf_fini(&a->supervision);
    strbuf_fini(&a->state);
}

static void
actor_here(struct actx *x, struct cell *c, struct visit *v)
{
    struct actor_visit *a = (struct actor_visit *)v;
    const struct behaviour *beh = atomic_load_explicit(&c->beh, memory_order_relaxed);
    struct policy policy;
    size_t n;

    look_take(&a->look, x, c);
    if (c->parent != CELL_NONE) {
        n = names_path(x->sys, cell_at(x->sys, c->parent), NULL, 0);
        a->parent = malloc(n + 1);
        if (a->parent != NULL)
            names_path(x->sys, cell_at(x->sys, c->parent), a->parent, n + 1);
        supervision_policy(&v->op->b->n->supervision, c, &policy);
        policy_format(&policy, &a->supervision);
    }
    a->worker = x->w.id;
    a->state_bytes = beh->state_bytes;
    if (c->ext != NULL) {
        a->stashed = c->ext->nstash;
        a->watchers = c->ext->watchers.n;
        if (c->ext->failure != NULL) {
            a->failure_code = c->ext->failure->code;
            memcpy(a->failure, c->ext->failure->text, sizeof a->failure);
        }
    }
    if (beh->state == NULL)
        return;
    strncpy(a->state_type, beh->state->name, sizeof a->state_type - 1);
    if (a->want_state && c->state != NULL)
        a->encoded = codec_encode(&a->state, beh->state, c->state);
}

struct alias_of {
    uint32_t slot;
    char name[256];
};

static bool
find_alias(void *arg, uint32_t slot, uint32_t parent, const char *name, size_t len)
{
    struct alias_of *a = arg;

    if (slot != a->slot || parent != 0 || len >= sizeof a->name)
        return true;
    memcpy(a->name, name, len);
    return false;
}

static const char *
or_null(const char *s)
{
    return s == NULL || s[0] == '\0' ? NULL : s;
}

static void
actor_back(struct visit *v)
{
    struct actor_visit *a = (struct actor_visit *)v;
    struct op *op = v->op;
    const struct look *l = &a->look;
    struct alias_of alias = {.slot = v->who.slot};
    char ref[48];
    struct view_actor view;

    if (v->dead) {
        op_fail(op, ERR_DEAD, "%s has just ended", op->path);
        return;
    }
    if (a->encoded < 0) {
        op_fail(op, -a->encoded, "the state of %s cannot be shown: %s", op->path,
                a->encoded == -ERR_UNSUPPORTED ? "it has an opaque field" : err_text(a->encoded));
        return;
    }
    names_each(&op->b->n->sys, find_alias, &alias);
    view = (struct view_actor){.path = l->path,
                               .ref = ref_text(l->ref, ref),
                               .alias = or_null(alias.name),
                               .parent = a->parent,
                               .behaviour = l->behaviour,
                               .plugin = or_null(l->plugin),
                               .version = l->version,
                               .state = l->state,
                               .incarnation = l->restarts,
                               .turns = l->turns,
                               .queued = l->queued,
                               .mailbox = "unbounded", /* the one kind so far */
                               .stashed = a->stashed,
                               .watchers = a->watchers,
                               .children = l->children,
                               .worker = a->worker,
                               .failures = l->failures,
                               .failure_code = a->failure_code,
                               .failure = or_null(a->failure),
                               .supervision = or_null(strbuf_str(&a->supervision)),
                               .state_type = or_null(a->state_type),
                               .state_bytes = a->state_bytes,
                               .state_value = {a->state.p, a->state.len}};
    control_put_actor(op->call, &view);
    op_end(op, 0, NULL);
}

void
backend_actor(void *self, struct control_call *call, const struct req_actor *req)
{
    struct backend *b = self;
    struct op *op = op_new(b, call, sizeof *op, NULL);
    struct actor_visit *a = op == NULL ? NULL : calloc(1, sizeof *a);
    struct err e = {0};
    actor_ref who;
    int r;

    if (op == NULL)
        return;
    r = a == NULL ? -ERR_NOMEM : find_actor(b, req->actor, &who, &e);
    if (r < 0) {
        free(a);
        op_end(op, r, &e);
        return;
    }
    op->path = backend_path(b, who, req->actor);
    strbuf_init(&a->supervision);
    strbuf_init(&a->state);
    a->want_state = req->state;
    a->v.here = actor_here;
    a->v.back = actor_back;
    a->v.fini = actor_visit_fini;
    op_deadline(op, req->timeout);
    r = visit_start(op, &a->v, who);
    if (r < 0)
        op_fail(op, -r, "%s: %s", req->actor, err_text(r));
}
