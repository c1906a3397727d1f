/* object.h - msgpack bytes from outside, as msgpack-c objects: the one door to msgpack-c's decoder.
 *
 *   bytes --> wire_validate (linear, bounded) --> msgpack-c decoder --> object tree in a zone of its own
 *
 * msgpack-c trusts counts (five bytes make it ask for gigabytes); after the scan every count is at most the
 * bytes that are there. One owner thread.
 */
#ifndef WIRE_OBJECT_H
#define WIRE_OBJECT_H
#include "base/err.h"
#include <msgpack/object.h>
#include <msgpack/zone.h>
#include <stdbool.h>
#include <stdint.h>

struct object_doc {
    msgpack_object root; /* strings and binaries point into the bytes that were read */
    msgpack_zone *zone;
};
/* As elements_max for answers of a node that this user chose to ask: long lists, decoded 24 B an element. */
enum { OBJECT_ELEMENTS_ANSWER = 1 << 20 };

/* Read exactly one value that fills p. elements_max: values inside, each takes 24 B decoded; 0 =
 * its default. 0; -ERR_MALFORMED or -ERR_TRUNCATED or -ERR_LIMIT (the scan refused it), -ERR_NOMEM. p
 * must outlive doc. */
int object_read(struct object_doc *ret_doc, const void *p, size_t n, uint32_t elements_max, struct err *err);
void object_free(struct object_doc *doc); /* a zeroed one is fine */

/* The value under key, or NULL: absent, or o is no map. O(entries). */
const msgpack_object *object_get(const msgpack_object *o, const char *key);
bool object_is_str(const msgpack_object *o, const char *text); /* o may be NULL */
/* Scalars with a fallback for "absent or of another type"; o may be NULL. */
uint64_t object_u64(const msgpack_object *o, uint64_t dflt);
bool object_bool(const msgpack_object *o, bool dflt);

#endif
