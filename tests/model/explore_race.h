/* explore_race.h - plain accesses: who uses what, and races among them. Inside the explorer only. */
#ifndef EXPLORE_RACE_H
#define EXPLORE_RACE_H
#include <stdbool.h>

void race_reset(void);  /* a new execution */
void race_forget(void); /* a new search */
/* An atomic operation of thread t. true: more than one thread uses p, and one of them writes. */
bool race_shares(const volatile void *p, int t, bool writes);

/* of explore.c */
const struct view *explore_view(void);
int explore_running(void); /* -1: no thread of the scenario */
bool explore_on_stack(const void *p);

#endif
