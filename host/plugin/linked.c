/* linked.c - a plugin that is linked into the program instead of loaded from a file: the testkit's and the simulation's. Its
 * descriptor stands for the notes; from there on it is a version like any other. */
#include "plugin/catalogue_priv.h"
#include "plugin/notes.h"
#include "plugin/runtime_priv.h"
#include <stdio.h>
#include <string.h>

static const actor_row *
row_at(const actor_behaviour *b, size_t i)
{
    return (const actor_row *)(const void *)((const char *)b->rows + i * b->row_bytes);
}

/* What the macros write into a row's note. */
static void
note_row(struct notes *n, const actor_behaviour *b, const actor_row *row)
{
    actor_row_note *to = &n->rows[n->nrows++];
    const actor_schema_head *type = row->type == NULL ? NULL : row->type->schema();
    const actor_schema_head *out = row->out == NULL ? NULL : row->out->schema();

    *to = (actor_row_note){.head_bytes = sizeof *to, .kind = (uint8_t)row->kind};
    snprintf(to->behaviour, sizeof to->behaviour, "%s", b->name);
    if (type != NULL) {
        memcpy(to->type_ns, type->ns, sizeof to->type_ns);
        memcpy(to->type, type->name, sizeof to->type);
    }
    if (out != NULL)
        memcpy(to->out, out->name, sizeof to->out);
}

static void
note_behaviour(struct notes *n, const actor_behaviour *b)
{
    actor_behaviour_note *to = &n->behaviours[n->nbehaviours++];

    *to = (actor_behaviour_note){.head_bytes = sizeof *to, .flags = b->flags};
    snprintf(to->name, sizeof to->name, "%s", b->name);
    memcpy(to->state, b->state->schema()->name, sizeof to->state);
    for (size_t i = 0; i < b->nrows; i++)
        if (row_at(b, i)->kind != ACTOR_ROW_ATOMIC &&
            row_at(b, i)->kind != ACTOR_ROW_POLICY) /* these have no note */
            note_row(n, b, row_at(b, i));
}

static int
notes_of(struct notes *n, struct env *env, const actor_plugin *p, struct err *e)
{
    size_t types = (size_t)(p->types_end - p->types), cap = types + p->nbehaviours + 1;
    int r = notes_check_abi(p->abi_major, p->abi_minor, e);

    if (r < 0)
        return r;
    for (size_t i = 0; i < p->nbehaviours; i++)
        cap += p->behaviours[i]->nrows;
    *n = (struct notes){.env = env, .cap = cap};
    n->schemas = env_alloc(env, cap * sizeof *n->schemas);
    n->behaviours = env_alloc(env, cap * sizeof *n->behaviours);
    n->rows = env_alloc(env, cap * sizeof *n->rows);
    if (n->schemas == NULL || n->behaviours == NULL || n->rows == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the notes of '%s'", p->name);
    n->plugin = (actor_plugin_note){
        .head_bytes = sizeof n->plugin, .abi_major = p->abi_major, .abi_minor = p->abi_minor};
    snprintf(n->plugin.name, sizeof n->plugin.name, "%s", p->name);
    snprintf(n->plugin.version, sizeof n->plugin.version, "%s", p->version);
    for (size_t i = 0; i < types; i++) {
        const actor_schema_head *h = p->types[i]->schema();

        n->schemas[n->nschemas++] =
            (struct schema_raw){h, h->head_bytes + (size_t)h->nfields * h->field_bytes};
    }
    for (size_t i = 0; i < p->nbehaviours; i++)
        note_behaviour(n, p->behaviours[i]);
    return 0;
}

int
manifest_linked(struct manifest **ret, struct env *env, const actor_plugin *p, struct err *e)
{
    struct notes n = {0};
    int r = notes_of(&n, env, p, e);

    if (r == 0)
        r = manifest_build(ret, env, &n, e);
    notes_fini(&n);
    return r;
}

/* A version without a file. Takes m when it succeeds. */
static int
version_of(struct version **ret, struct catalogue *c, struct manifest *m, struct err *e)
{
    struct version *v = env_alloc(c->env, sizeof *v);

    if (v == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a version of '%s'", m->name);
    v->env = c->env;
    v->id = c->next_id + 1;
    snprintf(v->sha256_hex, sizeof v->sha256_hex, "%0*x", (int)sizeof v->sha256_hex - 1, v->id); /* unique */
    v->loaded_real_ns = c->env->real_ns(c->env);
    v->pinned = "is part of the program";
    if (vec_push(&c->versions, v) < 0) {
        env_free(c->env, v, sizeof *v);
        return err_set(e, ERR_NOMEM, "no memory for another version of '%s'", m->name);
    }
    v->manifest = m;
    c->next_id++;
    *ret = v;
    return 0;
}

int
runtime_link(struct runtime *rt, const actor_plugin *p, const void *config, struct version **ret,
             struct err *e)
{
    struct catalogue *c = rt->catalogue;
    struct manifest *m = NULL;
    struct version *v = NULL;
    int r = manifest_linked(&m, c->env, p, e);

    if (r == 0)
        r = catalogue_compare(c, m, NULL, e);
    if (r == 0)
        r = version_of(&v, c, m, e);
    if (r < 0) {
        manifest_free(m);
        return r;
    }
    r = runtime_bring_in(rt, v, p, p->name, config, e);
    if (r == 0)
        *ret = v;
    return r;
}
