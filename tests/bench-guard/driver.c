/* driver.c - one node without threads and time, whose worker's loop runs inside guard_region(). `run` counts what happens there.
 *
 *   guard SCENARIO:N...    for each: a fresh node, its preparations, then the region once (a swap: until it is over)
 *
 * Everything is the daemon's but the thread and the clock, which stands still: the same instructions each time. Prints the
 * compiler, then a line for each scenario. Scenarios: see actors.c; swap: n idle actors move to another version.
 */
#include "actor/call.h"
#include "loop.h"
#include "testkit/world.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const actor_plugin guard_actors, movers_1, movers_2;
enum { PATIENCE_S = 120, MAX_CELLS = 1 << 20 };

struct guard {
    struct world world;
    bool stopped; /* a line "guard ..." ended the loop */
    struct swapping *swapping;
};

static __attribute__((noreturn)) void
die(const char *what, const struct err *e)
{
    fprintf(stderr, "guard: %s: %s\n", what, e != NULL ? e->text : "");
    exit(2);
}

/* --- running --- */
static void
stop(struct guard *g)
{
    g->stopped = true;
    atomic_store_explicit(&g->world.sys.sched.stop, true, memory_order_relaxed);
}

static int64_t
log_line(void *self, const char *line, size_t len)
{
    if (memmem(line, len, "guard ready", 11) != NULL || memmem(line, len, "guard done", 10) != NULL)
        stop(self);
    else
        fprintf(stderr, "%.*s", (int)len, line); /* something went wrong */
    return (int64_t)len;
}

static void
loop(struct guard *g)
{
    struct sched *s = &g->world.sys.sched;

    g->stopped = false;
    atomic_store_explicit(&s->stop, false, memory_order_relaxed);
    guard_loop(atomic_load_explicit(&s->workers[0], memory_order_relaxed));
    if (!g->stopped)
        die("the worker returned too early", NULL);
}

/* --- in the slice of /user --- */
struct spawning {
    struct guard *g;
    const char *behaviour;
    const actor_type *args;
    const void *v;
    actor_ref ref;
    int r;
};
struct count {
    actor_str what;
    uint64_t n;
};
static const actor_type *
type_of(const actor_plugin *p, const char *name)
{
    for (actor_type *const *t = p->types; t < p->types_end; t++)
        if (strcmp((*t)->schema()->name, name) == 0)
            return *t;
    die("no such type", NULL);
}

static void
spawn_here(struct actx *x, struct cell *c, void *arg)
{
    struct spawning *s = arg;

    (void)c;
    s->r = call_spawn(&x->ctx, &s->ref, actor_cstr(s->behaviour), actor_cstr(NULL), NULL, s->args, s->v);
}

static void
stop_here(struct actx *x, struct cell *c, void *arg)
{
    (void)x;
    (void)c;
    stop(arg);
}

/* Runs until the new actor says so. */
static actor_ref
spawn(struct guard *g, const char *behaviour, const actor_type *args, const void *v)
{
    struct spawning s = {g, behaviour, args, v, ACTOR_NOBODY, -ERR_DEAD};

    if (system_call(&g->world.sys, g->world.sys.user, spawn_here, &s) < 0)
        die("no memory", NULL);
    loop(g);
    if (s.r < 0)
        die(behaviour, NULL);
    return s.ref;
}

/* --- what is counted --- */
/* One more visit of the loop, behind the tasks that wait. */
static void
visit(struct guard *g)
{
    if (system_call(&g->world.sys, g->world.sys.user, stop_here, g) < 0)
        die("no memory", NULL);
    loop(g);
}

/* By this name: see `run`. */
__attribute__((noinline)) void guard_region(struct guard *g);
void
guard_region(struct guard *g)
{
    struct swap_status st;

    if (g->swapping == NULL) {
        loop(g);
        return;
    }
    while (!runtime_swap_step(g->world.runtime, g->swapping, &st))
        visit(g);
    if (st.phase != SWAPPING_DONE || st.refused != 0)
        die("swap", &st.err);
}

static void
prepare(struct guard *g, const char *what, uint64_t n)
{
    struct world *w = &g->world;
    struct world_config cfg = {
        .seed = 1, .workers = 1, .max_cells = MAX_CELLS, .sink = {g, log_line}, .level = LOG_INFO};
    struct version *v, *to;
    struct err e = {0};

    if (world_init(w, &cfg, &e) < 0)
        die("no world", &e);
    /* the worker is this thread, and awake */
    atomic_store_explicit(&w->sys.sched.parked, 0, memory_order_relaxed);
    w->sim.parked[0] = false;
    atomic_load_explicit(&w->sys.sched.workers[0], memory_order_relaxed)->once =
        false; /* many slices a run, as in the daemon */
    if (strcmp(what, "swap") == 0) {
        static const struct swap_options options = {0};

        if (world_link(w, &movers_1, &v, &e) < 0 || world_link(w, &movers_2, &to, &e) < 0)
            die("movers", &e);
        spawn(g, "movers.crowd", type_of(&movers_1, "crowd_args"), &n);
        while (sim_stranded(&w->sim) > 0) /* until they are idle */
            visit(g);
        if (runtime_swap(w->runtime, to, &options, &g->swapping, NULL, &e) < 0)
            die("swap", &e);
    } else {
        struct count args = {actor_cstr(what), n};
        const actor_type *go;
        actor_ref boss;
        struct actx *x;

        if (world_link(w, &guard_actors, &v, &e) < 0)
            die("actors", &e);
        go = type_of(&guard_actors, "go");
        boss = spawn(g, "guard.boss", type_of(&guard_actors, "boss_args"), &args);
        x = system_enter(&w->sys, w->sys.user);
        if (call_tell(&x->ctx, boss, go, "") < 0)
            die("go", NULL);
        system_leave(x);
    }
}

static void
run(const char *what, uint64_t n)
{
    struct guard *g = calloc(1, sizeof *g);
    struct balance b, system;
    struct world_end left;

    if (g == NULL)
        die("no memory", NULL);
    prepare(g, what, n);
    guard_region(g);
    if (g->swapping != NULL)
        runtime_swap_end(g->world.runtime, g->swapping);
    while (sim_stranded(&g->world.sim) > 0)
        visit(g);
    world_balance(&g->world, &b, &system);
    if (!balance_holds(&b) || b.dead != 0)
        die("messages were lost", NULL);
    world_fini(&g->world, &left);
    if (left.blocks != 0 || left.bytes != 0)
        die("memory was left", NULL);
    free(g);
    printf("%s %" PRIu64 "\n", what, n);
}

int
main(int argc, char **argv)
{
#ifdef __clang__
    printf("clang %d\n", __clang_major__);
#else
    printf("gcc %d\n", __GNUC__);
#endif
    alarm(PATIENCE_S); /* a worker without work would sleep for ever */
    for (int i = 1; i < argc; i++) {
        char *n = strchr(argv[i], ':');

        if (n == NULL || atoll(n + 1) <= 0)
            die(argv[i], NULL);
        *n = 0;
        run(argv[i], (uint64_t)atoll(n + 1));
    }
    return 0;
}
