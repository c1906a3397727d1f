/* options.h - the command line of actord. Pure, but for getopt's own state: main thread, once a process. */
#ifndef NODE_OPTIONS_H
#define NODE_OPTIONS_H
#include "base/err.h"
#include "base/strbuf.h"
#include <stdbool.h>

/* Exit codes of actord; actorctl's table is the same where both have one. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,       /* it could not start, or a part did not stop in time */
    EXIT_USAGE = 2,        /* wrong command line */
    EXIT_CONFIG_WRONG = 3, /* --check, --dump-config: the configuration is not valid */
    EXIT_CONFIG_START =
        78, /* the same at start: EX_CONFIG, which service managers take as "do not try again" */
};

enum action { ACTION_RUN, ACTION_CHECK, ACTION_DUMP, ACTION_KEYS, ACTION_VERSION, ACTION_HELP };
enum keys_format { KEYS_TEXT, KEYS_MARKDOWN, KEYS_SCHEMA };
struct options {
    enum action action;
    const char *config; /* NULL: none given */
    bool json;
    enum keys_format keys;
};
/* 0; -ERR_INVALID with text and fix in e. Texts point into argv. */
int options_parse(int argc, char **argv, struct options *ret, struct err *e);
void options_help(struct strbuf *out, bool color);

#endif
