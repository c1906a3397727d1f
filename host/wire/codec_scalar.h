/* codec_scalar.h - one msgpack value as a number, flag, reference or text. Part of codec.h; the same rules. */
#ifndef WIRE_CODEC_SCALAR_H
#define WIRE_CODEC_SCALAR_H
#include "msg/kind.h"
#include <msgpack/object.h>
#include <stddef.h>

/* bool, numbers, ref. dst NULL: only check. 0, -ERR_TYPE, -ERR_RANGE. */
int codec_scalar(unsigned flags, unsigned kind, const msgpack_object *o, void *dst);
/* str and bin: where the bytes are, or (ret_base64) how many bytes the base64 text gives. -ERR_TYPE,
 * -ERR_SYNTAX. */
int codec_text(unsigned flags, unsigned kind, const msgpack_object *o, const char **ret_p, uint32_t *ret_n,
               bool *ret_base64);
/* From text that codec_text has accepted. */
void codec_base64(const char *text, uint32_t text_n, uint8_t *dst, uint32_t n);
/* "nil", "a text", ... for errors. */
const char *codec_type_name(const msgpack_object *o);

#endif
