/* hmap.h - hash maps (XXH3 inside): text to pointer, number to pointer. One owner thread; the caller locks.
 * Keys of the text map are copied. Iteration order is unspecified; removing the entry just returned is allowed. */
#ifndef BASE_HMAP_H
#define BASE_HMAP_H
#include <stddef.h>
#include <stdint.h>

struct hmap_entry;
struct hmap {
    struct hmap_entry *e;
    size_t cap, used, live;
};
void hmap_init(struct hmap *m);
void hmap_fini(struct hmap *m); /* frees keys and table, not the values */
/* 0, -ERR_EXISTS (nothing changed), -ERR_NOMEM. value must not be NULL. */
int hmap_add(struct hmap *m, const char *key, size_t key_len, void *value);
/* As add, but replaces; ret_old (may be NULL) gets what was there or NULL. */
int hmap_put(struct hmap *m, const char *key, size_t key_len, void *value, void **ret_old);
void *hmap_get(const struct hmap *m, const char *key, size_t key_len); /* NULL: absent */
void *hmap_del(struct hmap *m, const char *key, size_t key_len);       /* what was there, or NULL */
/* *pos starts at 0; returns the value or NULL at the end. ret_key may be NULL. */
void *hmap_next(const struct hmap *m, size_t *pos, const char **ret_key, size_t *ret_key_len);

struct umap_entry {
    uint64_t key;
    void *value;
};
struct umap {
    struct umap_entry *e;
    size_t cap, used, live;
};
void umap_init(struct umap *m);
void umap_fini(struct umap *m);
/* Add or replace: 0, -ERR_NOMEM (nothing changed). value must not be NULL. */
int umap_put(struct umap *m, uint64_t key, void *value);
void *umap_get(const struct umap *m, uint64_t key);
void *umap_del(struct umap *m, uint64_t key);
void *umap_next(const struct umap *m, size_t *pos, uint64_t *ret_key);

#endif
