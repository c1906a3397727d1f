/* swap_plan.h - what changes when one version of a plugin takes over from another: known from the notes of
 * both, before any actor moves and without running any code.
 *
 *   per behaviour: state      equal | automatic | needs migrate() | impossible; fields lost, values to be
 * tested rows       removed (refused while something names them), added messages   of rows that both have:
 * convertible from the layout before
 *
 * Going back inverts renames (the plan reads `was` of both schemas). Narrowing is possible in a rollback and
 * in an explicit swap to an older version only; each value is tested when its actor moves. A plan borrows
 * both manifests. Immutable once made: any thread may read it.
 */
#ifndef PLUGIN_SWAP_PLAN_H
#define PLUGIN_SWAP_PLAN_H
#include "base/json.h"
#include "base/strbuf.h"
#include "msg/plan.h"
#include "plugin/manifest.h"

enum swap_verdict {
    SWAP_EQUAL, /* state is handed over as it is */
    SWAP_AUTO,  /* fields are carried over by name; migrate() runs afterwards where the new version has one */
    SWAP_MIGRATE,   /* the new version's migrate() must fill some fields */
    SWAP_IMPOSSIBLE /* the old version keeps serving */
};
struct swap_behaviour {
    const struct manifest_behaviour *from, *to; /* one of them is NULL: added or removed */
    enum swap_verdict verdict;
    struct plan *state;                  /* NULL when from or to is */
    bool migrate;                        /* call migrate() after the plan */
    const struct manifest_row **removed; /* rows of from that to does not have */
    uint32_t nremoved, nadded;
    struct err err; /* when impossible: why */
};
struct swap_plan {
    struct env *env;
    const struct manifest *from, *to;
    bool narrow;               /* was allowed */
    enum swap_verdict verdict; /* the worst of all */
    struct swap_behaviour *v;
    uint32_t n, cap_;
    const struct manifest_row **rows_;
    size_t rows_cap_, nrows_;
};

/* What the running node knows and the notes do not. All may be NULL (nothing is in use). */
struct swap_use {
    void *self;
    /* How many actors run this behaviour of the old version? A behaviour in use cannot be removed. */
    uint64_t (*actors)(void *self, const char *behaviour);
    /* How many asks, timers or jobs of its actors wait for this type as mail? Their rows cannot be removed.
     */
    uint64_t (*expected)(void *self, const char *behaviour, const struct schema *type);
};

/* 0 whatever the verdict is; -ERR_NOMEM. err (may be NULL): for an impossible plan, the first reason, with
 * its code. */
int swap_plan_new(struct swap_plan **ret, struct env *env, const struct manifest *from,
                  const struct manifest *to, bool allow_narrow, const struct swap_use *use, struct err *err);
void swap_plan_free(struct swap_plan *p); /* NULL is allowed */

const char *swap_verdict_name(enum swap_verdict v);
/* "1.2.0" against "1.10.0": below, at or above 0. A suffix ("-rc1") comes before none. */
int version_text_compare(const char *a, const char *b);

void swap_plan_print(const struct swap_plan *p, struct strbuf *out);
void swap_plan_json(const struct swap_plan *p, struct json *out);

#endif
