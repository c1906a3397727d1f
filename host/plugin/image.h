/* image.h - a plugin file mapped by dlopen: which addresses are its own, and is it really gone afterwards.
 *
 * Every pointer that a descriptor holds is tried against the segments before it is followed: a wrong one
 * gives an error, not a crash. Control thread: loading and unloading take the dynamic linker's lock and read
 * /proc.
 */
#ifndef PLUGIN_IMAGE_H
#define PLUGIN_IMAGE_H
#include "base/err.h"
#include "plugin/elf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
    void *handle; /* NULL: not loaded */
    uintptr_t base;
    const struct elf_load *load; /* of the manifest, which outlives the image */
    uint32_t nloads;
};
enum image_access { IMAGE_READ = 4, IMAGE_WRITE = 2, IMAGE_EXEC = 1 }; /* as PF_R, PF_W, PF_X */

/* Map the copy at path (absolute), run its constructors. All symbols are bound now, none become visible to
 * others. -ERR_ELF with the dynamic linker's words. */
int image_open(struct image *ret, const char *path, const struct elf_load *load, uint32_t nloads,
               struct err *err);
/* Unmap. -ERR_BUSY: it is still mapped (thread-local data, unique symbols, somebody else's handle): harmless,
 * but its memory and its static data stay. Nothing may call into it afterwards in either case. */
int image_close(struct image *im, const char *path, struct err *err);
/* The address of a symbol, or NULL. */
void *image_symbol(const struct image *im, const char *name);

/* Does [p, p + bytes) lie in one segment that allows this? */
bool image_has(const struct image *im, const void *p, size_t bytes, enum image_access access);
/* Is fn an address in the plugin's code? */
bool image_has_code(const struct image *im, void (*fn)(void));
/* Does a text of at most max - 1 bytes begin at s? */
bool image_has_text(const struct image *im, const char *s, size_t max);
/* Addresses of the code: [*ret_start, *ret_end); empty when there is none. */
void image_code(const struct image *im, uintptr_t *ret_start, uintptr_t *ret_end);

/* Is a file of this path mapped into this process? Reads /proc/self/maps. -ERR_IO when it cannot. */
int image_mapped(const char *path, bool *ret, struct err *err);

#endif
