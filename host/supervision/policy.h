/* policy.h - what supervision answers to a failure, as data.
 *
 *   ini [actor]  >  spawn option  >  the parent's behaviour  >  the node's default       policy_merge()
 *
 * Each layer says only what it cares about. Of two layers the higher one wins, setting by setting; its code
 * rules are asked first, then those of the layer below. Pure values: no pointers, copied freely; no clock, no
 * allocation. Reading a policy that nobody changes is safe from any thread. The text form is in README.md.
 */
#ifndef SUPERVISION_POLICY_H
#define SUPERVISION_POLICY_H
#include "base/err.h"
#include "base/strbuf.h"
#include <actor/host.h>
#include <stdbool.h>
#include <stdint.h>

enum cause_kind {
    CAUSE_RETURNED, /* a handler returned actor_fail() */
    CAUSE_START,    /* so did start() */
    CAUSE_LIMIT,    /* the turn overran hard_limit */
    CAUSE_FAULT,    /* a fault signal inside the plugin (containment = guarded) */
    CAUSE_CHILD,    /* a child escalated to this actor */
    CAUSE_KINDS
};

enum policy_group { GROUP_ONE_FOR_ONE, GROUP_ONE_FOR_ALL, GROUP_REST_FOR_ONE };

#define POLICY_RULES_IN_A_LAYER 16
#define POLICY_LAYERS           4
#define POLICY_MAX_ATTEMPTS     100
#define POLICY_MAX_N            10000

/* Codes are compared without their sign, since a plugin may fail with a status (-100008) or with its number.
 */
struct policy_rule {
    uint32_t first, last; /* inclusive; 0 .. UINT32_MAX is "any" */
    uint32_t directive;   /* enum actor_directive, never DEFAULT */
};

struct policy_budget {
    bool off; /* no budget: count nothing */
    uint32_t
        n; /* failures: the n-th in the window triggers; restarts: n are granted, the next one triggers */
    uint32_t window_ms; /* 1 .. WINDOW_MAX_MS */
    uint32_t then;      /* the directive in place of the one that ran out */
};

struct policy_backoff {
    uint32_t initial_ms; /* 0: restart at once */
    uint32_t max_ms;     /* >= initial_ms */
    uint32_t reset_ms;   /* so long without a failure and the next delay is initial_ms again */
    uint32_t jitter_pct; /* 0 .. 100: the delay is spread evenly over +- this part of it */
};

enum policy_set {                            /* which settings a layer says something about */
                  POLICY_HAS_KIND = 1u << 0, /* << enum cause_kind: five bits */
                  POLICY_HAS_FAILURES = 1u << 8,
                  POLICY_HAS_RESTARTS = 1u << 9,
                  POLICY_HAS_BACKOFF = 1u << 10,
                  POLICY_HAS_ATTEMPTS = 1u << 11,
                  POLICY_HAS_HARD_LIMIT = 1u << 12,
                  POLICY_HAS_GROUP = 1u << 13,
                  POLICY_HAS_CHILDREN = 1u << 14
};

struct policy {
    uint32_t set;               /* enum policy_set; fields without their bit are 0 */
    uint32_t kind[CAUSE_KINDS]; /* directive for that kind of failure; [CAUSE_RETURNED] is unused: rules
                                     decide */
    struct policy_budget failures, restarts;
    struct policy_backoff backoff;
    uint32_t
        attempts; /* a failing message is handled at most so often, then quarantined; 1: never put back */
    uint32_t hard_limit_ms; /* a longer turn fails; 0: off */
    uint32_t group;         /* enum policy_group: this actor's failures, seen by its siblings */
    bool keep_children;     /* a restart keeps them; else they stop */
    uint32_t n_rules;
    struct policy_rule rules[POLICY_RULES_IN_A_LAYER * POLICY_LAYERS];
};

/* A layer that says nothing. */
void policy_init(struct policy *p);
/* The node's default: resume; start and fault: stop; child: restart; 3 failures in 10s: restart; 3 restarts
 * in 60s: escalate; no backoff, one attempt, no hard limit, one-for-one, children stop. Every setting has its
 * bit. */
void policy_default(struct policy *p);
/* The layer of a spawn option. NULL or all zero: says nothing. -ERR_INVALID with err filled: an unknown
 * directive, or one that makes no sense there. */
int policy_from_opts(const actor_spawn_opts *o, struct policy *ret, struct err *err);
/* layer[0] is the highest; NULL entries are skipped; n <= POLICY_LAYERS. ret may not be one of them. Rules
 * that no failure can reach (behind an "any") are dropped. */
void policy_merge(const struct policy *const *layer, size_t n, struct policy *ret);

/* What the rules say to a code, DEFAULT when none matches. ret_rule (may be NULL): which. */
uint32_t policy_match(const struct policy *p, int32_t code, const struct policy_rule **ret_rule);
/* Can any failure end in resume? If not, turns need no copy of the state. p is merged. */
bool policy_may_resume(const struct policy *p);
/* For a behaviour whose state cannot be taken back (opaque, or larger than its atomic_bytes): a layer that
 * asks for resume is refused: -ERR_INVALID. A merged policy may still hold the default's resume, which
 * decides as restart. */
int policy_check_state(const struct policy *layer, bool resumable, struct err *err);
bool policy_equal(const struct policy *a, const struct policy *b);

/* Read one layer, as in `on_failure = TEXT`. ret is written on success only. -ERR_SYNTAX, -ERR_RANGE or
 * -ERR_LIMIT: err names the column (from 1) and what would be right. */
int policy_parse(const char *text, struct policy *ret, struct err *err);
/* The text that policy_parse reads back as an equal layer. Any policy of at most 16 rules; out->failed: no
 * memory. */
void policy_format(const struct policy *p, struct strbuf *out);

const char *directive_name(uint32_t directive); /* "resume"; "default" for 0, "?" past the end */
const char *cause_kind_name(enum cause_kind k);
const char *policy_group_name(enum policy_group g);

#endif
