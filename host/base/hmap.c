/* hmap.c - open addressing, linear probing, power-of-two tables at most 3/4 used.
 *
 * A removed entry leaves a tombstone: nothing moves, so a walk may remove what it was just given. Tombstones
 * count as used and vanish when the table is built anew, at the same size when most of what is used is dead.
 */
#include "base/hmap.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define MIN_CAP 8

struct hmap_entry {
    uint64_t hash;
    char *key; /* NULL: empty (value NULL) or tombstone */
    size_t key_len;
    void *value;
};

/* An address no caller can own. Only compared, never written: const keeps it out of the writable sections. */
static const char tomb_mark;
#define TOMB ((void *)(uintptr_t)&tomb_mark)

/* Slots for one more entry; 0 when the table need not change. */
static size_t
wanted_cap(size_t cap, size_t used, size_t live)
{
    if (cap != 0 && (used + 1) * 4 <= cap * 3)
        return 0;
    if (cap == 0)
        return MIN_CAP;
    return (live + 1) * 2 > cap ? cap * 2 : cap;
}

/* --- text keys --- */

void
hmap_init(struct hmap *m)
{
    *m = (struct hmap){0};
}

void
hmap_fini(struct hmap *m)
{
    for (size_t i = 0; i < m->cap; i++)
        free(m->e[i].key);
    free(m->e);
    hmap_init(m);
}

static struct hmap_entry *
hmap_find(const struct hmap *m, uint64_t hash, const char *key, size_t key_len)
{
    if (m->cap == 0)
        return NULL;
    for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
        struct hmap_entry *e = &m->e[i];

        if (e->key == NULL) {
            if (e->value == NULL)
                return NULL;
            continue;
        }
        if (e->hash == hash && e->key_len == key_len && memcmp(e->key, key, key_len) == 0)
            return e;
    }
}

static struct hmap_entry *
hmap_vacancy(struct hmap_entry *t, size_t cap, uint64_t hash)
{
    size_t i = hash & (cap - 1);

    while (t[i].key != NULL)
        i = (i + 1) & (cap - 1);
    return &t[i];
}

static int
hmap_room(struct hmap *m)
{
    size_t cap = wanted_cap(m->cap, m->used, m->live);
    struct hmap_entry *t;

    if (cap == 0)
        return 0;
    t = calloc(cap, sizeof *t);
    if (t == NULL)
        return -ERR_NOMEM;
    for (size_t i = 0; i < m->cap; i++)
        if (m->e[i].key != NULL)
            *hmap_vacancy(t, cap, m->e[i].hash) = m->e[i];
    free(m->e);
    m->e = t;
    m->cap = cap;
    m->used = m->live;
    return 0;
}

static int
hmap_insert(struct hmap *m, uint64_t hash, const char *key, size_t key_len, void *value)
{
    struct hmap_entry *e;
    char *copy;

    if (hmap_room(m) < 0)
        return -ERR_NOMEM;
    copy = malloc(key_len + 1);
    if (copy == NULL)
        return -ERR_NOMEM;
    if (key_len > 0)
        memcpy(copy, key, key_len);
    copy[key_len] = '\0';
    e = hmap_vacancy(m->e, m->cap, hash);
    if (e->value == NULL)
        m->used++;
    m->live++;
    *e = (struct hmap_entry){.hash = hash, .key = copy, .key_len = key_len, .value = value};
    return 0;
}

int
hmap_add(struct hmap *m, const char *key, size_t key_len, void *value)
{
    uint64_t hash = XXH3_64bits(key, key_len);

    if (hmap_find(m, hash, key, key_len) != NULL)
        return -ERR_EXISTS;
    return hmap_insert(m, hash, key, key_len, value);
}

int
hmap_put(struct hmap *m, const char *key, size_t key_len, void *value, void **ret_old)
{
    uint64_t hash = XXH3_64bits(key, key_len);
    struct hmap_entry *e = hmap_find(m, hash, key, key_len);
    void *old = NULL;

    if (e != NULL) {
        old = e->value;
        e->value = value;
    } else if (hmap_insert(m, hash, key, key_len, value) < 0) {
        return -ERR_NOMEM;
    }
    if (ret_old != NULL)
        *ret_old = old;
    return 0;
}

void *
hmap_get(const struct hmap *m, const char *key, size_t key_len)
{
    struct hmap_entry *e = hmap_find(m, XXH3_64bits(key, key_len), key, key_len);

    return e == NULL ? NULL : e->value;
}

void *
hmap_del(struct hmap *m, const char *key, size_t key_len)
{
    struct hmap_entry *e = hmap_find(m, XXH3_64bits(key, key_len), key, key_len);
    void *old;

    if (e == NULL)
        return NULL;
    old = e->value;
    free(e->key);
    *e = (struct hmap_entry){.value = TOMB};
    m->live--;
    return old;
}

void *
hmap_next(const struct hmap *m, size_t *pos, const char **ret_key, size_t *ret_key_len)
{
    while (*pos < m->cap) {
        struct hmap_entry *e = &m->e[(*pos)++];

        if (e->key == NULL)
            continue;
        if (ret_key != NULL)
            *ret_key = e->key;
        if (ret_key_len != NULL)
            *ret_key_len = e->key_len;
        return e->value;
    }
    return NULL;
}

/* --- number keys --- */

void
umap_init(struct umap *m)
{
    *m = (struct umap){0};
}

void
umap_fini(struct umap *m)
{
    free(m->e);
    umap_init(m);
}

static size_t
umap_slot(uint64_t key, size_t cap)
{
    return XXH3_64bits(&key, sizeof key) & (cap - 1);
}

static struct umap_entry *
umap_find(const struct umap *m, uint64_t key)
{
    if (m->cap == 0)
        return NULL;
    for (size_t i = umap_slot(key, m->cap);; i = (i + 1) & (m->cap - 1)) {
        struct umap_entry *e = &m->e[i];

        if (e->value == NULL)
            return NULL;
        if (e->key == key && e->value != TOMB)
            return e;
    }
}

static struct umap_entry *
umap_vacancy(struct umap_entry *t, size_t cap, uint64_t key)
{
    size_t i = umap_slot(key, cap);

    while (t[i].value != NULL && t[i].value != TOMB)
        i = (i + 1) & (cap - 1);
    return &t[i];
}

static int
umap_room(struct umap *m)
{
    size_t cap = wanted_cap(m->cap, m->used, m->live);
    struct umap_entry *t;

    if (cap == 0)
        return 0;
    t = calloc(cap, sizeof *t);
    if (t == NULL)
        return -ERR_NOMEM;
    for (size_t i = 0; i < m->cap; i++)
        if (m->e[i].value != NULL && m->e[i].value != TOMB)
            *umap_vacancy(t, cap, m->e[i].key) = m->e[i];
    free(m->e);
    m->e = t;
    m->cap = cap;
    m->used = m->live;
    return 0;
}

int
umap_put(struct umap *m, uint64_t key, void *value)
{
    struct umap_entry *e = umap_find(m, key);

    if (e == NULL) {
        if (umap_room(m) < 0)
            return -ERR_NOMEM;
        e = umap_vacancy(m->e, m->cap, key);
        if (e->value == NULL)
            m->used++;
        m->live++;
    }
    *e = (struct umap_entry){.key = key, .value = value};
    return 0;
}

void *
umap_get(const struct umap *m, uint64_t key)
{
    struct umap_entry *e = umap_find(m, key);

    return e == NULL ? NULL : e->value;
}

void *
umap_del(struct umap *m, uint64_t key)
{
    struct umap_entry *e = umap_find(m, key);
    void *old;

    if (e == NULL)
        return NULL;
    old = e->value;
    e->value = TOMB;
    m->live--;
    return old;
}

void *
umap_next(const struct umap *m, size_t *pos, uint64_t *ret_key)
{
    while (*pos < m->cap) {
        struct umap_entry *e = &m->e[(*pos)++];

        if (e->value == NULL || e->value == TOMB)
            continue;
        if (ret_key != NULL)
            *ret_key = e->key;
        return e->value;
    }
    return NULL;
}
