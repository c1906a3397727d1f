/* sweep.c - see sweep.h. */
#include "actor/sweep.h"
#include "actor/life.h"
#include "actor/switch.h"
#include "actor/turn_call.h"
#include "sched/scheduler.h"

enum {
    PART_SHARE = 8,            /* while others wait: of a worker's time one part in so many and one, */
    PART_LEAST_NS = 20 * 1000, /* each at least so long, */
    PART_MOST_NS = 200 * 1000, /* and at most: when the queue is long, or empty */
    PART_CELLS = 8192,         /* so many move in a part at most, */
    PART_LOOKS = 16384,        /* or are looked at */
    CLOCK_CELLS = 16,          /* the clock is read once so many */
    GROUP = 256                /* taken at once */
};
/* Else a worker that has nothing but a sweep would be one too many for light work, and leave. */
_Static_assert(PART_LEAST_NS > 1 * HEAVY_NS, "a part is a heavy turn, see worker.c");

struct sweep_task {
    struct cell cell; /* only to be queued: attn is ATTN_SWEEP, and no reference leads here */
    struct sweep *sweep;
    uint32_t at, end;  /* what is left of its group */
    uint64_t ended_ns; /* its last part */
};
struct sweep {
    struct system *sys;
    const struct behaviour *from;
    size_t nfrom;
    uint32_t used, ntasks;
    _Alignas(64) _Atomic(uint32_t) next; /* the first cell that nobody has taken */
    _Atomic(uint32_t) running;           /* tasks that are queued or run */
    struct sweep_task tasks[];
};

static size_t
bytes(uint32_t ntasks)
{
    return sizeof(struct sweep) + ntasks * sizeof(struct sweep_task);
}

int
sweep_new(struct sweep **ret, struct system *sys)
{
    uint32_t n = sys->sched.nworkers;
    struct sweep *s = env_alloc_lines(sys->env, bytes(n));

    if (s == NULL)
        return -ERR_NOMEM;
    s->sys = sys;
    s->ntasks = n;
    for (uint32_t i = 0; i < n; i++) {
        struct cell *c = &s->tasks[i].cell;

        atomic_store_explicit(&c->attn, ATTN_SWEEP, memory_order_relaxed);
        atomic_store_explicit(&c->mb.tail, MBOX_EMPTY, memory_order_relaxed);
        s->tasks[i].sweep = s;
    }
    *ret = s;
    return 0;
}

void
sweep_free(struct sweep *s)
{
    if (s != NULL)
        env_free_lines(s->sys->env, s, bytes(s->ntasks));
}

void
sweep_begin(struct sweep *s, const struct behaviour *from, size_t n)
{
    uint64_t now = env_mono_ns(s->sys->env);
    uint32_t tasks, handed = 0;

    s->from = from;
    s->nfrom = n;
    s->used = atomic_load_explicit(&s->sys->slots_used, memory_order_relaxed);
    tasks = s->used / (4 * GROUP) + 1; /* a few cells: it is not worth waking anybody */
    if (tasks > s->ntasks)
        tasks = s->ntasks;
    atomic_store_explicit(&s->next, 1, memory_order_relaxed);
    atomic_store_explicit(&s->running, tasks, memory_order_relaxed); /* published with the tasks */
    for (uint32_t i = 0; i < tasks; i++) {
        s->tasks[i].at = s->tasks[i].end = 0;
        s->tasks[i].ended_ns = now;
    }
    while (handed < tasks && sched_hand(&s->sys->sched, &s->tasks[handed].cell.task))
        handed++;
    if (handed != 0) /* those that slept are enough: the others have work */
        atomic_fetch_sub_explicit(&s->running, tasks - handed, memory_order_relaxed);
    else
        for (uint32_t i = 0; i < tasks; i++)
            sched_inject(&s->sys->sched, &s->tasks[i].cell.task);
}

void
sweep_cancel(struct sweep *s)
{
    atomic_store_explicit(&s->next, s->used, memory_order_relaxed);
}

bool
sweep_over(const struct sweep *s)
{
    /* pairs with the release in sweep_part */
    return atomic_load_explicit(&s->running, memory_order_acquire) == 0;
}

/* --- a part --- */
/* On a behaviour that is swept? A hint: it is asked again once the cell is ours. */
static bool
is_swept(const struct sweep *s, const struct cell *c)
{
    const struct behaviour *b = atomic_load_explicit(&c->beh, memory_order_relaxed);

    return cell_gen(c) != 0 && b >= s->from && b < s->from + s->nfrom;
}

/* c was idle and is ours: as a slice that finds no mail. */
static void
move(struct actx *x, struct cell *c, struct switch_tally *tally)
{
    struct worker *w = &x->w;

    x->me = c;
    atomic_store_explicit(&w->slot, c->ref.slot, memory_order_relaxed);
    turn_apart(x); /* for the watchdog */
    if (atomic_load_explicit(&c->attn, memory_order_relaxed) & ~(uint32_t)ATTN_TIMED) {
        worker_push_ring(w, &c->task); /* it has more to attend to */
        return;
    }
    switch_idle(x, c, tally);
    /* mail came, or an order between our look at attn and its going idle, as in slice() */
    if (!mbox_sleep(&c->mb) ||
        (atomic_load_explicit(&c->attn, memory_order_seq_cst) & ~(uint32_t)ATTN_TIMED && mbox_wake(&c->mb)))
        worker_push_ring(w, &c->task);
}

bool
sweep_visit(struct actx *x, struct cell *c, struct switch_tally *tally)
{
    if (atomic_load_explicit(&c->attn, memory_order_relaxed) & ATTN_PARKED)
        cell_poke(x, c, ATTN_SWAP);
    else if (mbox_wake(&c->mb))
        move(x, c, tally);
    else
        return false;
    return true;
}

static bool
take_group(struct sweep *s, struct sweep_task *t)
{
    uint32_t at = atomic_load_explicit(&s->next, memory_order_relaxed) >= s->used
                      ? s->used
                      : atomic_fetch_add_explicit(&s->next, GROUP, memory_order_relaxed);

    t->at = at < s->used ? at : s->used;
    t->end = s->used - t->at < GROUP ? s->used : t->at + GROUP;
    return t->at != t->end;
}

/* Do others wait here? The slot never holds a sweep's task. */
static bool
crowded(const struct sweep *s, const struct worker *w)
{
    return atomic_load_explicit(&w->runq->slot, memory_order_relaxed) != NULL || w->runq->nested != 0 ||
           runq_waiting(w->runq) >= atomic_load_explicit(&s->running, memory_order_relaxed);
}

/* 0: others come first. */
static uint64_t
part_ns(const struct sweep *s, bool crowd, uint64_t others_ns)
{
    uint64_t ns = others_ns / PART_SHARE;

    if (!crowd)
        return PART_MOST_NS;
    if (ns < PART_LEAST_NS && !s->sys->sched.cfg.simulated) /* there the clock stands still */
        return 0;
    return ns < PART_LEAST_NS ? PART_LEAST_NS : ns > PART_MOST_NS ? PART_MOST_NS : ns;
}

/* false: all cells have been taken. */
static bool
work(struct actx *x, struct sweep_task *t, uint64_t end)
{
    struct sweep *s = t->sweep;
    struct switch_tally tally = {.s = NULL};
    /* simulated: the clock stands still, and sim.c chooses slice_turns anew for each slice */
    uint32_t most = s->sys->sched.cfg.simulated ? s->sys->sched.cfg.slice_turns : PART_CELLS;
    bool more = true;

    for (uint32_t moved = 0, looks = 0; moved < most && looks < PART_LOOKS && !x->w.foreign; looks++) {
        struct cell *c;

        if (t->at == t->end && !(more = take_group(s, t)))
            break;
        c = cell_at(s->sys, t->at++);
        if (is_swept(s, c) && sweep_visit(x, c, &tally) && (++moved % CLOCK_CELLS == 0 || tally.hooks) &&
            env_mono_ns(s->sys->env) > end)
            break;
    }
    switch_tally_close(x, &tally);
    return more;
}

void
sweep_part(struct actx *x, struct cell *c)
{
    struct sweep_task *t = container_of(c, struct sweep_task, cell);
    struct worker *w = &x->w;
    uint64_t now, ns;
    bool crowd = crowded(t->sweep, w), more;

    if (crowd && sched_hand(w->sched, &c->task)) /* there is one that has nothing else to do */
        return;
    now = env_mono_ns(x->sys->env);
    ns = part_ns(t->sweep, crowd, now - t->ended_ns);
    if (ns == 0) {
        worker_push_ring(w, &c->task);
        return;
    }
    more = work(x, t, now + ns);
    x->me = c;
    atomic_store_explicit(&w->slot, 0, memory_order_relaxed);
    worker_look_up(w);                 /* a part is as long as many slices: look there after each */
    w->clock_from = turn_count(x) - 1; /* and one turn, not as many as have moved: a heavy one, */
    if (crowd)
        w->now_ns = env_mono_ns(w->sched->env); /* but the others' turns are light if they were */
    worker_clock(w, 1);
    if (!crowd)
        worker_apart(w);
    t->ended_ns = w->now_ns;
    if (more)
        worker_push_ring(w, &c->task);
    else /* release; pairs with the acquire in sweep_over. t is no longer ours */
        atomic_fetch_sub_explicit(&t->sweep->running, 1, memory_order_release);
}
