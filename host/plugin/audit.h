/* audit.h - what a plugin file imports, and what that says about it (foundation F1).
 *
 *   imports --> pure                  memory, text and number functions only: features that need purity
 * accept it
 *          --> impure: time (clock)   runs, labelled; those features refuse it by name
 *          --> threads, fork, exec, dlopen, exit, signal   loads only with `allow =` in the plugin's section
 *
 * The audit is about honest mistakes: a plugin is native code, and nothing in its own process can hold a
 * hostile one.
 */
#ifndef PLUGIN_AUDIT_H
#define PLUGIN_AUDIT_H
#include "base/env.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "plugin/elf.h"

enum audit_class { /* PURE and MATH are never listed */
                   AUDIT_PURE,
                   AUDIT_MATH,
                   AUDIT_HEAP,
                   AUDIT_TIME,
                   AUDIT_RANDOM,
                   AUDIT_IO,
                   AUDIT_PROCESS,
                   AUDIT_LOCKS,
                   AUDIT_TLS,
                   AUDIT_ABORT,
                   AUDIT_LIBRARY, /* a needed library; the symbol is its name */
                   AUDIT_OTHER,
                   AUDIT_THREADS, /* from here on: needs `allow` */
                   AUDIT_FORK,
                   AUDIT_EXEC,
                   AUDIT_DLOPEN,
                   AUDIT_EXIT,
                   AUDIT_SIGNAL,
                   AUDIT_CLASSES
};
enum { AUDIT_SYMBOL_MAX = 80 };

struct audit_item {
    enum audit_class class;
    char symbol[AUDIT_SYMBOL_MAX]; /* cut to fit */
};
struct audit {
    struct env *env;
    size_t n;
    struct audit_item *v; /* impure imports, in the order of the classes; n = 0: the plugin is pure */
};

/* Read the imports of e. The audit owns copies. Any thread; does not block. 0, -ERR_NOMEM, -ERR_ELF. */
int audit_init(struct audit *ret, struct env *env, const struct elf *e, struct err *err);
void audit_fini(struct audit *a);
static inline bool
audit_pure(const struct audit *a)
{
    return a->n == 0;
}

/* A set of what is allowed: bit 0 threads, 1 fork, 2 exec, 3 dlopen, 4 exit, 5 signal.
 * "threads, exit" to such a set: 0, or -ERR_INVALID naming the word that is unknown and those that
 * are known. */
int audit_allow_parse(const char *words, uint32_t *ret_allow, struct err *err);
/* 0, or -ERR_REFUSED naming the first symbol that needs what is not allowed. */
int audit_check(const struct audit *a, uint32_t allow, struct err *err);

enum audit_class audit_classify(const char *symbol);
const char *audit_class_name(enum audit_class class); /* "time" */

/* "pure", or "impure: time (clock_gettime, time), heap (malloc)" */
void audit_print(const struct audit *a, struct strbuf *out);
/* {"pure": false, "impure": {"time": ["clock_gettime"]}} */
void audit_json(const struct audit *a, struct json *out);

#endif
