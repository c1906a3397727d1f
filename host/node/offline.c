/* offline.c - see offline.h. */
#include "node/offline.h"
#include "node/file_views.h"
#include "plugin/store.h"
#include <string.h>

struct file {
    struct pfile bytes;
    struct manifest *m;
};

static int
file_read(struct file *f, struct env *env, const char *path, struct err *e)
{
    int r = pfile_read(&f->bytes, env, path, e);

    if (r < 0)
        return r;
    r = manifest_read(&f->m, env, f->bytes.bytes, f->bytes.n, e);
    if (r < 0)
        err_at(e, "%s", path);
    return r;
}

static void
file_fini(struct file *f)
{
    manifest_free(f->m);
    pfile_fini(&f->bytes);
}

/* No name of a plugin means anything here. */
static int
needs_node(const char *name, struct err *e)
{
    err_set(e, ERR_NOTFOUND, "'%s' is no file, and no node runs that could have a plugin of this name", name);
    return err_fix(e, "give a path, or start the node");
}

static void
inspect(void *self, struct control_call *call, const struct req_inspect *req)
{
    struct file f = {0};
    struct err e = {0}, why = {0};
    struct view_file v = {.file = req->target};
    int r = req->target[0] != '/' ? needs_node(req->target, &e) : file_read(&f, self, req->target, &e);

    if (r == 0) {
        v.sha256 = f.bytes.sha256_hex;
        v.bytes = f.bytes.n;
        v.loadable = audit_check(&f.m->audit, 0, &why) == 0;
        v.reason = v.loadable ? NULL : why.text;
        put_manifest(call, f.m, &v);
    }
    file_fini(&f);
    control_end(call, r, &e);
}

static int
check_against(struct control_call *call, struct env *env, const struct file *f, const char *path,
              struct view_plan *v, struct err *e)
{
    struct swap_plan *plan = NULL;
    struct file old = {0};
    int r = path[0] != '/' ? needs_node(path, e) : file_read(&old, env, path, e);
    bool older;

    if (r == 0 && strcmp(old.m->name, f->m->name) != 0)
        r = err_set(e, ERR_INVALID, "%s is plugin '%s', it cannot take over from '%s'", v->requested,
                    f->m->name, old.m->name);
    if (r == 0) {
        older = version_text_compare(f->m->version, old.m->version) < 0;
        r = swap_plan_new(&plan, env, old.m, f->m, older, NULL, NULL);
    }
    if (r == 0) {
        v->from_version = old.m->version;
        v->from_sha256 = old.bytes.sha256_hex;
        put_plan_verdict(call, plan, v);
        put_plan_views(call, plan, NULL);
    }
    swap_plan_free(plan);
    file_fini(&old);
    return r;
}

static void
check(void *self, struct control_call *call, const struct req_check *req)
{
    struct file f = {0};
    struct err e = {0};
    struct strbuf notice;
    int r = file_read(&f, self, req->file, &e);

    strbuf_init(&notice);
    if (r == 0)
        r = audit_check(&f.m->audit, 0, &e);
    if (r == 0) {
        struct view_plan v = {.plugin = f.m->name,
                              .requested = req->file,
                              .resolved = req->file,
                              .to_version = f.m->version,
                              .to_sha256 = f.bytes.sha256_hex};

        put_notices(call, f.bytes.warning);
        if (!audit_pure(&f.m->audit)) {
            audit_print(&f.m->audit, &notice);
            put_notices(call, strbuf_str(&notice));
        }
        if (req->against != NULL) {
            r = check_against(call, self, &f, req->against, &v, &e);
        } else {
            v.reason = "there is no node: only the file itself was checked";
            control_put_plan(call, &v);
        }
    }
    strbuf_fini(&notice);
    file_fini(&f);
    control_end(call, r, &e);
}

void
offline_backend(struct control_backend *ret, struct env *env)
{
    *ret = (struct control_backend){.self = env, .inspect = inspect, .check = check};
}
