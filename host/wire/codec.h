/* codec.h - values as msgpack and back, driven by a schema (foundation F2).
 *
 *   struct (any form) --codec_encode--> map of field name -> value
 *   bytes --object_read--> object --codec_measure--> bytes needed --codec_fill--> message form, one piece
 *                                `------------------------------- codec_state --> state form, in an arena
 *
 *   bool, numbers, str, bin   as msgpack has them          list   array
 *   ref                       array of node, slot, gen     map    map, or array of [key, value]
 *   nested                    map                          opt    the value; absent: nil or left out
 *
 * Decoding goes by field name (in state also by its former name, `was`): missing gives the default, a
 * required field that is missing is an error, unknown ones are counted and left out. Integers fit or are
 * refused; integers become floats when that is exact; a 64-bit float is rounded for an f32. Errors name the
 * field: "inners[3].text: ...". Pure, any thread; the caller owns all memory.
 */
#ifndef WIRE_CODEC_H
#define WIRE_CODEC_H
#include "base/strbuf.h"
#include "msg/arena.h"
#include "msg/schema.h"
#include <msgpack/object.h>

enum { CODEC_BYTES_MAX = 16 << 20 };
enum { /* flags */
       CODEC_TEXT =
           1 /* from JSON: bin may be base64 text, ref the text "node.slot.gen", map keys numbers in text */
};

/* Append v to out. 0; -ERR_NOMEM; -ERR_UNSUPPORTED: an opaque field. out has a part of it then. */
int codec_encode(struct strbuf *out, const struct schema *s, const void *v);

struct codec {
    unsigned flags;        /* in */
    size_t bytes_max;      /* in: of the decoded value; 0 = CODEC_BYTES_MAX */
    uint32_t unknown;      /* out: fields left out, those of nested values too */
    char unknown_name[40]; /* out: the first of them, cut */
};

/* Can o (from bytes that were validated) be read as s, and how many bytes does it take? Message forms only.
 * 0; -ERR_TYPE, -ERR_RANGE, -ERR_INVALID (required field missing), -ERR_MALFORMED (a field or key given
 * twice), -ERR_LIMIT (bytes_max). */
int codec_measure(struct codec *c, const struct schema *s, const msgpack_object *o, size_t *ret_bytes,
                  struct err *e);
/* After a measure that went well, with the same c: fill buf (so many bytes, 16 B aligned). The struct comes
 * first; views point into the rest of buf. */
void codec_fill(struct codec *c, const struct schema *s, const msgpack_object *o, void *buf);

/* Form STATE: fill state (s->bytes, uninitialized). After an error it is garbage and the caller drops the
 * arena. Also -ERR_NOMEM, -ERR_UNSUPPORTED (an opaque field). */
int codec_state(struct codec *c, const struct schema *s, const msgpack_object *o, void *state,
                struct arena *arena, struct err *e);

#endif
