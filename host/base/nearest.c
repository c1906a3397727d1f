/* nearest.c - edit distance with swaps of neighbors, three rows of the usual table. */
#include "base/nearest.h"
#include <stdio.h>
#include <string.h>

void
nearest_init(struct nearest *n, const char *wanted)
{
    memset(n, 0, sizeof *n);
    n->wanted = wanted;
}

static unsigned
min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;

    return m < c ? m : c;
}

unsigned
nearest_distance(const char *a, const char *b, unsigned max)
{
    unsigned rows[3][NEAREST_NAME_MAX + 1], *before = rows[0], *above = rows[1], *row = rows[2], *spare;
    size_t na = strnlen(a, NEAREST_NAME_MAX), nb = strnlen(b, NEAREST_NAME_MAX);

    if (na > nb + max || nb > na + max)
        return max + 1;
    for (size_t j = 0; j <= nb; j++)
        above[j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned best = row[0] = (unsigned)i;

        for (size_t j = 1; j <= nb; j++) {
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
            best = row[j] < best ? row[j] : best;
        }
        if (best > max) /* rows never get better */
            return max + 1;
        spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[nb] > max ? max + 1 : above[nb];
}

/* What was wanted begins or ends the name: "/user/gre" or "greeter" for "/user/greeter". Ranks behind typing
 * errors. */
static bool
is_part(const char *wanted, const char *name)
{
    size_t nw = strlen(wanted), nn = strlen(name);

    return nw >= 3 && nw < nn && (strncmp(wanted, name, nw) == 0 || strcmp(wanted, name + nn - nw) == 0);
}

void
nearest_try(struct nearest *n, const char *name)
{
    unsigned most = strlen(n->wanted) <= 3 ? 1 : 2, d = nearest_distance(n->wanted, name, most);
    size_t at;

    if (d > most) {
        if (!is_part(n->wanted, name))
            return;
        d = most + 1;
    }
    for (at = 0; at < n->n; at++) {
        if (strcmp(n->name[at], name) == 0)
            return;
        if (d < n->distance[at])
            break;
    }
    if (at == NEAREST_MAX)
        return;
    if (n->n < NEAREST_MAX)
        n->n++;
    for (size_t i = n->n - 1; i > at; i--) {
        memcpy(n->name[i], n->name[i - 1], NEAREST_NAME_MAX);
        n->distance[i] = n->distance[i - 1];
    }
    snprintf(n->name[at], NEAREST_NAME_MAX, "%s", name);
    n->distance[at] = d;
}
