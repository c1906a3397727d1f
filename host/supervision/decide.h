/* decide.h - one failure in, one decision out. The pure step at the heart of supervision.
 *
 *   cause --> kind or rule --> state lost? --> failures budget --> restarts budget --> backoff --> decision
 *                              resume becomes  (resume only)       (restart only)      (a delay)
 *                              restart
 *
 * The actor is suspended in the failing turn when this is called and handles nothing until the directive is
 * applied, so one actor has one decision at a time. One owner thread: whoever runs the actor. No clock, no
 * allocation, no logging.
 */
#ifndef SUPERVISION_DECIDE_H
#define SUPERVISION_DECIDE_H
#include "base/random.h"
#include "supervision/policy.h"
#include "supervision/window.h"

struct cause {
    uint32_t kind;  /* enum cause_kind */
    int32_t code;   /* what actor_fail() was given, the signal of a fault, the child's code of CAUSE_CHILD */
    bool resumable; /* the turn was undone completely; ignored for START and FAULT, which never resume */
    bool has_message; /* a message is in hand; if not, its fate means nothing */
    bool redelivered; /* that message had failed before and was put back by FATE_RETRY */
};

/* What becomes of the message in hand. */
enum failure_fate {
    FATE_DEAD,      /* a dead letter with the code; its asker is told at once */
    FATE_RETRY,     /* keep it: it is the next message to be handled, marked as redelivered */
    FATE_QUARANTINE /* a dead letter too, but of its own reason: it failed `attempts` times */
};

enum failure_why {
#define WHY(name, text) WHY_##name,
#include "supervision/why.def"
#undef WHY
    WHY_KINDS
};

struct decision {
    uint32_t directive; /* enum actor_directive, never DEFAULT */
    uint32_t fate;      /* enum failure_fate */
    uint32_t why;       /* enum failure_why */
    uint32_t attempts;  /* how often the message in hand has failed, this time included */
    uint64_t delay_ns;  /* wait so long, suspended, before a restart or a retry */
    bool tell_parent;   /* stop and escalate: the parent gets actor_child_failed */
};

/* What an actor's failures left behind; allocated at its first. Zeroed memory is a clean record. */
struct failure_history {
    uint64_t last_ms; /* of the failure before; 0 = none */
    struct window failures, restarts;
    uint16_t attempts; /* of the message in hand */
    uint16_t in_a_row; /* delays since the last quiet time of backoff.reset_ms */
};
_Static_assert(sizeof(struct failure_history) <= 96, "one a failing actor");

/* p is merged and has every setting. now_ns must not go backwards for one history; rng only spreads delays.
 * Updates h. */
void supervision_decide(const struct policy *p, struct failure_history *h, uint64_t now_ns, struct rng *rng,
                        const struct cause *c, struct decision *ret);

const char *failure_why_name(enum failure_why w); /* "RESTARTS" */
const char *failure_why_text(enum failure_why w);
const char *failure_fate_name(enum failure_fate f);

#endif
