/* commit.c - the slow half of a turn's end: effects besides sends, scratch, containers; and undoing all of it. */
#include "actor/job.h"
#include "actor/life.h"
#include "actor/message.h"
#include "actor/outbox.h"
#include "actor/tnode.h"
#include "actor/turn.h"
#include <string.h>

uint64_t
turn_now(struct actx *x)
{
    struct turn_books *b = turn_books(x);

    if (b->now_ns == 0)
        b->now_ns = env_mono_ns(x->sys->env);
    return b->now_ns;
}

static void
stop(struct actx *x, struct cell *me, const struct turn_effect *fx)
{
    struct cell *c = cell_resolve(x, fx->who);
    struct msg *m;

    if (c == NULL)
        return;
    if (fx->slot == ACTOR_STOP_NOW) {
        if (c == me)
            life_stop(x, c, ACTOR_REASON_STOPPED);
        else
            cell_poke(x, c, ATTN_STOP);
        return;
    }
    m = message_alloc(x, 0, false, MSG_F_POISON | MSG_F_SYSTEM);
    if (m == NULL) {
        cell_poke(x, c, ATTN_STOP); /* better now than never */
        return;
    }
    m->sender = me->ref;
    counter_inc(&x->w.counters, COUNTER_sent_system);
    if (mbox_push(&c->mb, m, m))
        worker_push(&x->w, &c->task);
}

static void
unstash(struct cell *c)
{
    struct cell_ext *ext = c->ext;

    if (ext == NULL || ext->stash == NULL)
        return;
    *ext->stash_end = ext->replay;
    ext->replay = ext->stash;
    ext->stash = NULL;
    ext->stash_end = &ext->stash;
    ext->nstash = 0;
    atomic_fetch_or_explicit(&c->attn, ATTN_REPLAY, memory_order_relaxed);
}

static void
apply(struct actx *x, struct cell *c, struct turn_effect *fx)
{
    switch ((enum turn_effect_kind)fx->kind) {
    case FX_SPAWN:
        break; /* with the outbox */
    case FX_TIMER_CANCEL:
        if (tnode_is(tnode_at(x->sys, (uint32_t)fx->handle), (uint32_t)(fx->handle >> 32)))
            life_end_timer(x, c, (uint32_t)fx->handle);
        break;
    case FX_STOP:
        stop(x, c, fx);
        break;
    case FX_WATCH:
        watch_ask(x, c, fx->who);
        break;
    case FX_UNWATCH:
        watch_unask(x, c, fx->who);
        break;
    case FX_UNSTASH:
        unstash(c);
        break;
    case FX_JOB:
        job_submit(x, fx->p);
        break;
    }
}

/* What every end of a turn clears. */
static void
clean(struct actx *x)
{
    for (struct msg *m = x->fresh, *next; m != NULL; m = next) {
        next = atomic_load_explicit(&m->next, memory_order_relaxed);
        message_free(x, m);
    }
    x->fresh = NULL;
    if (x->conv != NULL) {
        message_free(x, x->conv);
        x->conv = NULL;
    }
    x->nfx = 0;
    x->dirty = 0;
    arena_reset(&x->scratch, (struct arena_mark){0});
}

void
turn_commit(struct actx *x, struct cell *c)
{
    outbox_flush(x);
    undo_commit(&x->undo);
    for (uint32_t i = 0; i < x->nfx; i++)
        apply(x, c, &x->fx[i]);
    if (x->dirty & TURN_UNANSWERED)
        ask_refuse(x, c->ref, x->cur, ERR_UNHANDLED);
    clean(x);
}

void
turn_rollback(struct actx *x, struct cell *c, bool restore_state)
{
    const struct behaviour *b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    struct turn_books *books = turn_books(x);

    outbox_drop(x);
    for (; books->narmed > 0; books->narmed--) /* newest first, and cancels of this turn have not happened */
        life_end_timer(x, c, c->ext->timers);
    while (books->asked != 0) {
        uint32_t h = books->asked;

        books->asked = tnode_at(x->sys, h)->prev;
        tnode_end(x, h);
    }
    for (uint32_t i = x->nfx; i > 0; i--) {
        struct turn_effect *fx = &x->fx[i - 1];

        if (fx->kind == FX_SPAWN)
            life_roll_back_child(x, cell_at(x->sys, fx->slot));
        else if (fx->kind == FX_JOB)
            job_drop(x, fx->p);
    }
    if (restore_state && !SABOTAGE(undo_off)) {
        memcpy(c->state, x->state_undo, b->undo * (size_t)UNDO_UNIT);
        undo_rollback(&x->undo);
    } else {
        undo_forget(&x->undo);
    }
    clean(x);
}
