/* vec.c - the one function behind the macros. */
#include "base/vec.h"
#include <stdlib.h>

int
vec_grow_(void **v, size_t *cap, size_t elem_bytes)
{
    size_t n = *cap == 0 ? 8 : *cap * 2;
    void *p;

    if (n > SIZE_MAX / 2 / elem_bytes)
        return -ERR_NOMEM;
    p = realloc(*v, n * elem_bytes);
    if (p == NULL)
        return -ERR_NOMEM;
    *v = p;
    *cap = n;
    return 0;
}

void
vec_free_(void *v)
{
    free(v);
}
