#include "plugin/swap_plan.h"
#include "plugin/notes.h"
#include <string.h>

struct builder {
    struct swap_plan *p;
    const struct swap_use *use;
};

const char *
swap_verdict_name(enum swap_verdict v)
{
    static const char *const names[] = {"equal", "automatic", "needs migrate()", "impossible"};

    return names[v];
}

int
version_text_compare(const char *a, const char *b)
{
    char x[40], y[40];
    const char *rest_a = strchr(a, '-'), *rest_b = strchr(b, '-');
    int r;

    strncpy(x, a, sizeof x - 1);
    strncpy(y, b, sizeof y - 1);
    x[rest_a != NULL && rest_a - a < 39 ? rest_a - a : 39] = '\0';
    y[rest_b != NULL && rest_b - b < 39 ? rest_b - b : 39] = '\0';
    r = strverscmp(x, y);
    if (r != 0 || (rest_a == NULL && rest_b == NULL))
        return r;
    if (rest_a == NULL || rest_b == NULL)
        return rest_a == NULL ? 1 : -1;
    return strverscmp(rest_a, rest_b);
}

/* --- one behaviour --- */

static int
plan_state(struct builder *b, struct swap_behaviour *s)
{
    unsigned flags = b->p->narrow ? PLAN_ALLOW_NARROW : 0;
    bool has_migrate = manifest_row(s->to, ACTOR_ROW_MIGRATE, NULL) != NULL;
    struct err err = {0};
    int r = plan_new(&s->state, b->p->env, s->from->state, s->to->state, flags, &err);

    if (r < 0)
        return r;
    switch (plan_verdict(s->state)) {
    case PLAN_EQUAL:
        s->verdict = SWAP_EQUAL;
        /* The same fields under a new number: the author says that they mean something else. */
        s->migrate = has_migrate && s->from->state->version != s->to->state->version;
        if (s->migrate)
            s->verdict = SWAP_AUTO;
        break;
    case PLAN_AUTO:
        s->verdict = SWAP_AUTO;
        s->migrate = has_migrate;
        break;
    case PLAN_NEEDS_MIGRATE:
        s->verdict = has_migrate ? SWAP_MIGRATE : SWAP_IMPOSSIBLE;
        s->migrate = has_migrate;
        if (!has_migrate)
            s->err = err;
        break;
    case PLAN_IMPOSSIBLE:
        s->verdict = SWAP_IMPOSSIBLE;
        s->err = err;
        break;
    }
    return 0;
}

static const struct manifest_row *
same_row(const struct manifest_behaviour *b, const struct manifest_row *row)
{
    for (uint32_t i = 0; i < b->nrows; i++) {
        const struct manifest_row *o = &b->rows[i];

        if (o->kind != row->kind)
            continue;
        /* A job is known by what goes in and comes out; other hooks exist once. */
        if (row->kind == ACTOR_ROW_MESSAGE && strcmp(o->type->name, row->type->name) != 0)
            continue;
        if (row->kind == ACTOR_ROW_JOB &&
            (strcmp(o->type->name, row->type->name) != 0 || strcmp(o->out->name, row->out->name) != 0))
            continue;
        return o;
    }
    return NULL;
}

static void
refuse(struct swap_behaviour *s)
{
    s->verdict = SWAP_IMPOSSIBLE;
}

/* Mail of the layout before is still under way when the handler changes. */
static int
check_message(struct builder *b, struct swap_behaviour *s, const struct schema *from, const struct schema *to)
{
    struct err err = {0};
    struct plan *plan = NULL;
    int r;

    if (from == NULL || to == NULL || schema_same(from, to))
        return 0;
    if (strcmp(from->name, to->name) != 0)
        return 0; /* another type altogether, as start arguments may be: nothing to convert */
    r = plan_new(&plan, b->p->env, from, to, b->p->narrow ? PLAN_ALLOW_NARROW : 0, &err);
    if (r < 0)
        return r;
    if (plan_verdict(plan) > PLAN_AUTO && s->verdict != SWAP_IMPOSSIBLE) {
        s->err = err;
        refuse(s);
    }
    plan_free(plan);
    return 0;
}

static int
compare_rows(struct builder *b, struct swap_behaviour *s)
{
    int r;

    s->removed = b->p->rows_ + b->p->nrows_;
    for (uint32_t i = 0; i < s->from->nrows; i++) {
        const struct manifest_row *row = &s->from->rows[i], *now = same_row(s->to, row);
        uint64_t n;

        if (now != NULL) {
            r = check_message(b, s, row->type, now->type);
            if (r < 0)
                return r;
            continue;
        }
        if (row->kind != ACTOR_ROW_MESSAGE && row->kind != ACTOR_ROW_JOB)
            continue; /* hooks come and go */
        s->removed[s->nremoved++] = row;
        b->p->nrows_++;
        if (b->use == NULL || b->use->expected == NULL || s->verdict == SWAP_IMPOSSIBLE)
            continue;
        n = b->use->expected(b->use->self, s->from->name, row->type);
        if (n == 0)
            continue;
        err_set(&s->err, ERR_BUSY,
                "behaviour '%s': the %s row for %s is removed, but %llu asks, timers or jobs wait for it",
                s->from->name, notes_row_kind_name(row->kind), row->type->name, (unsigned long long)n);
        err_fix(&s->err, "keep the row in this version, or try again when they are over");
        refuse(s);
    }
    for (uint32_t i = 0; i < s->to->nrows; i++)
        if (same_row(s->from, &s->to->rows[i]) == NULL)
            s->nadded++;
    return 0;
}

static void
check_removed(struct builder *b, struct swap_behaviour *s)
{
    uint64_t n = b->use != NULL && b->use->actors != NULL ? b->use->actors(b->use->self, s->from->name) : 0;

    s->verdict = SWAP_EQUAL;
    if (n == 0)
        return;
    err_set(&s->err, ERR_BUSY, "behaviour '%s' is gone in %s, but %llu actors run it", s->from->name,
            b->p->to->version, (unsigned long long)n);
    err_fix(&s->err, "keep the behaviour, or stop its actors first");
    refuse(s);
}

/* --- all --- */

static int
build(struct builder *b)
{
    struct swap_plan *p = b->p;
    int r;

    p->cap_ = p->from->nbehaviours + p->to->nbehaviours;
    p->rows_cap_ = p->from->nrows_ + 1;
    p->v = env_alloc(p->env, p->cap_ * sizeof *p->v);
    p->rows_ = env_alloc(p->env, p->rows_cap_ * sizeof *p->rows_);
    if (p->v == NULL || p->rows_ == NULL)
        return -ERR_NOMEM;
    for (uint32_t i = 0; i < p->to->nbehaviours; i++) {
        struct swap_behaviour *s = &p->v[p->n++];

        s->to = &p->to->behaviours[i];
        s->from = manifest_behaviour(p->from, s->to->name);
        if (s->from == NULL)
            continue; /* added */
        r = plan_state(b, s);
        if (r == 0)
            r = compare_rows(b, s);
        if (r < 0)
            return r;
    }
    for (uint32_t i = 0; i < p->from->nbehaviours; i++) {
        if (manifest_behaviour(p->to, p->from->behaviours[i].name) != NULL)
            continue;
        p->v[p->n].from = &p->from->behaviours[i];
        check_removed(b, &p->v[p->n++]);
    }
    for (uint32_t i = 0; i < p->n; i++)
        if (p->v[i].verdict > p->verdict)
            p->verdict = p->v[i].verdict;
    return 0;
}

int
swap_plan_new(struct swap_plan **ret, struct env *env, const struct manifest *from, const struct manifest *to,
              bool allow_narrow, const struct swap_use *use, struct err *err)
{
    struct swap_plan *p = env_alloc(env, sizeof *p);
    struct builder b = {p, use};

    if (p == NULL)
        return err_set(err, ERR_NOMEM, "no memory for the plan of '%s'", to->name);
    p->env = env;
    p->from = from;
    p->to = to;
    p->narrow = allow_narrow;
    if (build(&b) < 0) {
        swap_plan_free(p);
        return err_set(err, ERR_NOMEM, "no memory for the plan of '%s'", to->name);
    }
    for (uint32_t i = 0; err != NULL && i < p->n; i++)
        if (p->v[i].verdict == SWAP_IMPOSSIBLE) {
            *err = p->v[i].err;
            err_at(err, "%s %s cannot take over from %s", to->name, to->version, from->version);
            break;
        }
    *ret = p;
    return 0;
}

void
swap_plan_free(struct swap_plan *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; i < p->n; i++)
        plan_free(p->v[i].state);
    env_free(p->env, p->v, p->cap_ * sizeof *p->v);
    env_free(p->env, p->rows_, p->rows_cap_ * sizeof *p->rows_);
    env_free(p->env, p, sizeof *p);
}
