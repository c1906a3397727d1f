/* frame.h - length-prefixed frames on a byte stream.
 *
 *    0        4  5  6     8          12         16
 *   [length  |v |t |flags|request id|code      ][body: one msgpack value, or nothing ...]
 *
 * Numbers are little-endian. length counts the body only. code is the command (request) or the type id. A
 * reader looks at a header as soon as its 16 bytes are there and refuses what it does not know or what is too
 * long: it never waits for, and never sets memory aside for, bytes that a peer merely announced. A frame that
 * was delivered says nothing about its body: read that through wire/object.h.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H
#include "base/strbuf.h"
#include <stdint.h>

enum { FRAME_VERSION = 1, FRAME_HEADER_BYTES = 16 };
enum { FRAME_REQUEST_MAX = 64 << 10, FRAME_ANSWER_MAX = 4 << 20 }; /* bytes of a body */

/* REQUEST --> PROGRESS ... --> ANSWER, all with the request's id. CANCEL ends a request early; it is answered
 * all the same. BYE (id 0) says why the connection is about to be closed. */
enum frame_type {
    FRAME_REQUEST = 1,
    FRAME_ANSWER = 2,
    FRAME_PROGRESS = 3,
    FRAME_CANCEL = 4,
    FRAME_BYE = 5,
};
#define FRAME_BIT(type)  (1u << (type))
#define FRAMES_TO_SERVER (FRAME_BIT(FRAME_REQUEST) | FRAME_BIT(FRAME_CANCEL))
#define FRAMES_TO_CLIENT (FRAME_BIT(FRAME_ANSWER) | FRAME_BIT(FRAME_PROGRESS) | FRAME_BIT(FRAME_BYE))

struct frame {
    uint8_t type;   /* enum frame_type */
    uint16_t flags; /* none defined: zero */
    uint32_t id;    /* chosen by whoever asks; 0 = concerns the connection */
    uint32_t code;
    uint32_t len; /* bytes of body */
    const char *body;
};

/* --- reading; one owner thread --- */
struct frame_reader {
    uint32_t body_max, types; /* what this side takes */
    char *p;                  /* bytes at..end are not delivered yet */
    size_t at, end, cap;
    int error; /* once wrong, always wrong: the stream has no place to start again */
};
/* body_max: longest body taken; types: FRAME_BITs of the types taken. Allocates nothing. */
void frame_reader_init(struct frame_reader *r, uint32_t body_max, uint32_t types);
void frame_reader_fini(struct frame_reader *r);
/* Take the next n bytes of the stream (copied). 0; -ERR_NOMEM (nothing taken); or the reader's error. Frames
 * that are complete should be fetched before more is fed: memory is what was fed and not fetched. Invalidates
 * earlier bodies. */
int frame_reader_feed(struct frame_reader *r, const void *p, size_t n);
/* 1: *ret_frame is the next frame, its body valid until the next feed. 0: more bytes are needed.
 * -ERR_MALFORMED (flags), -ERR_UNSUPPORTED (version, type), -ERR_LIMIT (length): the stream is unusable. */
int frame_reader_next(struct frame_reader *r, struct frame *ret_frame);
/* Bytes of an unfinished frame are waiting: for cutting peers that stop in the middle. */
bool frame_reader_partial(const struct frame_reader *r);

/* --- writing --- */
/* Append a header for f (its len and body are ignored) to out; the body follows as further appends to out.
 * Returns the mark that frame_end needs. */
size_t frame_begin(struct strbuf *out, const struct frame *f);
/* The body is complete: put its length into the header. 0; -ERR_NOMEM when out failed; -ERR_LIMIT when it is
 * longer than body_max (then out is cut back to the mark). */
int frame_end(struct strbuf *out, size_t mark, uint32_t body_max);

#endif
