/* log.h - the node's log: never blocks the thread that writes.
 *
 *   any thread: log_write() --> bounded queue of finished lines --> one writer thread --> the sink (stderr, file)
 *                                        full: the line is dropped and counted; the count is printed when there is room
 *
 * Lines are text ("2026-11-22T10:00:00.123Z INFO  plugin: loaded greeter version=1.0.0") or JSON objects.
 * A source ("plugin", "actor /user/a") and key=value fields ride along. Every line is one write of at most 4 KiB.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H
#include "base/env.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };
enum log_format { LOG_TEXT, LOG_JSON };

/* Where finished lines go; bound in node/wire.c. write may block: only the writer thread calls it. */
struct log_sink {
    void *self;
    /* Returns bytes taken or -errno; -EAGAIN: try again later (the line waits, the queue fills, then drops). */
    int64_t (*write)(void *self, const char *line, size_t len_bytes);
};

struct log; /* one a node; NULL is a valid log that discards everything */

/* Start the writer thread. threaded = false (simulation, tests): lines go to the sink at once. */
int log_new(struct log **ret_log, struct env *env, struct log_sink sink, enum log_level level,
            enum log_format format, bool threaded);
/* Flush what is queued for at most timeout_ms, stop the thread, free. */
void log_free(struct log *log, uint32_t timeout_ms);
void log_set_level(struct log *log, enum log_level level); /* any thread */
void log_set_format(struct log *log, enum log_format format);
bool log_on(const struct log *log, enum log_level level); /* one relaxed load */
uint64_t log_dropped(const struct log *log);

/* Any thread, never blocks. source is copied. Newlines and control bytes are escaped. */
void log_write(struct log *log, enum log_level level, const char *source, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void log_vwrite(struct log *log, enum log_level level, const char *source, const char *fmt, va_list ap)
    __attribute__((format(printf, 4, 0)));

int log_level_parse(const char *text, enum log_level *ret_level); /* "debug" "info" "warn" "error" "off"; -ERR_INVALID */
const char *log_level_name(enum log_level level);

#endif
