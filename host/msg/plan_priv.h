/* plan_priv.h - the inside of a plan, for what makes it (plan.c), shows it (plan_print.c) and runs it
 * (convert.c). */
#ifndef MSG_PLAN_PRIV_H
#define MSG_PLAN_PRIV_H
#include "msg/plan.h"

enum plan_op {          /* of one value: a plain field, an element, a key */
               OP_NONE, /* no value */
               OP_RAW,  /* the same bytes */
               OP_BOOL, /* anything but 0 becomes 1 */
               OP_INT,
               OP_INT_TESTED,
               OP_FLOAT,
               OP_FLOAT_TESTED,
               OP_TEXT,
               OP_NESTED
};
struct plan_node;
struct plan_value {
    uint8_t op, from, to; /* kinds */
    uint32_t from_bytes, to_bytes;
    const struct plan_node *node; /* OP_NESTED */
};
struct plan_step {
    uint8_t action;                /* enum plan_action */
    const struct field *from, *to; /* NULL: DEFAULT has no from, DROP no to */
    struct plan_value key, value;  /* key: of maps */
    const char *reason;            /* for MIGRATE and REFUSE; static text */
};
struct plan_node { /* one pair of schemas */
    struct plan_node *next;
    size_t bytes; /* of this block */
    const struct schema *from, *to;
    const char *path; /* where it was met first: "items[]." */
    uint32_t nsteps;
    struct plan_step steps[]; /* those with a `to` in its order, then the drops; the path's text follows */
};
struct plan {
    struct env *env;
    struct schema *from, *to;
    struct plan_node *root; /* and by next all others, in the order met */
    enum plan_verdict verdict;
    unsigned lost, narrowed, loads;
};

#endif
