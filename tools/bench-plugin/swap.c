/* swap - the actors whose code is replaced: each counts its visits. Built twice; from version 1 to 2 the count grows wider and
 * a field is new, so that every state is built anew. */
#define ACTOR_NAMESPACE "swap"
#include "swapload.h"

/* clang-format off */
#if SWAP_VERSION >= 2
#define VERSION   "2.0.0"
#define MEMBER(F) F(u64, visits) F(u64, seed, .dflt = 7) F(ref, next)
#else
#define VERSION   "1.0.0"
#define MEMBER(F) F(u32, visits) F(ref, next)
#endif
/* clang-format on */
ACTOR_STATE(member, SWAP_VERSION, MEMBER)

ACTOR_ON(member, visit, ctx, self, m)
{
    self->visits++;
    actor_reply(ctx, seen, .stamp = m->stamp, .version = SWAP_VERSION);
    return ACTOR_OK;
}
ACTOR_ON(member, audit, ctx, self, m)
{
    actor_reply(ctx, sum, .visits = self->visits, .version = SWAP_VERSION);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(member, ACTOR_ROW(member, visit), ACTOR_ROW(member, audit))
ACTOR_PLUGIN("swap", VERSION, &member_behaviour)
