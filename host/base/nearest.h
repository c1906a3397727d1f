/* nearest.h - "did you mean": the known names that are most like a wrong one. One owner thread. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H
#include <stdbool.h>
#include <stddef.h>

enum { NEAREST_MAX = 3, NEAREST_NAME_MAX = 256 };

struct nearest {
    const char *wanted;
    size_t n;
    unsigned distance[NEAREST_MAX];
    char name[NEAREST_MAX][NEAREST_NAME_MAX]; /* best first; copies */
};
/* wanted must outlive n; it is cut at NEAREST_NAME_MAX bytes. */
void nearest_init(struct nearest *n, const char *wanted);
/* Consider a name: it is kept when it is at most two edits away (one for short names) or continues or ends
 * what was wanted. O(length^2), no allocation. The exact name counts as distance 0. */
void nearest_try(struct nearest *n, const char *name);
/* Edits (insert, delete, replace, swap neighbors) from a to b; at most `max` + 1 is told. */
unsigned nearest_distance(const char *a, const char *b, unsigned max);

#endif
