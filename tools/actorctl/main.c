/* main.c - one command: parse, connect, send, take what comes, show, end with the code that says how it went. */
#include "base/util.h"
#include "control/control.h"
#include "control/socket_path.h"
#include "ctl.h"
#include "node/offline.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CONNECT_MS = 5000,
    ANSWER_MS = 60000,       /* for commands without a timeout of their own */
    TIMEOUT_SPARE_MS = 5000, /* the node keeps the time; this is for a node that does not answer at all */
};

int
connect_node(struct client **ret_client, const struct options *opt, struct err *err)
{
    struct strbuf path;
    int rc = 0;

    strbuf_init(&path);
    if (opt->socket != NULL)
        strbuf_puts(&path, opt->socket);
    else
        rc = socket_path_find(&path, getenv("XDG_RUNTIME_DIR"), opt->node, err);
    if (rc == 0)
        rc = client_open(ret_client, strbuf_str(&path), CONNECT_MS, err);
    strbuf_fini(&path);
    return rc;
}

/* Longest wait for the next frame. */
static uint32_t
patience(const struct call *call)
{
    for (size_t i = 0; i < call->cmd->nargs; i++) {
        const struct command_arg *a = &call->cmd->args[i];
        uint64_t ms = a->dflt;

        if (call->cmd->number == COMMAND_logs && strcmp(a->name, "follow") == 0 && call->values[i] != NULL)
            return CLIENT_FOREVER;
        if (a->kind != ARG_ms)
            continue;
        if (call->values[i] != NULL)
            duration_parse(call->values[i], &ms, NULL);
        return ms == 0 ? ANSWER_MS : (uint32_t)ms + TIMEOUT_SPARE_MS;
    }
    return ANSWER_MS;
}

static void
print_json(const struct call *call, const msgpack_object *result, bool partial)
{
    struct strbuf b;
    struct json j;
    char schema[64];

    strbuf_init(&b);
    json_init(&j, &b);
    json_object_begin(&j);
    json_key(&j, "schema");
    snprintf(schema, sizeof schema, "actorctl/%s/1", call->cmd->name);
    json_str(&j, schema);
    if (partial) {
        json_key(&j, "partial");
        json_bool(&j, true);
    }
    for (uint32_t i = 0; result != NULL && result->type == MSGPACK_OBJECT_MAP && i < result->via.map.size;
         i++) {
        const msgpack_object_kv *kv = &result->via.map.ptr[i];

        if (kv->key.type != MSGPACK_OBJECT_STR)
            continue;
        json_key_n(&j, kv->key.via.str.ptr, kv->key.via.str.size);
        object_json(&j, &kv->val);
    }
    json_object_end(&j);
    puts(strbuf_str(&b));
    strbuf_fini(&b);
}

static int
show_answer(const struct call *call, const msgpack_object *answer)
{
    const msgpack_object *result = object_get(answer, "result");
    bool partial = object_bool(object_get(answer, "partial"), false);
    int code;

    if (!object_bool(object_get(answer, "ok"), false)) {
        code = exit_for((int)object_u64(object_get(object_get(answer, "error"), "code"), ERR_FAILED));
        report_refusal(call, answer, code);
        return code;
    }
    if (call->opt.json)
        print_json(call, result, partial);
    else
        show_result(call, result, stdout);
    if ((call->cmd->number == COMMAND_check || call->cmd->number == COMMAND_swap) &&
        object_is_str(object_get(result, "verdict"), "impossible"))
        return EXIT_REFUSED; /* a check, or a dry run: as the swap would be; scripts go by this */
    return partial ? EXIT_PARTIAL : EXIT_OK;
}

/* shutdown is done when the node is gone, which shows as the end of the connection. */
static int
wait_for_end(const struct call *call, struct client *c, const msgpack_object *answer)
{
    uint64_t ms = object_u64(object_get(object_get(answer, "result"), "deadline_ms"), ANSWER_MS);
    struct err err = {0};
    struct frame f;
    int rc;

    do
        rc = client_next(c, ms > 3600000 ? 3600000 : (uint32_t)ms + TIMEOUT_SPARE_MS, &f, &err);
    while (rc == 0);
    if (rc != -ERR_TIMEOUT)
        return EXIT_OK;
    err_set(&err, ERR_TIMEOUT, "the node has not ended yet");
    report_error(call, &err);
    return EXIT_TIMEOUT;
}

/* One frame. -1: there is more to come; else the exit code. */
static int
take(struct call *call, struct client *c, const struct frame *f)
{
    struct object_doc doc = {0};
    struct err err = {0};
    int code = -1;

    if (object_read(&doc, f->body, f->len, OBJECT_ELEMENTS_ANSWER, &err) < 0) {
        report_error(call, &err);
        return EXIT_UNREACHABLE;
    }
    if (f->type == FRAME_PROGRESS && call->cmd->number == COMMAND_logs) {
        show_log_line(call, &doc.root, stdout);
    } else if (f->type == FRAME_PROGRESS) {
        report_progress(call, &doc.root);
    } else {
        report_progress_end(call);
        code = show_answer(call, &doc.root);
        if (call->cmd->number == COMMAND_shutdown && code == EXIT_OK)
            code = wait_for_end(call, c, &doc.root);
    }
    object_free(&doc);
    return code;
}

/* Errors of the connection are not errors of the command. */
static int
connection_exit(int rc)
{
    switch (-rc) {
    case ERR_INVALID:
    case ERR_RANGE:
        return EXIT_USAGE;
    case ERR_TIMEOUT:
        return EXIT_TIMEOUT;
    case ERR_BUSY:
    case ERR_STOPPING:
        return EXIT_RETRY;
    case ERR_DENIED:
        return EXIT_REFUSED;
    default:
        return EXIT_UNREACHABLE;
    }
}

/* Files can be looked at without a node: when none was named, and none is there. */
static bool
may_go_without(const struct call *call, int rc)
{
    return (call->cmd->number == COMMAND_inspect || call->cmd->number == COMMAND_check) &&
           call->opt.socket == NULL && call->opt.node == NULL && connection_exit(rc) == EXIT_UNREACHABLE;
}

static int
run_offline(struct call *call)
{
    struct control_backend b;
    struct object_doc doc = {0};
    struct strbuf answer;
    struct err err = {0};
    int code, rc;

    if (!call->opt.quiet && !call->opt.json)
        fputs("actorctl: no node runs: looking at the file alone\n", stderr);
    strbuf_init(&answer);
    offline_backend(&b, env_real());
    rc = control_local(&b, call->cmd, call->body.p, call->body.len, &answer, &err);
    if (rc == 0)
        rc = object_read(&doc, answer.p + FRAME_HEADER_BYTES, answer.len - FRAME_HEADER_BYTES,
                         OBJECT_ELEMENTS_ANSWER, &err);
    if (rc == 0) {
        code = show_answer(call, &doc.root);
    } else {
        report_error(call, &err);
        code = exit_for(rc);
    }
    object_free(&doc);
    strbuf_fini(&answer);
    return code;
}

int
run_command(struct call *call)
{
    struct client *c = NULL;
    struct err err = {0};
    struct frame f;
    uint32_t id;
    int rc = connect_node(&c, &call->opt, &err), code = -1;

    if (rc < 0 && may_go_without(call, rc))
        return run_offline(call);
    if (rc == 0)
        rc = client_request(c, call->cmd->number, call->body.p, call->body.len, CONNECT_MS, &id, &err);
    while (rc == 0 && code < 0) {
        rc = client_next(c, patience(call), &f, &err);
        if (rc == 0 && f.id == id)
            code = take(call, c, &f);
    }
    if (rc < 0) {
        report_progress_end(call);
        report_error(call, &err);
        code = connection_exit(rc);
    }
    client_close(c);
    return code;
}

/* --- start --- */

static int
set_terminal(struct options *o, struct err *err)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    bool dumb = term != NULL && strcmp(term, "dumb") == 0;

    o->terminal = isatty(STDOUT_FILENO) && !o->json;
    o->progress = isatty(STDERR_FILENO) && !o->quiet && !dumb;
    o->color = o->terminal && !dumb && (no_color == NULL || no_color[0] == '\0');
    if (o->color_option == NULL || strcmp(o->color_option, "auto") == 0)
        return 0;
    if (strcmp(o->color_option, "always") != 0 && strcmp(o->color_option, "never") != 0) {
        err_set(err, ERR_INVALID, "--color is auto, always or never, not \"%s\"", o->color_option);
        return -ERR_INVALID;
    }
    o->color = o->color_option[0] == 'a' && !o->json;
    return 0;
}

/* actorctl help [COMMAND | exit-codes | manual] */
static int
help(int argc, char **argv)
{
    struct call none = {.opt = {.json = false}};
    const struct command *cmd;
    struct err err = {0};

    if (argc < 1) {
        help_all(stdout);
    } else if (strcmp(argv[0], "exit-codes") == 0) {
        help_exit_codes(stdout);
    } else if (strcmp(argv[0], "manual") == 0) {
        help_manual(stdout);
    } else if ((cmd = command_by_name(argv[0])) != NULL) {
        help_command(stdout, cmd);
    } else {
        help_unknown(argv[0], &err);
        report_error(&none, &err);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

static int
usage_error(const struct call *call, const struct err *err)
{
    report_error(call, err);
    return err->code == ERR_NOTFOUND ? EXIT_NOTFOUND : EXIT_USAGE;
}

static int
run(struct call *call, int argc, char **argv)
{
    struct err err = {0};
    int rc = args_parse(call, argc, argv, &err);

    if (rc == 0)
        rc = set_terminal(&call->opt, &err);
    if (rc < 0)
        return usage_error(call, &err);
    if (call->cmd == NULL) {
        help_all(call->opt.help ? stdout : stderr);
        return call->opt.help ? EXIT_OK : EXIT_USAGE;
    }
    if (call->opt.help) {
        help_command(stdout, call->cmd);
        return EXIT_OK;
    }
    if (args_pack(call, &err) < 0)
        return usage_error(call, &err);
    return run_command(call);
}

int
main(int argc, char **argv)
{
    struct call call = {.cmd = NULL};
    int code;

    if (argc > 1 && strcmp(argv[1], "help") == 0)
        return help(argc - 2, argv + 2);
    if (argc > 1 && strcmp(argv[1], "__complete") == 0)
        return complete(argc - 2, argv + 2);
    if (argc > 1 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)) {
        puts("actorctl " ACTORD_VERSION);
        return EXIT_OK;
    }
    strbuf_init(&call.body);
    code = run(&call, argc, argv);
    strbuf_fini(&call.body);
    if (fflush(stdout) != 0 || ferror(stdout))
        return code == EXIT_OK ? EXIT_FAILED : code;
    return code;
}
