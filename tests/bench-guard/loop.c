/* loop.c - a worker's own loop on the caller's thread: the file of the host as it is, since its loop is nobody's to call. */
#include "sched/worker_thread.c"

#include "loop.h"

void
guard_loop(struct worker *w)
{
    struct worker_thread t = {.worker = w};

    parker_init(&t.parker);
    worker_main(&t);
}
