/* call_state.c - the host's table: scratch memory, strings, lists and maps of the state, the old state in migrate(). */
#include "actor/call.h"
#include "actor/switch.h"
#include "actor/turn.h"
#include "msg/container.h"
#include <string.h>

void *
call_alloc(actor_ctx *ctx, size_t bytes)
{
    struct actx *x = (struct actx *)ctx;
    void *p;

    host_enter(x);
    x->dirty |= TURN_SLOW_PARTS;
    p = bytes > TURN_BYTES_MAX ? NULL : arena_zalloc(&x->scratch, bytes);
    host_leave(x);
    return p;
}

/* The container at addr in the state of the actor in hand; the undo log points to its arena afterwards. */
static int
begin(struct actx *x, const void *addr, unsigned kind, const struct field **f)
{
    const struct behaviour *b = atomic_load_explicit(&x->me->beh, memory_order_relaxed);
    const struct schema *s = b->state;
    void *state = x->me->state;
    struct arena *arena;

    host_enter(x);
    if (x->mig != NULL) {
        s = x->mig->to->state;
        state = x->mig->state;
        arena = x->mig->arena;
    } else {
        arena = cell_arena(x, x->me);
    }
    if (arena == NULL)
        return -ERR_NOMEM;
    x->dirty |= TURN_SLOW_PARTS;
    x->undo.state = arena;
    x->undo.log = x->mig != NULL || !b->undoable ? NULL : &x->scratch;
    if (x->mig != NULL && x->mig->out != NULL) /* save() changes nothing else */
        return addr == x->mig->out && kind == ACTOR_KIND_bin ? 0 : -ERR_INVALID;
    return cont_find(s, state, addr, kind, f);
}

static int
end(struct actx *x, int r)
{
    host_leave(x);
    return r;
}

int
call_set_str(actor_ctx *ctx, actor_string *dst, actor_str v)
{
    struct actx *x = (struct actx *)ctx;
    const struct field *f;
    int r = begin(x, dst, ACTOR_KIND_str, &f);

    return end(x, r < 0 ? r : cont_set_str(&x->undo, dst, v));
}

int
call_set_bin(actor_ctx *ctx, actor_bytes *dst, actor_bin v)
{
    struct actx *x = (struct actx *)ctx;
    const struct field *f;
    int r = begin(x, dst, ACTOR_KIND_bin, &f);

    return end(x, r < 0 ? r : cont_set_bin(&x->undo, dst, v));
}

int
call_list_insert(actor_ctx *ctx, actor_list *l, uint32_t at, const void *v)
{
    struct actx *x = (struct actx *)ctx;
    const struct field *f;
    int r = begin(x, l, ACTOR_KIND_list, &f);

    return end(x, r < 0 ? r : cont_list_insert(&x->undo, f, l, at, v));
}

int
call_list_set(actor_ctx *ctx, actor_list *l, uint32_t at, const void *v)
{
    struct actx *x = (struct actx *)ctx;
    const struct field *f;
    int r = begin(x, l, ACTOR_KIND_list, &f);

    return end(x, r < 0 ? r : cont_list_set(&x->undo, f, l, at, v));
}

int
call_list_remove(actor_ctx *ctx, actor_list *l, uint32_t at)
{
    struct actx *x = (struct actx *)ctx;
    const struct field *f;
    int r = begin(x, l, ACTOR_KIND_list, &f);

    return end(x, r < 0 ? r : cont_list_remove(&x->undo, f, l, at));
}

int
call_list_clear(actor_ctx *ctx, actor_list *l)
{
    struct actx *x = (struct actx *)ctx;
    const struct field *f;
    int r = begin(x, l, ACTOR_KIND_list, &f);

    return end(x, r < 0 ? r : cont_list_clear(&x->undo, f, l));
}

int
call_map_put(actor_ctx *ctx, actor_map *m, const void *key, const void *v)
{
    struct actx *x = (struct actx *)ctx;
    const struct field *f;
    int r = begin(x, m, ACTOR_KIND_map, &f);

    return end(x, r < 0 ? r : cont_map_put(&x->undo, f, m, key, v));
}

const void *
call_map_get(actor_ctx *ctx, const actor_map *m, const void *key)
{
    struct actx *x = (struct actx *)ctx;
    const struct field *f;
    int r = begin(x, m, ACTOR_KIND_map, &f);
    const void *v = r < 0 ? NULL : cont_map_get(f, m, key);

    end(x, r);
    return v;
}

int
call_map_remove(actor_ctx *ctx, actor_map *m, const void *key)
{
    struct actx *x = (struct actx *)ctx;
    const struct field *f;
    int r = begin(x, m, ACTOR_KIND_map, &f);

    return end(x, r < 0 ? r : cont_map_remove(&x->undo, f, m, key));
}

int
call_map_clear(actor_ctx *ctx, actor_map *m)
{
    struct actx *x = (struct actx *)ctx;
    const struct field *f;
    int r = begin(x, m, ACTOR_KIND_map, &f);

    return end(x, r < 0 ? r : cont_map_clear(&x->undo, f, m));
}
