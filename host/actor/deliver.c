/* deliver.c - messages that are not plain: asks, answers, ticks, job results, Terminated, poison, other layouts, and what nobody
 * handles. The message has left the mailbox. */
#include "actor/deliver.h"
#include "actor/life.h"
#include "actor/message.h"
#include "actor/tnode.h"
#include "actor/turn.h"
#include "msg/convert.h"
#include <string.h>

/* code: -ERR_*, or what the handler that failed gave, above 0. */
static void
send_ask_failed(struct actx *x, struct cell *asker, const struct msg_ext *ask, actor_ref target, int32_t code)
{
    struct msg *a = message_alloc(x, sizeof(actor_ask_failed), true,
                                  MSG_F_ASK_FAILED | MSG_F_SYSTEM | x->sys->st.ask_failed->id);

    if (a == NULL)
        return; /* its deadline will tell */
    *message_ext(a) = *ask;
    a->sender = target;
    *(actor_ask_failed *)msg_payload(a) = (actor_ask_failed){target, code};
    counter_inc(&x->w.counters, COUNTER_sent_system);
    if (mbox_push(&asker->mb, a, a))
        worker_push(&x->w, &asker->task);
}

static void
refuse(struct actx *x, actor_ref target, struct msg *m, int32_t code)
{
    struct cell *c;

    if (!(m->head & MSG_F_ASK))
        return;
    c = cell_resolve(x, m->sender);
    if (c != NULL)
        send_ask_failed(x, c, message_ext(m), target, code);
}

void
ask_refuse(struct actx *x, actor_ref target, struct msg *m, int code)
{
    refuse(x, target, m, -code);
}

void
message_bury(struct actx *x, actor_ref target, struct msg *m, unsigned reason, int32_t code)
{
    if (m->head & MSG_F_SYSTEM) {
        counter_inc(&x->w.counters, COUNTER_dropped_system);
    } else {
        refuse(x, target, m,
               reason == DEAD_unhandled                              ? -ERR_UNHANDLED
               : reason == DEAD_failed || reason == DEAD_quarantined ? code
               : reason == DEAD_mailbox_full                         ? -ERR_FULL
               : reason == DEAD_type_mismatch                        ? -ERR_TYPE
                                                                     : -ERR_DEAD);
        dead_letter(x, target, m, reason, code);
    }
    message_free(x, m);
}

/* A row for another layout of its message: dispatch calls this in the handler's place. -ERR_SCHEMA: a value has no place there,
 * see failure.c. */
actor_result
deliver_converted(actor_ctx *ctx, void *state, const void *payload)
{
    struct actx *x = (struct actx *)ctx;
    const struct behaviour *b = atomic_load_explicit(&x->me->beh, memory_order_relaxed);
    const struct dispatch *d = atomic_load_explicit(&b->dispatch, memory_order_acquire);
    const struct dispatch_row *row = dispatch_find(d, MSG_TYPE(x->cur->head));
    const struct dispatch_row *direct = dispatch_find(d, row->expects);
    int64_t bytes;
    struct msg *m;

    host_enter(x);
    x->dirty |= TURN_SLOW_PARTS;
    bytes = convert_msg_bytes(row->plan, payload);
    m = bytes < 0 ? NULL : message_alloc(x, (size_t)bytes, false, row->expects);
    if (m == NULL)
        return actor_result_make_(bytes == -ERR_RANGE ? -ERR_SCHEMA
                                  : bytes < 0         ? (int32_t)bytes
                                                      : -ERR_NOMEM);
    x->conv = m; /* freed with the turn */
    if (convert_msg(row->plan, m + 1, (size_t)bytes, payload) < 0)
        return actor_result_make_(-ERR_SCHEMA);
    counter_inc(&x->w.counters, COUNTER_converted);
    host_leave(x);
    if (!direct->nofail)
        return direct->fn(ctx, state, m + 1);
    direct->nofail_fn(ctx, state, m + 1);
    return ACTOR_OK;
}

/* A turn for m with this payload and type. Frees m unless the turn kept it. */
static int32_t
handle(struct actx *x, struct cell *c, struct msg *m, uint32_t type, const void *payload, bool *ret_found)
{
    const struct behaviour *b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    const struct dispatch *d = atomic_load_explicit(&b->dispatch, memory_order_acquire);
    const struct dispatch_row *r = dispatch_find(d, type);
    const struct dispatch_row any = {.fn = b->any};

    *ret_found = r != NULL || any.fn != NULL;
    atomic_store_explicit(&x->w.type, type, memory_order_relaxed); /* for the watchdog */
    return *ret_found ? turn_run(x, c, r != NULL ? r : &any, payload, m) : 0;
}

static void
finish(struct actx *x, struct cell *c, struct msg *m, int32_t code)
{
    bool system = (m->head & MSG_F_SYSTEM) != 0;

    if (code != 0 && code != ACTOR_STOP.code) {
        life_turn_failed(x, c, m, code);
        return;
    }
    counter_inc(&x->w.counters, system ? COUNTER_handled_system : COUNTER_handled_user);
    message_free(x, m);
    if (code != 0)
        life_stop(x, c, ACTOR_REASON_STOPPED);
}

static void
drop_stale(struct actx *x, struct cell *c, struct msg *m)
{
    if (m->head & MSG_F_SYSTEM) {
        counter_inc(&x->w.counters, COUNTER_dropped_system);
        message_free(x, m);
    } else {
        message_bury(x, c->ref, m, DEAD_late_reply, 0);
    }
}

/* Of a timer that repeats: m stands for its message, of which the turn gets a copy, as the handler may cancel the timer. */
static struct msg *
tick_copy(struct actx *x, struct tnode *n, const struct tnode_extra *extra, struct msg *m)
{
    struct msg *t;

    atomic_store_explicit(&n->inflight, 0, memory_order_release); /* pairs with the exchange in fire_again */
    t = message_copy(x, atomic_load_explicit(&extra->message, memory_order_relaxed));
    if (t != NULL)
        message_free(x, m);
    return t;
}

/* Ticks come in chains, and their nodes are out of cache by now. */
static void
look_ahead(struct actx *x, const struct msg *m)
{
    struct msg *next =
        atomic_load_explicit(&m->next, memory_order_acquire); /* pairs with the release in mbox_push */

    if (next != NULL && (next->head & MSG_F_TIMER))
        __builtin_prefetch(tnode_at(x->sys, message_ext(next)->slot), 1);
}

static void
tick(struct actx *x, struct cell *c, struct msg *m)
{
    const struct msg_ext *ext = message_ext(m);
    struct tnode *n = tnode_at(x->sys, ext->slot);
    struct msg *t = m;
    int32_t code;
    bool found;

    look_ahead(x, m);
    if (!tnode_is(n, ext->gen) && !SABOTAGE(timer_after_stop)) {
        counter_inc(&x->w.counters, COUNTER_ticks_stale);
        drop_stale(x, c, m);
        return;
    }
    x->tag = ext->tag;
    if (m->head & MSG_F_JOB) {
        if (!SABOTAGE(timer_after_stop) || (tnode_is(n, ext->gen) && n->who == c->ref.gen))
            life_end_timer(x, c, ext->slot); /* it is over before the handler runs */
    } else {
        t = tick_copy(x, n, tnode_extra(x->sys, ext->slot), m);
        if (t == NULL) {
            drop_stale(x, c, m);
            return;
        }
    }
    t->head &= ~MSG_F_TIMER; /* mail like any other from here on */
    code = handle(x, c, t, MSG_TYPE(t->head), t + 1, &found);
    finish(x, c, t, code);
}

/* Is this the answer that the ask named? Another layout of the same name is: dispatch converts it. */
static bool
answers(struct actx *x, const struct tnode *n, const struct msg *m)
{
    uint32_t type = atomic_load_explicit(&n->type, memory_order_relaxed);
    const struct msg_type *want, *got;

    if (likely(MSG_TYPE(m->head) == type) || type == 0) /* 0: any, asked by the host */
        return true;
    want = types_get(&x->sys->types, type);
    got = types_get(&x->sys->types, MSG_TYPE(m->head));
    return want != NULL && got != NULL && strcmp(want->schema->name, got->schema->name) == 0;
}

/* An answer, or the news that there is none. false: it was for nobody, and is gone. */
static bool
end_ask(struct actx *x, struct cell *c, struct msg *m)
{
    const struct msg_ext *ext = message_ext(m);
    struct tnode *n = tnode_at(x->sys, ext->slot);

    if (!tnode_is(n, ext->gen) || n->who != c->ref.gen) {
        drop_stale(x, c, m); /* answered already, or timed out */
        return false;
    }
    if (n->incarnation != c->incarnation) {
        tnode_end(x, ext->slot); /* a life before asked; its deadline need not come as well */
        drop_stale(x, c, m);
        return false;
    }
    if ((m->head & MSG_F_REPLY) && !answers(x, n, m)) {
        send_ask_failed(x, c, ext, tnode_extra(x->sys, ext->slot)->target,
                        -ERR_TYPE); /* that ends the ask when it is handled */
        message_bury(x, c->ref, m, DEAD_type_mismatch, 0);
        return false;
    }
    x->tag = tnode_extra(x->sys, ext->slot)->tag;
    tnode_end(x, ext->slot);
    return true;
}

/* It was in a turn before, which stashed it. false: of a life before, and gone. */
static bool
seen_again(struct actx *x, struct cell *c, struct msg *m)
{
    if (!(m->head & (MSG_F_REPLY | MSG_F_ASK_FAILED | MSG_F_JOB)))
        return true;
    if (message_ext(m)->slot != c->incarnation) {
        drop_stale(x, c, m);
        return false;
    }
    x->tag = message_ext(m)->tag;
    return true;
}

void
turn_message(struct actx *x, struct cell *c, struct msg *m)
{
    uint64_t flags = m->head >> MSG_F_SHIFT << MSG_F_SHIFT;
    int32_t code;
    bool found;

    if (unlikely(flags & MSG_F_POISON)) {
        counter_inc(&x->w.counters, COUNTER_handled_system);
        message_free(x, m);
        life_stop(x, c, ACTOR_REASON_STOPPED);
        return;
    }
    if (flags & MSG_F_TIMER) {
        tick(x, c, m);
        return;
    }
    if (unlikely(flags & MSG_F_SEEN)) {
        if (!seen_again(x, c, m))
            return;
    } else if (flags & (MSG_F_REPLY | MSG_F_ASK_FAILED)) {
        if (!end_ask(x, c, m))
            return;
    } else if (flags & MSG_F_JOB) {
        x->tag = message_ext(m)->tag;
    } else if (MSG_TYPE(m->head) == x->sys->st.terminated->id &&
               atomic_load_explicit(&c->beh, memory_order_relaxed)->any ==
                   NULL && /* it keeps its own books */
               !watch_take(c, ((actor_terminated *)msg_payload(m))->who)) {
        drop_stale(x, c, m); /* unwatched meanwhile */
        return;
    }
    code = handle(x, c, m, MSG_TYPE(m->head), m + 1, &found);
    if (unlikely(!found)) {
        message_bury(x, c->ref, m, DEAD_unhandled, 0);
        return;
    }
    finish(x, c, m, code);
}
