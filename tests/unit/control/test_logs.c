/* The last lines of the log, and following it. */
#include "rig.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const struct control_config plain = {.nallow = 0};

static struct rig rig;
static struct control_logs *logs;
static struct log *log_;
static struct client *c;

/* Behind the ring: busy first, then takes 10 bytes at a time; what fails fails. */
struct slow {
    int calls;
    bool broken;
};

static int64_t
take_some(void *self, const char *text, size_t n)
{
    struct slow *s = self;

    (void)text;
    if (s->broken)
        return -EIO;
    return s->calls++ == 0 ? -EAGAIN : n < 10 ? (int64_t)n : 10;
}

static struct slow slow;

static void
setup(void)
{
    slow = (struct slow){.calls = 1};
    cr_assert_eq(control_logs_new(&logs, (struct log_sink){.self = &slow, .write = take_some}), 0);
    cr_assert_eq(log_new(&log_, env_real(), control_logs_sink(logs), LOG_DEBUG, LOG_TEXT, false), 0);
    rig_start_logs(&rig, &plain, logs);
    c = rig_client(&rig);
}

static void
teardown(void)
{
    client_close(c);
    rig_stop(&rig);
    log_free(log_, 1000);
    control_logs_free(logs);
}

TestSuite(logs, .init = setup, .fini = teardown);

/* `logs` with these arguments; texts may be NULL, limit 0 is left out. */
static uint32_t
ask(bool follow, const char *level, const char *source, uint64_t limit)
{
    struct strbuf b;
    msgpack_packer pk;
    struct err err = {0};
    uint32_t id = 0;

    strbuf_init(&b);
    pack_init(&pk, &b);
    pack_map(&pk, 1u + (level != NULL ? 1u : 0u) + (source != NULL ? 1u : 0u) + (limit > 0 ? 1u : 0u));
    pack_str(&pk, "follow");
    pack_bool(&pk, follow);
    if (level != NULL) {
        pack_str(&pk, "level");
        pack_str(&pk, level);
    }
    if (source != NULL) {
        pack_str(&pk, "source");
        pack_str(&pk, source);
    }
    if (limit > 0) {
        pack_str(&pk, "limit");
        pack_u64(&pk, limit);
    }
    cr_assert_eq(client_request(c, COMMAND_logs, b.p, b.len, 5000, &id, &err), 0, "%s", err.text);
    strbuf_fini(&b);
    return id;
}

static const msgpack_object *
line(const struct object_doc *doc, uint32_t i)
{
    const msgpack_object *lines = rig_get(doc, "result.lines");

    cr_assert_not_null(lines);
    cr_assert_lt(i, lines->via.array.size);
    return &lines->via.array.ptr[i];
}

Test(logs, past_lines_come_in_order_taken_apart)
{
    struct object_doc doc;

    log_write(log_, LOG_INFO, "plugin", "loaded greeter: fine");
    log_write(log_, LOG_ERROR, "actor /user/a", "turn failed");
    rig_next(c, FRAME_ANSWER, ask(false, NULL, NULL, 0), &doc);
    cr_assert_eq(rig_get(&doc, "result.lines")->via.array.size, 2);
    cr_assert(object_is_str(object_get(line(&doc, 0), "level"), "info"));
    cr_assert(object_is_str(object_get(line(&doc, 0), "source"), "plugin"));
    cr_assert(object_is_str(object_get(line(&doc, 0), "text"), "loaded greeter: fine"));
    cr_assert_eq(object_get(line(&doc, 0), "time")->via.str.size, 24);
    cr_assert(object_is_str(object_get(line(&doc, 1), "level"), "error"));
    cr_assert(object_is_str(object_get(line(&doc, 1), "source"), "actor /user/a"));
    cr_assert_eq(object_u64(object_get(line(&doc, 1), "seq"), 0), 1);
    object_free(&doc);
}

Test(logs, json_lines_stay_whole_and_are_filtered_all_the_same)
{
    struct object_doc doc;

    log_set_format(log_, LOG_JSON);
    log_write(log_, LOG_INFO, "plugin", "quiet");
    log_write(log_, LOG_WARN, "actor", "loud");
    rig_next(c, FRAME_ANSWER, ask(false, "warn", NULL, 0), &doc);
    cr_assert_eq(rig_get(&doc, "result.lines")->via.array.size, 1);
    cr_assert(object_is_str(object_get(line(&doc, 0), "source"), "actor"));
    cr_assert_eq(object_get(line(&doc, 0), "text")->via.str.ptr[0], '{');
    object_free(&doc);
}

Test(logs, level_source_and_limit_choose)
{
    struct object_doc doc;

    for (int i = 0; i < 10; i++) {
        log_write(log_, LOG_DEBUG, "noise", "%d", i);
        log_write(log_, LOG_WARN, i % 2 ? "actor /user/b" : "actor /user/a", "%d", i);
    }
    rig_next(c, FRAME_ANSWER, ask(false, "warn", "actor /user/a", 2), &doc);
    cr_assert_eq(rig_get(&doc, "result.lines")->via.array.size, 2);
    cr_assert(object_is_str(object_get(line(&doc, 0), "text"), "6"));
    cr_assert(object_is_str(object_get(line(&doc, 1), "text"), "8"));
    object_free(&doc);
    rig_next(c, FRAME_ANSWER, ask(false, "loud", NULL, 0), &doc);
    cr_assert_eq(rig_error(&doc), ERR_INVALID);
    object_free(&doc);
}

Test(logs, the_ring_forgets_the_oldest)
{
    struct object_doc doc;

    for (int i = 0; i < 1500; i++)
        log_write(log_, LOG_INFO, "x", "%d", i);
    rig_next(c, FRAME_ANSWER, ask(false, NULL, NULL, 10000), &doc);
    cr_assert_eq(rig_get(&doc, "result.lines")->via.array.size, 1024);
    cr_assert(object_is_str(object_get(line(&doc, 0), "text"), "476"));
    cr_assert(object_is_str(object_get(line(&doc, 1023), "text"), "1499"));
    object_free(&doc);
}

Test(logs, a_follower_gets_the_past_then_what_comes_until_it_cancels)
{
    struct object_doc doc;
    struct err err = {0};
    uint32_t id;

    log_write(log_, LOG_INFO, "x", "before");
    id = ask(true, "info", NULL, 0);
    rig_next(c, FRAME_PROGRESS, id, &doc);
    cr_assert(object_is_str(rig_get(&doc, "event"), "log_line"));
    cr_assert(object_is_str(rig_get(&doc, "text"), "before"));
    object_free(&doc);
    log_write(log_, LOG_DEBUG, "x", "not for it");
    log_write(log_, LOG_INFO, "x", "after");
    rig_next(c, FRAME_PROGRESS, id, &doc);
    cr_assert(object_is_str(rig_get(&doc, "text"), "after"));
    cr_assert_eq(object_u64(rig_get(&doc, "seq"), 0), 2);
    object_free(&doc);
    cr_assert_eq(client_cancel(c, id, &err), 0);
    rig_next(c, FRAME_ANSWER, id, &doc);
    cr_assert_eq(rig_error(&doc), 0, "to stop following is no failure");
    object_free(&doc);
}

Test(logs, followers_that_leave_and_a_server_that_stops_end_it)
{
    struct client *stays = c;
    struct object_doc doc;

    c = rig_client(&rig);
    ask(true, NULL, NULL, 0);
    ask(true, NULL, NULL, 0);
    client_close(c);
    c = stays;
    for (int i = 0; i < 3; i++)
        ask(true, NULL, NULL, 0);
    log_write(log_, LOG_INFO, "x", "one");
    for (int i = 0; i < 3; i++) {
        rig_next(c, FRAME_PROGRESS, 0, &doc);
        object_free(&doc);
    }
    /* teardown stops the server with three followers */
}

Test(logs, a_line_is_kept_once_however_the_sink_behind_takes_it)
{
    static const char text[] = "2026-11-22T10:00:00.123Z INFO  x: in parts\n";
    struct log_sink sink = control_logs_sink(logs);
    struct object_doc doc;
    size_t at = 0, n = sizeof text - 1;

    slow.calls = 0;
    while (at < n) {
        int64_t r = sink.write(sink.self, text + at, n - at);

        at += r > 0 ? (size_t)r : 0;
    }
    cr_assert_gt(slow.calls, 4);
    slow.broken = true;
    cr_assert_eq(sink.write(sink.self, text, n), -EIO);
    cr_assert_eq(sink.write(sink.self, text, n), -EIO);
    rig_next(c, FRAME_ANSWER, ask(false, NULL, NULL, 0), &doc);
    cr_assert_eq(rig_get(&doc, "result.lines")->via.array.size, 3, "one in parts, two refused");
    cr_assert(object_is_str(object_get(line(&doc, 0), "text"), "in parts"));
    object_free(&doc);
}
