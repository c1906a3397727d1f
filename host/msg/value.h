/* value.h - reading and owning the values that a schema describes, in message form and in state form.
 *
 *            message form                state form
 *   str bin  {p, n}                      {p, n, cap}          owned by the arena when cap > 0
 *   list     {v, n}                      {v, n, cap}
 *   map      {v, n}, keys as they came   {v, n, cap, index}   keys distinct; index exists when n > MAP_LINEAR
 *
 * Both begin with pointer and length, so one reader serves both; only sizes and offsets differ, and the
 * schema has them. Pure; the caller owns all memory.
 */
#ifndef MSG_VALUE_H
#define MSG_VALUE_H
#include "msg/kind.h"
#include "msg/schema.h"
#include "msg/undo.h"
#include <string.h>

struct span {
    const void *p;
    uint32_t n;
};
_Static_assert(offsetof(actor_str, n) == 8 && offsetof(actor_string, n) == 8 &&
                   offsetof(actor_list, n) == 8 && offsetof(actor_map, n) == 8 &&
                   offsetof(actor_bin, n) == 8 && offsetof(actor_bytes, n) == 8,
               "all begin as a span does");

static inline struct span
value_span(const void *v)
{
    struct span s;

    memcpy(&s.p, v, sizeof s.p);
    memcpy(&s.n, (const char *)v + 8, sizeof s.n);
    return s;
}

/* Bytes of one value of this kind (no container); nested: its schema in the form at hand. */
static inline uint32_t
value_bytes(unsigned kind, const struct schema *nested)
{
    return kind == ACTOR_KIND_nested ? nested->bytes : kind_bytes(kind);
}

/* No pointer in it, and the same bytes in both forms. */
static inline bool
value_is_flat(unsigned kind, const struct schema *nested)
{
    return kind == ACTOR_KIND_nested ? nested->flat : !kind_is_text(kind);
}

/* Numbers of the kinds, from memory of any alignment. bool counts as unsigned. */
uint64_t value_u64(unsigned kind, const void *v);
int64_t value_i64(unsigned kind, const void *v);
double value_f64(unsigned kind, const void *v);
/* v must be in range. */
void value_set_u64(unsigned kind, void *v, uint64_t n);
void value_set_i64(unsigned kind, void *v, int64_t n);
void value_set_f64(unsigned kind, void *v, double n);

/* Copy src (of schema or kind `ss`, any form) into dst (state form), taking memory through u. dst need not be
 * initialized; views of equal field lists only: ds is ss, or its twin. 0, -ERR_NOMEM, -ERR_LIMIT,
 * -ERR_UNSUPPORTED (opaque); then the caller goes back to its undo mark and dst is garbage. */
int value_own(struct undo *u, unsigned kind, const struct schema *ds, void *dst, const struct schema *ss,
              const void *src);
int value_own_struct(struct undo *u, const struct schema *ds, void *dst, const struct schema *ss,
                     const void *src);
/* Give back what a state value owns; its bytes stay as they are. 0, -ERR_NOMEM, -ERR_LIMIT. */
int value_disown(struct undo *u, unsigned kind, const struct schema *s, const void *v);
int value_disown_list(struct undo *u, const struct field *f, const actor_list *l);

/* Equal in meaning: forms may differ, maps compare as sets of keys, floats by their bits, an absent opt by
 * its absence. Opaque fields compare by bytes. */
bool value_equal(unsigned kind, const struct schema *as, const void *a, const struct schema *bs,
                 const void *b);
bool value_equal_struct(const struct schema *as, const void *a, const struct schema *bs, const void *b);

#endif
