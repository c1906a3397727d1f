/* mem.h - an arena source over env_fake: counts, fails the n-th request, and fills what it gives with
 * garbage. */
#ifndef TESTS_MSG_MEM_H
#define TESTS_MSG_MEM_H
#include "base/env.h"
#include "msg/arena.h"
#include <string.h>

struct mem {
    struct env_fake env;
    struct arena_source source;
};

static inline void *
mem_get_(void *self, size_t bytes, size_t *ret_got)
{
    struct mem *m = self;
    void *p = env_alloc(&m->env.env, bytes);

    if (p != NULL)
        memset(p, 0xa5, bytes);
    *ret_got = bytes;
    return p;
}

static inline void
mem_put_(void *self, void *p, size_t bytes)
{
    struct mem *m = self;

    env_free(&m->env.env, p, bytes);
}

static inline void
mem_init(struct mem *m)
{
    env_fake_init(&m->env, 1);
    m->source = (struct arena_source){mem_get_, mem_put_, m, 7};
}

#endif
