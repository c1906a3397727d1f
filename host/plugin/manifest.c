#include "plugin/manifest.h"
#include "plugin/notes.h"
#include <string.h>

/* Copies of the schema notes in one block: the array, then the bytes. */
static int
keep_records(struct manifest *m, const struct notes *n, struct err *err)
{
    size_t bytes = n->nschemas * sizeof *n->schemas;
    struct schema_raw *v;
    char *at;

    for (size_t i = 0; i < n->nschemas; i++)
        bytes += n->schemas[i].bytes;
    if (bytes == 0)
        return 0;
    v = env_alloc(m->env, bytes);
    if (v == NULL)
        return err_set(err, ERR_NOMEM, "no memory for %zu schema notes", n->nschemas);
    m->records = v;
    m->record_bytes_ = bytes;
    at = (char *)&v[n->nschemas];
    for (size_t i = 0; i < n->nschemas; i++) {
        memcpy(at, n->schemas[i].p, n->schemas[i].bytes);
        v[i] = (struct schema_raw){at, n->schemas[i].bytes};
        at += n->schemas[i].bytes;
    }
    return 0;
}

static int
find_config(struct manifest *m, struct err *err)
{
    for (size_t i = 0; i < m->schemas->n; i++) {
        const struct schema *s = m->schemas->v[i];

        if (s->form != ACTOR_FORM_CONFIG || s == m->config)
            continue;
        if (m->config != NULL) {
            err_set(err, ERR_NOTE, "the plugin has two settings schemas, %s and %s", m->config->name,
                    s->name);
            return err_fix(err, "use ACTOR_CONFIG at most once in a plugin");
        }
        m->config = s;
    }
    return 0;
}

static int
resolve(const struct manifest *m, const actor_row_note *row, const char *ns, const char *name, unsigned form,
        const struct schema **ret, struct err *err)
{
    const struct schema *s = schema_set_find(m->schemas, ns, name, form);

    if (s == NULL) {
        err_set(err, ERR_NOTE,
                "behaviour '%s': its %s row names '%s', which is none of the plugin's %s schemas, or several",
                row->behaviour, notes_row_kind_name(row->kind), name,
                form == ACTOR_FORM_ARGS ? "ACTOR_ARGS" : "ACTOR_MESSAGE");
        return -ERR_NOTE;
    }
    *ret = s;
    return 0;
}

static int
build_row(struct manifest *m, struct manifest_behaviour *b, const actor_row_note *note, struct err *err)
{
    struct manifest_row row = {.kind = note->kind};
    unsigned form = note->kind == ACTOR_ROW_START ? ACTOR_FORM_ARGS : ACTOR_FORM_MESSAGE;
    int r;

    if (note->type[0] != '\0') {
        r = resolve(m, note, note->type_ns, note->type, form, &row.type, err);
        if (r < 0)
            return r;
    }
    if (note->out[0] != '\0') {
        r = resolve(m, note, NULL, note->out, ACTOR_FORM_MESSAGE, &row.out, err);
        if (r < 0)
            return r;
    }
    for (uint32_t i = 0; i < b->nrows; i++)
        if (b->rows[i].kind == row.kind && (row.kind != ACTOR_ROW_MESSAGE || b->rows[i].type == row.type) &&
            row.kind != ACTOR_ROW_JOB)
            return err_set(err, ERR_NOTE, "behaviour '%s' has two %s rows%s%s", b->name,
                           notes_row_kind_name(row.kind), row.type != NULL ? " for " : "",
                           row.type != NULL ? row.type->name : "");
    b->rows[b->nrows++] = row;
    return 0;
}

static int
build_behaviours(struct manifest *m, const struct notes *n, struct err *err)
{
    struct manifest_row *at;
    int r;

    if (n->nbehaviours == 0) {
        err_set(err, ERR_NOTE, "the plugin has no behaviour");
        return err_fix(err, "declare one with ACTOR_BEHAVIOUR and name it in ACTOR_PLUGIN");
    }
    m->behaviours = env_alloc(m->env, n->nbehaviours * sizeof *m->behaviours);
    m->rows_ = env_alloc(m->env, (n->nrows + 1) * sizeof *m->rows_);
    if (m->behaviours != NULL)
        m->nbehaviours = (uint32_t)n->nbehaviours;
    if (m->rows_ != NULL)
        m->nrows_ = n->nrows + 1;
    if (m->behaviours == NULL || m->rows_ == NULL)
        return err_set(err, ERR_NOMEM, "no memory for %zu behaviours", n->nbehaviours);
    at = m->rows_;
    for (size_t i = 0; i < n->nbehaviours; i++) {
        struct manifest_behaviour *b = &m->behaviours[i];

        memcpy(b->name, n->behaviours[i].name, sizeof b->name);
        b->flags = n->behaviours[i].flags;
        b->rows = at;
        b->state = schema_set_find(m->schemas, NULL, n->behaviours[i].state, ACTOR_FORM_STATE);
        if (b->state == NULL)
            return err_set(err, ERR_NOTE,
                           "behaviour '%s': its state '%s' is none of the plugin's ACTOR_STATE schemas",
                           b->name, n->behaviours[i].state);
        for (size_t j = 0; j < n->nrows; j++) {
            if (strcmp(n->rows[j].behaviour, b->name) != 0)
                continue;
            r = build_row(m, b, &n->rows[j], err);
            if (r < 0)
                return r;
        }
        at += b->nrows;
    }
    for (size_t j = 0; j < n->nrows; j++)
        if (manifest_behaviour(m, n->rows[j].behaviour) == NULL) {
            err_set(err, ERR_NOTE, "a handler (%s %s) belongs to '%s', which is no behaviour of this plugin",
                    notes_row_kind_name(n->rows[j].kind), n->rows[j].type, n->rows[j].behaviour);
            return err_fix(err, "add ACTOR_BEHAVIOUR(%s, ...) and name it in ACTOR_PLUGIN",
                           n->rows[j].behaviour);
        }
    return 0;
}

static int
check_opaque(const struct manifest *m, struct err *err)
{
    for (uint32_t i = 0; i < m->nbehaviours; i++) {
        const struct manifest_behaviour *b = &m->behaviours[i];

        if (!schema_has_opaque(b->state))
            continue;
        if (manifest_row(b, ACTOR_ROW_SAVE, NULL) == NULL || manifest_row(b, ACTOR_ROW_LOAD, NULL) == NULL) {
            err_set(err, ERR_NOTE, "behaviour '%s' has opaque state but no save and load", b->name);
            return err_fix(err, "add ACTOR_ON_SAVE and ACTOR_ON_LOAD, or list the fields");
        }
    }
    return 0;
}

static int
build(struct manifest *m, const struct notes *n, struct err *err)
{
    int r;

    memcpy(m->name, n->plugin.name, sizeof m->name);
    memcpy(m->version, n->plugin.version, sizeof m->version);
    m->abi_major = n->plugin.abi_major;
    m->abi_minor = n->plugin.abi_minor;
    r = schema_set_new(&m->schemas, m->env, n->schemas, n->nschemas, m->name, err);
    if (r == 0)
        r = keep_records(m, n, err);
    if (r == 0)
        r = find_config(m, err);
    if (r == 0)
        r = build_behaviours(m, n, err);
    if (r == 0)
        r = check_opaque(m, err);
    return r;
}

int
manifest_build(struct manifest **ret, struct env *env, const struct notes *n, struct err *err)
{
    struct manifest *m = env_alloc(env, sizeof *m);
    int r;

    if (m == NULL)
        return err_set(err, ERR_NOMEM, "no memory for a plugin's manifest");
    m->env = env;
    r = build(m, n, err);
    if (r < 0) {
        manifest_free(m);
        return r;
    }
    *ret = m;
    return 0;
}

int
manifest_read(struct manifest **ret, struct env *env, const void *bytes, size_t n, struct err *err)
{
    const char *pinned = NULL;
    struct manifest *m = NULL;
    struct notes notes = {0};
    struct elf e;
    int r;

    r = elf_read(&e, bytes, n, err);
    if (r < 0)
        return r;
    r = elf_rules(&e, &pinned, err);
    if (r == 0)
        r = notes_read(&notes, env, &e, err);
    if (r == 0)
        r = manifest_build(&m, env, &notes, err);
    notes_fini(&notes);
    if (r < 0)
        return r;
    m->pinned = pinned;
    m->ninit = e.ninit;
    m->nloads = e.nloads;
    memcpy(m->load, e.load, sizeof m->load);
    m->build_id_bytes = e.build_id_bytes;
    memcpy(m->build_id, e.build_id, sizeof m->build_id);
    r = audit_init(&m->audit, env, &e, err);
    if (r < 0) {
        manifest_free(m);
        return r;
    }
    *ret = m;
    return 0;
}

void
manifest_free(struct manifest *m)
{
    struct env *env;

    if (m == NULL)
        return;
    env = m->env;
    audit_fini(&m->audit);
    schema_set_free(m->schemas);
    env_free(env, (void *)(uintptr_t)m->records, m->record_bytes_);
    env_free(env, m->behaviours, m->nbehaviours * sizeof *m->behaviours);
    env_free(env, m->rows_, m->nrows_ * sizeof *m->rows_);
    env_free(env, m, sizeof *m);
}

const struct manifest_behaviour *
manifest_behaviour(const struct manifest *m, const char *name)
{
    for (uint32_t i = 0; i < m->nbehaviours; i++)
        if (strcmp(m->behaviours[i].name, name) == 0)
            return &m->behaviours[i];
    return NULL;
}

const struct manifest_row *
manifest_row(const struct manifest_behaviour *b, unsigned kind, const char *name)
{
    for (uint32_t i = 0; i < b->nrows; i++) {
        const struct manifest_row *row = &b->rows[i];

        if (row->kind == kind && (name == NULL || (row->type != NULL && strcmp(row->type->name, name) == 0)))
            return row;
    }
    return NULL;
}
