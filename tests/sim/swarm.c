/* swarm.c - the driver: work from outside, swaps and faults for a while; then everything heals and must come to rest, then end. */
#include "swarm.h"
#include "actor/call.h"
#include "load.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_EVERY = 512, STEPS_MAX = 2000000 };

/* --- options --- */
static uint32_t
some(struct rng *r, uint32_t odds, uint32_t max)
{
    return rng_below(r, odds) == 0 ? 0 : 1 + (uint32_t)rng_below(r, max);
}

void
swarm_options(struct options *ret, uint64_t seed)
{
    struct rng r;

    rng_seed(&r, seed);
    *ret = (struct options){
        .seed = seed,
        .workers = 1 + (uint32_t)rng_below(&r, 4),
        .actors = 1 + (uint32_t)rng_below(&r, rng_below(&r, 3) == 0 ? 40 : 16),
        .ops = 20 + (uint32_t)rng_below(&r, 180),
        .hops = 1 + (uint32_t)rng_below(&r, 3),
        .fail = some(&r, 2, 60),
        .unhandled = some(&r, 3, 20),
        .stop = some(&r, 2, 20),
        .stash = some(&r, 2, 60),
        .asks = some(&r, 3, 400),
        .timers = some(&r, 3, 200),
        .watches = some(&r, 3, 150),
        .spawns = some(&r, 3, 100),
        .jobs = some(&r, 3, 60),
        .fan = some(&r, 2, 6),
        .start_fails = some(&r, 2, 100),
        .swaps = rng_below(&r, 3) != 0,
        .refuse = rng_below(&r, 3) == 0,
        .keep_refused = rng_below(&r, 2) == 0,
        .faults = rng_below(&r, 3) == 0,
        .supervised = rng_below(&r, 2) == 0,
    };
    ret->backoff_ms = some(&r, 2, 20);
    ret->keep_children = rng_below(&r, 2) == 0;
    ret->group = rng_below(&r, 2) == 0 ? 0 : (uint32_t)rng_below(&r, 3);
}

void
swarm_print(const struct options *o, FILE *to)
{
    fprintf(to,
            "seed %" PRIu64 ": workers %u actors %u ops %u hops %u fan %u; in 1000: fail %u unhandled %u "
            "stop %u stash %u asks %u "
            "timers %u watches %u spawns %u jobs %u start_fails %u; swaps %d refuse %d keep_refused %d "
            "faults %d supervised %d backoff %u ms keep_children %d group %u\n",
            o->seed, o->workers, o->actors, o->ops, o->hops, o->fan, o->fail, o->unhandled, o->stop, o->stash,
            o->asks, o->timers, o->watches, o->spawns, o->jobs, o->start_fails, o->swaps, o->refuse,
            o->keep_refused, o->faults, o->supervised, o->backoff_ms, o->keep_children, o->group);
}

/* --- a run --- */
struct run {
    const struct options *o;
    struct world world;
    struct version *version[2];
    const struct load_api *api[2];
    struct rng rng;
    struct run_report *report;
    FILE *trace;
    bool swapping, refusing; /* a swap is under way; migrate() may refuse */
};

static int64_t
log_line(void *self, const char *line, size_t len)
{
    struct run *run = self;

    if (run->trace != NULL)
        fprintf(run->trace, "    log: %.*s", (int)len, line);
    return (int64_t)len;
}

/* The two layouts are sent in turn, whichever version serves. */
static const struct load_api *
either(struct run *run)
{
    return run->api[rng_below(&run->rng, 2)];
}

struct spawning {
    struct run *run;
    const struct load_api *api;
    uint32_t id;
    actor_spawn_opts opts;
};

static void
spawn_here(struct actx *x, struct cell *c, void *arg)
{
    struct spawning *s = arg;
    actor_ref ref;

    oracle_outside(true);
    if (c != NULL && s->api->spawn(&x->ctx, &ref, s->id, s->run->o->supervised ? &s->opts : NULL, NULL) == 0)
        oracle_spawned(s->id, ref);
    oracle_outside(false);
    free(s);
}

static void
spawn(struct run *run)
{
    struct spawning *s = malloc(sizeof *s);
    uint32_t id = oracle_new_id();

    if (s == NULL || id == 0) {
        free(s);
        return;
    }
    *s = (struct spawning){.run = run, .api = either(run), .id = id};
    s->opts = (actor_spawn_opts){.size = sizeof s->opts,
                                 .on_failure = (uint32_t)rng_below(&run->rng, 5),
                                 .max_restarts = (uint32_t)rng_below(&run->rng, 4),
                                 .within_ms = 500};
    if (system_call(&run->world.sys, run->world.sys.user, spawn_here, s) < 0)
        free(s);
}

static void
send(struct run *run)
{
    uint64_t n = 1 + rng_below(&run->rng, rng_below(&run->rng, 8) == 0 ? 100 : 8);
    struct actx *x = system_enter(&run->world.sys, run->world.sys.user);

    oracle_outside(true);
    for (uint64_t i = 0; i < n; i++) {
        uint32_t to_id;
        actor_ref to = oracle_pick(rng_u64(&run->rng), &to_id);

        for (uint64_t k = 0, many = 1 + rng_below(&run->rng, 4); k < many; k++) {
            uint64_t seq = oracle_next(0, to_id);
            int r = either(run)->item(&x->ctx, to, to_id, seq, run->o->hops);

            oracle_tell_status(to, r);
            if (r == 0)
                oracle_sent(0, to_id, seq);
        }
    }
    oracle_outside(false);
    system_leave(x);
}

static void
stop(struct run *run, actor_ref who, bool drain)
{
    struct actx *x = system_enter(&run->world.sys, run->world.sys.user);

    (void)actor_stop(&x->ctx, who, drain ? ACTOR_STOP_DRAIN : ACTOR_STOP_NOW);
    system_leave(x);
}

static void
swap(struct run *run)
{
    struct version *active = catalogue_active(runtime_catalogue(run->world.runtime), "load");
    struct swap_options so = {.keep_refused = run->o->keep_refused};
    struct version *to = run->version[active == run->version[0]];
    struct err e = {0};
    int r;

    if (run->world.swapping != NULL)
        return;
    so.narrow = to == run->version[0];
    oracle_refuse = run->o->refuse && rng_below(&run->rng, 2) == 0;
    r = world_swap(&run->world, to, &so, &e);
    if (r == 0)
        run->report->swaps++;
    else if (r != -ERR_NOMEM && e.code != ERR_NOMEM && e.code != ERR_MIGRATE)
        oracle_fail("a swap is refused: %s", e.text);
    if (run->trace != NULL)
        fprintf(run->trace, "    swap to %s: %s\n", to->manifest->version, r == 0 ? "begun" : e.text);
    run->swapping = r == 0;
    run->refusing = oracle_refuse != 0;
}

static void
swap_over(struct run *run)
{
    const struct swap_status *st = &run->world.swap;

    if (!run->swapping || run->world.swapping != NULL)
        return;
    run->swapping = false;
    run->report->reverted += st->phase == SWAPPING_REVERTED;
    if (run->trace != NULL)
        fprintf(run->trace, "    swap over: moved %" PRIu64 " refused %" PRIu64 "\n", st->moved, st->refused);
    if (st->refused != 0 && !run->refusing && !run->o->faults)
        oracle_fail("a swap left %" PRIu64 " actors behind: %s", st->refused, st->err.text);
}

static void
operate(struct run *run)
{
    uint64_t dice = rng_below(&run->rng, 32);
    uint32_t id;

    if (run->o->faults && rng_below(&run->rng, 2) == 0) {
        run->world.env.fail_at = rng_below(&run->rng, 3) == 0 ? 0 : 1 + rng_below(&run->rng, 40);
        run->world.env.fail_from = rng_below(&run->rng, 8) == 0;
    }
    if (dice < 18)
        send(run);
    else if (dice < 23)
        spawn(run);
    else if (dice < 26)
        stop(run, oracle_pick(rng_u64(&run->rng), &id), dice == 23);
    else if (run->o->swaps)
        swap(run);
    else
        send(run);
}

static void
show(struct run *run)
{
    static const char *const acts[] = {"slice", "idle", "parks", "jump", "quiet"};
    static const char *const sources[] = {"own", "injected", "stolen", "stolen slot"};
    const struct sim_step *s = &run->world.sim.last;

    if (run->trace != NULL)
        fprintf(run->trace, "%8" PRIu64 " %12.6f worker %u %s %s slot %u turns %u hash %016" PRIx64 "\n",
                run->world.sim.steps, (double)s->ns / 1e9, s->worker, acts[s->act],
                s->act == SIM_SLICE ? sources[s->source] : "", s->slot, s->turns, run->world.sim.hash);
}

/* Steps until the world is quiet (up to until_ns), or n of them. false: something is wrong. */
static bool
go(struct run *run, uint64_t n, uint64_t until_ns)
{
    enum world_state st = WORLD_BUSY;

    for (uint64_t i = 0; i < n && st == WORLD_BUSY && oracle_wrong() == NULL; i++) {
        st = world_step(&run->world, until_ns);
        show(run);
        if (run->world.sim.steps % 32 == 0)
            oracle_dead_letters();
        if (run->world.sim.steps % CHECK_EVERY == 0)
            oracle_balance();
        if (run->world.sim.steps > STEPS_MAX)
            oracle_fail("it never comes to rest");
        swap_over(run);
    }
    if (st == WORLD_STUCK)
        oracle_fail("%s", sim_stranded(&run->world.sim) > 0 ? "a task waits, and nobody wakes up"
                                                            : "a swap does not end");
    return oracle_wrong() == NULL;
}

/* Faults end: everything must come to rest, and every account must be closed. */
static void
heal(struct run *run)
{
    oracle_healing = true;
    oracle_refuse = 0;
    run->world.env.fail_at = 0;
    run->world.env.fail_from = false;
    if (!go(run, UINT64_MAX, UINT64_MAX))
        return;
    oracle_quiet();
}

static void
end_all(struct run *run)
{
    for (uint32_t id = 1; id < oracle_ids(); id++)
        if (oracle_alive(oracle_ref(id)))
            stop(run, oracle_ref(id), id % 2 == 0);
    if (!go(run, UINT64_MAX, UINT64_MAX))
        return;
    for (uint32_t id = 1; id < oracle_ids(); id++)
        if (oracle_alive(oracle_ref(id)))
            oracle_fail("actor %u was stopped, and lives", id);
    if (gauge_value(&run->world.sys.alive) != 0)
        oracle_fail("%" PRIu64 " actors are counted alive", gauge_value(&run->world.sys.alive));
    oracle_quiet();
}

const char *
swarm_run(const struct options *o, struct run_report *ret, FILE *trace)
{
    static char wrong[640];
    struct run run = {.o = o, .api = {&load_1, &load_2}, .report = ret, .trace = trace};
    struct world_config cfg = {.seed = o->seed,
                               .workers = o->workers,
                               .dead_bytes = 1 << 18,
                               .sink = {&run, log_line},
                               .level = trace != NULL ? LOG_DEBUG : LOG_ERROR};
    struct world_end left;
    struct err e = {0};

    *ret = (struct run_report){0};
    rng_seed(&run.rng, o->seed + 3);
    if (world_init(&run.world, &cfg, &e) < 0) {
        snprintf(wrong, sizeof wrong, "no world: %s", e.text);
        return wrong;
    }
    run.world.supervision.node.keep_children = o->keep_children;
    run.world.supervision.node.group = o->group;
    run.world.supervision.node.backoff = (struct policy_backoff){
        .initial_ms = o->backoff_ms, .max_ms = 4 * o->backoff_ms, .reset_ms = 100, .jitter_pct = 20};
    oracle_init(&run.world, o);
    for (int i = 0; i < 2; i++)
        if (world_link(&run.world, run.api[i]->plugin, &run.version[i], &e) < 0)
            oracle_fail("version %d: %s", i + 1, e.text);
    for (uint32_t i = 0; i < o->actors && oracle_wrong() == NULL; i++)
        spawn(&run);
    for (uint32_t i = 0;
         i < o->ops && go(&run, 1 + rng_below(&run.rng, 40), run.world.env.mono_ns + 20000000); i++)
        operate(&run);
    if (oracle_wrong() == NULL)
        heal(&run);
    if (oracle_wrong() == NULL)
        end_all(&run);
    *ret = (struct run_report){.hash = run.world.sim.hash,
                               .steps = run.world.sim.steps,
                               .turns = run.world.sim.turns,
                               .events = oracle_events(),
                               .virtual_ms = run.world.env.mono_ns / 1000000 - 1000,
                               .actors = oracle_ids() - 1,
                               .swaps = ret->swaps,
                               .reverted = ret->reverted,
                               .steals = (uint32_t)run.world.sim.steals};
    world_fini(&run.world, &left);
    if (left.blocks != 0 || left.bytes != 0)
        oracle_fail("left over: %" PRIu64 " blocks, %" PRIu64 " bytes", left.blocks, left.bytes);
    snprintf(wrong, sizeof wrong, "%s", oracle_wrong() == NULL ? "" : oracle_wrong());
    oracle_fini();
    return wrong[0] == 0 ? NULL : wrong;
}
