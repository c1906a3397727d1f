/* What the tests of this folder share: the bytes of a test plugin, and an error that prints. */
#ifndef TEST_PLUGIN_FIXTURE_H
#define TEST_PLUGIN_FIXTURE_H
#include "base/err.h"
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct bytes {
    unsigned char *p;
    size_t n;
};

static inline const char *
plugin_path(const char *name)
{
    static char path[4096];
    const char *dir = getenv("ABI_DIR");

    snprintf(path, sizeof path, "%s/%s.so", dir != NULL ? dir : ".", name);
    return path;
}

static inline struct bytes
plugin_bytes(const char *name)
{
    struct bytes b = {NULL, 0};
    FILE *f = fopen(plugin_path(name), "rb");
    long n;

    cr_assert_not_null(f, "cannot open %s", plugin_path(name));
    fseek(f, 0, SEEK_END);
    n = ftell(f);
    rewind(f);
    b.n = (size_t)n;
    b.p = malloc(b.n);
    cr_assert_not_null(b.p);
    cr_assert_eq(fread(b.p, 1, b.n, f), b.n);
    fclose(f);
    return b;
}

/* A folder of one test beside the test plugins (which lie where executing is allowed), and its end. */
static inline void
temp_dir_make(char *dir, size_t bytes)
{
    snprintf(dir, bytes, "%s/tmp-XXXXXX", getenv("ABI_DIR") != NULL ? getenv("ABI_DIR") : ".");
    cr_assert_not_null(mkdtemp(dir));
}
static inline int
temp_remove_one(const char *p, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(p);
}
static inline void
temp_dir_remove(const char *dir)
{
    cr_expect_eq(nftw(dir, temp_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

#define expect_text(err, part) \
    cr_expect(strstr((err)->text, (part)) != NULL, "\"%s\" does not say \"%s\"", (err)->text, (part))
#define expect_fix(err, part) \
    cr_expect(strstr((err)->fix, (part)) != NULL, "fix \"%s\" does not say \"%s\"", (err)->fix, (part))

#endif
