/* types.c - open addressing with linear probing, at most half full, grown by building a larger table beside
 * it.
 *
 * Readers may still walk an old table while a new one is published, so old ones stay until types_fini:
 * together they are smaller than the newest. What they miss was added after they looked.
 */
#include "msg/types.h"
#include "base/pool.h"
#include "msg/msg.h"
#include <string.h>
#include <xxhash.h>

enum { MIN_CAP = 64 };

struct types_table {
    struct types_table *older;
    uint32_t mask;
    struct slot {
        _Atomic(struct msg_type *) by_id; /* release in types_add; pairs with the acquire in types_get */
        struct msg_type *by_name;         /* first of its name; writers only */
    } slot[];
};

static size_t
table_bytes(uint32_t cap)
{
    return sizeof(struct types_table) + (size_t)cap * sizeof(struct slot);
}

static uint32_t
name_hash(const char *name)
{
    return (uint32_t)XXH3_64bits(name, strlen(name));
}

/* The writers' view: they are serialised, so what they wrote is theirs to read. */
static struct types_table *
own_table(const struct types *t)
{
    return atomic_load_explicit(&t->table, memory_order_relaxed);
}

void
types_init(struct types *t, struct env *env, uint32_t max)
{
    t->env = env;
    atomic_init(&t->table, NULL);
    t->n = 0;
    t->max = max == 0 || max > TYPES_MAX ? TYPES_MAX : max;
}

void
types_fini(struct types *t)
{
    struct types_table *tab = own_table(t), *older;
    struct msg_type *m;

    for (uint32_t i = 0; tab != NULL && i <= tab->mask; i++) {
        m = atomic_load_explicit(&tab->slot[i].by_id, memory_order_relaxed);
        if (m == NULL)
            continue;
        schema_free((struct schema *)m->schema);
        env_free(t->env, m, sizeof *m);
    }
    for (; tab != NULL; tab = older) {
        older = tab->older;
        env_free(t->env, tab, table_bytes(tab->mask + 1));
    }
    types_init(t, t->env, t->max);
}

/* --- the two indexes --- */

static void
put_id(struct types_table *tab, struct msg_type *m)
{
    uint32_t i = m->id & tab->mask;

    while (atomic_load_explicit(&tab->slot[i].by_id, memory_order_relaxed) != NULL)
        i = (i + 1) & tab->mask;
    /* release: whoever finds m by its id sees it complete; pairs with the acquire in types_get */
    atomic_store_explicit(&tab->slot[i].by_id, m, memory_order_release);
}

static struct msg_type **
name_slot(struct types_table *tab, const char *name)
{
    uint32_t i = name_hash(name) & tab->mask;

    while (tab->slot[i].by_name != NULL && strcmp(tab->slot[i].by_name->schema->name, name) != 0)
        i = (i + 1) & tab->mask;
    return &tab->slot[i].by_name;
}

/* Room for one more. */
static int
grow(struct types *t)
{
    struct types_table *old = own_table(t), *tab;
    uint32_t cap = old == NULL ? MIN_CAP : (old->mask + 1) * 2;

    if (old != NULL && (t->n + 1) * 2 <= old->mask + 1)
        return 0;
    tab = env_alloc(t->env, table_bytes(cap));
    if (tab == NULL)
        return -ERR_NOMEM;
    tab->older = old;
    tab->mask = cap - 1;
    for (uint32_t i = 0; old != NULL && i <= old->mask; i++) {
        struct msg_type *m = atomic_load_explicit(&old->slot[i].by_id, memory_order_relaxed);
        struct msg_type *first = old->slot[i].by_name;

        if (m != NULL)
            put_id(tab, m);
        if (first != NULL)
            *name_slot(tab, first->schema->name) = first;
    }
    /* release: the entries come before the table; pairs with the acquire in types_get */
    atomic_store_explicit(&t->table, tab, memory_order_release);
    return 0;
}

/* --- adding --- */

uint32_t
types_wanted_id(const struct schema *s)
{
    uint32_t id = (uint32_t)XXH3_64bits_withSeed(s->name, strlen(s->name), s->layout + s->form);

    return id < TYPES_RESERVED ? id + TYPES_RESERVED : id;
}

static struct msg_type *
make(struct types *t, const struct schema *s)
{
    struct msg_type *m = env_alloc(t->env, sizeof *m);
    struct schema *copy;

    if (m == NULL)
        return NULL;
    if (schema_copy(&copy, t->env, s) < 0) {
        env_free(t->env, m, sizeof *m);
        return NULL;
    }
    m->schema = copy;
    m->id = types_wanted_id(s);
    while (types_get(t, m->id) != NULL)
        m->id = m->id == UINT32_MAX ? TYPES_RESERVED : m->id + 1;
    m->cls = (uint8_t)pool_class(sizeof(struct msg) + s->bytes);
    m->cls_ext = (uint8_t)pool_class(sizeof(struct msg) + ((s->bytes + 7u) & ~7u) + sizeof(struct msg_ext));
    m->head = m->id | (uint64_t)m->cls << MSG_CLASS_SHIFT;
    return m;
}

int
types_add(struct types *t, const struct schema *s, const struct msg_type **ret, struct err *e)
{
    struct msg_type *m, **named;

    for (const struct msg_type *have = types_named(t, s->name); have != NULL; have = have->next_named)
        if (schema_same(have->schema, s)) {
            *ret = have;
            return 0;
        }
    if (t->n == t->max)
        return err_set(e, ERR_LIMIT, "message type %s: the node has %u types already, which is its limit",
                       s->name, t->n);
    m = grow(t) == 0 ? make(t, s) : NULL;
    if (m == NULL)
        return err_set(e, ERR_NOMEM, "no memory for message type %s", s->name);
    named = name_slot(own_table(t), s->name);
    m->next_named = *named;
    *named = m;
    put_id(own_table(t), m);
    t->n++;
    *ret = m;
    return 0;
}

/* --- looking --- */

const struct msg_type *
types_get(const struct types *t, uint32_t id)
{
    /* acquire: pairs with the release in grow */
    const struct types_table *tab = atomic_load_explicit(&t->table, memory_order_acquire);
    const struct msg_type *m;

    if (tab == NULL)
        return NULL;
    for (uint32_t i = id & tab->mask;; i = (i + 1) & tab->mask) {
        /* acquire: pairs with the release in put_id */
        m = atomic_load_explicit(&tab->slot[i].by_id, memory_order_acquire);
        if (m == NULL || m->id == id)
            return m;
    }
}

const struct msg_type *
types_named(const struct types *t, const char *full_name)
{
    struct types_table *tab = own_table(t);

    return tab == NULL ? NULL : *name_slot(tab, full_name);
}

const struct msg_type *
types_next(const struct types *t, uint32_t *pos)
{
    struct types_table *tab = own_table(t);

    while (tab != NULL && *pos <= tab->mask) {
        const struct msg_type *m = atomic_load_explicit(&tab->slot[(*pos)++].by_id, memory_order_relaxed);

        if (m != NULL)
            return m;
    }
    return NULL;
}
