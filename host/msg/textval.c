/* textval.c - a name is followed to its field, the text is read as the field's kind, then it is stored. */
#include "msg/textval.h"
#include "msg/state.h"
#include "msg/value.h"
#include <math.h>
#include <stdlib.h>
#include <strings.h>

struct textval_given {
    struct textval_given *next;
    const struct schema *in; /* the struct that the field belongs to ... */
    const void *base;        /* ... and where that is */
    const struct field *f;
};

struct text {
    const char *p;
    size_t n;
};

int
textval_begin(struct textval *t, const struct schema *s, void *v, struct arena *mem)
{
    *t = (struct textval){s, v, mem, NULL};
    return state_init(s, v, mem);
}

/* --- one value --- */

static int
get_int(unsigned kind, struct text in, uint64_t *ret)
{
    bool negative = in.n > 0 && in.p[0] == '-';
    size_t i = negative || (in.n > 0 && in.p[0] == '+'), first;
    unsigned base = in.n >= i + 2 && in.p[i] == '0' && (in.p[i + 1] | 32) == 'x' ? 16 : 10;
    uint64_t v = 0, limit;
    bool over = false;

    if (base == 16)
        i += 2;
    for (first = i; i < in.n; i++) {
        char c = (char)(in.p[i] | (in.p[i] >= 'A' ? 32 : 0));
        unsigned d = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                            : 16;

        if (d >= base)
            return -ERR_SYNTAX;
        over = over || __builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, d, &v);
    }
    if (i == first)
        return -ERR_SYNTAX;
    limit = !negative ? kind_max(kind) : kind_is_signed(kind) ? kind_max(kind) + 1 : 0;
    if (over || v > limit)
        return -ERR_RANGE;
    *ret = negative ? 0 - v : v;
    return 0;
}

static int
get_float(unsigned kind, struct text in, double *ret)
{
    char text[64], *end;
    double d;

    if (in.n == 0 || in.n >= sizeof text || memchr(in.p, '\0', in.n) != NULL || in.p[0] == ' ' ||
        in.p[0] == '\t')
        return -ERR_SYNTAX;
    memcpy(text, in.p, in.n);
    text[in.n] = '\0';
    d = strtod(text, &end);
    if (*end != '\0')
        return -ERR_SYNTAX;
    if (isinf(d) && strcasestr(text, "inf") == NULL)
        return -ERR_RANGE;
    if (kind == ACTOR_KIND_f32 && isfinite(d) && !isfinite((float)d))
        return -ERR_RANGE;
    *ret = d;
    return 0;
}

static int
get_bool(struct text in, uint8_t *ret)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

    for (uint8_t i = 0; i < ARRAY_LEN(words); i++)
        if (strlen(words[i]) == in.n && strncasecmp(words[i], in.p, in.n) == 0) {
            *ret = i & 1;
            return 0;
        }
    return -ERR_SYNTAX;
}

static int
get_value(struct textval *t, unsigned kind, struct text in, void *at)
{
    uint64_t n = 0;
    double d = 0;
    char *copy;
    int r;

    switch (kind) {
    case ACTOR_KIND_bool:
        return get_bool(in, at);
    case ACTOR_KIND_f32:
    case ACTOR_KIND_f64:
        r = get_float(kind, in, &d);
        if (r == 0)
            value_set_f64(kind, at, d);
        return r;
    case ACTOR_KIND_str:
        copy = arena_alloc(t->mem, in.n + 1);
        if (copy == NULL)
            return -ERR_NOMEM;
        if (in.n > 0)
            memcpy(copy, in.p, in.n);
        memcpy(at, &(actor_str){copy, (uint32_t)in.n}, sizeof(actor_str));
        return 0;
    default:
        if (!kind_is_int(kind))
            return -ERR_UNSUPPORTED;
        r = get_int(kind, in, &n);
        if (r == 0)
            value_set_u64(kind, at, n);
        return r;
    }
}

static struct text
cut_blanks(struct text in)
{
    while (in.n > 0 && (in.p[0] == ' ' || in.p[0] == '\t')) {
        in.p++;
        in.n--;
    }
    while (in.n > 0 && (in.p[in.n - 1] == ' ' || in.p[in.n - 1] == '\t'))
        in.n--;
    return in;
}

/* The part before the next comma; what is behind it stays in *rest. */
static struct text
next_element(struct text *rest)
{
    const char *comma = memchr(rest->p, ',', rest->n);
    struct text part = {rest->p, comma == NULL ? rest->n : (size_t)(comma - rest->p)};

    rest->n -= part.n + (comma != NULL);
    rest->p += part.n + (comma != NULL);
    return cut_blanks(part);
}

/* bad: the element that does not fit, for the error. */
static int
get_list(struct textval *t, const struct field *f, struct text in, void *at, struct text *bad)
{
    struct text rest = cut_blanks(in);
    uint32_t n = rest.n > 0;
    char *v = NULL;

    for (size_t i = 0; i < rest.n; i++)
        n += rest.p[i] == ',';
    if (n > 0) {
        v = arena_zalloc(t->mem, (size_t)n * f->elem_bytes);
        if (v == NULL)
            return -ERR_NOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        int r;

        *bad = next_element(&rest);
        r = bad->n == 0 ? -ERR_SYNTAX : get_value(t, f->elem, *bad, v + (size_t)i * f->elem_bytes);
        if (r < 0)
            return r;
    }
    memcpy(at, &(actor_str){v, n}, sizeof(actor_str));
    return 0;
}

/* --- errors --- */

static int
misfit(struct err *e, int code, const struct field *f, struct text name, struct text bad)
{
    unsigned kind = kind_is_container(f->kind) ? f->elem : f->kind;
    int shown = bad.n > 60 ? 60 : (int)bad.n, named = name.n > 100 ? 100 : (int)name.n;

    if (code == -ERR_RANGE && kind_is_signed(kind))
        return err_set(e, code, "'%.*s': %.*s is out of range, %s takes %lld to %lld", named, name.p, shown,
                       bad.p, kind_name(kind), (long long)kind_min(kind), (long long)kind_max(kind));
    if (code == -ERR_RANGE && kind_is_unsigned(kind))
        return err_set(e, code, "'%.*s': %.*s is out of range, %s takes 0 to %llu", named, name.p, shown,
                       bad.p, kind_name(kind), (unsigned long long)kind_max(kind));
    if (code == -ERR_RANGE)
        return err_set(e, code, "'%.*s': %.*s is out of range for %s", named, name.p, shown, bad.p,
                       kind_name(kind));
    if (code == -ERR_SYNTAX && bad.n == 0 && f->kind == ACTOR_KIND_list)
        return err_set(e, code, "'%.*s': a value is missing between commas", named, name.p);
    if (code == -ERR_SYNTAX)
        return err_set(e, code, "'%.*s': '%.*s' is not %s", named, name.p, shown, bad.p,
                       kind == ACTOR_KIND_bool ? "yes or no"
                       : kind_is_float(kind)   ? "a number"
                       : kind_is_signed(kind)  ? "a whole number"
                                               : "a whole number from 0 on");
    if (code == -ERR_UNSUPPORTED) {
        char text[80];

        err_set(e, code, "'%.*s': a value of kind %s cannot be written as text", named, name.p,
                schema_kind_text(f, text, sizeof text));
        return err_fix(e,
                       f->kind == ACTOR_KIND_nested ? "set its fields one by one: %.*s.FIELD"
                                                    : "give '%.*s' in JSON",
                       named, name.p),
               code;
    }
    return err_set(e, code, "'%.*s': %s", named, name.p, err_text(code));
}

static int
not_found(struct err *e, const struct schema *s, struct text name)
{
    char names[200] = "";
    size_t at = 0;

    for (uint32_t i = 0; i < s->nfields; i++) {
        size_t n = strlen(s->fields[i].name);

        if (at + n + 6 > sizeof names) {
            memcpy(names + at, " ...", 5);
            break;
        }
        if (at > 0) {
            memcpy(names + at, ", ", 2);
            at += 2;
        }
        memcpy(names + at, s->fields[i].name, n + 1);
        at += n;
    }
    err_set(e, ERR_NOTFOUND, "%s has no field '%.*s'", s->name, name.n > 100 ? 100 : (int)name.n, name.p);
    return err_fix(e, "it has: %s", names), -ERR_NOTFOUND;
}

/* --- fields --- */

static const struct field *
field_named(const struct schema *s, struct text name)
{
    for (uint32_t i = 0; i < s->nfields; i++)
        if (strlen(s->fields[i].name) == name.n && memcmp(s->fields[i].name, name.p, name.n) == 0)
            return &s->fields[i];
    return NULL;
}

static bool
is_given(const struct textval *t, const void *base, const struct field *f)
{
    for (const struct textval_given *g = t->given; g != NULL; g = g->next)
        if (g->base == base && g->f == f)
            return true;
    return false;
}

int
textval_set(struct textval *t, const char *name, size_t name_len, const char *text, size_t len, struct err *e)
{
    struct text whole = {name, name_len}, part = whole, bad = {text, len};
    const struct schema *s = t->s;
    char *base = t->v;
    const struct field *f;
    struct textval_given *g;
    int r;

    for (;;) {
        const char *dot = memchr(part.p, '.', part.n);
        struct text head = {part.p, dot == NULL ? part.n : (size_t)(dot - part.p)};

        f = field_named(s, head);
        if (f == NULL || (dot != NULL && f->kind != ACTOR_KIND_nested))
            return not_found(e, s, f == NULL ? head : part);
        if (dot == NULL)
            break;
        base += f->offset;
        s = f->nested;
        part = (struct text){dot + 1, part.n - head.n - 1};
    }
    if (is_given(t, base, f))
        return err_set(e, ERR_EXISTS, "'%.*s' is given twice", name_len > 100 ? 100 : (int)name_len, name);
    g = arena_alloc(t->mem, sizeof *g);
    if (g == NULL)
        return err_set(e, ERR_NOMEM, "no memory");
    if (f->kind == ACTOR_KIND_list) {
        r = get_list(t, f, bad, base + f->offset, &bad);
    } else if (f->kind == ACTOR_KIND_opt) {
        r = get_value(t, f->elem, bad, base + f->offset + f->value_offset);
        if (r == 0)
            base[f->offset] = 1;
    } else {
        r = get_value(t, f->kind, bad, base + f->offset);
    }
    if (r < 0)
        return misfit(e, r, f, whole, bad);
    *g = (struct textval_given){t->given, s, base, f};
    t->given = g;
    return 0;
}

static int
require(const struct textval *t, const struct schema *s, const void *base, struct err *e)
{
    for (uint32_t i = 0; i < s->nfields; i++)
        if ((s->fields[i].flags & ACTOR_REQUIRED) && !is_given(t, base, &s->fields[i]) &&
            s->fields[i].kind != ACTOR_KIND_nested)
            return err_set(e, ERR_INVALID, "%s: the field '%s' is required", s->name, s->fields[i].name);
    return 0;
}

int
textval_end(const struct textval *t, struct err *e)
{
    int r = require(t, t->s, t->v, e);

    for (const struct textval_given *g = t->given; r == 0 && g != NULL; g = g->next)
        r = require(t, g->in, g->base, e);
    return r;
}
