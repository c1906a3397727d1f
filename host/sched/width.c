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
    *w = (struct width){
        .max = max, .up.again_ns = WIDTH_WIDER_AGAIN_NS, .down.again_ns = WIDTH_NARROWER_AGAIN_NS};
    aim(w, 1);
}

static void
begin(struct width *w, uint32_t target)
{
    w->before = width_target(w);
    w->base = w->rate;
    w->phase = target > w->before ? WIDTH_WIDER : WIDTH_SETTLE;
    w->proof = false;
    aim(w, target);
}

static void
in_vain(struct width_trial *t, uint64_t now_ns)
{
    t->next_ns = now_ns + t->again_ns;
    t->again_ns = t->again_ns * 4 < WIDTH_AGAIN_MAX_NS ? t->again_ns * 4 : WIDTH_AGAIN_MAX_NS;
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
judge_wider(struct width *w, uint64_t now_ns)
{
    if (w->rate >= w->base + w->base / 8) {
        begin(w, w->before);
        w->proof = true;
        return;
    }
    w->phase = WIDTH_STEADY;
    aim(w, w->before);
    in_vain(&w->up, now_ns);
}

static void
judge_narrower(struct width *w, uint64_t now_ns, bool left)
{
    w->phase = WIDTH_STEADY;
    if (!left || w->rate < w->base - w->base / 32) {
        aim(w, w->before);
        if (w->proof) {
            w->up = (struct width_trial){now_ns, WIDTH_WIDER_AGAIN_NS}; /* the next step may follow at once */
            w->down.again_ns = WIDTH_NARROWER_AGAIN_NS;
        }
        in_vain(&w->down, now_ns);
    } else if (w->proof) {
        in_vain(&w->up, now_ns);
    } else {
        w->down.next_ns = now_ns;                      /* the next step may follow at once, */
        w->up.next_ns = now_ns + WIDTH_WIDER_AGAIN_NS; /* and back not so soon */
    }
}

static void
step(struct width *w, uint64_t now_ns, uint32_t awake, bool wanted)
{
    switch ((enum width_phase)w->phase) {
    case WIDTH_STEADY:
        steady(w, now_ns, awake, wanted);
        break;
    case WIDTH_WIDER:
        if (w->rate < w->base - w->base / 8)
            judge_wider(w, now_ns);
        else
            w->phase = WIDTH_WIDER_ALL;
        break;
    case WIDTH_WIDER_ALL:
        judge_wider(w, now_ns);
        break;
    case WIDTH_SETTLE:
        if (awake > width_target(w))
            judge_narrower(w, now_ns, false); /* nobody can leave */
        else
            w->phase = WIDTH_NARROWER;
        break;
    case WIDTH_NARROWER:
        judge_narrower(w, now_ns, true);
        break;
    }
}

/* The work ended before a trial did: nothing was found. */
static void
forget(struct width *w)
{
    if (w->phase != WIDTH_STEADY && !w->proof)
        aim(w, w->before);
    w->phase = WIDTH_STEADY;
}

void
width_sample(struct width *w, uint64_t now_ns, uint64_t done, uint32_t awake, bool wanted)
{
    static const uint64_t length_ns[] = {
        [WIDTH_STEADY] = WIDTH_STEADY_NS,       [WIDTH_WIDER] = WIDTH_WIDER_NS,
        [WIDTH_WIDER_ALL] = WIDTH_WIDER_ALL_NS, [WIDTH_SETTLE] = WIDTH_SETTLE_NS,
        [WIDTH_NARROWER] = WIDTH_NARROWER_NS,
    };
    uint64_t dt = now_ns - w->since_ns, n = done - w->done;
    bool verdict = w->phase != WIDTH_STEADY && w->phase != WIDTH_SETTLE;

    if (!width_due(w, now_ns))
        return; /* another worker was faster, or its clock is newer */
    if (verdict && n < WIDTH_MESSAGES && dt < WIDTH_MEASURE_MAX_NS)
        return; /* look again when anybody reads the clock */
    if (dt <= WIDTH_STALE_NS) {
        w->rate = n * 1000000 / dt;
        step(w, now_ns, awake, wanted);
    } else {
        forget(w);
    }
    if (w->phase != WIDTH_WIDER_ALL) {
        w->done = done;
        w->since_ns = now_ns;
    }
    atomic_store_explicit(&w->due_ns, w->since_ns + length_ns[w->phase], memory_order_relaxed);
}
