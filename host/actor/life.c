/* life.c - restart and stop; what follows a failure is in failure.c. Both share their first half: children end first.
 *
 *   stop:     hold mail, stop children --> none left --> stop hook, end timers, watchers, dead letters --> tell the parent
 *   restart:  hold mail, stop children --> none left --> stop hook, end timers, fresh state --> start turn, mail goes on
 */
#include "actor/life.h"
#include "actor/message.h"
#include "actor/outbox.h"
#include "actor/tnode.h"
#include "actor/turn.h"
#include <string.h>

static struct behaviour *
beh(const struct cell *c)
{
    return atomic_load_explicit(&c->beh, memory_order_relaxed);
}

void
life_record(struct actx *x, const struct cell *c, enum record_kind kind, uint32_t code)
{
    struct record rec = {.turn = c->turn,
                         .slot = c->ref.slot,
                         .n = c->incarnation,
                         .kind = (uint16_t)kind,
                         .code = (uint16_t)code,
                         .ns = x->w.now_ns};

    recorder_add(x->w.recorder, &rec);
}

/* --- timers --- */
int
life_begin_timer(struct actx *x, struct cell *c, uint32_t handle)
{
    struct cell_ext *ext = cell_ext_get(x, c);

    if (ext == NULL)
        return -ERR_NOMEM;
    tnode_link(x, ext, handle, tnode_at(x->sys, handle));
    return 0;
}

void
life_end_timer(struct actx *x, struct cell *c, uint32_t handle)
{
    tnode_unlink(x, c->ext, tnode_at(x->sys, handle));
    tnode_end(x, handle);
}

void
life_end_timers(struct actx *x, struct cell *c)
{
    uint32_t h = c->ext == NULL ? 0 : c->ext->timers, next;

    for (; h != 0; h = next) {
        next = tnode_at(x->sys, h)->next;
        tnode_end(x, h);
    }
    if (c->ext != NULL)
        c->ext->timers = 0;
}

static void
end_timers(struct actx *x, struct cell *c)
{
    if (!SABOTAGE(timer_after_stop))
        life_end_timers(x, c);
}

/* --- the tree --- */
void
life_adopt(struct actx *x, struct cell *parent, struct cell *child)
{
    __atomic_store_n(&child->parent, parent->ref.slot, __ATOMIC_RELAXED); /* read by look-ups */
    child->younger = CELL_NONE;
    child->older = parent->child;
    if (parent->child != CELL_NONE)
        cell_at(x->sys, parent->child)->younger = child->ref.slot;
    parent->child = child->ref.slot;
}

static void
disown(struct actx *x, struct cell *parent, struct cell *child)
{
    if (child->younger != CELL_NONE)
        cell_at(x->sys, child->younger)->older = child->older;
    else
        parent->child = child->older;
    if (child->older != CELL_NONE)
        cell_at(x->sys, child->older)->younger = child->younger;
}

void
life_stop_children(struct actx *x, struct cell *c)
{
    for (uint32_t s = c->child; s != CELL_NONE; s = cell_at(x->sys, s)->older)
        cell_poke(x, cell_at(x->sys, s), ATTN_STOP);
}

/* --- the end --- */
void
life_hold(struct cell *c, enum cell_life life)
{
    c->life = (uint8_t)life;
    atomic_fetch_or_explicit(&c->attn, ATTN_HOLD, memory_order_relaxed);
}

void
life_drain(struct actx *x, struct cell *c, actor_ref was, unsigned reason)
{
    struct msg *m = mbox_first(&c->mb), *next;

    while (m != NULL) {
        next = mbox_detach(&c->mb, m);
        if (SABOTAGE(uncounted_free))
            message_free(x, m);
        else
            message_bury(x, was, m, reason, 0);
        m = next;
    }
}

static void
bury_list(struct actx *x, actor_ref was, struct msg *m, unsigned reason)
{
    while (m != NULL) {
        struct msg *next = atomic_load_explicit(&m->next, memory_order_relaxed);

        message_bury(x, was, m, reason, 0);
        m = next;
    }
}

void
life_free_lists(struct actx *x, struct cell *c)
{
    if (c->ext == NULL)
        return;
    bury_list(x, c->ref, c->ext->replay, DEAD_shutting_down);
    bury_list(x, c->ref, c->ext->stash, DEAD_shutting_down);
    c->ext->replay = c->ext->stash = NULL;
}

static void
run_stop_hook(struct actx *x, struct cell *c, uint32_t reason)
{
    struct behaviour *b = beh(c);

    if (b->stop == NULL || !(c->flags & CELL_STARTED) || c->flags & CELL_STOP_HOOK_RAN || c->state == NULL)
        return;
    c->flags |= CELL_STOP_HOOK_RAN;
    x->cur = NULL; /* no message is in hand, whatever this worker handled last */
    host_leave(x);
    b->stop(&x->ctx, c->state, reason);
    host_enter(x);
    turn_commit(x, c);
}

/* What an actor leaves in its chunk until its slot is used again. */
struct grave {
    struct retired retired; /* first */
    actor_ref was;
};
_Static_assert(sizeof(struct grave) <= CELL_CHUNK, "a grave fits into a dead cell's chunk");

/* Epoch passed: nobody can push into this mailbox any more. */
static void
cell_reclaim(struct retired *r, void *arg)
{
    struct actx *x = actx_of(arg);
    struct cell *c = (struct cell *)(void *)((char *)r - offsetof(struct cell, chunk)), *me = x->me;
    actor_ref was = ((struct grave *)(void *)r)->was;
    struct order *o;

    x->me = c;
    life_drain(x, c, was, c->reason == ACTOR_REASON_ROLLED_BACK ? DEAD_rolled_back : DEAD_stopped);
    /* acquire; pairs with the release in cell_order */
    for (o = atomic_exchange_explicit(&c->orders, NULL, memory_order_acquire); o != NULL;) {
        struct order *next = o->next;

        if (o->kind == ORDER_WATCH)
            watch_send(x, o->who, was, c->reason, 0, c->incarnation);
        else if (o->kind == ORDER_CALL)
            o->fn(x, NULL, o->arg);
        pool_put(&x->w.pool, 0, o);
        o = next;
    }
    x->me = me;
    cell_drop_ext(x, c);
    cell_free_slot(x, c);
}

static void
retire(struct actx *x, struct cell *c, actor_ref was)
{
    struct grave *g = (struct grave *)(void *)c->chunk;

    c->life = CELL_DEAD;
    g->was = was;
    epoch_retire_own(x->w.seat, &g->retired, cell_reclaim);
}

/* All children are gone. */
bool
life_finish_stop(struct actx *x, struct cell *c)
{
    struct cell *parent = cell_at(x->sys, c->parent);
    struct behaviour *b = beh(c);
    struct order *o;
    actor_ref was = c->ref;

    run_stop_hook(x, c, c->reason);
    if (c->child != CELL_NONE) { /* the stop hook spawned */
        life_stop_children(x, c);
        return false;
    }
    x->sys->hooks.ended(x->sys->hooks.self, x, c, true);
    end_timers(x, c);
    names_release(x, c);
    life_record(x, c, REC_STOP, c->reason);
    atomic_fetch_or_explicit(&c->attn, ATTN_DEAD, memory_order_relaxed);
    /* From here sends fail. Release; pairs with the acquire in tnode.c. c->ref stays readable to us through `was`. */
    __atomic_store_n(&c->ref.gen, 0, __ATOMIC_RELEASE);
    if (c->ext != NULL) {
        bury_list(x, was, c->ext->replay, DEAD_stopped);
        bury_list(x, was, c->ext->stash, DEAD_stopped);
        c->ext->replay = c->ext->stash = NULL;
    }
    life_drain(x, c, was, DEAD_stopped);
    watch_drop(x, c, was);
    if (c->ext != NULL)
        watch_tell_all(x, c, was);
    if (!(c->flags & CELL_SYSTEM))
        gauge_lower(&x->sys->alive, x->w.id, 1);
    gauge_lower(&b->actors, x->w.id, 1);
    counter_inc(&x->w.counters, COUNTER_ended);
    cell_drop_state(x, c);
    if (c->ref.slot == x->sys->root.slot) {
        retire(x, c, was);
        return true;
    }
    o = (struct order *)(void *)c->chunk;
    *o = (struct order){.kind = ORDER_CHILD_EXITED, .who = was};
    c->life = CELL_DEAD;
    cell_order(x, parent, o);
    return true;
}

/* Fresh state, same reference, mailbox, stash and watchers. */
void
life_finish_restart(struct actx *x, struct cell *c)
{
    struct swap *swap;

    run_stop_hook(x, c, ACTOR_REASON_FAILED);
    if (c->child != CELL_NONE && !(c->flags & CELL_KEEPS)) {
        life_stop_children(x, c);
        return;
    }
    end_timers(x, c);
    cell_drop_state(x, c);
    c->incarnation++;
    c->flags &= (uint8_t) ~(CELL_STOP_HOOK_RAN | CELL_STARTED | CELL_KEEPS | CELL_ESCALATED);
    /* acquire; pairs with the release of whoever planned the swap. No state is left to migrate: go on as the successor. */
    swap = atomic_load_explicit(&beh(c)->swap, memory_order_acquire);
    if (swap != NULL && c->swap_refused != swap->id)
        life_follow(x, c, swap);
    if (cell_init_state(x, c, beh(c)) < 0) {
        c->life = CELL_NEW; /* no state: no stop hook */
        log_write(x->sys->log, LOG_ERROR, "supervision",
                  "slot %u: restart failed: out of memory; the actor stops", c->ref.slot);
        c->reason = ACTOR_REASON_FAILED;
        life_hold(c, CELL_STOPPING);
        return;
    }
    life_record(x, c, REC_RESTART, 0);
    counter_inc(&x->w.counters, COUNTER_restarts);
    c->life = CELL_RUNNING;
    atomic_fetch_and_explicit(&c->attn, ~(uint32_t)ATTN_HOLD, memory_order_relaxed);
    if (beh(c)->start != NULL)
        atomic_fetch_or_explicit(&c->attn, ATTN_START, memory_order_relaxed);
    else
        c->flags |= CELL_STARTED;
    if (c->ext != NULL && c->ext->stash != NULL) { /* what was put off may now be handled */
        *c->ext->stash_end = c->ext->replay;
        c->ext->replay = c->ext->stash;
        c->ext->stash = NULL;
        c->ext->stash_end = &c->ext->stash;
        c->ext->nstash = 0;
        atomic_fetch_or_explicit(&c->attn, ATTN_REPLAY, memory_order_relaxed);
    }
}

void
life_stop(struct actx *x, struct cell *c, unsigned reason)
{
    if (c->life == CELL_STOPPING || c->life == CELL_DEAD)
        return;
    c->reason = (uint8_t)reason;
    life_hold(c, CELL_STOPPING);
    life_stop_children(x, c);
}

bool
life_keeps_children(const struct actx *x, const struct cell *c)
{
    const struct actor_hooks *h = &x->sys->hooks;

    return h->keeps_children != NULL && h->keeps_children(h->self, c);
}

/* Children that escalated wait for what becomes of us: this. */
static void
tell_children(struct actx *x, struct cell *c)
{
    for (uint32_t s = c->child; s != CELL_NONE; s = cell_at(x->sys, s)->older) {
        struct order *o = cell_order_new(x, ORDER_RESTARTED);

        if (o != NULL)
            cell_order(x, cell_at(x->sys, s), o);
        else
            cell_poke(x, cell_at(x->sys, s), ATTN_STOP); /* held for ever would be worse */
    }
}

void
life_restart(struct actx *x, struct cell *c)
{
    if (c->life == CELL_STOPPING || c->life == CELL_DEAD)
        return;
    life_hold(c, CELL_RESTARTING);
    if (life_keeps_children(x, c)) {
        c->flags |= CELL_KEEPS;
        tell_children(x, c);
    } else {
        life_stop_children(x, c);
    }
}

/* --- what children leave --- */
void
life_child_exited(struct actx *x, struct cell *c, const struct order *o)
{
    actor_ref was = o->who;
    struct cell *child = cell_at(x->sys, was.slot);

    disown(x, c, child);
    retire(x, child, was);
}

void
life_roll_back_child(struct actx *x, struct cell *child)
{
    struct cell *parent = cell_at(x->sys, child->parent);
    struct behaviour *b = beh(child);
    actor_ref was = child->ref;

    disown(x, parent, child);
    names_release(x, child);
    child->reason = ACTOR_REASON_ROLLED_BACK;
    __atomic_store_n(&child->ref.gen, 0, __ATOMIC_RELEASE);
    gauge_lower(&x->sys->alive, x->w.id, 1);
    gauge_lower(&b->actors, x->w.id, 1);
    counter_inc(&x->w.counters, COUNTER_ended);
    cell_drop_state(x, child);
    retire(x, child, was);
}
