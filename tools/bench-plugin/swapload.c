/* swapload - n actors of another plugin, and what is done to them while that plugin is replaced.
 *
 *   carriers  8 actors with 100 visits each on the way to members at random, at any time: full load
 *   prober    every millisecond 10 visits; each carries the moment it was due, so that a node that stands still is not forgiven
 *
 * boss: "bench ready" --go--> the load runs --phase{1}--> --phase{2}--> --phase{3}--> all visits are back --> audit
 * Who replaces the plugin sends the phases: 1 begins the calm part, 2 the replacement, 3 ends both. load = 0: nobody visits.
 *
 * calm_p999 swap_p999   of the probes due in each part
 * Every visit must come back, and the members' own counts must add up to them, over both versions. */
#include "swapload.h"
#include "bench.h"
#include "histogram.h"

enum { CARRIERS = 8, OUT = 100, PROBES = 10, BATCH = 1000, MAX = 1000000 };
enum { WARM, CALM, SWAP, OVER };
/* clang-format off */
#define BOSS_ARGS(F) F(u64, n, .dflt = 1000000) F(bool, load)
#define BOSS(F) \
    F(u64, n) F(bool, load) F(u64, made) F(list(ref), visitors) F(u64, over) F(u64, visits) F(u64, audited) F(u64, seen) \
    F(u64, old) F(u64, failed)
#define PHASE(F)   F(u32, phase)
#define BACK(F)    F(u64, visits)
#define VISITOR(F) F(ref, boss) F(u64, seed) F(u64, sent) F(u64, back) F(u64, due_ns) F(u32, phase)
/* clang-format on */
ACTOR_ARGS(boss_args, 1, BOSS_ARGS)
ACTOR_MESSAGE(phase, 1, PHASE)
ACTOR_MESSAGE(back, 1, BACK)
ACTOR_SIGNAL(more, 1)
ACTOR_SIGNAL(tick, 1)
ACTOR_STATE(boss, 1, BOSS)
ACTOR_STATE(carrier, 1, VISITOR)
ACTOR_STATE(prober, 1, VISITOR)

/* Written before the first visit, never again: a copy for each visitor would be 16 MB. */
static actor_ref members[MAX];
static uint64_t nmembers;
static struct histogram waits[OVER + 1]; /* the prober's */
static uint64_t since_ns[OVER + 1];      /* when each phase began; the prober's */

static void
send_visit(actor_ctx *ctx, uint64_t *seed, uint64_t *sent, uint64_t stamp)
{
    *sent += actor_tell(ctx, members[bench_random(seed) % nmembers], visit, .stamp = stamp) == 0;
}

/* --- full load --- */
ACTOR_ON(carrier, go, ctx, self, m)
{
    self->boss = actor_sender(ctx);
    self->seed = 88172645463325252u + actor_self(ctx).slot;
    for (int i = 0; i < OUT; i++)
        send_visit(ctx, &self->seed, &self->sent, 0);
    return ACTOR_OK;
}
ACTOR_ON(carrier, seen, ctx, self, m)
{
    self->back++;
    if (self->phase != OVER)
        send_visit(ctx, &self->seed, &self->sent, 0);
    else if (self->back == self->sent)
        actor_tell(ctx, self->boss, back, .visits = self->back);
    return ACTOR_OK;
}
ACTOR_ON(carrier, phase, ctx, self, m)
{
    self->phase = m->phase;
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(carrier, ACTOR_ROW(carrier, go), ACTOR_ROW(carrier, seen), ACTOR_ROW(carrier, phase))

/* --- what the load feels --- */
ACTOR_ON(prober, go, ctx, self, m)
{
    self->boss = actor_sender(ctx);
    self->seed = 99194853094755497u;
    self->due_ns = actor_now_ns(ctx);
    actor_tell(ctx, actor_self(ctx), tick);
    return ACTOR_OK;
}
ACTOR_ON(prober, tick, ctx, self, m)
{
    const uint64_t now_ns = actor_now_ns(ctx);

    for (; self->due_ns <= now_ns && self->phase != OVER; self->due_ns += 1000000)
        for (int i = 0; i < PROBES; i++)
            send_visit(ctx, &self->seed, &self->sent, self->due_ns);
    if (self->phase != OVER)
        actor_timer(ctx, 1, 0, 0, tick);
    return ACTOR_OK;
}
ACTOR_ON(prober, seen, ctx, self, m)
{
    unsigned part = OVER;

    while (part > WARM && m->stamp < since_ns[part])
        part--;
    histogram_add(&waits[part], actor_now_ns(ctx) - m->stamp);
    if (++self->back == self->sent && self->phase == OVER)
        actor_tell(ctx, self->boss, back, .visits = self->back);
    return ACTOR_OK;
}
ACTOR_ON(prober, phase, ctx, self, m)
{
    self->phase = m->phase;
    since_ns[m->phase] = actor_now_ns(ctx);
    if (m->phase == OVER && self->back == self->sent)
        actor_tell(ctx, self->boss, back, .visits = self->back);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(prober, ACTOR_ROW(prober, go), ACTOR_ROW(prober, tick), ACTOR_ROW(prober, seen),
                ACTOR_ROW(prober, phase))

/* --- boss --- */
ACTOR_ON_START(boss, boss_args, ctx, self, args)
{
    self->n = args->n;
    self->load = args->load;
    if (args->n == 0 || args->n > MAX)
        return actor_fail(ctx, 1, "n: 1 to %d", MAX);
    nmembers = args->n;
    for (int i = OVER; i > WARM; i--)
        since_ns[i] = UINT64_MAX;
    actor_tell(ctx, actor_self(ctx), more);
    return ACTOR_OK;
}
ACTOR_ON(boss, more, ctx, self, m)
{
    for (uint64_t i = 0; i < BATCH && self->made < self->n; i++, self->made++)
        members[self->made] = bench_child(ctx, "swap.member", &self->failed);
    if (self->made < self->n) {
        actor_tell(ctx, actor_self(ctx), more);
        return ACTOR_OK;
    }
    for (int i = 0; self->load && i < CARRIERS + 1; i++) {
        const actor_ref who = bench_child(ctx, i == CARRIERS ? "prober" : "carrier", &self->failed);

        self->failed += actor_append(ctx, &self->visitors, who) < 0;
    }
    bench_ready(ctx);
    return ACTOR_OK;
}
ACTOR_ON(boss, go, ctx, self, m)
{
    for (uint32_t i = 0; i < self->visitors.n; i++)
        actor_tell(ctx, self->visitors.v[i], go);
    actor_log_info(ctx, "bench running");
    return ACTOR_OK;
}
static void
audit_some(actor_ctx *ctx, boss *self)
{
    for (uint64_t i = 0; i < BATCH && self->audited < self->n; i++)
        actor_tell(ctx, members[self->audited++], audit);
}
ACTOR_ON(boss, phase, ctx, self, m)
{
    for (uint32_t i = 0; i < self->visitors.n; i++)
        actor_tell(ctx, self->visitors.v[i], phase, .phase = m->phase);
    if (m->phase == OVER && self->visitors.n == 0)
        audit_some(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(boss, back, ctx, self, m)
{
    self->visits += m->visits;
    if (++self->over == self->visitors.n)
        audit_some(ctx, self);
    return ACTOR_OK;
}
ACTOR_ON(boss, sum, ctx, self, m)
{
    self->visits -= m->visits;
    self->old += m->version != 2;
    if (++self->seen == self->audited)
        audit_some(ctx, self);
    if (self->seen < self->n)
        return ACTOR_OK;
    if (self->load) {
        bench_figure(ctx, "calm_p999", 1, histogram_quantile(&waits[CALM], 999));
        bench_figure(ctx, "swap_p999", 1, histogram_quantile(&waits[SWAP], 999));
        bench_figure(ctx, "probes", 1, waits[SWAP].n);
    }
    bench_done(ctx, self->failed + self->visits + self->old);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(boss, ACTOR_ROW_STARTS(boss, boss_args), ACTOR_ROW(boss, more), ACTOR_ROW(boss, go),
                ACTOR_ROW(boss, phase), ACTOR_ROW(boss, back), ACTOR_ROW(boss, sum))
ACTOR_PLUGIN("swapload", "1.0.0", &boss_behaviour, &carrier_behaviour, &prober_behaviour)
