/* backend_inspect.c - the `inspect` command: what a file's notes, or those of a loaded version, say. */
#include "node/backend.h"
#include <sys/stat.h>

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
