/* width.c - see width.h. */
#include "sched/width.h"

static void
aim(struct width *w, uint32_t target)
{
    atomic_store_explicit(&w->target, target, memory_order_relaxed);
}

void
width_init(struct width *w, uint32_t max)
{
    *w = (struct width){.max = max};
    aim(w, 1);
    w->up.again_ns = w->down.again_ns = WIDTH_AGAIN_NS;
}

static void
begin(struct width *w, uint32_t target)
{
    w->before = width_target(w);
    w->base = w->rate;
    w->phase = WIDTH_SETTLE;
    aim(w, target);
}

static void
steady(struct width *w, uint64_t now_ns, uint32_t awake, bool wanted)
{
    uint32_t target = width_target(w);

    if (wanted && awake >= target && target < w->max && now_ns >= w->up.next_ns)
        begin(w, target * 2 < w->max ? target * 2 : w->max);
    else if (target > 1 && now_ns >= w->down.next_ns)
        begin(w, target / 2);
}

static void
judge(struct width *w, uint64_t now_ns)
{
    bool wider = width_target(w) > w->before;
    bool better = wider ? w->rate >= w->base + w->base / 8 : w->rate >= w->base - w->base / 32;
    struct width_trial *t = wider ? &w->up : &w->down, *opposite = wider ? &w->down : &w->up;

    w->phase = WIDTH_STEADY;
    if (better) {
        t->again_ns = WIDTH_AGAIN_NS;
        t->next_ns = now_ns;                         /* the next step may follow at once */
        opposite->next_ns = now_ns + WIDTH_AGAIN_NS; /* and back not so soon */
    } else {
        aim(w, w->before);
        t->next_ns = now_ns + t->again_ns;
        t->again_ns = t->again_ns * 2 < WIDTH_AGAIN_MAX_NS ? t->again_ns * 2 : WIDTH_AGAIN_MAX_NS;
    }
}

void
width_sample(struct width *w, uint64_t now_ns, uint64_t handled, uint32_t awake, bool wanted)
{
    uint64_t dt = now_ns - atomic_load_explicit(&w->since_ns, memory_order_relaxed), n = handled - w->handled;

    if (now_ns < atomic_load_explicit(&w->since_ns, memory_order_relaxed) + WIDTH_PERIOD_NS)
        return; /* another worker was faster, or its clock is newer */
    atomic_store_explicit(&w->since_ns, now_ns, memory_order_relaxed);
    w->handled = handled;
    if (dt > WIDTH_STALE_NS) {
        if (w->phase != WIDTH_STEADY) { /* the work ended before the trial did */
            aim(w, w->before);
            w->phase = WIDTH_STEADY;
        }
        return;
    }
    w->rate = n * 1000000 / dt;
    switch ((enum width_phase)w->phase) {
    case WIDTH_STEADY:
        steady(w, now_ns, awake, wanted);
        break;
    case WIDTH_SETTLE:
        w->phase = WIDTH_MEASURE;
        break;
    case WIDTH_MEASURE:
        judge(w, now_ns);
        break;
    }
}
