/* commands.h - the rows of commands.def as enum, typed requests and a table to walk. Constants; any thread.
 */
#ifndef CONTROL_COMMANDS_H
#define CONTROL_COMMANDS_H
#include "base/err.h"
#include "base/strbuf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum control_role { ROLE_NONE, ROLE_READ, ROLE_OPERATE, ROLE_ADMIN };
enum control_cost { COST_FREE, COST_BOUNDED, COST_SCAN, COST_INTRUSIVE };

/* One packed msgpack value that the bounded scan has accepted; n = 0: it was not given. */
struct control_value {
    const void *p;
    size_t n;
};

enum arg_kind {
    ARG_str,
    ARG_actor,
    ARG_plugin,
    ARG_behaviour,
    ARG_file,
    ARG_u64,
    ARG_ms,
    ARG_bool,
    ARG_value
};
enum arg_how { HOW_POS, HOW_MAY, HOW_OPT, HOW_FLAG };

#define CONTROL_C_str       const char *
#define CONTROL_C_actor     const char *
#define CONTROL_C_plugin    const char *
#define CONTROL_C_behaviour const char *
#define CONTROL_C_file      const char *
#define CONTROL_C_u64       uint64_t
#define CONTROL_C_ms        uint64_t
#define CONTROL_C_bool      bool
#define CONTROL_C_value     struct control_value

enum command_number {
#define CMD(number, name, ...) COMMAND_##name = number,
#include "control/commands.def"
#undef CMD
    COMMAND_END
};

/* struct req_swap and its siblings. Texts are NULL when they were not given, and end in NUL; numbers have
 * their default then. */
#define CMD(number, name, cost, role, summary, example, ARGS, ANSWER) \
    struct req_##name {                                               \
        uint32_t command;                                             \
        ARGS                                                          \
    };
#define ARG(command, kind, name, ...) CONTROL_C_##kind name;
#include "control/commands.def"
#undef ARG
#undef CMD

struct command_arg {
    const char *name; /* on the wire; the tool writes '_' as '-' */
    enum arg_kind kind;
    enum arg_how how;
    const char *metavar;
    uint64_t dflt, max;
    const char *help;
    size_t offset; /* in the request's struct */
};
struct command {
    uint32_t number;
    const char *name;
    enum control_cost cost;
    enum control_role role;
    const char *summary, *example;
    const struct command_arg *args;
    size_t nargs, req_bytes;
    const char *const *gives; /* names of views */
    size_t ngives;
};
const struct command *command_table(size_t *ret_n);
const struct command *command_by_number(uint32_t number); /* NULL: unknown */
const struct command *command_by_name(const char *name);
const char *control_cost_name(enum control_cost cost); /* "free" */
const char *control_role_name(enum control_role role); /* "read" */

/* A request, decoded. */
struct request {
    const struct command *cmd;
    void *req;            /* struct req_NAME */
    char *text;           /* what its texts point into */
    struct strbuf values; /* what its values point into */
};
/* body is a msgpack map from argument name to value; n = 0 stands for an empty map. Absent optional arguments
 * get their default. 0, or err says which argument is wrong: -ERR_INVALID (unknown, twice, missing),
 * -ERR_TYPE, -ERR_RANGE, and what object_read gives. */
int request_decode(struct request *ret_request, const struct command *cmd, const void *body, size_t n,
                   struct err *err);
void request_free(struct request *r);

#endif
