/* validate.h - the scan that msgpack bytes from outside pass before msgpack-c may decode them.
 *
 * msgpack-c trusts counts: five bytes that announce an array make it ask for gigabytes. After this scan every
 * length and every count (the sum over all open containers) is at most the bytes that are there, nesting is
 * bounded, and the bytes are exactly one value. Linear, no recursion, no memory. Pure; any thread.
 */
#ifndef WIRE_VALIDATE_H
#define WIRE_VALIDATE_H
#include "base/err.h"
#include <stdint.h>

enum {
    WIRE_DEPTH_MAX = 32,       /* containers inside each other; msgpack-c's own stack ends there */
    WIRE_ELEMENTS_MAX = 65536, /* values of any kind, keys and containers counted; decoded each takes 24 B */
};

/* elements_max 0: WIRE_ELEMENTS_MAX; more only for bytes of our own making.
 * 0; -ERR_TRUNCATED (a length or count reaches past the end, or n is 0), -ERR_MALFORMED (bytes after the
 * value, or the byte that is never used), -ERR_LIMIT (depth, elements); e (NULL is allowed) says what and at
 * which offset. */
int wire_validate(const void *p, size_t n, uint32_t elements_max, struct err *e);

#endif
