/* The note says version 1.0.0, the descriptor 2.0.0: what ACTOR_PLUGIN would never write. */
#include "handmade.h"
static const actor_row rows_[] = {ACTOR_ROW(bad, ping)};
HANDMADE_PLUGIN("2.0.0", rows_, 1)
