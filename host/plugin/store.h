/* store.h - reading plugin files, and the node's private copies of them.
 *
 *   the user's path --> pfile_read(): opened once, bytes and SHA-256 --> checks work on these bytes
 *                   --> store_put(): DATA_DIR/plugins/SHA256.so --> what dlopen maps
 *
 * Nobody maps the user's file: it may be rewritten in place (which kills a process that maps it), replaced
 * between check and use, or be on the way. The copy is named by its content, so several versions never
 * collide, and debuggers find it by path. Control thread or blocking pool: these functions do disk I/O.
 */
#ifndef PLUGIN_STORE_H
#define PLUGIN_STORE_H
#include "base/env.h"
#include "base/err.h"
#include <stdint.h>

enum { PFILE_BYTES_MAX = 64 << 20, SHA256_BYTES = 32, SHA256_HEX = 65 };

struct pfile {
    struct env *env;
    uint8_t *bytes;
    size_t n;
    uint8_t sha256[SHA256_BYTES];
    char sha256_hex[SHA256_HEX];
    char warning[192]; /* empty, or what is odd about the file's place; it loads nevertheless */
};

/* Read a plugin file whole. Refused (-ERR_DENIED): a symbolic link; a file or directory that someone other
 * than root and this process's user owns or may write. Also -ERR_NOTFOUND, -ERR_TYPE (not a regular file),
 * -ERR_LIMIT (above PFILE_BYTES_MAX), -ERR_TRUNCATED (it changed meanwhile), -ERR_IO, -ERR_NOMEM. */
int pfile_read(struct pfile *ret, struct env *env, const char *path, struct err *err);
void pfile_fini(struct pfile *f);

struct store;
enum store_put { STORE_NEW, STORE_REUSED, STORE_REPLACED }; /* REPLACED: the copy there was damaged */

/* Open DATA_DIR/plugins, making it (0700) where it is missing; DATA_DIR's parent must exist. -ERR_REFUSED
 * when it lies on a file system mounted noexec; -ERR_DENIED when it is not ours; -ERR_IO. */
int store_open(struct store **ret, struct env *env, const char *data_dir, struct err *err);
void store_close(struct store *s);            /* the copies stay; NULL is allowed */
const char *store_dir(const struct store *s); /* absolute */

/* Make sure that the copy of f exists and is what it should be. ret_path gets its absolute path.
 * enum store_put, or -ERR_IO, -ERR_LIMIT (path too long). A copy that something still maps is never written
 * to. */
int store_put(struct store *s, const struct pfile *f, char *ret_path, size_t path_bytes, struct err *err);
/* Delete the copy of a version that is unloaded. 0, -ERR_NOTFOUND, -ERR_IO. */
int store_remove(struct store *s, const char *sha256_hex, struct err *err);

/* 0, or -ERR_REFUSED when fd's file system forbids executing. */
int store_check_exec(int fd, const char *path, struct err *err);

#endif
