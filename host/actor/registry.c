/* registry.c - behaviours by name, read by workers at each spawn without a lock: an immutable sorted table, replaced as a whole. */
#include "actor/actor_system.h"
#include <string.h>

struct entry {
    const char *name; /* in the block */
    uint32_t len;
    struct behaviour *b;
};
struct behaviour_index {
    struct retired retired;
    uint64_t serial; /* one more than that of the index before */
    size_t bytes, n;
    struct entry v[];
};

static int
compare(const char *a, size_t an, const char *b, size_t bn)
{
    int r = memcmp(a, b, an < bn ? an : bn);

    return r != 0 ? r : (an > bn) - (an < bn);
}

static void
index_free(struct retired *r, void *arg)
{
    struct behaviour_index *ix = (struct behaviour_index *)r; /* first member */

    env_free(actx_of(arg)->sys->env, ix, ix->bytes);
}

void
registry_free(struct system *sys, struct behaviour_index *ix)
{
    if (ix != NULL)
        env_free(sys->env, ix, ix->bytes);
}

int
registry_publish(struct system *sys, struct behaviour *const *all, const char *const *names, size_t n)
{
    size_t bytes = sizeof(struct behaviour_index) + n * sizeof(struct entry);
    struct behaviour_index *ix, *old;
    char *text;

    for (size_t i = 0; i < n; i++)
        bytes += strlen(names[i]);
    ix = env_alloc(sys->env, bytes);
    if (ix == NULL)
        return -ERR_NOMEM;
    ix->bytes = bytes;
    old = atomic_load_explicit(&sys->index,
                               memory_order_relaxed); /* this thread is the only one that replaces it */
    ix->serial = old == NULL ? 1 : old->serial + 1;
    text = (char *)&ix->v[n];
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(names[i]), at = ix->n;

        memcpy(text, names[i], len);
        while (at > 0 && compare(ix->v[at - 1].name, ix->v[at - 1].len, text, len) > 0) {
            ix->v[at] = ix->v[at - 1];
            at--;
        }
        ix->v[at] = (struct entry){text, (uint32_t)len, all[i]};
        ix->n++;
        text += len;
    }
    /* release; pairs with the acquire in registry_find */
    old = atomic_exchange_explicit(&sys->index, ix, memory_order_acq_rel);
    if (old != NULL)
        epoch_retire(&sys->sched.epoch, &old->retired, index_free);
    return 0;
}

static struct behaviour *
find(const struct behaviour_index *ix, const char *name, size_t len)
{
    size_t lo = 0, hi = ix == NULL ? 0 : ix->n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int r = compare(ix->v[mid].name, ix->v[mid].len, name, len);

        if (r == 0)
            return ix->v[mid].b;
        if (r < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

struct behaviour *
registry_find(struct system *sys, const char *name, size_t len)
{
    return find(atomic_load_explicit(&sys->index, memory_order_acquire), name, len);
}

/* A short name means the spawner's own plugin first, then whatever has that name. */
static struct behaviour *
find_from(const struct behaviour_index *ix, const struct behaviour *own, actor_str name)
{
    struct behaviour *b = NULL;
    char full[96];

    if (own->plugin != NULL && memchr(name.p, '.', name.n) == NULL) {
        size_t n = strlen(own->plugin);

        if (n + 1 + name.n < sizeof full) {
            memcpy(full, own->plugin, n);
            full[n] = '.';
            memcpy(full + n + 1, name.p, name.n);
            b = find(ix, full, n + 1 + name.n);
        }
    }
    return b != NULL ? b : find(ix, name.p, name.n);
}

struct behaviour *
registry_find_from(struct actx *x, const struct behaviour *own, actor_str name)
{
    const struct behaviour_index *ix = atomic_load_explicit(&x->sys->index, memory_order_acquire);
    struct behaviour_memo *m = &x->memo[name.n % ARRAY_LEN(x->memo)];
    struct behaviour *b;

    if (ix == NULL || name.n == 0 || name.n > sizeof m->name)
        return find_from(ix, own, name);
    if (likely(m->serial == ix->serial) && likely(m->own == own) && likely(m->len == name.n) &&
        likely(memcmp(m->name, name.p, name.n) == 0))
        return m->b;
    b = find_from(ix, own, name);
    if (b != NULL) {
        *m = (struct behaviour_memo){.own = own, .b = b, .serial = ix->serial, .len = name.n};
        memcpy(m->name, name.p, name.n);
    }
    return b;
}
