/* watch.c - death watch. Both ends remember: the watched one whom to tell, the watcher whom it waits for, so that an answer comes
 * exactly once, and not at all after unwatch.
 *
 * Terminated is ordinary mail, pushed by the deceased's worker after everything that the deceased had published. */
#include "actor/life.h"
#include "actor/message.h"
#include "actor/turn.h"
#include <string.h>

static int
refs_add(struct actx *x, struct watch_list *l, actor_ref r)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (actor_ref_eq(l->v[i], r))
            return -ERR_EXISTS;
    if (l->n == l->cap) {
        uint32_t cap = l->cap == 0 ? 4 : l->cap * 2;
        actor_ref *v = env_alloc(x->sys->env, cap * sizeof *v);

        if (v == NULL)
            return -ERR_NOMEM;
        if (l->n != 0)
            memcpy(v, l->v, l->n * sizeof *v);
        env_free(x->sys->env, l->v, l->cap * sizeof *l->v);
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = r;
    return 0;
}

static bool
refs_del(struct watch_list *l, actor_ref r)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (actor_ref_eq(l->v[i], r)) {
            l->v[i] = l->v[--l->n];
            return true;
        }
    }
    return false;
}

void
watch_send(struct actx *x, actor_ref watcher, actor_ref who, unsigned reason, int32_t code,
           uint32_t incarnation)
{
    struct cell *c = cell_resolve(x, watcher);
    struct msg *m;

    if (c == NULL)
        return;
    m = message_alloc(x, sizeof(actor_terminated), false, MSG_F_SYSTEM | x->sys->st.terminated->id);
    if (m == NULL) {
        log_write(x->sys->log, LOG_ERROR, "watch", "out of memory: slot %u is not told that slot %u ended",
                  watcher.slot, who.slot);
        return;
    }
    *(actor_terminated *)msg_payload(m) = (actor_terminated){who, reason, code, incarnation};
    m->sender = who;
    counter_inc(&x->w.counters, COUNTER_sent_system);
    if (mbox_push(&c->mb, m, m))
        worker_push(&x->w, &c->task);
}

/* Order at the target. */
void
watch_add(struct actx *x, struct cell *target, actor_ref watcher)
{
    struct cell_ext *ext = cell_ext_get(x, target);

    if (ext == NULL || refs_add(x, &ext->watchers, watcher) == -ERR_NOMEM)
        watch_send(x, watcher, target->ref, ACTOR_REASON_NOT_FOUND, -ERR_NOMEM, target->incarnation);
}

void
watch_remove(struct actx *x, struct cell *target, actor_ref watcher)
{
    (void)x;
    if (target->ext != NULL)
        refs_del(&target->ext->watchers, watcher);
}

static void
tell_target(struct actx *x, actor_ref watcher, actor_ref who, enum order_kind kind)
{
    struct cell *target = cell_resolve(x, who);
    struct order *o = target == NULL ? NULL : cell_order_new(x, kind);

    if (o == NULL) {
        if (kind == ORDER_WATCH)
            watch_send(x, watcher, who, ACTOR_REASON_NOT_FOUND, target == NULL ? 0 : -ERR_NOMEM, 0);
        return;
    }
    o->who = watcher;
    cell_order(x, target, o);
}

/* The watcher's turn commits. */
void
watch_ask(struct actx *x, struct cell *c, actor_ref who)
{
    struct cell_ext *ext = cell_ext_get(x, c);
    int r = ext == NULL ? -ERR_NOMEM : refs_add(x, &ext->watching, who);

    if (r == -ERR_EXISTS)
        return;
    if (r < 0) {
        log_write(x->sys->log, LOG_ERROR, "watch", "out of memory: slot %u does not watch slot %u",
                  c->ref.slot, who.slot);
        return;
    }
    tell_target(x, c->ref, who, ORDER_WATCH);
}

void
watch_unask(struct actx *x, struct cell *c, actor_ref who)
{
    if (c->ext != NULL && refs_del(&c->ext->watching, who))
        tell_target(x, c->ref, who, ORDER_UNWATCH);
}

bool
watch_take(struct cell *c, actor_ref who)
{
    return c->ext != NULL && refs_del(&c->ext->watching, who);
}

void
watch_tell_all(struct actx *x, struct cell *c, actor_ref was)
{
    bool failed = c->reason == ACTOR_REASON_FAILED || c->reason == ACTOR_REASON_START_FAILED;
    int32_t code = failed && c->ext->failure != NULL ? c->ext->failure->code : 0;

    for (uint32_t i = 0; i < c->ext->watchers.n; i++)
        watch_send(x, c->ext->watchers.v[i], was, c->reason, code, c->incarnation);
    c->ext->watchers.n = 0;
}

void
watch_drop(struct actx *x, struct cell *c, actor_ref was)
{
    if (c->ext == NULL)
        return;
    for (uint32_t i = 0; i < c->ext->watching.n; i++)
        tell_target(x, was, c->ext->watching.v[i], ORDER_UNWATCH);
    c->ext->watching.n = 0;
}
