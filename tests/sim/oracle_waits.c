/* oracle_waits.c - what an actor waits for: answers, ticks, the end of another. */
#include "oracle_priv.h"
#include <inttypes.h>

/* --- asks and jobs --- */
uint64_t
oracle_new_ask(void)
{
    o.asks = oracle_grow_(o.asks, &o.casks, o.nasks, sizeof *o.asks);
    o.asks[o.nasks] = (struct ask){.state = ASK_GONE};
    return o.nasks++;
}

void
oracle_asked(uint64_t ask, uint32_t me, uint32_t id, bool job)
{
    o.asks[ask] = (struct ask){.me = me, .id = id, .state = ASK_OPEN, .job = job};
    oracle_undo_(UNDO_ASKED, ask, 0, ACTOR_NOBODY);
}

/* It arrived: that counts, even if the turn fails. */
void
oracle_answered(uint64_t ask, uint32_t me, uint32_t id, bool failed)
{
    struct ask *a = &o.asks[ask];

    if (ask == 0 || ask >= o.nasks || a->state == ASK_GONE)
        oracle_fail("actor %u got an answer to %" PRIu64 ", which nobody asked", id, ask);
    else if (a->id != id || (a->me != me && !a->job))
        oracle_fail("the answer to ask %" PRIu64 " of %u (%u) came to %u (%u)", ask, a->id, a->me, id, me);
    else if (a->state != ASK_OPEN)
        oracle_fail("ask %" PRIu64 " of actor %u ended twice", ask, id);
    else
        a->state = failed ? ASK_FAILED : ASK_ANSWERED;
}

void
oracle_forwarded(uint64_t ask, uint32_t to)
{
    oracle_undo_(UNDO_FORWARDED, ask, o.asks[ask].to, ACTOR_NOBODY);
    o.asks[ask].to = to;
}

/* --- timers --- */
uint64_t
oracle_new_timer(void)
{
    o.timers = oracle_grow_(o.timers, &o.ctimers, o.ntimers, sizeof *o.timers);
    o.timers[o.ntimers] = (struct timer){0};
    return o.ntimers++;
}

void
oracle_armed(uint64_t timer, uint32_t me, uint64_t after_ms, uint64_t every_ms)
{
    o.timers[timer] = (struct timer){.me = me,
                                     .state = TIMER_ARMED,
                                     .periodic = every_ms != 0,
                                     .due_ns = o.world->env.mono_ns + after_ms * 1000000};
    oracle_undo_(UNDO_TIMER, timer, TIMER_NONE, ACTOR_NOBODY);
}

void
oracle_canceled(uint64_t timer)
{
    oracle_undo_(UNDO_TIMER, timer, o.timers[timer].state, ACTOR_NOBODY);
    o.timers[timer].state = TIMER_CANCELED;
}

void
oracle_ticked(uint64_t timer, uint32_t me)
{
    struct timer *t = &o.timers[timer];

    if (timer >= o.ntimers || t->state == TIMER_NONE)
        oracle_fail("timer %" PRIu64 " ticks, and was never armed", timer);
    else if (t->me != me)
        oracle_fail("timer %" PRIu64 " of %u ticks at %u", timer, t->me, me);
    else if (t->state != TIMER_ARMED)
        oracle_fail("timer %" PRIu64 " of %u ticks after it was %s", timer, me,
                    t->state == TIMER_CANCELED ? "canceled" : "over");
    else if (o.world->env.mono_ns < t->due_ns)
        oracle_fail("timer %" PRIu64 " of %u ticks %" PRIu64 " ns early", timer, me,
                    t->due_ns - o.world->env.mono_ns);
    else if (!t->periodic)
        t->state = TIMER_OVER;
}

/* --- watches --- */
static struct watch *
watch_of(uint32_t id, actor_ref who)
{
    for (size_t i = 0; i < o.nwatches; i++)
        if (o.watches[i].id == id && actor_ref_eq(o.watches[i].who, who))
            return &o.watches[i];
    return NULL;
}

void
oracle_watched(uint32_t id, actor_ref who)
{
    if (watch_of(id, who) != NULL)
        return; /* twice is once */
    o.watches = oracle_grow_(o.watches, &o.cwatches, o.nwatches, sizeof *o.watches);
    o.watches[o.nwatches++] = (struct watch){id, who};
    oracle_undo_(UNDO_WATCHED, id, 0, who);
}

void
oracle_unwatched(uint32_t id, actor_ref who)
{
    struct watch *w = watch_of(id, who);

    if (w == NULL)
        return;
    *w = o.watches[--o.nwatches];
    oracle_undo_(UNDO_UNWATCHED, id, 0, who);
}

void
oracle_terminated(uint32_t id, actor_ref who, int32_t code)
{
    struct watch *w = watch_of(id, who);

    if (w == NULL)
        oracle_fail("actor %u is told that slot %u ended, and does not watch it", id, who.slot);
    else if (oracle_alive(who) &&
             !(opt.faults && code == ACTOR_E_NOMEM)) /* no memory to watch it is told like this */
        oracle_fail("actor %u is told that slot %u ended, and it lives", id, who.slot);
    else
        *w = o.watches[--o.nwatches];
}
