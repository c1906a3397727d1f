/* plan.c - finds each field's partner, then what lies between the two kinds.
 *
 * Nested structs make nodes of their own, one for each pair of schemas however often it is met, so that a
 * plan is never larger than its schemas.
 */
#include "msg/kind.h"
#include "msg/plan_priv.h"
#include <stdio.h>
#include <string.h>

struct builder {
    struct plan *plan;
    struct plan_node **tail;
    struct err *e;
    bool state, narrow;
};

static int node_get(struct builder *b, const struct plan_node **ret, const struct schema *from,
                    const struct schema *to, const char *path);

/* --- kinds --- */

/* Does every value of kind `from` exist in kind `to`? */
static bool
widens(unsigned from, unsigned to)
{
    if (from == ACTOR_KIND_f32)
        return to == ACTOR_KIND_f64;
    if (!kind_is_int(from) || !kind_is_int(to) || kind_bytes(from) >= kind_bytes(to))
        return false;
    return kind_is_signed(to) || kind_is_unsigned(from);
}

static uint8_t
same_kind_op(unsigned kind)
{
    if (kind == ACTOR_KIND_nested)
        return OP_NESTED;
    if (kind == ACTOR_KIND_bool)
        return OP_BOOL;
    return kind_is_text(kind) ? OP_TEXT : OP_RAW;
}

/* COPY, WIDEN, NARROW, CONVERT, or MIGRATE when there is no way. Fills v but for its node. */
static enum plan_action
value_plan(const struct builder *b, struct plan_value *v, unsigned from, unsigned to)
{
    bool real = kind_is_float(to);

    v->from = (uint8_t)from;
    v->to = (uint8_t)to;
    v->from_bytes = kind_bytes(from);
    v->to_bytes = kind_bytes(to);
    if (from == to) {
        v->op = same_kind_op(to);
        return to == ACTOR_KIND_nested ? PLAN_CONVERT : PLAN_COPY;
    }
    if (widens(from, to)) {
        v->op = real ? OP_FLOAT : OP_INT;
        return PLAN_WIDEN;
    }
    if (b->narrow && widens(to, from)) {
        v->op = real ? OP_FLOAT_TESTED : OP_INT_TESTED;
        return PLAN_NARROW;
    }
    return PLAN_MIGRATE;
}

/* --- reports --- */

static void
problem(struct builder *b, const struct plan_node *n, struct plan_step *s, const char *reason)
{
    char from[64], to[64];
    enum plan_verdict v = b->state ? PLAN_NEEDS_MIGRATE : PLAN_IMPOSSIBLE;
    int code = b->state ? ERR_MIGRATE : ERR_SCHEMA;

    s->action = b->state ? PLAN_MIGRATE : PLAN_REFUSE;
    s->reason = reason;
    if (b->plan->verdict >= v)
        return;
    b->plan->verdict = v;
    schema_kind_text(s->to, to, sizeof to);
    if (s->from == NULL)
        err_set(b->e, code, "%s, field %s%s (%s): %s", b->plan->to->name, n->path, s->to->name, to, reason);
    else
        err_set(b->e, code, "%s, field %s%s: %s to %s: %s", b->plan->to->name, n->path, s->to->name,
                schema_kind_text(s->from, from, sizeof from), to, reason);
    if (b->state)
        err_fix(b->e, "write ACTOR_ON_MIGRATE for it, or keep the kind and add a new field beside it");
    else
        err_fix(b->e, "keep the kind and add a new field beside it, or give the message a new name");
}

/* --- steps --- */

static int
child(struct builder *b, struct plan_value *v, const struct plan_node *n, const struct field *f,
      const struct schema *from, const struct schema *to)
{
    char path[512];

    v->from_bytes = from->bytes;
    v->to_bytes = to->bytes;
    snprintf(path, sizeof path, "%s%s%s.", n->path, f->name,
             f->kind == ACTOR_KIND_list || f->kind == ACTOR_KIND_map ? "[]" : "");
    return node_get(b, &v->node, from, to, path);
}

/* Where a nested struct is absent as a whole, its own required fields are not asked for. */
static int
step_missing(struct builder *b, const struct plan_node *n, struct plan_step *s)
{
    s->action = PLAN_DEFAULT;
    if (s->to->kind == ACTOR_KIND_opaque)
        problem(b, n, s, "an opaque value has no default");
    else if ((s->to->flags & ACTOR_REQUIRED) != 0)
        problem(b, n, s, "it is required, and absent on the other side");
    return 0;
}

static int
step_pair(struct builder *b, const struct plan_node *n, struct plan_step *s)
{
    const struct field *f = s->from, *t = s->to;
    enum plan_action key = PLAN_COPY, value = PLAN_MIGRATE;
    const char *reason = "there is no automatic way";

    if (t->kind == ACTOR_KIND_opaque && f->kind == t->kind && strcmp(f->type, t->type) == 0) {
        s->action = PLAN_LOAD;
        b->plan->loads++;
        return 0;
    }
    if (t->kind == ACTOR_KIND_opaque) {
        reason = "only the plugin knows what an opaque value means";
    } else if (f->kind == t->kind && kind_is_container(t->kind)) {
        value = value_plan(b, &s->value, f->elem, t->elem);
        if (t->kind == ACTOR_KIND_map)
            key = value_plan(b, &s->key, f->key, t->key);
    } else if (!kind_is_container(f->kind) && !kind_is_container(t->kind)) {
        value = value_plan(b, &s->value, f->kind, t->kind);
    }
    if (value == PLAN_MIGRATE || key == PLAN_MIGRATE) {
        if (f->kind == t->kind ? widens(t->elem, f->elem) || widens(t->key, f->key)
                               : widens(t->kind, f->kind))
            reason = "values may not fit";
        problem(b, n, s, reason);
        return 0;
    }
    if (value == PLAN_CONVERT) {
        int r = child(b, &s->value, n, t, f->nested, t->nested);

        if (r < 0)
            return r;
        if (key == PLAN_COPY && f->nested->layout == t->nested->layout)
            value = PLAN_COPY;
    }
    s->action = key == PLAN_NARROW || value == PLAN_NARROW ? PLAN_NARROW
                : key == PLAN_WIDEN && value == PLAN_COPY  ? PLAN_WIDEN
                                                           : (uint8_t)value;
    b->plan->narrowed += s->action == PLAN_NARROW;
    return 0;
}

/* --- partners --- */

static bool
taken(const struct plan_node *n, const struct field *f)
{
    for (uint32_t i = 0; i < n->to->nfields; i++)
        if (n->steps[i].from == f)
            return true;
    return false;
}

/* Names first, over all fields; then what `to` says it was; then what `from` says it was, which is `to`
 * itself when going back. A field goes to one partner only. */
static void
find_partners(const struct builder *b, struct plan_node *n)
{
    uint32_t count = n->to->nfields;

    for (uint32_t i = 0; i < count; i++)
        n->steps[i].from = schema_field(n->from, n->steps[i].to->name);
    for (uint32_t i = 0; b->state && i < count; i++) {
        struct plan_step *s = &n->steps[i];
        const struct field *f = s->to->was[0] != '\0' ? schema_field(n->from, s->to->was) : NULL;

        if (s->from == NULL &&
            f != NULL) /* nobody else's: schemas refuse a `was` that is claimed or still there */
            s->from = f;
    }
    for (uint32_t i = 0; b->state && i < count; i++) {
        struct plan_step *s = &n->steps[i];

        for (uint32_t k = 0; s->from == NULL && k < n->from->nfields; k++)
            if (strcmp(n->from->fields[k].was, s->to->name) == 0 && !taken(n, &n->from->fields[k]))
                s->from = &n->from->fields[k];
    }
}

static int
fill(struct builder *b, struct plan_node *n)
{
    int r = 0;

    for (uint32_t i = 0; i < n->to->nfields; i++)
        n->steps[i].to = &n->to->fields[i];
    find_partners(b, n);
    for (uint32_t i = 0; r == 0 && i < n->to->nfields; i++)
        r = n->steps[i].from == NULL ? step_missing(b, n, &n->steps[i]) : step_pair(b, n, &n->steps[i]);
    n->nsteps = n->to->nfields;
    for (uint32_t k = 0; k < n->from->nfields; k++) {
        if (taken(n, &n->from->fields[k]))
            continue;
        n->steps[n->nsteps].from = &n->from->fields[k];
        n->steps[n->nsteps++].action = PLAN_DROP;
        b->plan->lost++;
    }
    return r;
}

/* --- nodes --- */

static int
node_get(struct builder *b, const struct plan_node **ret, const struct schema *from, const struct schema *to,
         const char *path)
{
    size_t path_bytes = strlen(path) + 1, bytes, nsteps;
    struct plan_node *n;

    for (n = b->plan->root; n != NULL; n = n->next)
        if (n->from == from && n->to == to) {
            *ret = n;
            return 0;
        }
    nsteps = (size_t)to->nfields + from->nfields;
    bytes = sizeof *n + nsteps * sizeof n->steps[0] + path_bytes;
    n = env_alloc(b->plan->env, bytes);
    if (n == NULL)
        return -ERR_NOMEM;
    n->bytes = bytes;
    n->from = from;
    n->to = to;
    memcpy(&n->steps[nsteps], path, path_bytes);
    n->path = (const char *)&n->steps[nsteps];
    *b->tail = n;
    b->tail = &n->next;
    *ret = n;
    return fill(b, n);
}

int
plan_new(struct plan **ret, struct env *env, const struct schema *from, const struct schema *to,
         unsigned flags, struct err *e)
{
    struct plan *p = env_alloc(env, sizeof *p);
    struct builder b = {p, NULL, e, form_is_state(to->form), false};
    const struct plan_node *root;
    int r = -ERR_NOMEM;

    if (p == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a plan of %s", to->name);
    p->env = env;
    p->verdict = PLAN_EQUAL;
    b.tail = &p->root;
    b.narrow = (flags & PLAN_ALLOW_NARROW) != 0;
    if (schema_copy(&p->from, env, from) == 0 && schema_copy(&p->to, env, to) == 0)
        r = node_get(&b, &root, p->from, p->to, "");
    if (r < 0) {
        plan_free(p);
        return err_set(e, -r, "no memory for a plan of %s", to->name);
    }
    if (form_is_state(from->form) != b.state) {
        p->verdict = PLAN_IMPOSSIBLE;
        err_set(e, ERR_SCHEMA, "%s: a %s cannot become a %s", to->name, form_name(from->form),
                form_name(to->form));
    } else if (p->verdict == PLAN_EQUAL && (from->layout != to->layout || p->loads != 0)) {
        p->verdict = PLAN_AUTO;
    }
    *ret = p;
    return 0;
}

void
plan_free(struct plan *p)
{
    struct plan_node *n, *next;

    if (p == NULL)
        return;
    for (n = p->root; n != NULL; n = next) {
        next = n->next;
        env_free(p->env, n, n->bytes);
    }
    schema_free(p->from);
    schema_free(p->to);
    env_free(p->env, p, sizeof *p);
}

enum plan_verdict
plan_verdict(const struct plan *p)
{
    return p->verdict;
}

const struct schema *
plan_from(const struct plan *p)
{
    return p->from;
}

const struct schema *
plan_to(const struct plan *p)
{
    return p->to;
}

unsigned
plan_lost(const struct plan *p)
{
    return p->lost;
}

unsigned
plan_narrowed(const struct plan *p)
{
    return p->narrowed;
}

bool
plan_loads(const struct plan *p)
{
    return p->loads != 0;
}
