/* ini_file.h - the strict reader of one ini file.
 *
 *   bytes --> lines, each checked --> inih, one good line a call --> items, each compared with its line
 *                 | not good: an error with its place; inih sees an empty line instead
 *
 * inih cuts lines at 200 bytes and then reads the rest as a new key, joins indented lines to the last value,
 * ends values at " ;" without a word, and cuts section names at 49 bytes. None of these reaches it: this file
 * owns the lines.
 *
 * What a file may hold:
 *   # comment             also ; and also indented; always a line of its own
 *   [section]  [kind name]
 *   key = value           to the end of the line; spaces around are dropped; no quotes, no escapes, no
 * continuation Limits: 1 MiB a file, 198 bytes a line, 49 bytes a section name or key. UTF-8. One owner
 * thread; blocks on files.
 */
#ifndef NODE_INI_FILE_H
#define NODE_INI_FILE_H
#include "base/vec.h"
#include "node/diag.h"

enum { INI_FILE_MAX = 1 << 20, INI_LINE_MAX = 198, INI_NAME_MAX = 49 };

struct ini_item {
    const char *section, *key, *value; /* key NULL: the line that opens the section */
    struct place key_at;               /* of the key, or of the section's name */
    struct place value_at;
};
struct ini {
    const char *file;
    VEC(struct ini_item) items; /* in file order */
};

/* Read a file. Texts live in mem. What is wrong goes to d, the rest is in *ret_ini, which the caller ends
 * with ini_fini. Returns 0, also when there were errors inside; -ERR_NOMEM, -ERR_IO (added to d too): nothing
 * was read. A section that opens twice, or a key twice in it, is not judged here: that depends on the key. */
int ini_read_file(struct ini *ret_ini, const char *path, struct text *mem, struct diags *d);
/* The same for bytes in memory; file is the name to show. */
int ini_read(struct ini *ret_ini, const char *file, const char *bytes, size_t len, struct text *mem,
             struct diags *d);
void ini_fini(struct ini *ini);

#endif
