/* The frame reader believes nothing that it has not received. */
#include "base/err.h"
#include "wire/frame.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(frame);

static void
put(struct strbuf *b, uint8_t type, uint32_t id, uint32_t code, const char *body)
{
    size_t mark = frame_begin(b, &(struct frame){.type = type, .id = id, .code = code});

    strbuf_puts(b, body);
    cr_assert_eq(frame_end(b, mark, FRAME_REQUEST_MAX), 0);
}

Test(frame, a_frame_comes_back_as_it_was_written)
{
    struct frame_reader r;
    struct strbuf b;
    struct frame f;

    strbuf_init(&b);
    put(&b, FRAME_REQUEST, 7, 0x01020304, "hello");
    cr_assert_eq(b.len, FRAME_HEADER_BYTES + 5u);
    cr_assert_eq((unsigned char)b.p[0], 5, "length is little-endian");
    frame_reader_init(&r, FRAME_REQUEST_MAX, FRAMES_TO_SERVER);
    cr_assert_eq(frame_reader_feed(&r, b.p, b.len), 0);
    cr_assert_eq(frame_reader_next(&r, &f), 1);
    cr_assert_eq(f.type, FRAME_REQUEST);
    cr_assert_eq(f.id, 7);
    cr_assert_eq(f.code, 0x01020304);
    cr_assert_eq(f.len, 5);
    cr_assert_eq(memcmp(f.body, "hello", 5), 0);
    cr_assert_eq(frame_reader_next(&r, &f), 0);
    cr_assert(!frame_reader_partial(&r));
    frame_reader_fini(&r);
    strbuf_fini(&b);
}

Test(frame, a_stream_cut_at_every_byte_gives_the_same_frames)
{
    static const char *const bodies[] = {"", "a", "two words", "the third"};
    struct strbuf b;

    strbuf_init(&b);
    for (uint32_t i = 0; i < 4; i++)
        put(&b, FRAME_REQUEST, i + 1, 100 + i, bodies[i]);
    for (size_t step = 1; step <= b.len; step++) {
        struct frame_reader r;
        struct frame f;
        uint32_t seen = 0;

        frame_reader_init(&r, FRAME_REQUEST_MAX, FRAMES_TO_SERVER);
        for (size_t at = 0; at < b.len; at += step) {
            size_t n = b.len - at < step ? b.len - at : step;

            cr_assert_eq(frame_reader_feed(&r, b.p + at, n), 0);
            while (frame_reader_next(&r, &f) == 1) {
                cr_assert_eq(f.id, seen + 1);
                cr_assert_eq(f.code, 100 + seen);
                cr_assert_eq(f.len, strlen(bodies[seen]));
                cr_assert_eq(memcmp(f.body, bodies[seen], f.len), 0);
                seen++;
            }
        }
        cr_assert_eq(seen, 4);
        frame_reader_fini(&r);
    }
    strbuf_fini(&b);
}

Test(frame, an_announced_length_sets_no_memory_aside)
{
    struct frame_reader r;
    struct frame f;
    struct strbuf b;

    strbuf_init(&b);
    put(&b, FRAME_ANSWER, 1, 1, "x");
    memcpy(b.p, "\0\0\x40\0", 4); /* claims 4 MiB, the most there may be */
    frame_reader_init(&r, FRAME_ANSWER_MAX, FRAMES_TO_CLIENT);
    cr_assert_eq(frame_reader_feed(&r, b.p, b.len), 0);
    cr_assert_eq(frame_reader_next(&r, &f), 0);
    cr_assert_leq(r.cap, 1024);
    cr_assert(frame_reader_partial(&r));
    frame_reader_fini(&r);
    strbuf_fini(&b);
}

/* Feed one header with byte `at` changed; what does the reader say, and does it stay with that? */
static int
spoiled(size_t at, char value)
{
    struct frame_reader r;
    struct frame f;
    struct strbuf b;
    int rc;

    strbuf_init(&b);
    put(&b, FRAME_REQUEST, 1, 1, "");
    b.p[at] = value;
    frame_reader_init(&r, FRAME_REQUEST_MAX, FRAMES_TO_SERVER);
    cr_assert_eq(frame_reader_feed(&r, b.p, b.len), 0);
    rc = frame_reader_next(&r, &f);
    cr_assert_eq(frame_reader_next(&r, &f), rc, "a broken stream stays broken");
    cr_assert_eq(frame_reader_feed(&r, b.p, b.len), rc);
    frame_reader_fini(&r);
    strbuf_fini(&b);
    return rc;
}

Test(frame, a_header_is_refused_before_its_body_is_waited_for)
{
    cr_assert_eq(spoiled(3, 1), -ERR_LIMIT);       /* 16 MiB */
    cr_assert_eq(spoiled(2, 2), -ERR_LIMIT);       /* 128 KiB */
    cr_assert_eq(spoiled(4, 2), -ERR_UNSUPPORTED); /* version */
    cr_assert_eq(spoiled(5, 0), -ERR_UNSUPPORTED); /* no such type */
    cr_assert_eq(spoiled(5, FRAME_ANSWER), -ERR_UNSUPPORTED);
    cr_assert_eq(spoiled(5, (char)200), -ERR_UNSUPPORTED);
    cr_assert_eq(spoiled(6, 1), -ERR_MALFORMED); /* flags */
}

Test(frame, a_body_past_the_cap_is_not_written)
{
    struct strbuf b;
    char *big = calloc(1, FRAME_REQUEST_MAX + 1);
    size_t mark;

    strbuf_init(&b);
    put(&b, FRAME_REQUEST, 1, 1, "first");
    mark = frame_begin(&b, &(struct frame){.type = FRAME_REQUEST, .id = 2});
    strbuf_add(&b, big, FRAME_REQUEST_MAX + 1);
    cr_assert_eq(frame_end(&b, mark, FRAME_REQUEST_MAX), -ERR_LIMIT);
    cr_assert_eq(b.len, mark, "the frame before it stays");
    mark = frame_begin(&b, &(struct frame){.type = FRAME_REQUEST, .id = 2});
    strbuf_add(&b, big, FRAME_REQUEST_MAX);
    cr_assert_eq(frame_end(&b, mark, FRAME_REQUEST_MAX), 0);
    free(big);
    strbuf_fini(&b);
}

Test(frame, random_bytes_never_read_past_what_was_fed)
{
    unsigned seed = 12345;

    for (int round = 0; round < 2000; round++) {
        struct frame_reader r;
        struct frame f;

        frame_reader_init(&r, 4096, FRAMES_TO_SERVER);
        for (int i = 0; i < 20; i++) {
            char junk[37];
            size_t n = (size_t)(rand_r(&seed) % (int)sizeof junk);
            char *exact = malloc(n + 1); /* so that the sanitizer sees any step outside */

            for (size_t k = 0; k < n; k++)
                exact[k] = (char)(rand_r(&seed) % 4 == 0 ? rand_r(&seed) : rand_r(&seed) % 5);
            if (frame_reader_feed(&r, exact, n) < 0) {
                free(exact);
                break;
            }
            free(exact);
            while (frame_reader_next(&r, &f) == 1)
                cr_assert_leq(f.len, 4096);
        }
        cr_assert_leq(r.cap, 8192);
        frame_reader_fini(&r);
    }
}
