/* sink.c - taking room, and the few things that are written the same way by all walks. */
#include "msg/sink.h"
#include "msg/map.h"

int
sink_take(struct sink *k, uint32_t n, uint32_t elem_bytes, uint32_t align, char **ret, uint32_t *ret_cap)
{
    size_t bytes = (size_t)n * elem_bytes, at, cap = 0;

    *ret = NULL;
    *ret_cap = n;
    if (k->mode == SINK_STATE) {
        *ret = arena_get(k->arena, bytes, &cap);
        if (*ret == NULL)
            return -ERR_NOMEM;
        cap /= elem_bytes;
        *ret_cap = cap > UINT32_MAX ? UINT32_MAX : (uint32_t)cap;
        return 0;
    }
    at = (k->used + align - 1) & ~(size_t)(align - 1);
    if (at > k->max || bytes > k->max - at)
        return k->mode == SINK_MEASURE ? -ERR_LIMIT : -ERR_INVALID;
    k->used = at + bytes;
    if (k->mode == SINK_BLOCK)
        *ret = k->base + at;
    return 0;
}

int
sink_text(struct sink *k, char *dst, struct span s)
{
    uint32_t cap = 0;
    char *p = NULL;
    int r = sink_check(s, k->mode == SINK_STATE ? 0 : 1);

    if (r == 0 && s.n > 0)
        r = sink_take(k, s.n, 1, 1, &p, &cap);
    if (r < 0)
        return r;
    if (p != NULL)
        memcpy(p, s.p, s.n);
    sink_list(k, dst, p, s.n, cap);
    return 0;
}

void
sink_list(const struct sink *k, char *dst, const char *v, uint32_t n, uint32_t cap)
{
    actor_list l = {v, n, k->mode == SINK_STATE ? cap : 0};

    _Static_assert(sizeof l == sizeof(actor_str) && sizeof l == sizeof(actor_string),
                   "one header serves all");
    if (dst != NULL)
        memcpy(dst, &l, sizeof l);
}

int
sink_map(struct sink *k, const struct field *f, char *dst, const char *v, uint32_t n, uint32_t cap)
{
    actor_map m = {v, n, cap, NULL};
    struct undo u;
    int r;

    if (k->mode != SINK_STATE) {
        sink_list(k, dst, v, n, cap);
        return 0;
    }
    undo_init(&u, k->arena, NULL);
    r = map_reserve(&u, f, &m, n); /* makes the index */
    if (r == 0)
        memcpy(dst, &m, sizeof m);
    return r;
}

int
sink_default(struct sink *k, const struct field *f, char *dst)
{
    int r = 0;

    if (f->kind == ACTOR_KIND_str)
        return sink_text(k, dst, (struct span){f->dflt.s, (uint32_t)strlen(f->dflt.s)});
    if (f->kind == ACTOR_KIND_nested) {
        if (dst != NULL)
            memset(dst, 0, f->bytes);
        for (uint32_t i = 0; r == 0 && i < f->nested->nfields; i++)
            r = sink_default(k, &f->nested->fields[i], sink_at(dst, f->nested->fields[i].offset));
        return r;
    }
    if (dst == NULL)
        return 0;
    memset(dst, 0, f->bytes);
    if (kind_is_float(f->kind))
        value_set_f64(f->kind, dst, f->dflt.f);
    else if (kind_is_plain(f->kind))
        value_set_u64(f->kind, dst, f->dflt.u);
    return 0;
}
