/* ring - actors in a circle (1,000 of them) pass `tokens` tokens, n hops together. */
#include "bench.h"

enum { BATCH = 1000 }; /* spawns a turn */
/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 5000000) F(u64, tokens, .dflt = 1) F(u64, actors, .dflt = 1000)
#define BOSS(F) \
    F(u64, n) F(u64, tokens) F(u64, actors) F(u64, made) F(ref, first) F(ref, last) F(list(ref), starts) F(u64, start_ns) \
    F(u64, ended) F(u64, failed)
#define NODE(F) F(ref, next) F(ref, boss)
#define HOP(F)  F(u64, left)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(link_to, 1, NODE)
ACTOR_MESSAGE(hop, 1, HOP)
ACTOR_SIGNAL(more, 1)
ACTOR_SIGNAL(ended, 1)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(node, 1, NODE)

ACTOR_ON(node, link_to, ctx, self, m)
{
    self->next = m->next;
    self->boss = m->boss;
    return ACTOR_OK;
}
ACTOR_ON_NOFAIL(node, hop, ctx, self, m)
{
    if (m->left == 0)
        actor_tell(ctx, self->boss, ended);
    else
        actor_tell(ctx, self->next, hop, .left = m->left - 1);
}
ACTOR_BEHAVIOUR(node, ACTOR_ROW(node, link_to), ACTOR_ROW_NOFAIL(node, hop))

static void
link_nodes(actor_ctx *ctx, actor_ref from, actor_ref to)
{
    actor_tell(ctx, from, link_to, .next = to, .boss = actor_self(ctx));
}

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    self->n = args->n;
    self->tokens = args->tokens;
    self->actors = args->actors;
    if (args->tokens == 0 || args->tokens > args->actors || args->n % args->tokens != 0)
        return actor_fail(ctx, 1, "tokens: 1 to the number of actors, and n a multiple of it");
    actor_tell(ctx, actor_self(ctx), more);
    return ACTOR_OK;
}
ACTOR_ON(boss, more, ctx, self, m)
{
    const uint64_t apart = self->actors / self->tokens;

    for (uint64_t i = 0; i < BATCH && self->made < self->actors; i++, self->made++) {
        const actor_ref fresh = bench_child(ctx, "node", &self->failed);

        if (self->made == 0)
            self->first = fresh;
        else
            link_nodes(ctx, self->last, fresh);
        self->last = fresh;
        if (self->made % apart == 0 && self->starts.n < self->tokens)
            self->failed += actor_append(ctx, &self->starts, fresh) < 0;
    }
    if (self->made < self->actors) {
        actor_tell(ctx, actor_self(ctx), more);
    } else {
        link_nodes(ctx, self->last, self->first);
        bench_ready(ctx);
    }
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    self->start_ns = actor_now_ns(ctx);
    for (uint32_t i = 0; i < self->starts.n; i++)
        actor_tell(ctx, self->starts.v[i], hop, .left = self->n / self->tokens);
    return ACTOR_OK;
}
ACTOR_ON(boss, ended, ctx, self, m)
{
    if (++self->ended == self->tokens) {
        bench_figure(ctx, "throughput", self->n, actor_now_ns(ctx) - self->start_ns);
        bench_done(ctx, self->failed);
    }
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, more), ACTOR_ROW(boss, go),
                ACTOR_ROW(boss, ended))
ACTOR_PLUGIN("ring", "1.0.0", &boss_behaviour, &node_behaviour)
