/* names.c - paths. A name is claimed under its parent at the spawn call, so that a conflict is a status then and there. One lock;
 * only named spawns, their ends and look-ups take it, never the path of a message. */
#include "actor/actor_system.h"
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 255 };

static bool
valid(const char *s, uint32_t n)
{
    if (n == 0 || n > NAME_MAX_BYTES || s[0] == '-' || s[0] == '_' || s[0] == '.')
        return false;
    for (uint32_t i = 0; i < n; i++) {
        char ch = s[i];

        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '-' ||
              ch == '_' || ch == '.'))
            return false;
    }
    return true;
}

/* {parent slot, name}; aliases use parent 0 */
static size_t
make_key(char *key, uint32_t parent, const char *name, uint32_t len)
{
    memcpy(key, &parent, sizeof parent);
    memcpy(key + sizeof parent, name, len);
    return sizeof parent + len;
}

static void *
value_of(uint32_t slot)
{
    return (void *)(uintptr_t)slot; /* never 0 */
}

int
names_claim(struct actx *x, struct cell *c, const char *name, uint32_t len)
{
    struct system *sys = x->sys;
    char key[sizeof(uint32_t) + NAME_MAX_BYTES];
    struct cell_ext *ext;
    char *own;
    int r;

    if (!valid(name, len))
        return -ERR_INVALID;
    ext = cell_ext_get(x, c);
    own = ext == NULL ? NULL : env_alloc(sys->env, len + 1);
    if (own == NULL)
        return -ERR_NOMEM;
    memcpy(own, name, len);
    mutex_lock(&sys->names_lock);
    r = hmap_add(&sys->names, key, make_key(key, c->parent, name, len), value_of(c->ref.slot));
    if (r == 0) {
        ext->name_len = len;
        __atomic_store_n(&ext->name, own, __ATOMIC_RELEASE); /* pairs with the acquire in names_path */
    }
    mutex_unlock(&sys->names_lock);
    if (r < 0) {
        env_free(sys->env, own, len + 1);
        return r;
    }
    c->flags |= CELL_NAMED;
    return 0;
}

void
names_release(struct actx *x, struct cell *c)
{
    struct system *sys = x->sys;
    char key[sizeof(uint32_t) + NAME_MAX_BYTES];

    if (!(c->flags & CELL_NAMED))
        return;
    mutex_lock(&sys->names_lock);
    hmap_del(&sys->names, key, make_key(key, c->parent, c->ext->name, c->ext->name_len));
    mutex_unlock(&sys->names_lock);
    c->flags &= (uint8_t)~CELL_NAMED;
}

static bool
alive(const struct system *sys, actor_ref r)
{
    return r.node == sys->cfg.node && r.slot < sys->cfg.max_cells && r.gen != 0 &&
           cell_gen(cell_at(sys, r.slot)) == r.gen;
}

/* A slot may be used again while its alias stays: so the whole reference is kept. */
int
names_alias(struct system *sys, const char *alias, uint32_t len, actor_ref who)
{
    char key[sizeof(uint32_t) + NAME_MAX_BYTES];
    actor_ref *own, *has;
    int r = 0;

    if (!valid(alias, len))
        return -ERR_INVALID;
    if (!alive(sys, who))
        return -ERR_DEAD;
    own = env_alloc(sys->env, sizeof *own);
    if (own == NULL)
        return -ERR_NOMEM;
    *own = who;
    mutex_lock(&sys->names_lock);
    has = hmap_get(&sys->names, key, make_key(key, 0, alias, len));
    if (has != NULL && !alive(sys, *has))
        env_free(sys->env, hmap_del(&sys->names, key, make_key(key, 0, alias, len)), sizeof *has);
    r = hmap_add(&sys->names, key, make_key(key, 0, alias, len), own);
    mutex_unlock(&sys->names_lock);
    if (r < 0)
        env_free(sys->env, own, sizeof *own);
    return r;
}

void
names_fini(struct system *sys)
{
    static const char aliases[sizeof(uint32_t)];
    const char *key;
    size_t pos = 0, len;
    void *v;

    while ((v = hmap_next(&sys->names, &pos, &key, &len)) != NULL)
        if (memcmp(key, aliases, sizeof aliases) == 0)
            env_free(sys->env, v, sizeof(actor_ref));
    hmap_fini(&sys->names);
}

static actor_ref
ref_at(const struct system *sys, uint32_t slot)
{
    const struct cell *c = cell_at(sys, slot);
    actor_ref r = {sys->cfg.node, slot, cell_gen(c)};

    return r.gen == 0 ? (actor_ref){0} : r;
}

/* Under the lock. */
static uint32_t
walk(const struct system *sys, const char *p, const char *end)
{
    char key[sizeof(uint32_t) + NAME_MAX_BYTES];
    uint32_t at = sys->root.slot;

    while (p < end) {
        const char *e = memchr(p, '/', (size_t)(end - p));
        size_t n;
        unsigned slot;
        unsigned long long gen;

        if (e == NULL)
            e = end;
        n = (size_t)(e - p);
        if (n > 0 && n <= NAME_MAX_BYTES) {
            uint32_t child =
                (uint32_t)(uintptr_t)hmap_get(&sys->names, key, make_key(key, at, p, (uint32_t)n));
            char text[NAME_MAX_BYTES + 1];

            memcpy(text, p, n);
            text[n] = 0;
            if (child == CELL_NONE && sscanf(text, "%u.%llu", &slot, &gen) == 2 &&
                slot < sys->cfg.max_cells && cell_gen(cell_at(sys, slot)) == gen &&
                __atomic_load_n(&cell_at(sys, slot)->parent, __ATOMIC_RELAXED) == at)
                child = slot;
            if (child == CELL_NONE)
                return CELL_NONE;
            at = child;
        } else if (n > NAME_MAX_BYTES) {
            return CELL_NONE;
        }
        p = e + 1;
    }
    return at;
}

actor_ref
names_lookup(struct system *sys, const char *path, size_t len)
{
    char key[sizeof(uint32_t) + NAME_MAX_BYTES], text[64];
    actor_ref found = {0}, *alias = NULL;
    unsigned s;
    unsigned long long gen;

    if (len == 0)
        return (actor_ref){0};
    mutex_lock(&sys->names_lock);
    if (path[0] == '/')
        found = ref_at(sys, walk(sys, path + 1, path + len));
    else if (len <= NAME_MAX_BYTES)
        alias = hmap_get(&sys->names, key, make_key(key, 0, path, (uint32_t)len));
    if (alias != NULL && alive(sys, *alias))
        found = *alias;
    mutex_unlock(&sys->names_lock);
    if (found.gen != 0)
        return found;
    if (len >= sizeof text)
        return (actor_ref){0};
    memcpy(text, path, len);
    text[len] = 0;
    if (sscanf(text, "%u.%llu", &s, &gen) == 2 && s != 0 && s < sys->cfg.max_cells &&
        cell_gen(cell_at(sys, s)) == gen)
        return ref_at(sys, s);
    return (actor_ref){0};
}

void
names_each(struct system *sys,
           bool (*each)(void *arg, uint32_t slot, uint32_t parent, const char *name, size_t len), void *arg)
{
    size_t pos = 0, len;
    const char *key;
    uint32_t parent;
    void *v;

    mutex_lock(&sys->names_lock);
    while ((v = hmap_next(&sys->names, &pos, &key, &len)) != NULL) {
        memcpy(&parent, key, sizeof parent);
        if (!each(arg, (uint32_t)(uintptr_t)v, parent, key + sizeof parent, len - sizeof parent))
            break;
    }
    mutex_unlock(&sys->names_lock);
}

static size_t
put(char *buf, size_t size, size_t at, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (at + i + 1 < size)
            buf[at + i] = s[i];
    if (size > 0)
        buf[at + n < size ? at + n : size - 1] = 0;
    return at + n;
}

size_t
names_path(struct system *sys, const struct cell *c, char *buf, size_t buf_bytes)
{
    uint32_t parent = __atomic_load_n(&c->parent, __ATOMIC_RELAXED);
    /* acquire; pairs with the release in cell_ext_get, and below in names_claim */
    const struct cell_ext *ext = __atomic_load_n(&c->ext, __ATOMIC_ACQUIRE);
    const char *name = ext == NULL ? NULL : __atomic_load_n(&ext->name, __ATOMIC_ACQUIRE);
    char own[48];
    size_t at = 0;
    int n;

    if (c->ref.slot == sys->root.slot)
        return put(buf, buf_bytes, 0, "/", 1);
    if (parent != sys->root.slot && parent != CELL_NONE)
        at = names_path(sys, cell_at(sys, parent), buf, buf_bytes);
    at = put(buf, buf_bytes, at, "/", 1);
    if (name != NULL)
        return put(buf, buf_bytes, at, name, ext->name_len);
    n = snprintf(own, sizeof own, "%u.%llu", c->ref.slot, (unsigned long long)cell_gen(c));
    return put(buf, buf_bytes, at, own, (size_t)n);
}
