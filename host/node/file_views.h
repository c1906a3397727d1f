/* file_views.h - plugin files and plans as rows of an answer: what `inspect` and `check` show. Needs no node.
 *
 * Any thread that may call control_put().
 */
#ifndef NODE_FILE_VIEWS_H
#define NODE_FILE_VIEWS_H
#include "control/backend.h"
#include "plugin/manifest.h"
#include "plugin/swap_plan.h"

/* "memory (malloc), time (time)", or NULL for a pure one; in *buf. */
const char *impure_text(const struct manifest *m, struct strbuf *buf);
/* A notice for each line. */
void put_notices(struct control_call *call, const char *lines);
/* The rest of f, and all that the notes say. */
void put_manifest(struct control_call *call, const struct manifest *m, struct view_file *f);

const char *verdict_word(enum swap_verdict v);
struct plan_use {
    uint64_t (*actors)(void *self, const char *behaviour); /* how many run it in the version before */
    void *self;
};
/* Rows of behaviours and fields. use may be NULL: no actor runs. */
void put_plan_views(struct control_call *call, const struct swap_plan *p, const struct plan_use *use);
/* v with verdict and reason. */
void put_plan_verdict(struct control_call *call, const struct swap_plan *p, struct view_plan *v);

#endif
