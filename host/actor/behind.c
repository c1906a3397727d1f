/* behind.c - see behind.h. */
#include "actor/behind.h"
#include "base/util.h"
#include "sched/scheduler.h"

static struct behind *
place(struct actx *x, const struct cell *c)
{
    return &x->behind[c->ref.slot % ARRAY_LEN(x->behind)];
}

static bool
is_of(const struct behind *b, const struct cell *c, uint64_t turn)
{
    return b->c == c && b->turn == turn;
}

bool
behind_goes_on(struct actx *x, const struct cell *c, uint64_t turn)
{
    const struct behind *b = place(x, c);

    return is_of(b, c, turn) && b->handled >= BEHIND &&
           x->w.now_ns - x->w.slice_start_ns <= x->w.sched->cfg.slice_ns;
}

void
behind_yield(struct actx *x, struct cell *c, uint64_t turn, uint64_t handled)
{
    struct behind *b = place(x, c);

    if (!is_of(b, c, turn))
        *b = (struct behind){.c = c};
    b->turn = turn + handled;
    b->handled += handled;
    if (b->handled < BEHIND || !worker_push_after_one(&x->w, &c->task))
        worker_push_ring(&x->w, &c->task);
}
