/* log.c - lines are finished by the thread that writes them and carried to the sink by one other thread.
 *
 *   log_vwrite: level? --> line in memory of its own --> free slot in the ring --> wake the writer if it
 * sleeps none: free it, count it writer:     take, write (in parts if the sink wants), free; when the ring is
 * empty: report the dropped, sleep
 *
 * The ring is the bounded queue of Dmitry Vyukov: each slot has a sequence number that says whose turn it is,
 * so a producer costs one compare-and-swap and never waits for another. At the end the owner waits for the
 * writer with a limit. A sink that hangs for longer keeps its thread and its log: the writer then frees the
 * log itself.
 */
#include "base/log.h"
#include "base/err.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/thread.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 4096
#define SLOTS          4096
#define RETRY_NS       UINT64_C(5000000)
#define NS_PER_S       UINT64_C(1000000000)

struct line {
    uint32_t len;
    char text[];
};

struct slot {
    _Atomic(uint64_t) seq; /* n: free for ticket n; n + 1: holds ticket n */
    struct line *line;
};

struct log {
    struct env *env;
    struct log_sink sink;
    bool threaded;
    struct thread thread;
    struct parker parker;
    _Atomic(int) level, format;
    _Atomic(uint64_t) dropped;
    uint64_t reported;                   /* writer only: of dropped, what has been printed */
    _Atomic(uint64_t) stop_at;           /* 0 = run; else drain until this time of mono_ns */
    _Atomic(int) owners;                 /* owner and writer; the last one frees */
    struct mutex direct;                 /* unthreaded: one line at a time */
    _Alignas(64) _Atomic(uint64_t) tail; /* producers */
    _Alignas(64) uint64_t head;          /* the writer */
    struct slot ring[SLOTS];
};

/* --- a line's text --- */

/* "2026-11-22T10:00:00.123Z". By hand, because gmtime_r takes a lock that a slow thread may hold. */
static void
stamp(char out[48], uint64_t real_ns)
{
    uint64_t s = real_ns / NS_PER_S, days = s / 86400, sec = s % 86400;
    /* Days since 0000-03-01: years then end with February, and leap days come last. */
    uint64_t z = days + 719468, era = z / 146097, doe = z % 146097;
    uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    uint64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    uint64_t year = yoe + era * 400 + (month <= 2);

    snprintf(out, 48, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)year % 10000, (unsigned)month,
             (unsigned)day, (unsigned)(sec / 3600), (unsigned)(sec / 60 % 60), (unsigned)(sec % 60),
             (unsigned)(real_ns / 1000000 % 1000));
}

/* Copy with control bytes escaped, so that one call is one line whatever a message holds. Returns the new
 * length. */
static size_t
put_plain(char *out, size_t at, size_t cap, const char *s)
{
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        char esc[8];
        size_t n = 1;

        if (c == '\n' || c == '\r' || c == '\t') {
            esc[0] = '\\';
            esc[1] = c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
            n = 2;
        } else if (c < 0x20 || c == 0x7f) {
            n = (size_t)snprintf(esc, sizeof esc, "\\x%02x", c);
        } else {
            esc[0] = (char)c;
        }
        if (at + n > cap)
            break;
        memcpy(out + at, esc, n);
        at += n;
    }
    return at;
}

static size_t
text_line(char out[LINE_MAX_BYTES], uint64_t real_ns, enum log_level level, const char *source,
          const char *msg)
{
    static const char upper[][6] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
    const size_t cap = LINE_MAX_BYTES - 4; /* room for "...\n" */
    char when[48];
    size_t n;

    stamp(when, real_ns);
    n = (size_t)snprintf(out, cap, "%s %s ", when, upper[level]);
    n = put_plain(out, n, cap / 2, source);
    n = put_plain(out, n, cap, ": ");
    n = put_plain(out, n, cap, msg);
    if (n >= cap - 4) {
        memcpy(out + n, "...", 3);
        n += 3;
    }
    out[n++] = '\n';
    return n;
}

static size_t
json_line(char out[LINE_MAX_BYTES], uint64_t real_ns, enum log_level level, const char *source,
          const char *msg)
{
    size_t source_len = strnlen(source, 256), msg_len = strlen(msg), n = 0;
    struct strbuf b;
    char when[48];

    stamp(when, real_ns);
    strbuf_init(&b);
    /* Escapes may make the line too long: then say less, so that it stays one valid object. */
    for (;; msg_len /= 2) {
        struct json j;

        strbuf_reset(&b);
        json_init(&j, &b);
        json_object_begin(&j);
        json_key(&j, "time");
        json_str(&j, when);
        json_key(&j, "level");
        json_str(&j, log_level_name(level));
        json_key(&j, "source");
        json_str_n(&j, source, source_len);
        json_key(&j, "message");
        json_str_n(&j, msg, msg_len);
        json_object_end(&j);
        strbuf_putc(&b, '\n');
        if (b.failed || b.len <= LINE_MAX_BYTES)
            break;
    }
    if (!b.failed) {
        n = b.len;
        memcpy(out, b.p, n);
    }
    strbuf_fini(&b);
    return n;
}

/* 0: there was no memory for it. */
static size_t
render(struct log *log, char out[LINE_MAX_BYTES], enum log_level level, const char *source, const char *msg)
{
    uint64_t now = log->env->real_ns(log->env);

    /* Relaxed: a switch of format takes effect some line later. */
    if (atomic_load_explicit(&log->format, memory_order_relaxed) == LOG_JSON)
        return json_line(out, now, level, source, msg);
    return text_line(out, now, level, source, msg);
}

/* --- the writer's side --- */

static void
count_dropped(struct log *log)
{
    atomic_fetch_add_explicit(&log->dropped, 1, memory_order_relaxed); /* a statistic: orders nothing */
}

static bool
out_of_time(struct log *log)
{
    uint64_t until = atomic_load_explicit(&log->stop_at, memory_order_acquire); /* pairs with log_free */

    return until != 0 && log->env->mono_ns(log->env) >= until;
}

/* Hand the line over, in parts if need be; wait while the sink is busy, unless time is up. */
static bool
deliver(struct log *log, const char *text, size_t len)
{
    while (len > 0) {
        int64_t r = log->sink.write(log->sink.self, text, len);

        if (r > 0) {
            size_t took = (uint64_t)r < len ? (size_t)r : len;

            text += took;
            len -= took;
        } else if (r == -EINTR) {
            continue;
        } else if ((r == -EAGAIN || r == 0) && log->threaded && !out_of_time(log)) {
            parker_park(&log->parker, RETRY_NS);
        } else {
            return false;
        }
    }
    return true;
}

static void
report_dropped(struct log *log)
{
    uint64_t dropped = log_dropped(log);
    char msg[64], line[LINE_MAX_BYTES];
    size_t n;

    if (dropped == log->reported)
        return;
    snprintf(msg, sizeof msg, "dropped %llu lines", (unsigned long long)(dropped - log->reported));
    n = render(log, line, LOG_WARN, "log", msg);
    /* A report that does not get through is tried again with the next line; it is no line of anybody's. */
    if (n > 0 && deliver(log, line, n))
        log->reported = dropped;
}

static bool
take(struct log *log, struct line **ret_line)
{
    struct slot *s = &log->ring[log->head % SLOTS];

    /* Acquire: pairs with the release in push, so the line is seen whole. */
    if (atomic_load_explicit(&s->seq, memory_order_acquire) != log->head + 1)
        return false;
    *ret_line = s->line;
    /* Release: pairs with the acquire in push; the slot may be filled again only after the read above. */
    atomic_store_explicit(&s->seq, log->head + SLOTS, memory_order_release);
    log->head++;
    return true;
}

static bool
push(struct log *log, struct line *line)
{
    uint64_t t = atomic_load_explicit(&log->tail, memory_order_relaxed);

    for (;;) {
        struct slot *s = &log->ring[t % SLOTS];
        uint64_t seq =
            atomic_load_explicit(&s->seq, memory_order_acquire); /* pairs with the release in take */

        if ((int64_t)(seq - t) < 0)
            return false;
        if (seq == t && atomic_compare_exchange_weak_explicit(&log->tail, &t, t + 1, memory_order_relaxed,
                                                              memory_order_relaxed)) {
            s->line = line;
            atomic_store_explicit(&s->seq, t + 1, memory_order_release); /* pairs with the acquire in take */
            return true;
        }
        if (seq != t)
            t = atomic_load_explicit(&log->tail, memory_order_relaxed);
    }
}

static void
line_free(struct log *log, struct line *l)
{
    env_free(log->env, l, sizeof *l + l->len);
}

static void
unref(struct log *log)
{
    struct line *l;

    /* Acquire and release: the last one sees all that the other did before it let go. */
    if (atomic_fetch_sub_explicit(&log->owners, 1, memory_order_acq_rel) > 1)
        return;
    while (take(log, &l))
        line_free(log, l);
    mutex_fini(&log->direct);
    log->env->release(log->env, log, sizeof *log);
}

static void
writer(void *arg)
{
    struct log *log = arg;

    for (;;) {
        bool stopping =
            atomic_load_explicit(&log->stop_at, memory_order_acquire) != 0; /* pairs with log_free */
        struct line *l;

        /* Read stopping first: lines that came before the stop are then seen by the take below. */
        if (take(log, &l)) {
            if (out_of_time(log) || !deliver(log, l->text, l->len))
                count_dropped(log);
            line_free(log, l);
            continue;
        }
        report_dropped(log);
        if (stopping)
            break;
        parker_park(&log->parker, PARK_FOREVER);
    }
    unref(log);
}

/* --- the face --- */

int
log_new(struct log **ret_log, struct env *env, struct log_sink sink, enum log_level level,
        enum log_format format, bool threaded)
{
    /* Reserved, not allocated: the pages of a ring that stays short are never touched. */
    struct log *log = env->reserve(env, sizeof *log);
    int r;

    if (log == NULL)
        return -ERR_NOMEM;
    log->env = env;
    log->sink = sink;
    log->threaded = threaded;
    atomic_init(&log->level, level);
    atomic_init(&log->format, format);
    atomic_init(&log->owners, threaded ? 2 : 1);
    mutex_init(&log->direct);
    parker_init(&log->parker);
    if (threaded) {
        for (uint64_t i = 0; i < SLOTS; i++)
            atomic_init(&log->ring[i].seq, i);
        r = thread_start(&log->thread, "log", writer, log, 128 << 10);
        if (r < 0) {
            mutex_fini(&log->direct);
            env->release(env, log, sizeof *log);
            return r;
        }
    }
    *ret_log = log;
    return 0;
}

void
log_free(struct log *log, uint32_t timeout_ms)
{
    uint64_t until;

    if (log == NULL)
        return;
    if (log->threaded) {
        struct thread t = log->thread;

        until = log->env->mono_ns(log->env) + (uint64_t)timeout_ms * 1000000;
        /* Release: pairs with the acquire in writer; every line this thread wrote lies in the ring by now. */
        atomic_store_explicit(&log->stop_at, until, memory_order_release);
        parker_unpark(&log->parker);
        /* A little longer than the writer's own limit, so that one that only waits for its sink ends in time.
         */
        if (thread_join_within(&t, timeout_ms + 100) < 0)
            thread_abandon(&t);
    }
    unref(log);
}

void
log_set_level(struct log *log, enum log_level level)
{
    if (log != NULL)
        atomic_store_explicit(&log->level, level, memory_order_relaxed); /* takes effect some line later */
}

void
log_set_format(struct log *log, enum log_format format)
{
    if (log != NULL)
        atomic_store_explicit(&log->format, format, memory_order_relaxed); /* takes effect some line later */
}

bool
log_on(const struct log *log, enum log_level level)
{
    return log != NULL && level < LOG_OFF &&
           (int)level >= atomic_load_explicit(&log->level, memory_order_relaxed);
}

uint64_t
log_dropped(const struct log *log)
{
    return log == NULL ? 0 : atomic_load_explicit(&log->dropped, memory_order_relaxed);
}

void
log_vwrite(struct log *log, enum log_level level, const char *source, const char *fmt, va_list ap)
{
    char msg[LINE_MAX_BYTES], text[LINE_MAX_BYTES];
    struct line *l;
    size_t n;

    if (!log_on(log, level))
        return;
    vsnprintf(msg, sizeof msg, fmt, ap);
    n = render(log, text, level, source == NULL ? "" : source, msg);
    if (n == 0) {
        count_dropped(log);
        return;
    }
    if (!log->threaded) {
        mutex_lock(&log->direct);
        report_dropped(log);
        if (!deliver(log, text, n))
            count_dropped(log);
        mutex_unlock(&log->direct);
        return;
    }
    l = env_alloc(log->env, sizeof *l + n);
    if (l == NULL) {
        count_dropped(log);
        return;
    }
    l->len = (uint32_t)n;
    memcpy(l->text, text, n);
    if (!push(log, l)) {
        line_free(log, l);
        count_dropped(log);
        return;
    }
    parker_unpark(&log->parker);
}

void
log_write(struct log *log, enum log_level level, const char *source, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_vwrite(log, level, source, fmt, ap);
    va_end(ap);
}

static const char level_names[][6] = {"debug", "info", "warn", "error", "off"};

int
log_level_parse(const char *text, enum log_level *ret_level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++)
        if (strcmp(text, level_names[i]) == 0) {
            *ret_level = (enum log_level)i;
            return 0;
        }
    return -ERR_INVALID;
}

const char *
log_level_name(enum log_level level)
{
    return (unsigned)level <= LOG_OFF ? level_names[level] : "?";
}
