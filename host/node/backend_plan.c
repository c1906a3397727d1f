/* backend_plan.c - a swap's plan as part of an answer, with how many actors it concerns. */
#include "node/backend.h"

struct users {
    struct backend *b;
    const struct version *from;
};

static uint64_t
actors_of(void *self, const char *name)
{
    const struct users *u = self;
    struct behaviour *x = u->from == NULL ? NULL : backend_behaviour_of(u->b, u->from, name);

    return x == NULL ? 0 : gauge_value(&x->actors);
}

void
put_plan_rows(struct backend *b, struct control_call *call, const struct swap_plan *p,
              const struct version *from)
{
    struct users u = {b, from};

    put_plan_views(call, p, &(struct plan_use){actors_of, &u});
}

void
put_plan(struct backend *b, struct control_call *call, const struct swap_plan *p, const struct version *from,
         struct view_plan *v)
{
    if (from != NULL) {
        v->from_version = from->manifest->version;
        v->from_sha256 = from->sha256_hex;
        v->actors = runtime_actors(b->n->runtime, from);
    }
    put_plan_verdict(call, p, v);
    put_plan_rows(b, call, p, from);
}
