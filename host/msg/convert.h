/* convert.h - values from one schema to another, and messages from a sender's memory into a block.
 *
 *   tell      sender's struct --> msg_copy_bytes() --> block of the right class --> msg_copy_into()
 *   receive   block, plan ------> convert_msg_bytes() -> another block ----------> convert_msg()
 *   swap      old state, plan --> struct in the new arena -----------------------> convert_state()
 *
 * A message is its struct, then from the next multiple of 8 what it points to: elements 8 B aligned, text
 * packed. The source is never changed. Pure: the caller owns all memory; any thread that may read the source.
 * bool values become 0 or 1; where a plan says COPY, all else keeps its bytes.
 */
#ifndef MSG_CONVERT_H
#define MSG_CONVERT_H
#include "msg/arena.h"
#include "msg/plan.h"

/* --- messages of one schema --- */

/* Bytes behind the struct that a deep copy of src needs; 0 for flat types. Negative: -ERR_LIMIT (more than 16
 * MiB), -ERR_INVALID (a NULL view with a length). What views point to must be readable: that cannot be
 * tested. */
int64_t msg_copy_bytes(const struct schema *s, const void *src);
/* Where they begin. */
static inline size_t
msg_copy_offset(const struct schema *s)
{
    return (s->bytes + 7u) & ~(size_t)7;
}
/* Write the struct and what it points to. dst: 8 B aligned, msg_copy_offset(s) + var_bytes long, where
 * var_bytes is what msg_copy_bytes gave. 0; -ERR_INVALID when src has changed in between and does not fit. */
int msg_copy_into(const struct schema *s, void *dst, size_t var_bytes, const void *src);

/* --- messages by a plan (EQUAL or AUTO) --- */

/* Bytes of the whole result. Errors as msg_copy_bytes, and -ERR_SCHEMA for a plan that may not run, -ERR_RANGE for a value that
 * does not fit where the plan narrows. */
int64_t convert_msg_bytes(const struct plan *p, const void *src);
/* dst: 8 B aligned, `bytes` long as convert_msg_bytes gave. */
int convert_msg(const struct plan *p, void *dst, size_t bytes, const void *src);

/* --- state by a plan (any but IMPOSSIBLE) --- */

/* Fill dst (plan_to()->bytes, uninitialized); all it owns comes from the arena. Fields that wait for
 * migrate() get their defaults, opaque ones are zero for load() to fill. -ERR_RANGE: a value does not fit where the plan
 * narrows, named in e; -ERR_NOMEM, -ERR_SCHEMA. After an error dst is garbage and the caller drops the arena.
 */
int convert_state(const struct plan *p, struct arena *arena, void *dst, const void *src, struct err *e);

#endif
