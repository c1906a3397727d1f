/* args.c - the command line, read by the rows of commands.def. */
#include "base/nearest.h"
#include "base/util.h"
#include "ctl.h"
#include "wire/pack.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
option_name(const struct command_arg *a, char *buf, size_t n)
{
    snprintf(buf, n, "--%s", a->name);
    for (char *s = buf; *s != '\0'; s++)
        if (*s == '_')
            *s = '-';
}

int
duration_parse(const char *text, uint64_t *ret_ms, struct err *err)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end;
    unsigned long long n;

    errno = 0;
    n = strtoull(text, &end, 10);
    if (end == text || text[0] == '-' || text[0] == '+' || text[0] == ' ' || errno != 0) {
        err_set(err, ERR_SYNTAX, "\"%s\" is not a duration", text);
        return err_fix(err, "write it like 250ms, 10s or 5m");
    }
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (strcmp(end, units[i].unit) == 0) {
            if (n > UINT64_MAX / units[i].ms)
                return err_set(err, ERR_RANGE, "\"%s\" is too long", text);
            *ret_ms = n * units[i].ms;
            return 0;
        }
    err_set(err, ERR_SYNTAX, *end == '\0' ? "\"%s\" has no unit" : "\"%s\" has a unit that is not known",
            text);
    return err_fix(err, "write %llums, %llus or %llum", n, n, n);
}

/* --- options --- */

struct words {
    int argc, at;
    char **argv;
    bool only_positional; /* after -- */
};

/* The value of an option: after '=', or the next word. */
static int
option_value(struct words *w, const char *option, const char *equals, const char **ret, struct err *err)
{
    if (equals != NULL) {
        *ret = equals + 1;
        return 0;
    }
    if (w->at >= w->argc)
        return err_set(err, ERR_SYNTAX, "%s needs a value", option);
    *ret = w->argv[w->at++];
    return 0;
}

static bool
is_option(const char *word, const char *name, const char **ret_equals)
{
    size_t n = strlen(name);

    if (strncmp(word, name, n) != 0 || (word[n] != '\0' && word[n] != '='))
        return false;
    *ret_equals = word[n] == '=' ? word + n : NULL;
    return true;
}

/* 1: taken. 0: not an option of the tool itself. */
static int
tool_option(struct options *o, struct words *w, const char *word, struct err *err)
{
    static const struct {
        const char *name;
        size_t offset;
    } flags[] = {{"--json", offsetof(struct options, json)},
                 {"--quiet", offsetof(struct options, quiet)},
                 {"-q", offsetof(struct options, quiet)},
                 {"--no-headers", offsetof(struct options, no_headers)},
                 {"--help", offsetof(struct options, help)},
                 {"-h", offsetof(struct options, help)}},
      texts[] = {{"--socket", offsetof(struct options, socket)},
                 {"-s", offsetof(struct options, socket)},
                 {"--node", offsetof(struct options, node)},
                 {"-N", offsetof(struct options, node)},
                 {"--color", offsetof(struct options, color_option)}};
    const char *equals;
    int rc;

    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (strcmp(word, flags[i].name) == 0) {
            *(bool *)((char *)o + flags[i].offset) = true;
            return 1;
        }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (is_option(word, texts[i].name, &equals)) {
            rc = option_value(w, texts[i].name, equals, (const char **)((char *)o + texts[i].offset), err);
            return rc < 0 ? rc : 1;
        }
    return 0;
}

static int
unknown_option(const struct call *call, const char *word, struct err *err)
{
    static const char *const tool[] = {"--json",   "--quiet", "--no-headers", "--help",
                                       "--socket", "--node",  "--color"};
    struct nearest near;
    char name[64];

    nearest_init(&near, word);
    for (size_t i = 0; i < ARRAY_LEN(tool); i++)
        nearest_try(&near, tool[i]);
    for (size_t i = 0; call->cmd != NULL && i < call->cmd->nargs; i++)
        if (call->cmd->args[i].how == HOW_OPT || call->cmd->args[i].how == HOW_FLAG) {
            option_name(&call->cmd->args[i], name, sizeof name);
            nearest_try(&near, name);
        }
    err_set(err, ERR_INVALID, "unknown option %s", word);
    if (near.n > 0)
        return err_fix(err, "did you mean %s?", near.name[0]);
    if (call->cmd != NULL)
        return err_fix(err, "see actorctl help %s", call->cmd->name);
    return err_fix(err, "see actorctl help");
}

static int
command_option(struct call *call, struct words *w, const char *word, struct err *err)
{
    const struct command *cmd = call->cmd;
    const char *equals;
    char name[64];

    for (size_t i = 0; cmd != NULL && i < cmd->nargs; i++) {
        if (cmd->args[i].how != HOW_OPT && cmd->args[i].how != HOW_FLAG)
            continue;
        option_name(&cmd->args[i], name, sizeof name);
        if (!is_option(word, name, &equals))
            continue;
        if (call->values[i] != NULL)
            return err_set(err, ERR_INVALID, "%s is there twice", name);
        if (cmd->args[i].how == HOW_OPT)
            return option_value(w, name, equals, &call->values[i], err);
        if (equals != NULL)
            return err_set(err, ERR_INVALID, "%s takes no value", name);
        call->values[i] = "";
        return 0;
    }
    return unknown_option(call, word, err);
}

/* --- positional words --- */

static int
positional(struct call *call, const char *word, struct err *err)
{
    const struct command *cmd = call->cmd;

    if (cmd == NULL) {
        call->cmd = command_by_name(word);
        if (call->cmd == NULL)
            help_unknown(word, err);
        return call->cmd == NULL ? -ERR_INVALID : 0;
    }
    for (size_t i = 0; i < cmd->nargs; i++) {
        const struct command_arg *a = &cmd->args[i];

        if (call->values[i] != NULL || (a->how != HOW_POS && a->how != HOW_MAY))
            continue;
        /* spawn BEHAVIOUR JSON: a name does not begin with a brace. */
        if (a->how == HOW_MAY && a->kind != ARG_value && word[0] == '{' && i + 1 < cmd->nargs &&
            cmd->args[i + 1].kind == ARG_value)
            continue;
        call->values[i] = word;
        return 0;
    }
    err_set(err, ERR_INVALID, "%s takes no argument \"%s\"", cmd->name, word);
    return err_fix(err, "see actorctl help %s", cmd->name);
}

static int
check_complete(const struct call *call, struct err *err)
{
    for (size_t i = 0; i < call->cmd->nargs; i++)
        if (call->cmd->args[i].how == HOW_POS && call->values[i] == NULL) {
            err_set(err, ERR_INVALID, "%s needs %s: %s", call->cmd->name, call->cmd->args[i].metavar,
                    call->cmd->args[i].help);
            return err_fix(err, "for example: %s", call->cmd->example);
        }
    return 0;
}

int
args_parse(struct call *call, int argc, char **argv, struct err *err)
{
    struct words w = {.argc = argc, .at = 1, .argv = argv};
    int rc = 0;

    while (w.at < w.argc) {
        const char *word = w.argv[w.at++];

        if (w.only_positional || word[0] != '-' || word[1] == '\0') {
            rc = positional(call, word, err);
        } else if (strcmp(word, "--") == 0) {
            w.only_positional = true;
        } else {
            rc = tool_option(&call->opt, &w, word, err);
            if (rc == 0)
                rc = command_option(call, &w, word, err);
        }
        if (rc < 0)
            return rc;
    }
    if (call->cmd == NULL || call->opt.help)
        return 0;
    return check_complete(call, err);
}

/* --- packing --- */

/* A word that names a file, or looks like a path, becomes absolute: the node has another working directory. A version or the
 * name of a plugin stays. */
static int
pack_file(msgpack_packer *pk, const struct command_arg *a, const char *text, struct err *err)
{
    char real[PATH_MAX], cwd[PATH_MAX], path[2 * PATH_MAX];

    if (realpath(text, real) != NULL) {
        pack_str(pk, real);
        return 0;
    }
    if (strchr(text, '/') == NULL && strcmp(a->metavar, "FILE") != 0) {
        pack_str(pk, text);
        return 0;
    }
    if (errno == ENOENT || errno == ENOTDIR)
        return err_set(err, ERR_NOTFOUND, "there is no file %s", text);
    if (text[0] == '/' || getcwd(cwd, sizeof cwd) == NULL)
        snprintf(path, sizeof path, "%s", text);
    else
        snprintf(path, sizeof path, "%s/%s", cwd, text);
    pack_str(pk, path); /* not readable by us, perhaps by the node */
    return 0;
}

static int
pack_number(msgpack_packer *pk, const struct command_arg *a, const char *text, struct err *err)
{
    uint64_t v;
    char *end;
    int rc;

    if (a->kind == ARG_ms) {
        rc = duration_parse(text, &v, err);
        if (rc < 0)
            return rc;
    } else {
        errno = 0;
        v = strtoull(text, &end, 10);
        if (end == text || *end != '\0' || text[0] < '0' || text[0] > '9' || errno != 0)
            return err_set(err, ERR_SYNTAX, "%s must be a number, not \"%s\"", a->name, text);
    }
    if (a->max != 0 && v > a->max)
        return err_set(err, ERR_RANGE, "%s is \"%s\", at most %llu%s is allowed", a->name, text,
                       (unsigned long long)a->max, a->kind == ARG_ms ? "ms" : "");
    pack_u64(pk, v);
    return 0;
}

int
args_pack(struct call *call, struct err *err)
{
    const struct command *cmd = call->cmd;
    msgpack_packer pk;
    size_t n = 0;
    int rc = 0;

    for (size_t i = 0; i < cmd->nargs; i++)
        n += call->values[i] != NULL;
    pack_init(&pk, &call->body);
    pack_map(&pk, n);
    for (size_t i = 0; i < cmd->nargs && rc == 0; i++) {
        const struct command_arg *a = &cmd->args[i];

        if (call->values[i] == NULL)
            continue;
        pack_str(&pk, a->name);
        switch (a->kind) {
        case ARG_file:
            rc = pack_file(&pk, a, call->values[i], err);
            break;
        case ARG_u64:
        case ARG_ms:
            rc = pack_number(&pk, a, call->values[i], err);
            break;
        case ARG_bool:
            pack_bool(&pk, true);
            break;
        case ARG_value:
            rc = payload_pack(&call->body, call->values[i], err);
            break;
        default:
            pack_str(&pk, call->values[i]);
        }
    }
    if (rc == 0 && call->body.failed)
        rc = err_set(err, ERR_NOMEM, "no memory for the request");
    return rc;
}
