/* container.c - each change first does what may fail (memory, records), then writes. */
#include "msg/container.h"
#include "msg/block.h"

enum {
    IN_PLACE_BYTES = 256, /* longer texts get a new block instead of a record of the old bytes */
    SHIFT_BYTES = 1024    /* longer moves inside a list are done in a fresh copy, once a turn */
};

/* --- which field --- */

/* ret_in: the offset inside the field. */
static const struct field *
locate(const struct schema *s, size_t offset, size_t *ret_in)
{
    for (uint32_t i = 0; i < s->nfields; i++) {
        const struct field *f = &s->fields[i];
        size_t in = offset - f->offset;

        if (offset < f->offset || in >= f->bytes)
            continue;
        if (f->kind == ACTOR_KIND_nested)
            return locate(f->nested, in, ret_in);
        if (f->kind == ACTOR_KIND_opt && f->elem == ACTOR_KIND_nested && in >= f->value_offset)
            return locate(f->nested, in - f->value_offset, ret_in);
        *ret_in = in;
        return f;
    }
    return NULL;
}

const struct field *
schema_field_at(const struct schema *s, size_t offset)
{
    size_t in;

    return locate(s, offset, &in);
}

int
cont_find(const struct schema *s, const void *state, const void *addr, unsigned kind,
          const struct field **ret)
{
    size_t in;
    const struct field *f = locate(s, (size_t)((uintptr_t)addr - (uintptr_t)state), &in);
    bool in_opt = f != NULL && f->kind == ACTOR_KIND_opt && in >= f->value_offset;

    if (f == NULL)
        return -ERR_INVALID;
    if ((in_opt ? f->elem : f->kind) != kind)
        return -ERR_TYPE;
    if (in != (in_opt ? f->value_offset : 0))
        return -ERR_INVALID;
    *ret = f;
    return 0;
}

/* --- text --- */

int
cont_set_bin(struct undo *u, actor_bytes *dst, actor_bin v)
{
    char *old = (char *)(uintptr_t)dst->p, *p;
    struct undo_mark mark = undo_mark(u);
    size_t cap;
    int r;

    if (v.n > 0 && v.p == NULL)
        return -ERR_INVALID;
    if (v.n <= dst->cap_ && dst->n <= IN_PLACE_BYTES) {
        r = undo_save(u, old, dst->n);
        if (r < 0)
            return r;
        if (v.n > 0)
            memmove(old, v.p, v.n);
        dst->n = v.n;
        return 0;
    }
    if (v.n > BLOCK_BYTES_MAX)
        return -ERR_LIMIT;
    p = undo_take(u, v.n == 0 ? 1 : v.n, &cap);
    if (p == NULL)
        return -ERR_NOMEM;
    if (v.n > 0)
        memcpy(p, v.p, v.n);
    r = dst->cap_ == 0 ? 0 : undo_give(u, old, dst->cap_);
    if (r < 0) {
        undo_back(u, mark);
        return r;
    }
    *dst = (actor_bytes){(uint8_t *)p, v.n, (uint32_t)cap};
    return 0;
}

int
cont_set_str(struct undo *u, actor_string *dst, actor_str v)
{
    actor_bytes b = {(const uint8_t *)dst->p, dst->n, dst->cap_};
    int r = cont_set_bin(u, &b, (actor_bin){(const uint8_t *)v.p, v.n});

    if (r == 0)
        *dst = (actor_string){(const char *)b.p, b.n, b.cap_};
    return r;
}

/* --- lists --- */

static char *
elem(const struct field *f, const actor_list *l, uint32_t i)
{
    return (char *)(uintptr_t)l->v + (size_t)i * f->elem_bytes;
}

/* The schema of an element as in messages. */
static int
view_of(const struct field *f, const struct schema **ret)
{
    *ret = f->nested == NULL ? NULL : f->nested->twin;
    return f->nested != NULL && *ret == NULL ? -ERR_UNSUPPORTED : 0;
}

/* Elements from `at` on are about to move: keep them, by records or by leaving them in the old block. */
static int
prepare_shift(struct undo *u, const struct field *f, actor_list *l, uint32_t at)
{
    size_t bytes = (size_t)(l->n - at) * f->elem_bytes;

    if (bytes == 0 || u->log == NULL || undo_is_fresh(u, l->v))
        return 0;
    if (bytes > SHIFT_BYTES)
        return block_refresh(u, l, f->elem_bytes);
    return undo_save(u, elem(f, l, at), bytes);
}

int
cont_list_insert(struct undo *u, const struct field *f, actor_list *l, uint32_t at, const void *v)
{
    struct undo_mark mark = undo_mark(u);
    struct block_temp t = {.p = NULL};
    actor_list out = *l;
    const struct schema *vs;
    int r = view_of(f, &vs);

    if (r < 0)
        return r;
    if (at > l->n)
        return -ERR_RANGE;
    if (l->n == UINT32_MAX)
        return -ERR_LIMIT;
    r = block_temp(u, &t, f->elem_bytes);
    if (r == 0)
        r = value_own(u, f->elem, f->nested, t.p, vs, v);
    if (r == 0 && l->n == l->cap_)
        r = block_grow(u, &out, f->elem_bytes, l->n + 1);
    if (r == 0)
        r = prepare_shift(u, f, &out, at);
    if (r == 0) {
        if (at < out.n)
            memmove(elem(f, &out, at + 1), elem(f, &out, at), (size_t)(out.n - at) * f->elem_bytes);
        memcpy(elem(f, &out, at), t.p, f->elem_bytes);
        out.n++;
        *l = out;
    }
    block_temp_end(u, &t);
    if (r < 0)
        undo_back(u, mark);
    return r;
}

int
cont_list_set(struct undo *u, const struct field *f, actor_list *l, uint32_t at, const void *v)
{
    struct undo_mark mark = undo_mark(u);
    struct block_temp t = {.p = NULL};
    const struct schema *vs;
    int r = view_of(f, &vs);

    if (r < 0)
        return r;
    if (at >= l->n)
        return -ERR_RANGE;
    r = block_temp(u, &t, f->elem_bytes);
    if (r == 0)
        r = value_own(u, f->elem, f->nested, t.p, vs, v);
    if (r == 0)
        r = value_disown(u, f->elem, f->nested, elem(f, l, at));
    if (r == 0 && !undo_is_fresh(u, l->v))
        r = undo_save(u, elem(f, l, at), f->elem_bytes);
    if (r == 0)
        memcpy(elem(f, l, at), t.p, f->elem_bytes);
    block_temp_end(u, &t);
    if (r < 0)
        undo_back(u, mark);
    return r;
}

int
cont_list_remove(struct undo *u, const struct field *f, actor_list *l, uint32_t at)
{
    struct undo_mark mark = undo_mark(u);
    actor_list out = *l;
    int r;

    if (at >= l->n)
        return -ERR_RANGE;
    r = value_disown(u, f->elem, f->nested, elem(f, l, at));
    if (r == 0)
        r = prepare_shift(u, f, &out, at);
    if (r < 0) {
        undo_back(u, mark);
        return r;
    }
    memmove(elem(f, &out, at), elem(f, &out, at + 1), (size_t)(out.n - at - 1) * f->elem_bytes);
    out.n--;
    *l = out;
    return 0;
}

int
cont_list_clear(struct undo *u, const struct field *f, actor_list *l)
{
    struct undo_mark mark = undo_mark(u);
    int r = value_disown_list(u, f, l);

    if (r < 0) {
        undo_back(u, mark);
        return r;
    }
    *l = (actor_list){NULL, 0, 0};
    return 0;
}

/* --- maps --- */

int
cont_map_put(struct undo *u, const struct field *f, actor_map *m, const void *key, const void *v)
{
    const struct schema *vs;
    int r = view_of(f, &vs);

    return r < 0 ? r : map_put(u, f, m, key, vs, v);
}

const void *
cont_map_get(const struct field *f, const actor_map *m, const void *key)
{
    const char *e = map_find(f, m, key);

    return e == NULL ? NULL : e + f->value_offset;
}

int
cont_map_remove(struct undo *u, const struct field *f, actor_map *m, const void *key)
{
    return map_remove(u, f, m, key);
}

int
cont_map_clear(struct undo *u, const struct field *f, actor_map *m)
{
    struct undo_mark mark = undo_mark(u);
    int r = map_disown(u, f, m);

    if (r < 0) {
        undo_back(u, mark);
        return r;
    }
    *m = (actor_map){NULL, 0, 0, NULL};
    return 0;
}
