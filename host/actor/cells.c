/* cells.c - generations, state memory, control orders. */
#include "actor/actor_system.h"
#include "actor/life.h"
#include "actor/message.h"
#include "actor/slots.h"
#include "actor/turn.h"
#include "msg/state.h"
#include <string.h>

enum { GEN_BATCH = 4096 };

/* --- generations --- */
static uint64_t
gen_get(struct actx *x)
{
    if (unlikely(x->gen_next == x->gen_end)) {
        x->gen_next = atomic_fetch_add_explicit(&x->sys->gens_used, GEN_BATCH, memory_order_relaxed) + 1;
        x->gen_end = x->gen_next + GEN_BATCH;
    }
    return x->gen_next++;
}

/* --- state --- */
static void *
arena_get_block(void *self, size_t bytes, size_t *ret_got)
{
    struct actx *x = self;
    unsigned cls = pool_class(bytes);

    *ret_got = cls < POOL_LARGE ? pool_class_bytes(cls) : bytes;
    return cls < POOL_LARGE ? pool_get(&x->w.pool, cls) : pool_get_large(&x->w.pool, bytes);
}

static void
arena_put_block(void *self, void *p, size_t bytes)
{
    struct actx *x = self;

    pool_put(&x->w.pool, pool_class(bytes), p);
}

void
cells_source(struct actx *x)
{
    x->source = (struct arena_source){arena_get_block, arena_put_block, x, 0x9e3779b97f4a7c15u};
}

static size_t
state_block_bytes(const struct behaviour *b)
{
    size_t undo = b->undo * (size_t)UNDO_UNIT;

    return ((b->state_bytes > undo ? b->state_bytes : undo) + 15u) &
           ~(size_t)15; /* the undo copy moves whole words */
}

/* The arena behind the state, made when it is first needed. */
struct arena *
cell_arena(struct actx *x, struct cell *c)
{
    if (c->arena == NULL) {
        c->arena = pool_get(&x->w.pool, 0);
        if (c->arena == NULL)
            return NULL;
        arena_init(c->arena, &x->source, NULL, 0);
    }
    c->arena->source = &x->source; /* chunks may come from and go to whichever worker runs the actor */
    return c->arena;
}

int
cell_init_memory(struct actx *x, struct cell *c, struct behaviour *b)
{
    size_t bytes = state_block_bytes(b);

    if (likely(bytes <= CELL_CHUNK)) {
        c->state = c->chunk;
        c->flags &= (uint8_t)~CELL_BIG_STATE;
    } else {
        unsigned cls = pool_class(bytes);

        c->state = cls < POOL_LARGE ? pool_get(&x->w.pool, cls) : pool_get_large(&x->w.pool, bytes);
        if (c->state == NULL)
            return -ERR_NOMEM;
        c->flags |= CELL_BIG_STATE;
        c->state_class = (uint8_t)cls;
    }
    memset(c->state, 0, bytes);
    return 0;
}

int
cell_init_state(struct actx *x, struct cell *c, struct behaviour *b)
{
    if (unlikely(cell_init_memory(x, c, b) < 0))
        return -ERR_NOMEM;
    if (likely(b->zero_state))
        return 0;
    if (cell_arena(x, c) == NULL || state_init(b->state, c->state, c->arena) < 0) {
        cell_drop_state(x, c);
        return -ERR_NOMEM;
    }
    return 0;
}

void
cell_drop_memory(struct actx *x, void *state, bool big, unsigned cls, struct arena *arena)
{
    if (big && state != NULL)
        pool_put(&x->w.pool, cls, state);
    if (arena != NULL) {
        arena->source = &x->source;
        arena_drop(arena);
        pool_put(&x->w.pool, 0, arena);
    }
}

void
cell_drop_state(struct actx *x, struct cell *c)
{
    cell_drop_memory(x, c->state, (c->flags & CELL_BIG_STATE) != 0, c->state_class, c->arena);
    c->state = NULL;
    c->arena = NULL;
    c->flags &= (uint8_t)~CELL_BIG_STATE;
    if (c->life != CELL_RESTARTING) {
        if (c->args != NULL)
            message_free(x, c->args);
        c->args = NULL;
    }
}

enum { EXT_CLASS = sizeof(struct cell_ext) <= 128 ? 1 : 2 };
_Static_assert(sizeof(struct cell_ext) <= POOL_MIN_BYTES << EXT_CLASS, "the extension's pool class");

void
cell_drop_ext(struct actx *x, struct cell *c)
{
    struct cell_ext *ext = c->ext;

    if (ext == NULL)
        return;
    env_free(x->sys->env, ext->watchers.v, ext->watchers.cap * sizeof(actor_ref));
    env_free(x->sys->env, ext->watching.v, ext->watching.cap * sizeof(actor_ref));
    env_free(x->sys->env, ext->name, ext->name_len + 1);
    env_free(x->sys->env, ext->failure, sizeof *ext->failure);
    c->ext = NULL;
    pool_put(&x->w.pool, EXT_CLASS, ext);
}

struct cell_ext *
cell_ext_get(struct actx *x, struct cell *c)
{
    struct cell_ext *ext = c->ext;

    if (ext == NULL) {
        ext = pool_get(&x->w.pool, EXT_CLASS);
        if (ext == NULL)
            return NULL;
        memset(ext, 0, sizeof *ext);
        ext->stash_end = &ext->stash;
        __atomic_store_n(&c->ext, ext, __ATOMIC_RELEASE); /* pairs with the acquire in names_path */
    }
    return ext;
}

/* --- cells --- */
struct cell *
cell_new(struct actx *x, struct behaviour *b)
{
    uint32_t slot = slots_get(x), attn = b->start != NULL ? ATTN_START : 0;
    struct cell *c;

    if (slot == CELL_NONE)
        return NULL;
    c = cell_at(x->sys, slot);
    atomic_store_explicit(&c->mb.head, NULL, memory_order_relaxed);
    atomic_store_explicit(&c->mb.tail, MBOX_EMPTY, memory_order_relaxed); /* scheduled by whoever commits */
    atomic_store_explicit(&c->beh, b, memory_order_relaxed);
    if (unlikely(x->hard_limit_ns != 0))
        attn |= ATTN_TIMED;
    atomic_store_explicit(&c->attn, attn, memory_order_relaxed);
    cell_set_word(c, ref_word(x->node, slot)); /* at once: it is read so */
    c->turn = 0;
    c->incarnation = 0;
    c->arena = NULL;
    c->args = NULL;
    c->ext = NULL;
    __atomic_store_n(&c->parent, CELL_NONE, __ATOMIC_RELAXED); /* read by look-ups */
    c->child = c->older = c->younger = CELL_NONE;
    c->life = b->start != NULL ? CELL_NEW : CELL_RUNNING;
    c->reason = 0;
    c->flags = b->start != NULL ? 0 : CELL_STARTED;
    c->swap_refused = 0;
    if (likely(b->zero_state) && likely(state_block_bytes(b) <= CELL_CHUNK)) {
        c->state = c->chunk;
        memset(c->chunk, 0, CELL_CHUNK); /* a line: no call */
    } else if (cell_init_state(x, c, b) < 0) {
        cell_free_slot(x, c);
        return NULL;
    }
    /* last: from here a reference matches. Nobody has one before the spawning turn publishes it. */
    __atomic_store_n(&c->ref.gen, gen_get(x), __ATOMIC_RELEASE);
    gauge_raise(&b->actors, x->w.id, 1);
    return c;
}

void
cell_schedule(struct actx *x, struct cell *c)
{
    if (mbox_wake(&c->mb))
        worker_push(&x->w, &c->task);
}

/* Pairs with park() and with the second look in actor_run: the bit is set first, then the actor is woken if it is idle or
 * parked; it goes idle or parks first, then looks at the bits. All are read-modify-writes in one order. */
void
cell_poke(struct actx *x, struct cell *c, uint32_t bit)
{
    uint32_t old = atomic_fetch_or_explicit(&c->attn, bit, memory_order_seq_cst);

    if (old & ATTN_PARKED) {
        old = atomic_fetch_and_explicit(&c->attn, ~(uint32_t)ATTN_PARKED, memory_order_acq_rel);
        if (old & ATTN_PARKED)
            worker_push_ring(&x->w, &c->task);
    } else {
        cell_schedule(x, c);
    }
}

void
cell_order(struct actx *x, struct cell *c, struct order *o)
{
    o->next = atomic_load_explicit(&c->orders, memory_order_relaxed);
    /* release; pairs with the acquire in take_orders */
    while (!atomic_compare_exchange_weak_explicit(&c->orders, &o->next, o, memory_order_release,
                                                  memory_order_relaxed))
        ;
    cell_poke(x, c, ATTN_ORDERS);
}

struct order *
cell_order_new(struct actx *x, enum order_kind kind)
{
    struct order *o = pool_get(&x->w.pool, 0);

    if (o != NULL)
        *o = (struct order){.kind = kind};
    return o;
}

void
dead_letter(struct actx *x, actor_ref target, const struct msg *m, unsigned reason, int32_t code)
{
    struct system *sys = x->sys;
    const struct msg_type *t = types_get(&sys->types, MSG_TYPE(m->head));
    struct dead_letter l = {.real_ns = sys->env->real_ns(sys->env),
                            .sender = m->sender,
                            .target = target,
                            .type = MSG_TYPE(m->head),
                            .code = code,
                            .reason = reason,
                            .payload_bytes = t == NULL ? 0 : t->schema->bytes};
    uint64_t suppressed;
    char line[DEAD_LINE];

    if (dead_add(sys->dead, x->dead, &l, m + 1, x->w.now_ns, false, &suppressed))
        log_write(sys->log, LOG_WARN, "dead", "%s",
                  dead_line(line, &l, t == NULL ? NULL : t->schema->name, NULL, NULL, suppressed));
}
