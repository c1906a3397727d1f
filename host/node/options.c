/* options.c - getopt_long behind one table, which also makes --help and the suggestions. */
#include "node/options.h"
#include "base/nearest.h"
#include "base/util.h"
#include <getopt.h>
#include <string.h>

enum { /* beyond any letter; in the order of rows */
       OPTION_CONFIG = 256,
       OPTION_CHECK,
       OPTION_DUMP,
       OPTION_JSON,
       OPTION_KEYS,
       OPTION_VERSION,
       OPTION_HELP
};
static const struct row {
    const char *name;
    char letter; /* 0: none */
    int arg;     /* no_argument ... */
    const char *arg_name, *doc;
} rows[] = {
    {"config", 'c', required_argument, " FILE", "ini file of the node; FILE.d/*.ini are read after it"},
    {"check", 0, no_argument, "",
     "read the configuration and the plugins' notes, say all that is wrong, do not start"},
    {"dump-config", 0, no_argument, "", "print every effective value and the line it comes from"},
    {"json", 0, no_argument, "", "with --check, --dump-config, --keys: JSON"},
    {"keys", 0, optional_argument, "[=markdown]", "list every key with its values, default and meaning"},
    {"version", 0, no_argument, "", "print the version"},
    {"help", 'h', no_argument, "", "print this"},
};

/* getopt leaves the letter that is wrong; for a long option 0, or its value when that is what is wrong. */
static int
unknown(int letter, const char *word, struct err *e)
{
    struct nearest near;
    const char *name = word + strspn(word, "-");

    if (letter > 0 && letter < OPTION_CONFIG) {
        err_set(e, ERR_INVALID, "unknown option -%c", letter);
        return err_fix(e, "actord --help lists the options");
    }
    if (letter >= OPTION_CONFIG) {
        err_set(e, ERR_INVALID, "--%s takes no value", rows[letter - OPTION_CONFIG].name);
        return err_fix(e, "write --%s", rows[letter - OPTION_CONFIG].name);
    }
    nearest_init(&near, name);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        nearest_try(&near, rows[i].name);
    err_set(e, ERR_INVALID, "unknown option %.80s", word);
    if (near.n > 0 && word[0] == '-' && word[1] == '-')
        return err_fix(e, "did you mean --%s?", near.name[0]);
    return err_fix(e, "actord --help lists the options");
}

static int
set_action(struct options *o, enum action a, struct err *e)
{
    if (o->action != ACTION_RUN && o->action != a) {
        err_set(e, ERR_INVALID, "two actions at once");
        return err_fix(e, "give one of --check, --dump-config, --keys, --version, --help");
    }
    o->action = a;
    return 0;
}

static int
set_keys(struct options *o, const char *format, struct err *e)
{
    if (format == NULL || strcmp(format, "text") == 0)
        o->keys = KEYS_TEXT;
    else if (strcmp(format, "markdown") == 0)
        o->keys = KEYS_MARKDOWN;
    else if (strcmp(format, "schema") == 0)
        o->keys = KEYS_SCHEMA;
    else {
        err_set(e, ERR_INVALID, "unknown form of --keys: \"%.40s\"", format);
        return err_fix(e, "write --keys, --keys=markdown or --keys=schema");
    }
    return set_action(o, ACTION_KEYS, e);
}

int
options_parse(int argc, char **argv, struct options *ret, struct err *e)
{
    struct option longs[ARRAY_LEN(rows) + 1] = {{0}};
    struct options o = {.action = ACTION_RUN};
    int c, r = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        longs[i] =
            (struct option){.name = rows[i].name, .has_arg = rows[i].arg, .val = OPTION_CONFIG + (int)i};
    optind = 0; /* glibc: from the beginning, for a second call in one process */
    opterr = 0;
    while (r == 0 && (c = getopt_long(argc, argv, ":c:h", longs, NULL)) != -1) {
        switch (c) {
        case 'c':
        case OPTION_CONFIG:
            if (o.config != NULL) {
                err_set(e, ERR_INVALID, "-c twice");
                r = err_fix(e, "put what differs into FILE.d/*.ini");
            }
            o.config = optarg;
            break;
        case OPTION_CHECK:
            r = set_action(&o, ACTION_CHECK, e);
            break;
        case OPTION_DUMP:
            r = set_action(&o, ACTION_DUMP, e);
            break;
        case OPTION_JSON:
            o.json = true;
            break;
        case OPTION_KEYS:
            r = set_keys(&o, optarg, e);
            break;
        case OPTION_VERSION:
            r = set_action(&o, ACTION_VERSION, e);
            break;
        case 'h':
        case OPTION_HELP:
            r = set_action(&o, ACTION_HELP, e);
            break;
        case ':':
            err_set(e, ERR_INVALID, "%.80s needs a value", argv[optind - 1]);
            r = err_fix(e, "actord -c node.ini");
            break;
        default:
            r = unknown(optopt, argv[optind - 1], e);
            break;
        }
    }
    if (r == 0 && optind < argc) {
        err_set(e, ERR_INVALID, "\"%.80s\" is not an option", argv[optind]);
        r = err_fix(e, "the ini file is given as actord -c %.80s", argv[optind]);
    }
    if (r == 0 && o.config == NULL && o.action <= ACTION_DUMP) {
        err_set(e, ERR_INVALID, "no configuration given");
        r = err_fix(e, "actord -c node.ini; actord --help shows how to write one");
    }
    if (r == 0 && o.json && o.action == ACTION_RUN) {
        err_set(e, ERR_INVALID, "--json needs --check, --dump-config or --keys");
        r = err_fix(e, "for a log in JSON set format = json in [log]");
    }
    if (r == 0)
        *ret = o;
    return r;
}

void
options_help(struct strbuf *out, bool color)
{
    const char *bold = color ? "\033[1m" : "", *plain = color ? "\033[0m" : "";

    strbuf_printf(
        out,
        "%sactord%s runs actors from plugins, supervises them, and replaces their code while they live.\n\n",
        bold, plain);
    strbuf_printf(out,
                  "%sUsage:%s actord -c FILE [--check | --dump-config] [--json]\n"
                  "       actord --keys[=markdown] | --version | --help\n\n",
                  bold, plain);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct strbuf left;

        strbuf_init(&left);
        if (rows[i].letter != 0)
            strbuf_printf(&left, "-%c, ", rows[i].letter);
        else
            strbuf_puts(&left, "    ");
        strbuf_printf(&left, "--%s%s", rows[i].name, rows[i].arg_name);
        strbuf_printf(out, "  %-24s %s\n", strbuf_str(&left), rows[i].doc);
        strbuf_fini(&left);
    }
    strbuf_printf(
        out,
        "\n%sA first node.ini%s (every key has a default; no root needed):\n\n"
        "  [node]\n"
        "  name = first\n"
        "  [plugin greeter]\n"
        "  path = /path/to/greeter.so\n"
        "  [actor hello]\n"
        "  behaviour = greeter\n"
        "\n%sThen:%s\n"
        "  actord -c node.ini --check     all mistakes at once, each with line, column and advice\n"
        "  actord -c node.ini             runs in the foreground; Ctrl-C stops it in order\n"
        "  actorctl -N first status       in another terminal\n"
        "\n%sSignals:%s TERM, INT stop in order, a second one faster; HUP reads the configuration anew: what "
        "may\n"
        "change while the node runs is applied, the rest is named, and one error keeps all as it is.\n"
        "\n%sExit:%s 0 fine; 1 could not start, or stop in time; 2 wrong command line; 3 configuration not "
        "valid\n"
        "(--check, --dump-config); 78 the same at start.\n",
        bold, plain, bold, plain, bold, plain, bold, plain);
}
