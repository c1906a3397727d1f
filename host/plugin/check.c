#include "plugin/catalogue_priv.h"
#include <string.h>

int
catalogue_check(struct catalogue *c, const char *path, uint32_t allow, const struct version *against,
                const struct swap_use *use, struct check *ret, struct err *err)
{
    struct check k = {.env = c->env};
    struct pfile f = {0};
    bool older;
    int r;

    strbuf_init(&k.notice);
    r = catalogue_examine(c, path, allow, &f, &k.manifest, &k.notice, err);
    if (r < 0)
        goto fail;
    memcpy(k.sha256_hex, f.sha256_hex, sizeof k.sha256_hex);
    k.bytes = f.n;
    pfile_fini(&f);
    if (against == NULL)
        against = catalogue_active(c, k.manifest->name);
    if (against != NULL && strcmp(against->manifest->name, k.manifest->name) != 0) {
        r = err_set(err, ERR_INVALID, "%s is plugin '%s', it cannot take over from '%s'", path,
                    k.manifest->name, against->manifest->name);
        goto fail;
    }
    if (against != NULL) {
        older = version_text_compare(k.manifest->version, against->manifest->version) < 0;
        r = swap_plan_new(&k.plan, c->env, against->manifest, k.manifest, older, use, NULL);
        if (r < 0) {
            err_set(err, -r, "no memory for the plan");
            goto fail;
        }
    }
    *ret = k;
    return 0;

fail:
    check_fini(&k);
    return r;
}

void
check_fini(struct check *k)
{
    swap_plan_free(k->plan);
    manifest_free(k->manifest);
    strbuf_fini(&k->notice);
    k->plan = NULL;
    k->manifest = NULL;
}

void
check_print(const struct check *k, struct strbuf *out)
{
    strbuf_printf(out, "sha256   %s\n", k->sha256_hex);
    manifest_print(k->manifest, out);
    if (k->notice.len > 0)
        strbuf_printf(out, "notices\n%s", strbuf_str(&k->notice));
    if (k->plan != NULL) {
        strbuf_puts(out, "plan\n");
        swap_plan_print(k->plan, out);
    }
}

void
check_json(const struct check *k, struct json *out)
{
    json_object_begin(out);
    json_key(out, "sha256");
    json_str(out, k->sha256_hex);
    json_key(out, "bytes");
    json_u64(out, k->bytes);
    json_key(out, "manifest");
    manifest_json(k->manifest, out);
    json_key(out, "notice");
    json_str(out, strbuf_str(&k->notice));
    json_key(out, "plan");
    if (k->plan != NULL)
        swap_plan_json(k->plan, out);
    else
        json_nil(out);
    json_object_end(out);
}

int
inspect_file(struct manifest **ret, struct env *env, const char *path, char ret_sha256_hex[SHA256_HEX],
             struct err *err)
{
    struct pfile f = {0};
    int r;

    r = pfile_read(&f, env, path, err);
    if (r < 0)
        return r;
    r = manifest_read(ret, env, f.bytes, f.n, err);
    if (r == 0)
        memcpy(ret_sha256_hex, f.sha256_hex, SHA256_HEX);
    else
        err_at(err, "%s", path);
    pfile_fini(&f);
    return r;
}
