/* complete.c - candidates for shells: "actorctl __complete WORDS..." prints one a line for the last word. Names of actors,
 * plugins and behaviours come from the node, if one answers within a blink. */
#include "base/util.h"
#include "ctl.h"
#include <string.h>

enum { ANSWER_MS = 500 };

static void
offer(const char *word, const char *candidate)
{
    if (strncmp(candidate, word, strlen(word)) == 0)
        puts(candidate);
}

static void
offer_options(const struct command *cmd, const char *word)
{
    static const char *const tool[] = {"--json",   "--quiet", "--no-headers", "--help",
                                       "--socket", "--node",  "--color"};
    char name[64];

    for (size_t i = 0; i < ARRAY_LEN(tool); i++)
        offer(word, tool[i]);
    for (size_t i = 0; cmd != NULL && i < cmd->nargs; i++)
        if (cmd->args[i].how == HOW_OPT || cmd->args[i].how == HOW_FLAG) {
            option_name(&cmd->args[i], name, sizeof name);
            offer(word, name);
        }
}

/* Ask the node for a list and offer one field of its rows. */
static void
offer_rows(const struct options *opt, const char *word, enum command_number command, const char *list,
           const char *field)
{
    struct client *c = NULL;
    struct object_doc doc = {0};
    const msgpack_object *rows, *o;
    struct frame f;
    char text[512];
    uint32_t id;

    if (connect_node(&c, opt, NULL) == 0 && client_request(c, command, NULL, 0, ANSWER_MS, &id, NULL) == 0 &&
        client_next(c, ANSWER_MS, &f, NULL) == 0 && f.type == FRAME_ANSWER &&
        object_read(&doc, f.body, f.len, OBJECT_ELEMENTS_ANSWER, NULL) == 0) {
        rows = object_get(object_get(&doc.root, "result"), list);
        for (uint32_t i = 0; rows != NULL && rows->type == MSGPACK_OBJECT_ARRAY && i < rows->via.array.size;
             i++) {
            o = object_get(&rows->via.array.ptr[i], field);
            if (o == NULL || o->type != MSGPACK_OBJECT_STR)
                continue;
            snprintf(text, sizeof text, "%.*s", (int)o->via.str.size, o->via.str.ptr);
            offer(word, text);
        }
    }
    object_free(&doc);
    client_close(c);
}

static void
offer_argument(const struct options *opt, const struct command_arg *a, const char *word)
{
    switch (a->kind) {
    case ARG_actor:
        offer_rows(opt, word, COMMAND_actors, "actors", "path");
        break;
    case ARG_plugin:
        offer_rows(opt, word, COMMAND_plugins, "plugins", "name");
        break;
    case ARG_behaviour:
        offer_rows(opt, word, COMMAND_actors, "actors", "behaviour");
        break;
    case ARG_ms:
        offer(word, "5s");
        offer(word, "1m");
        break;
    default: /* files: the shell does that itself */
        break;
    }
}

static const struct command_arg *
option_of(const struct command *cmd, const char *word)
{
    char name[64];

    for (size_t i = 0; cmd != NULL && i < cmd->nargs; i++) {
        option_name(&cmd->args[i], name, sizeof name);
        if (cmd->args[i].how == HOW_OPT && strcmp(word, name) == 0)
            return &cmd->args[i];
    }
    return NULL;
}

int
complete(int argc, char **argv)
{
    struct options opt = {0};
    const struct command *cmd = NULL, *t;
    const struct command_arg *a;
    const char *word = argc > 0 ? argv[argc - 1] : "";
    size_t at = 0, n;

    for (int i = 0; i + 1 < argc; i++) { /* the words before the last */
        if (strcmp(argv[i], "-s") == 0 || strcmp(argv[i], "--socket") == 0)
            opt.socket = argv[++i];
        else if (strcmp(argv[i], "-N") == 0 || strcmp(argv[i], "--node") == 0)
            opt.node = argv[++i];
        else if (cmd == NULL && argv[i][0] != '-')
            cmd = command_by_name(argv[i]);
        else if (option_of(cmd, argv[i]) != NULL)
            i++;
        else if (argv[i][0] != '-')
            at++;
    }
    a = argc > 1 ? option_of(cmd, argv[argc - 2]) : NULL;
    if (a != NULL) {
        offer_argument(&opt, a, word);
    } else if (word[0] == '-') {
        offer_options(cmd, word);
    } else if (cmd == NULL) {
        t = command_table(&n);
        for (size_t i = 0; i < n; i++)
            offer(word, t[i].name);
        offer(word, "help");
    } else if (at < cmd->nargs && (cmd->args[at].how == HOW_POS || cmd->args[at].how == HOW_MAY)) {
        offer_argument(&opt, &cmd->args[at], word);
    }
    return EXIT_OK;
}
