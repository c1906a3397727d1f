#include "plugin/version.h"
#include "actor/bind.h"
#include "base/util.h"
#include <assert.h>
#include <string.h>

static const char *const state_names[] = {"loaded", "active", "draining", "unloaded"};

/* from, to */
static const bool moves[4][4] = {
    [VERSION_LOADED] = {[VERSION_ACTIVE] = true, [VERSION_DRAINING] = true, [VERSION_UNLOADED] = true},
    [VERSION_ACTIVE] = {[VERSION_DRAINING] = true},
    [VERSION_DRAINING] = {[VERSION_ACTIVE] = true, [VERSION_UNLOADED] = true},
};

const char *
version_state_name(enum version_state s)
{
    return state_names[s];
}

void
version_move(struct version *v, enum version_state to)
{
    assert(moves[v->state][to]);
    v->state = to;
}

int
version_load(struct version **ret, struct env *env, uint32_t id, const char *path, const char *sha256_hex,
             struct manifest *m, struct err *err)
{
    struct version *v = env_alloc(env, sizeof *v);
    int r;

    if (v == NULL)
        return err_set(err, ERR_NOMEM, "no memory for a version of '%s'", m->name);
    v->env = env;
    v->id = id;
    v->path_bytes_ = strlen(path) + 1;
    v->path = env_alloc(env, v->path_bytes_);
    if (v->path == NULL) {
        r = err_set(err, ERR_NOMEM, "no memory for a version of '%s'", m->name);
        goto fail;
    }
    memcpy(v->path, path, v->path_bytes_);
    strncpy(v->sha256_hex, sha256_hex, sizeof v->sha256_hex - 1);
    r = image_open(&v->image, v->path, m->load, m->nloads, err);
    if (r < 0)
        goto fail;
    r = descriptor_read(&v->descriptor, env, &v->image, m, err);
    if (r < 0)
        goto fail;
    v->manifest = m;
    v->pinned = m->pinned;
    v->loaded_real_ns = env->real_ns(env);
    *ret = v;
    return 0;

fail:
    version_free(v);
    return r;
}

int
version_bind(struct version *v, struct types *types, struct err *err)
{
    const struct descriptor *d = &v->descriptor;
    const struct msg_type *t;
    int r;

    /* All types first: what fails must fail before the first object is filled. */
    for (size_t i = 0; i < d->ntypes; i++) {
        uint64_t head;

        if (!bind_sendable(d->types[i].schema))
            continue;
        r = types_add(types, d->types[i].schema, &t, err);
        if (r < 0)
            return r;
        head = __atomic_load_n(&d->types[i].object->head_, __ATOMIC_RELAXED); /* partner: the store below */
        if (head != 0 && head != t->head) {
            err_set(err, ERR_EXISTS, "another node of this process has loaded %s %s from the same copy",
                    v->manifest->name, v->manifest->version);
            return err_fix(err, "give each node a data_dir of its own");
        }
    }
    for (size_t i = 0; i < d->ntypes; i++) {
        const struct schema *s = d->types[i].schema;

        t = NULL;
        r = bind_sendable(s) ? types_add(types, s, &t, err) : 0;
        if (r < 0)
            return r;
        bind_type(d->types[i].object, s, t);
    }
    return 0;
}

int
version_unload(struct version *v, struct err *err)
{
    int r = 0;

    descriptor_fini(&v->descriptor);
    if (v->image.handle != NULL) {
        if (v->manifest != NULL && v->manifest->pinned != NULL) {
            /* dlclose would run its destructors and then leave it mapped. */
            v->image.handle = NULL;
            r = err_set(err, ERR_BUSY, "%s %s stays mapped: it %s", v->manifest->name, v->manifest->version,
                        v->manifest->pinned);
        } else {
            r = image_close(&v->image, v->path, err);
            if (r == -ERR_BUSY)
                v->pinned = "is still mapped after dlclose";
        }
    }
    v->state = VERSION_UNLOADED;
    return r;
}

void
version_free(struct version *v)
{
    struct env *env;

    if (v == NULL)
        return;
    env = v->env;
    (void)version_unload(v, NULL);
    manifest_free(v->manifest);
    env_free(env, v->path, v->path_bytes_);
    env_free(env, v, sizeof *v);
}

void
version_json(const struct version *v, struct json *out)
{
    json_object_begin(out);
    json_key(out, "plugin");
    json_str(out, v->manifest->name);
    json_key(out, "version");
    json_str(out, v->manifest->version);
    json_key(out, "id");
    json_u64(out, v->id);
    json_key(out, "state");
    json_str(out, state_names[v->state]);
    json_key(out, "sha256");
    json_str(out, v->sha256_hex);
    json_key(out, "path");
    json_str(out, v->path);
    json_key(out, "pure");
    json_bool(out, audit_pure(&v->manifest->audit));
    json_key(out, "pinned");
    json_str(out, v->pinned);
    json_key(out, "loaded_ns");
    json_u64(out, v->loaded_real_ns);
    json_object_end(out);
}
