#include "plugin/audit.h"
#include "base/util.h"
#include <ctype.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

static const char *const class_names[AUDIT_CLASSES] = {
    [AUDIT_PURE] = "pure",       [AUDIT_MATH] = "math",       [AUDIT_HEAP] = "heap",
    [AUDIT_TIME] = "time",       [AUDIT_RANDOM] = "random",   [AUDIT_IO] = "io",
    [AUDIT_PROCESS] = "process", [AUDIT_LOCKS] = "locks",     [AUDIT_TLS] = "tls",
    [AUDIT_ABORT] = "abort",     [AUDIT_LIBRARY] = "library", [AUDIT_OTHER] = "other",
    [AUDIT_THREADS] = "threads", [AUDIT_FORK] = "fork",       [AUDIT_EXEC] = "exec",
    [AUDIT_DLOPEN] = "dlopen",   [AUDIT_EXIT] = "exit",       [AUDIT_SIGNAL] = "signal",
};

static const struct {
    enum audit_class class;
    const char *symbol;
} known[] = {
#define AUDIT(class, symbol) {AUDIT_##class, symbol},
#include "plugin/audit.def"
#undef AUDIT
};

/* Put there by compilers and their checking builds, without a word in the source. */
static bool
from_the_compiler(const char *s)
{
    static const char *const prefixes[] = {"_ITM_",   "__asan_",        "__ubsan_",  "__tsan_",
                                           "__lsan_", "__hwasan_",      "__msan_",   "__sanitizer_",
                                           "__gcov_", "__llvm_profile", "__odr_asan"};

    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (strncmp(s, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static enum audit_class
look_up(const char *symbol, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        const char *k = known[i].symbol;
        size_t n = strlen(k);

        if (n == len && memcmp(k, symbol, n) == 0)
            return known[i].class;
        /* sin, sinf, sinl */
        if (known[i].class == AUDIT_MATH && len == n + 1 && memcmp(k, symbol, n) == 0 &&
            (symbol[n] == 'f' || symbol[n] == 'l'))
            return AUDIT_MATH;
    }
    return AUDIT_OTHER;
}

enum audit_class
audit_classify(const char *symbol)
{
    size_t len = strlen(symbol);
    enum audit_class c;

    if (from_the_compiler(symbol))
        return AUDIT_PURE;
    c = look_up(symbol, len);
    /* Checked variants of the C library: __memcpy_chk. */
    if (c == AUDIT_OTHER && len > 6 && strncmp(symbol, "__", 2) == 0 && strcmp(symbol + len - 4, "_chk") == 0)
        c = look_up(symbol + 2, len - 6);
    return c == AUDIT_MATH ? AUDIT_PURE : c;
}

const char *audit_class_name(enum audit_class class)
{
    return class_names[class];
}

static bool
plain_library(const char *name)
{
    static const char *const plain[] = {"libc.so",     "libm.so",      "libpthread.so", "libdl.so",
                                        "librt.so",    "ld-linux",     "libgcc_s.so",   "libstdc++.so",
                                        "libc++.so",   "libc++abi.so", "libunwind.so",  "libasan.so",
                                        "libubsan.so", "libtsan.so",   "liblsan.so",    "libclang_rt."};

    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        if (strncmp(name, plain[i], strlen(plain[i])) == 0)
            return true;
    return false;
}

static int
by_class(const void *a, const void *b)
{
    const struct audit_item *x = a, *y = b;

    return x->class != y->class ? (int)x->class - (int)y->class : strcmp(x->symbol, y->symbol);
}

static void
add(struct audit *a, enum audit_class class, const char *symbol)
{
    struct audit_item *it = &a->v[a->n++];

    it->class = class;
    strncpy(it->symbol, symbol, sizeof it->symbol - 1);
}

static size_t
count_impure(const struct elf *e, struct audit *into, struct err *err, int *ret)
{
    struct elf_sym s;
    size_t n = 0;
    int r;

    *ret = 0;
    for (uint32_t i = 1; i < e->nsyms; i++) {
        enum audit_class c;

        r = elf_symbol(e, i, &s, err);
        if (r < 0) {
            *ret = r;
            return 0;
        }
        if (s.section != SHN_UNDEF || s.name[0] == '\0')
            continue;
        c = audit_classify(s.name);
        if (c == AUDIT_PURE)
            continue;
        n++;
        if (into != NULL)
            add(into, c, s.name);
    }
    for (uint32_t i = 0; i < e->nneeded; i++) {
        if (plain_library(elf_needed(e, i)))
            continue;
        n++;
        if (into != NULL)
            add(into, AUDIT_LIBRARY, elf_needed(e, i));
    }
    return n;
}

int
audit_init(struct audit *ret, struct env *env, const struct elf *e, struct err *err)
{
    struct audit a = {.env = env};
    size_t n;
    int r;

    n = count_impure(e, NULL, err, &r);
    if (r < 0)
        return r;
    if (n > 0) {
        a.v = env_alloc(env, n * sizeof *a.v);
        if (a.v == NULL)
            return err_set(err, ERR_NOMEM, "no memory for the list of %zu imports", n);
        (void)count_impure(e, &a, err, &r); /* cannot fail: it did not the first time */
        qsort(a.v, a.n, sizeof *a.v, by_class);
    }
    *ret = a;
    return 0;
}

void
audit_fini(struct audit *a)
{
    if (a->env != NULL)
        env_free(a->env, a->v, a->n * sizeof *a->v);
    *a = (struct audit){0};
}

int
audit_allow_parse(const char *words, uint32_t *ret_allow, struct err *err)
{
    uint32_t allow = 0;

    for (const char *p = words; *p != '\0';) {
        size_t len;
        unsigned c;

        while (*p == ',' || isspace((unsigned char)*p))
            p++;
        len = strcspn(p, ", \t\n");
        if (len == 0)
            break;
        for (c = AUDIT_THREADS; c < AUDIT_CLASSES; c++)
            if (strlen(class_names[c]) == len && memcmp(class_names[c], p, len) == 0)
                break;
        if (c == AUDIT_CLASSES) {
            err_set(err, ERR_INVALID, "allow: '%.*s' is nothing that can be allowed",
                    (int)(len < 40 ? len : 40), p);
            return err_fix(err, "use some of: threads, fork, exec, dlopen, exit, signal");
        }
        allow |= 1u << (c - AUDIT_THREADS);
        p += len;
    }
    *ret_allow = allow;
    return 0;
}

int
audit_check(const struct audit *a, uint32_t allow, struct err *err)
{
    for (size_t i = 0; i < a->n; i++) {
        enum audit_class c = a->v[i].class;

        if (c < AUDIT_THREADS || (allow & (1u << (c - AUDIT_THREADS))) != 0)
            continue;
        err_set(err, ERR_REFUSED, "the plugin calls %s(), which is refused unless '%s' is allowed",
                a->v[i].symbol, class_names[c]);
        return err_fix(err,
                       "do without it, or put 'allow = %s' into the plugin's section of the node's ini file",
                       class_names[c]);
    }
    return 0;
}

void
audit_print(const struct audit *a, struct strbuf *out)
{
    if (audit_pure(a)) {
        strbuf_puts(out, "pure");
        return;
    }
    strbuf_puts(out, "impure: ");
    for (size_t i = 0; i < a->n; i++) {
        bool first = i == 0 || a->v[i - 1].class != a->v[i].class;
        bool last = i + 1 == a->n || a->v[i + 1].class != a->v[i].class;

        if (first)
            strbuf_printf(out, "%s%s (", i > 0 ? ", " : "", class_names[a->v[i].class]);
        strbuf_printf(out, "%s%s", a->v[i].symbol, last ? ")" : ", ");
    }
}

void
audit_json(const struct audit *a, struct json *out)
{
    json_object_begin(out);
    json_key(out, "pure");
    json_bool(out, audit_pure(a));
    json_key(out, "impure");
    json_object_begin(out);
    for (size_t i = 0; i < a->n; i++) {
        if (i == 0 || a->v[i - 1].class != a->v[i].class) {
            json_key(out, class_names[a->v[i].class]);
            json_array_begin(out);
        }
        json_str(out, a->v[i].symbol);
        if (i + 1 == a->n || a->v[i + 1].class != a->v[i].class)
            json_array_end(out);
    }
    json_object_end(out);
    json_object_end(out);
}
