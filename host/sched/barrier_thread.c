/* barrier_thread.c - membarrier(2). */
#include "sched/barrier.h"
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

bool
barrier_register(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

bool
barrier_all_threads(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
}
