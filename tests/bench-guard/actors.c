/* actors.c - the actors that run.c counts. A boss makes what its scenario needs, says "ready", begins at `go`, and says "done".
 *
 *   hop      two nodes pass a token n times                           a tell and a slice of one turn
 *   ring     1,000 nodes in a circle pass 100 tokens, n hops          slices of more than one actor that waits
 *   fanin    8 producers tell a consumer n messages, 100 a turn       a tell and a turn
 *   ask      a client asks a server n times, a timeout armed
 *   spawn    n actors, one message each, 100 a turn
 *   timer    n timers, armed and canceled, 64 a turn
 */
#define ACTOR_NAMESPACE "guard"
#include <actor/actor.h>
#include <stdbool.h>

enum { RING = 1000, TOKENS = 100, PRODUCERS = 8, BURST = 100, TIMERS = 64, FAR_MS = 3600 * 1000 };
#define ARGS(F)     F(str, what) F(u64, n)
#define LINK(F)     F(ref, next) F(ref, boss) F(u64, n)
#define HOP(F)      F(u64, left)
#define BOSS(F)     F(str, what) F(u64, n) F(list(ref), nodes) F(u64, waits) F(u64, made)
#define NODE(F)     F(ref, next) F(ref, boss)
#define CONSUMER(F) F(ref, boss) F(u64, n)
#define PRODUCER(F) F(ref, next) F(u64, n)
ACTOR_ARGS(boss_args, 1, ARGS)
ACTOR_MESSAGE(link_to, 1, LINK)
ACTOR_MESSAGE(hop, 1, HOP)
ACTOR_MESSAGE(question, 1, HOP)
ACTOR_MESSAGE(answer, 1, HOP)
ACTOR_SIGNAL(linked, 1)
ACTOR_SIGNAL(go, 1)
ACTOR_SIGNAL(more, 1)
ACTOR_SIGNAL(ended, 1)
ACTOR_SIGNAL(tick, 1)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(node, 1, NODE)
ACTOR_STATE(consumer, 1, CONSUMER)
ACTOR_STATE(producer, 1, PRODUCER)
ACTOR_STATE(client, 1, LINK)
ACTOR_STATE(server, 1, HOP)
ACTOR_STATE(idler, 1, HOP)

/* Each knows its neighbors, its boss and its number, as far as it needs them. */
#define LINKS(behaviour, what)                 \
    ACTOR_ON(behaviour, link_to, ctx, self, m) \
    {                                          \
        what;                                  \
        actor_tell(ctx, m->boss, linked);      \
        return ACTOR_OK;                       \
    }
LINKS(node, (self->next = m->next, self->boss = m->boss))
LINKS(consumer, (self->boss = m->boss, self->n = m->n))
LINKS(producer, (self->next = m->next, self->n = m->n))
LINKS(client, (self->next = m->next, self->boss = m->boss, self->n = m->n))
LINKS(server, self->left = m->n)

ACTOR_ON(node, hop, ctx, self, m)
{
    if (m->left == 0)
        actor_tell(ctx, self->boss, ended);
    else
        actor_tell(ctx, self->next, hop, .left = m->left - 1);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(node, ACTOR_ROW(node, link_to), ACTOR_ROW(node, hop))

ACTOR_ON(consumer, hop, ctx, self, m)
{
    self->n -= m->left;
    if (self->n == 0)
        actor_tell(ctx, self->boss, ended);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(consumer, ACTOR_ROW(consumer, link_to), ACTOR_ROW(consumer, hop))

/* By this name the profile knows what a tell costs. */
__attribute__((noinline)) void guard_tells(actor_ctx *ctx, actor_ref to);
void
guard_tells(actor_ctx *ctx, actor_ref to)
{
    for (int i = 0; i < BURST; i++)
        actor_tell(ctx, to, hop, .left = 1);
}
ACTOR_ON(producer, more, ctx, self, m)
{
    guard_tells(ctx, self->next);
    self->n -= BURST;
    if (self->n > 0)
        actor_tell(ctx, actor_self(ctx), more);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(producer, ACTOR_ROW(producer, link_to), ACTOR_ROW(producer, more))

ACTOR_ON(server, question, ctx, self, m)
{
    self->left = m->left;
    actor_reply(ctx, answer, .left = m->left);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(server, ACTOR_ROW(server, link_to), ACTOR_ROW(server, question))

ACTOR_ON(client, more, ctx, self, m)
{
    actor_ask(ctx, self->next, answer, FAR_MS, 0, question, .left = self->n);
    return ACTOR_OK;
}
ACTOR_ON(client, answer, ctx, self, m)
{
    if (--self->n == 0)
        actor_tell(ctx, self->boss, ended);
    else
        actor_ask(ctx, self->next, answer, FAR_MS, 0, question, .left = self->n);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(client, ACTOR_ROW(client, link_to), ACTOR_ROW(client, more), ACTOR_ROW(client, answer))

/* The last of a batch asks for the next. */
ACTOR_ON(idler, hop, ctx, self, m)
{
    self->left = m->left;
    if (m->left == 0)
        actor_tell(ctx, actor_sender(ctx), more);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(idler, ACTOR_ROW(idler, hop))

static bool
is(const boss *self, const char *what)
{
    return actor_str_eq(actor_view(self->what), actor_cstr(what));
}

static void
child(actor_ctx *ctx, boss *self, const char *behaviour)
{
    actor_ref r = ACTOR_NOBODY;

    actor_spawn(ctx, &r, behaviour, NULL, actor_none);
    actor_append(ctx, &self->nodes, r);
}

/* The children link before `go` comes: their start is not counted. */
ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    uint32_t n = 0;

    actor_set(ctx, &self->what, args->what);
    self->n = args->n;
    if (is(self, "hop") || is(self, "ring")) {
        for (n = is(self, "hop") ? 2 : RING; self->nodes.n < n;)
            child(ctx, self, "node");
    } else if (is(self, "ask")) {
        child(ctx, self, "server");
        child(ctx, self, "client");
    } else if (is(self, "fanin")) {
        child(ctx, self, "consumer");
        for (int i = 0; i < PRODUCERS; i++)
            child(ctx, self, "producer");
    }
    n = self->nodes.n;
    for (uint32_t i = 0; i < n; i++)
        actor_tell(ctx, self->nodes.v[i], link_to, .next = self->nodes.v[is(self, "fanin") ? 0 : (i + 1) % n],
                   .boss = actor_self(ctx), .n = is(self, "fanin") && i > 0 ? args->n / PRODUCERS : args->n);
    self->waits = n;
    if (n == 0)
        actor_log_info(ctx, "guard ready");
    return ACTOR_OK;
}
ACTOR_ON(boss, linked, ctx, self, m)
{
    if (--self->waits == 0)
        actor_log_info(ctx, "guard ready");
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    uint32_t tokens = is(self, "ring") ? TOKENS : 1;

    self->waits = tokens;
    if (is(self, "hop") || is(self, "ring"))
        for (uint32_t i = 0; i < tokens; i++)
            actor_tell(ctx, self->nodes.v[i * (self->nodes.n / tokens)], hop, .left = self->n / tokens);
    else if (self->nodes.n == 0)
        actor_tell(ctx, actor_self(ctx), more);
    else
        for (uint32_t i = 1; i < self->nodes.n; i++)
            actor_tell(ctx, self->nodes.v[i], more);
    return ACTOR_OK;
}
/* By this name the profile knows what arming costs. */
__attribute__((noinline)) int64_t guard_arm(actor_ctx *ctx, uint64_t after_ms);
int64_t
guard_arm(actor_ctx *ctx, uint64_t after_ms)
{
    return actor_timer(ctx, after_ms, 0, 0, tick);
}
ACTOR_ON(boss, more, ctx, self, m)
{
    uint64_t left = self->n - self->made;

    if (left == 0) {
        actor_log_info(ctx, "guard done");
    } else if (is(self, "spawn")) {
        for (uint64_t i = left < BURST ? left : BURST; i-- > 0; self->made++) {
            actor_ref r = ACTOR_NOBODY;

            actor_spawn(ctx, &r, "idler", NULL, actor_none);
            actor_tell(ctx, r, hop, .left = i);
        }
    } else {
        for (uint64_t i = left < TIMERS ? left : TIMERS; i-- > 0; self->made++)
            if (actor_timer_cancel(ctx, guard_arm(ctx, FAR_MS + i)) < 0)
                return actor_fail(ctx, 1, "timer %llu", (unsigned long long)self->made);
        actor_tell(ctx, actor_self(ctx), more);
    }
    return ACTOR_OK;
}
ACTOR_ON(boss, tick, ctx, self, m)
{
    return actor_fail(ctx, 1, "a timer fired after an hour that nobody waited");
}
ACTOR_ON(boss, ended, ctx, self, m)
{
    if (--self->waits == 0)
        actor_log_info(ctx, "guard done");
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, linked), ACTOR_ROW(boss, go),
                ACTOR_ROW(boss, more), ACTOR_ROW(boss, tick), ACTOR_ROW(boss, ended))
ACTOR_PLUGIN("guard", "1.0.0", &boss_behaviour, &node_behaviour, &consumer_behaviour, &producer_behaviour,
             &client_behaviour, &server_behaviour, &idler_behaviour)
