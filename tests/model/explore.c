/* explore.c - the search: threads as stacks of their own, choices depth-first, what was seen before is cut. */
#include "explore_mem.h"
#include "explore_race.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

/* One search at a time, so its state is one object. */
static struct {
    const struct scenario *sc;
    int number; /* bit of explore_site.ran */
    struct memory m;
    jmp_buf scheduler;
    int self; /* the thread that runs, or -1 */
    /* choices of this execution: option taken, of how many */
    struct {
        uint16_t taken, of;
    } path[DEPTH];
    unsigned depth, replay; /* replay: choices that are given */
    const char *bad;
    bool again; /* a location turned out to be shared: from the beginning */
    bool show;
    /* locations that more than one thread uses; others are plain memory */
    struct {
        const volatile void *addr;
        const char *name;
        size_t size;
    } shared[LOCS];
    unsigned nshared;
    struct seen {
        uint64_t key[2];
    } * seen;
    size_t nseen, cap;
    struct explored ret;
} x;

static char stacks[EXPLORE_THREADS][STACK] __attribute__((aligned(64)));

/* --- states --- */

static bool
seen_before(void)
{
    uint64_t key[2];
    size_t i;

    if (x.nseen * 2 >= x.cap) {
        struct seen *old = x.seen;
        size_t n = x.cap;

        x.cap = n ? n * 2 : 1 << 14;
        x.seen = calloc(x.cap, sizeof *x.seen);
        if (x.seen == NULL)
            abort();
        for (size_t k = 0; k < n; k++) {
            if (old[k].key[0] == 0)
                continue;
            for (i = old[k].key[0] & (x.cap - 1); x.seen[i].key[0] != 0; i = (i + 1) & (x.cap - 1))
                ;
            x.seen[i] = old[k];
        }
        free(old);
    }
    mem_key(&x.m, key);
    key[0] |= 1u;
    for (i = key[0] & (x.cap - 1); x.seen[i].key[0] != 0; i = (i + 1) & (x.cap - 1))
        if (x.seen[i].key[0] == key[0] && x.seen[i].key[1] == key[1])
            return true;
    x.seen[i].key[0] = key[0];
    x.seen[i].key[1] = key[1];
    x.nseen++;
    return false;
}

/* --- threads --- */

static void
to_scheduler(void)
{
    struct thread *t = &x.m.thread[x.self];

    if (_setjmp(t->at) == 0)
        _longjmp(x.scheduler, 1);
}

static void
resume(unsigned i)
{
    struct thread *t = &x.m.thread[i];

    x.self = (int)i;
    if (_setjmp(x.scheduler) == 0) {
        if (t->started)
            _longjmp(t->at, 1);
        t->started = true;
        _longjmp(t->base, 1);
    }
    x.self = -1;
}

/* Each stack is entered once for the whole program; after that it is left and taken up by jumps. */
static ucontext_t main_context;
static jmp_buf bases[EXPLORE_THREADS];

static void
thread_main(int i)
{
    if (_setjmp(bases[i]) == 0) {
        swapcontext(&(ucontext_t){0}, &main_context);
        abort();
    }
    x.m.thread[x.self].body();
    x.m.thread[x.self].finished = true;
    _longjmp(x.scheduler, 1);
}

static void
stacks_init(void)
{
    static bool done;

    for (int i = 0; i < EXPLORE_THREADS && !done; i++) {
        ucontext_t c;

        getcontext(&c);
        c.uc_stack.ss_sp = stacks[i];
        c.uc_stack.ss_size = STACK;
        c.uc_link = NULL;
        makecontext(&c, (void (*)(void))thread_main, 1, i);
        swapcontext(&main_context, &c);
    }
    done = true;
}

bool
explore_on_stack(const void *p)
{
    return (const char *)p >= stacks[0] && (const char *)p < stacks[0] + sizeof stacks;
}

unsigned
explore_self(void)
{
    return (unsigned)x.self;
}

void
explore_bad(const char *what)
{
    if (x.self >= 0 && mem_open(&x.m)) { /* it may have seen what never comes */
        x.m.thread[x.self].bad = what;
        x.m.thread[x.self].finished = true;
        _longjmp(x.scheduler, 1);
    }
    x.bad = what;
    if (x.self < 0) /* in check() */
        _longjmp(x.scheduler, 2);
    _longjmp(x.scheduler, 1);
}

/* --- one execution --- */

static void
describe(unsigned i, const struct op *o, uint8_t choice)
{
    static const char *const kinds[] = {"load",       "store",      "rmw",    "cas",   "lock",   "barrier",
                                        "futex wait", "futex wake", "choose", "await", "trylock"};
    const struct write *w = &x.m.write[choice];

    printf("  thread %u  ", i);
    if (choice >= FROM_LATER && o->kind == LOAD) {
        printf("%s:%d %s: %s reads %llx (which is written later)\n", o->site->func, o->site->line,
               o->site->op, o->site->what, (unsigned long long)x.m.late[choice - FROM_LATER].value);
        return;
    }
    if (o->site == NULL || o->kind > CAS) {
        printf("%s %s\n", kinds[o->kind], o->kind == WAIT || o->kind == WAKE ? x.m.loc[o->loc].name : "");
        return;
    }
    printf("%s:%d %s: %s %s", o->site->func, o->site->line, o->site->op, o->site->what,
           o->kind == STORE ? "" : "reads ");
    if (o->kind == STORE)
        printf("= %llx%s", (unsigned long long)o->value,
               w->pos + 1u < x.m.loc[o->loc].n ? " (lands below a newer write)" : "");
    else
        printf("%llx%s", (unsigned long long)w->value,
               w->pos + 1u < x.m.loc[o->loc].n ? " (an old write)" : "");
    printf("\n");
}

static void
begin(void)
{
    x.m.nlocs = x.nshared;
    x.m.nwrites = x.nshared;
    x.m.nlocks = 0;
    x.m.nlates = 0;
    x.self = -1;
    race_reset();
    x.sc->setup();
    for (unsigned l = 0; l < x.nshared; l++) {
        struct loc *c = &x.m.loc[l];

        *c = (struct loc){
            .addr = x.shared[l].addr, .name = x.shared[l].name, .size = x.shared[l].size, .n = 1};
        c->order[0] = (uint8_t)l;
        x.m.write[l] = (struct write){.loc = (uint8_t)l, .thread = NOBODY, .event = (uint8_t)l};
        memcpy(&x.m.write[l].value, (const void *)(uintptr_t)c->addr, c->size);
        for (unsigned k = 0; k < x.nshared; k++)
            x.m.write[l].view.at[k] = (uint8_t)k;
    }
    x.m.nthreads = 0;
    while (x.m.nthreads < EXPLORE_THREADS && x.sc->thread[x.m.nthreads] != NULL) {
        struct thread *t = &x.m.thread[x.m.nthreads];

        memset(t, 0, sizeof *t);
        t->body = x.sc->thread[x.m.nthreads];
        memcpy(t->base, bases[x.m.nthreads], sizeof t->base);
        for (unsigned k = 0; k < x.nshared; k++)
            t->view.at[k] = t->pending.at[k] = (uint8_t)k;
        t->view.clock[x.m.nthreads] = 1;
        x.m.nthreads++;
    }
    for (unsigned i = 0; i < x.m.nthreads && x.bad == NULL && !x.again; i++)
        resume(i);
}

static unsigned
choose(unsigned of)
{
    unsigned d = x.depth++;

    if (d >= x.replay) {
        x.path[d].of = (uint16_t)of;
        x.path[d].taken = 0;
    }
    return x.path[d].taken;
}

/* Until all returned, something is wrong, or the rest was seen before. */
static void
execute(void)
{
    begin();
    while (x.bad == NULL && !x.again) {
        static uint8_t option[EXPLORE_THREADS][WRITES];
        unsigned n[EXPLORE_THREADS] = {0}, total = 0, i, pick, running = 0;
        struct thread *t;

        for (i = 0; i < x.m.nthreads && !mem_open(&x.m); i++)
            if (x.m.thread[i].bad != NULL) {
                x.bad = x.m.thread[i].bad;
                return;
            }
        for (i = 0; i < x.m.nthreads; i++) {
            if (mem_enabled(&x.m, &x.m.thread[i]))
                n[i] = mem_choices(&x.m, &x.m.thread[i], option[i]);
            total += n[i];
            running += !x.m.thread[i].finished;
        }
        if (total == 0 && mem_open(&x.m))
            return; /* no such execution */
        if (running == 0) {
            if (x.sc->check != NULL && _setjmp(x.scheduler) == 0)
                x.sc->check();
            return;
        }
        if (total == 0) {
            x.bad = "waits for ever";
            return;
        }
        if (x.depth >= x.replay && !x.show && seen_before())
            return;
        if (x.depth >= DEPTH || x.m.nwrites + 2 >= WRITES) {
            x.bad = "the execution does not end";
            return;
        }
        pick = choose(total);
        for (i = 0; pick >= n[i]; i++)
            pick -= n[i];
        t = &x.m.thread[i];
        if (x.show)
            describe(i, &t->op, option[i][pick]);
        mem_apply(&x.m, t, option[i][pick]);
        if (t->op.kind == WAIT && t->asleep)
            continue;
        resume(i);
    }
}

/* The next path in depth-first order. */
static bool
backtrack(void)
{
    while (x.depth > 0) {
        unsigned d = x.depth - 1;

        if (++x.path[d].taken < x.path[d].of) {
            x.replay = x.depth;
            return true;
        }
        x.depth--;
    }
    return false;
}

static void
restart(void)
{
    free(x.seen);
    x.seen = NULL;
    x.nseen = x.cap = 0;
    x.depth = x.replay = 0;
}

struct explored
explore(const struct scenario *sc, int number)
{
    stacks_init();
    if (x.sc != sc)
        x.nshared = 0;
    x.sc = sc;
    x.number = number;
    x.ret = (struct explored){0};
    x.bad = NULL;
    restart();
    race_forget();
    do {
        x.again = false;
        x.depth = 0;
        execute();
        x.ret.executions++;
        if (x.again) {
            restart();
            x.bad = NULL;
        }
    } while (x.bad == NULL && (x.again || backtrack()));
    x.ret.bad = x.bad;
    x.ret.states = x.nseen;
    return x.ret;
}

void
explore_show(void)
{
    if (x.bad == NULL)
        return;
    x.replay = x.depth;
    x.depth = 0;
    x.bad = NULL;
    x.show = true;
    execute();
    x.show = false;
    printf("  --> %s\n", x.bad ? x.bad : "?");
}

/* --- for explore_calls.c and explore_race.c --- */

void
explore_ran(struct explore_site *s)
{
    s->ran |= UINT64_C(1) << x.number;
}

/* The location's number, or -1: this thread alone uses it so far, and plain memory will do. */
int
explore_shared(struct explore_site *s, const volatile void *p, size_t size, bool writes, bool always)
{
    explore_ran(s);
    if (x.self < 0)
        return -1;
    for (unsigned l = 0; l < x.nshared; l++)
        if (x.shared[l].addr == p)
            return (int)l;
    if (!race_shares(p, x.self, writes) && !always)
        return -1;
    if (x.nshared == LOCS)
        explore_bad("too many shared locations");
    x.shared[x.nshared].addr = p;
    x.shared[x.nshared].name = s->what;
    x.shared[x.nshared++].size = size;
    x.again = true;
    _longjmp(x.scheduler, 1);
}

void
explore_perform(struct op op)
{
    x.m.thread[x.self].op = op;
    to_scheduler();
}

const struct view *
explore_view(void)
{
    return &x.m.thread[x.self].view;
}

int
explore_running(void)
{
    return x.self;
}

struct memory *
explore_memory(void)
{
    return &x.m;
}
