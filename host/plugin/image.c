#include "plugin/image.h"
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)IMAGE_READ == PF_R && (int)IMAGE_WRITE == PF_W && (int)IMAGE_EXEC == PF_X,
               "segment flags");

int
image_open(struct image *ret, const char *path, const struct elf_load *load, uint32_t nloads, struct err *err)
{
    struct link_map *map = NULL;
    void *handle;

    /* NOW: a missing symbol must show here, not in a handler. LOCAL: versions must not bind to each other. */
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        const char *why = dlerror();

        err_set(err, ERR_ELF, "the dynamic linker refuses the file: %s",
                why != NULL ? why : "no reason given");
        return err_fix(err, "link with -z defs, and install the libraries that the plugin needs");
    }
    if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == NULL || strcmp(map->l_name, path) != 0) {
        err_set(err, ERR_ELF, "the dynamic linker gave another file (%s) than the copy that was checked",
                map != NULL ? map->l_name : "unknown");
        dlclose(handle);
        return -ERR_ELF;
    }
    *ret = (struct image){.handle = handle, .base = map->l_addr, .load = load, .nloads = nloads};
    return 0;
}

int
image_close(struct image *im, const char *path, struct err *err)
{
    bool mapped = false;
    int r;

    if (im->handle == NULL)
        return 0;
    dlclose(im->handle);
    im->handle = NULL;
    r = image_mapped(path, &mapped, err);
    if (r < 0)
        return r;
    if (mapped)
        return err_set(err, ERR_BUSY, "the file is still mapped after unloading: %s", path);
    return 0;
}

void *
image_symbol(const struct image *im, const char *name)
{
    return dlsym(im->handle, name);
}

bool
image_has(const struct image *im, const void *p, size_t bytes, enum image_access access)
{
    uintptr_t at = (uintptr_t)p;

    if (at < im->base)
        return false;
    at -= im->base;
    for (uint32_t i = 0; i < im->nloads; i++) {
        const struct elf_load *l = &im->load[i];

        if ((l->flags & (uint32_t)access) == 0 || at < l->vaddr || at - l->vaddr > l->mem_bytes)
            continue;
        if (bytes <= l->mem_bytes - (at - l->vaddr))
            return true;
    }
    return false;
}

bool
image_has_code(const struct image *im, void (*fn)(void))
{
    return image_has(im, (const void *)(uintptr_t)fn, 1, IMAGE_EXEC);
}

bool
image_has_text(const struct image *im, const char *s, size_t max)
{
    for (size_t i = 0; i < max; i++) {
        if (!image_has(im, s + i, 1, IMAGE_READ))
            return false;
        if (s[i] == '\0')
            return true;
    }
    return false;
}

void
image_code(const struct image *im, uintptr_t *ret_start, uintptr_t *ret_end)
{
    *ret_start = *ret_end = 0;
    for (uint32_t i = 0; i < im->nloads; i++) {
        const struct elf_load *l = &im->load[i];

        if ((l->flags & PF_X) == 0)
            continue;
        if (*ret_start == 0)
            *ret_start = im->base + l->vaddr;
        *ret_end = im->base + l->vaddr + l->mem_bytes;
    }
}

/* Lines name the path at their end: "7f..-7f.. r-xp 00001000 08:01 1234   /data/plugins/ab12.so", with "
 * (deleted)" when the name is gone. A path with a newline is written escaped; such a data_dir is not
 * recognised, and the file counts as gone. */
int
image_mapped(const char *path, bool *ret, struct err *err)
{
    FILE *f = fopen("/proc/self/maps", "re");
    size_t want = strlen(path), cap = 0;
    char *line = NULL;
    bool found = false;
    ssize_t n;

    if (f == NULL)
        return err_set(err, ERR_IO, "cannot read /proc/self/maps: %m");
    while (!found && (n = getline(&line, &cap, f)) > 0) {
        found = memmem(line, (size_t)n, path, want) != NULL;
    }
    free(line);
    fclose(f);
    *ret = found;
    return 0;
}
