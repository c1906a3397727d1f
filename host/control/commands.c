/* commands.c - the table, and decoding a request by it. */
#include "control/commands.h"
#include "base/util.h"
#include "wire/object.h"
#include "wire/pack.h"
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 4096 };

#define CMD(number, name, cost, role, summary, example, ARGS, ANSWER) \
    static const struct command_arg name##_args[] = {ARGS{NULL}};     \
    static const char *const name##_gives[] = {ANSWER NULL};
#define ARG(command, kind, name, how, metavar, dflt, max, help) \
    {#name, ARG_##kind, HOW_##how, metavar, dflt, max, help, offsetof(struct req_##command, name)},
#define GIVES(view) #view,
#include "control/commands.def"
#undef GIVES
#undef ARG
#undef CMD

static const struct command table[] = {
#define CMD(number, name, cost, role, summary, example, ARGS, ANSWER) \
    {number,                                                          \
     #name,                                                           \
     COST_##cost,                                                     \
     ROLE_##role,                                                     \
     summary,                                                         \
     example,                                                         \
     name##_args,                                                     \
     ARRAY_LEN(name##_args) - 1,                                      \
     sizeof(struct req_##name),                                       \
     name##_gives,                                                    \
     ARRAY_LEN(name##_gives) - 1},
#include "control/commands.def"
#undef CMD
};

const struct command *
command_table(size_t *ret_n)
{
    *ret_n = ARRAY_LEN(table);
    return table;
}

const struct command *
command_by_number(uint32_t number)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (table[i].number == number)
            return &table[i];
    return NULL;
}

const struct command *
command_by_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const char *
control_cost_name(enum control_cost cost)
{
    static const char *const names[] = {"free", "bounded", "scan", "intrusive"};

    return names[cost];
}

const char *
control_role_name(enum control_role role)
{
    static const char *const names[] = {"none", "read", "operate", "admin"};

    return names[role];
}

/* --- decoding --- */

static void *
slot(const struct request *r, const struct command_arg *a)
{
    return (char *)r->req + a->offset;
}

static int
take_text(struct request *r, const struct command_arg *a, const msgpack_object *o, char **at, struct err *err)
{
    const msgpack_object_str *s = &o->via.str;

    if (o->type != MSGPACK_OBJECT_STR)
        return err_set(err, ERR_TYPE, "argument \"%s\" must be text", a->name);
    if (s->size > TEXT_MAX)
        return err_set(err, ERR_RANGE, "argument \"%s\" is longer than %d bytes", a->name, TEXT_MAX);
    if (s->size == 0)
        return err_set(err, ERR_RANGE, "argument \"%s\" is empty", a->name);
    if (memchr(s->ptr, '\0', s->size) != NULL)
        return err_set(err, ERR_RANGE, "argument \"%s\" contains a NUL byte", a->name);
    memcpy(*at, s->ptr, s->size);
    (*at)[s->size] = '\0';
    *(const char **)slot(r, a) = *at;
    *at += s->size + 1;
    return 0;
}

static int
take_number(struct request *r, const struct command_arg *a, const msgpack_object *o, struct err *err)
{
    if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
        return err_set(err, ERR_TYPE, "argument \"%s\" must be a number that is not negative", a->name);
    if (a->max != 0 && o->via.u64 > a->max)
        return err_set(err, ERR_RANGE, "argument \"%s\" is %llu, at most %llu is allowed", a->name,
                       (unsigned long long)o->via.u64, (unsigned long long)a->max);
    *(uint64_t *)slot(r, a) = o->via.u64;
    return 0;
}

/* The struct gets the offset + 1 for now: the buffer may still move. */
static int
take_value(struct request *r, const struct command_arg *a, const msgpack_object *o, struct err *err)
{
    struct control_value *v = slot(r, a);
    size_t from = r->values.len;
    msgpack_packer pk;

    pack_init(&pk, &r->values);
    if (msgpack_pack_object(&pk, *o) < 0 || r->values.failed)
        return err_set(err, ERR_NOMEM, "no memory for argument \"%s\"", a->name);
    v->p = (const void *)(uintptr_t)(from + 1);
    v->n = r->values.len - from;
    return 0;
}

static int
take(struct request *r, const struct command_arg *a, const msgpack_object *o, char **text, struct err *err)
{
    switch (a->kind) {
    case ARG_str:
    case ARG_actor:
    case ARG_plugin:
    case ARG_behaviour:
    case ARG_file:
        return take_text(r, a, o, text, err);
    case ARG_u64:
    case ARG_ms:
        return take_number(r, a, o, err);
    case ARG_bool:
        if (o->type != MSGPACK_OBJECT_BOOLEAN)
            return err_set(err, ERR_TYPE, "argument \"%s\" must be true or false", a->name);
        *(bool *)slot(r, a) = o->via.boolean;
        return 0;
    case ARG_value:
        return take_value(r, a, o, err);
    }
    return err_set(err, ERR_TYPE, "argument \"%s\" has no kind", a->name);
}

static const struct command_arg *
find_arg(const struct command *cmd, const msgpack_object *key)
{
    for (size_t i = 0; i < cmd->nargs; i++)
        if (object_is_str(key, cmd->args[i].name))
            return &cmd->args[i];
    return NULL;
}

static void
set_defaults(struct request *r)
{
    const struct command *cmd = r->cmd;

    *(uint32_t *)r->req = cmd->number;
    for (size_t i = 0; i < cmd->nargs; i++)
        if (cmd->args[i].kind == ARG_u64 || cmd->args[i].kind == ARG_ms)
            *(uint64_t *)slot(r, &cmd->args[i]) = cmd->args[i].dflt;
}

static int
take_all(struct request *r, const msgpack_object *map, struct err *err)
{
    char *text = r->text;
    uint32_t seen = 0; /* bit per argument */
    int rc;

    if (map->type != MSGPACK_OBJECT_MAP)
        return err_set(err, ERR_TYPE, "a request must be a map from argument to value");
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *kv = &map->via.map.ptr[i];
        const struct command_arg *a = find_arg(r->cmd, &kv->key);

        if (a == NULL && kv->key.type == MSGPACK_OBJECT_STR)
            return err_set(err, ERR_INVALID, "%s takes no argument \"%.*s\"", r->cmd->name,
                           kv->key.via.str.size > 40 ? 40 : (int)kv->key.via.str.size, kv->key.via.str.ptr);
        if (a == NULL)
            return err_set(err, ERR_TYPE, "a request must be a map from argument to value");
        if (seen & 1u << (a - r->cmd->args))
            return err_set(err, ERR_INVALID, "argument \"%s\" is there twice", a->name);
        seen |= 1u << (a - r->cmd->args);
        rc = take(r, a, &kv->val, &text, err);
        if (rc < 0)
            return rc;
    }
    for (size_t i = 0; i < r->cmd->nargs; i++)
        if (r->cmd->args[i].how == HOW_POS && (seen & 1u << i) == 0)
            return err_set(err, ERR_INVALID, "%s needs %s", r->cmd->name, r->cmd->args[i].metavar);
    for (size_t i = 0; i < r->cmd->nargs; i++) {
        struct control_value *v = slot(r, &r->cmd->args[i]);

        if (r->cmd->args[i].kind == ARG_value && v->n > 0)
            v->p = r->values.p + ((uintptr_t)v->p - 1);
    }
    return 0;
}

int
request_decode(struct request *ret_request, const struct command *cmd, const void *body, size_t n,
               struct err *err)
{
    struct request r = {.cmd = cmd};
    struct object_doc doc = {0};
    int rc;

    strbuf_init(&r.values);
    r.req = calloc(1, cmd->req_bytes);
    r.text = malloc(n + 1); /* each text loses at least one byte of header and gains a NUL */
    if (r.req == NULL || r.text == NULL) {
        rc = err_set(err, ERR_NOMEM, "no memory for the request");
        goto fail;
    }
    set_defaults(&r);
    if (n == 0) {
        rc = take_all(&r, &(const msgpack_object){.type = MSGPACK_OBJECT_MAP}, err);
    } else {
        rc = object_read(&doc, body, n, 0, err);
        if (rc == 0)
            rc = take_all(&r, &doc.root, err);
    }
    if (rc < 0)
        goto fail;
    object_free(&doc);
    *ret_request = r;
    return 0;

fail:
    object_free(&doc);
    request_free(&r);
    return rc;
}

void
request_free(struct request *r)
{
    free(r->req);
    free(r->text);
    strbuf_fini(&r->values);
    *r = (struct request){0};
}
