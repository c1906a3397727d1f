/* fit.c - may a version live beside those that live already? Mail goes between them.
 *
 *   for each message name that both know in different layouts:
 *        sender's layout --> receiver's layout        asked only where the receiver has a row for it
 *
 * Between two plugins, and from an older version of one to a newer: without loss. From a newer version to an older one of the same
 * plugin values may also be narrowed, as state is in a swap back: each is tested when it arrives, and a misfit is a dead letter.
 */
#include "plugin/catalogue_priv.h"
#include <string.h>

/* What the host itself sends. */
static const char host_name[] = "actord itself";

struct side {
    const struct manifest *m; /* NULL: the host */
    const struct schema *s;
};

static const char *
name_of(const struct side *p)
{
    return p->m == NULL ? host_name : p->m->name;
}

static bool
receives(const struct side *p)
{
    for (uint32_t i = 0; p->m != NULL && i < p->m->nbehaviours; i++) {
        const struct manifest_behaviour *b = &p->m->behaviours[i];

        for (uint32_t k = 0; k < b->nrows; k++)
            if ((b->rows[k].kind == ACTOR_ROW_MESSAGE || b->rows[k].kind == ACTOR_ROW_START) &&
                schema_same(b->rows[k].type, p->s))
                return true;
    }
    return false;
}

/* Going down from a newer version to an older one (or between two builds of one version)? */
static bool
may_narrow(const struct side *from, const struct side *to)
{
    return from->m != NULL && strcmp(name_of(from), name_of(to)) == 0 &&
           version_text_compare(from->m->version, to->m->version) >= 0;
}

/* new_one: either of the two, the one that wants to come in. */
static int
fits(const struct catalogue *c, const struct side *from, const struct side *to, const struct side *new_one,
     struct err *err)
{
    const struct side *old = new_one == from ? to : from;
    struct err why = {0};
    struct plan *plan;
    int r;

    if (!receives(to))
        return 0;
    r = plan_new(&plan, c->env, from->s, to->s, may_narrow(from, to) ? PLAN_ALLOW_NARROW : 0, &why);
    if (r < 0)
        return err_set(err, ERR_NOMEM, "no memory to compare the schemas of '%s'", name_of(new_one));
    if (plan_verdict(plan) > PLAN_AUTO) {
        r = err_set(err, ERR_SCHEMA,
                    "message %s of plugin '%s' %s does not fit the %s that '%s'%s%s brought: %s",
                    new_one->s->name, new_one->m->name, new_one->m->version, old->s->name, name_of(old),
                    old->m == NULL ? "" : " ", old->m == NULL ? "" : old->m->version, why.text);
        err_fix(err, "%s", why.fix);
    }
    plan_free(plan);
    return r;
}

static int
compare(const struct catalogue *c, const struct side *fresh, const struct side *known, struct strbuf *notice,
        struct err *err)
{
    int r;

    if (known->s->form != fresh->s->form || strcmp(known->s->name, fresh->s->name) != 0 ||
        schema_same(known->s, fresh->s))
        return 0;
    r = fits(c, known, fresh, fresh, err);
    if (r == 0)
        r = fits(c, fresh, known, fresh, err);
    if (r == 0 && notice != NULL)
        strbuf_printf(notice,
                      "message %s differs from the one that '%s'%s%s brought: converted by field name\n",
                      fresh->s->name, name_of(known), known->m == NULL ? "" : " ",
                      known->m == NULL ? "" : known->m->version);
    return r;
}

/* A version that drains, and that no actor runs, gets no mail. */
static bool
lives(const struct catalogue *c, const struct version *v)
{
    return v->state != VERSION_DRAINING || (c->in_use != NULL && c->in_use(c->self, v));
}

static bool
is_mail(const struct schema *s)
{
    return s->form == ACTOR_FORM_MESSAGE || s->form == ACTOR_FORM_ARGS;
}

/* The host's own types, and what other SDKs made of them. */
static int
compare_with_host(struct catalogue *c, const struct side *fresh, struct strbuf *notice, struct err *err)
{
    int r = 0;

    if (strncmp(fresh->s->name, "actor.", 6) != 0)
        return 0;
    catalogue_lock_types(c);
    for (const struct msg_type *t = types_named(c->types, fresh->s->name); r == 0 && t != NULL;
         t = t->next_named)
        r = compare(c, fresh, &(struct side){NULL, t->schema}, notice, err);
    catalogue_unlock_types(c);
    return r;
}

int
catalogue_compare(struct catalogue *c, const struct manifest *m, struct strbuf *notice, struct err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < m->schemas->n; i++) {
        const struct side fresh = {m, m->schemas->v[i]};

        if (!is_mail(fresh.s))
            continue;
        r = compare_with_host(c, &fresh, notice, err);
        vec_each (v, &c->versions) {
            const struct schema_set *set = (*v)->manifest->schemas;

            for (size_t k = 0; r == 0 && (*v)->manifest != m && lives(c, *v) && k < set->n; k++)
                r = compare(c, &fresh, &(struct side){(*v)->manifest, set->v[k]}, notice, err);
        }
    }
    return r;
}
