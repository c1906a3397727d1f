/* backend_unload.c - the `unload` command: versions that no actor runs leave the process, once every worker has passed a slice end. */
#include "node/backend.h"
#include <stdlib.h>
#include <string.h>

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
        err_set(e, ERR_BUSY, "%llu actor%s %s %s", (unsigned long long)actors,
                actors == 1 ? " runs" : "s run", v->manifest->name, v->manifest->version);
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
