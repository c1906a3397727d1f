/* pack.c - the packer's sink is a strbuf. */
#include "wire/pack.h"
#include <string.h>

static int
write_strbuf(void *data, const char *p, size_t n)
{
    struct strbuf *out = data;

    strbuf_add(out, p, n);
    return out->failed ? -1 : 0;
}

void
pack_init(msgpack_packer *pk, struct strbuf *out)
{
    msgpack_packer_init(pk, out, write_strbuf);
}

void
pack_map(msgpack_packer *pk, size_t n)
{
    msgpack_pack_map(pk, n);
}

void
pack_array(msgpack_packer *pk, size_t n)
{
    msgpack_pack_array(pk, n);
}

void
pack_str_n(msgpack_packer *pk, const char *s, size_t n)
{
    msgpack_pack_str(pk, n);
    msgpack_pack_str_body(pk, s, n);
}

void
pack_str(msgpack_packer *pk, const char *s)
{
    if (s == NULL)
        pack_nil(pk);
    else
        pack_str_n(pk, s, strlen(s));
}

void
pack_bin(msgpack_packer *pk, const void *p, size_t n)
{
    msgpack_pack_bin(pk, n);
    msgpack_pack_bin_body(pk, p, n);
}

void
pack_u64(msgpack_packer *pk, uint64_t v)
{
    msgpack_pack_uint64(pk, v);
}

void
pack_i64(msgpack_packer *pk, int64_t v)
{
    msgpack_pack_int64(pk, v);
}

void
pack_f64(msgpack_packer *pk, double v)
{
    msgpack_pack_double(pk, v);
}

void
pack_bool(msgpack_packer *pk, bool v)
{
    if (v)
        msgpack_pack_true(pk);
    else
        msgpack_pack_false(pk);
}

void
pack_nil(msgpack_packer *pk)
{
    msgpack_pack_nil(pk);
}

void
pack_raw(msgpack_packer *pk, const void *p, size_t n)
{
    if (n == 0)
        pack_nil(pk);
    else
        pk->callback(pk->data, p, n);
}
