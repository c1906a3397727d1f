/* traffic.h - numbered mail, and the ledger that proves what became of it.
 *
 * A sender writes 0, 1, 2... on the items for one target. The target hands each number to ledger_check(); an
 * audit then says exactly how many items were lost, doubled or reordered on the way. Any plugin may take
 * part: handle item, and answer audit with a tally.
 */
#ifndef TRAFFIC_H
#define TRAFFIC_H
#include <actor/actor.h>

#define ITEM(F)   F(u32, from) F(u64, seq) F(u32, by, .dflt = 1)
#define AUDIT(F)  F(u32, from)
#define LEDGER(F) F(u64, next) F(u64, lost) F(u64, doubled) F(u64, reordered)
#define TALLY(F)  LEDGER(F) F(u64, handled) F(u64, total) F(u32, versions)
ACTOR_MESSAGE_IN("traffic", item, 1, ITEM)
ACTOR_MESSAGE_IN("traffic", audit, 1, AUDIT) /* ask it: the tally of what came from sender `from` */
ACTOR_MESSAGE_IN("traffic", tally, 1, TALLY) /* versions: one bit for each version that handled an item */
ACTOR_NESTED_IN("traffic", ledger, 1, LEDGER)

/* A number ahead of its turn leaves a gap: lost, until one of the gap arrives late, which makes it reordered.
 */
static inline void
ledger_check(ledger_state *l, uint64_t seq)
{
    if (seq >= l->next) {
        l->lost += seq - l->next;
        l->next = seq + 1;
    } else if (l->lost > 0) {
        l->lost--;
        l->reordered++;
    } else {
        l->doubled++;
    }
}

#endif
