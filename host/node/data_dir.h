/* data_dir.h - the folder of a node: made when missing, claimed by one process. Main thread; blocks on the disk. */
#ifndef NODE_DATA_DIR_H
#define NODE_DATA_DIR_H
#include "base/err.h"

struct data_dir {
    int lock; /* descriptor of PATH/lock; -1: not claimed */
};
/* Make path with its parents (0700 what is new) and lock it: released by the kernel when the process ends, however it
 * ends. -ERR_BUSY: another process has it, e names its id. -ERR_DENIED, -ERR_IO. */
int data_dir_claim(struct data_dir *d, const char *path, struct err *e);
void data_dir_release(struct data_dir *d);

#endif
