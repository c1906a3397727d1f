/* switch.c - see switch.h. */
#include "actor/switch.h"
#include "actor/call.h"
#include "actor/life.h"
#include "actor/message.h"
#include "actor/turn.h"
#include "msg/convert.h"
#include "msg/value.h"
#include <string.h>

/* The reason first: the control thread acts as soon as a refusal counts. Only the first is kept, so the others need no lock. */
static void
refuse(struct actx *x, struct cell *c, struct swap *s, const struct err *e)
{
    c->swap_refused = s->id;
    if (atomic_load_explicit(&s->first_refused, memory_order_relaxed) == 0) {
        mutex_lock(&s->lock);
        if (atomic_load_explicit(&s->first_refused, memory_order_relaxed) == 0) {
            s->err = *e;
            atomic_store_explicit(&s->first_refused, c->ref.slot, memory_order_relaxed);
        }
        mutex_unlock(&s->lock);
    }
    /* release; pairs with the acquire in count(), plugin/swapping.c */
    atomic_fetch_add_explicit(&s->refused, 1, memory_order_release);
    counter_inc(&x->w.counters, COUNTER_switch_refused);
}

/* What a hook said. */
static int
outcome(struct actx *x, const struct behaviour *b, const char *hook, actor_result r, struct err *e)
{
    host_enter(x);
    x->mig = NULL;
    undo_forget(&x->undo);
    if (r.code == 0)
        return 0;
    x->fail_code = 0;
    return err_set(e, ERR_MIGRATE, "%s of %s %s failed with code %d%s%s", hook, b->name, b->version,
                   r.code < 0 ? -r.code : r.code, x->fail_text[0] != 0 ? ": " : "", x->fail_text);
}

static void
ready(struct actx *x, struct migration *m)
{
    x->mig = m;
    x->cur = NULL; /* no message is in hand */
    x->fail_text[0] = 0;
}

static int
run_migrate(struct actx *x, struct behaviour *to, struct migration *m, struct err *e)
{
    struct actor_old old = {*m};
    actor_result r;

    ready(x, m);
    host_leave(x);
    r = to->migrate(&x->ctx, &old, m->state);
    return outcome(x, to, "migrate()", r, e);
}

/* Opaque fields: only the plugin knows what they mean, so the old version writes them down and the new one reads that. */
static int
save_and_load(struct actx *x, const struct behaviour *from, struct migration *m, struct err *e)
{
    struct arena memory;
    actor_bytes saved = {0};
    struct migration save = {.from = m->from, .to = m->to, .arena = &memory, .out = &saved};
    actor_result res;
    int r;

    if (from->save == NULL || m->to->load == NULL)
        return err_set(e, ERR_MIGRATE, "%s has opaque state but no save() and load()", from->name);
    arena_init(&memory, &x->source, NULL, 0);
    ready(x, &save);
    host_leave(x);
    res = from->save(&x->ctx, m->old, &saved);
    r = outcome(x, from, "save()", res, e);
    if (r == 0) {
        ready(x, m);
        host_leave(x);
        res = m->to->load(&x->ctx, m->state, (actor_bin){saved.p, saved.n});
        r = outcome(x, m->to, "load()", res, e);
    }
    arena_drop(&memory);
    return r;
}

/* The state fields of a cell: all that is used of one that is no actor. */
static void
fresh_init(struct cell *fresh)
{
    fresh->state = NULL;
    fresh->arena = NULL;
    fresh->flags = fresh->state_class = 0;
    memset(fresh->chunk, 0, sizeof fresh->chunk);
}

/* Build c's state for s->to beside the old one. */
static int
build(struct actx *x, struct cell *c, struct swap *s, struct cell *fresh, struct err *e)
{
    struct behaviour *from = atomic_load_explicit(&c->beh, memory_order_relaxed), *to = s->to;
    struct migration m = {.from = from, .to = to, .old = c->state};
    bool loads = plan_loads(s->plan);
    int r;

    if (cell_init_memory(x, fresh, to) < 0 || cell_arena(x, fresh) == NULL)
        return err_set(e, ERR_NOMEM, "no memory for the new state of %s", to->name);
    r = convert_state(s->plan, fresh->arena, fresh->state, c->state, e);
    m.state = fresh->state;
    m.arena = fresh->arena;
    x->books = (struct turn_books){0}; /* what the last turn did stays */
    if (r == 0 && loads)
        r = save_and_load(x, from, &m, e);
    if (r == 0 && s->migrate)
        r = run_migrate(x, to, &m, e);
    if (loads || s->migrate)
        turn_rollback(x, c, false); /* these hooks send nothing */
    return r;
}

int
switch_rehearse(struct actx *x, struct cell *c, struct swap *s, struct err *e)
{
    struct cell fresh; /* only its state fields are used */
    int r;

    fresh_init(&fresh);
    r = build(x, c, s, &fresh, e);
    cell_drop_memory(x, fresh.state, (fresh.flags & CELL_BIG_STATE) != 0, fresh.state_class, fresh.arena);
    return r;
}

/* c runs s->to from here on; the accounts of how many do are the caller's. */
static void
follow(struct actx *x, struct cell *c, struct swap *s)
{
    struct record rec = {.turn = c->turn, .slot = c->ref.slot, .kind = REC_SWAP, .ns = x->w.now_ns};

    /* relaxed: the sweep asks again when the cell is its own */
    atomic_store_explicit(&c->beh, s->to, memory_order_relaxed);
    counter_inc(&x->w.counters, COUNTER_switched);
    recorder_add(x->w.recorder, &rec);
}

void
life_follow(struct actx *x, struct cell *c, struct swap *s)
{
    struct behaviour *from = atomic_load_explicit(&c->beh, memory_order_relaxed);

    follow(x, c, s);
    /* the predecessor's are lowered last, so that who sees none left sees them all done */
    gauge_raise(&s->to->actors, x->w.id, 1);
    atomic_fetch_add_explicit(&s->done, 1, memory_order_relaxed);
    gauge_lower(&from->actors, x->w.id, 1);
}

/* The swap that c is to follow and has not refused, or NULL. */
static struct swap *
swap_of(const struct cell *c)
{
    struct behaviour *from = atomic_load_explicit(&c->beh, memory_order_relaxed);
    struct swap *s = atomic_load_explicit(&from->swap, memory_order_acquire);

    if (s == NULL || c->swap_refused == s->id || c->life == CELL_NEW || c->life == CELL_STOPPING)
        return NULL;
    return s;
}

/* The state in c is s->to's; or c has refused. */
static bool
replace(struct actx *x, struct cell *c, struct swap *s)
{
    struct cell fresh; /* only its state fields are used */
    struct err e;

    e.code = 0; /* all of it would be 772 B an actor */
    e.text[0] = e.fix[0] = 0;
    fresh_init(&fresh);
    if (build(x, c, s, &fresh, &e) < 0) {
        cell_drop_memory(x, fresh.state, (fresh.flags & CELL_BIG_STATE) != 0, fresh.state_class, fresh.arena);
        refuse(x, c, s, &e);
        return false;
    }
    if (fresh.arena->chunks == NULL && fresh.arena->large == NULL) {
        pool_put(&x->w.pool, 0, fresh.arena); /* nothing lies in it: 64 B an actor */
        fresh.arena = NULL;
    }
    cell_drop_memory(x, c->state, (c->flags & CELL_BIG_STATE) != 0, c->state_class, c->arena);
    c->flags = (uint8_t)((c->flags & ~CELL_BIG_STATE) | (fresh.flags & CELL_BIG_STATE));
    c->state_class = fresh.state_class;
    c->arena = fresh.arena;
    if (fresh.state == fresh.chunk) {
        memcpy(c->chunk, fresh.chunk, sizeof c->chunk);
        c->state = c->chunk;
    } else {
        c->state = fresh.state;
    }
    return true;
}

void
life_switch(struct actx *x, struct cell *c)
{
    struct swap *s = swap_of(c);

    if (s == NULL || !replace(x, c, s))
        return;
    life_follow(x, c, s);
    switch_sabotage(x, c);
}

void
switch_tally_close(struct actx *x, struct switch_tally *t)
{
    if (t->s == NULL)
        return;
    /* as in life_follow */
    atomic_fetch_add_explicit(&t->s->done, t->n, memory_order_relaxed);
    gauge_lower(&t->from->actors, x->w.id, t->n);
    t->s = NULL;
}

void
switch_idle(struct actx *x, struct cell *c, struct switch_tally *t)
{
    struct swap *s = swap_of(c);

    if (s == NULL)
        return;
    if (t->s != s || t->n == SWITCH_TALLY) {
        switch_tally_close(x, t);
        *t = (struct switch_tally){.s = s,
                                   .from = atomic_load_explicit(&c->beh, memory_order_relaxed),
                                   .hooks = s->migrate || plan_loads(s->plan)};
    }
    if (!replace(x, c, s))
        return;
    follow(x, c, s);
    gauge_raise(&s->to->actors, x->w.id, 1); /* at once: it may end as soon as it is idle */
    t->n++;
    switch_sabotage(x, c);
}

/* Planted faults, for the tests that must find them. Nothing in a normal build. */
void
switch_sabotage(struct actx *x, struct cell *c)
{
    struct msg *m, *next;

    if (!SABOTAGE(swap_drop) && !SABOTAGE(swap_dup) && !SABOTAGE(swap_reorder))
        return;
    if (c->ref.slot % 16 != 0 || (m = mbox_first(&c->mb)) == NULL ||
        (m->head & ~0xffffffffull & ~MSG_CLASS_MASK))
        return;
    next = mbox_detach(&c->mb, m);
    if (next != NULL)
        mbox_keep(&c->mb, next);
    if (SABOTAGE(swap_dup)) {
        struct msg *copy = message_copy(x, m);

        if (copy != NULL && mbox_push(&c->mb, copy, copy))
            worker_push(&x->w, &c->task);
        turn_message(x, c, m);
    } else if (SABOTAGE(swap_reorder)) {
        atomic_store_explicit(&m->next, NULL, memory_order_relaxed);
        if (mbox_push(&c->mb, m, m))
            worker_push(&x->w, &c->task);
    } else {
        message_free(x, m);
    }
}

/* --- what migrate() calls --- */
int
call_old_get(actor_ctx *ctx, const actor_old *old, const char *name, uint32_t kind, void *ret)
{
    const struct schema *s = old->m.from->state;
    const struct field *f = schema_field(s, name);
    const char *v;

    (void)ctx;
    if (f == NULL)
        return -ERR_NOTFOUND;
    v = (const char *)old->m.old + f->offset;
    if (f->kind == kind && kind != ACTOR_KIND_list && kind != ACTOR_KIND_map && kind != ACTOR_KIND_nested &&
        kind != ACTOR_KIND_opt && kind != ACTOR_KIND_opaque) {
        memcpy(ret, v, value_bytes(kind, NULL));
        return 0;
    }
    return -ERR_TYPE;
}

uint32_t
call_old_version(actor_ctx *ctx, const actor_old *old)
{
    (void)ctx;
    return old->m.from->state->version;
}
