/* plugincall - what crossing between plugin and host costs, both ways.
 *
 *   turn                          a message with an empty handler: taken, dispatched, committed, freed
 *   tell                          a message into the outbox, without its turn
 *   self sender now random alloc  one call of the host's table, repeated within a turn
 *   set                           a text of 8 B put into state, undone if the turn failed
 *
 * Each is repeated n times, 10,000 a turn. The clock of a turn stands still, so these use the other one. */
#include "bench.h"

enum { BATCH = 10000 };
enum { SELF, SENDER, NOW, RANDOM, ALLOC, SET, TELL, KINDS };
static const char *const names[KINDS] = {"self", "sender", "now", "random", "alloc", "set", "tell"};
/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 1000000)
#define BOSS(F) \
    F(u64, n) F(u32, kind) F(u64, done) F(u64, ns) F(u64, empty_left) F(u64, turn_start_ns) F(u64, turn_ns) F(u64, turns) \
    F(u64, seen) F(str, text) F(u64, failed)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_SIGNAL(more, 1)
ACTOR_SIGNAL(empty, 1)
ACTOR_STATE(boss, 1, BOSS)

ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    self->n = args->n;
    if (args->n == 0 || args->n % BATCH != 0)
        return actor_fail(ctx, 1, "n is a multiple of %d", BATCH);
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    actor_tell(ctx, actor_self(ctx), more);
    return ACTOR_OK;
}

/* One turn's worth of calls. What they give is used, or the compiler could drop nothing but we could not tell. */
static uint64_t
batch(actor_ctx *ctx, boss *self)
{
    uint64_t sum = 0;

    for (int i = 0; i < BATCH; i++)
        switch (self->kind) {
        case SELF:
            sum += actor_self(ctx).slot;
            break;
        case SENDER:
            sum += actor_sender(ctx).slot;
            break;
        case NOW:
            sum += actor_now_ns(ctx);
            break;
        case RANDOM:
            sum += actor_random(ctx);
            break;
        case ALLOC:
            sum += actor_alloc(ctx, 16) != NULL;
            break;
        case SET:
            self->failed += actor_set(ctx, &self->text, ACTOR_STR("a label.")) < 0;
            break;
        default:
            self->failed += actor_tell(ctx, actor_self(ctx), empty) < 0;
            break;
        }
    return sum;
}
ACTOR_ON(boss, more, ctx, self, m)
{
    const uint64_t start_ns = actor_real_ns(ctx);

    self->seen += batch(ctx, self);
    self->ns += actor_real_ns(ctx) - start_ns;
    self->done += BATCH;
    if (self->kind == TELL) {
        self->empty_left = BATCH; /* they ask for more */
        return ACTOR_OK;
    }
    if (self->done == self->n) {
        bench_figure(ctx, names[self->kind], self->n, self->ns);
        self->kind++;
        self->done = self->ns = 0;
    }
    actor_tell(ctx, actor_self(ctx), more);
    return ACTOR_OK;
}
ACTOR_ON(boss, empty, ctx, self, m)
{
    const uint64_t left = --self->empty_left;

    if (left == BATCH - 1)
        self->turn_start_ns = actor_real_ns(ctx);
    if (left > 0)
        return ACTOR_OK;
    self->turn_ns += actor_real_ns(ctx) - self->turn_start_ns;
    self->turns += BATCH - 1;
    if (self->done < self->n) {
        actor_tell(ctx, actor_self(ctx), more);
        return ACTOR_OK;
    }
    bench_figure(ctx, "tell", self->n, self->ns);
    bench_figure(ctx, "turn", self->turns, self->turn_ns);
    bench_done(ctx, self->failed + (self->seen == 0));
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, go), ACTOR_ROW(boss, more),
                ACTOR_ROW(boss, empty))
ACTOR_PLUGIN("plugincall", "1.0.0", &boss_behaviour)
