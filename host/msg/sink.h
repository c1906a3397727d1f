/* sink.h - where a copy or conversion puts what a struct points to.
 *
 *   SINK_MEASURE  counts only: every destination is NULL      first pass over a message
 *   SINK_BLOCK    behind the struct, in the message's block   second pass
 *   SINK_STATE    owned blocks of an actor's arena
 *
 * One walk serves all three, so what is measured is what is written. Inside msg only; one thread.
 */
#ifndef MSG_SINK_H
#define MSG_SINK_H
#include "msg/arena.h"
#include "msg/schema.h"
#include "msg/value.h"

enum { SINK_BYTES_MAX = 16 << 20 }; /* of one message's variable part */

enum sink_mode { SINK_MEASURE, SINK_BLOCK, SINK_STATE };
struct sink {
    enum sink_mode mode;
    char *base;       /* BLOCK: the variable part, 8 B aligned */
    size_t used, max; /* MEASURE: counts up to max; BLOCK: max is what was measured */
    struct arena *arena;
};

/* Room for n elements (n > 0). ret: NULL when measuring. ret_cap: elements that fit, for state.
 * 0, -ERR_NOMEM, -ERR_LIMIT (the message is too large), -ERR_INVALID (it grew after it was measured). */
int sink_take(struct sink *k, uint32_t n, uint32_t elem_bytes, uint32_t align, char **ret, uint32_t *ret_cap);
/* A str or bin: its bytes and its header at dst. */
int sink_text(struct sink *k, char *dst, struct span s);
/* The header of a list or a map whose elements are in v. */
void sink_list(const struct sink *k, char *dst, const char *v, uint32_t n, uint32_t cap);
int sink_map(struct sink *k, const struct field *f, char *dst, const char *v, uint32_t n, uint32_t cap);
/* The default of a field, at the field. */
int sink_default(struct sink *k, const struct field *f, char *dst);

/* A view whose pointer cannot be right. */
static inline int
sink_check(struct span s, uint32_t elem_bytes)
{
    if (s.n == 0)
        return 0;
    if (s.p == NULL)
        return -ERR_INVALID;
    return (uint64_t)s.n * elem_bytes > SINK_BYTES_MAX ? -ERR_LIMIT : 0;
}
static inline char *
sink_at(char *dst, size_t offset)
{
    return dst == NULL ? NULL : dst + offset;
}

#endif
