/* actord.c - see actord.h. */
#include "node/actord.h"
#include "base/env.h"
#include "node/config.h"
#include "node/node.h"
#include "node/options.h"
#include "node/plugin_schemas.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool
colored(int fd)
{
    const char *no = getenv("NO_COLOR");

    return isatty(fd) && (no == NULL || no[0] == '\0');
}

/* EXIT_OK, or EXIT_FAILED when the reader has gone or the disk is full. */
static int
print(FILE *to, struct strbuf *b)
{
    bool ok = !b->failed && fwrite(strbuf_str(b), 1, b->len, to) == b->len && fflush(to) == 0;

    strbuf_fini(b);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static int
usage(const struct err *e)
{
    struct strbuf b;

    strbuf_init(&b);
    strbuf_printf(&b, "actord: %s\n", e->text);
    if (e->fix[0] != '\0')
        strbuf_printf(&b, "  fix: %s\n", e->fix);
    print(stderr, &b);
    return EXIT_USAGE;
}

static int
show_keys(const struct options *o)
{
    struct strbuf b;
    struct json j;

    strbuf_init(&b);
    if (o->json || o->keys == KEYS_SCHEMA) {
        json_init(&j, &b);
        keys_schema(&j);
        strbuf_putc(&b, '\n');
    } else if (o->keys == KEYS_MARKDOWN) {
        keys_markdown(&b);
    } else {
        keys_list(&b, colored(STDOUT_FILENO));
    }
    return print(stdout, &b);
}

/* Errors for people go to standard error; as JSON they are the answer. */
static int
show_errors(const struct options *o, const struct diags *d, int code)
{
    struct strbuf b;
    struct json j;

    strbuf_init(&b);
    if (!o->json) {
        diags_print(d, &b, colored(STDERR_FILENO));
        print(stderr, &b);
        return code;
    }
    json_init(&j, &b);
    json_object_begin(&j);
    json_key(&j, "valid");
    json_bool(&j, diags_count(d) == 0);
    json_key(&j, "errors");
    diags_json(d, &j);
    json_object_end(&j);
    strbuf_putc(&b, '\n');
    print(stdout, &b);
    return code;
}

/* Everything that --check looks at, when `check`; else the files alone. */
static int
load(struct config **ret, const char *path, const struct config_world *w, bool check, struct diags *d)
{
    struct plugin_schemas *s = NULL;
    struct config_schemas face;
    int r = check ? plugin_schemas_new(&s, env_real()) : 0;

    if (r < 0)
        return r;
    if (check)
        face = plugin_schemas_face(s);
    r = config_load_checked(ret, path, w, check ? &face : NULL, d);
    plugin_schemas_free(s);
    return r;
}

static int
show_valid(const struct options *o, const struct config *c, const struct diags *d)
{
    struct strbuf b;
    struct json j;

    strbuf_init(&b);
    if (o->action == ACTION_CHECK && o->json)
        return show_errors(o, d, EXIT_OK);
    if (o->action == ACTION_CHECK) {
        strbuf_printf(&b, "%s is valid: node %s, %zu plugin%s, %zu actor%s\n", c->path, c->node.name,
                      c->plugin.n, c->plugin.n == 1 ? "" : "s", c->actor.n, c->actor.n == 1 ? "" : "s");
    } else if (o->json) {
        json_init(&j, &b);
        config_dump_json(c, &j);
        strbuf_putc(&b, '\n');
    } else {
        config_dump(c, &b);
    }
    return print(stdout, &b);
}

/* _exit after a late stop: a stuck handler's thread may still run, and its memory must stay until the very end. */
static int
run(struct config *c, const struct config_world *w)
{
    struct err e = {0};

    switch (node_run(c, w, getenv("NOTIFY_SOCKET"), &e)) {
    case BOOT_STOPPED:
        return EXIT_OK;
    case BOOT_LATE:
        fflush(NULL);
        _exit(EXIT_FAILED);
    case BOOT_FAILED:
        break;
    }
    fprintf(stderr, "actord: %s\n", e.text);
    if (e.fix[0] != '\0')
        fprintf(stderr, "  fix: %s\n", e.fix);
    return EXIT_FAILED;
}

static int
with_config(const struct options *o)
{
    struct config_world *w = malloc(sizeof *w);
    struct config *c = NULL;
    struct diags d;
    int r, code;

    if (w == NULL)
        return EXIT_FAILED;
    diags_init(&d);
    config_world_real(w);
    r = load(&c, o->config, w, o->action != ACTION_DUMP, &d);
    if (r == -ERR_NOMEM) {
        fputs("actord: out of memory\n", stderr);
        code = EXIT_FAILED;
    } else if (r < 0) {
        code = show_errors(o, &d, o->action == ACTION_RUN ? EXIT_CONFIG_START : EXIT_CONFIG_WRONG);
    } else {
        code = o->action == ACTION_RUN ? run(c, w) : show_valid(o, c, &d);
    }
    config_free(c);
    diags_fini(&d);
    free(w);
    return code;
}

int
actord_main(int argc, char **argv)
{
    struct options o;
    struct strbuf b;
    struct err e;

    if (options_parse(argc, argv, &o, &e) < 0)
        return usage(&e);
    strbuf_init(&b);
    switch (o.action) {
    case ACTION_HELP:
        options_help(&b, colored(STDOUT_FILENO));
        return print(stdout, &b);
    case ACTION_VERSION:
        strbuf_puts(&b, "actord " ACTORD_VERSION "\n");
        return print(stdout, &b);
    case ACTION_KEYS:
        return show_keys(&o);
    case ACTION_RUN:
    case ACTION_CHECK:
    case ACTION_DUMP:
        break;
    }
    return with_config(&o);
}
