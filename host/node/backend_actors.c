/* backend_actors.c - the `actors` command: pages of all cells in the order of their slots.
 *
 *   slots from the cursor --> visits, many at once --> rows in slot order, filtered --> page
 *
 * An actor that does not come to its turn end within LOOK_MS is shown as running, with what is known from outside.
 */
#include "node/backend_look.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 1000, BATCH_MAX = 1000, SCAN_MAX = 50000 /* visits for one page */ };

struct actors_op {
    struct op op;
    char *plugin, *behaviour, *state;
    uint32_t under; /* slot, 0: any */
    uint64_t limit, shown, visits, out;
    uint32_t slot; /* next to look at */
    struct actors_row {
        actor_ref who;
        struct look look;
        bool back, pass;
    } * rows; /* of the batch that is out */
    size_t nrows, cap;
    bool full; /* the page is: where to go on is in slot */
};
struct actors_visit {
    struct visit v;
    struct look look;
    uint32_t under;
    bool below;
    size_t row;
    uint64_t batch;
};

static void
rows_clear(struct actors_op *a)
{
    for (size_t i = 0; i < a->nrows; i++)
        look_fini(&a->rows[i].look);
    a->nrows = 0;
}

static void
actors_fini(struct op *op)
{
    struct actors_op *a = (struct actors_op *)op;

    rows_clear(a);
    free(a->rows);
    free(a->plugin);
    free(a->behaviour);
    free(a->state);
}

static bool
is_behaviour(const char *full, const char *wanted)
{
    const char *dot = strchr(full, '.');

    return strcmp(full, wanted) == 0 || (dot != NULL && strcmp(dot + 1, wanted) == 0);
}

/* What can be told without a visit. */
static bool
candidate(const struct actors_op *a, const struct behaviour *beh)
{
    return beh->plugin != NULL && (a->plugin == NULL || strcmp(beh->plugin, a->plugin) == 0) &&
           (a->behaviour == NULL || is_behaviour(beh->name, a->behaviour));
}

/* Actors that the filters on plugin and behaviour leave; the others need a visit each. */
static uint64_t
total(struct actors_op *a)
{
    struct backend *b = a->op.b;
    const struct version *v;
    uint64_t n = 0;
    size_t pos = 0;

    if (a->plugin == NULL && a->behaviour == NULL)
        return gauge_value(&b->n->sys.alive);
    while ((v = catalogue_next(runtime_catalogue(b->n->runtime), &pos)) != NULL) {
        struct bound *bound = runtime_bound(b->n->runtime, v);

        for (size_t i = 0; bound != NULL && i < bound->n; i++)
            if (candidate(a, &bound->behaviours[i]))
                n += gauge_value(&bound->behaviours[i].actors);
    }
    return n;
}

static void
actors_end(struct actors_op *a)
{
    char cursor[16];
    struct view_page p = {.shown = a->shown, .total = total(a)};

    if (a->full) {
        snprintf(cursor, sizeof cursor, "%u", a->slot);
        p.next = cursor;
    }
    control_put_page(a->op.call, &p);
    op_end(&a->op, 0, NULL);
}

static void
actors_here(struct actx *x, struct cell *c, struct visit *v)
{
    struct actors_visit *w = (struct actors_visit *)v;

    w->below = w->under == CELL_NONE;
    for (const struct cell *at = c; !w->below && at->parent != CELL_NONE; at = cell_at(x->sys, at->parent))
        w->below = at->parent == w->under;
    if (w->below)
        look_take(&w->look, x, c);
}

static void
actors_visit_fini(struct visit *v)
{
    look_fini(&((struct actors_visit *)v)->look);
}

static void actors_more(struct actors_op *a);

/* The batch is back, or its time is up: rows in slot order. */
static void
actors_flush(struct actors_op *a)
{
    for (size_t i = 0; i < a->nrows; i++) {
        struct actors_row *row = &a->rows[i];
        const struct look *l = &row->look;
        struct view_actor_row v;
        char ref[48];

        if (!row->back) { /* filters on place and state cannot be answered for it: it passes */
            look_from_afar(&row->look, a->op.b, row->who);
            row->pass = true;
        }
        if (!row->pass || (a->state != NULL && strcmp(a->state, l->state) != 0))
            continue;
        if (a->shown == a->limit) {
            a->slot = row->who.slot;
            a->full = true;
            break;
        }
        v = (struct view_actor_row){.path = l->path,
                                    .ref = ref_text(l->ref, ref),
                                    .behaviour = l->behaviour,
                                    .version = l->version,
                                    .state = l->state,
                                    .queued = l->queued,
                                    .turns = l->turns,
                                    .failures = l->failures,
                                    .restarts = l->restarts,
                                    .children = l->children};
        control_put_actor_row(a->op.call, &v);
        a->shown++;
    }
    rows_clear(a);
    actors_more(a);
}

static void
actors_late(struct op *op)
{
    struct actors_op *a = (struct actors_op *)op;

    op->id = ++op->b->next_id; /* a batch of its own: late ones of this one do not count */
    a->out = 0;
    actors_flush(a);
}

static void
actors_back(struct visit *v)
{
    struct actors_visit *w = (struct actors_visit *)v;
    struct actors_op *a = (struct actors_op *)v->op;

    if (w->batch != a->op.id)
        return;
    a->rows[w->row].back = true;
    a->rows[w->row].pass = !v->dead && w->below && !w->look.system;
    a->rows[w->row].look = w->look;
    w->look = (struct look){0};
    if (--a->out == 0) {
        a->op.deadline_ns = 0;
        actors_flush(a);
    }
}

/* 0, or out of memory. */
static int
actors_visit(struct actors_op *a, actor_ref who)
{
    struct actors_visit *w = calloc(1, sizeof *w);
    int r;

    if (w == NULL)
        return -ERR_NOMEM;
    w->v.here = actors_here;
    w->v.back = actors_back;
    w->v.fini = actors_visit_fini;
    w->under = a->under;
    w->row = a->nrows;
    w->batch = a->op.id;
    r = visit_start(&a->op, &w->v, who);
    if (r < 0)
        return r == -ERR_DEAD ? 0 : r;
    a->rows[a->nrows++] = (struct actors_row){.who = who};
    a->out++;
    a->visits++;
    return 0;
}

static void
actors_more(struct actors_op *a)
{
    struct system *sys = &a->op.b->n->sys;
    uint32_t used = atomic_load_explicit(&sys->slots_used, memory_order_relaxed);
    int r = 0;

    if (a->full || a->visits >= SCAN_MAX) {
        a->full = a->slot < used;
        actors_end(a);
        return;
    }
    /* one more than fits: to know whether there is a page after this one */
    while (a->slot < used && a->nrows < a->cap && a->nrows <= a->limit - a->shown && r == 0) {
        const struct cell *c = cell_at(sys, a->slot);
        actor_ref who = {sys->cfg.node, a->slot++, cell_gen(c)};

        if (who.gen != 0 && candidate(a, atomic_load_explicit(&c->beh, memory_order_relaxed)))
            r = actors_visit(a, who);
    }
    if (r < 0) {
        op_end(&a->op, r, NULL);
    } else if (a->out != 0) {
        op_deadline(&a->op, LOOK_MS);
    } else {
        actors_end(a);
    }
}

static const char *const state_words[] = {"idle", "ready", "running", "suspended", "stopping"};

static int
actors_read(struct actors_op *a, const struct req_actors *req, struct err *e)
{
    struct backend *b = a->op.b;
    actor_ref under = {0};
    struct version *v;
    char *end;
    int r = req->under == NULL ? 0 : find_actor(b, req->under, &under, e);

    if (r == 0 && req->plugin != NULL)
        r = backend_version(b, req->plugin, NULL, &v, e);
    if (r < 0)
        return r;
    a->under = under.slot == b->n->sys.root.slot ? CELL_NONE : under.slot;
    a->limit = req->limit == 0 ? 1 : req->limit;
    a->slot = 1;
    if (req->after != NULL) {
        unsigned long at = strtoul(req->after, &end, 10);

        if (*end != '\0' || end == req->after || at == 0 || at > UINT32_MAX)
            return err_set(e, ERR_INVALID, "'%s' is no cursor: give what the page before says in `next`",
                           req->after);
        a->slot = (uint32_t)at;
    }
    if (req->state != NULL) {
        bool known = false;

        for (size_t i = 0; i < ARRAY_LEN(state_words); i++)
            known |= strcmp(req->state, state_words[i]) == 0;
        if (!known)
            return err_set(e, ERR_INVALID, "'%s' is no state: idle, ready, running, suspended or stopping",
                           req->state);
    }
    if ((req->plugin != NULL && (a->plugin = strdup(req->plugin)) == NULL) ||
        (req->behaviour != NULL && (a->behaviour = strdup(req->behaviour)) == NULL) ||
        (req->state != NULL && (a->state = strdup(req->state)) == NULL))
        return -ERR_NOMEM;
    a->cap = a->limit < BATCH_MAX ? a->limit + 1 : BATCH_MAX;
    a->rows = calloc(a->cap, sizeof *a->rows);
    return a->rows == NULL ? -ERR_NOMEM : 0;
}

void
backend_actors(void *self, struct control_call *call, const struct req_actors *req)
{
    struct actors_op *a = op_new(self, call, sizeof *a, actors_fini);
    struct err e = {0};
    int r;

    if (a == NULL)
        return;
    a->op.late = actors_late;
    r = actors_read(a, req, &e);
    if (r < 0)
        op_end(&a->op, r, &e);
    else
        actors_more(a);
}
