/* blocking_thread.c - see blocking_thread.h.
 *
 *   slot:   FREE --submit starts a thread--> IDLE <--> BUSY (fn) --> FINISHING (done) --> IDLE
 *                                             |          |
 *                             idle_ms or stop v          v deadline of blocking_stop
 *                                           EXITED    STUCK: never touches a job again, drops its hold when
 * fn returns
 *
 * One lock guards everything; fn and done run without it. Idle threads form a stack, so that those not needed
 * stay at its bottom until they time out.
 */
#include "sched/blocking_thread.h"
#include "base/err.h"
#include "base/thread.h"
#include <assert.h>
#include <stdio.h>

enum slot_state { FREE, IDLE, BUSY, FINISHING, EXITED, STUCK };

struct slot {
    struct thread thread;
    struct parker parker;
    struct blocking *pool;
    struct blocking_job job; /* BUSY, FINISHING */
    struct slot *next_idle;
    bool listed; /* on the idle stack */
    enum slot_state state;
};

struct blocking {
    struct env *env;
    struct blocking_config cfg;
    struct mutex lock; /* guards all below */
    struct blocking_stats stats;
    struct slot *idle;
    uint32_t holds; /* the owner and each thread; the last one frees */
    uint32_t head;  /* of the queue */
    bool stopping;
    struct parker stopper;
    struct slot *slots; /* threads_max */
    struct blocking_job *queue;
};

static size_t
slots_bytes(const struct blocking_config *c)
{
    return (c->threads_max > 0 ? c->threads_max : 1) * sizeof(struct slot);
}

static size_t
queue_bytes(const struct blocking_config *c)
{
    return c->queue_max * sizeof(struct blocking_job);
}

static void
destroy(struct blocking *b)
{
    mutex_fini(&b->lock);
    env_free(b->env, b->slots, slots_bytes(&b->cfg));
    env_free(b->env, b->queue, queue_bytes(&b->cfg));
    env_free(b->env, b, sizeof *b);
}

/* Unlocks, and frees what nobody else holds. */
static void
unlock_and_drop(struct blocking *b)
{
    bool last = --b->holds == 0;

    mutex_unlock(&b->lock);
    if (last)
        destroy(b);
}

int
blocking_new(struct blocking **ret, struct env *env, const struct blocking_config *cfg)
{
    struct blocking *b;

    if (cfg->queue_max == 0)
        return -ERR_INVALID;
    b = env_alloc(env, sizeof *b);
    if (b == NULL)
        return -ERR_NOMEM;
    b->env = env;
    b->cfg = *cfg;
    b->holds = 1;
    mutex_init(&b->lock);
    parker_init(&b->stopper);
    b->slots = env_alloc(env, slots_bytes(cfg));
    b->queue = env_alloc(env, queue_bytes(cfg));
    if (b->slots == NULL || b->queue == NULL) {
        destroy(b);
        return -ERR_NOMEM;
    }
    for (uint32_t i = 0; i < cfg->threads_max; i++) {
        b->slots[i].pool = b;
        parker_init(&b->slots[i].parker);
    }
    *ret = b;
    return 0;
}

void
blocking_free(struct blocking *b)
{
    if (b == NULL)
        return;
    mutex_lock(&b->lock);
    assert(b->stopping);
    unlock_and_drop(b);
}

/* --- under the lock --- */

static bool
take_job(struct blocking *b, struct blocking_job *ret)
{
    if (b->stats.queued == 0)
        return false;
    *ret = b->queue[b->head];
    b->head = (b->head + 1) % b->cfg.queue_max;
    b->stats.queued--;
    return true;
}

static void
unlist(struct blocking *b, struct slot *s)
{
    struct slot **p = &b->idle;

    if (!s->listed)
        return;
    while (*p != s)
        p = &(*p)->next_idle;
    *p = s->next_idle;
    s->listed = false;
    b->stats.idle--;
}

/* --- a pool thread --- */

/* Called and left with the lock. false: given up while fn ran. */
static bool
run_job(struct blocking *b, struct slot *me)
{
    struct blocking_job job = me->job;

    me->state = BUSY;
    b->stats.running++;
    mutex_unlock(&b->lock);
    job.fn(job.arg);
    mutex_lock(&b->lock);
    if (me->state == STUCK)
        return false;
    me->state = FINISHING;
    mutex_unlock(&b->lock);
    job.done(job.arg, 0);
    mutex_lock(&b->lock);
    me->state = IDLE;
    b->stats.running--;
    b->stats.finished++;
    return true;
}

/* Called and left with the lock. false: nothing came for idle_ms. */
static bool
wait_for_job(struct blocking *b, struct slot *me)
{
    bool woken;

    me->next_idle = b->idle;
    b->idle = me;
    me->listed = true;
    b->stats.idle++;
    mutex_unlock(&b->lock);
    woken = parker_park(&me->parker, (uint64_t)b->cfg.idle_ms * 1000000);
    mutex_lock(&b->lock);
    unlist(b, me);
    return woken;
}

static void
pool_thread_main(void *arg)
{
    struct slot *me = arg;
    struct blocking *b = me->pool;

    mutex_lock(&b->lock);
    for (;;) {
        if (take_job(b, &me->job)) {
            if (!run_job(b, me)) {
                unlock_and_drop(b);
                return;
            }
        } else if (b->stopping || (!wait_for_job(b, me) && b->stats.queued == 0)) {
            break;
        }
    }
    me->state = EXITED;
    b->stats.threads--;
    /* Unparked under the lock: the stopper looks under it too, so it cannot free us in between. */
    if (b->stopping)
        parker_unpark(&b->stopper);
    unlock_and_drop(b);
}

/* Under the lock. The thread waits for it, so it sees its slot whole. */
static int
start_thread(struct blocking *b)
{
    struct slot *s = b->slots;
    char name[24];
    int r;

    while (s->state != FREE && s->state != EXITED)
        s++;
    if (s->state == EXITED)
        thread_join(&s->thread); /* it left the lock behind and only has to return */
    s->state = FREE;
    snprintf(name, sizeof name, "blocking %u", (unsigned)(s - b->slots));
    r = thread_start(&s->thread, name, pool_thread_main, s, b->cfg.stack_bytes);
    if (r < 0)
        return r;
    s->state = IDLE;
    b->holds++;
    b->stats.threads++;
    if (b->stats.threads > b->stats.threads_peak)
        b->stats.threads_peak = b->stats.threads;
    return 0;
}

/* --- callers --- */

int
blocking_submit(struct blocking *b, const struct blocking_job *job)
{
    struct slot *wake = NULL;
    int r = 0;

    mutex_lock(&b->lock);
    if (b->stopping) {
        r = -ERR_STOPPING;
        goto out;
    }
    if (b->stats.queued == b->cfg.queue_max) {
        r = -ERR_FULL;
        goto out;
    }
    if (b->idle != NULL) {
        wake = b->idle;
        unlist(b, wake); /* so that the next job wakes another */
    } else if (b->stats.threads < b->cfg.threads_max) {
        r = start_thread(b);
        if (r < 0 && b->stats.threads > 0)
            r = 0; /* those that run will come to it */
    }
    if (r < 0)
        goto out;
    b->queue[(b->head + b->stats.queued) % b->cfg.queue_max] = *job;
    b->stats.queued++;
    b->stats.submitted++;
    if (b->stats.queued > b->stats.queued_peak)
        b->stats.queued_peak = b->stats.queued;
out:
    b->stats.refused += r < 0;
    mutex_unlock(&b->lock);
    if (wake != NULL) /* without the lock, since it may run in our place at once and asks for that */
        parker_unpark(&wake->parker);
    return r;
}

bool
blocking_run_one(struct blocking *b)
{
    struct blocking_job job;
    bool got;

    mutex_lock(&b->lock);
    got = take_job(b, &job);
    b->stats.finished += got;
    mutex_unlock(&b->lock);
    if (!got)
        return false;
    job.fn(job.arg);
    job.done(job.arg, 0);
    return true;
}

void
blocking_stats(struct blocking *b, struct blocking_stats *ret)
{
    mutex_lock(&b->lock);
    *ret = b->stats;
    mutex_unlock(&b->lock);
}

/* --- stopping --- */

static bool
any_is(const struct blocking *b, enum slot_state state)
{
    for (uint32_t i = 0; i < b->cfg.threads_max; i++)
        if (b->slots[i].state == state)
            return true;
    return false;
}

/* Wait until all threads ended, or for the deadline and whatever done is running then. Called and left with
 * the lock. */
static void
wait_for_threads(struct blocking *b, uint64_t timeout_ns)
{
    uint64_t start = env_mono_ns(b->env), spent = 0;

    while (b->stats.threads > 0) {
        bool late = spent >= timeout_ns;

        /* An idle thread was woken and has only to look; it ends even when there is no time left. */
        if (late && !any_is(b, FINISHING) && !any_is(b, IDLE))
            return;
        mutex_unlock(&b->lock);
        /* Nobody unparks us after a done: look again soon. */
        parker_park(&b->stopper, late ? 1000000 : timeout_ns - spent);
        mutex_lock(&b->lock);
        spent = env_mono_ns(b->env) - start;
    }
}

uint32_t
blocking_stop(struct blocking *b, uint64_t timeout_ns)
{
    struct blocking_job job;
    uint32_t stuck = 0;

    mutex_lock(&b->lock);
    assert(!b->stopping);
    b->stopping = true;
    while (b->idle != NULL) {
        struct slot *s = b->idle;

        unlist(b, s);
        parker_unpark(&s->parker);
    }
    while (take_job(b, &job)) {
        mutex_unlock(&b->lock);
        job.done(job.arg, -ERR_CANCELED);
        mutex_lock(&b->lock);
    }
    wait_for_threads(b, timeout_ns);
    for (uint32_t i = 0; i < b->cfg.threads_max; i++) {
        struct slot *s = &b->slots[i];

        if (s->state == EXITED) {
            mutex_unlock(&b->lock);
            thread_join(&s->thread);
            mutex_lock(&b->lock);
            s->state = FREE;
        } else if (s->state == BUSY) {
            s->state = STUCK;
            b->stats.running--;
            b->stats.threads--;
            stuck++;
            thread_abandon(&s->thread);
            job = s->job;
            mutex_unlock(&b->lock);
            job.done(job.arg, -ERR_TIMEOUT);
            mutex_lock(&b->lock);
        }
    }
    mutex_unlock(&b->lock);
    return stuck;
}
