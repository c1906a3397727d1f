/* bench - the scenarios that tests/peers/limit/limit.c measures without a runtime, as actors on this one.
 *
 *   pingpong   two nodes pass one token n times
 *   ring       1,000 nodes in a circle pass `tokens` tokens, n hops together
 *   fanin      8 producers tell one consumer n messages together, 100 a turn and one to themselves
 *   spawn      n actors, one message each, 1,024 at a time
 *
 * A bench actor runs one scenario in its life, from its start arguments, so that an ini file is enough to run it. It logs
 * "bench ready", a moment later it begins, and at the end "bench done WHAT n=N ns=NS failed=N". The clock is read in the turn
 * that sends the first message and in the turn that learns of the last one.
 */
#define ACTOR_NAMESPACE "bench"
#include <actor/actor.h>

enum { RING = 1000, PRODUCERS = 8, BURST = 100, BATCH = 1024 };
#define ARGS(F) F(str, what) F(u64, n) F(u64, tokens, .dflt = 1) F(u32, pause_ms, .dflt = 200)
#define LINK(F) F(ref, next) F(ref, boss) F(u64, n)
#define HOP(F)  F(u64, left)
#define BENCH(F) \
    F(str, what) \
    F(u64, n) F(u64, tokens) F(list(ref), nodes) F(u64, start_ns) F(u64, spawned) F(u64, ended) F(u64, failed)
#define NODE(F)     F(ref, next) F(ref, boss)
#define CONSUMER(F) F(ref, boss) F(u64, left)
#define PRODUCER(F) F(ref, consumer) F(u64, left)
#define IDLER(F)    F(u64, n)
ACTOR_ARGS(bench_args, 1, ARGS)
ACTOR_MESSAGE(link_to, 1, LINK)
ACTOR_MESSAGE(hop, 1, HOP)
ACTOR_SIGNAL(go, 1)
ACTOR_SIGNAL(more, 1)
ACTOR_SIGNAL(ended, 1)
ACTOR_STATE(bench, 1, BENCH)
ACTOR_STATE(node, 1, NODE)
ACTOR_STATE(consumer, 1, CONSUMER)
ACTOR_STATE(producer, 1, PRODUCER)
ACTOR_STATE(idler, 1, IDLER)

ACTOR_ON(node, link_to, ctx, self, m)
{
    self->next = m->next;
    self->boss = m->boss;
    return ACTOR_OK;
}
ACTOR_ON(node, hop, ctx, self, m)
{
    if (m->left == 0)
        actor_tell(ctx, self->boss, ended);
    else
        actor_tell(ctx, self->next, hop, .left = m->left - 1);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(node, ACTOR_ROW(node, link_to), ACTOR_ROW(node, hop))

ACTOR_ON(consumer, link_to, ctx, self, m)
{
    self->boss = m->boss;
    self->left = m->n;
    return ACTOR_OK;
}
ACTOR_ON(consumer, hop, ctx, self, m)
{
    self->left -= m->left;
    if (self->left == 0)
        actor_tell(ctx, self->boss, ended);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(consumer, ACTOR_ROW(consumer, link_to), ACTOR_ROW(consumer, hop))

ACTOR_ON(producer, link_to, ctx, self, m)
{
    self->consumer = m->next;
    self->left = m->n;
    return ACTOR_OK;
}
ACTOR_ON(producer, more, ctx, self, m)
{
    for (int i = 0; i < BURST; i++)
        actor_tell(ctx, self->consumer, hop, .left = 1);
    self->left -= BURST;
    if (self->left > 0)
        actor_tell(ctx, actor_self(ctx), more);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(producer, ACTOR_ROW(producer, link_to), ACTOR_ROW(producer, more))

/* The last of a batch asks for the next. */
ACTOR_ON(idler, hop, ctx, self, m)
{
    self->n = m->left;
    if (m->left == 0)
        actor_tell(ctx, actor_sender(ctx), more);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(idler, ACTOR_ROW(idler, hop))

static actor_ref
child(actor_ctx *ctx, bench *self, const char *behaviour)
{
    actor_ref r = ACTOR_NOBODY;

    self->failed += actor_spawn(ctx, &r, behaviour, NULL, actor_none) < 0;
    return r;
}

/* n nodes in a circle. */
static void
circle(actor_ctx *ctx, bench *self, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        actor_append(ctx, &self->nodes, child(ctx, self, "node"));
    for (uint32_t i = 0; i < n; i++)
        actor_tell(ctx, self->nodes.v[i], link_to, .next = self->nodes.v[(i + 1) % n],
                   .boss = actor_self(ctx));
}

static void
done(actor_ctx *ctx, bench *self)
{
    const uint64_t ns = actor_real_ns(ctx) - self->start_ns;

    actor_log_info(ctx, "bench done %.*s n=%llu ns=%llu failed=%llu", (int)self->what.n, self->what.p,
                   (unsigned long long)self->n, (unsigned long long)ns, (unsigned long long)self->failed);
}

/* Prepare; the children link before `go` comes, as the clock may not count their start. */
ACTOR_ON_START(bench, bench_args, ctx, self, args)
{
    actor_set(ctx, &self->what, args->what);
    self->n = args->n;
    self->tokens = args->tokens;
    if (args->tokens == 0 || args->tokens > RING || args->n == 0)
        return actor_fail(ctx, 1, "n and tokens are 1 or more, tokens %d at most", RING);
    if (actor_str_eq(args->what, ACTOR_STR("pingpong"))) {
        circle(ctx, self, 2);
    } else if (actor_str_eq(args->what, ACTOR_STR("ring"))) {
        circle(ctx, self, RING);
    } else if (actor_str_eq(args->what, ACTOR_STR("fanin"))) {
        const actor_ref to = child(ctx, self, "consumer");

        self->tokens = 1; /* the consumer's word ends it */
        if (args->n % (PRODUCERS * BURST) != 0)
            return actor_fail(ctx, 1, "fanin: n is a multiple of %d", PRODUCERS * BURST);
        actor_tell(ctx, to, link_to, .boss = actor_self(ctx), .n = args->n);
        for (uint32_t i = 0; i < PRODUCERS; i++) {
            actor_append(ctx, &self->nodes, child(ctx, self, "producer"));
            actor_tell(ctx, self->nodes.v[i], link_to, .next = to, .n = args->n / PRODUCERS);
        }
    } else if (!actor_str_eq(args->what, ACTOR_STR("spawn"))) {
        return actor_fail(ctx, 1, "no scenario '%.*s'", ACTOR_STR_ARG(args->what));
    }
    actor_log_info(ctx, "bench ready");
    actor_timer(ctx, args->pause_ms, 0, 0, go);
    return ACTOR_OK;
}
ACTOR_ON(bench, go, ctx, self, m)
{
    const actor_str what = actor_view(self->what);

    self->start_ns = actor_real_ns(ctx);
    if (actor_str_eq(what, ACTOR_STR("spawn")))
        actor_tell(ctx, actor_self(ctx), more);
    else if (actor_str_eq(what, ACTOR_STR("fanin")))
        for (uint32_t i = 0; i < self->nodes.n; i++)
            actor_tell(ctx, self->nodes.v[i], more);
    else
        for (uint64_t i = 0; i < self->tokens; i++)
            actor_tell(ctx, self->nodes.v[i * (self->nodes.n / self->tokens)], hop,
                       .left = self->n / self->tokens);
    return ACTOR_OK;
}
ACTOR_ON(bench, more, ctx, self, m)
{
    const uint64_t left = self->n - self->spawned, batch = left < BATCH ? left : BATCH;

    for (uint64_t i = batch; i-- > 0; self->spawned++)
        actor_tell(ctx, child(ctx, self, "idler"), hop, .left = i);
    if (batch == 0)
        done(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(bench, ended, ctx, self, m)
{
    if (++self->ended == self->tokens)
        done(ctx, self);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(bench, ACTOR_ROW_STARTS(bench, bench_args), ACTOR_ROW(bench, go), ACTOR_ROW(bench, more),
                ACTOR_ROW(bench, ended))
ACTOR_PLUGIN("bench", "1.0.0", &bench_behaviour, &node_behaviour, &consumer_behaviour, &producer_behaviour,
             &idler_behaviour)
