/* price - what a feature adds to a hop of two actors that pass a token n times, one kind of actor after the other:
 *
 *   hop        40 B of state, put back if a turn fails
 *   hop_nofail the same, by a handler that cannot fail: nothing is ever put back
 *   hop_256    256 B of state, put back too
 *   hop_ask    each hop is an ask with 5 s of patience and its answer; two messages, counted as one
 *   hop_text   each hop carries a text of 8 B, which is copied with it
 *   hop_watch  each watches the other */
#include "bench.h"

enum { PLAIN, NOFAIL, LARGE, ASKS, TEXT, WATCHES, KINDS };
static const char *const names[KINDS] = {"hop", "hop_nofail", "hop_256", "hop_ask", "hop_text", "hop_watch"};
/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 1000000)
#define BOSS(F)      F(u64, n) F(u32, kind) F(u64, start_ns) F(u64, failed)
#define MEET(F)      F(ref, other) F(u32, kind)
#define PLAYER(F)    F(ref, other) F(ref, boss) F(u64, kind)
#define FAT(F) \
    PLAYER(F) F(u64, a) F(u64, b) F(u64, c) F(u64, d) F(u64, e) F(u64, f) F(u64, g) F(u64, h) F(u64, i) F(u64, j) F(u64, k) \
    F(u64, l) F(u64, m) F(u64, n) F(u64, o) F(u64, p) F(u64, q) F(u64, r) F(u64, s) F(u64, t) F(u64, u) F(u64, v) F(u64, w) \
    F(u64, x) F(u64, y) F(u64, z) F(u64, last)
#define HOP(F)  F(u64, left)
#define NOTE(F) F(u64, left) F(str, text)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(meet, 1, MEET)
ACTOR_MESSAGE(hop, 1, HOP)
ACTOR_MESSAGE(pass, 1, HOP)
ACTOR_MESSAGE(note, 1, NOTE)
ACTOR_MESSAGE(question, 1, HOP)
ACTOR_MESSAGE(answer, 1, HOP)
ACTOR_SIGNAL(ended, 1)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(player, 1, PLAYER)
ACTOR_STATE(fat, 1, FAT)
_Static_assert(sizeof(player) == 40 && sizeof(fat) == 256, "the sizes that the figures are named for");

#define MEETS(B)                                                    \
    ACTOR_ON(B, meet, ctx, self, m)                                 \
    {                                                               \
        self->other = m->other;                                     \
        self->boss = actor_sender(ctx);                             \
        self->kind = m->kind;                                       \
        if (m->kind == WATCHES)                                     \
            actor_watch(ctx, m->other);                             \
        return ACTOR_OK;                                            \
    }                                                               \
    ACTOR_ON(B, hop, ctx, self, m)                                  \
    {                                                               \
        if (m->left == 0)                                           \
            actor_tell(ctx, self->boss, ended);                     \
        else                                                        \
            actor_tell(ctx, self->other, hop, .left = m->left - 1); \
        return ACTOR_OK;                                            \
    }
MEETS(player)
MEETS(fat)

ACTOR_ON_NOFAIL(player, pass, ctx, self, m)
{
    if (m->left == 0)
        actor_tell(ctx, self->boss, ended);
    else
        actor_tell(ctx, self->other, pass, .left = m->left - 1);
}
ACTOR_ON(player, note, ctx, self, m)
{
    if (m->left == 0)
        actor_tell(ctx, self->boss, ended);
    else
        actor_tell(ctx, self->other, note, .left = m->left - 1, .text = m->text);
    return ACTOR_OK;
}
static void
ask_on(actor_ctx *ctx, player *self, uint64_t left)
{
    if (left == 0)
        actor_tell(ctx, self->boss, ended);
    else
        actor_ask(ctx, self->other, answer, 5000, 1, question, .left = left);
}
ACTOR_ON(player, question, ctx, self, m)
{
    actor_reply(ctx, answer, .left = m->left - 1);
    return ACTOR_OK;
}
ACTOR_ON(player, answer, ctx, self, m)
{
    ask_on(ctx, self, m->left);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(player, ACTOR_ROW(player, meet), ACTOR_ROW(player, hop), ACTOR_ROW_NOFAIL(player, pass),
                ACTOR_ROW(player, note), ACTOR_ROW(player, question), ACTOR_ROW(player, answer))
ACTOR_BEHAVIOUR(fat, ACTOR_ROW(fat, meet), ACTOR_ROW(fat, hop))

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    self->n = args->n;
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    const char *kind = self->kind == LARGE ? "fat" : "player";
    const actor_ref a = bench_child(ctx, kind, &self->failed), b = bench_child(ctx, kind, &self->failed);

    actor_tell(ctx, a, meet, .other = b, .kind = self->kind);
    actor_tell(ctx, b, meet, .other = a, .kind = self->kind);
    self->start_ns = actor_now_ns(ctx);
    if (self->kind == TEXT)
        actor_tell(ctx, a, note, .left = self->n, .text = ACTOR_STR("a label."));
    else if (self->kind == ASKS)
        actor_tell(ctx, a, answer, .left = self->n);
    else if (self->kind == NOFAIL)
        actor_tell(ctx, a, pass, .left = self->n);
    else
        actor_tell(ctx, a, hop, .left = self->n);
    return ACTOR_OK;
}
ACTOR_ON(boss, ended, ctx, self, m)
{
    bench_figure(ctx, names[self->kind], self->n, actor_now_ns(ctx) - self->start_ns);
    if (++self->kind < KINDS)
        actor_tell(ctx, actor_self(ctx), go);
    else
        bench_done(ctx, self->failed);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, ended))
ACTOR_PLUGIN("price", "1.0.0", &boss_behaviour, &player_behaviour, &fat_behaviour)
