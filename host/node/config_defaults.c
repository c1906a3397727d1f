/* config_defaults.c - values that no file gives: from the table, from this machine, or an error. */
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

int
config_socket_default(const struct config_world *w, const char *node, const char *data_dir, char *ret,
                      size_t cap)
{
    char dir[4096];
    int n;

    if (w->runtime_dir != NULL)
        return snprintf(ret, cap, "%s/actord/%s.sock", w->runtime_dir, node);
    if (w->root)
        return snprintf(ret, cap, "/run/actord/%s.sock", node);
    if (data_dir == NULL) {
        n = data_dir_default(w, dir, sizeof dir);
        if (n < 0 || (size_t)n >= sizeof dir)
            return -ERR_CONFIG;
        data_dir = dir;
    }
    return snprintf(ret, cap, "%s/%s.sock", data_dir, node);
}

static const char *
computed(struct config *c, const struct key *k, const struct config_world *w, struct err *e)
{
    const struct section *node = c->sections.v[SECTION_node];
    char buf[4096];
    int n = 0;

    if (strcmp(k->dflt, "@cpus") == 0) {
        n = snprintf(buf, sizeof buf, "%u", w->cpus < k->most ? w->cpus : (unsigned)k->most);
    } else if (strcmp(k->dflt, "@plugin_dir") == 0) {
        n = snprintf(buf, sizeof buf, "%s", w->plugin_dir);
    } else if (strcmp(k->dflt, "@data_dir") == 0) {
        n = data_dir_default(w, buf, sizeof buf);
    } else {
        const char *name = section_setting((struct section *)node, "name")->text;
        const char *data_dir = section_setting((struct section *)node, "data_dir")->text;

        n = data_dir == NULL ? -ERR_CONFIG : config_socket_default(w, name, data_dir, buf, sizeof buf);
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
