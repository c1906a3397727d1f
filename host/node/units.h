/* units.h - numbers as people write them in ini files: "10s", "64MiB", "yes". Pure; any thread.
 * Parsers return 0, or an error with text and fix in e, which must not be NULL (never a place: the caller
 * knows it). */
#ifndef NODE_UNITS_H
#define NODE_UNITS_H
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { UNITS_TEXT_MAX = 32 };

/* yes no true false on off; letter case does not matter. */
int units_bool(const char *s, bool *ret, struct err *e);
/* Decimal digits only. */
int units_count(const char *s, uint64_t *ret, struct err *e);
/* A whole number and ns us ms s m h d, without a space. A number alone is an error: it says nothing about its
 * unit. */
int units_duration(const char *s, uint64_t *ret_ns, struct err *e);
/* A whole number and B KiB MiB GiB TiB (or kB MB GB TB, powers of 1000). */
int units_bytes(const char *s, uint64_t *ret_bytes, struct err *e);

/* In the largest unit that loses nothing: reading the text gives the number back. Return buf. */
const char *units_duration_text(uint64_t ns, char buf[UNITS_TEXT_MAX]);
const char *units_bytes_text(uint64_t bytes, char buf[UNITS_TEXT_MAX]);

#endif
