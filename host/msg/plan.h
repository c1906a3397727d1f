/* plan.h - from one schema to another: what happens to each field, known before any value is touched.
 *
 *   from {u32 sum; str last}  -->  to {u64 total was sum; u32 limit = 9}
 *        total: widen u32 -> u64, was sum     limit: default 9     last: lost
 *
 * Messages are converted at the receiver and go by field name alone. State is migrated at a swap and reads
 * `was` of both schemas, so that going back inverts renames; a field that has its own name on both sides goes
 * by name, whatever `was` says. Kinds may widen without loss (u8 to u16.. and to i16.., i8 to i16.., f32 to
 * f64), also as elements and keys. The inverse, narrowing, is for state and mail going back to an older version of
 * the same plugin only: allowed by a flag, and each value is tested when the plan runs (convert.h). Nested structs are compared
 * field by field; their type names do not matter.
 *
 * A plan is immutable: any thread may read it. It has its own copies of both schemas and points into no
 * plugin.
 */
#ifndef MSG_PLAN_H
#define MSG_PLAN_H
#include "msg/schema.h"

enum plan_verdict {
    PLAN_EQUAL,         /* the bytes may be handed over as they are */
    PLAN_AUTO,          /* runs by itself */
    PLAN_NEEDS_MIGRATE, /* state only: some fields get defaults, and the behaviour's migrate() must fill them
                         */
    PLAN_IMPOSSIBLE     /* may not run */
};
enum plan_action { /* for one field */
                   PLAN_COPY,
                   PLAN_WIDEN,
                   PLAN_NARROW,  /* each value is tested */
                   PLAN_CONVERT, /* nested, or elements that are: its own fields are listed */
                   PLAN_DEFAULT, /* not in `from` */
                   PLAN_DROP,    /* not in `to`: lost */
                   PLAN_MIGRATE, /* not convertible: migrate() must fill it (gets the default) */
                   PLAN_REFUSE,  /* not convertible, in a message */
                   PLAN_LOAD     /* opaque on both sides: save() of the old version, load() of the new */
};
enum { PLAN_ALLOW_NARROW = 1 }; /* flags: a rollback, an explicit swap to an older version, mail for one */

struct plan;
/* Compare. Both schemas may go afterwards. Any thread; does not block. 0 whatever the verdict is; -ERR_NOMEM.
 * For NEEDS_MIGRATE e has the first field in the way (code MIGRATE), for IMPOSSIBLE too (code SCHEMA). */
int plan_new(struct plan **ret, struct env *env, const struct schema *from, const struct schema *to,
             unsigned flags, struct err *e);
void plan_free(struct plan *p); /* NULL is allowed */

enum plan_verdict plan_verdict(const struct plan *p);
const char *
plan_verdict_name(enum plan_verdict v); /* "equal", "automatic", "needs migrate()", "impossible" */
const struct schema *plan_from(const struct plan *p);
const struct schema *plan_to(const struct plan *p);
/* Fields lost, and fields whose values are tested; nested ones included. */
unsigned plan_lost(const struct plan *p);
unsigned plan_narrowed(const struct plan *p);
/* Is there a field that the plugin itself saves and loads? */
bool plan_loads(const struct plan *p);

/* What happens to one field. from: NULL for DEFAULT; to: NULL for DROP. */
struct plan_field {
    enum plan_action action;
    const char *path; /* "" or where its nested struct lies: "items[]." */
    const struct field *from, *to;
    const char *reason; /* for MIGRATE and REFUSE, else NULL */
};
/* Field by field, nested structs after those that hold them. *pos starts at 0. false: the end. */
bool plan_next(const struct plan *p, size_t *pos, struct plan_field *ret);

/* One line for the verdict, one for each field: "  lost     items[].note". */
void plan_print(const struct plan *p, struct strbuf *out);
/* {"from":{"name","version"},"to":{..},"verdict","lost","narrowed","fields":[{"name","action","was","from","to",
 * "default","reason"}]}: what does not apply is left out. */
void plan_json(const struct plan *p, struct json *out);

#endif
