/* frame.c - cutting a byte stream into frames, and the way back. */
#include "wire/frame.h"
#include "base/err.h"
#include <endian.h>
#include <stdlib.h>
#include <string.h>

void
frame_reader_init(struct frame_reader *r, uint32_t body_max, uint32_t types)
{
    *r = (struct frame_reader){.body_max = body_max, .types = types};
}

void
frame_reader_fini(struct frame_reader *r)
{
    free(r->p);
    r->p = NULL;
    r->at = r->end = r->cap = 0;
}

/* Move what waits to the front, then grow by doubling. Growth follows bytes that arrived, not bytes
 * announced. */
static int
make_room(struct frame_reader *r, size_t n)
{
    size_t have = r->end - r->at, cap = r->cap == 0 ? 256 : r->cap;
    char *p;

    if (r->at > 0) {
        memmove(r->p, r->p + r->at, have);
        r->at = 0;
        r->end = have;
    }
    if (n <= r->cap - have)
        return 0;
    if (n > SIZE_MAX / 4 - have)
        return -ERR_NOMEM;
    while (cap - have < n)
        cap *= 2;
    p = realloc(r->p, cap);
    if (p == NULL)
        return -ERR_NOMEM;
    r->p = p;
    r->cap = cap;
    return 0;
}

int
frame_reader_feed(struct frame_reader *r, const void *p, size_t n)
{
    int rc;

    if (r->error < 0)
        return r->error;
    if (n == 0)
        return 0;
    rc = make_room(r, n);
    if (rc < 0)
        return rc;
    memcpy(r->p + r->end, p, n);
    r->end += n;
    return 0;
}

static uint32_t
get32(const char *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

static int
check_header(const struct frame_reader *r, const char *p)
{
    uint8_t type = (uint8_t)p[5];

    if (p[4] != FRAME_VERSION)
        return -ERR_UNSUPPORTED;
    if (type >= 32 || (r->types & FRAME_BIT(type)) == 0)
        return -ERR_UNSUPPORTED;
    if (p[6] != 0 || p[7] != 0)
        return -ERR_MALFORMED;
    if (get32(p) > r->body_max)
        return -ERR_LIMIT;
    return 0;
}

int
frame_reader_next(struct frame_reader *r, struct frame *ret_frame)
{
    size_t have = r->end - r->at;
    const char *p = r->p + r->at;
    uint32_t len;

    if (r->error < 0)
        return r->error;
    if (have < FRAME_HEADER_BYTES)
        return 0;
    r->error = check_header(r, p);
    if (r->error < 0)
        return r->error;
    len = get32(p);
    if (have - FRAME_HEADER_BYTES < len)
        return 0;
    *ret_frame = (struct frame){.type = (uint8_t)p[5],
                                .flags = 0,
                                .id = get32(p + 8),
                                .code = get32(p + 12),
                                .len = len,
                                .body = p + FRAME_HEADER_BYTES};
    r->at += FRAME_HEADER_BYTES + len;
    return 1;
}

bool
frame_reader_partial(const struct frame_reader *r)
{
    return r->end > r->at;
}

size_t
frame_begin(struct strbuf *out, const struct frame *f)
{
    size_t mark = out->len;
    unsigned char h[FRAME_HEADER_BYTES] = {0};
    uint16_t flags = htole16(f->flags);
    uint32_t id = htole32(f->id), code = htole32(f->code);

    h[4] = FRAME_VERSION;
    h[5] = f->type;
    memcpy(h + 6, &flags, sizeof flags);
    memcpy(h + 8, &id, sizeof id);
    memcpy(h + 12, &code, sizeof code);
    strbuf_add(out, h, sizeof h);
    return mark;
}

int
frame_end(struct strbuf *out, size_t mark, uint32_t body_max)
{
    size_t len = out->len - mark - FRAME_HEADER_BYTES;
    uint32_t le;

    if (out->failed)
        return -ERR_NOMEM;
    if (len > body_max) {
        out->len = mark;
        out->p[mark] = '\0';
        return -ERR_LIMIT;
    }
    le = htole32((uint32_t)len);
    memcpy(out->p + mark, &le, sizeof le);
    return 0;
}
