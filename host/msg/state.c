/* state.c - defaults come from the schema's own records; copies and comparison are value.c's. */
#include "msg/state.h"
#include "msg/value.h"

static int
init_text(const struct field *f, bool state_form, void *at, struct arena *arena)
{
    size_t n = f->kind == ACTOR_KIND_str ? strnlen(f->dflt.s, sizeof f->dflt.s) : 0, cap = 0;
    actor_string owned = {NULL, 0, 0};
    char *p;

    if (n > 0) {
        p = state_form ? arena_get(arena, n, &cap) : arena_alloc(arena, n);
        if (p == NULL)
            return -ERR_NOMEM;
        memcpy(p, f->dflt.s, n);
        owned = (actor_string){p, (uint32_t)n, (uint32_t)cap};
    }
    if (state_form)
        memcpy(at, &owned, sizeof owned);
    else
        memcpy(at, &(actor_str){owned.p, owned.n}, sizeof(actor_str));
    return 0;
}

int
state_init_field(const struct field *f, bool state_form, void *at, struct arena *arena)
{
    memset(at, 0, f->bytes);
    switch (f->kind) {
    case ACTOR_KIND_nested:
        return state_init(f->nested, at, arena);
    case ACTOR_KIND_str:
        return init_text(f, state_form, at, arena);
    case ACTOR_KIND_f32:
    case ACTOR_KIND_f64:
        value_set_f64(f->kind, at, f->dflt.f);
        return 0;
    default:
        if (kind_is_plain(f->kind))
            value_set_u64(f->kind, at, f->dflt.u);
        return 0;
    }
}

int
state_init(const struct schema *s, void *v, struct arena *arena)
{
    int r = 0;

    memset(v, 0, s->bytes);
    for (uint32_t i = 0; r == 0 && i < s->nfields; i++)
        r = state_init_field(&s->fields[i], form_is_state(s->form), (char *)v + s->fields[i].offset, arena);
    return r;
}

int
state_copy(const struct schema *s, void *dst, const void *src, struct arena *arena)
{
    struct undo u;

    undo_init(&u, arena, NULL);
    return value_own_struct(&u, s, dst, s, src);
}

bool
state_equal(const struct schema *s, const void *a, const void *b)
{
    return value_equal_struct(s, a, s, b);
}
