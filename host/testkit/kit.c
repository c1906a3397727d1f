/* kit.c - life of a testkit: making it, loading plugins, running, spawning, and the account at the end. */
#include "testkit/kit.h"
#include "actor/call.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 20000000, END_MS = 600000 };

/* --- words --- */
void
kit_fail(testkit *tk, const char *file, int line, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tk->failures++;
    if (file != NULL)
        fprintf(stderr, "%s:%d: ", file, line);
    fprintf(stderr, "testkit: %s (replay with TESTKIT_SEED=%" PRIu64 ")\n", text, tk->seed);
}

int
kit_err(testkit *tk, int r, const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    err_set(&tk->err, -r, "%s: %s", text, err_text(r));
    return r;
}

const char *
testkit_error(testkit *tk)
{
    return tk->err.text;
}

void *
kit_own(testkit *tk, size_t bytes)
{
    void *p = calloc(1, bytes + 1);

    if (p == NULL || vec_push(&tk->owned, p) < 0)
        abort(); /* the test's own memory */
    return p;
}

const char *
kit_own_text(testkit *tk, const struct strbuf *b)
{
    char *p = kit_own(tk, b->len + 1);

    memcpy(p, strbuf_str(b), b->len);
    return p;
}

static int64_t
log_line(void *self, const char *line, size_t len)
{
    testkit *tk = self;

    strbuf_add(&tk->log, line, len);
    return (int64_t)len;
}

/* --- life --- */
static uint64_t
seed_of(uint64_t seed)
{
    const char *text = getenv("TESTKIT_SEED");

    return text != NULL && text[0] != 0 ? strtoull(text, NULL, 10) : seed;
}

/* The test's own message types, as a plugin without behaviours. */
static int
learn_types(testkit *tk, actor_type *const *types, actor_type *const *end)
{
    actor_plugin p = {.size = sizeof p,
                      .abi_major = ACTOR_ABI_MAJOR,
                      .abi_minor = ACTOR_ABI_MINOR,
                      .name = "test",
                      .version = "0",
                      .types = types,
                      .types_end = end};

    return bind_plugin(&tk->world.sys, &p, UINT32_MAX, &tk->types, &tk->err);
}

static void
release(testkit *tk)
{
    vec_each (p, &tk->owned)
        free(*p);
    vec_fini(&tk->owned);
    vec_fini(&tk->linked);
    strbuf_fini(&tk->log);
    free(tk);
}

testkit *
testkit_new_(uint64_t seed, actor_type *const *types, actor_type *const *types_end)
{
    testkit *tk = calloc(1, sizeof *tk);
    struct world_config cfg = {.seed = seed_of(seed), .workers = 2, .level = LOG_DEBUG};

    if (tk == NULL)
        return NULL;
    strbuf_init(&tk->log);
    tk->seed = cfg.seed;
    tk->fails_at = UINT64_MAX;
    cfg.sink = (struct log_sink){tk, log_line};
    if (world_init(&tk->world, &cfg, &tk->err) < 0) {
        fprintf(stderr, "testkit: %s\n", tk->err.text);
        release(tk);
        return NULL;
    }
    tk->start_ns = tk->world.env.mono_ns;
    if (learn_types(tk, types, types_end) < 0 || probes_init(tk) < 0) {
        fprintf(stderr, "testkit: %s\n", tk->err.text);
        tk->failures = 0;
        testkit_free(tk);
        return NULL;
    }
    return tk;
}

/* Every actor stops, with its stop hook. */
static void
stop_all(testkit *tk)
{
    struct system *sys = &tk->world.sys;
    uint64_t until = tk->world.env.mono_ns + END_MS * UINT64_C(1000000);

    for (uint32_t s = cell_at(sys, sys->user.slot)->child; s != CELL_NONE;) {
        struct cell *c = cell_at(sys, s);

        s = c->older;
        testkit_stop(tk, c->ref, ACTOR_STOP_NOW);
    }
    kit_run(tk, until, NULL, NULL);
    if (!tk->broken && gauge_value(&sys->alive) != 0)
        kit_fail(tk, NULL, 0, "%" PRIu64 " actors do not end", gauge_value(&sys->alive));
}

static void
check_balance(testkit *tk, const char *lane, const struct balance *b)
{
    if (!balance_holds(b))
        kit_fail(tk, NULL, 0,
                 "%s messages: %" PRIu64 " accepted, %" PRIu64 " handled, %" PRIu64 " dead, %" PRIu64
                 " rolled back, %" PRIu64 " queued: some have no fate",
                 lane, b->accepted, b->handled, b->dead, b->rolled_back, b->queued);
}

int
testkit_free(testkit *tk)
{
    struct balance user, system;
    struct world_end left;
    int failures;

    if (tk == NULL)
        return 0;
    tk->world.env.fail_at = 0;
    if (!tk->broken)
        stop_all(tk);
    if (!tk->broken) {
        world_balance(&tk->world, &user, &system);
        check_balance(tk, "user", &user);
        check_balance(tk, "system", &system);
    }
    bound_free(&tk->world.sys, tk->types);
    probes_fini(tk);
    world_fini(&tk->world, &left);
    if (left.blocks != 0 || left.bytes != 0)
        kit_fail(tk, NULL, 0, "%" PRIu64 " blocks and %" PRIu64 " bytes are left over", left.blocks,
                 left.bytes);
    failures = tk->failures;
    release(tk);
    return failures;
}

/* --- running --- */
bool
kit_run(testkit *tk, uint64_t until_ns, bool (*enough)(const void *arg), const void *arg)
{
    enum world_state st = WORLD_BUSY;

    for (uint64_t i = 0; !tk->broken && st == WORLD_BUSY && (enough == NULL || !enough(arg)); i++) {
        st = world_step(&tk->world, until_ns);
        if (i == STEPS_MAX) {
            kit_fail(tk, NULL, 0, "the actors never come to rest");
            tk->broken = true;
        }
    }
    if (st == WORLD_STUCK) {
        kit_fail(tk, NULL, 0, "the host stands still with work to do");
        tk->broken = true;
    }
    return !tk->broken;
}

void
testkit_run(testkit *tk)
{
    kit_run(tk, tk->world.env.mono_ns, NULL, NULL);
}

void
testkit_advance(testkit *tk, uint64_t ms)
{
    kit_run(tk, tk->world.env.mono_ns + ms * 1000000, NULL, NULL);
}

uint64_t
testkit_now_ms(testkit *tk)
{
    return (tk->world.env.mono_ns - tk->start_ns) / 1000000;
}

struct call {
    void (*fn)(struct actx *, struct cell *, void *arg);
    void *arg;
    bool over, dead;
};

static void
called(struct actx *x, struct cell *c, void *arg)
{
    struct call *k = arg;

    k->over = true;
    k->dead = c == NULL;
    if (c != NULL)
        k->fn(x, c, k->arg);
}

static bool
is_done(const void *arg)
{
    return ((const struct call *)arg)->over;
}

int
kit_call(testkit *tk, actor_ref who, void (*fn)(struct actx *, struct cell *, void *arg), void *arg)
{
    struct call k = {fn, arg, false, false};
    int r = tk->broken ? -ERR_STOPPING : system_call(&tk->world.sys, who, called, &k);

    if (r == 0)
        kit_run(tk, tk->world.env.mono_ns, is_done, &k);
    if (r == 0 && (!k.over || k.dead))
        r = -ERR_DEAD;
    return r < 0 ? kit_err(tk, r, "actor %u.%" PRIu64, who.slot, who.gen) : 0;
}

/* --- plugins and actors --- */
int
testkit_load_with(testkit *tk, const actor_plugin *p, const void *config)
{
    struct linked l = {.plugin = p};
    int r = runtime_link(tk->world.runtime, p, config, &l.version, &tk->err);

    if (r == 0 && vec_push(&tk->linked, l) < 0)
        abort(); /* the test's own memory */
    return r < 0 ? r : probes_learn(tk);
}

struct spawning {
    const char *behaviour, *name;
    const actor_spawn_opts *opts;
    const actor_type *args;
    const void *v;
    actor_ref ref;
    int r;
};

static void
spawn_here(struct actx *x, struct cell *c, void *arg)
{
    struct spawning *s = arg;

    (void)c;
    s->r =
        call_spawn(&x->ctx, &s->ref, actor_cstr(s->behaviour), actor_cstr(s->name), s->opts, s->args, s->v);
}

actor_ref
testkit_spawn_(testkit *tk, const char *behaviour, const char *name, const actor_spawn_opts *opts,
               const actor_type *args, const void *v)
{
    struct spawning s = {behaviour, name, opts, args, v, ACTOR_NOBODY, 0};

    if (kit_call(tk, tk->world.sys.user, spawn_here, &s) < 0)
        return ACTOR_NOBODY;
    if (s.r < 0)
        kit_err(tk, s.r, "spawn of %s%s%s", behaviour, name != NULL ? " as " : "", name != NULL ? name : "");
    testkit_run(tk);
    return s.ref;
}

struct cell *
kit_cell(testkit *tk, actor_ref who)
{
    struct cell *c = cell_at(&tk->world.sys, who.slot % tk->world.sys.cfg.max_cells);

    return who.gen != 0 && cell_gen(c) == who.gen ? c : NULL;
}

int
testkit_stop(testkit *tk, actor_ref who, enum actor_stop_mode mode)
{
    struct actx *x = system_enter(&tk->world.sys, tk->world.sys.user);
    int r = call_stop(&x->ctx, who, mode);

    system_leave(x);
    if (r < 0)
        kit_err(tk, r, "stop of %u.%" PRIu64, who.slot, who.gen);
    testkit_run(tk);
    return r;
}

bool
testkit_alive(testkit *tk, actor_ref who)
{
    return kit_cell(tk, who) != NULL;
}

uint32_t
testkit_restarts(testkit *tk, actor_ref who)
{
    const struct cell *c = kit_cell(tk, who);

    return c == NULL ? 0 : c->incarnation;
}

actor_ref
testkit_lookup(testkit *tk, const char *path)
{
    return names_lookup(&tk->world.sys, path, strlen(path));
}
