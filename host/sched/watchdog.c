/* watchdog.c - see watchdog.h. */
#include "sched/watchdog.h"
#include "base/err.h"

uint64_t
watch_interval_ns(uint64_t limit_ns)
{
    uint64_t ns = limit_ns / 2;

    if (ns > WATCH_INTERVAL_NS)
        return WATCH_INTERVAL_NS;
    return ns < WATCH_INTERVAL_MIN_NS ? WATCH_INTERVAL_MIN_NS : ns;
}

uint64_t
watch_elapsed_ns(uint64_t real_ns, uint64_t limit_ns)
{
    uint64_t most = 2 * watch_interval_ns(limit_ns);

    return real_ns < most ? real_ns : most;
}

static struct watch_event
event(const struct watch_state *w, enum watch_kind kind, uint32_t worker, uint64_t now_ns)
{
    return (struct watch_event){
        .kind = kind,
        .worker = worker,
        .slot = w->last.slot,
        .type = w->last.type,
        .reports = w->reports,
        .in_host = w->last.in_host,
        .since_ns = w->since_ns,
        .lasted_ns = now_ns - w->since_ns,
    };
}

static bool
same_turn(const struct watch_sample *a, const struct watch_sample *b)
{
    return a->owner == b->owner && a->stamp == b->stamp && a->slot == b->slot;
}

size_t
watch_step(struct watch_state *w, uint32_t worker, const struct watch_sample *s, uint64_t now_ns,
           uint64_t limit_ns, bool may_take_over, struct watch_event out[WATCH_EVENTS])
{
    size_t n = 0;

    if (!same_turn(&w->last, s) || s->slot == 0) {
        if (w->reports > 0 && w->last.owner == s->owner)
            out[n++] = event(w, WATCH_RETURNED, worker, now_ns);
        *w = (struct watch_state){
            .last = *s, .since_ns = now_ns, .next_report_ns = now_ns + limit_ns, .again_ns = limit_ns};
        return n;
    }
    w->last = *s; /* in_host and type change within a turn */
    if (now_ns >= w->next_report_ns) {
        w->reports++;
        out[n++] = event(w, WATCH_REPORT, worker, now_ns);
        w->again_ns = w->again_ns < WATCH_AGAIN_MAX_NS / 2 ? w->again_ns * 2 : WATCH_AGAIN_MAX_NS;
        w->next_report_ns = now_ns + w->again_ns;
        w->given_up = false;
    }
    if (may_take_over && w->reports > 0 && !w->given_up)
        out[n++] = event(w, WATCH_TAKE_OVER, worker, now_ns);
    return n;
}

void
watch_took(struct watch_state *w, int outcome)
{
    if (outcome == 0 || outcome == -ERR_BUSY)
        return; /* taken over: the next sample has another owner */
    w->given_up = true;
}
