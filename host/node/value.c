/* value.c - one case a type of key. */
#include "node/value.h"
#include "base/util.h"
#include "node/units.h"
#include "supervision/policy.h"
#include <stdio.h>
#include <string.h>

static bool
is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int
value_name_check(const char *s, size_t most, struct err *e)
{
    size_t n = strlen(s);

    if (n == 0)
        return err_set(e, ERR_SYNTAX, "empty name");
    if (n > most)
        return err_set(e, ERR_RANGE, "name of %zu bytes, the limit is %zu", n, most);
    for (size_t i = 0; i < n; i++) {
        if (is_alnum(s[i]) || (i > 0 && strchr("_-.", s[i]) != NULL))
            continue;
        err_set(e, ERR_SYNTAX, "\"%.80s\" is not a name", s);
        return err_fix(e, "start with a letter or digit, go on with those, \"_\", \"-\" or \".\"");
    }
    return 0;
}

static int
in_range(const struct key *k, uint64_t v, const char *raw, struct err *e)
{
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];

    if (v >= k->least && (k->most == 0 || v <= k->most))
        return 0;
    err_set(e, ERR_RANGE, "%.80s is %s", raw, v < k->least ? "too small" : "too large");
    if (k->type == KEY_COUNT)
        return err_fix(e, "from %llu to %llu", (unsigned long long)k->least, (unsigned long long)k->most);
    if (k->type == KEY_BYTES)
        return err_fix(e, "from %s to %s", units_bytes_text(k->least, a), units_bytes_text(k->most, b));
    return err_fix(e, "from %s to %s%s", units_duration_text(k->least, a), units_duration_text(k->most, b),
                   k->type == KEY_DURATION_OFF ? ", or off" : "");
}

static int
choice_index(const struct key *k, const char *word, size_t len, struct err *e)
{
    char have[40], c[32], all[160] = "";
    struct nearest near;

    snprintf(have, sizeof have, "%.*s", (int)(len < 39 ? len : 39), word);
    nearest_init(&near, have);
    for (size_t i = 0; key_choice(k->choices, i, c); i++) {
        size_t n = strlen(all);

        if (strlen(c) == len && memcmp(c, word, len) == 0)
            return (int)i;
        snprintf(all + n, sizeof all - n, "%s%s", i == 0 ? "" : ", ", c);
        nearest_try(&near, c);
    }
    err_set(e, ERR_TYPE, "\"%s\" is not one of the choices", have);
    if (near.n > 0)
        return err_fix(e, "did you mean \"%s\"? choices are %s", near.name[0], all);
    return err_fix(e, "choices are %s", all);
}

static int
check_path(const struct key *k, const char *raw, const char *dir, struct text *mem, const char **ret,
           struct err *e)
{
    size_t n;
    char *p;

    if (raw[0] == '~') {
        err_set(e, ERR_SYNTAX, "\"~\" is not expanded");
        return err_fix(e, "write the absolute path, or one relative to this file's folder");
    }
    while (strncmp(raw, "./", 2) == 0)
        for (raw += 2; *raw == '/';)
            raw++;
    p = raw[0] == '/'
            ? text_printf(mem, "%s", raw)
            : text_printf(mem, "%s%s%s", dir, strcmp(dir, "/") == 0 || raw[0] == '\0' ? "" : "/", raw);
    if (p == NULL)
        return err_set(e, ERR_NOMEM, "out of memory");
    n = strlen(p);
    while (n > 1 && p[n - 1] == '/')
        p[--n] = '\0';
    if (k->most > 0 && n > k->most) {
        err_set(e, ERR_RANGE, "path of %zu bytes, the limit is %llu: %.300s", n, (unsigned long long)k->most,
                p);
        return err_fix(e, "use a shorter path");
    }
    *ret = p;
    return 0;
}

/* Items between commas, each checked by its kind. */
static int
check_list(const struct key *k, const char *raw, const char *dir, struct text *mem, const char **ret,
           struct value_part *part, struct err *e)
{
    struct strbuf out;
    const char *s = raw;
    int r = 0;

    strbuf_init(&out);
    while (raw[0] != '\0' && r == 0) {
        size_t len = strcspn(s, ","), from = 0, to = len;
        const char *item;

        while (from < to && s[from] == ' ')
            from++;
        while (to > from && s[to - 1] == ' ')
            to--;
        *part = (struct value_part){.from = (size_t)(s - raw) + from, .len = to - from};
        item = text_dup(mem, s + from, to - from);
        if (item == NULL) {
            r = err_set(e, ERR_NOMEM, "out of memory");
        } else if (from == to) {
            err_set(e, ERR_SYNTAX, "empty item in the list");
            r = err_fix(e, "write a, b, c; an empty value empties the list");
        } else if (k->type == KEY_PATHS) {
            r = check_path(k, item, dir, mem, &item, e);
        } else if (k->type == KEY_SET) {
            r = choice_index(k, item, to - from, e);
            r = r < 0 ? r : 0;
        } else {
            r = value_name_check(item, (size_t)k->most, e);
        }
        if (r == 0) {
            strbuf_puts(&out, out.len > 0 ? ", " : "");
            strbuf_puts(&out, item);
        }
        if (s[len] == '\0')
            break;
        s += len + 1;
    }
    if (r == 0) {
        *ret = text_dup(mem, strbuf_str(&out), out.len);
        if (*ret == NULL || out.failed)
            r = err_set(e, ERR_NOMEM, "out of memory");
    }
    strbuf_fini(&out);
    return r;
}

static int
check_number(const struct key *k, const char *raw, char buf[UNITS_TEXT_MAX], struct err *e)
{
    uint64_t v = 0;
    int r;

    if (k->type == KEY_COUNT) {
        r = units_count(raw, &v, e);
        snprintf(buf, UNITS_TEXT_MAX, "%llu", (unsigned long long)v);
    } else if (k->type == KEY_BYTES) {
        r = units_bytes(raw, &v, e);
        units_bytes_text(v, buf);
    } else {
        r = units_duration(raw, &v, e);
        units_duration_text(v, buf);
    }
    return r < 0 ? r : in_range(k, v, raw, e);
}

/* The error of policy_parse begins "column N: ". */
static int
check_policy(const char *raw, struct value_part *part, struct err *e)
{
    struct policy p;
    unsigned col;
    int skip = 0, r = policy_parse(raw, &p, e);

    if (r < 0 && sscanf(e->text, "column %u: %n", &col, &skip) == 1 && skip > 0 && col > 0) {
        part->from = col - 1 < strlen(raw) ? col - 1 : strlen(raw);
        part->len = strcspn(raw + part->from, " ,:");
        part->len += part->len == 0;
        memmove(e->text, e->text + skip, strlen(e->text + skip) + 1);
    }
    return r;
}

int
value_check(const struct key *k, const char *raw, const char *dir, struct text *mem, const char **ret,
            struct value_part *part, struct err *e)
{
    const char *comment = strstr(raw, " #");
    char buf[UNITS_TEXT_MAX];
    const char *s = raw;
    size_t n = strlen(raw);
    bool yes;
    int r = 0;

    *part = (struct value_part){.len = 0};
    if (comment != NULL) {
        *part = (struct value_part){.from = (size_t)(comment - raw) + 1, .len = strlen(comment + 1)};
        err_set(e, ERR_SYNTAX, "\" #\" inside the value");
        return err_fix(e, "put the comment on a line of its own");
    }
    if (n == 0 && k->type != KEY_SET && k->type != KEY_LIST && k->type != KEY_PATHS) {
        err_set(e, ERR_SYNTAX, "%s has no value", k->name);
        return k->flags & KEY_REQUIRED
                   ? err_fix(e, "give it one")
                   : err_fix(e, "give it one, or remove the line; default: %s", key_default_text(k));
    }
    if (n > 1 && (raw[0] == '"' || raw[0] == '\'') && raw[n - 1] == raw[0]) {
        err_set(e, ERR_SYNTAX, "quotes around the value");
        return err_fix(e, "write it without: %s = %.*s", k->name, (int)(n - 2), raw + 1);
    }
    switch (k->type) {
    case KEY_TEXT:
        if (n < k->least || (k->most > 0 && n > k->most))
            r = err_set(e, ERR_RANGE, "text of %zu bytes; from %llu to %llu are allowed", n,
                        (unsigned long long)k->least, (unsigned long long)k->most);
        break;
    case KEY_NAME:
        r = value_name_check(raw, (size_t)k->most, e);
        break;
    case KEY_BOOL:
        r = units_bool(raw, &yes, e);
        if (r == 0)
            s = yes ? "yes" : "no";
        break;
    case KEY_DURATION_OFF:
        if (strcmp(raw, "off") == 0)
            break;
        if (strcmp(raw, "0") == 0) {
            err_set(e, ERR_SYNTAX, "duration without a unit: \"0\"");
            return err_fix(e, "write off");
        }
        /* fall through */
    case KEY_COUNT:
    case KEY_BYTES:
    case KEY_DURATION:
        r = check_number(k, raw, buf, e);
        s = buf;
        break;
    case KEY_ENUM:
        r = choice_index(k, raw, n, e);
        r = r < 0 ? r : 0;
        break;
    case KEY_PATH:
        return check_path(k, raw, dir, mem, ret, e);
    case KEY_SET:
    case KEY_LIST:
    case KEY_PATHS:
        return check_list(k, raw, dir, mem, ret, part, e);
    case KEY_POLICY:
        r = check_policy(raw, part, e);
        break;
    }
    if (r < 0)
        return r;
    *ret = text_dup(mem, s, strlen(s));
    return *ret == NULL ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

const char *
value_item(const char **pos, size_t *ret_len)
{
    const char *s = *pos;

    if (s == NULL || *s == '\0')
        return NULL;
    *ret_len = strcspn(s, ",");
    *pos = s[*ret_len] == ',' ? s + *ret_len + 2 : NULL;
    return s;
}

static int
fill_list(const char *canonical, struct text *mem, struct key_list *ret)
{
    const char *pos = canonical, *s, **v;
    size_t n = 0, len;

    while (value_item(&pos, &len) != NULL)
        n++;
    *ret = (struct key_list){.v = NULL};
    if (n == 0)
        return 0;
    v = text_alloc(mem, n * sizeof *v);
    if (v == NULL)
        return -ERR_NOMEM;
    pos = canonical;
    for (size_t i = 0; (s = value_item(&pos, &len)) != NULL; i++) {
        v[i] = text_dup(mem, s, len);
        if (v[i] == NULL)
            return -ERR_NOMEM;
    }
    *ret = (struct key_list){.v = v, .n = n};
    return 0;
}

int
value_fill(const struct key *k, const char *canonical, struct text *mem, void *keys)
{
    void *field = (char *)keys + k->offset;
    struct err e; /* a checked text has none */
    uint64_t number = 0;
    size_t len;

    switch (k->type) {
    case KEY_TEXT:
    case KEY_NAME:
    case KEY_PATH:
    case KEY_POLICY:
        *(const char **)field = canonical;
        return 0;
    case KEY_LIST:
    case KEY_PATHS:
        return fill_list(canonical, mem, field);
    case KEY_BOOL:
        *(bool *)field = canonical != NULL && strcmp(canonical, "yes") == 0;
        return 0;
    case KEY_ENUM:
        *(int *)field = canonical == NULL ? 0 : choice_index(k, canonical, strlen(canonical), &e);
        return 0;
    case KEY_SET: {
        uint32_t set = 0;

        for (const char *pos = canonical, *s; (s = value_item(&pos, &len)) != NULL;)
            set |= 1u << choice_index(k, s, len, &e);
        *(uint32_t *)field = set;
        return 0;
    }
    case KEY_COUNT:
    case KEY_BYTES:
    case KEY_DURATION:
    case KEY_DURATION_OFF:
        if (canonical != NULL && strcmp(canonical, "off") != 0) {
            if (k->type == KEY_COUNT)
                units_count(canonical, &number, &e);
            else if (k->type == KEY_BYTES)
                units_bytes(canonical, &number, &e);
            else
                units_duration(canonical, &number, &e);
        }
        *(uint64_t *)field = number;
        return 0;
    }
    return 0;
}
