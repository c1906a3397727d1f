/* worker_thread.c - the threads that run workers: loop, stealing, spinning, sleeping, take-over.
 *
 *   RUN --nothing here--> STEAL/SPIN (one at most spins, 40 us) --nothing--> PARK until woken or a timer is
 * due --> RUN
 */
#include "base/thread.h"
#include "sched/barrier.h"
#include "sched/scheduler.h"
#include "sched/sim.h"
#include "sched/watchdog_thread.h"
#include <stdio.h>

enum {
    TAKE_OVER_LOOKS = 100,
    TAKE_OVER_LOOK_NS = 50000
}; /* how long a take-over waits for a thread in host code */

struct worker_thread {
    struct thread thread;
    struct parker parker;
    struct worker *worker;
    struct worker_thread *next_sleeper; /* under park_lock */
    struct task *given;                 /* under park_lock: what it was woken to do */
    struct worker_thread *next;         /* all of them */
    bool asleep;                        /* under park_lock */
};

/* One sleeper, if there is one. given: what it is to do, or NULL. apart: it is none of those that there may be for light work, until
 * it has turned over some. */
static bool
wake(struct sched *s, struct task *given, bool apart)
{
    struct worker_thread *t;

    if (s->sim != NULL) {
        sim_wake_(s->sim);
        return false;
    }
    mutex_lock(&s->park_lock);
    t = s->sleepers;
    if (t != NULL) {
        s->sleepers = t->next_sleeper;
        t->asleep = false;
        t->given = given;
        if (apart) /* before it counts as awake */
            worker_heavy(t->worker, true);
        else
            worker_guest(t->worker, true);
        atomic_fetch_sub_explicit(&s->parked, 1, memory_order_seq_cst);
        if (worker_current() !=
            NULL) /* it goes on; others are about to sleep, and their CPU is the one that is awake */
            thread_keep_away(&t->thread);
    }
    mutex_unlock(&s->park_lock);
    if (t == NULL)
        return false;
    parker_unpark(&t->parker);
    if (s->watchdog != NULL)
        watchdog_nudge(s->watchdog);
    return true;
}

void
sched_wake(struct sched *s)
{
    wake(s, NULL, false);
}

void
sched_wake_apart_(struct sched *s)
{
    wake(s, NULL, true);
}

bool
sched_hand(struct sched *s, struct task *t)
{
    return s->sim == NULL && atomic_load_explicit(&s->parked, memory_order_relaxed) != 0 && wake(s, t, true);
}

/* From the others' queues, when they ask for help. */
static struct task *
steal(struct worker *w)
{
    struct sched *s = w->sched;
    uint32_t least = sched_awake_light_(s) <= width_target(&s->width) ? RUNQ_HELP_LIGHT : RUNQ_HELP;
    struct task *got[64];

    for (uint32_t k = 1; k < s->nworkers; k++) {
        struct worker *v = atomic_load_explicit(&s->workers[(w->id + k) % s->nworkers], memory_order_acquire);
        /* acquire; pairs with the release in sched_take_over, which exchanges the queues of a stuck worker */
        struct runq *q = __atomic_load_n(&v->runq, __ATOMIC_ACQUIRE);
        uint32_t help = atomic_load_explicit(&q->help, memory_order_relaxed), n;
        struct task *t = NULL;

        if (help < least)
            continue;
        n = runq_steal_ring(q, got, ARRAY_LEN(got));
        if (n > 0)
            t = got[0];
        else if ((t = runq_steal_nest(q)) != NULL && t->next != NULL)
            worker_push_new(w, t->next);
        else if (t == NULL && help == RUNQ_HELP)
            t = runq_steal_slot(q);
        atomic_store_explicit(&q->help, RUNQ_NO_HELP, memory_order_relaxed); /* until it asks again */
        if (t != NULL) {
            struct record rec = {.kind = REC_STEAL, .n = n > 0 ? n : 1, .ns = w->now_ns};

            for (uint32_t j = 1; j < n; j++)
                worker_push_ring(w, got[j]);
            recorder_add(w->recorder, &rec);
            return t;
        }
    }
    return NULL;
}

static bool
stopping(const struct worker *w)
{
    return atomic_load_explicit(&w->sched->stop, memory_order_acquire) ||
           atomic_load_explicit(&w->detached, memory_order_acquire) == WORKER_DETACHED;
}

static void
stay(struct worker *w)
{
    if (!w->leaves)
        return;
    w->leaves = false;
    atomic_store_explicit(&w->sched->leaving, false, memory_order_relaxed);
}

/* List ourselves, look again, sleep. Returns a task that the second look found, or that we were woken to do. Who leaves its work to
 * others looks only when all others sleep: one that is awake looks before it sleeps, and sees what we queued before we listed
 * ourselves. */
static struct task *
park(struct worker *w, struct worker_thread *me, bool spun)
{
    struct sched *s = w->sched;
    struct task *t, *given;
    uint64_t ns = worker_trim(w), due = wheel_next(w->wheel), until;
    bool look, by_timer = false, nudge = false;

    worker_heavy(w, false);
    worker_guest(w, false);
    until = ns < PARK_FOREVER - w->now_ns ? w->now_ns + ns : UINT64_MAX;
    until = due < until / 1000000 ? due * 1000000 : until;
    atomic_store_explicit(&w->parked_until, until, memory_order_relaxed); /* parked, below, publishes it */
    mutex_lock(&s->park_lock);
    me->asleep = true;
    me->next_sleeper = s->sleepers;
    s->sleepers = me;
    look = atomic_fetch_add_explicit(&s->parked, 1, memory_order_seq_cst) + 1 == s->nworkers || !w->leaves;
    mutex_unlock(&s->park_lock);
    if (spun) /* not sooner: it would count as one more for light work, and another would leave */
        atomic_store_explicit(&s->spinning, 0, memory_order_relaxed);
    stay(w);

    /* the second look: pairs with sched_inject */
    t = look && atomic_load_explicit(&s->injected, memory_order_seq_cst) ? sched_inject_take(s, w) : NULL;
    if (t == NULL && !stopping(w)) {
        epoch_hand_over(&s->epoch, w->seat);
        if (due != UINT64_MAX) {
            uint64_t now = env_mono_ns(s->env), left = due * 1000000 > now ? due * 1000000 - now : 0;

            ns = left < ns ? left : ns;
        }
        epoch_offline(w->seat);
        by_timer = !parker_park(&me->parker, ns);
        epoch_online(&s->epoch, w->seat);
    }
    mutex_lock(&s->park_lock);
    if (me->asleep) { /* nobody took us off the list */
        struct worker_thread **p = &s->sleepers;

        while (*p != me)
            p = &(*p)->next_sleeper;
        *p = me->next_sleeper;
        me->asleep = false;
        /* seq_cst, as in sched_wake: before the look at asleep in watchdog_nudge */
        atomic_fetch_sub_explicit(&s->parked, 1, memory_order_seq_cst);
        nudge = !by_timer; /* the watchdog knows when the timer is due */
    }
    given = me->given;
    me->given = NULL;
    thread_let_back(&me->thread);
    mutex_unlock(&s->park_lock);
    if (nudge && s->watchdog != NULL)
        watchdog_nudge(s->watchdog);
    if (t != NULL && given != NULL)
        worker_push_ring(w, given);
    return t != NULL ? t : given;
}

/* No task here: something from elsewhere, or sleep until there is. NULL: time to return. */
static struct task *
idle(struct worker *w, struct worker_thread *me)
{
    struct sched *s = w->sched;

    while (!stopping(w)) {
        uint32_t zero = 0;
        bool spin = atomic_compare_exchange_strong_explicit(&s->spinning, &zero, 1, memory_order_relaxed,
                                                            memory_order_relaxed);
        uint64_t start;
        struct task *t = NULL;

        w->now_ns = start = env_mono_ns(s->env);
        worker_heavy_over(w); /* before it looks what it may take */
        worker_collect(w);
        while (!w->leaves) {
            epoch_quiet(&s->epoch, w->seat);
            worker_timers(w);
            t = runq_pop(w->runq);
            if (t == NULL)
                t = sched_inject_take(s, w);
            if (t == NULL)
                t = steal(w);
            if (t != NULL || stopping(w))
                break;
            for (int i = 0; i < 32 && spin; i++)
                __builtin_ia32_pause();
            w->now_ns = env_mono_ns(s->env);
            if (!spin || s->nworkers == 1 || w->now_ns - start >= SPIN_NS)
                break;
        }
        if (t == NULL && !stopping(w)) {
            t = park(w, me, spin);
            w->now_ns = env_mono_ns(s->env);
        } else if (spin) {
            atomic_store_explicit(&s->spinning, 0, memory_order_relaxed);
        }
        if (t != NULL)
            return t;
    }
    return NULL;
}

/* Whose thread this is; a signal handler reads it, so it is never allocated late. */
static _Thread_local __attribute__((tls_model("initial-exec"))) struct worker *mine;

struct worker *
worker_current(void)
{
    return mine;
}

static void
worker_main(void *arg)
{
    struct worker_thread *me = arg;
    struct worker *w = me->worker;
    struct sched *s = w->sched;

    mine = w;
    thread_wake_at_once();
    epoch_online(&s->epoch, w->seat);
    while (likely(!atomic_load_explicit(&s->stop, memory_order_relaxed))) {
        struct task *t = worker_next(w);

        if (unlikely(t == NULL)) {
            t = idle(w, me);
            if (t == NULL)
                break;
        }
        s->ops.run(w, t);
        if (unlikely(atomic_load_explicit(&w->detached, memory_order_relaxed) == WORKER_DETACHED))
            break; /* another thread runs our queue; ours was the stuck actor, and it came back */
        epoch_quiet(&s->epoch, w->seat);
    }
    stay(w);
    worker_heavy_over(w);
    worker_guest(w, false);
    epoch_hand_over(&s->epoch, w->seat);
    epoch_offline(w->seat);
}

static int
launch(struct sched *s, struct worker *w)
{
    struct worker_thread *t = env_alloc(s->env, sizeof *t);
    char name[16];
    int r;

    if (t == NULL)
        return -ERR_NOMEM;
    t->worker = w;
    parker_init(&t->parker);
    snprintf(name, sizeof name, "worker %u", w->id);
    r = thread_start(&t->thread, name, worker_main, t, 0);
    if (r < 0) {
        env_free(s->env, t, sizeof *t);
        return r;
    }
    mutex_lock(&s->park_lock); /* the list is for sched_stop alone */
    t->next = s->threads;
    s->threads = t;
    mutex_unlock(&s->park_lock);
    return 0;
}

int
sched_start(struct sched *s)
{
    int r = 0;

    barrier_register();
    for (uint32_t i = 0; i < s->nworkers && r == 0; i++)
        r = launch(s, atomic_load_explicit(&s->workers[i], memory_order_relaxed));
    if (r < 0)
        sched_stop(s, 1000000000);
    return r;
}

int
sched_stop(struct sched *s, uint64_t timeout_ns)
{
    uint64_t end = env_mono_ns(s->env) + timeout_ns;
    struct worker_thread **p = &s->threads;

    atomic_store_explicit(&s->stop, true, memory_order_seq_cst);
    for (struct worker_thread *t = *p; t != NULL; t = t->next)
        parker_unpark(&t->parker);
    while (*p != NULL) {
        struct worker_thread *t = *p;
        uint64_t now = env_mono_ns(s->env);

        if (thread_join_within(&t->thread, now < end ? (uint32_t)((end - now + 999999) / 1000000) : 0) < 0) {
            p = &t->next;
            continue;
        }
        *p = t->next;
        env_free(s->env, t, sizeof *t);
    }
    return s->threads == NULL ? 0 : -ERR_TIMEOUT;
}

void
sched_abandon(struct sched *s)
{
    for (struct worker_thread *t = s->threads; t != NULL; t = t->next)
        thread_abandon(&t->thread); /* it may still look at itself: not freed */
    s->threads = NULL;
}

void
worker_held(struct worker *w)
{
    do {
        __builtin_ia32_pause();
        /* acquire, release: pair with leaves() */
        atomic_store_explicit(&w->waits, atomic_load_explicit(&w->hold, memory_order_acquire),
                              memory_order_release);
    } while (atomic_load_explicit(&w->detached, memory_order_acquire) == WORKER_HELD);
}

/* Its thread is outside host code, or waits at the door. A handler that calls the host all the time is hardly ever seen outside,
 * so wait a little: detached is HELD, and the next call stops. The number is set after the barrier: who has read it sees HELD. */
static bool
leaves(struct worker *w)
{
    uint32_t no = atomic_load_explicit(&w->hold, memory_order_relaxed) + 1;
    struct parker nap;
    bool yes = false;

    atomic_store_explicit(&w->hold, no, memory_order_release); /* pairs with the acquire in worker_held */
    parker_init(&nap);
    for (int i = 0; i < TAKE_OVER_LOOKS && !yes; i++) {
        if (i > 0)
            parker_park(&nap, TAKE_OVER_LOOK_NS); /* it may need this very CPU to get to the door */
        yes = atomic_load_explicit(&w->in_host, memory_order_acquire) == 0 ||
              atomic_load_explicit(&w->waits, memory_order_acquire) == no;
    }
    return yes;
}

static void
exchange_queues(struct worker *a, struct worker *b)
{
    struct runq *runq = a->runq;
    struct wheel *wheel = a->wheel;

    /* release; pairs with the acquire in steal() */
    __atomic_store_n(&a->runq, b->runq, __ATOMIC_RELEASE);
    __atomic_store_n(&b->runq, runq, __ATOMIC_RELEASE);
    a->wheel = b->wheel;
    b->wheel = wheel;
}

int
sched_take_over(struct sched *s, uint32_t id)
{
    struct worker *old = atomic_load_explicit(&s->workers[id], memory_order_acquire), *w;
    int r;

    if (s->spare == NULL || s->spare->id != id) {
        r = sched_worker_new_(s, &s->spare, id, false);
        if (r < 0)
            return r;
    }
    w = s->spare; /* kept for the next attempt unless this one succeeds */
    /* The worker stores in_host before it touches anything, then looks at detached; we store detached, pass a
     * barrier on all threads, then look at in_host. One of the two sees the other. A thread at the door has touched nothing. */
    atomic_store_explicit(&old->detached, WORKER_HELD, memory_order_seq_cst);
    if (!barrier_all_threads()) {
        atomic_store_explicit(&old->detached, WORKER_ATTACHED, memory_order_release);
        return -ERR_UNSUPPORTED; /* this kernel cannot tell us that the thread stays outside */
    }
    if (!leaves(old)) {
        atomic_store_explicit(&old->detached, WORKER_ATTACHED, memory_order_release);
        return -ERR_BUSY;
    }
    /* The old worker gets fresh queues, so that nothing is NULL; what it schedules goes by injection. */
    exchange_queues(old, w);
    old->foreign = old->once = true;
    old->again = 1;
    atomic_store_explicit(&s->workers[id], w, memory_order_release);
    r = launch(s, w);
    if (r < 0) { /* no thread: all as before, to be tried again */
        atomic_store_explicit(&s->workers[id], old, memory_order_release);
        old->foreign = old->once = false;
        exchange_queues(old, w);
        atomic_store_explicit(&old->detached, WORKER_ATTACHED, memory_order_release);
        return r;
    }
    s->spare = NULL;
    worker_guest(old, false);
    worker_heavy(old, false); /* it is none of the workers any more */
    /* release; pairs with the acquire in the floor above, which waits while we hold it */
    atomic_store_explicit(&old->detached, WORKER_DETACHED, memory_order_release);
    return 0;
}
