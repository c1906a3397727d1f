#include "base/err.h"
#include "base/log.h"
#include "base/thread.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sink that keeps what it got; it can be closed for a while, and take lines in small parts. */
struct keep {
    struct mutex lock;
    char text[1 << 20];
    size_t len;
    size_t part;   /* bytes taken at most; 0 = all */
    int64_t error; /* returned instead, when not 0 */
    unsigned refusals;
    struct parker *refused; /* unparked at each refusal */
};

static struct keep keep;
static struct env_fake fake;

static int64_t
keep_write(void *self, const char *line, size_t len)
{
    struct keep *k = self;
    int64_t r = (int64_t)len;

    mutex_lock(&k->lock);
    if (k->error != 0) {
        r = k->error;
        k->refusals++;
        if (k->refused != NULL)
            parker_unpark(k->refused);
    } else {
        if (k->part > 0 && len > k->part)
            r = (int64_t)k->part;
        if (k->len + (size_t)r < sizeof k->text) {
            memcpy(k->text + k->len, line, (size_t)r);
            k->len += (size_t)r;
            k->text[k->len] = '\0';
        }
    }
    mutex_unlock(&k->lock);
    return r;
}

static void
set_error(int64_t error)
{
    mutex_lock(&keep.lock);
    keep.error = error;
    mutex_unlock(&keep.lock);
}

static void
setup(void)
{
    memset(&keep, 0, sizeof keep);
    mutex_init(&keep.lock);
    env_fake_init(&fake, 1);
}

static void
teardown(void)
{
    mutex_fini(&keep.lock);
}

TestSuite(log, .init = setup, .fini = teardown);

static struct log *
start(enum log_level level, enum log_format format, bool threaded)
{
    struct log *log = NULL;
    struct log_sink sink = {.self = &keep, .write = keep_write};

    cr_assert_eq(log_new(&log, threaded ? env_real() : &fake.env, sink, level, format, threaded), 0);
    return log;
}

Test(log, text_line_has_time_level_source_and_message)
{
    struct log *log = start(LOG_INFO, LOG_TEXT, false);

    log_write(log, LOG_WARN, "plugin", "loaded %s version=%d", "greeter", 2);
    cr_assert_str_eq(keep.text, "2026-01-01T00:00:00.000Z WARN  plugin: loaded greeter version=2\n");
    log_free(log, 0);
}

Test(log, dates_are_right_over_leap_years)
{
    static const struct {
        uint64_t real_s;
        const char *text;
    } days[] = {
        {1772236799, "2026-02-27T23:59:59.042Z"}, {1772236800, "2026-02-28T00:00:00.042Z"},
        {1772323200, "2026-03-01T00:00:00.042Z"}, {1835395200, "2028-02-29T00:00:00.042Z"},
        {1861919999, "2028-12-31T23:59:59.042Z"}, {4107542400, "2100-03-01T00:00:00.042Z"},
    };
    struct log *log = start(LOG_INFO, LOG_TEXT, false);

    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        fake.mono_ns = (days[i].real_s - 1767225600) * 1000000000 + 1042000000;
        keep.len = 0;
        log_write(log, LOG_INFO, "t", "x");
        cr_assert_eq(strncmp(keep.text, days[i].text, 24), 0, "%s", keep.text);
    }
    log_free(log, 0);
}

Test(log, json_line_is_one_object)
{
    struct log *log = start(LOG_INFO, LOG_JSON, false);

    log_write(log, LOG_ERROR, "actor /user/a", "said \"%s\"\n", "no");
    cr_assert_str_eq(keep.text,
                     "{\"time\":\"2026-01-01T00:00:00.000Z\",\"level\":\"error\",\"source\":\"actor "
                     "/user/a\",\"message\":\"said \\\"no\\\"\\n\"}\n");
    log_set_format(log, LOG_TEXT);
    keep.len = 0;
    log_write(log, LOG_ERROR, "a", "b");
    cr_assert_str_eq(keep.text, "2026-01-01T00:00:00.000Z ERROR a: b\n");
    log_free(log, 0);
}

Test(log, control_bytes_cannot_forge_a_line)
{
    struct log *log = start(LOG_INFO, LOG_TEXT, false);

    log_write(log, LOG_INFO, "a\nb", "x\r\n%c[0m\ty\x7f", 27);
    cr_assert_str_eq(strchr(keep.text, 'a'), "a\\nb: x\\r\\n\\x1b[0m\\ty\\x7f\n");
    log_free(log, 0);
}

Test(log, lines_are_cut_at_4_kib_and_stay_lines)
{
    struct log *log = start(LOG_INFO, LOG_TEXT, false);
    static char longer[10000], quotes[4000];

    memset(longer, 'x', sizeof longer - 1);
    memset(quotes, '"', sizeof quotes - 1);
    log_write(log, LOG_INFO, "a", "%s", longer);
    cr_assert_leq(keep.len, 4096u);
    cr_assert_gt(keep.len, 4000u);
    cr_assert_str_eq(keep.text + keep.len - 5, "x...\n");
    log_set_format(log, LOG_JSON);
    keep.len = 0;
    log_write(log, LOG_INFO, "a", "%s", quotes);
    cr_assert_leq(keep.len, 4096u);
    cr_assert_gt(keep.len, 1000u);
    cr_assert_str_eq(keep.text + keep.len - 4, "\"\"}\n");
    log_free(log, 0);
}

Test(log, level_filters_and_can_change)
{
    struct log *log = start(LOG_WARN, LOG_TEXT, false);

    cr_assert_not(log_on(log, LOG_INFO));
    cr_assert(log_on(log, LOG_ERROR));
    log_write(log, LOG_INFO, "a", "b");
    cr_assert_eq(keep.len, 0u);
    log_set_level(log, LOG_DEBUG);
    log_write(log, LOG_DEBUG, "a", "b");
    cr_assert_gt(keep.len, 0u);
    log_set_level(log, LOG_OFF);
    cr_assert_not(log_on(log, LOG_ERROR));
    cr_assert_not(log_on(log, LOG_OFF));
    log_free(log, 0);
}

Test(log, no_log_discards)
{
    cr_assert_not(log_on(NULL, LOG_ERROR));
    log_write(NULL, LOG_ERROR, "a", "b");
    log_set_level(NULL, LOG_INFO);
    log_set_format(NULL, LOG_JSON);
    cr_assert_eq(log_dropped(NULL), 0);
    log_free(NULL, 0);
}

Test(log, level_names_parse)
{
    enum log_level level = LOG_OFF;

    for (int i = LOG_DEBUG; i <= LOG_OFF; i++) {
        cr_assert_eq(log_level_parse(log_level_name((enum log_level)i), &level), 0);
        cr_assert_eq((int)level, i);
    }
    cr_assert_eq(log_level_parse("loud", &level), -ERR_INVALID);
    cr_assert_eq((int)level, (int)LOG_OFF);
}

Test(log, failing_sink_counts_and_is_reported_later)
{
    struct log *log = start(LOG_INFO, LOG_TEXT, false);

    set_error(-EIO);
    log_write(log, LOG_INFO, "a", "one");
    log_write(log, LOG_INFO, "a", "two");
    cr_assert_eq(log_dropped(log), 2);
    set_error(0);
    log_write(log, LOG_INFO, "a", "three");
    cr_assert_not_null(strstr(keep.text, "WARN  log: dropped 2 lines\n"));
    cr_assert_not_null(strstr(keep.text, "a: three\n"));
    log_free(log, 0);
}

/* --- with the writer thread --- */

enum { LINES = 500 };

static void
chatter(void *arg)
{
    struct log *log = arg;
    static _Atomic(unsigned) next;
    unsigned who = atomic_fetch_add(&next, 1);

    for (int i = 0; i < LINES; i++)
        log_write(log, LOG_INFO, "chatter", "%u:%d.", who, i);
}

Test(log, lines_of_each_thread_keep_their_order_and_none_is_lost)
{
    struct log *log = start(LOG_INFO, LOG_TEXT, true);
    struct thread t[3] = {0};
    int next[3] = {0}, lines = 0;

    keep.part = 7;
    for (int i = 0; i < 3; i++)
        cr_assert_eq(thread_start(&t[i], "chatter", chatter, log, 0), 0);
    for (int i = 0; i < 3; i++)
        thread_join(&t[i]);
    cr_assert_eq(log_dropped(log), 0);
    log_free(log, 20000);
    for (char *at = keep.text; (at = strstr(at, "chatter: ")) != NULL; lines++) {
        unsigned who;
        int n;

        at += 9;
        cr_assert_eq(sscanf(at, "%u:%d.", &who, &n), 2);
        cr_assert_lt(who, 3u);
        cr_assert_eq(n, next[who]++);
    }
    cr_assert_eq(lines, 3 * LINES);
}

Test(log, full_queue_drops_counts_and_says_so_when_there_is_room)
{
    struct log *log;
    struct parker refused;
    char expected[64];
    uint64_t dropped;

    parker_init(&refused);
    keep.refused = &refused;
    keep.error = -EAGAIN;
    log = start(LOG_INFO, LOG_TEXT, true);
    for (int i = 0; i < 10000; i++)
        log_write(log, LOG_INFO, "flood", "%d", i);
    dropped = log_dropped(log);
    cr_assert_gt(dropped, 5000);
    cr_assert(parker_park(&refused, PARK_FOREVER));
    set_error(0);
    log_free(log, 20000);
    snprintf(expected, sizeof expected, "dropped %llu lines\n", (unsigned long long)dropped);
    cr_assert_not_null(strstr(keep.text, expected));
    cr_assert_not_null(strstr(keep.text, "flood: 0\n"));
}

Test(log, stop_has_a_limit_when_the_sink_stays_busy)
{
    struct env *e = env_real();
    uint64_t began;
    struct log *log;

    keep.error = -EAGAIN;
    log = start(LOG_INFO, LOG_TEXT, true);
    for (int i = 0; i < 100; i++)
        log_write(log, LOG_INFO, "a", "never seen");
    began = env_mono_ns(e);
    log_free(log, 50);
    cr_assert_lt(env_mono_ns(e) - began, UINT64_C(10000000000));
    cr_assert_eq(keep.len, 0u);
    cr_assert_gt(keep.refusals, 0u);
}

/* A sink that hangs inside write until told otherwise. */
struct hang {
    struct parker entered, go;
};

static int64_t
hang_write(void *self, const char *line, size_t len)
{
    struct hang *h = self;

    (void)line;
    parker_unpark(&h->entered);
    parker_park(&h->go, PARK_FOREVER);
    return (int64_t)len;
}

Test(log, stop_leaves_a_sink_behind_that_hangs)
{
    static struct hang h;
    struct log_sink sink = {.self = &h, .write = hang_write};
    struct log *log = NULL;

    parker_init(&h.entered);
    parker_init(&h.go);
    cr_assert_eq(log_new(&log, env_real(), sink, LOG_INFO, LOG_TEXT, true), 0);
    log_write(log, LOG_INFO, "a", "b");
    cr_assert(parker_park(&h.entered, PARK_FOREVER));
    log_free(log, 10);
    parker_unpark(&h.go); /* the thread frees the log and ends */
}

Test(log, failed_start_leaves_nothing)
{
    struct log *log = NULL;
    struct log_sink sink = {.self = &keep, .write = keep_write};

    fake.fail_at = 1;
    cr_assert_eq(log_new(&log, &fake.env, sink, LOG_INFO, LOG_TEXT, true), -ERR_NOMEM);
    cr_assert_null(log);
    cr_assert_eq(fake.live_bytes, 0);
}
