/* socket_path.c - the two directories. */
#include "control/socket_path.h"
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

static const char run_dir[] = "/run";

static int
check_name(const char *node, struct err *err)
{
    if (node[0] == '\0' || node[0] == '.' || strchr(node, '/') != NULL)
        return err_set(err, ERR_INVALID, "\"%s\" cannot be the name of a node", node);
    return 0;
}

static bool
usable(const char *runtime_dir)
{
    return runtime_dir != NULL && runtime_dir[0] == '/';
}

int
socket_path_default(struct strbuf *out, const char *runtime_dir, const char *node, struct err *err)
{
    int rc = check_name(node, err);

    if (rc < 0)
        return rc;
    strbuf_printf(out, "%s/actord/%s.sock", usable(runtime_dir) ? runtime_dir : run_dir, node);
    return out->failed ? err_set(err, ERR_NOMEM, "no memory for a path") : 0;
}

static bool
is_socket(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Names of the nodes with a socket in dir, counted; the last path goes to out. */
static size_t
look_in(const char *dir, struct strbuf *out, struct strbuf *names)
{
    struct strbuf path;
    struct dirent *e;
    size_t found = 0;
    DIR *d = opendir(dir);

    if (d == NULL)
        return 0;
    strbuf_init(&path);
    while ((e = readdir(d)) != NULL) {
        size_t n = strlen(e->d_name);

        if (n <= 5 || strcmp(e->d_name + n - 5, ".sock") != 0)
            continue;
        strbuf_reset(&path);
        strbuf_printf(&path, "%s/%s", dir, e->d_name);
        if (!is_socket(strbuf_str(&path)))
            continue;
        found++;
        strbuf_reset(out);
        strbuf_puts(out, strbuf_str(&path));
        strbuf_printf(names, "%s%.*s", names->len > 0 ? ", " : "", (int)(n - 5), e->d_name);
    }
    strbuf_fini(&path);
    closedir(d);
    return found;
}

static int
find_only(struct strbuf *out, const char *runtime_dir, struct err *err)
{
    struct strbuf dir, names;
    size_t found = 0;

    strbuf_init(&dir);
    strbuf_init(&names);
    if (usable(runtime_dir)) {
        strbuf_printf(&dir, "%s/actord", runtime_dir);
        found = look_in(strbuf_str(&dir), out, &names);
        strbuf_reset(&dir);
    }
    if (found == 0) {
        strbuf_printf(&dir, "%s/actord", run_dir);
        found = look_in(strbuf_str(&dir), out, &names);
    }
    strbuf_fini(&dir);
    if (found > 1) {
        err_set(err, ERR_INVALID, "several nodes run here: %s", strbuf_str(&names));
        err_fix(err, "choose one with -N NODE");
    }
    strbuf_fini(&names);
    if (found > 1)
        return -ERR_INVALID;
    if (found == 1)
        return out->failed ? err_set(err, ERR_NOMEM, "no memory for a path") : 0;
    err_set(err, ERR_NOTFOUND, "no node runs here: there is no socket in %s%s%s/actord",
            usable(runtime_dir) ? runtime_dir : "", usable(runtime_dir) ? "/actord or " : "", run_dir);
    return err_fix(err, "start one with `actord -c node.ini`, or name its socket with -s");
}

int
socket_path_find(struct strbuf *out, const char *runtime_dir, const char *node, struct err *err)
{
    int rc;

    if (node == NULL)
        return find_only(out, runtime_dir, err);
    rc = check_name(node, err);
    if (rc < 0)
        return rc;
    for (int i = usable(runtime_dir) ? 0 : 1; i < 2; i++) {
        strbuf_reset(out);
        strbuf_printf(out, "%s/actord/%s.sock", i == 0 ? runtime_dir : run_dir, node);
        if (is_socket(strbuf_str(out)))
            return out->failed ? err_set(err, ERR_NOMEM, "no memory for a path") : 0;
    }
    err_set(err, ERR_NOTFOUND, "no node \"%s\" runs here: there is no socket %s", node, strbuf_str(out));
    return err_fix(err, "start it, or name its socket with -s");
}
