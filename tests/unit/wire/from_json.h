/* from_json.h - JSON text through jansson to msgpack, as actorctl does it. */
#ifndef TESTS_WIRE_FROM_JSON_H
#define TESTS_WIRE_FROM_JSON_H
#include "base/strbuf.h"

/* false: jansson refuses the text, why says so. */
bool from_json(struct strbuf *out, const char *text, size_t n, char *why, size_t why_bytes);

#endif
