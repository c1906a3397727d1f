/* bind.c - see bind.h. */
#include "actor/bind.h"
#include <stdio.h>
#include <string.h>

static size_t
type_count(const actor_plugin *p)
{
    return (size_t)(p->types_end - p->types);
}

static const actor_behaviour *
behaviour_at(const actor_plugin *p, size_t i)
{
    return p->behaviours[i];
}

static const actor_row *
row_at(const actor_behaviour *b, size_t i)
{
    return (const actor_row *)(const void *)((const char *)b->rows + i * b->row_bytes);
}

/* --- types --- */
static int
read_schemas(struct system *sys, const actor_plugin *p, struct bound *b, struct err *e)
{
    size_t n = type_count(p);
    struct schema_raw *raw = env_alloc(sys->env, (n + 1) * sizeof *raw);
    int r;

    if (raw == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the schemas of %s", p->name);
    for (size_t i = 0; i < n; i++) {
        const actor_schema_head *h = p->types[i]->schema();

        raw[i] = (struct schema_raw){h, h->head_bytes + (size_t)h->nfields * h->field_bytes};
    }
    r = schema_set_new(&b->schemas, sys->env, raw, n, p->name, e);
    env_free(sys->env, raw, (n + 1) * sizeof *raw);
    return r;
}

void
bind_type(actor_type *t, const struct schema *s, const struct msg_type *m)
{
    /* whole words of a flat struct up to 32 B: what the fast path of tell copies inline */
    uint32_t units = s->flat && s->bytes % 8 == 0 && s->bytes <= 32 ? s->bytes / 8 : 0xffff;

    __atomic_store_n(&t->units_, units, __ATOMIC_RELAXED);
    __atomic_store_n(&t->flags_, s->flat ? ACTOR_TYPE_FLAT_ : 0, __ATOMIC_RELAXED);
    if (m != NULL)
        __atomic_store_n(&t->head_, m->head, __ATOMIC_RELAXED);
}

static int
add_types(struct system *sys, const actor_plugin *p, struct bound *b, struct err *e)
{
    int r = 0;

    mutex_lock(&sys->types_lock);
    for (size_t i = 0; i < type_count(p) && r == 0; i++) {
        const struct msg_type *m;

        if (!bind_sendable(b->schemas->v[i]))
            continue;
        r = types_add(&sys->types, b->schemas->v[i], &m, e);
        if (r == 0)
            bind_type(p->types[i], b->schemas->v[i], m);
    }
    mutex_unlock(&sys->types_lock);
    return r;
}

static const struct msg_type *
type_of(struct system *sys, const actor_type *t)
{
    return types_get(&sys->types, (uint32_t)__atomic_load_n(&t->head_, __ATOMIC_RELAXED));
}

static const struct schema *
schema_of(const actor_plugin *p, const struct bound *b, const actor_type *t)
{
    for (size_t i = 0; i < type_count(p); i++)
        if (p->types[i] == t)
            return b->schemas->v[i];
    return NULL;
}

static bool
all_zero(const struct schema *s)
{
    static const char zero[32];

    for (uint32_t i = 0; i < s->nfields; i++) {
        const struct field *f = &s->fields[i];

        if (memcmp(&f->dflt, zero, sizeof f->dflt) != 0 ||
            (f->nested != NULL && f->kind == ACTOR_KIND_nested && !all_zero(f->nested)))
            return false;
    }
    return true;
}

/* --- behaviours --- */
static int
bind_rows(struct system *sys, struct bound *all, struct behaviour *b, const actor_behaviour *ab,
          uint32_t *ret_atomic, struct err *e)
{
    for (size_t i = 0; i < ab->nrows; i++) {
        const actor_row *r = row_at(ab, i);
        const struct msg_type *type = r->type == NULL ? NULL : type_of(sys, r->type);

        if ((r->kind == ACTOR_ROW_MESSAGE || r->kind == ACTOR_ROW_START || r->kind == ACTOR_ROW_JOB) &&
            type == NULL)
            return err_set(e, ERR_NOTE,
                           "behaviour %s: row %zu names a type that is not in the plugin's type section",
                           b->name, i);
        switch (r->kind) {
        case ACTOR_ROW_MESSAGE:
            all->msgs[all->nmsgs++] =
                (struct behaviour_msg){type, (actor_handler)r->fn, r->value == ACTOR_NOFAIL};
            b->nmsgs++;
            break;
        case ACTOR_ROW_START:
            b->start = (actor_handler)r->fn;
            b->args = type;
            break;
        case ACTOR_ROW_STOP:
            b->stop = (actor_stop_hook)r->fn;
            break;
        case ACTOR_ROW_MIGRATE:
            b->migrate = (actor_migrate_hook)r->fn;
            break;
        case ACTOR_ROW_JOB:
            all->jobs[all->njobs++] =
                (struct behaviour_job){r->name, type, type_of(sys, r->out), (actor_job_fn)r->fn};
            b->njobs++;
            break;
        case ACTOR_ROW_ATOMIC:
            *ret_atomic = r->value > UNDO_BYTES ? UNDO_BYTES : (uint32_t)r->value;
            break;
        case ACTOR_ROW_POLICY:
            b->policy_text = r->name;
            break;
        case ACTOR_ROW_SAVE:
            b->save = (actor_save_hook)r->fn;
            break;
        case ACTOR_ROW_LOAD:
            b->load = (actor_load_hook)r->fn;
            break;
        default:
            break;
        }
    }
    return 0;
}

static int
bind_behaviour(struct system *sys, const actor_plugin *p, struct bound *all, struct behaviour *b,
               const actor_behaviour *ab, uint32_t id, struct err *e)
{
    uint32_t atomic_bytes = UNDO_BYTES;
    size_t len = strlen(p->name) + 1 + strlen(ab->name) + 1;
    char *name = env_alloc(sys->env, len);
    int r;

    if (name == NULL)
        return err_set(e, ERR_NOMEM, "no memory for behaviour %s", ab->name);
    snprintf(name, len, "%s.%s", p->name, ab->name);
    *b = (struct behaviour){.name = name, .plugin = p->name, .version = p->version, .version_id = id};
    b->state = schema_of(p, all, ab->state);
    if (b->state == NULL)
        return err_set(e, ERR_NOTE, "behaviour %s: its state is not in the plugin's type section", name);
    b->msgs = all->msgs + all->nmsgs;
    b->jobs = all->jobs + all->njobs;
    r = bind_rows(sys, all, b, ab, &atomic_bytes, e);
    if (r < 0)
        return r;
    b->state_bytes = b->state->bytes;
    b->zero_state = all_zero(b->state);
    b->undoable = b->state_bytes <= atomic_bytes && !schema_has_opaque(b->state);
    b->undo = (uint16_t)(b->undoable ? (b->state_bytes + UNDO_UNIT - 1) / UNDO_UNIT : 0);
    return behaviour_dispatch(sys, b, e);
}

int
bind_plugin(struct system *sys, const actor_plugin *p, uint32_t version_id, struct bound **ret, struct err *e)
{
    struct bound *b = env_alloc(sys->env, sizeof *b);
    size_t rows = 1;
    int r;

    if (b == NULL)
        return err_set(e, ERR_NOMEM, "no memory for plugin %s", p->name);
    b->env = sys->env;
    for (size_t i = 0; i < p->nbehaviours; i++)
        rows += behaviour_at(p, i)->nrows;
    b->rows = rows;
    b->nall = p->nbehaviours;
    b->behaviours = env_alloc(sys->env, (b->nall + 1) * sizeof *b->behaviours);
    b->msgs = env_alloc(sys->env, rows * sizeof *b->msgs);
    b->jobs = env_alloc(sys->env, rows * sizeof *b->jobs);
    r = -ERR_NOMEM;
    if (b->behaviours == NULL || b->msgs == NULL || b->jobs == NULL)
        err_set(e, ERR_NOMEM, "no memory for plugin %s", p->name);
    else
        r = read_schemas(sys, p, b, e);
    if (r == 0)
        r = add_types(sys, p, b, e);
    for (; b->n < p->nbehaviours && r == 0; b->n++)
        r = bind_behaviour(sys, p, b, &b->behaviours[b->n], behaviour_at(p, b->n), version_id, e);
    if (r < 0) {
        bound_free(sys, b);
        return r;
    }
    *ret = b;
    return 0;
}

void
bound_free(struct system *sys, struct bound *b)
{
    if (b == NULL)
        return;
    for (size_t i = 0; i < b->n; i++) {
        struct behaviour *v = &b->behaviours[i];

        behaviour_fini(sys, v);
        if (v->name != NULL)
            env_free(b->env, (char *)v->name, strlen(v->name) + 1);
    }
    schema_set_free(b->schemas);
    env_free(b->env, b->behaviours, (b->nall + 1) * sizeof *b->behaviours);
    env_free(b->env, b->msgs, b->rows * sizeof *b->msgs);
    env_free(b->env, b->jobs, b->rows * sizeof *b->jobs);
    env_free(b->env, b, sizeof *b);
}

int
bound_refresh(struct system *sys, struct bound *b, struct err *e)
{
    int r = 0;

    for (size_t i = 0; i < b->n && r == 0; i++)
        r = behaviour_dispatch(sys, &b->behaviours[i], e);
    return r;
}

int
bound_publish(struct system *sys, struct bound *const *all, size_t n)
{
    size_t total = 0, k = 0;
    struct behaviour **v;
    const char **names;
    int r = -ERR_NOMEM;

    for (size_t i = 0; i < n; i++)
        total += all[i]->n;
    v = env_alloc(sys->env, (total + 1) * sizeof *v);
    names = env_alloc(sys->env, (total + 1) * sizeof *names);
    if (v != NULL && names != NULL) {
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < all[i]->n; j++) {
                v[k] = &all[i]->behaviours[j];
                names[k] = v[k]->name;
                k++;
            }
        }
        r = registry_publish(sys, v, names, k);
    }
    env_free(sys->env, v, (total + 1) * sizeof *v);
    env_free(sys->env, names, (total + 1) * sizeof *names);
    return r;
}
