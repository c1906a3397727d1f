/* explore_calls.c - what recompiled host code and scenarios call: each operation goes to the search, or to plain memory when only one
 * thread uses its location. */
#include "explore_mem.h"
#include "explore_race.h"
#include <errno.h>
#include <string.h>

static struct thread *
self(void)
{
    return &explore_memory()->thread[explore_running()];
}

static uint64_t
peek(const volatile void *p, size_t size)
{
    uint64_t v = 0;

    memcpy(&v, (const void *)(uintptr_t)p, size);
    return v;
}

static void
poke(const volatile void *p, size_t size, uint64_t v)
{
    memcpy((void *)(uintptr_t)p, &v, size);
}

void
explore_init(const volatile void *p, size_t size, uint64_t v)
{
    poke(p, size, v);
}

uint64_t
explore_load(struct explore_site *s, const volatile void *p, size_t size)
{
    int l = explore_shared(s, p, size, false, false);

    if (l < 0)
        return peek(p, size);
    explore_perform((struct op){.kind = LOAD, .site = s, .loc = (uint8_t)l});
    return self()->result;
}

void
explore_store(struct explore_site *s, const volatile void *p, size_t size, uint64_t v)
{
    int l = explore_shared(s, p, size, true, false);

    v = size < 8 ? v & ((UINT64_C(1) << size * 8) - 1) : v;
    if (l < 0)
        poke(p, size, v);
    else
        explore_perform((struct op){.kind = STORE, .site = s, .loc = (uint8_t)l, .value = v});
}

uint64_t
explore_rmw(struct explore_site *s, enum explore_rmw_kind kind, const volatile void *p, size_t size,
            uint64_t v)
{
    int l = explore_shared(s, p, size, true, false);
    uint64_t was;

    if (l >= 0) {
        explore_perform((struct op){.kind = RMW, .rmw = kind, .site = s, .loc = (uint8_t)l, .value = v});
        return self()->result;
    }
    was = peek(p, size);
    poke(p, size,
         kind == EXPLORE_ADD   ? was + v
         : kind == EXPLORE_SUB ? was - v
         : kind == EXPLORE_OR  ? (was | v)
         : kind == EXPLORE_AND ? (was & v)
                               : v);
    return was;
}

bool
explore_cas(struct explore_site *s, struct explore_site *fails, const volatile void *p, size_t size,
            void *expect, uint64_t v)
{
    int l = explore_shared(s, p, size, true, false);
    uint64_t want = peek(expect, size), got;
    bool yes;

    fails->ran |= s->ran;
    if (l >= 0) {
        explore_perform((struct op){
            .kind = CAS, .site = s, .fails = fails, .loc = (uint8_t)l, .value = v, .expect = want});
        got = self()->result;
        yes = self()->flag;
    } else {
        got = peek(p, size);
        yes = got == want;
        if (yes)
            poke(p, size, v);
    }
    if (!yes)
        poke(expect, size, got);
    return yes;
}

void
explore_signal_fence(struct explore_site *s)
{
    explore_ran(s);
    if (explore_running() >= 0 && s->now >= 0)
        mem_join(explore_memory(), &self()->view, &self()->pending);
}

void
explore_pause(struct explore_site *s)
{
    struct thread *t;

    explore_ran(s);
    if (explore_running() < 0)
        return;
    t = self();
    t->spins = t->pause == s && t->nreads > 0 && t->event - t->paused <= ROUND;
    t->rounds = (uint8_t)(t->spins ? t->rounds + 1 : 0);
    memcpy(t->waits, t->reads, sizeof t->waits);
    t->nwaits = t->nreads;
    t->nreads = 0;
    t->paused = t->event;
    t->pause = s;
}

unsigned
explore_choose(unsigned n)
{
    explore_perform((struct op){.kind = CHOOSE, .value = n});
    return (unsigned)self()->result;
}

void
explore_late(const volatile void *p, uint64_t value)
{
    if (explore_memory()->nlates < LATES)
        explore_memory()->late[explore_memory()->nlates++] = (struct late){.addr = p, .value = value};
}

void
explore_barrier(struct explore_site *s)
{
    explore_ran(s);
    if (explore_running() >= 0 && s->now >= 0)
        explore_perform((struct op){.kind = BARRIER});
}

static struct lock *
lock_at(const void *p)
{
    struct lock *k = explore_memory()->lock;

    for (; k < explore_memory()->lock + explore_memory()->nlocks; k++)
        if (k->addr == p)
            return k;
    if (explore_memory()->nlocks++ == LOCKS)
        explore_bad("too many locks");
    *k = (struct lock){.addr = p, .holder = NOBODY, .last_thread = NOBODY};
    for (unsigned i = 0; i < explore_memory()->nlocs; i++)
        k->view.at[i] = (uint8_t)i;
    return k;
}

static void
lock_pass(struct lock *k, uint8_t holder)
{
    struct thread *t = self();

    mem_join(explore_memory(), &k->view, &t->view);
    t->view.clock[explore_running()]++;
    k->last_thread = (uint8_t)explore_running();
    k->last_event = t->event;
    k->holder = holder;
}

void
explore_await(const volatile uint32_t *p)
{
    explore_perform((struct op){
        .kind = AWAIT, .loc = (uint8_t)(lock_at((const void *)(uintptr_t)p) - explore_memory()->lock)});
}

void
explore_signal(volatile uint32_t *p)
{
    lock_pass(lock_at((const void *)(uintptr_t)p), (uint8_t)explore_running());
}

int
explore_mutex_lock(void *p)
{
    if (explore_running() >= 0)
        explore_perform((struct op){.kind = LOCK, .loc = (uint8_t)(lock_at(p) - explore_memory()->lock)});
    return 0;
}

int
explore_mutex_unlock(void *p)
{
    if (explore_running() >= 0)
        lock_pass(lock_at(p), NOBODY);
    return 0;
}

int
explore_mutex_trylock(void *p)
{
    struct thread *t = self();
    struct lock *k;

    if (explore_running() < 0)
        return 0;
    k = lock_at(p);
    explore_perform((struct op){.kind = TRYLOCK, .loc = (uint8_t)(k - explore_memory()->lock)});
    return t->flag ? 0 : EBUSY;
}

long
explore_futex(uint32_t *p, bool wait, uint32_t expect, bool timed)
{
    static struct explore_site kernel = {"kernel", "futex", "word", "futex", 0, 0, 0, 0, 0};
    int l = explore_shared(&kernel, p, sizeof *p, true, !explore_on_stack(p));

    if (l < 0 && wait && timed) { /* a nap: nobody else knows the word */
        static struct explore_site nap = {"kernel", "futex", "nap", "futex", 0, 0, 0, 0, 0};

        explore_pause(&nap);
        return 2;
    }
    explore_perform(
        (struct op){.kind = wait ? WAIT : WAKE, .loc = (uint8_t)l, .expect = expect, .timed = timed});
    return (long)self()->result;
}
