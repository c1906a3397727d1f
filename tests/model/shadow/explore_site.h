/* explore_site.h - one atomic operation in the source, and the calls that stdatomic.h makes of them. */
#ifndef EXPLORE_SITE_H
#define EXPLORE_SITE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the section explore_sites lies a pointer to each that was compiled, run or not. */
struct explore_site {
    const char *file, *func;
    const char *what; /* the operand's text */
    const char *op;
    int line;
    int order;    /* as written */
    int now;      /* as it counts: weaker while that is tried; -1: left out (fences) */
    int nth;      /* among those alike in the same function, from 1 on */
    uint64_t ran; /* bit s: scenario s came here */
};
enum explore_rmw_kind { EXPLORE_EXCHANGE, EXPLORE_ADD, EXPLORE_SUB, EXPLORE_OR, EXPLORE_AND };

void explore_init(const volatile void *p, size_t size, uint64_t v);
uint64_t explore_load(struct explore_site *, const volatile void *p, size_t size);
void explore_store(struct explore_site *, const volatile void *p, size_t size, uint64_t v);
uint64_t explore_rmw(struct explore_site *, enum explore_rmw_kind, const volatile void *p, size_t size,
                     uint64_t v);
bool explore_cas(struct explore_site *, struct explore_site *fails, const volatile void *p, size_t size,
                 void *expect, uint64_t v);
void explore_signal_fence(struct explore_site *);
void explore_pause(struct explore_site *);

#endif
