/* backend_swap.h - one `swap` command, and the visits that find out who cannot follow. */
#ifndef NODE_BACKEND_SWAP_H
#define NODE_BACKEND_SWAP_H
#include "node/backend.h"

struct machine {
    struct list link;   /* in backend.swaps */
    struct swap_op *op; /* NULL: nobody waits any more */
    struct swapping *s;
    struct version *from, *to; /* pinned until the end */
    struct swap_status st;
    uint64_t handled; /* at the plan; then what was handled until the last switch */
    bool settled, over;
};
struct swap_op {
    struct op op;
    struct machine *m;
    struct version *from, *to;
    char *requested, *resolved;
    bool narrow;
    enum swap_verdict verdict;
    uint64_t timeout_ms, told_ms;
    char plugin[40], from_version[40], to_version[40], from_sha[SHA256_HEX], to_sha[SHA256_HEX];
    /* visits to those that stay, or that rehearse */
    struct behaviour_swap *maps;
    size_t nmaps;
    struct swap_plan *plan; /* for them */
    uint32_t slot;
    uint64_t out, asked, unfit, listed;
    struct err first;
    char *first_path;
};
struct behaviour_swap { /* how actors of `from` would switch */
    struct behaviour *from;
    struct swap swap;
};

/* backend_fit.c */
/* How actors of s->from would switch, into s->maps, unless they are there. 0 or -ERR_NOMEM. */
int swap_maps(struct swap_op *s);
/* Visit all actors of s->from, have each try, put a kept row for each that cannot; then swap_fitted(s). */
void swap_fit(struct swap_op *s);
void swap_fitted(struct swap_op *s);
/* A kept row for every actor that runs s->from still. Returns how many. */
uint64_t swap_put_left(struct swap_op *s);

#endif
