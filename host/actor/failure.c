/* failure.c - a turn failed, or a child's supervision gave up: what becomes of the message, and of the actor.
 *
 *   turn fails --> hooks.failed: supervision's answer --> message: put back, dead letter --> resume | restart | stop | escalate
 *                                                                                            (at once, or after a back-off)
 */
#include "actor/life.h"
#include "actor/message.h"
#include "actor/tnode.h"
#include "actor/turn.h"
#include <string.h>

static struct behaviour *
beh(const struct cell *c)
{
    return atomic_load_explicit(&c->beh, memory_order_relaxed);
}

/* --- directives --- */
/* A directive overtook the back-off. */
static void
end_retry(struct actx *x, struct cell *c)
{
    for (uint32_t h = c->ext == NULL ? 0 : c->ext->timers, next; h != 0; h = next) {
        const struct tnode *n = tnode_at(x->sys, h);

        next = n->next;
        if (n->kind == TNODE_RETRY)
            life_end_timer(x, c, h);
    }
}

/* Hold still for so long, then do as d says. false: no memory for waiting. */
static bool
wait(struct actx *x, struct cell *c, enum actor_directive d, uint64_t delay_ns)
{
    uint32_t h = tnode_arm(x, TNODE_RETRY, c->ref, delay_ns / 1000000 + 1, 0, d);

    if (h == 0 || life_begin_timer(x, c, h) < 0) {
        if (h != 0)
            tnode_end(x, h);
        return false;
    }
    life_hold(c, CELL_HELD);
    return true;
}

void
life_retry(struct actx *x, struct cell *c, uint32_t handle)
{
    enum actor_directive d = (enum actor_directive)tnode_extra(x->sys, handle)->tag;

    life_end_timer(x, c, handle);
    if (c->life == CELL_HELD)
        life_direct(x, c, d, 0);
}

void
life_direct(struct actx *x, struct cell *c, enum actor_directive d, uint64_t delay_ns)
{
    if (c->life == CELL_STOPPING || c->life == CELL_DEAD)
        return;
    end_retry(x, c);
    c->flags &= (uint8_t)~CELL_ESCALATED;
    switch (d) {
    case ACTOR_DIRECTIVE_DEFAULT:
    case ACTOR_DIRECTIVE_RESUME:
        if (delay_ns != 0 && wait(x, c, ACTOR_DIRECTIVE_RESUME, delay_ns))
            break;
        if (c->life == CELL_HELD) {
            c->life = CELL_RUNNING;
            atomic_fetch_and_explicit(&c->attn, ~(uint32_t)ATTN_HOLD, memory_order_relaxed);
        }
        break;
    case ACTOR_DIRECTIVE_RESTART:
        if (delay_ns == 0 || !wait(x, c, ACTOR_DIRECTIVE_RESTART, delay_ns))
            life_restart(x, c);
        break;
    case ACTOR_DIRECTIVE_STOP:
        life_stop(x, c, ACTOR_REASON_FAILED);
        break;
    case ACTOR_DIRECTIVE_ESCALATE:
        life_hold(c, CELL_HELD);
        break;
    }
}

static void
escalate(struct actx *x, struct cell *c, const struct failure *f)
{
    struct cell *parent = cell_at(x->sys, c->parent);
    struct order *o;
    char path[256];

    life_hold(c, CELL_HELD);
    if (c->parent == x->sys->user.slot || c->parent == x->sys->system.slot ||
        c->parent == x->sys->root.slot) {
        names_path(x->sys, c, path, sizeof path);
        log_write(x->sys->log, LOG_ERROR, "supervision",
                  "%s stops: its supervision is exhausted (code %d: %s)", path, f->code, f->text);
        if (c->parent != x->sys->user.slot && x->sys->fatal != NULL)
            x->sys->fatal(x->sys->fatal_self, path);
        life_stop(x, c, ACTOR_REASON_FAILED);
        return;
    }
    o = cell_order_new(x, ORDER_CHILD_FAILED);
    if (o == NULL) {
        life_stop(x, c, ACTOR_REASON_FAILED);
        return;
    }
    o->who = c->ref;
    o->b = f->code;
    c->flags |= CELL_ESCALATED;
    cell_order(x, parent, o);
}

/* m was in a turn and will be in another. Its arrival has ended an ask or a watch: nobody may look for those again. */
static void
put_aside(const struct cell *c, struct msg *m)
{
    m->head |= MSG_F_SEEN;
    if (m->head & (MSG_F_REPLY | MSG_F_ASK_FAILED | MSG_F_JOB))
        message_ext(m)->slot = c->incarnation;
}

/* The message whose turn failed: back to the front of the mail, or a dead letter. */
static void
settle(struct actx *x, struct cell *c, struct msg *m, const struct failure *f, const struct verdict *v)
{
    struct cell_ext *ext = v->retry ? cell_ext_get(x, c) : NULL;

    if (ext == NULL) {
        message_bury(x, c->ref, m, v->quarantine ? DEAD_quarantined : DEAD_failed, f->code);
        return;
    }
    m->head |= MSG_F_REDELIVERED;
    put_aside(c, m);
    atomic_store_explicit(&m->next, ext->replay, memory_order_relaxed);
    ext->replay = m;
    atomic_fetch_or_explicit(&c->attn, ATTN_REPLAY, memory_order_relaxed);
}

/* For whoever asks later, and for watchers when this ends the actor. */
static void
note_failure(struct actx *x, struct cell *c, const struct failure *f)
{
    struct cell_ext *ext = cell_ext_get(x, c);

    if (ext != NULL && ext->failure == NULL)
        ext->failure = env_alloc(x->sys->env, sizeof *ext->failure);
    if (ext == NULL || ext->failure == NULL)
        return;
    ext->failure->n++;
    ext->failure->code = f->code;
    strncpy(ext->failure->text, f->text == NULL ? "" : f->text, sizeof ext->failure->text - 1);
}

void
life_failed(struct actx *x, struct cell *c, const struct failure *f, struct msg *m)
{
    struct verdict v = {0};

    note_failure(x, c, f);
    life_record(x, c, REC_FAIL, (uint32_t)f->code & 0xffff);
    x->sys->hooks.failed(x->sys->hooks.self, x, c, f, &v);
    if (m != NULL)
        settle(x, c, m, f, &v);
    if (v.group)
        life_hold(c, CELL_HELD);
    else if (v.directive == ACTOR_DIRECTIVE_ESCALATE)
        escalate(x, c, f);
    else if (v.directive == ACTOR_DIRECTIVE_STOP && f->kind == FAILURE_START)
        life_stop(x, c, ACTOR_REASON_START_FAILED);
    else
        life_direct(x, c, v.directive, v.delay_ns);
}

static void
stash(struct actx *x, struct cell *c, struct msg *m)
{
    struct cell_ext *ext = cell_ext_get(x, c);

    if (ext == NULL || ext->nstash >= STASH_MAX) {
        message_bury(x, c->ref, m, DEAD_mailbox_full, 0);
        return;
    }
    atomic_store_explicit(&m->next, NULL, memory_order_relaxed);
    put_aside(c, m);
    *ext->stash_end = m;
    ext->stash_end = (struct msg **)(void *)&m->next;
    ext->nstash++;
}

/* m does not fit this version. If the actor has a successor, m came from one that has moved on before: so move first. */
static void
misfit(struct actx *x, struct cell *c, struct msg *m)
{
    const struct swap *s =
        atomic_load_explicit(&beh(c)->swap, memory_order_acquire); /* as at the start of a slice */
    struct cell_ext *ext = s == NULL || c->swap_refused == s->id ? NULL : cell_ext_get(x, c);

    if (ext == NULL) {
        message_bury(x, c->ref, m, DEAD_type_mismatch, 0);
        return;
    }
    put_aside(c, m);
    atomic_store_explicit(&m->next, ext->replay, memory_order_relaxed);
    ext->replay = m;
    atomic_fetch_or_explicit(&c->attn, ATTN_SWAP | ATTN_REPLAY, memory_order_relaxed);
}

void
life_turn_failed(struct actx *x, struct cell *c, struct msg *m, int32_t code)
{
    struct failure f;

    if (code == ACTOR_UNHANDLED.code) {
        message_bury(x, c->ref, m, DEAD_unhandled, 0);
        return;
    }
    if (code == ACTOR_STASH.code) {
        stash(x, c, m);
        return;
    }
    if (code == -ERR_SCHEMA) { /* no plugin can say so */
        misfit(x, c, m);
        return;
    }
    f = (struct failure){.kind = code == -ERR_LIMIT ? FAILURE_LIMIT : FAILURE_RETURNED,
                         .code = code < 0 && code > -100000 ? -code : code,
                         .resumable = beh(c)->undoable,
                         .type = MSG_TYPE(m->head),
                         .has_message = true,
                         .redelivered = (m->head & MSG_F_REDELIVERED) != 0,
                         .text = x->fail_code == code ? x->fail_text : ""};
    x->fail_code = 0;
    life_failed(x, c, &f, m);
}

/* --- what children say --- */
static void
restart_child(struct actx *x, struct cell *child)
{
    struct order *d = cell_order_new(x, ORDER_DIRECTIVE);

    if (d == NULL) {
        cell_poke(x, child, ATTN_STOP); /* held for ever would be worse */
        return;
    }
    d->a = ACTOR_DIRECTIVE_RESTART;
    cell_order(x, child, d);
}

void
life_child_failed(struct actx *x, struct cell *c, struct order *o)
{
    struct failure f = {
        .kind = FAILURE_CHILD, .code = (int32_t)o->b, .resumable = true, .text = "a child escalated"};
    struct cell *child = cell_resolve(x, o->who);
    struct verdict v = {0};

    if (child != NULL && c->life == CELL_RESTARTING && c->flags & CELL_KEEPS) {
        restart_child(x, child); /* it was told before it escalated */
        return;
    }
    if (child == NULL || (c->life != CELL_RUNNING && c->life != CELL_HELD))
        return; /* we end or restart, and so the child ends */
    x->sys->hooks.failed(x->sys->hooks.self, x, c, &f, &v);
    if (v.group)
        life_hold(c, CELL_HELD);
    else if (v.directive == ACTOR_DIRECTIVE_ESCALATE) {
        escalate(x, c, &f);
    } else if (v.directive == ACTOR_DIRECTIVE_RESUME || v.directive == ACTOR_DIRECTIVE_DEFAULT) {
        restart_child(x, child);
    } else {
        life_direct(
            x, c, v.directive,
            v.delay_ns); /* a restart or stop of ours ends the child, or it is told, see life_restart */
    }
}
