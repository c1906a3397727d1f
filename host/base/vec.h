/* vec.h - growable array, as macros over a typed struct: VEC(int) v; vec_push(&v, 3); One owner thread.
 * vec_push gives 0 or -ERR_NOMEM (nothing changed). Pointers into v->v die at the next push. */
#ifndef BASE_VEC_H
#define BASE_VEC_H
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

#define VEC(T)                                                                                                 \
    struct {                                                                                                   \
        T *v;                                                                                                  \
        size_t n, cap;                                                                                         \
    }
#define vec_init(a)  ((a)->v = NULL, (a)->n = 0, (a)->cap = 0)
#define vec_fini(a)  (vec_free_((a)->v), vec_init(a))
#define vec_clear(a) ((a)->n = 0)
#define vec_push(a, x)                                                                                         \
    (((a)->n < (a)->cap || vec_grow_((void **)&(a)->v, &(a)->cap, sizeof *(a)->v) == 0)                         \
         ? ((a)->v[(a)->n++] = (x), 0)                                                                         \
         : -ERR_NOMEM)
#define vec_each(it, a) for (__typeof__((a)->v + 0) it = (a)->v; it < (a)->v + (a)->n; it++)

int vec_grow_(void **v, size_t *cap, size_t elem_bytes);
void vec_free_(void *v); /* out of line: the pure parts name no allocator */

#endif
