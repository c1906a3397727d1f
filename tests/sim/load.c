/* load.c - actors that do a little of everything, driven by what they get, and tell the oracle about it. Compiled twice:
 * LOAD_VERSION 2 renames a field, widens one and adds one, and its migrate() may refuse. */
#define ACTOR_NAMESPACE "load"
#include "load.h"
#include "oracle.h"
#include <inttypes.h>
#include <stdio.h>

/* clang-format off */
#define ARGS(F)   F(u32, id)
#define WORK(F)   F(u32, from) F(u32, to) F(u64, seq)
#define ANSWER(F) F(u64, ask) F(u32, who)
#define TICK(F)   F(u64, timer) F(u32, me) F(u32, kind)
#define EFFORT(F) F(u64, n) F(str, text)
#if LOAD_VERSION == 1
#define ITEM(F)   WORK(F) F(u32, hops)
#define QUERY(F)  WORK(F) F(u64, ask)
#define MEMBER(F) F(u32, id) F(u32, me) F(u32, handled) F(u32, stashing) F(u64, sum) F(u32, notes) F(str, note) \
                  F(map(u64, u64), next) F(map(u64, u64), seen) F(list(u64), timers)
#define SUM sum
#else
#define ITEM(F)   WORK(F) F(u32, hops) F(u32, extra, .dflt = 7)
#define QUERY(F)  WORK(F) F(u64, ask) F(str, why)
#define MEMBER(F) F(u32, id) F(u32, me) F(u64, handled) F(u64, total, .was = "sum") F(u32, stashing) F(u32, notes) \
                  F(u32, step, .dflt = 3) F(str, note) F(map(u64, u64), next) F(map(u64, u64), seen) F(list(u64), timers)
#define SUM total
#endif
/* clang-format on */
ACTOR_ARGS(member_args, 1, ARGS)
ACTOR_MESSAGE(item, LOAD_VERSION, ITEM)
ACTOR_MESSAGE(query, LOAD_VERSION, QUERY)
ACTOR_MESSAGE(answer, 1, ANSWER)
ACTOR_MESSAGE(tick, 1, TICK)
ACTOR_MESSAGE(effort, 1, EFFORT)
ACTOR_STATE(member, LOAD_VERSION, MEMBER)

enum tick_kind { TICK_PLAIN, TICK_EVERY, TICK_UNSTASH };

/* --- the frame of every turn --- */
static struct shadow
shadow_of(const member *self)
{
    return (struct shadow){(uint32_t)self->handled, self->stashing, self->notes, 0, self->SUM};
}

static void
begin(actor_ctx *ctx, const member *self)
{
    struct shadow s = shadow_of(self);
    char text[32];
    int n = self->notes == 0 ? 0 : snprintf(text, sizeof text, "note %u", self->notes);

    oracle_begin(ctx, self->id, self->me, &s);
    if (self->note.n != (uint32_t)n || (n != 0 && __builtin_memcmp(self->note.p, text, (size_t)n) != 0))
        oracle_fail("actor %u: its text is '%.*s' and should be note %u", self->id, ACTOR_STR_ARG(self->note),
                    self->notes);
#if LOAD_VERSION == 2
    if (self->step != 3)
        oracle_fail("actor %u: the added field is %u, not its default", self->id, self->step);
#endif
}

static actor_result
end(const member *self, actor_result r)
{
    struct shadow s = shadow_of(self);

    oracle_end(&s, r.code == 0 || r.code == ACTOR_STOP.code);
    return r;
}

static bool
dice(actor_ctx *ctx, uint32_t in_1000)
{
    return in_1000 != 0 && actor_random(ctx) % 1000 < in_1000;
}

/* --- acts. false: out of memory, the turn has to fail --- */
/* The number of the next message to an actor; the state counts, and the oracle compares. */
static bool
number(actor_ctx *ctx, member *self, uint32_t to, uint64_t *ret)
{
    const uint64_t *next = actor_get(ctx, &self->next, (uint64_t)to);
    uint64_t want = oracle_next(self->me, to);

    *ret = next == NULL ? 0 : *next;
    if (*ret != want)
        oracle_fail("actor %u (%u) counts %" PRIu64 " messages to %u; %" PRIu64 " were sent", self->id,
                    self->me, *ret, to, want);
    return actor_put(ctx, &self->next, (uint64_t)to, *ret + 1) >= 0;
}

static bool
tell(actor_ctx *ctx, member *self, actor_ref to, uint32_t to_id, uint32_t hops)
{
    uint64_t seq, had = oracle_next(self->me, to_id);
    int r;

    if (!number(ctx, self, to_id, &seq))
        return false;
#if LOAD_VERSION == 1
    r = actor_tell(ctx, to, item, .from = self->me, .to = to_id, .seq = seq, .hops = hops);
#else
    r = actor_tell(ctx, to, item, .from = self->me, .to = to_id, .seq = seq, .hops = hops, .extra = 7);
#endif
    oracle_tell_status(to, r);
    if (r == 0) {
        oracle_sent(self->me, to_id, seq);
        return true;
    }
    return actor_put(ctx, &self->next, (uint64_t)to_id, had) >= 0; /* it was not sent: the number is free */
}

static bool
ask(actor_ctx *ctx, member *self, actor_ref to, uint32_t to_id)
{
    uint64_t seq, id = oracle_new_ask(), had = oracle_next(self->me, to_id);
    uint64_t timeout = 1 + actor_random(ctx) % 300;
    int r;

    if (!number(ctx, self, to_id, &seq))
        return false;
#if LOAD_VERSION == 1
    r = actor_ask(ctx, to, answer, timeout, id, query, .from = self->me, .to = to_id, .seq = seq, .ask = id);
#else
    r = actor_ask(ctx, to, answer, timeout, id, query, .from = self->me, .to = to_id, .seq = seq, .ask = id,
                  .why = ACTOR_STR("to see what comes of it"));
#endif
    oracle_tell_status(to, r);
    if (r == 0) {
        oracle_sent(self->me, to_id, seq);
        oracle_asked(id, self->me, self->id, false);
        return true;
    }
    return actor_put(ctx, &self->next, (uint64_t)to_id, had) >= 0;
}

static bool
spawn(actor_ctx *ctx, member *self)
{
    actor_spawn_opts opts = {.size = sizeof opts,
                             .on_failure = (uint32_t)(actor_random(ctx) % 5),
                             .max_restarts = 3,
                             .within_ms = 1000};
    uint32_t id = oracle_new_id();
    char name[16];
    actor_ref child;
    int r;

    if (id == 0)
        return true;
    snprintf(name, sizeof name, "n%u", (unsigned)(actor_random(ctx) % 8)); /* a conflict now and then */
    r = actor_spawn_with(ctx, &child, "member", dice(ctx, 300) ? name : NULL, opt.supervised ? &opts : NULL,
                         member_args, .id = id);
    if (r == ACTOR_E_EXISTS)
        return true;
    if (r < 0)
        return r == ACTOR_E_LIMIT || r == ACTOR_E_STOPPING || r == ACTOR_E_NOMEM;
    oracle_spawned(id, child);
    if (dice(ctx, 500))
        return tell(ctx, self, child, id, 1);
    if (dice(ctx, 300) && actor_watch(ctx, child) == 0)
        oracle_watched(self->id, child);
    return true;
}

static bool
arm(actor_ctx *ctx, member *self, enum tick_kind kind)
{
    uint64_t id = oracle_new_timer(), after = actor_random(ctx) % (dice(ctx, 100) ? 70000 : 50);
    uint64_t every = kind == TICK_PLAIN ? 0 : 1 + actor_random(ctx) % 40;
    int64_t timer = actor_timer(ctx, kind == TICK_UNSTASH ? 5 : after, every, id, tick, .timer = id,
                                .me = self->me, .kind = kind);

    if (timer < 0)
        return kind != TICK_UNSTASH;
    oracle_armed(id, self->me, kind == TICK_UNSTASH ? 5 : after, every);
    /* pairs of our number and the host's, so that it can be canceled later */
    return actor_append(ctx, &self->timers, id) >= 0 &&
           actor_append(ctx, &self->timers, (uint64_t)timer) >= 0;
}

/* The periodic timer of our number ends. */
static bool
end_timer(actor_ctx *ctx, member *self, uint64_t id)
{
    for (uint32_t i = 0; i + 1 < self->timers.n; i += 2) {
        if (self->timers.v[i] != id)
            continue;
        if (actor_timer_cancel(ctx, (int64_t)self->timers.v[i + 1]) == 0)
            oracle_canceled(id);
        return actor_remove_at(ctx, &self->timers, i) >= 0 && actor_remove_at(ctx, &self->timers, i) >= 0;
    }
    return true;
}

static bool
cancel(actor_ctx *ctx, member *self)
{
    if (self->timers.n < 2 || self->stashing)
        return true;
    if (actor_timer_cancel(ctx, (int64_t)self->timers.v[1]) == 0)
        oracle_canceled(self->timers.v[0]);
    return actor_remove_at(ctx, &self->timers, 0) >= 0 && actor_remove_at(ctx, &self->timers, 0) >= 0;
}

ACTOR_JOB(member, toil, effort, effort, job, in, out)
{
    out->n = in->n;
    out->text = in->text;
    return in->n % 8 == 0 ? 5 : 0;
}
static bool
act(actor_ctx *ctx, member *self, uint32_t hops)
{
    uint64_t d = actor_random(ctx);
    uint32_t to_id;
    actor_ref to = oracle_pick(actor_random(ctx), &to_id);
    char text[32];
    int n;

    if (dice(ctx, opt.asks))
        return ask(ctx, self, to, to_id);
    if (dice(ctx, opt.timers))
        return d % 3 == 0 ? cancel(ctx, self) : arm(ctx, self, d % 5 == 0 ? TICK_EVERY : TICK_PLAIN);
    if (dice(ctx, opt.watches)) {
        int r = d % 4 != 0 ? actor_watch(ctx, to) : actor_unwatch(ctx, to);

        if (r == 0 && d % 4 != 0)
            oracle_watched(self->id, to);
        else if (r == 0)
            oracle_unwatched(self->id, to);
        return true;
    }
    if (dice(ctx, opt.spawns))
        return spawn(ctx, self);
    if (dice(ctx, opt.jobs)) {
        uint64_t tag = oracle_new_ask();
        int r = actor_run(ctx, toil, tag, .n = tag, .text = ACTOR_STR("heavy"));

        if (r == 0)
            oracle_asked(tag, self->me, self->id, true);
        return r == 0 || r == ACTOR_E_NOMEM;
    }
    if (dice(ctx, opt.stash) && !self->stashing) {
        self->stashing = 1; /* until its tick comes: again and again, so that no failure can lose it */
        return arm(ctx, self, TICK_UNSTASH);
    }
    if (d % 16 == 0) {
        self->notes++;
        n = snprintf(text, sizeof text, "note %u", self->notes);
        return actor_set(ctx, &self->note, actor_str_make_(text, (uint32_t)n)) >= 0;
    }
    for (uint64_t i = 0; i <= d % (opt.fan + 1); i++)
        if (!tell(ctx, self, to, to_id, hops))
            return false;
    return true;
}

static actor_result
acts(actor_ctx *ctx, member *self, uint32_t hops)
{
    bool ok = true;

    for (uint64_t i = 0, n = hops == 0 || oracle_healing ? 0 : actor_random(ctx) % 3; i < n && ok; i++)
        ok = act(ctx, self, hops - 1);
    if (!ok)
        return actor_fail(ctx, 12, "no memory");
    if (oracle_healing)
        return ACTOR_OK;
    if (dice(ctx, opt.fail))
        return actor_fail(ctx, 1 + (int32_t)(actor_random(ctx) % 3), "as the seed wants it");
    if (dice(ctx, opt.unhandled))
        return ACTOR_UNHANDLED;
    return dice(ctx, opt.stop) ? ACTOR_STOP : ACTOR_OK;
}

/* --- numbered mail --- */
/* false: no memory. */
static bool
take(actor_ctx *ctx, member *self, uint32_t from, uint64_t seq)
{
    const uint64_t *seen = actor_get(ctx, &self->seen, (uint64_t)from);
    uint64_t have = seen == NULL ? 0 : *seen, want = oracle_seen(from, self->me);

    if (have != want)
        oracle_fail("actor %u (%u) has seen %" PRIu64 " from %u; it should be %" PRIu64, self->id, self->me,
                    have, from, want);
    oracle_saw(from, self->me, seq);
    self->handled++;
    self->SUM += seq + from;
    return actor_put(ctx, &self->seen, (uint64_t)from, seq + 1) >= 0;
}

ACTOR_ON(member, item, ctx, self, m)
{
    begin(ctx, self);
    if (self->stashing)
        return end(self, ACTOR_STASH);
    oracle_arrived(m->from, m->to, m->seq, self->id, 0);
#if LOAD_VERSION == 2
    if (m->extra != 7)
        oracle_fail("item %u to %u: its added field is %u", m->from, m->to, m->extra);
#endif
    if (!take(ctx, self, m->from, m->seq))
        return end(self, actor_fail(ctx, 12, "no memory"));
    return end(self, acts(ctx, self, m->hops));
}

ACTOR_ON(member, query, ctx, self, m)
{
    uint64_t d = actor_random(ctx);
    uint32_t to_id;
    actor_ref to = oracle_pick(actor_random(ctx), &to_id);
    bool mine;

    begin(ctx, self);
    if (self->stashing)
        return end(self, ACTOR_STASH);
    mine = oracle_arrived(m->from, m->to, m->seq, self->id, m->ask);
#if LOAD_VERSION == 2
    if (m->why.n != 0 && !actor_str_eq(m->why, ACTOR_STR("to see what comes of it")))
        oracle_fail("query %" PRIu64 ": its text came as '%.*s'", m->ask, ACTOR_STR_ARG(m->why));
#endif
    if (mine && !take(ctx, self, m->from, m->seq))
        return end(self, actor_fail(ctx, 12, "no memory"));
    if (mine && d % 16 == 0 && to_id != self->id) {
        if (actor_forward(ctx, to) == 0)
            oracle_forwarded(m->ask, to_id);
    } else if (d % 16 != 1) {
        int r = actor_reply(ctx, answer, .ask = m->ask, .who = self->id);

        if (r == 0 && d % 16 == 2 && actor_reply(ctx, answer, .ask = m->ask, .who = 0) != ACTOR_E_CANCELED)
            oracle_fail("ask %" PRIu64 " could be answered twice", m->ask);
    }
    return end(self, acts(ctx, self, 1));
}

/* --- what is not numbered --- */
ACTOR_ON(member, answer, ctx, self, m)
{
    begin(ctx, self);
    if (m->ask != actor_tag(ctx) || m->who == 0)
        oracle_fail("the answer to ask %" PRIu64 " came for %" PRIu64, m->ask, actor_tag(ctx));
    oracle_answered(m->ask, self->me, self->id, false);
    return end(self, acts(ctx, self, 1));
}

ACTOR_ON(member, actor_ask_failed, ctx, self, m)
{
    begin(ctx, self);
    oracle_answered(actor_tag(ctx), self->me, self->id, true);
    return end(self, acts(ctx, self, 1));
}

ACTOR_ON(member, effort, ctx, self, m)
{
    begin(ctx, self);
    if (m->n != actor_tag(ctx) || !actor_str_eq(m->text, ACTOR_STR("heavy")))
        oracle_fail("the result of job %" PRIu64 " came for %" PRIu64, m->n, actor_tag(ctx));
    oracle_answered(m->n, self->me, self->id, false);
    return end(self, acts(ctx, self, 1));
}

ACTOR_ON(member, tick, ctx, self, m)
{
    begin(ctx, self);
    if (m->timer != actor_tag(ctx))
        oracle_fail("tick %" PRIu64 " has the tag %" PRIu64, m->timer, actor_tag(ctx));
    if (m->me != self->me)
        oracle_fail("a tick of incarnation %u came to %u (actor %u)", m->me, self->me, self->id);
    oracle_ticked(m->timer, self->me);
    if (m->kind == TICK_UNSTASH) {
        self->stashing = 0;
        if (actor_unstash_all(ctx) < 0 || !end_timer(ctx, self, m->timer))
            return end(self, actor_fail(ctx, 12, "no memory"));
        return end(self, ACTOR_OK);
    }
    if (m->kind == TICK_EVERY && (oracle_healing || dice(ctx, 200)) && !end_timer(ctx, self, m->timer))
        return end(self, actor_fail(ctx, 12, "no memory"));
    return end(self, acts(ctx, self, 2));
}

ACTOR_ON(member, actor_terminated, ctx, self, m)
{
    begin(ctx, self);
    oracle_terminated(self->id, m->who, m->code);
    return end(self, acts(ctx, self, 1));
}

ACTOR_ON(member, actor_child_failed, ctx, self, m)
{
    begin(ctx, self);
    return end(self, ACTOR_OK);
}

/* --- life --- */
ACTOR_ON_START(member, member_args, ctx, self, args)
{
    self->id = args->id;
    self->me = oracle_start(ctx, args->id);
    if (!oracle_healing && dice(ctx, opt.start_fails))
        return end(self, actor_fail(ctx, 9, "it does not start"));
    return end(self, ACTOR_OK);
}

ACTOR_ON_STOP(member, ctx, self, reason)
{
    if (self->me != 0) /* else its start failed */
        oracle_stopped(self->id, self->me);
}

ACTOR_ON_MIGRATE(member, ctx, old, self)
{
    if (actor_old_version(ctx, old) == LOAD_VERSION)
        oracle_fail("actor %u migrates from version %d to itself", self->id, LOAD_VERSION);
    if (LOAD_VERSION == 2 && oracle_refuse != 0 && self->id % 3 == 1)
        return actor_fail(ctx, 77, "actor %u does not follow", self->id);
    return ACTOR_OK;
}

ACTOR_BEHAVIOUR(member, ACTOR_ROW_STARTS(member, member_args), ACTOR_ROW_STOPS(member),
                ACTOR_ROW_MIGRATES(member), ACTOR_ROW(member, item), ACTOR_ROW(member, query),
                ACTOR_ROW(member, answer), ACTOR_ROW(member, actor_ask_failed), ACTOR_ROW(member, effort),
                ACTOR_ROW(member, tick), ACTOR_ROW(member, actor_terminated),
                ACTOR_ROW(member, actor_child_failed), ACTOR_ROW_RUNS(member, toil, effort, effort))
#if LOAD_VERSION == 1
ACTOR_PLUGIN("load", "1.0.0", &member_behaviour)
#else
ACTOR_PLUGIN("load", "2.0.0", &member_behaviour)
#endif

/* --- for the driver --- */
static int
send_item(actor_ctx *ctx, actor_ref to, uint32_t to_id, uint64_t seq, uint32_t hops)
{
#if LOAD_VERSION == 1
    return actor_tell(ctx, to, item, .from = 0, .to = to_id, .seq = seq, .hops = hops);
#else
    return actor_tell(ctx, to, item, .from = 0, .to = to_id, .seq = seq, .hops = hops, .extra = 7);
#endif
}

static int
spawn_member(actor_ctx *ctx, actor_ref *ret, uint32_t id, const actor_spawn_opts *opts, const char *name)
{
    return actor_spawn_with(ctx, ret, "load.member", name, opts, member_args, .id = id);
}

#if LOAD_VERSION == 1
const struct load_api load_1 = {&ACTOR_LINK_AS, send_item, spawn_member};
#else
const struct load_api load_2 = {&ACTOR_LINK_AS, send_item, spawn_member};
#endif
