#include "base/random.h"
#include "wire/validate.h"
#include <criterion/criterion.h>
#include <msgpack.h>
#include <string.h>

static int
check(const char *bytes, size_t n)
{
    return wire_validate(bytes, n, 0, NULL);
}
#define CHECK(literal) check("" literal, sizeof(literal) - 1)

Test(validate, every_first_byte_with_enough_behind_it_is_taken_as_msgpack_c_takes_it)
{
    /* Zeros behind: lengths and counts are 0, so a value ends where msgpack-c says it ends. */
    for (unsigned c = 0; c < 256; c++) {
        char bytes[64] = {(char)c};
        msgpack_unpacked u;
        size_t off = 0;
        msgpack_unpack_return r;

        msgpack_unpacked_init(&u);
        r = msgpack_unpack_next(&u, bytes, sizeof bytes, &off);
        if (c == 0xc1) {
            cr_assert_eq(check(bytes, sizeof bytes), -ERR_MALFORMED);
        } else {
            cr_assert_eq(r, MSGPACK_UNPACK_SUCCESS, "first byte %x", c);
            cr_assert_eq(check(bytes, off), 0, "first byte %x", c);
            cr_assert_eq(check(bytes, off + 1), -ERR_MALFORMED, "first byte %x", c);
            cr_assert_eq(check(bytes, off - 1), -ERR_TRUNCATED, "first byte %x", c);
        }
        msgpack_unpacked_destroy(&u);
    }
}

Test(validate, announced_gigabytes_are_refused)
{
    cr_assert_eq(CHECK("\xdd\xff\xff\xff\xff"), -ERR_TRUNCATED);
    cr_assert_eq(CHECK("\xdf\xff\xff\xff\xff"), -ERR_TRUNCATED);
    cr_assert_eq(CHECK("\xdb\xff\xff\xff\xff"), -ERR_TRUNCATED);
    cr_assert_eq(CHECK("\xc6\xff\xff\xff\xff"), -ERR_TRUNCATED);
    cr_assert_eq(CHECK("\xc9\xff\xff\xff\xff\x01"), -ERR_TRUNCATED);
}

Test(validate, counts_of_all_open_containers_together_fit_the_bytes)
{
    /* Each array claims what is left after it, which is fine alone, and too much together. */
    cr_assert_eq(CHECK("\x93\x93\x93\x01"), -ERR_TRUNCATED);
    cr_assert_eq(CHECK("\x92\x91\x01\x01"), 0);
    cr_assert_eq(CHECK("\x82\x01\x02\x03"), -ERR_TRUNCATED);
}

Test(validate, empty_input_and_trailing_bytes_are_refused)
{
    cr_assert_eq(CHECK(""), -ERR_TRUNCATED);
    cr_assert_eq(CHECK("\x01\x01"), -ERR_MALFORMED);
    cr_assert_eq(CHECK("\x80\xc0"), -ERR_MALFORMED);
}

Test(validate, nesting_ends_where_msgpack_c_ends)
{
    for (unsigned depth = 1; depth < 40; depth++) {
        char bytes[41];
        msgpack_unpacked u;
        size_t off = 0;
        bool ok;

        memset(bytes, 0x91, depth);
        bytes[depth] = 1;
        msgpack_unpacked_init(&u);
        ok = msgpack_unpack_next(&u, bytes, depth + 1, &off) == MSGPACK_UNPACK_SUCCESS;
        msgpack_unpacked_destroy(&u);
        cr_assert_eq(check(bytes, depth + 1), depth <= WIRE_DEPTH_MAX ? 0 : -ERR_LIMIT);
        if (depth <= WIRE_DEPTH_MAX)
            cr_assert(ok, "what passes is decoded: depth %u", depth);
    }
}

Test(validate, elements_are_counted)
{
    static char bytes[WIRE_ELEMENTS_MAX + 10];

    bytes[0] = (char)0xdd;
    bytes[2] = 1; /* 65,536 values, and the array itself */
    cr_assert_eq(check(bytes, 5 + 65536), -ERR_LIMIT);
    cr_assert_eq(wire_validate(bytes, 5 + 65536, 65537, NULL), 0);
    bytes[2] = 0;
    bytes[3] = bytes[4] = (char)0xff;
    cr_assert_eq(check(bytes, 5 + 65535), 0);
}

Test(validate, the_error_says_where)
{
    struct err e;

    cr_assert_eq(wire_validate("\x92\x01\xc1", 3, 0, &e), -ERR_MALFORMED);
    cr_assert_not_null(strstr(e.text, "at byte 3"));
}

/* What passes is decoded by msgpack-c, whole and with memory in proportion. */
static void
agree(const char *bytes, size_t n, unsigned *passed)
{
    msgpack_unpacked u;
    size_t off = 0;

    if (check(bytes, n) != 0)
        return;
    (*passed)++;
    msgpack_unpacked_init(&u);
    cr_assert_eq(msgpack_unpack_next(&u, bytes, n, &off), MSGPACK_UNPACK_SUCCESS);
    cr_assert_eq(off, n);
    msgpack_unpacked_destroy(&u);
}

Test(validate, random_bytes_never_reach_the_decoder_unless_it_takes_them)
{
    struct rng rng;
    unsigned passed = 0;
    char bytes[32];

    rng_seed(&rng, 5);
    for (int i = 0; i < 100000; i++) {
        size_t n = rng_below(&rng, sizeof bytes + 1);

        for (size_t k = 0; k < n; k++)
            bytes[k] = (char)rng_u64(&rng);
        agree(bytes, n, &passed);
    }
    cr_assert_gt(passed, 100);
}

Test(validate, spoiled_messages_never_reach_the_decoder_unless_it_takes_them)
{
    static const char good[] =
        "\x85\xa4name\xd9\x20zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\xa4nums\x93\x01\xcd\x01\x00\xd0\x80"
        "\xa3map\x81\xa1k\xc4\x02zz\xa1"
        "f\xcb\x40\x09\x21\xfb\x54\x44\x2d\x18\xa1o\xc0";
    struct rng rng;
    unsigned passed = 0;

    cr_assert_eq(CHECK("\x80"), 0);
    cr_assert_eq(check(good, sizeof good - 1), 0);
    rng_seed(&rng, 6);
    for (int i = 0; i < 100000; i++) {
        char bytes[sizeof good];
        size_t n = sizeof good - 1, changes = 1 + rng_below(&rng, 3);

        memcpy(bytes, good, n);
        while (changes-- > 0)
            bytes[rng_below(&rng, n)] = (char)rng_u64(&rng);
        if (rng_below(&rng, 8) == 0)
            n = rng_below(&rng, n);
        agree(bytes, n, &passed);
    }
    cr_assert_gt(passed, 1000);
}
