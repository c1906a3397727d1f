/* report.c - what goes to stderr. With --json every line of it is one JSON document. */
#include "base/util.h"
#include "ctl.h"
#include <string.h>

int
exit_for(int err_code)
{
    static const struct {
        int code, exit;
    } table[] = {
#define EXIT(name, number, text)
#define FOR(exit, error) {ERR_##error, EXIT_##exit},
#include "exit.def"
#undef FOR
#undef EXIT
    };

    if (err_code == 0)
        return EXIT_OK;
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (table[i].code == err_code || table[i].code == -err_code)
            return table[i].exit;
    return EXIT_FAILED;
}

static void
json_begin(struct json *j, struct strbuf *b, const struct call *call, const char *what)
{
    strbuf_init(b);
    json_init(j, b);
    json_object_begin(j);
    json_key(j, "schema");
    json_str(j, what);
    json_key(j, "command");
    json_str(j, call->cmd == NULL ? NULL : call->cmd->name);
}

static void
json_line(struct json *j, struct strbuf *b)
{
    json_object_end(j);
    fprintf(stderr, "%s\n", strbuf_str(b));
    strbuf_fini(b);
}

void
report_error(const struct call *call, const struct err *err)
{
    struct strbuf b;
    struct json j;

    if (!call->opt.json) {
        fprintf(stderr, "actorctl: %s\n", err->text);
        if (err->fix[0] != '\0')
            fprintf(stderr, "  fix: %s\n", err->fix);
        return;
    }
    json_begin(&j, &b, call, "actorctl/error/1");
    json_key(&j, "error");
    json_object_begin(&j);
    json_key(&j, "code");
    json_i64(&j, err->code);
    json_key(&j, "name");
    json_str(&j, err_name(err->code));
    json_key(&j, "text");
    json_str(&j, err->text);
    json_key(&j, "fix");
    json_str(&j, err->fix[0] == '\0' ? NULL : err->fix);
    json_key(&j, "near");
    json_array_begin(&j);
    json_array_end(&j);
    json_object_end(&j);
    json_line(&j, &b);
}

static void
words(const char *before, const msgpack_object *o, const char *after)
{
    struct strbuf b;

    if (o == NULL || o->type == MSGPACK_OBJECT_NIL)
        return;
    strbuf_init(&b);
    object_text(&b, o);
    fprintf(stderr, "%s%s%s", before, strbuf_str(&b), after);
    strbuf_fini(&b);
}

void
report_refusal(const struct call *call, const msgpack_object *answer, int exit_code)
{
    const msgpack_object *error = object_get(answer, "error"), *near = object_get(error, "near"),
                         *result = object_get(answer, "result");
    struct call plain = *call;
    struct strbuf b;
    struct json j;

    if (call->opt.json) {
        json_begin(&j, &b, call, "actorctl/error/1");
        json_key(&j, "exit");
        json_i64(&j, exit_code);
        json_key(&j, "error");
        if (error == NULL)
            json_nil(&j);
        else
            object_json(&j, error);
        json_key(&j, "result");
        if (result == NULL)
            json_nil(&j);
        else
            object_json(&j, result);
        json_line(&j, &b);
        return;
    }
    fprintf(stderr, "actorctl: %s: ", call->cmd->name);
    words("", object_get(error, "text"), "");
    words(" [", object_get(error, "name"), "]\n");
    words("  fix: ", object_get(error, "fix"), "\n");
    if (near != NULL && near->type == MSGPACK_OBJECT_ARRAY && near->via.array.size > 0) {
        for (uint32_t i = 0; i < near->via.array.size; i++)
            words(i == 0                          ? "  did you mean "
                  : i + 1 == near->via.array.size ? " or "
                                                  : ", ",
                  &near->via.array.ptr[i], "");
        fputs("?\n", stderr);
    }
    plain.opt.terminal = plain.opt.color = false; /* those are about stdout */
    show_result(&plain, result, stderr);
}

static uint64_t
number(const msgpack_object *event, const char *name)
{
    return object_u64(object_get(event, name), 0);
}

void
report_progress(const struct call *call, const msgpack_object *event)
{
    struct strbuf b;
    struct json j;

    if (call->opt.quiet)
        return;
    if (call->opt.json) {
        strbuf_init(&b);
        json_init(&j, &b);
        object_json(&j, event);
        fprintf(stderr, "%s\n", strbuf_str(&b));
        strbuf_fini(&b);
        return;
    }
    if (!call->opt.progress)
        return;
    fputs("\r\033[K", stderr);
    words("", object_get(event, "phase"), " ");
    if (number(event, "total") > 0)
        fprintf(stderr, "%llu of %llu", (unsigned long long)number(event, "done"),
                (unsigned long long)number(event, "total"));
    if (number(event, "kept") > 0)
        fprintf(stderr, ", %llu kept", (unsigned long long)number(event, "kept"));
    fflush(stderr);
}

void
report_progress_end(const struct call *call)
{
    if (call->opt.progress && !call->opt.json && !call->opt.quiet)
        fputs("\r\033[K", stderr);
}
