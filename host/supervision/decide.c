/* decide.c - see decide.h for the chain. */
#include "supervision/decide.h"
#include "base/util.h"

#define NS_PER_MS UINT64_C(1000000)

/* What the policy says before any budget is looked at. */
static void
first_answer(const struct policy *p, const struct cause *c, struct decision *d)
{
    bool never_resumes = c->kind == CAUSE_START || c->kind == CAUSE_FAULT;

    d->why = WHY_KIND;
    d->directive = c->kind < CAUSE_KINDS ? p->kind[c->kind] : ACTOR_DIRECTIVE_STOP;
    if (d->directive == ACTOR_DIRECTIVE_DEFAULT) {
        d->why = WHY_RULE;
        d->directive = policy_match(p, c->code, NULL);
    }
    if (d->directive == ACTOR_DIRECTIVE_DEFAULT) {
        d->why = WHY_NO_RULE;
        d->directive = ACTOR_DIRECTIVE_RESUME;
    }
    /* A child's trouble did not touch this actor's state, so there is nothing to take back. */
    if (d->directive == ACTOR_DIRECTIVE_RESUME && c->kind != CAUSE_CHILD &&
        (never_resumes || !c->resumable)) {
        d->why = WHY_NO_STATE;
        d->directive = ACTOR_DIRECTIVE_RESTART;
    }
}

/* Resume only so often, then something stronger. */
static void
spend_failure(const struct policy_budget *b, struct failure_history *h, uint32_t now_ms, struct decision *d)
{
    if (d->directive != ACTOR_DIRECTIVE_RESUME || b->off)
        return;
    if (window_count(&h->failures) + 1 < b->n) {
        window_add(&h->failures, now_ms, b->n);
        return;
    }
    d->directive = b->then;
    d->why = WHY_FAILURES;
}

/* Restart only so often, then give up. */
static void
spend_restart(const struct policy_budget *b, struct failure_history *h, uint32_t now_ms, struct decision *d)
{
    if (d->directive != ACTOR_DIRECTIVE_RESTART)
        return;
    window_clear(&h->failures); /* a new life begins with a clean record */
    if (b->off)
        return;
    if (window_count(&h->restarts) < b->n) {
        window_add(&h->restarts, now_ms, b->n);
        return;
    }
    d->directive = b->then;
    d->why = WHY_RESTARTS;
}

static void
settle_message(const struct policy *p, struct failure_history *h, const struct cause *c, struct decision *d)
{
    uint16_t attempts = (uint16_t)(c->redelivered ? h->attempts + 1 : 1);
    bool lives_on = d->directive == ACTOR_DIRECTIVE_RESUME || d->directive == ACTOR_DIRECTIVE_RESTART;

    h->attempts = 0;
    d->fate = FATE_DEAD;
    /* A child's failure, and a start, have no message in hand that is to blame. */
    if (!c->has_message || c->kind == CAUSE_START || c->kind == CAUSE_CHILD)
        return;
    d->attempts = attempts;
    if (p->attempts <= 1)
        return;
    if (attempts >= p->attempts) {
        d->fate = FATE_QUARANTINE;
    } else if (lives_on) {
        d->fate = FATE_RETRY;
        h->attempts = attempts;
    }
}

/* initial, doubled for each in a row, up to max; then spread. */
static uint64_t
next_delay_ns(const struct policy_backoff *b, struct failure_history *h, struct rng *rng)
{
    unsigned doublings = h->in_a_row < 32 ? h->in_a_row : 32;
    uint64_t ms = (uint64_t)b->initial_ms << doublings, ns, spread;

    if (h->in_a_row < UINT16_MAX)
        h->in_a_row++;
    if (ms > b->max_ms)
        ms = b->max_ms;
    ns = ms * NS_PER_MS;
    spread = ns / 100 * b->jitter_pct;
    if (spread == 0)
        return ns;
    /* Around the delay, not below it: many actors that fail at once must not come back at once. */
    return ns - spread + rng_below(rng, 2 * spread + 1);
}

void
supervision_decide(const struct policy *p, struct failure_history *h, uint64_t now_ns, struct rng *rng,
                   const struct cause *c, struct decision *ret)
{
    struct decision d = {.directive = ACTOR_DIRECTIVE_STOP};
    uint64_t ms = now_ns / NS_PER_MS + 1; /* never 0: that means no failure yet */
    uint64_t idle_ms = h->last_ms == 0 || ms < h->last_ms ? 0 : ms - h->last_ms;
    uint32_t now_ms = (uint32_t)ms;

    window_expire(&h->failures, now_ms, idle_ms, p->failures.window_ms);
    window_expire(&h->restarts, now_ms, idle_ms, p->restarts.window_ms);
    if (idle_ms >= p->backoff.reset_ms)
        h->in_a_row = 0;
    h->last_ms = ms;

    first_answer(p, c, &d);
    spend_failure(&p->failures, h, now_ms, &d);
    spend_restart(&p->restarts, h, now_ms, &d);
    settle_message(p, h, c, &d);
    if (p->backoff.initial_ms > 0 && (d.directive == ACTOR_DIRECTIVE_RESTART || d.fate == FATE_RETRY))
        d.delay_ns = next_delay_ns(&p->backoff, h, rng);
    d.tell_parent = d.directive == ACTOR_DIRECTIVE_STOP || d.directive == ACTOR_DIRECTIVE_ESCALATE;
    *ret = d;
}

const char *
failure_why_name(enum failure_why w)
{
    static const char *const names[] = {
#define WHY(name, text) #name,
#include "supervision/why.def"
#undef WHY
    };

    return (unsigned)w < ARRAY_LEN(names) ? names[w] : "?";
}

const char *
failure_why_text(enum failure_why w)
{
    static const char *const texts[] = {
#define WHY(name, text) text,
#include "supervision/why.def"
#undef WHY
    };

    return (unsigned)w < ARRAY_LEN(texts) ? texts[w] : "?";
}

const char *
failure_fate_name(enum failure_fate f)
{
    static const char *const names[] = {"dead", "retry", "quarantine"};

    return (unsigned)f < ARRAY_LEN(names) ? names[f] : "?";
}
