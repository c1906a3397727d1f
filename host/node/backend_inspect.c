/* backend_inspect.c - the `inspect` command: what a file's notes, or those of a loaded version, say. */
#include "node/backend.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *
form_name(unsigned form)
{
    switch (form) {
    case ACTOR_FORM_MESSAGE:
        return "message";
    case ACTOR_FORM_STATE:
        return "state";
    case ACTOR_FORM_ARGS:
        return "args";
    case ACTOR_FORM_CONFIG:
        return "config";
    default:
        return "nested";
    }
}

static void
put_fields(struct control_call *call, const struct schema *s)
{
    struct strbuf buf;
    struct json j;
    char kind[128];

    strbuf_init(&buf);
    for (uint32_t i = 0; i < s->nfields; i++) {
        const struct field *f = &s->fields[i];
        struct view_field v = {.type = s->name,
                               .name = f->name,
                               .kind = schema_kind_text(f, kind, sizeof kind),
                               .offset = f->offset,
                               .bytes = f->bytes,
                               .required = (f->flags & ACTOR_REQUIRED) != 0,
                               .was = f->was[0] == '\0' ? NULL : f->was};

        if (schema_has_default(f)) {
            strbuf_reset(&buf);
            json_init(&j, &buf);
            schema_json_default(f, &j);
            v.dflt = strbuf_str(&buf);
        }
        control_put_field(call, &v);
    }
    strbuf_fini(&buf);
}

static void
put_types(struct control_call *call, const struct schema_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        const struct schema *s = set->v[i];
        struct view_type v = {.name = s->name,
                              .form = form_name(s->form),
                              .version = s->version,
                              .bytes = s->bytes,
                              .fields = s->nfields};
        bool seen = strncmp(s->name, "actor.", 6) == 0; /* the host's own */

        for (size_t k = 0; k < i && !seen; k++)
            seen = set->v[k] == s ||
                   (set->v[k]->twin == s); /* repeated notes; the state form of a nested list */
        if (seen)
            continue;
        control_put_type(call, &v);
        put_fields(call, s);
    }
}

static void
put_behaviours(struct control_call *call, const struct manifest *m)
{
    char name[96];

    for (uint32_t i = 0; i < m->nbehaviours; i++) {
        const struct manifest_behaviour *mb = &m->behaviours[i];
        const struct manifest_row *start = manifest_row(mb, ACTOR_ROW_START, NULL);
        struct view_behaviour v = {.name = name,
                                   .state = mb->state == NULL ? NULL : mb->state->name,
                                   .args = start == NULL || start->type == NULL ? NULL : start->type->name,
                                   .migrates = manifest_row(mb, ACTOR_ROW_MIGRATE, NULL) != NULL};

        snprintf(name, sizeof name, "%s.%s", m->name, mb->name);
        for (uint32_t k = 0; k < mb->nrows; k++) {
            struct view_handles h = {.behaviour = name};

            if (mb->rows[k].kind != ACTOR_ROW_MESSAGE)
                continue;
            h.message = mb->rows[k].type->name;
            v.messages++;
            control_put_handles(call, &h);
        }
        control_put_behaviour(call, &v);
    }
}

static void
put_imports(struct control_call *call, const struct audit *a)
{
    char effect[64];

    for (size_t i = 0; i < a->n; i++) {
        struct view_import v = {.symbol = a->v[i].symbol, .effect = effect};
        const char *class = audit_class_name(a->v[i].class);

        if (a->v[i].class >= AUDIT_THREADS)
            snprintf(effect, sizeof effect, "needs allow = %s", class);
        else
            snprintf(effect, sizeof effect, "impure: %s", class);
        control_put_import(call, &v);
    }
}

static void
put_manifest(struct control_call *call, const struct manifest *m, struct view_file *f)
{
    struct strbuf buf;
    char abi[24];

    strbuf_init(&buf);
    snprintf(abi, sizeof abi, "%u.%u", m->abi_major, m->abi_minor);
    f->name = m->name;
    f->version = m->version;
    f->abi = abi;
    f->pure = audit_pure(&m->audit);
    f->impure = impure_text(m, &buf);
    control_put_file(call, f);
    put_behaviours(call, m);
    put_types(call, m->schemas);
    put_imports(call, &m->audit);
    strbuf_fini(&buf);
}

static int
inspect_path(struct backend *b, struct control_call *call, const char *path, struct err *e)
{
    struct manifest *m = NULL;
    char sha[SHA256_HEX];
    struct pfile file = {0};
    struct err why = {0};
    struct view_file f = {.file = path, .sha256 = sha};
    struct check k = {0};
    int r = inspect_file(&m, b->n->boot.env, path, sha, e);

    if (r < 0)
        return r;
    if (pfile_read(&file, b->n->boot.env, path, NULL) == 0)
        f.bytes = file.n;
    pfile_fini(&file);
    f.loadable = catalogue_check(runtime_catalogue(b->n->runtime), path, backend_allow(b, m->name), NULL,
                                 NULL, &k, &why) == 0;
    if (f.loadable)
        check_fini(&k);
    else
        f.reason = why.text;
    put_manifest(call, m, &f);
    manifest_free(m);
    return 0;
}

void
backend_inspect(void *self, struct control_call *call, const struct req_inspect *req)
{
    struct backend *b = self;
    struct version *v;
    struct err e = {0};
    struct view_file f = {.loadable = true};
    struct stat st;
    int r;

    if (req->target[0] == '/') {
        r = inspect_path(b, call, req->target, &e);
    } else {
        r = backend_version(b, req->target, req->version, &v, &e);
        if (r == 0) {
            f.file = runtime_file(b->n->runtime, v);
            f.sha256 = v->sha256_hex;
            f.bytes = stat(v->path, &st) == 0 ? (uint64_t)st.st_size : 0;
            put_manifest(call, v->manifest, &f);
        }
    }
    control_end(call, r, &e);
}
