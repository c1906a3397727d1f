/* config_defaults.c - values that no file gives: from the table, from this machine, or an error. */
#include "control/socket_path.h"
#include "node/config_priv.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ACTORD_PLUGIN_DIR
#define ACTORD_PLUGIN_DIR "/usr/local/lib/actord/plugins"
#endif

static const char *
env_path(const char *name)
{
    const char *s = getenv(name);

    return s != NULL && s[0] == '/' ? s : NULL; /* the XDG rules: relative ones are ignored */
}

void
config_world_real(struct config_world *w)
{
    cpu_set_t set;

    *w = (struct config_world){
        .root = geteuid() == 0,
        .cpus = 1,
        .home = env_path("HOME"),
        .state_home = env_path("XDG_STATE_HOME"),
        .runtime_dir = env_path("XDG_RUNTIME_DIR"),
        .plugin_dir = ACTORD_PLUGIN_DIR,
    };
    /* Those this process may run on, which a container limits. */
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        w->cpus = (unsigned)CPU_COUNT(&set);
    w->cwd = getcwd(w->cwd_buf, sizeof w->cwd_buf) == NULL ? "/" : w->cwd_buf;
}

static int
data_dir_default(const struct config_world *w, char *ret, size_t cap)
{
    if (w->state_home != NULL)
        return snprintf(ret, cap, "%s/actord", w->state_home);
    if (w->root)
        return snprintf(ret, cap, "/var/lib/actord");
    if (w->home != NULL)
        return snprintf(ret, cap, "%s/.local/state/actord", w->home);
    return -ERR_CONFIG;
}

/* actorctl -N looks in the same place. */
static const char *
socket_default(struct config *c, const struct key *k, const struct config_world *w, struct err *e)
{
    const char *name = section_setting(c->sections.v[SECTION_node], "name")->text, *ret = NULL;
    struct strbuf path;

    strbuf_init(&path);
    if (socket_path_default(&path, w->runtime_dir, name == NULL ? "actord" : name, e) == 0) {
        if (path.len > k->most) {
            err_set(e, ERR_RANGE, "the default of socket has %zu bytes, the limit is %llu: %.300s", path.len,
                    (unsigned long long)k->most, strbuf_str(&path));
            err_fix(e, "set socket to a shorter path");
        } else {
            ret = text_dup(&c->mem, strbuf_str(&path), path.len);
        }
    }
    strbuf_fini(&path);
    return ret;
}

static const char *
computed(struct config *c, const struct key *k, const struct config_world *w, struct err *e)
{
    char buf[4096];
    int n = 0;

    if (strcmp(k->dflt, "@cpus") == 0) {
        n = snprintf(buf, sizeof buf, "%u", w->cpus < k->most ? w->cpus : (unsigned)k->most);
    } else if (strcmp(k->dflt, "@plugin_dir") == 0) {
        n = snprintf(buf, sizeof buf, "%s", w->plugin_dir);
    } else if (strcmp(k->dflt, "@data_dir") == 0) {
        n = data_dir_default(w, buf, sizeof buf);
    } else {
        return socket_default(c, k, w, e);
    }
    if (n < 0) {
        err_set(e, ERR_CONFIG, "%s has no default here: neither XDG_STATE_HOME nor HOME is set", k->name);
        err_fix(e, "set %s", k->name);
        return NULL;
    }
    if ((size_t)n >= sizeof buf || (k->most > 0 && k->type != KEY_COUNT && (size_t)n > k->most)) {
        err_set(e, ERR_RANGE, "the default of %s has %d bytes, the limit is %llu: %.300s", k->name, n,
                (unsigned long long)k->most, buf);
        err_fix(e, "set %s to a shorter path", k->name);
        return NULL;
    }
    return text_dup(&c->mem, buf, (size_t)n);
}

static void
defaults(struct config *c, const struct config_world *w, struct diags *d)
{
    vec_each (s, &c->sections) {
        vec_each (x, &(*s)->settings) {
            struct place at = {.file = c->path};
            struct err e = {.code = 0};

            if (x->key == NULL || x->text != NULL || x->key->dflt[0] == '\0')
                continue;
            x->text = x->key->dflt[0] == '@' ? computed(c, x->key, w, &e) : x->key->dflt;
            /* A key that stands somewhere, but wrong, has its own error already. */
            if (x->text == NULL && x->name_at.file == NULL && e.code != 0)
                diags_add_err(d, &at, &e);
        }
    }
}

static void
required(const struct config *c, struct diags *d)
{
    vec_each (s, &c->sections) {
        vec_each (x, &(*s)->settings) {
            if (x->key == NULL || !(x->key->flags & KEY_REQUIRED) || x->text != NULL ||
                x->name_at.file != NULL)
                continue;
            diags_add(d, &(*s)->at, ERR_CONFIG, "[%s %s] has no \"%s\"", (*s)->kind->name, (*s)->name,
                      x->name);
            diags_fix(d, "add %s = ...: %s", x->name, x->key->doc);
        }
    }
}

void
config_defaults(struct config *c, const struct config_world *w, struct diags *d)
{
    defaults(c, w, d);
    required(c, d);
}
