/* units.c - one table a kind of number. */
#include "node/units.h"
#include "base/util.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* Largest first: texts use the first that divides. */
static const struct unit durations[] = {
    {"d", UINT64_C(86400000000000)},
    {"h", UINT64_C(3600000000000)},
    {"m", UINT64_C(60000000000)},
    {"s", 1000000000},
    {"ms", 1000000},
    {"us", 1000},
    {"ns", 1},
};
static const struct unit sizes[] = {
    {"TiB", UINT64_C(1) << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1},
};
static const struct unit sizes_1000[] = {
    {"TB", UINT64_C(1000000000000)},
    {"GB", 1000000000},
    {"MB", 1000000},
    {"kB", 1000},
};

int
units_bool(const char *s, bool *ret, struct err *e)
{
    static const char *const words[2][3] = {{"no", "false", "off"}, {"yes", "true", "on"}};

    for (int v = 0; v < 2; v++) {
        for (size_t i = 0; i < 3; i++) {
            if (strcasecmp(s, words[v][i]) == 0) {
                *ret = v == 1;
                return 0;
            }
        }
    }
    err_set(e, ERR_TYPE, "\"%.80s\" is neither yes nor no", s);
    if (strcmp(s, "1") == 0 || strcmp(s, "0") == 0)
        return err_fix(e, "write %s", s[0] == '1' ? "yes" : "no");
    return err_fix(e, "write yes, no, true, false, on or off");
}

/* Leading digits. Returns their number; *ret_big: the value does not fit. */
static size_t
digits(const char *s, uint64_t *ret, bool *ret_big)
{
    uint64_t v = 0;
    size_t n = 0;

    *ret_big = false;
    for (; s[n] >= '0' && s[n] <= '9'; n++) {
        uint64_t digit = (uint64_t)(s[n] - '0');

        if (v > (UINT64_MAX - digit) / 10)
            *ret_big = true;
        v = v * 10 + digit;
    }
    *ret = v;
    return n;
}

int
units_count(const char *s, uint64_t *ret, struct err *e)
{
    uint64_t v;
    bool big;
    size_t n = digits(s, &v, &big);

    if (n > 0 && s[n] == '\0' && !big) {
        *ret = v;
        return 0;
    }
    if (n > 0 && s[n] == '\0')
        return err_set(e, ERR_RANGE, "%.80s is too large", s);
    err_set(e, ERR_TYPE, "\"%.80s\" is not a whole number", s);
    if (n > 0 && (s[n] == ',' || s[n] == '_' || s[n] == ' '))
        return err_fix(e, "write the digits without separators");
    return err_fix(e, "write digits only, for instance 4");
}

static const struct unit *
find(const struct unit *table, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

/* No unit, a space before it, another letter case, a fraction: say how it would be right. */
static int
bad_unit(const char *s, size_t n, const struct unit *table, size_t units, const char *what, const char *list,
         const char *sample, struct err *e)
{
    const char *unit = s + n;

    if (n == 0) {
        err_set(e, ERR_TYPE, "\"%.80s\" is not a %s", s, what);
        return err_fix(e, "write a number and a unit (%s), for instance %s", list, sample);
    }
    if (*unit == '\0') {
        err_set(e, ERR_SYNTAX, "%s without a unit: \"%.80s\"", what, s);
        return err_fix(e, "write %.20s%s; units are %s", s, units == ARRAY_LEN(durations) ? "s" : "MiB",
                       list);
    }
    if (*unit == '.') {
        err_set(e, ERR_SYNTAX, "fraction in a %s: \"%.80s\"", what, s);
        return err_fix(e, "use a whole number of a smaller unit; units are %s", list);
    }
    err_set(e, ERR_SYNTAX, "unknown unit \"%.40s\" in \"%.80s\"", unit, s);
    while (*unit == ' ')
        unit++;
    for (size_t i = 0; i < units; i++)
        if (strcasecmp(table[i].name, unit) == 0)
            return err_fix(e, "write %.*s%s", (int)n, s, table[i].name);
    return err_fix(e, "units are %s, written without a space, for instance %s", list, sample);
}

int
units_duration(const char *s, uint64_t *ret_ns, struct err *e)
{
    static const char list[] = "ns us ms s m h d";
    const struct unit *u;
    uint64_t v;
    bool big;
    size_t n = digits(s, &v, &big);

    u = n == 0 ? NULL : find(durations, ARRAY_LEN(durations), s + n);
    if (u == NULL)
        return bad_unit(s, n, durations, ARRAY_LEN(durations), "duration", list, "10s", e);
    if (big || v > UINT64_MAX / u->factor)
        return err_set(e, ERR_RANGE, "%.80s is too long", s);
    *ret_ns = v * u->factor;
    return 0;
}

int
units_bytes(const char *s, uint64_t *ret_bytes, struct err *e)
{
    static const char list[] = "B KiB MiB GiB TiB";
    const struct unit *u;
    uint64_t v;
    bool big;
    size_t n = digits(s, &v, &big);

    u = n == 0 ? NULL : find(sizes, ARRAY_LEN(sizes), s + n);
    if (u == NULL && n > 0)
        u = find(sizes_1000, ARRAY_LEN(sizes_1000), s + n);
    if (u == NULL)
        return bad_unit(s, n, sizes, ARRAY_LEN(sizes), "size", list, "64MiB", e);
    if (big || v > UINT64_MAX / u->factor)
        return err_set(e, ERR_RANGE, "%.80s is too large", s);
    *ret_bytes = v * u->factor;
    return 0;
}

static const char *
text(const struct unit *table, size_t n, uint64_t v, char buf[UNITS_TEXT_MAX])
{
    size_t i = 0;

    if (v == 0)
        i = n - 1;
    else
        while (v % table[i].factor != 0)
            i++;
    snprintf(buf, UNITS_TEXT_MAX, "%" PRIu64 "%s", v / table[i].factor, table[i].name);
    return buf;
}

const char *
units_duration_text(uint64_t ns, char buf[UNITS_TEXT_MAX])
{
    return text(durations, ARRAY_LEN(durations), ns, buf);
}

const char *
units_bytes_text(uint64_t bytes, char buf[UNITS_TEXT_MAX])
{
    return text(sizes, ARRAY_LEN(sizes), bytes, buf);
}
