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

/* hard_limit is on: a turn that took too long has failed, whatever it returned. Two clock reads a turn. */
static COLD int32_t
call_timed(struct actx *x, struct cell *c, actor_handler fn, const void *p, uint64_t n)
{
    struct env *env = x->sys->env;
    uint64_t limit = turn_timed_alone(c) ? c->ext->hard_limit_ns : x->hard_limit_ns, start = env_mono_ns(env),
             took;
    int32_t code = turn_call(x, c->state, fn, p, n);

    took = env_mono_ns(env) - start;
    if (took <= limit || (code != 0 && code != ACTOR_STOP.code))
        return code;
    x->fail_code = -ERR_LIMIT;
    snprintf(x->fail_text, sizeof x->fail_text, "the turn took %llu ms, hard_limit is %llu ms",
             (unsigned long long)(took / 1000000), (unsigned long long)(limit / 1000000));
    return -ERR_LIMIT;
}

int32_t
turn_run(struct actx *x, struct cell *c, actor_handler fn, const void *p, struct msg *m)
{
    const struct behaviour *b = atomic_load_explicit(&c->beh, memory_order_relaxed);
    uint64_t n = turn_apart(x);
    int32_t code;

    x->cur = m;
    if (m != NULL && (m->head & MSG_F_ASK))
        x->dirty |= TURN_UNANSWERED;
    turn_save(x, c->state, b->undo);
    c->turn++;
    code = unlikely(x->hard_limit_ns != 0 || turn_timed_alone(c)) ? call_timed(x, c, fn, p, n)
                                                                  : turn_call(x, c->state, fn, p, n);
    if (likely(code == 0) && likely(!x->dirty))
        outbox_flush(x);
    else if (code == 0 || code == ACTOR_STOP.code)
        turn_commit(x, c);
    else
        turn_rollback(x, c, b->undo != 0);
    x->cur = NULL;
    return code;
}
