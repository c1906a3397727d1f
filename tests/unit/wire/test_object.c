/* msgpack from outside, read safely. */
#include "wire/object.h"
#include "wire/pack.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(object);

Test(object, what_was_packed_comes_back)
{
    struct object_doc doc;
    struct strbuf b;
    msgpack_packer pk;
    struct err err = {0};
    const msgpack_object *o;

    strbuf_init(&b);
    pack_init(&pk, &b);
    pack_map(&pk, 8);
    pack_str(&pk, "text");
    pack_str(&pk, "hello");
    pack_str(&pk, "none");
    pack_str(&pk, NULL);
    pack_str(&pk, "big");
    pack_u64(&pk, UINT64_MAX);
    pack_str(&pk, "small");
    pack_i64(&pk, INT64_MIN);
    pack_str(&pk, "real");
    pack_f64(&pk, 0.1);
    pack_str(&pk, "yes");
    pack_bool(&pk, true);
    pack_str(&pk, "bytes");
    pack_bin(&pk, "\0\1", 2);
    pack_str(&pk, "list");
    pack_array(&pk, 2);
    pack_raw(&pk, "\x01", 1);
    pack_raw(&pk, NULL, 0);
    cr_assert_eq(object_read(&doc, b.p, b.len, 0, &err), 0, "%s", err.text);
    cr_assert(object_is_str(object_get(&doc.root, "text"), "hello"));
    cr_assert(!object_is_str(object_get(&doc.root, "text"), "hell"));
    cr_assert_eq(object_get(&doc.root, "none")->type, MSGPACK_OBJECT_NIL);
    cr_assert_eq(object_u64(object_get(&doc.root, "big"), 0), UINT64_MAX);
    cr_assert_eq(object_get(&doc.root, "small")->via.i64, INT64_MIN);
    cr_assert_eq(object_u64(object_get(&doc.root, "small"), 5), 5, "not a u64: the fallback");
    cr_assert(object_get(&doc.root, "real")->via.f64 == 0.1);
    cr_assert(object_bool(object_get(&doc.root, "yes"), false));
    cr_assert_eq(object_get(&doc.root, "bytes")->via.bin.size, 2);
    o = object_get(&doc.root, "list");
    cr_assert_eq(o->via.array.size, 2);
    cr_assert_eq(o->via.array.ptr[1].type, MSGPACK_OBJECT_NIL);
    cr_assert_null(object_get(&doc.root, "absent"));
    cr_assert_null(object_get(o, "not a map"));
    cr_assert_null(object_get(NULL, "nothing"));
    object_free(&doc);
    strbuf_fini(&b);
}

Test(object, counts_past_the_bytes_are_refused_before_the_decoder)
{
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {{"\xdd\xff\xff\xff\xff", 5},
               {"\xdf\xff\xff\xff\xff", 5},
               {"\xdb\xff\xff\xff\xff", 5},
               {"\x92\x01", 2},
               {"\xc1", 1},
               {"\x01\x01", 2},
               {"", 0},
               {"\xc6\x7f\xff\xff\xff", 5}};
    struct object_doc doc;
    struct err err = {0};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_lt(object_read(&doc, bad[i].bytes, bad[i].n, 0, &err), 0);
        cr_assert_neq(err.text[0], '\0');
    }
}

Test(object, the_deepest_permitted_nesting_is_decoded)
{
    unsigned char b[64];
    struct object_doc doc;
    struct err err = {0};

    for (unsigned depth = 1; depth < 40; depth++) {
        int rc;

        memset(b, 0x91, depth);
        b[depth] = 0xc0;
        rc = object_read(&doc, b, depth + 1, 0, &err);
        if (depth <= 31)
            cr_assert_eq(rc, 0, "depth %u: %s", depth, err.text);
        if (depth > 32)
            cr_assert_eq(rc, -ERR_LIMIT);
        if (rc == 0)
            object_free(&doc);
    }
}

Test(object, random_bytes_are_read_or_refused)
{
    unsigned seed = 99;

    for (int round = 0; round < 50000; round++) {
        size_t n = (size_t)(rand_r(&seed) % 40);
        unsigned char *p = malloc(n + 1);
        struct object_doc doc;

        for (size_t i = 0; i < n; i++)
            p[i] = (unsigned char)(rand_r(&seed) % 3 == 0 ? 0x80 + rand_r(&seed) % 0x60 : rand_r(&seed));
        if (object_read(&doc, p, n, 0, NULL) == 0)
            object_free(&doc);
        free(p);
    }
}
