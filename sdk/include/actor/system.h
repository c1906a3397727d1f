/* actor/system.h - what the host itself sends. All of it is ordinary mail: it waits its turn and a row handles it. An actor
 * without the row simply does not get it (it is counted, not a dead letter). */
#ifndef ACTOR_SYSTEM_H
#define ACTOR_SYSTEM_H

#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC system_header /* designated initialisers leave fields out on purpose; g++ -Wextra warns of each */
#endif

#include <actor/schema.h>

enum actor_reason {             /* why an actor ended */
    ACTOR_REASON_STOPPED = 1,   /* by itself, its parent or an operator */
    ACTOR_REASON_FAILED,        /* supervision stopped it */
    ACTOR_REASON_START_FAILED,
    ACTOR_REASON_ROLLED_BACK,   /* the turn that spawned it failed */
    ACTOR_REASON_NOT_FOUND,     /* it was not alive when watched */
    ACTOR_REASON_SHUTDOWN       /* the node stops */
};

/* A watched actor ended. Follows all mail that it had sent to this actor; exactly one for each watch. */
#define ACTOR_TERMINATED_(F) F(ref, who) F(u32, reason) F(i32, code) F(u32, incarnation)
ACTOR_MESSAGE_IN("actor", actor_terminated, 1, ACTOR_TERMINATED_)

/* An ask or a job of this actor got no answer. actor_tag() tells which. code: above 0, what the handler gave to actor_fail() or
 * the job returned; else ACTOR_E_TIMEOUT, _DEAD, _UNHANDLED, _FULL, _TYPE, _LIMIT, or _FAILED (a code outside 1..65535). */
#define ACTOR_ASK_FAILED_(F) F(ref, target) F(i32, code)
ACTOR_MESSAGE_IN("actor", actor_ask_failed, 1, ACTOR_ASK_FAILED_)

/* A child failed and its supervisor's answer was to escalate to this actor's parent, or to stop it. */
#define ACTOR_CHILD_FAILED_(F) F(ref, child) F(i32, code) F(u32, directive) F(str, text)
ACTOR_MESSAGE_IN("actor", actor_child_failed, 1, ACTOR_CHILD_FAILED_)

/* Start arguments of a behaviour that takes none. */
ACTOR_STRUCT_T_(actor_none, ACTOR_NO_FIELDS_);
ACTOR_SCHEMA_(actor_none, ACTOR_FORM_ARGS, "actor", "actor_none", 1, ACTOR_NO_FIELDS_)

#endif
