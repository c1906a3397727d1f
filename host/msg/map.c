/* map.c - each change first does what may fail (memory, records), then writes. */
#include "msg/map.h"
#include "msg/block.h"
#include <xxhash.h>

struct map_index {
    uint64_t seed;
    uint32_t nslots, zero;
    uint32_t slot[];
};

static size_t
index_bytes(const struct map_index *ix)
{
    return sizeof *ix + (size_t)ix->nslots * sizeof ix->slot[0];
}

static uint64_t
hash(uint64_t seed, unsigned kind, const void *key)
{
    uint64_t h;

    if (kind == ACTOR_KIND_str) {
        struct span s = value_span(key);

        return XXH3_64bits_withSeed(s.n == 0 ? "" : s.p, s.n, seed);
    }
    h = value_u64(kind, key) ^ seed;
    h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
    h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 32;
}

/* Where the search for a key begins: the hash scaled to the table, which need not be a power of two. */
static uint32_t
home(const struct map_index *ix, unsigned kind, const void *key)
{
    return (uint32_t)((hash(ix->seed, kind, key) >> 32) * ix->nslots >> 32);
}

static const char *
entry(const struct field *f, const void *v, uint32_t i)
{
    return (const char *)v + (size_t)i * f->elem_bytes;
}

/* The slot of this key, or the empty one where it would go. There is always an empty one. */
static uint32_t
probe(const struct map_index *ix, const struct field *f, const void *v, const void *key)
{
    uint32_t i = home(ix, f->key, key);

    while (ix->slot[i] != 0 && !value_equal(f->key, NULL, entry(f, v, ix->slot[i] - 1), NULL, key))
        i = i + 1 == ix->nslots ? 0 : i + 1;
    return i;
}

const void *
map_find(const struct field *f, const void *map, const void *key)
{
    struct span s = value_span(map);
    const struct map_index *ix = NULL;

    if (f->bytes == sizeof(actor_map)) /* in message form it is a span */
        ix = ((const actor_map *)map)->index_;
    if (ix != NULL) {
        uint32_t i = ix->slot[probe(ix, f, s.p, key)];

        return i == 0 ? NULL : entry(f, s.p, i - 1);
    }
    for (uint32_t i = 0; i < s.n; i++)
        if (value_equal(f->key, NULL, entry(f, s.p, i), NULL, key))
            return entry(f, s.p, i);
    return NULL;
}

/* --- growth --- */

/* At most three quarters full, so that searches stay short. */
static bool
index_has_room(const struct map_index *ix, uint32_t n)
{
    return (uint64_t)n * 4 <= (uint64_t)ix->nslots * 3;
}

static int
index_build(struct undo *u, const struct field *f, const actor_map *m, uint32_t room, struct map_index **ret)
{
    size_t want = sizeof(struct map_index) + ((size_t)room * 4 / 3 + 1) * sizeof(uint32_t), cap;
    struct map_index *ix = undo_take(u, want, &cap);

    if (ix == NULL)
        return -ERR_NOMEM;
    cap = (cap - sizeof *ix) / sizeof(uint32_t);
    ix->seed = u->state->source == NULL ? 0 : u->state->source->seed;
    ix->nslots = cap > UINT32_MAX ? UINT32_MAX : (uint32_t)cap;
    ix->zero = 0;
    memset(ix->slot, 0, (size_t)ix->nslots * sizeof(uint32_t));
    for (uint32_t i = 0; i < m->n; i++)
        ix->slot[probe(ix, f, m->v, entry(f, m->v, i))] = i + 1;
    undo_set_fresh(u, ix);
    *ret = ix;
    return 0;
}

/* The old blocks are given only when nothing can fail any more: without a log they are gone at once. */
int
map_reserve(struct undo *u, const struct field *f, actor_map *m, uint32_t n)
{
    struct map_index *ix = m->index_, *old = m->index_;
    actor_list l = {m->v, m->n, m->cap_};
    uint32_t room = n <= m->cap_ ? m->cap_ : n / 2 < m->cap_ ? m->cap_ * 2 : n;
    int r = 0;

    if (n > MAP_LINEAR && (ix == NULL || !index_has_room(ix, n)))
        r = index_build(u, f, m, room, &ix);
    if (r == 0 && n > l.cap_) {
        r = block_grow(u, &l, f->elem_bytes, n);
        if (r < 0 && ix != old)
            (void)undo_give(u, ix, index_bytes(ix)); /* with a log, the caller goes back anyway */
    }
    if (r == 0 && old != NULL && ix != old)
        r = undo_give(u, old, index_bytes(old));
    if (r < 0)
        return r;
    m->v = l.v;
    m->cap_ = l.cap_;
    m->index_ = ix;
    return 0;
}

/* --- put --- */

static int
replace(struct undo *u, const struct field *f, actor_map *m, char *old, const struct schema *vs,
        const void *v)
{
    struct block_temp t;
    uint32_t bytes = value_bytes(f->elem, f->nested);
    int r = block_temp(u, &t, bytes);

    if (r < 0)
        return r;
    r = value_own(u, f->elem, f->nested, t.p, vs, v);
    if (r == 0)
        r = value_disown(u, f->elem, f->nested, old);
    if (r == 0 && !undo_is_fresh(u, m->v))
        r = undo_save(u, old, bytes);
    if (r == 0)
        memcpy(old, t.p, bytes);
    block_temp_end(u, &t);
    return r;
}

static int
add(struct undo *u, const struct field *f, actor_map *m, const void *key, const struct schema *vs,
    const void *v)
{
    struct map_index *ix;
    char *e;
    int r = m->n == UINT32_MAX - 1 ? -ERR_LIMIT : map_reserve(u, f, m, m->n + 1);

    if (r < 0)
        return r;
    e = (char *)(uintptr_t)entry(f, m->v, m->n); /* past n: nobody's, needs no record */
    memset(e, 0, f->elem_bytes);
    r = value_own(u, f->key, NULL, e, NULL, key);
    if (r == 0)
        r = value_own(u, f->elem, f->nested, e + f->value_offset, vs, v);
    ix = m->index_;
    if (r == 0 && ix != NULL) {
        uint32_t *slot = &ix->slot[probe(ix, f, m->v, e)];

        if (!undo_is_fresh(u, ix))
            r = undo_save(u, slot, sizeof *slot);
        if (r == 0)
            *slot = m->n + 1;
    }
    if (r == 0)
        m->n++;
    return r;
}

int
map_put(struct undo *u, const struct field *f, actor_map *m, const void *key, const struct schema *vs,
        const void *v)
{
    const char *e = map_find(f, m, key);
    struct undo_mark mark = undo_mark(u);
    actor_map before = *m;
    int r;

    if (e != NULL)
        r = replace(u, f, m, (char *)(uintptr_t)e + f->value_offset, vs, v);
    else
        r = add(u, f, m, key, vs, v);
    if (r < 0) {
        undo_back(u, mark);
        if (u->log != NULL) /* else the old blocks are gone, and the new ones hold the same */
            *m = before;
    }
    return r;
}

int
map_adopt(const struct field *f, actor_map *m)
{
    const char *e = entry(f, m->v, m->n);
    struct map_index *ix = m->index_;

    if (map_find(f, m, e) != NULL)
        return -ERR_EXISTS;
    if (ix != NULL)
        ix->slot[probe(ix, f, m->v, e)] = m->n + 1;
    m->n++;
    return 0;
}

/* --- remove --- */

static int
save_slots(struct undo *u, struct map_index *ix, uint32_t from, uint32_t n)
{
    uint32_t first = ix->nslots - from < n ? ix->nslots - from : n;
    int r = undo_save(u, &ix->slot[from], first * sizeof ix->slot[0]);

    return r < 0 ? r : undo_save(u, &ix->slot[0], (n - first) * sizeof ix->slot[0]);
}

/* Records for all that index_remove may write: the slots from the key's to the next empty one, and the slot of
 * the last entry. */
static int
index_save(struct undo *u, const struct field *f, const actor_map *m, uint32_t from)
{
    struct map_index *ix = m->index_;
    uint32_t n = 1, i = from;
    int r;

    if (undo_is_fresh(u, ix))
        return 0;
    while (ix->slot[i = i + 1 == ix->nslots ? 0 : i + 1] != 0)
        n++;
    r = save_slots(u, ix, from, n);
    if (r < 0)
        return r;
    return save_slots(u, ix, probe(ix, f, m->v, entry(f, m->v, m->n - 1)), 1);
}

/* gap: the slot of entry `which`, whose key may be gone already; the other entries are in place. Slots behind
 * the gap move back unless that would take them before their home. */
static void
index_remove(const struct field *f, const actor_map *m, uint32_t which, uint32_t gap)
{
    struct map_index *ix = m->index_;
    uint32_t i = gap, n = ix->nslots;

    for (;;) {
        uint32_t at;

        i = i + 1 == n ? 0 : i + 1;
        if (ix->slot[i] == 0)
            break;
        at = home(ix, f->key, entry(f, m->v, ix->slot[i] - 1));
        if ((i >= at ? i - at : i + n - at) < (i >= gap ? i - gap : i + n - gap))
            continue;
        ix->slot[gap] = ix->slot[i];
        gap = i;
    }
    ix->slot[gap] = 0;
    if (which != m->n - 1)
        ix->slot[probe(ix, f, m->v, entry(f, m->v, m->n - 1))] = which + 1;
}

int
map_remove(struct undo *u, const struct field *f, actor_map *m, const void *key)
{
    char *e = (char *)(uintptr_t)map_find(f, m, key), *last;
    struct undo_mark mark = undo_mark(u);
    uint32_t which, gap = 0;
    int r;

    if (e == NULL)
        return -ERR_NOTFOUND;
    which = (uint32_t)((size_t)(e - (const char *)m->v) / f->elem_bytes);
    last = (char *)(uintptr_t)entry(f, m->v, m->n - 1);
    if (m->index_ != NULL) {
        gap = probe(m->index_, f, m->v, e);
        r = index_save(u, f, m, gap);
    } else {
        r = 0;
    }
    if (r == 0)
        r = value_disown(u, f->key, NULL, e);
    if (r == 0)
        r = value_disown(u, f->elem, f->nested, e + f->value_offset);
    if (r == 0 && !undo_is_fresh(u, m->v)) {
        r = undo_save(u, e, f->elem_bytes);
        if (r == 0 && e != last) /* its place is free for the next put, and may be wanted back */
            r = undo_save(u, last, f->elem_bytes);
    }
    if (r < 0) {
        undo_back(u, mark);
        return r;
    }
    if (m->index_ != NULL)
        index_remove(f, m, which, gap);
    if (e != last)
        memcpy(e, last, f->elem_bytes);
    m->n--;
    return 0;
}

/* --- whole maps --- */

int
map_own(struct undo *u, const struct field *df, void *dst, const struct field *sf, const void *src)
{
    struct span s = value_span(src);
    actor_map m = {NULL, 0, 0, NULL};
    int r = s.n == 0 ? 0 : s.p == NULL ? -ERR_INVALID : map_reserve(u, df, &m, s.n);

    for (uint32_t i = 0; r == 0 && i < s.n; i++) {
        const char *e = entry(sf, s.p, i);

        r = map_put(u, df, &m, e, sf->nested, e + sf->value_offset);
    }
    if (r == 0)
        memcpy(dst, &m, sizeof m);
    return r;
}

int
map_disown(struct undo *u, const struct field *f, const actor_map *m)
{
    bool flat = f->key != ACTOR_KIND_str && value_is_flat(f->elem, f->nested);
    int r = 0;

    for (uint32_t i = 0; r == 0 && !flat && i < m->n; i++) {
        const char *e = entry(f, m->v, i);

        r = value_disown(u, f->key, NULL, e);
        if (r == 0)
            r = value_disown(u, f->elem, f->nested, e + f->value_offset);
    }
    if (r == 0 && m->index_ != NULL)
        r = undo_give(u, m->index_, index_bytes(m->index_));
    if (r == 0 && m->cap_ > 0)
        r = undo_give(u, (void *)(uintptr_t)m->v, (size_t)m->cap_ * f->elem_bytes);
    return r;
}

bool
map_equal(const struct field *af, const void *a, const struct field *bf, const void *b)
{
    struct span x = value_span(a), y = value_span(b);

    if (x.n != y.n)
        return false;
    for (uint32_t i = 0; i < x.n; i++) {
        const char *e = entry(af, x.p, i), *o = entry(bf, y.p, i);

        if (!value_equal(af->key, NULL, e, NULL, o)) /* mostly they stand in the same order */
            o = map_find(bf, b, e);
        if (o == NULL ||
            !value_equal(af->elem, af->nested, e + af->value_offset, bf->nested, o + bf->value_offset))
            return false;
    }
    return true;
}
