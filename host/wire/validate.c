/* validate.c - one loop over heads: what follows one is skipped (scalars, text) or counted (containers). */
#include "wire/validate.h"
#include <stdbool.h>

/* What a first byte from 0xc0 on announces. */
struct head {
    uint8_t length_bytes; /* of a big-endian length that follows */
    uint8_t extra;     /* bytes beside the length's content: a fixed size, or the type byte of an extension */
    uint8_t per_count; /* containers: values inside for each one counted */
};
static const struct head heads[64] = {
    [0xc4 - 0xc0] = {1, 0, 0}, {2, 0, 0}, {4, 0, 0},                        /* bin */
    [0xc7 - 0xc0] = {1, 1, 0}, {2, 1, 0}, {4, 1, 0},                        /* ext */
    [0xca - 0xc0] = {0, 4, 0}, {0, 8, 0},                                   /* float */
    [0xcc - 0xc0] = {0, 1, 0}, {0, 2, 0}, {0, 4, 0}, {0, 8, 0},             /* unsigned */
    [0xd0 - 0xc0] = {0, 1, 0}, {0, 2, 0}, {0, 4, 0}, {0, 8, 0},             /* signed */
    [0xd4 - 0xc0] = {0, 2, 0}, {0, 3, 0}, {0, 5, 0}, {0, 9, 0}, {0, 17, 0}, /* ext of fixed size */
    [0xd9 - 0xc0] = {1, 0, 0}, {2, 0, 0}, {4, 0, 0},                        /* str */
    [0xdc - 0xc0] = {2, 0, 1}, {4, 0, 1},                                   /* array */
    [0xde - 0xc0] = {2, 0, 2}, {4, 0, 2},                                   /* map */
};

/* Reads the head at p[*at] and what belongs to it alone. ret_inside: values that must follow inside it;
 * ret_container: also an empty one is a level of its own. */
static int
step(const uint8_t *p, size_t n, size_t *at, uint64_t *ret_inside, bool *ret_container)
{
    uint8_t c = p[(*at)++];
    uint64_t content = 0, inside = 0, length = 0;
    bool container = false;

    if (c >= 0x80 && c < 0xa0) { /* small map, small array */
        container = true;
        inside = (c & 15u) * (c < 0x90 ? 2u : 1u);
    } else if (c >= 0xa0 && c < 0xc0) {
        content = c & 31u;
    } else if (c >= 0xc0 && c < 0xe0) {
        struct head h = heads[c - 0xc0];

        if (c == 0xc1)
            return -ERR_MALFORMED;
        if (h.length_bytes > n - *at)
            return -ERR_TRUNCATED;
        for (unsigned i = 0; i < h.length_bytes; i++)
            length = length << 8 | p[(*at)++];
        container = h.per_count != 0;
        inside = length * h.per_count;
        content = container ? 0 : length + h.extra;
    }
    if (content > n - *at || inside > n - *at)
        return -ERR_TRUNCATED;
    *at += (size_t)content;
    *ret_inside = inside;
    *ret_container = container;
    return 0;
}

static int
scan(const uint8_t *p, size_t n, uint32_t elements_max, size_t *at)
{
    uint64_t left[WIRE_DEPTH_MAX + 1] = {1}; /* values still to come at each level */
    uint64_t pending = 1, count = 0;         /* their sum: each takes a byte at least */
    unsigned depth = 0;

    while (pending > 0) {
        uint64_t inside;
        bool container;
        int r;

        if (*at == n)
            return -ERR_TRUNCATED;
        if (++count > elements_max)
            return -ERR_LIMIT;
        r = step(p, n, at, &inside, &container);
        if (r < 0)
            return r;
        left[depth]--;
        pending += inside - 1;
        if (pending > n - *at)
            return -ERR_TRUNCATED;
        if (container) {
            if (depth == WIRE_DEPTH_MAX)
                return -ERR_LIMIT;
            left[++depth] = inside;
        }
        while (depth > 0 && left[depth] == 0)
            depth--;
    }
    return *at == n ? 0 : -ERR_MALFORMED;
}

int
wire_validate(const void *p, size_t n, uint32_t elements_max, struct err *e)
{
    size_t at = 0;
    int r = scan(p, n, elements_max == 0 ? WIRE_ELEMENTS_MAX : elements_max, &at);

    if (r == 0)
        return 0;
    return err_set(e, r, "msgpack, %zu bytes: %s at byte %zu", n,
                   r == -ERR_LIMIT       ? "too deep or too many values"
                   : r == -ERR_TRUNCATED ? "a length or count reaches past the end"
                                         : "bytes after the value, or the byte that is never used",
                   at);
}
