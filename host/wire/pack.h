/* pack.h - msgpack-c's packer writing into a strbuf, with the few calls that maps of named values need.
 * One owner thread. Failures show in the strbuf (`failed`): check once at the end. */
#ifndef WIRE_PACK_H
#define WIRE_PACK_H
#include "base/strbuf.h"
#include <msgpack/pack.h>
#include <stdint.h>

/* The packer writes to out, which must stay where it is while pk is used. */
void pack_init(msgpack_packer *pk, struct strbuf *out);
void pack_map(msgpack_packer *pk, size_t n); /* n pairs follow: keys with pack_str */
void pack_array(msgpack_packer *pk, size_t n);
void pack_str(msgpack_packer *pk, const char *s); /* NULL gives nil */
void pack_str_n(msgpack_packer *pk, const char *s, size_t n);
void pack_bin(msgpack_packer *pk, const void *p, size_t n);
void pack_u64(msgpack_packer *pk, uint64_t v);
void pack_i64(msgpack_packer *pk, int64_t v);
void pack_f64(msgpack_packer *pk, double v);
void pack_bool(msgpack_packer *pk, bool v);
void pack_nil(msgpack_packer *pk);
/* One value that is packed already; n = 0 gives nil. */
void pack_raw(msgpack_packer *pk, const void *p, size_t n);

#endif
