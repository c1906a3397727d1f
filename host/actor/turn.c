/* turn.c - a turn outside the loop of slice.c: start and stop hooks, replayed mail, what is not plain, and all turns with a limit. */
#include "actor/outbox.h"
#include "actor/turn_call.h"
#include <stdio.h>

void
host_held_(struct actx *x)
{
    worker_held(&x->w);
}

COLD int32_t
turn_held_(struct actx *x, int32_t code)
{
    worker_held(&x->w);
    return code;
}

static int32_t
call(struct actx *x, struct cell *c, const struct dispatch_row *r, const void *p, uint64_t n)
{
    if (!r->nofail)
        return turn_call(x, c->state, r->fn, p, n);
    turn_call_nofail(x, c->state, r->nofail_fn, p, n);
    return 0;
}

/* Of an actor whose turns are timed. */
static uint64_t
turn_limit(const struct actx *x, const struct cell *c)
{
    return c->ext != NULL && c->ext->hard_limit_ns != 0 ? c->ext->hard_limit_ns : x->hard_limit_ns;
}

/* hard_limit is on: a turn that took too long has failed, whatever it returned. Two clock reads a turn. */
static COLD int32_t
call_timed(struct actx *x, struct cell *c, const struct dispatch_row *r, const void *p, uint64_t n)
{
    struct env *env = x->sys->env;
    uint64_t limit = turn_limit(x, c), start = env_mono_ns(env), took;
    int32_t code = call(x, c, r, p, n);

    took = env_mono_ns(env) - start;
    if (took <= limit || (code != 0 && code != ACTOR_STOP.code))
        return code;
    x->fail_code = -ERR_LIMIT;
    snprintf(x->fail_text, sizeof x->fail_text, "the turn took %llu ms, hard_limit is %llu ms",
             (unsigned long long)(took / 1000000), (unsigned long long)(limit / 1000000));
    return -ERR_LIMIT;
}

int32_t
turn_run(struct actx *x, struct cell *c, const struct dispatch_row *r, const void *p, struct msg *m)
{
    const struct behaviour *b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    uint64_t n = turn_apart(x);
    int32_t code;

    x->cur = m;
    if (m != NULL && (m->head & MSG_F_ASK))
        x->dirty |= TURN_UNANSWERED;
    turn_save(x, c->state, b->undo);
    c->turn++;
    code = unlikely(turn_timed(c)) ? call_timed(x, c, r, p, n) : call(x, c, r, p, n);
    if (likely(code == 0) && likely(!x->dirty))
        outbox_flush(x);
    else if (code == 0 || code == ACTOR_STOP.code)
        turn_commit(x, c);
    else
        turn_rollback(x, c, b->undo != 0);
    x->cur = NULL;
    return code;
}
