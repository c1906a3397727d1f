#include "plugin/descriptor.h"
#include "plugin/notes.h"
#include <string.h>

enum { TYPES_MAX_PER_PLUGIN = 65536 };

struct reader {
    const struct image *im;
    const struct manifest *m;
    struct descriptor *d;
    struct err *err;
};

/* Structs begin with their size and grow at the end: take what both sides know, the rest is zero. */
static bool
get_struct(const struct image *im, const void *p, void *ret, size_t known)
{
    uint32_t size;

    if (!image_has(im, p, sizeof size, IMAGE_READ))
        return false;
    memcpy(&size, p, sizeof size);
    if (size < sizeof size || !image_has(im, p, size, IMAGE_READ))
        return false;
    memset(ret, 0, known);
    memcpy(ret, p, size < known ? size : known);
    return true;
}

static int
outside(const struct reader *r, const char *what)
{
    return err_set(r->err, ERR_NOTE, "the plugin's descriptor is damaged: %s points outside the plugin",
                   what);
}

/* What only the code says: options, not handlers. */
static bool
has_note(uint32_t kind)
{
    return kind != ACTOR_ROW_ATOMIC && kind != ACTOR_ROW_POLICY;
}

/* --- types --- */

/* The manifest's schema with the same bytes as this one in memory. NULL: none. */
static const struct schema *
same_record(const struct manifest *m, const struct image *im, const actor_schema_head *head)
{
    for (size_t i = 0; i < m->schemas->n; i++)
        if (image_has(im, head, m->records[i].bytes, IMAGE_READ) &&
            memcmp(head, m->records[i].p, m->records[i].bytes) == 0)
            return m->schemas->v[i];
    return NULL;
}

static int
read_type(struct reader *r, actor_type *object, struct descriptor_type *ret)
{
    const actor_schema_head *head;
    const struct schema *s;
    actor_type t;

    if (!get_struct(r->im, object, &t, sizeof t) || t.size < sizeof t ||
        !image_has(r->im, object, sizeof t, IMAGE_WRITE) || !image_has_code(r->im, (actor_fn)t.schema))
        return outside(r, "a type object");
    head = t.schema();
    if (!image_has(r->im, head, sizeof *head, IMAGE_READ))
        return outside(r, "the schema of a type object");
    s = same_record(r->m, r->im, head);
    if (s == NULL || t.bytes != s->bytes) {
        err_set(r->err, ERR_NOTE,
                "the type '%.39s' of the loaded code is not the one that the file's notes describe",
                head->name);
        return err_fix(r->err, "rebuild the plugin; do not edit its sections");
    }
    ret->object = object;
    ret->schema = s;
    return 0;
}

static int
read_types(struct reader *r, const actor_plugin *p)
{
    uintptr_t first = (uintptr_t)p->types, end = (uintptr_t)p->types_end;
    size_t n = end >= first ? (end - first) / sizeof *p->types : 0;
    int e;

    if (end < first || n > TYPES_MAX_PER_PLUGIN ||
        !image_has(r->im, p->types, n * sizeof *p->types, IMAGE_READ))
        return outside(r, "its list of types");
    r->d->types = env_alloc(r->d->env, (n + 1) * sizeof *r->d->types);
    if (r->d->types == NULL)
        return err_set(r->err, ERR_NOMEM, "no memory for %zu types", n);
    r->d->types_cap = n + 1;
    for (size_t i = 0; i < n; i++) {
        e = read_type(r, p->types[i], &r->d->types[i]);
        if (e < 0)
            return e;
        r->d->ntypes++;
    }
    return 0;
}

static const struct schema *
schema_of(const struct reader *r, const actor_type *object)
{
    for (size_t i = 0; i < r->d->ntypes; i++)
        if (r->d->types[i].object == object)
            return r->d->types[i].schema;
    return NULL;
}

/* --- rows --- */

static int
check_row(struct reader *r, const struct manifest_behaviour *mb, struct descriptor_behaviour *db,
          const actor_row *row)
{
    struct descriptor_row *d = &db->rows[db->nrows];
    const struct schema *type = NULL, *out = NULL;

    if (row->type != NULL && (type = schema_of(r, row->type)) == NULL)
        return outside(r, "the type of a row");
    if (row->out != NULL && (out = schema_of(r, row->out)) == NULL)
        return outside(r, "the output type of a row");
    if (has_note(row->kind) && !image_has_code(r->im, row->fn))
        return outside(r, "the function of a row");
    d->kind = row->kind;
    d->value = row->value;
    d->fn = row->fn;
    if (row->kind == ACTOR_ROW_JOB) {
        if (!image_has_text(r->im, row->name, sizeof d->job) || row->name[0] == '\0')
            return outside(r, "the name of a job");
        strcpy(d->job, row->name);
    }
    if (row->kind == ACTOR_ROW_POLICY && !image_has_text(r->im, row->name, 256))
        return outside(r, "the policy of a behaviour");
    for (uint32_t i = 0; i < mb->nrows && has_note(row->kind); i++)
        if (mb->rows[i].kind == row->kind && mb->rows[i].type == type && mb->rows[i].out == out)
            d->declared = &mb->rows[i];
    if (d->declared == NULL && has_note(row->kind))
        return err_set(r->err, ERR_NOTE,
                       "behaviour '%s' has a %s row%s%s that the file's notes do not describe", mb->name,
                       notes_row_kind_name(row->kind), type != NULL ? " for " : "",
                       type != NULL ? type->name : "");
    for (uint32_t i = 0; i < db->nrows; i++)
        if (db->rows[i].kind == row->kind &&
            (row->kind == ACTOR_ROW_JOB ? strcmp(db->rows[i].job, d->job) == 0
                                        : db->rows[i].declared == d->declared)) {
            err_set(r->err, ERR_NOTE, "behaviour '%s' has two %s rows%s%s", mb->name,
                    notes_row_kind_name(row->kind), type != NULL ? " for " : "",
                    type != NULL ? type->name : "");
            return err_fix(r->err, "name each handler once in ACTOR_BEHAVIOUR(%s, ...)", mb->name);
        }
    db->nrows++;
    return 0;
}

static int
missing_row(const struct reader *r, const struct manifest_behaviour *mb, const struct manifest_row *row)
{
    static const char *const macros[] = {
        [ACTOR_ROW_MESSAGE] = "ACTOR_ROW",    [ACTOR_ROW_START] = "ACTOR_ROW_STARTS",
        [ACTOR_ROW_STOP] = "ACTOR_ROW_STOPS", [ACTOR_ROW_MIGRATE] = "ACTOR_ROW_MIGRATES",
        [ACTOR_ROW_JOB] = "ACTOR_ROW_RUNS",   [ACTOR_ROW_SAVE] = "ACTOR_ROW_SAVES",
        [ACTOR_ROW_LOAD] = "ACTOR_ROW_LOADS", [ACTOR_ROW_ATOMIC] = "ACTOR_ROW",
        [ACTOR_ROW_POLICY] = "ACTOR_ROW"};
    const char *dot = row->type != NULL ? strrchr(row->type->name, '.') : NULL;

    err_set(r->err, ERR_NOTE, "behaviour '%s' has a %s handler%s%s that is missing in its ACTOR_BEHAVIOUR",
            mb->name, notes_row_kind_name(row->kind), row->type != NULL ? " for " : "",
            row->type != NULL ? row->type->name : "");
    return err_fix(r->err, "add %s(%s%s%s) to ACTOR_BEHAVIOUR(%s, ...), or delete the handler",
                   macros[row->kind], mb->name, dot != NULL ? ", " : "", dot != NULL ? dot + 1 : "",
                   mb->name);
}

static int
check_behaviour(struct reader *r, const actor_behaviour *b, const struct manifest_behaviour *mb,
                struct descriptor_behaviour *db)
{
    int e;

    db->declared = mb;
    if (schema_of(r, b->state) != mb->state)
        return err_set(r->err, ERR_NOTE,
                       "behaviour '%s': the loaded code has another state than the file's notes", mb->name);
    if (b->flags != mb->flags)
        return err_set(r->err, ERR_NOTE,
                       "behaviour '%s': the loaded code has other flags than the file's notes", mb->name);
    for (uint32_t i = 0; i < b->nrows; i++) {
        actor_row row = {0};

        memcpy(&row, (const char *)b->rows + (size_t)i * b->row_bytes, sizeof row);
        e = check_row(r, mb, db, &row);
        if (e < 0)
            return e;
    }
    for (uint32_t i = 0; i < mb->nrows; i++) {
        bool found = false;

        for (uint32_t j = 0; j < db->nrows; j++)
            found |= db->rows[j].declared == &mb->rows[i];
        if (!found)
            return missing_row(r, mb, &mb->rows[i]);
    }
    return 0;
}

/* Copies the head of behaviour i; its rows lie in the image afterwards. */
static int
get_behaviour(const struct reader *r, const actor_plugin *p, uint32_t i, actor_behaviour *ret)
{
    if (!get_struct(r->im, p->behaviours[i], ret, sizeof *ret) || !image_has_text(r->im, ret->name, 40))
        return outside(r, "a behaviour");
    if (ret->row_bytes < sizeof(actor_row) || ret->nrows > NOTES_ROWS_MAX ||
        !image_has(r->im, ret->rows, (size_t)ret->nrows * ret->row_bytes, IMAGE_READ))
        return outside(r, "the rows of a behaviour");
    return 0;
}

static int
read_behaviours(struct reader *r, const actor_plugin *p)
{
    struct descriptor *d = r->d;
    struct descriptor_row *at;
    actor_behaviour b;
    int e;

    if (p->nbehaviours > NOTES_BEHAVIOURS_MAX ||
        !image_has(r->im, p->behaviours, p->nbehaviours * sizeof *p->behaviours, IMAGE_READ))
        return outside(r, "its list of behaviours");
    for (uint32_t i = 0; i < p->nbehaviours; i++) {
        e = get_behaviour(r, p, i, &b);
        if (e < 0)
            return e;
        d->nrows += b.nrows;
    }
    d->nrows++; /* never empty */
    d->nbehaviours = r->m->nbehaviours;
    d->rows = env_alloc(d->env, d->nrows * sizeof *d->rows);
    d->behaviours = env_alloc(d->env, d->nbehaviours * sizeof *d->behaviours);
    if (d->rows == NULL || d->behaviours == NULL)
        return err_set(r->err, ERR_NOMEM, "no memory for the behaviours of '%s'", r->m->name);
    at = d->rows;
    for (uint32_t i = 0; i < p->nbehaviours; i++) {
        const struct manifest_behaviour *mb;
        struct descriptor_behaviour *db;

        e = get_behaviour(r, p, i, &b);
        if (e < 0)
            return e;
        mb = manifest_behaviour(r->m, b.name);
        if (mb == NULL)
            return err_set(r->err, ERR_NOTE, "behaviour '%s' of the loaded code is not in the file's notes",
                           b.name);
        db = &d->behaviours[mb - r->m->behaviours];
        if (db->declared != NULL)
            return err_set(r->err, ERR_NOTE, "behaviour '%s' is named twice in ACTOR_PLUGIN", b.name);
        db->rows = at;
        e = check_behaviour(r, &b, mb, db);
        if (e < 0)
            return e;
        at += b.nrows;
    }
    for (size_t i = 0; i < d->nbehaviours; i++)
        if (d->behaviours[i].declared == NULL) {
            err_set(r->err, ERR_NOTE, "behaviour '%s' is not named in ACTOR_PLUGIN",
                    r->m->behaviours[i].name);
            return err_fix(r->err, "add &%s_behaviour to ACTOR_PLUGIN", r->m->behaviours[i].name);
        }
    return 0;
}

static int
read_plugin(struct reader *r)
{
    const void *entry = image_symbol(r->im, ELF_ENTRY_SYMBOL);
    actor_plugin p;
    int e;

    if (!get_struct(r->im, entry, &p, sizeof p))
        return outside(r, "'" ELF_ENTRY_SYMBOL "'");
    if (p.abi_major != r->m->abi_major || p.abi_minor != r->m->abi_minor)
        return err_set(r->err, ERR_NOTE, "the loaded code is built for ABI %u.%u, the file's note says %u.%u",
                       p.abi_major, p.abi_minor, r->m->abi_major, r->m->abi_minor);
    if (!image_has_text(r->im, p.name, 40) || !image_has_text(r->im, p.version, 40))
        return outside(r, "its name or version");
    if (strcmp(p.name, r->m->name) != 0 || strcmp(p.version, r->m->version) != 0) {
        err_set(r->err, ERR_NOTE, "the loaded code is '%s' %s, the file's note says '%s' %s", p.name,
                p.version, r->m->name, r->m->version);
        return err_fix(r->err, "rebuild the plugin from clean sources");
    }
    e = read_types(r, &p);
    return e < 0 ? e : read_behaviours(r, &p);
}

int
descriptor_read(struct descriptor *ret, struct env *env, const struct image *im, const struct manifest *m,
                struct err *err)
{
    struct descriptor d = {.env = env};
    struct reader r = {im, m, &d, err};
    int e = read_plugin(&r);

    if (e < 0) {
        descriptor_fini(&d);
        return e;
    }
    *ret = d;
    return 0;
}

void
descriptor_fini(struct descriptor *d)
{
    if (d->env == NULL)
        return;
    env_free(d->env, d->behaviours, d->nbehaviours * sizeof *d->behaviours);
    env_free(d->env, d->rows, d->nrows * sizeof *d->rows);
    env_free(d->env, d->types, d->types_cap * sizeof *d->types);
    *d = (struct descriptor){0};
}
