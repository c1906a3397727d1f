/* attend.c - everything that is not plain mail: control orders, the start turn, unstashed mail, holding still.
 *
 *   orders > switch > stop > (ending: finish when no child is left) > held: park > start > replay > mail goes on
 */
#include "actor/life.h"
#include "actor/message.h"
#include "actor/sweep.h"
#include "actor/tnode.h"
#include "actor/turn.h"
#include "msg/convert.h"
#include <stdio.h>

static struct behaviour *
beh(const struct cell *c)
{
    return atomic_load_explicit(&c->beh, memory_order_relaxed);
}

static void
obey(struct actx *x, struct cell *c, struct order *o)
{
    switch ((enum order_kind)o->kind) {
    case ORDER_CHILD_EXITED:
        life_child_exited(x, c, o);
        return; /* the order lay in the child's chunk */
    case ORDER_WATCH:
        watch_add(x, c, o->who);
        break;
    case ORDER_UNWATCH:
        watch_remove(x, c, o->who);
        break;
    case ORDER_DIRECTIVE:
        life_direct(x, c, (enum actor_directive)o->a, (uint64_t)o->b);
        break;
    case ORDER_CHILD_FAILED:
        life_child_failed(x, c, o);
        break;
    case ORDER_RESTARTED:
        if (c->life == CELL_HELD && c->flags & CELL_ESCALATED)
            life_restart(x, c);
        break;
    case ORDER_RETRY:
        if (tnode_is(tnode_at(x->sys, o->a), (uint32_t)o->b))
            life_retry(x, c, o->a);
        break;
    case ORDER_CALL:
        x->cur = NULL; /* no message is in hand */
        o->fn(x, c, o->arg);
        host_enter(x); /* what fn called left */
        turn_commit(x, c);
        if (c->life == CELL_STOPPING || (c->life == CELL_RESTARTING && !(c->flags & CELL_KEEPS)))
            life_stop_children(x, c);
        break;
    }
    pool_put(&x->w.pool, 0, o);
}

/* The control lane, oldest first. */
static void
take_orders(struct actx *x, struct cell *c)
{
    struct order *o, *list = NULL;

    atomic_fetch_and_explicit(&c->attn, ~(uint32_t)ATTN_ORDERS, memory_order_acquire);
    /* acquire; pairs with the release in cell_order */
    o = atomic_exchange_explicit(&c->orders, NULL, memory_order_acquire);
    while (o != NULL) {
        struct order *next = o->next;

        o->next = list;
        list = o;
        o = next;
    }
    while (list != NULL) {
        o = list;
        list = o->next;
        obey(x, c, o);
    }
}

/* Arguments in the layout of the version that starts: the spawner may have another, a restart may come after a swap. 0, or -ERR_*
 * with the reason. */
static int
fit_args(struct actx *x, struct cell *c, const struct behaviour *b)
{
    const struct msg_type *have = c->args == NULL ? NULL : types_get(&x->sys->types, MSG_TYPE(c->args->head));
    struct plan *plan = NULL;
    struct msg *m = NULL;
    struct err e = {0};
    int64_t bytes;
    int r;

    if (have == b->args || b->args == NULL || b->args == x->sys->st.none)
        return 0;
    if (have == NULL) {
        r = message_defaults(x, &m, b->args);
    } else {
        r = plan_new(&plan, x->sys->env, have->schema, b->args->schema, PLAN_ALLOW_NARROW, &e);
        bytes = r < 0 ? r : convert_msg_bytes(plan, c->args + 1);
        m = bytes < 0 ? NULL : message_alloc(x, (size_t)bytes, false, b->args->id);
        r = bytes < 0   ? (int)bytes
            : m == NULL ? -ERR_NOMEM
                        : convert_msg(plan, m + 1, (size_t)bytes, c->args + 1);
        plan_free(plan);
    }
    if (r < 0) {
        snprintf(x->fail_text, sizeof x->fail_text, "start arguments do not fit version %s: %.100s",
                 b->version, e.code != 0 ? e.text : err_text(r));
        if (m != NULL)
            message_free(x, m);
        return r;
    }
    if (c->args != NULL)
        message_free(x, c->args);
    c->args = m;
    return 0;
}

static void
run_start(struct actx *x, struct cell *c)
{
    struct behaviour *b = beh(c);
    int32_t code;
    int r;

    atomic_fetch_and_explicit(&c->attn, ~(uint32_t)ATTN_START, memory_order_relaxed);
    c->life = CELL_RUNNING;
    if (b->start == NULL) {
        c->flags |= CELL_STARTED; /* a version without one took over meanwhile */
        return;
    }
    r = fit_args(x, c, b);
    if (r < 0) {
        life_failed(x, c, &(struct failure){.kind = FAILURE_START, .code = -r, .text = x->fail_text}, NULL);
        return;
    }
    code = turn_run(x, c, &(struct dispatch_row){.fn = b->start},
                    c->args != NULL ? msg_payload(c->args) : (void *)&x->none_args, NULL);
    if (code == 0 || code == ACTOR_STOP.code)
        c->flags |= CELL_STARTED;
    if (code == ACTOR_STOP.code) {
        life_stop(x, c, ACTOR_REASON_STOPPED);
    } else if (code != 0) {
        struct failure f = {.kind = FAILURE_START,
                            .code = code < 0 && code > -100000 ? -code : code,
                            .text = x->fail_code == code ? x->fail_text : ""};

        x->fail_code = 0;
        life_failed(x, c, &f, NULL);
    }
}

static void
replay(struct actx *x, struct cell *c)
{
    struct cell_ext *ext = c->ext;
    struct msg *m = ext->replay;

    if (m == NULL) {
        atomic_fetch_and_explicit(&c->attn, ~(uint32_t)ATTN_REPLAY, memory_order_relaxed);
        return;
    }
    ext->replay = atomic_load_explicit(&m->next, memory_order_relaxed);
    atomic_store_explicit(&m->next, NULL, memory_order_relaxed);
    turn_message(x, c, m);
}

/* Leave the run queue while held. false: an order came, look again. */
static bool
park(struct cell *c)
{
    uint32_t a = atomic_load_explicit(&c->attn, memory_order_relaxed);

    do {
        if (a & (ATTN_ORDERS | ATTN_STOP | ATTN_SWAP))
            return false;
        /* pairs with the fetch_or in cell_poke: one of the two sees the other */
    } while (!atomic_compare_exchange_weak_explicit(&c->attn, &a, a | ATTN_PARKED, memory_order_acq_rel,
                                                    memory_order_relaxed));
    return true;
}

bool
actor_attend(struct actx *x, struct cell *c)
{
    for (;;) {
        uint32_t a = atomic_load_explicit(&c->attn, memory_order_acquire);

        if (a & ATTN_ORDERS) {
            take_orders(x, c);
        } else if (a & ATTN_SWAP) {
            atomic_fetch_and_explicit(&c->attn, ~(uint32_t)ATTN_SWAP, memory_order_relaxed);
            life_switch(x, c);
        } else if (a & ATTN_STOP) {
            atomic_fetch_and_explicit(&c->attn, ~(uint32_t)ATTN_STOP, memory_order_relaxed);
            life_stop(x, c,
                      atomic_load_explicit(&x->sys->stopping, memory_order_relaxed) ? ACTOR_REASON_SHUTDOWN
                                                                                    : ACTOR_REASON_STOPPED);
        } else if (c->life == CELL_RESTARTING && (c->child == CELL_NONE || c->flags & CELL_KEEPS)) {
            life_finish_restart(x, c);
        } else if (c->life == CELL_STOPPING && c->child == CELL_NONE) {
            if (life_finish_stop(x, c))
                return false;
        } else if (a & ATTN_HOLD) {
            if (park(c))
                return false;
        } else if (a & ATTN_START) {
            run_start(x, c);
        } else if (a & ATTN_REPLAY) {
            replay(x, c);
        } else if (a & ATTN_SWEEP) {
            sweep_part(x, c);
            return false;
        } else {
            return true;
        }
    }
}
