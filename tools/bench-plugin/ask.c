/* ask - 8 clients ask one server, each n / 8 times, one at a time; the answer brings the number that was asked.
 *
 * timeout_ms 0: a tell and a reply to it. That is what the SDK has without a deadline, and what the floor and Erlang's bare send and
 * receive are: nobody pairs answers with questions but the client. */
#include "bench.h"

enum { CLIENTS = 8 };
/* clang-format off */
#define BOSS_ARGS(F)   F(u64, n, .dflt = 2000000) F(u64, timeout_ms, .dflt = 5000)
#define BOSS(F)        F(u64, n) F(list(ref), clients) F(u64, start_ns) F(u64, ended) F(u64, failed)
#define TASK(F)        F(ref, server) F(u64, n) F(u64, timeout_ms)
#define CLIENT(F)      F(ref, server) F(ref, boss) F(u64, left) F(u64, timeout_ms) F(u64, failed)
#define SERVER(F)      F(u64, answered)
#define NUMBER(F)      F(u64, value)
#define ENDED(F)       F(u64, failed)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(task, 1, TASK)
ACTOR_MESSAGE(get, 1, NUMBER)
ACTOR_MESSAGE(got, 1, NUMBER)
ACTOR_MESSAGE(ended, 1, ENDED)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(client, 1, CLIENT)
ACTOR_STATE(server, 1, SERVER)

ACTOR_ON(server, get, ctx, self, m)
{
    self->answered++;
    actor_reply(ctx, got, .value = m->value);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(server, ACTOR_ROW(server, get))

static void
next(actor_ctx *ctx, client *self)
{
    if (self->left == 0)
        actor_tell(ctx, self->boss, ended, .failed = self->failed);
    else if (self->timeout_ms == 0)
        self->failed += actor_tell(ctx, self->server, get, .value = self->left) < 0;
    else
        self->failed += actor_ask(ctx, self->server, got, self->timeout_ms, 1, get, .value = self->left) < 0;
}
ACTOR_ON(client, task, ctx, self, m)
{
    self->server = m->server;
    self->boss = actor_sender(ctx);
    self->left = m->n;
    self->timeout_ms = m->timeout_ms;
    return ACTOR_OK;
}
ACTOR_ON(client, go, ctx, self, m)
{
    next(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(client, got, ctx, self, m)
{
    self->failed += m->value != self->left;
    self->left--;
    next(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(client, actor_ask_failed, ctx, self, m)
{
    self->failed++;
    self->left--;
    next(ctx, self);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(client, ACTOR_ROW(client, task), ACTOR_ROW(client, go), ACTOR_ROW(client, got),
                ACTOR_ROW(client, actor_ask_failed))

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    const actor_ref of = bench_child(ctx, "server", &self->failed);

    self->n = args->n;
    if (args->n == 0 || args->n % CLIENTS != 0)
        return actor_fail(ctx, 1, "n is a multiple of %d", CLIENTS);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        self->failed += actor_append(ctx, &self->clients, bench_child(ctx, "client", &self->failed)) < 0;
        actor_tell(ctx, self->clients.v[i], task, .server = of, .n = args->n / CLIENTS,
                   .timeout_ms = args->timeout_ms);
    }
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    self->start_ns = actor_now_ns(ctx);
    for (uint32_t i = 0; i < self->clients.n; i++)
        actor_tell(ctx, self->clients.v[i], go);
    return ACTOR_OK;
}
ACTOR_ON(boss, ended, ctx, self, m)
{
    self->failed += m->failed;
    if (++self->ended == CLIENTS) {
        bench_figure(ctx, "throughput", self->n, actor_now_ns(ctx) - self->start_ns);
        bench_done(ctx, self->failed);
    }
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, ended))
ACTOR_PLUGIN("ask", "1.0.0", &boss_behaviour, &client_behaviour, &server_behaviour)
