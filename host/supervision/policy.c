/* policy.c - layers of settings and what they add up to. Text is in policy_parse.c and policy_format.c,
 * decisions in decide.c. */
#include "base/util.h"
#include "supervision/policy_priv.h"
#include "supervision/window.h"
#include <assert.h>
#include <string.h>

void
policy_init(struct policy *p)
{
    memset(p, 0, sizeof *p);
}

void
policy_default(struct policy *p)
{
    policy_init(p);
    p->set = HAS_KIND(CAUSE_START) | HAS_KIND(CAUSE_FAULT) | HAS_KIND(CAUSE_CHILD) | POLICY_HAS_FAILURES |
             POLICY_HAS_RESTARTS | POLICY_HAS_BACKOFF | POLICY_HAS_ATTEMPTS | POLICY_HAS_HARD_LIMIT |
             POLICY_HAS_GROUP | POLICY_HAS_CHILDREN;
    p->kind[CAUSE_START] = ACTOR_DIRECTIVE_STOP;
    p->kind[CAUSE_FAULT] = ACTOR_DIRECTIVE_STOP;
    p->kind[CAUSE_CHILD] = ACTOR_DIRECTIVE_RESTART;
    p->failures = (struct policy_budget){.n = 3, .window_ms = 10000, .then = ACTOR_DIRECTIVE_RESTART};
    p->restarts = (struct policy_budget){.n = 3, .window_ms = 60000, .then = ACTOR_DIRECTIVE_ESCALATE};
    p->attempts = 1;
    p->group = GROUP_ONE_FOR_ONE;
    p->rules[p->n_rules++] = (struct policy_rule){0, UINT32_MAX, ACTOR_DIRECTIVE_RESUME};
}

int
policy_from_opts(const actor_spawn_opts *o, struct policy *ret, struct err *err)
{
    struct policy p;

    policy_init(&p);
    if (o == NULL)
        goto out;
    if (o->on_failure > ACTOR_DIRECTIVE_ESCALATE || o->on_start_failure > ACTOR_DIRECTIVE_ESCALATE)
        return err_set(err, ERR_INVALID, "spawn options name a directive that does not exist");
    if (o->on_start_failure == ACTOR_DIRECTIVE_RESUME)
        return err_set(err, ERR_INVALID, "on_start_failure: there is no state yet that could resume");
    if (o->on_failure != ACTOR_DIRECTIVE_DEFAULT)
        p.rules[p.n_rules++] = (struct policy_rule){0, UINT32_MAX, o->on_failure};
    if (o->on_start_failure != ACTOR_DIRECTIVE_DEFAULT) {
        p.set |= HAS_KIND(CAUSE_START);
        p.kind[CAUSE_START] = o->on_start_failure;
    }
    if (o->max_restarts != 0 || o->within_ms != 0) {
        struct policy d;

        /* One of the two alone keeps the other's default. */
        policy_default(&d);
        p.set |= POLICY_HAS_RESTARTS;
        p.restarts = d.restarts;
        if (o->max_restarts != 0)
            p.restarts.n = o->max_restarts < POLICY_MAX_N ? o->max_restarts : POLICY_MAX_N;
        if (o->within_ms != 0)
            p.restarts.window_ms = o->within_ms < WINDOW_MAX_MS ? o->within_ms : WINDOW_MAX_MS;
    }
out:
    *ret = p;
    return 0;
}

static bool
is_any(const struct policy_rule *r)
{
    return r->first == 0 && r->last == UINT32_MAX;
}

void
policy_merge(const struct policy *const *layer, size_t n, struct policy *ret)
{
    bool closed = false;

    assert(n <= POLICY_LAYERS);
    policy_init(ret);
    for (size_t i = 0; i < n; i++) {
        const struct policy *l = layer[i];
        uint32_t fresh;

        if (l == NULL)
            continue;
        fresh = l->set & ~ret->set;
        for (unsigned k = 0; k < CAUSE_KINDS; k++)
            if (fresh & HAS_KIND(k))
                ret->kind[k] = l->kind[k];
        if (fresh & POLICY_HAS_FAILURES)
            ret->failures = l->failures;
        if (fresh & POLICY_HAS_RESTARTS)
            ret->restarts = l->restarts;
        if (fresh & POLICY_HAS_BACKOFF)
            ret->backoff = l->backoff;
        if (fresh & POLICY_HAS_ATTEMPTS)
            ret->attempts = l->attempts;
        if (fresh & POLICY_HAS_HARD_LIMIT)
            ret->hard_limit_ms = l->hard_limit_ms;
        if (fresh & POLICY_HAS_GROUP)
            ret->group = l->group;
        if (fresh & POLICY_HAS_CHILDREN)
            ret->keep_children = l->keep_children;
        ret->set |= fresh;
        for (uint32_t r = 0; r < l->n_rules && !closed; r++) {
            if (ret->n_rules == ARRAY_LEN(ret->rules))
                break; /* only when a layer is itself a merged one */
            ret->rules[ret->n_rules++] = l->rules[r];
            closed = is_any(&l->rules[r]);
        }
    }
}

uint32_t
policy_match(const struct policy *p, int32_t code, const struct policy_rule **ret_rule)
{
    uint32_t c = code < 0 ? 0 - (uint32_t)code : (uint32_t)code;

    for (uint32_t i = 0; i < p->n_rules; i++) {
        const struct policy_rule *r = &p->rules[i];

        if (c < r->first || c > r->last)
            continue;
        if (ret_rule != NULL)
            *ret_rule = r;
        return r->directive;
    }
    return ACTOR_DIRECTIVE_DEFAULT;
}

bool
policy_may_resume(const struct policy *p)
{
    bool closed = false;

    if (p->kind[CAUSE_LIMIT] == ACTOR_DIRECTIVE_RESUME)
        return true;
    for (uint32_t i = 0; i < p->n_rules; i++) {
        if (p->rules[i].directive == ACTOR_DIRECTIVE_RESUME)
            return true;
        closed |= is_any(&p->rules[i]);
    }
    /* A code that no rule names resumes. */
    return !closed;
}

int
policy_check_state(const struct policy *layer, bool resumable, struct err *err)
{
    if (resumable)
        return 0;
    for (uint32_t i = 0; i < layer->n_rules; i++)
        if (layer->rules[i].directive == ACTOR_DIRECTIVE_RESUME) {
            err_set(err, ERR_INVALID,
                    "a rule says resume, but the state of this behaviour cannot be taken back");
            err_fix(
                err,
                "let the rule say restart or stop, or give the state fixed fields of at most atomic_bytes");
            return -ERR_INVALID;
        }
    if (layer->kind[CAUSE_LIMIT] == ACTOR_DIRECTIVE_RESUME) {
        err_set(err, ERR_INVALID, "limit says resume, but the state of this behaviour cannot be taken back");
        err_fix(err, "use limit: restart or limit: stop");
        return -ERR_INVALID;
    }
    return 0;
}

static bool
budget_equal(const struct policy_budget *a, const struct policy_budget *b)
{
    return a->off == b->off && a->n == b->n && a->window_ms == b->window_ms && a->then == b->then;
}

bool
policy_equal(const struct policy *a, const struct policy *b)
{
    if (a->set != b->set || a->n_rules != b->n_rules || a->attempts != b->attempts ||
        a->hard_limit_ms != b->hard_limit_ms || a->group != b->group ||
        a->keep_children != b->keep_children || !budget_equal(&a->failures, &b->failures) ||
        !budget_equal(&a->restarts, &b->restarts))
        return false;
    return memcmp(a->kind, b->kind, sizeof a->kind) == 0 &&
           memcmp(&a->backoff, &b->backoff, sizeof a->backoff) == 0 &&
           memcmp(a->rules, b->rules, a->n_rules * sizeof *a->rules) == 0;
}

const char *
directive_name(uint32_t directive)
{
    static const char *const names[] = {"default", "resume", "restart", "stop", "escalate"};

    return directive < ARRAY_LEN(names) ? names[directive] : "?";
}

const char *
cause_kind_name(enum cause_kind k)
{
    static const char *const names[] = {"returned", "start", "limit", "fault", "child"};

    return (unsigned)k < ARRAY_LEN(names) ? names[k] : "?";
}

const char *
policy_group_name(enum policy_group g)
{
    static const char *const names[] = {"one-for-one", "one-for-all", "rest-for-one"};

    return (unsigned)g < ARRAY_LEN(names) ? names[g] : "?";
}
