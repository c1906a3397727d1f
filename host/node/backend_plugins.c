/* backend_plugins.c - plugins: what is loaded, what a file contains, load, check, unload. Swapping is in backend_swap.c.
 *
 * Reading a file of some hundred KiB, its SHA-256 and dlopen take the loop a few milliseconds: that is accepted here, since the
 * runtime belongs to this thread. inspect and check run no code of the plugin.
 */
#include "node/backend.h"
#include "plugin/notes.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- words --- */
const char *
version_state_word(const struct version *v)
{
    switch (v->state) {
    case VERSION_ACTIVE:
        return "serving";
    case VERSION_DRAINING:
        return "old";
    case VERSION_LOADED:
        return "loaded";
    case VERSION_UNLOADED:
        break;
    }
    return "unloading";
}

const char *
impure_text(const struct manifest *m, struct strbuf *buf)
{
    static const char label[] = "impure: ";
    const char *text;

    if (audit_pure(&m->audit))
        return NULL;
    strbuf_reset(buf);
    audit_print(&m->audit, buf);
    text = strbuf_str(buf);
    return strncmp(text, label, sizeof label - 1) == 0 ? text + sizeof label - 1 : text;
}

void
put_notices(struct control_call *call, const char *lines)
{
    while (*lines != '\0') {
        size_t n = strcspn(lines, "\n");
        char *line = strndup(lines, n);
        struct view_notice v = {.text = line};

        if (n > 0 && line != NULL)
            control_put_notice(call, &v);
        free(line);
        lines += n + (lines[n] != '\0');
    }
}

/* --- finding --- */
int
backend_version(struct backend *b, const char *plugin, const char *version, struct version **ret, struct err *e)
{
    char name[128];

    if (version != NULL)
        snprintf(name, sizeof name, "%s@%s", plugin, version);
    else
        snprintf(name, sizeof name, "%s", plugin);
    return catalogue_find_version(runtime_catalogue(b->n->runtime), name, ret, e);
}

uint32_t
backend_allow(struct backend *b, const char *plugin)
{
    const struct config *c = b->n->boot.config;
    uint32_t allow = c->plugins.allow;

    vec_each (p, &c->plugin)
        if (strcmp(p->name, plugin) == 0)
            allow |= p->keys.allow;
    return allow;
}

struct behaviour *
backend_behaviour_of(struct backend *b, const struct version *v, const char *name)
{
    struct bound *bound = runtime_bound(b->n->runtime, v);
    size_t skip = strlen(v->manifest->name) + 1;

    for (size_t i = 0; bound != NULL && i < bound->n; i++)
        if (strcmp(bound->behaviours[i].name + skip, name) == 0)
            return &bound->behaviours[i];
    return NULL;
}

/* The name in a file's notes decides what its section allows. Not readable: load and check will say why. */
static uint32_t
allow_for_file(struct backend *b, const char *path)
{
    struct manifest *m = NULL;
    char sha[SHA256_HEX];
    struct err e;
    uint32_t allow = b->n->boot.config->plugins.allow;

    if (inspect_file(&m, b->n->boot.env, path, sha, &e) == 0)
        allow = backend_allow(b, m->name);
    manifest_free(m);
    return allow;
}

/* --- plugins --- */
static void
put_plugin(struct backend *b, struct control_call *call, const struct version *v)
{
    const struct manifest *m = v->manifest;
    struct env *env = b->n->boot.env;
    uint64_t now = env->real_ns(env);
    struct strbuf buf;
    struct view_plugin p = {
        .name = m->name,
        .version = m->version,
        .state = version_state_word(v),
        .actors = runtime_actors(b->n->runtime, v),
        .behaviours = m->nbehaviours,
        .pure = audit_pure(&m->audit),
        .containment = "trusted",
        .load = v->id,
        .age_ms = now > v->loaded_real_ns ? (now - v->loaded_real_ns) / 1000000 : 0,
        .file = runtime_file(b->n->runtime, v),
        .copy = v->path,
        .sha256 = v->sha256_hex,
    };

    strbuf_init(&buf);
    p.impure = impure_text(m, &buf);
    control_put_plugin(call, &p);
    strbuf_fini(&buf);
}

void
backend_plugins(void *self, struct control_call *call, const struct req_plugins *req)
{
    struct backend *b = self;
    const struct version *v;
    struct err e = {0};
    size_t pos = 0, n = 0;
    int r = 0;

    while ((v = catalogue_next(runtime_catalogue(b->n->runtime), &pos)) != NULL) {
        if (req->plugin != NULL && strcmp(req->plugin, v->manifest->name) != 0)
            continue;
        put_plugin(b, call, v);
        n++;
    }
    if (n == 0 && req->plugin != NULL) {
        r = err_set(&e, ERR_NOTFOUND, "no plugin '%s' is loaded", req->plugin);
        err_fix(&e, "actorctl plugins lists those that are; actorctl load FILE loads one");
    }
    control_end(call, r, &e);
}

/* --- inspect --- */
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
        struct view_type v = {
            .name = s->name, .form = form_name(s->form), .version = s->version, .bytes = s->bytes, .fields = s->nfields};
        bool seen = strncmp(s->name, "actor.", 6) == 0; /* the host's own */

        for (size_t k = 0; k < i && !seen; k++)
            seen = set->v[k] == s || (set->v[k]->twin == s); /* repeated notes; the state form of a nested list */
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
    f.loadable = catalogue_check(runtime_catalogue(b->n->runtime), path, backend_allow(b, m->name), NULL, NULL, &k, &why) == 0;
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
    int r;

    if (req->target[0] == '/') {
        r = inspect_path(b, call, req->target, &e);
    } else {
        r = backend_version(b, req->target, req->version, &v, &e);
        if (r == 0) {
            f.file = runtime_file(b->n->runtime, v);
            f.sha256 = v->sha256_hex;
            put_manifest(call, v->manifest, &f);
        }
    }
    control_end(call, r, &e);
}

/* --- check --- */
static uint64_t
use_actors(void *self, const char *behaviour)
{
    struct bound *bound = self;

    for (size_t i = 0; bound != NULL && i < bound->n; i++) {
        struct behaviour *x = &bound->behaviours[i];

        if (strcmp(x->name + strlen(x->plugin) + 1, behaviour) == 0)
            return atomic_load_explicit(&x->actors, memory_order_acquire);
    }
    return 0;
}

int
backend_check_file(struct backend *b, const char *path, const struct version *against, struct check *ret, struct err *e)
{
    struct catalogue *c = runtime_catalogue(b->n->runtime);
    struct manifest *m = NULL;
    char sha[SHA256_HEX];
    struct swap_use use = {.actors = use_actors};
    int r = inspect_file(&m, b->n->boot.env, path, sha, e);

    if (r < 0)
        return r;
    if (against == NULL)
        against = catalogue_active(c, m->name);
    use.self = against == NULL ? NULL : runtime_bound(b->n->runtime, against);
    r = catalogue_check(c, path, backend_allow(b, m->name), against, &use, ret, e);
    manifest_free(m);
    return r;
}

void
backend_check(void *self, struct control_call *call, const struct req_check *req)
{
    struct backend *b = self;
    struct version *against = NULL;
    struct check k;
    struct err e = {0};
    int r = req->against == NULL ? 0 : backend_version(b, req->against, NULL, &against, &e);

    if (r == 0)
        r = backend_check_file(b, req->file, against, &k, &e);
    if (r == 0) {
        const struct manifest *m = k.manifest;
        struct view_plan v = {.plugin = m->name,
                              .requested = req->file,
                              .resolved = req->file,
                              .to_version = m->version,
                              .to_sha256 = k.sha256_hex};

        put_notices(call, strbuf_str(&k.notice));
        if (k.plan != NULL) {
            if (against == NULL)
                against = catalogue_active(runtime_catalogue(b->n->runtime), m->name);
            put_plan(b, call, k.plan, against, &v);
        } else {
            v.reason = "no version of this plugin is loaded: there is nothing to swap";
            control_put_plan(call, &v);
        }
        check_fini(&k);
    }
    control_end(call, r, &e);
}

/* --- load --- */
static uint64_t
types_of(const struct manifest *m)
{
    uint64_t n = 0;

    for (size_t i = 0; i < m->schemas->n; i++) {
        bool seen = strncmp(m->schemas->v[i]->name, "actor.", 6) == 0;

        for (size_t k = 0; k < i && !seen; k++)
            seen = m->schemas->v[k] == m->schemas->v[i] || m->schemas->v[k]->twin == m->schemas->v[i];
        n += !seen;
    }
    return n;
}

int
backend_load_file(struct backend *b, const char *path, struct version **ret, struct strbuf *notice, struct err *e)
{
    struct node *n = b->n;
    const void *settings = NULL;
    int r = node_plugin_settings(n, NULL, path, &settings, e);

    if (r == 0)
        r = runtime_load(n->runtime, path, allow_for_file(b, path), settings, ret, notice, e);
    if (r == 0)
        log_write(n->boot.log, LOG_INFO, "plugin", "loaded %s version=%s file=%s sha256=%.12s", (*ret)->manifest->name,
                  (*ret)->manifest->version, path, (*ret)->sha256_hex);
    return r;
}

void
backend_load(void *self, struct control_call *call, const struct req_load *req)
{
    struct backend *b = self;
    uint64_t start = env_mono_ns(b->n->boot.env);
    struct version *v;
    struct strbuf notice;
    struct err e = {0};
    int r;

    strbuf_init(&notice);
    r = backend_load_file(b, req->file, &v, &notice, &e);
    if (r >= 0) {
        struct view_loaded view = {.plugin = v->manifest->name,
                                   .version = v->manifest->version,
                                   .requested = req->file,
                                   .copy = v->path,
                                   .sha256 = v->sha256_hex,
                                   .behaviours = v->manifest->nbehaviours,
                                   .types = types_of(v->manifest),
                                   .pure = audit_pure(&v->manifest->audit),
                                   .elapsed_us = (env_mono_ns(b->n->boot.env) - start) / 1000};
        struct version *active = catalogue_active(runtime_catalogue(b->n->runtime), v->manifest->name);

        control_put_loaded(call, &view);
        put_notices(call, strbuf_str(&notice));
        if (r == 1)
            put_notices(call, "these bytes were loaded before: nothing changed");
        else if (active != v && active != NULL) {
            char text[256];

            snprintf(text, sizeof text, "version %s keeps serving; actorctl swap %s %s changes over", active->manifest->version,
                     v->manifest->name, v->manifest->version);
            put_notices(call, text);
        }
    }
    strbuf_fini(&notice);
    control_end(call, r < 0 ? r : 0, &e);
}

/* --- unload --- */
struct unload_op {
    struct op op;
    char *plugin, *version;
    size_t gone;
};

static void
unload_fini(struct op *op)
{
    struct unload_op *u = (struct unload_op *)op;

    free(u->plugin);
    free(u->version);
}

/* One version. 0: gone; 1: workers still pass by, try again; else why it stays. */
static int
unload_one(struct backend *b, struct version *v, struct err *e)
{
    struct catalogue *c = runtime_catalogue(b->n->runtime);
    bool was_active = v->state == VERSION_ACTIVE;
    uint64_t actors = runtime_actors(b->n->runtime, v);
    int r;

    if (v->pins != 0)
        return err_set(e, ERR_BUSY, "a swap of it is under way");
    if (actors != 0) {
        err_set(e, ERR_BUSY, "%llu actor%s of %s %s live", (unsigned long long)actors, actors == 1 ? "" : "s",
                v->manifest->name, v->manifest->version);
        return err_fix(e, "stop them, or swap to another version");
    }
    if (was_active)
        catalogue_retire(c, v);
    r = runtime_unload(b->n->runtime, v, e);
    if (r == -ERR_BUSY && strstr(e->text, "pass by") != NULL)
        return 1;
    return r;
}

static bool
unload_matches(const struct unload_op *u, const struct version *v)
{
    return strcmp(v->manifest->name, u->plugin) == 0 &&
           (u->version == NULL || strcmp(v->manifest->version, u->version) == 0 ||
            strncmp(v->sha256_hex, u->version, strlen(u->version)) == 0);
}

static void
put_unloaded(struct op *op, const char *version, bool gone, const char *reason)
{
    const struct unload_op *u = (const struct unload_op *)op;
    struct view_unloaded v = {.plugin = u->plugin, .version = version, .unloaded = gone, .reason = reason};

    control_put_unloaded(op->call, &v);
}

static void
unload_try(struct op *op)
{
    struct unload_op *u = (struct unload_op *)op;
    struct catalogue *c = runtime_catalogue(op->b->n->runtime);
    struct err first = {0};
    struct version *v;
    size_t pos = 0, stay = 0;

    while ((v = catalogue_next(c, &pos)) != NULL) {
        struct err e = {0};
        char version[40];
        int r;

        if (!unload_matches(u, v))
            continue;
        memcpy(version, v->manifest->version, sizeof version);
        r = unload_one(op->b, v, &e);
        if (r == 1) {
            op_again(op, 2, unload_try); /* rows of those that went are there already */
            return;
        }
        if (r == 0) {
            u->gone++;
            pos = 0; /* the list moved */
            stay = 0;
            put_unloaded(op, version, true, NULL);
            log_write(op->b->n->boot.log, LOG_INFO, "plugin", "unloaded %s version=%s", u->plugin, version);
        } else {
            stay++;
            first = first.code == 0 ? e : first;
        }
    }
    for (pos = 0; stay != 0 && (v = catalogue_next(c, &pos)) != NULL;) {
        struct err e = {0};

        if (unload_matches(u, v) && unload_one(op->b, v, &e) < 0)
            put_unloaded(op, v->manifest->version, false, e.text);
    }
    if (u->gone != 0) {
        if (stay != 0)
            control_partial(op->call);
        op_end(op, 0, NULL);
    } else if (stay != 0) {
        op_end(op, -first.code, &first);
    } else {
        op_fail(op, ERR_NOTFOUND, "no version%s%s of a plugin '%s' is loaded", u->version == NULL ? "" : " ",
                u->version == NULL ? "" : u->version, u->plugin);
    }
}

void
backend_unload(void *self, struct control_call *call, const struct req_unload *req)
{
    struct unload_op *u = op_new(self, call, sizeof *u, unload_fini);

    if (u == NULL)
        return;
    u->plugin = strdup(req->plugin);
    u->version = req->version == NULL ? NULL : strdup(req->version);
    if (u->plugin == NULL || (req->version != NULL && u->version == NULL)) {
        op_end(&u->op, -ERR_NOMEM, NULL);
        return;
    }
    op_deadline(&u->op, 5000);
    unload_try(&u->op);
}
