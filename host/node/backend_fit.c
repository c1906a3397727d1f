/* backend_fit.c - who can follow a swap: every actor of the old version is visited, builds its new state and drops it.
 *
 * For a rehearsal before, and for the reasons of those that stayed afterwards.
 */
#include "actor/switch.h"
#include "node/backend_swap.h"
#include <stdlib.h>

enum { KEPT_MAX = 1000, AT_ONCE = 512 };

struct fit_visit {
    struct visit v;
    struct swap *swap;
    bool gone; /* it runs something else by now */
    int r;
    struct err e;
    char *path;
};

static void
fit_fini(struct visit *v)
{
    free(((struct fit_visit *)v)->path);
}

static void
fit_here(struct actx *x, struct cell *c, struct visit *v)
{
    struct fit_visit *f = (struct fit_visit *)v;
    const struct behaviour_swap *m = container_of(f->swap, struct behaviour_swap, swap);
    size_t n;

    f->gone = atomic_load_explicit(&c->beh, memory_order_relaxed) != m->from || c->life == CELL_NEW ||
              c->life == CELL_STOPPING;
    if (f->gone)
        return;
    f->r = switch_rehearse(x, c, f->swap, &f->e);
    if (f->r == 0)
        return;
    n = names_path(x->sys, c, NULL, 0);
    f->path = malloc(n + 1);
    if (f->path != NULL)
        names_path(x->sys, c, f->path, n + 1);
}

static void fit_more(struct swap_op *s);

static void
fit_back(struct visit *v)
{
    struct fit_visit *f = (struct fit_visit *)v;
    struct swap_op *s = (struct swap_op *)v->op;
    struct view_kept k = {.path = f->path, .reason = f->e.text};

    s->out--;
    if (!v->dead && !f->gone && f->r < 0) {
        s->unfit++;
        if (s->first.code == 0) {
            s->first = f->e;
            s->first_path = f->path;
            f->path = NULL;
            k.path = s->first_path;
        }
        if (s->listed++ < KEPT_MAX)
            control_put_kept(s->op.call, &k);
    }
    fit_more(s);
}

/* The maps outlive the visits: they go with the op, and visits hold that. */
int
swap_maps(struct swap_op *s)
{
    struct backend *b = s->op.b;
    struct bound *old = runtime_bound(b->n->runtime, s->from);

    if (s->maps != NULL)
        return 0;
    if (s->plan == NULL && swap_plan_new(&s->plan, b->n->boot.env, s->from->manifest, s->to->manifest,
                                         s->narrow, NULL, NULL) < 0)
        return -ERR_NOMEM;
    s->maps = calloc(old->n + 1, sizeof *s->maps);
    if (s->maps == NULL)
        return -ERR_NOMEM;
    for (uint32_t i = 0; i < s->plan->n; i++) {
        const struct swap_behaviour *sb = &s->plan->v[i];
        struct behaviour_swap *m = &s->maps[s->nmaps];

        if (sb->from == NULL || sb->to == NULL)
            continue;
        m->from = backend_behaviour_of(b, s->from, sb->from->name);
        m->swap.to = backend_behaviour_of(b, s->to, sb->to->name);
        m->swap.plan = sb->state;
        if (m->from == NULL || m->swap.to == NULL)
            continue;
        m->swap.migrate = sb->migrate && m->swap.to->migrate != NULL;
        s->nmaps++;
    }
    return 0;
}

static struct swap *
map_of(struct swap_op *s, const struct behaviour *beh)
{
    for (size_t i = 0; i < s->nmaps; i++)
        if (s->maps[i].from == beh)
            return &s->maps[i].swap;
    return NULL;
}

static int
fit_visit(struct swap_op *s, const struct cell *c, struct swap *swap)
{
    struct fit_visit *f = calloc(1, sizeof *f);
    actor_ref who = {s->op.b->n->sys.cfg.node, (uint32_t)(c - s->op.b->n->sys.cells), cell_gen(c)};
    int r;

    if (f == NULL)
        return -ERR_NOMEM;
    f->swap = swap;
    f->v.here = fit_here;
    f->v.back = fit_back;
    f->v.fini = fit_fini;
    s->out++;
    s->asked++;
    r = visit_start(&s->op, &f->v, who);
    if (r < 0)
        s->out--;
    return r == -ERR_DEAD ? 0 : r;
}

static void
fit_more(struct swap_op *s)
{
    struct system *sys = &s->op.b->n->sys;
    uint32_t used = atomic_load_explicit(&sys->slots_used, memory_order_relaxed);

    while (s->slot < used && s->out < AT_ONCE) {
        const struct cell *c = cell_at(sys, s->slot++);
        struct swap *swap =
            cell_gen(c) == 0 ? NULL : map_of(s, atomic_load_explicit(&c->beh, memory_order_relaxed));
        int r = swap == NULL ? 0 : fit_visit(s, c, swap);

        if (r < 0) {
            op_end(&s->op, r, NULL);
            return;
        }
    }
    if (s->slot >= used && s->out == 0)
        swap_fitted(s);
}

void
swap_fit(struct swap_op *s)
{
    int r;

    s->slot = 1;
    s->asked = s->unfit = s->listed = 0;
    r = swap_maps(s);
    if (r < 0)
        op_end(&s->op, r, NULL);
    else
        fit_more(s);
}

uint64_t
swap_put_left(struct swap_op *s)
{
    struct system *sys = &s->op.b->n->sys;
    uint32_t used = atomic_load_explicit(&sys->slots_used, memory_order_relaxed);
    uint64_t left = 0;

    for (uint32_t i = 1; i < used; i++) {
        const struct cell *c = cell_at(sys, i);
        actor_ref who = {sys->cfg.node, i, cell_gen(c)};
        struct view_kept k = {.reason = "it has not reached a turn end; it switches when it does"};
        char *path;

        if (who.gen == 0 || map_of(s, atomic_load_explicit(&c->beh, memory_order_relaxed)) == NULL ||
            left++ >= KEPT_MAX)
            continue;
        path = backend_path(s->op.b, who, NULL);
        k.path = path;
        control_put_kept(s->op.call, &k);
        free(path);
    }
    return left;
}
