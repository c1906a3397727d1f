/* ctl.h - the parts of actorctl and how they meet.
 *
 *   argv --> args.c (by commands.def) --> payload.c (JSON to msgpack) --> client --> node
 *   stdout <-- show.c (tables, lines) or object_json.c (--json) <-- answer
 *
 * One thread, one command, then the process ends. stdout carries data, stderr words and progress.
 */
#ifndef ACTORCTL_CTL_H
#define ACTORCTL_CTL_H
#include "base/json.h"
#include "client/client.h"
#include "control/commands.h"
#include "payload.h"
#include "wire/object.h"
#include <stdio.h>

enum exit_code {
#define EXIT(name, number, text) EXIT_##name = number,
#define FOR(exit, error)
#include "exit.def"
#undef FOR
#undef EXIT
};
int exit_for(int err_code); /* of either sign; 0 gives EXIT_OK */

struct options {
    const char *socket, *node; /* -s, -N; NULL: not given */
    bool json, quiet, no_headers, help;
    bool color;               /* stdout is a terminal that wants it */
    bool terminal;            /* stdout is one */
    bool progress;            /* stderr is one and shows progress */
    const char *color_option; /* auto, always, never */
};

/* One run: what was asked for. */
struct call {
    struct options opt;
    const struct command *cmd;
    const char *values[16]; /* as given, one for each argument of cmd; flags: "" */
    struct strbuf body;     /* packed */
};

/* args.c. Options of the tool may stand anywhere. 0, or err says what is wrong and what would be right. */
int args_parse(struct call *call, int argc, char **argv, struct err *err);
int args_pack(struct call *call, struct err *err);
/* 250ms, 10s, 5m, 1h, 1d. 0 or -ERR_SYNTAX, -ERR_RANGE. */
int duration_parse(const char *text, uint64_t *ret_ms, struct err *err);
/* "--dry-run" for dry_run. */
void option_name(const struct command_arg *a, char *buf, size_t n);

/* object_json.c */
void object_json(struct json *j, const msgpack_object *o);
void object_text(struct strbuf *out,
                 const msgpack_object *o); /* a scalar as people write it; the rest as JSON */

/* show.c */
/* opt.terminal and opt.color say how. */
void show_result(const struct call *call, const msgpack_object *result, FILE *f);
void show_log_line(const struct call *call, const msgpack_object *line, FILE *f);

/* report.c: failures and progress, on stderr. */
void report_error(const struct call *call, const struct err *err); /* from this side */
void report_refusal(const struct call *call, const msgpack_object *answer, int exit_code); /* from the node */
void report_progress(const struct call *call, const msgpack_object *event);
void report_progress_end(const struct call *call);

/* help.c */
void help_all(FILE *f);
void help_command(FILE *f, const struct command *cmd);
void help_exit_codes(FILE *f);
void help_manual(FILE *f);                            /* the manual page, mdoc */
void help_unknown(const char *word, struct err *err); /* err: no such command, did you mean */

/* complete.c: candidates for the last word, one a line. */
int complete(int argc, char **argv);

/* main.c */
int connect_node(struct client **ret_client, const struct options *opt, struct err *err);
/* Send and take what comes until the answer. */
int run_command(struct call *call);

#endif
