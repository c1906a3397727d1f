/* log_file.h - where the log's lines go: standard error or a file. The log_sink of base/log.h.
 *
 * A line is written whole or not at all: at most 4 KiB, into a pipe only when poll says there is room (which
 * for a pipe means room for 4 KiB). A full pipe or socket answers -EAGAIN; the queue of the log then fills,
 * drops and counts. The descriptor's flags are left alone: a terminal or pipe on standard error is shared
 * with other processes.
 */
#ifndef NODE_LOG_FILE_H
#define NODE_LOG_FILE_H
#include "base/err.h"
#include "base/log.h"

struct log_file {
    int fd; /* keeps its number for life, so that the writer thread needs no lock */
};
/* path: appended to, made (0640) if missing; NULL: standard error. */
int log_file_open(struct log_file *f, const char *path, struct err *e);
/* The same path anew (after logrotate moved the file), or another. Main thread, while the writer writes: each
 * line goes to the old or the new file. On failure the old one stays. */
int log_file_reopen(struct log_file *f, const char *path, struct err *e);
/* After log_free(). */
void log_file_close(struct log_file *f);
struct log_sink log_file_sink(struct log_file *f);

#endif
