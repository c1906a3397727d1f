/* slots.h - which cells are free.
 *
 *   worker: up to 64 slots --> the system: a stack of free slots --> groups that were given back --> slots never used
 *
 * 64 cells of 192 B are three pages. A group of 64 slots that are all free can be given back: its pages are discarded and read as
 * zero, which is what a free cell is. Nothing is lost by that: generations come from a counter of the node, never from a cell, and
 * generation 0 matches no reference.
 */
#ifndef ACTOR_SLOTS_H
#define ACTOR_SLOTS_H
#include "actor/actor_system.h"

enum { SLOT_GROUP = 64 };

/* A free slot, or CELL_NONE. The worker x, or the port's holder. */
uint32_t slots_get(struct actx *x);
/* Are there many more free slots than actors? Takes the lock. */
bool slots_surplus(struct system *sys);
/* Discard the groups that are all free. Any thread; one at a time, a second call returns at once. Costs some ns a slot, and the
 * lock for moments: meanwhile nobody finds these slots. */
void slots_trim(struct system *sys);
/* This worker's slots to the system. */
void slots_flush(struct actx *x);
void slots_fini(struct system *sys);

#endif
