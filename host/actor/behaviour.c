/* behaviour.c - dispatch tables. */
#include "actor/behaviour.h"
#include "actor/actor_system.h"
#include "actor/deliver.h"
#include <string.h>

static void
dispatch_free(struct dispatch *d)
{
    for (uint32_t i = 0; i <= d->mask; i++)
        plan_free((struct plan *)d->rows[i].plan);
    env_free(d->env, d, d->bytes);
}

static void
dispatch_retired(struct retired *r, void *arg)
{
    (void)arg;
    dispatch_free((struct dispatch *)r); /* first member */
}

/* The smallest mask under which no two keys share a place. */
static bool
fits(const uint64_t *keys, uint32_t n, uint32_t mask, uint8_t *seen)
{
    memset(seen, 0, mask + 1u);
    for (uint32_t i = 0; i < n; i++)
        if (seen[keys[i] & mask]++ != 0)
            return false;
    return true;
}

enum { DISPATCH_MASK_MAX = 0xffff };

struct draft {
    struct dispatch_row *rows;
    uint64_t *keys;
    uint32_t n, cap;
};

/* A row for every layout of its name. Whether two versions may meet was decided at load; here whatever may convert does, each
 * value tested, and mail that does not fit is a dead letter that says so. */
static int
draft_row(struct system *sys, struct draft *d, const struct behaviour *b, const struct behaviour_msg *m,
          struct err *e)
{
    for (const struct msg_type *t = types_named(&sys->types, m->type->schema->name); t != NULL;
         t = t->next_named) {
        struct plan *plan = NULL;

        if (t->schema->form != m->type->schema->form || d->n == d->cap)
            continue;
        if (t != m->type) {
            int r = plan_new(&plan, sys->env, t->schema, m->type->schema, PLAN_ALLOW_NARROW, e);

            if (r < 0)
                return r;
        }
        d->keys[d->n] = t->id;
        d->rows[d->n] = (struct dispatch_row){.key = t->id, .plan = plan, .expects = m->type->id};
        if (plan == NULL && m->nofail) {
            d->rows[d->n].nofail_fn = (actor_nofail_handler)(actor_fn)m->fn;
            d->rows[d->n].nofail = true;
        } else {
            d->rows[d->n].fn = plan == NULL ? m->fn : deliver_converted;
            d->rows[d->n].undo = b->undo;
        }
        d->n++;
    }
    return 0;
}

static int
draft_all(struct system *sys, struct behaviour *b, struct draft *d, struct err *e)
{
    int r = 0;

    for (uint32_t i = 0; i < b->nmsgs && r == 0; i++)
        r = draft_row(sys, d, b, &b->msgs[i], e);
    return r;
}

/* With the first table. */
static int
count_actors(struct system *sys, struct behaviour *b)
{
    return b->actors.parts != NULL ? 0 : gauge_init(&b->actors, sys->env, sys->cfg.sched.workers + 1);
}

int
behaviour_dispatch_by(struct system *sys, struct behaviour *b, struct dispatch *d)
{
    const struct dispatch *old;

    if (count_actors(sys, b) < 0)
        return -ERR_NOMEM;
    old = atomic_exchange_explicit(&b->dispatch, d, memory_order_acq_rel);
    if (old != NULL)
        dispatch_free((struct dispatch *)old);
    return 0;
}

int
behaviour_dispatch(struct system *sys, struct behaviour *b, struct err *e)
{
    struct draft d = {.cap = 0};
    struct dispatch *t = NULL;
    const struct dispatch *old;
    uint8_t *seen = NULL;
    uint32_t mask = 0;
    size_t bytes;
    int r = -ERR_NOMEM;

    if (count_actors(sys, b) < 0)
        return err_set(e, ERR_NOMEM, "no memory for the count of actors of %s", b->name);
    mutex_lock(&sys->types_lock);
    for (uint32_t i = 0; i < b->nmsgs; i++)
        for (const struct msg_type *p = types_named(&sys->types, b->msgs[i].type->schema->name); p != NULL;
             p = p->next_named)
            d.cap++;
    d.rows = env_alloc(sys->env, (d.cap + 1) * sizeof *d.rows);
    d.keys = env_alloc(sys->env, (d.cap + 1) * sizeof *d.keys);
    seen = env_alloc(sys->env, DISPATCH_MASK_MAX + 1);
    if (d.rows == NULL || d.keys == NULL || seen == NULL)
        goto out;
    r = draft_all(sys, b, &d, e);
    if (r < 0)
        goto out;
    while (mask < DISPATCH_MASK_MAX && !fits(d.keys, d.n, mask, seen))
        mask = mask * 2 + 1;
    bytes = sizeof *t + (mask + 1u) * sizeof t->rows[0];
    t = env_alloc(sys->env, bytes);
    if (t == NULL) {
        r = -ERR_NOMEM;
        goto out;
    }
    t->env = sys->env;
    t->bytes = bytes;
    t->mask = mask;
    t->nrows = d.n;
    for (uint32_t i = 0; i < d.n; i++)
        t->rows[d.keys[i] & mask] = d.rows[i];
    d.n = 0;
    /* release; pairs with the acquire at the start of a slice */
    old = atomic_exchange_explicit(&b->dispatch, t, memory_order_acq_rel);
    if (old != NULL)
        epoch_retire(&sys->sched.epoch, &((struct dispatch *)old)->retired, dispatch_retired);
out:
    for (uint32_t i = 0; i < d.n; i++)
        plan_free((struct plan *)d.rows[i].plan);
    env_free(sys->env, d.rows, (d.cap + 1) * sizeof *d.rows);
    env_free(sys->env, d.keys, (d.cap + 1) * sizeof *d.keys);
    env_free(sys->env, seen, DISPATCH_MASK_MAX + 1);
    mutex_unlock(&sys->types_lock);
    return r == -ERR_NOMEM ? err_set(e, ERR_NOMEM, "no memory for the dispatch table of %s", b->name) : r;
}

void
behaviour_fini(struct system *sys, struct behaviour *b)
{
    const struct dispatch *d = atomic_exchange_explicit(&b->dispatch, NULL, memory_order_acq_rel);

    if (d != NULL)
        dispatch_free((struct dispatch *)d);
    gauge_fini(&b->actors, sys->env);
}
