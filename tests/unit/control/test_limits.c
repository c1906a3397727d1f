/* What a client cannot do to the node or to other clients. */
#include "rig.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(limits);

static const struct control_config plain = {.nallow = 0};

static int
raw_connect(const struct rig *r)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(sa.sun_path, sizeof sa.sun_path, "%s", r->path);
    cr_assert_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    return fd;
}

/* Read until the end of the connection; the code of the BYE, 0 = none came. */
static int
raw_end(int fd)
{
    struct frame_reader reader;
    struct object_doc doc;
    struct frame f;
    char buf[4096];
    ssize_t n;
    int code = 0;

    frame_reader_init(&reader, FRAME_ANSWER_MAX, FRAMES_TO_CLIENT);
    while ((n = recv(fd, buf, sizeof buf, 0)) > 0) {
        cr_assert_eq(frame_reader_feed(&reader, buf, (size_t)n), 0);
        while (frame_reader_next(&reader, &f) == 1) {
            if (f.type != FRAME_BYE)
                continue;
            cr_assert_eq(object_read(&doc, f.body, f.len, 0, NULL), 0);
            code = (int)object_u64(object_get(&doc.root, "code"), 0);
            object_free(&doc);
        }
    }
    frame_reader_fini(&reader);
    close(fd);
    return code;
}

static void
raw_send(int fd, const void *p, size_t n)
{
    cr_assert_eq(send(fd, p, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* A client that was let in: the server notices in its own time that others left. */
static struct client *
client_with_room(const struct rig *r)
{
    for (;;) {
        struct client *c = rig_client(r);
        struct err err = {0};
        struct frame f;
        uint32_t id;
        int rc = client_request(c, COMMAND_status, NULL, 0, 5000, &id, &err);

        if (rc == 0)
            rc = client_next(c, 5000, &f, &err);
        if (rc == 0)
            return c;
        cr_assert_eq(rc, -ERR_BUSY, "%s", err.text);
        client_close(c);
    }
}

Test(limits, one_client_too_many_is_told_so_and_room_is_made_again)
{
    struct control_config cfg = {.clients_max = 4};
    struct rig r;
    struct client *c[4], *more;
    struct object_doc doc;
    struct err err = {0};

    rig_start(&r, &cfg);
    for (int i = 0; i < 4; i++) {
        c[i] = rig_client(&r);
        rig_next(c[i], FRAME_ANSWER, rig_ask(c[i], COMMAND_status, NULL, NULL), &doc);
        object_free(&doc);
    }
    more = rig_client(&r);
    cr_assert_eq(rig_end(more, &err), -ERR_BUSY, "%s", err.text);
    client_close(more);
    client_close(c[0]);
    client_close(client_with_room(&r));
    for (int i = 1; i < 4; i++)
        client_close(c[i]);
    rig_stop(&r);
}

Test(limits, a_client_with_nothing_to_do_is_cut_and_one_that_waits_is_not)
{
    struct control_config cfg = {.idle_ms = 50};
    struct rig r;
    struct client *idle, *waits;
    struct object_doc doc;
    struct err err = {0};
    uint32_t id;

    rig_start(&r, &cfg);
    waits = rig_client(&r);
    id = rig_ask2(waits, COMMAND_ask, "actor", "/a", "message", "hold");
    idle = rig_client(&r);
    cr_assert_eq(rig_end(idle, &err), -ERR_TIMEOUT, "%s", err.text);
    cr_assert_eq(rig_count(waits, "cut_idle"), 1);
    rig_ask2(waits, COMMAND_tell, "actor", "/a", "message", "release");
    rig_next(waits, FRAME_ANSWER, id, &doc);
    object_free(&doc);
    client_close(idle);
    client_close(waits);
    rig_stop(&r);
}

Test(limits, half_a_frame_is_not_waited_for)
{
    struct control_config cfg = {.slow_ms = 50};
    struct rig r;
    struct strbuf b;
    int fd;

    rig_start(&r, &cfg);
    fd = raw_connect(&r);
    strbuf_init(&b);
    frame_end(&b, frame_begin(&b, &(struct frame){.type = FRAME_REQUEST, .id = 1, .code = COMMAND_status}),
              0);
    raw_send(fd, b.p, b.len - 1);
    cr_assert_eq(raw_end(fd), ERR_TIMEOUT);
    strbuf_fini(&b);
    rig_stop(&r);
}

Test(limits, what_is_not_the_protocol_ends_the_connection)
{
    static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct rig r;
    struct strbuf b;
    size_t mark;
    int fd;

    rig_start(&r, &plain);
    fd = raw_connect(&r);
    raw_send(fd, http, sizeof http - 1);
    cr_assert_neq(raw_end(fd), 0);

    strbuf_init(&b); /* an id of 0 */
    frame_end(&b, frame_begin(&b, &(struct frame){.type = FRAME_REQUEST, .code = COMMAND_status}), 0);
    fd = raw_connect(&r);
    raw_send(fd, b.p, b.len);
    cr_assert_eq(raw_end(fd), ERR_MALFORMED);

    strbuf_reset(&b); /* an answer, which only the node may send */
    frame_end(&b, frame_begin(&b, &(struct frame){.type = FRAME_ANSWER, .id = 1}), 0);
    fd = raw_connect(&r);
    raw_send(fd, b.p, b.len);
    cr_assert_eq(raw_end(fd), ERR_UNSUPPORTED);

    strbuf_reset(&b); /* a request that is too long, refused by its header alone */
    mark = frame_begin(&b, &(struct frame){.type = FRAME_REQUEST, .id = 1, .code = COMMAND_status});
    frame_end(&b, mark, 0);
    memcpy(b.p, "\x01\x00\x01\x00", 4);
    fd = raw_connect(&r);
    raw_send(fd, b.p, b.len);
    cr_assert_eq(raw_end(fd), ERR_LIMIT);

    strbuf_reset(&b); /* an id that is in use */
    for (int i = 0; i < 2; i++) {
        mark = frame_begin(&b, &(struct frame){.type = FRAME_REQUEST, .id = 9, .code = COMMAND_logs});
        frame_end(&b, mark, 0);
    }
    fd = raw_connect(&r);
    raw_send(fd, b.p, b.len);
    cr_assert_eq(raw_end(fd), ERR_MALFORMED);
    strbuf_fini(&b);
    rig_stop(&r);
}

Test(limits, too_many_commands_at_once_are_refused_one_by_one)
{
    struct control_config cfg = {.calls_max = 3};
    struct rig r;
    struct client *c;
    struct object_doc doc;
    uint32_t id[4];

    rig_start(&r, &cfg);
    c = rig_client(&r);
    for (int i = 0; i < 4; i++)
        id[i] = rig_ask2(c, COMMAND_ask, "actor", "/a", "message", "hold");
    rig_next(c, FRAME_ANSWER, id[3], &doc);
    cr_assert_eq(rig_error(&doc), ERR_BUSY);
    object_free(&doc);
    client_close(c);
    rig_stop(&r);
}

Test(limits, a_flood_of_requests_is_answered_in_turn_with_other_clients)
{
    enum { FLOOD = 20000 };
    struct rig r;
    struct client *flood, *other;
    struct object_doc doc;
    struct err err = {0};
    uint32_t id;

    rig_start(&r, &plain);
    flood = rig_client(&r);
    other = rig_client(&r);
    for (int i = 0; i < FLOOD; i++)
        cr_assert_eq(client_request(flood, COMMAND_status, NULL, 0, 30000, &id, &err), 0, "%s", err.text);
    rig_next(other, FRAME_ANSWER, rig_ask(other, COMMAND_status, NULL, NULL), &doc);
    object_free(&doc);
    for (uint32_t i = 1; i <= FLOOD; i++) {
        rig_next(flood, FRAME_ANSWER, i, &doc);
        cr_assert_eq(rig_error(&doc), 0);
        object_free(&doc);
    }
    cr_assert_geq(rig_count(other, "requests"), FLOOD);
    client_close(flood);
    client_close(other);
    rig_stop(&r);
}

/* Ask for 40 answers of 1 MiB and read none of them. */
static void
ask_much(int fd)
{
    struct strbuf b;
    msgpack_packer pk;

    strbuf_init(&b);
    for (uint32_t id = 1; id <= 40; id++) {
        size_t mark =
            frame_begin(&b, &(struct frame){.type = FRAME_REQUEST, .id = id, .code = COMMAND_counters});

        pack_init(&pk, &b);
        pack_map(&pk, 1);
        pack_str(&pk, "prefix");
        pack_str(&pk, "large");
        cr_assert_eq(frame_end(&b, mark, FRAME_REQUEST_MAX), 0);
    }
    raw_send(fd, b.p, b.len);
    strbuf_fini(&b);
}

Test(limits, a_client_that_does_not_read_is_cut_and_no_memory_piles_up)
{
    struct control_config cfg = {.slow_ms = 100};
    struct rig r;
    struct client *other;
    struct pollfd p;

    rig_start(&r, &cfg);
    other = rig_client(&r);
    p = (struct pollfd){.fd = raw_connect(&r), .events = POLLRDHUP};
    ask_much(p.fd);
    cr_assert_eq(poll(&p, 1, 20000), 1, "it was not cut");
    cr_assert_eq(rig_count(other, "cut_slow"), 1);
    cr_assert_lt(rig_count(other, "requests"), 20, "its requests were read although its answers were not");
    close(p.fd);
    client_close(other);
    rig_stop(&r);
}

Test(limits, a_slow_client_gets_all_its_answers_as_long_as_it_reads)
{
    struct rig r;
    struct frame_reader reader;
    struct frame f;
    uint32_t next = 1;
    char buf[32768];
    int fd;

    rig_start(&r, &plain);
    fd = raw_connect(&r);
    ask_much(fd);
    frame_reader_init(&reader, FRAME_ANSWER_MAX, FRAMES_TO_CLIENT);
    while (next <= 40) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);

        cr_assert_gt(n, 0);
        cr_assert_eq(frame_reader_feed(&reader, buf, (size_t)n), 0);
        while (frame_reader_next(&reader, &f) == 1) {
            cr_assert_eq(f.id, next);
            cr_assert_gt(f.len, 1 << 20);
            next++;
        }
    }
    frame_reader_fini(&reader);
    close(fd);
    rig_stop(&r);
}

Test(limits, random_requests_leave_the_server_standing)
{
    unsigned seed = 4242;
    struct rig r;
    struct client *c;
    struct object_doc doc;

    rig_start(&r, &plain);
    for (int round = 0; round < 300; round++) {
        struct strbuf b;
        int fd = raw_connect(&r), frames = rand_r(&seed) % 8;

        strbuf_init(&b);
        for (int i = 0; i < frames; i++) {
            size_t mark =
                frame_begin(&b, &(struct frame){.type = rand_r(&seed) % 4 == 0 ? FRAME_CANCEL : FRAME_REQUEST,
                                                .id = (uint32_t)rand_r(&seed) % 5,
                                                .code = (uint32_t)rand_r(&seed) % 22});
            int n = rand_r(&seed) % 60;

            while (n-- > 0)
                strbuf_putc(&b,
                            (char)(rand_r(&seed) % 3 == 0 ? rand_r(&seed)
                                                          : "\x80\x81\xa4name\xc0\x90"[rand_r(&seed) % 9]));
            frame_end(&b, mark, FRAME_REQUEST_MAX);
        }
        (void)!send(fd, b.p, b.len, MSG_NOSIGNAL);
        close(fd);
        strbuf_fini(&b);
    }
    c = client_with_room(&r);
    rig_next(c, FRAME_ANSWER, rig_ask(c, COMMAND_status, NULL, NULL), &doc);
    cr_assert_eq(rig_error(&doc), 0);
    object_free(&doc);
    client_close(c);
    rig_stop(&r);
}

/* --- other users --- */

enum { NOBODY = 65534 };

/* As user nobody: connect, run a command; the code of its answer or of the connection's end, positive. */
static int
as_nobody(const struct rig *r, uint32_t command)
{
    pid_t pid = fork();
    int status;

    cr_assert_geq(pid, 0);
    if (pid == 0) {
        struct client *c = NULL;
        struct object_doc doc;
        struct err err = {0};
        struct frame f;
        uint32_t id;
        int rc;

        if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
            _exit(200);
        rc = client_open(&c, r->path, 5000, &err);
        if (rc == 0)
            rc = client_request(c, command, NULL, 0, 5000, &id, &err);
        if (rc == 0)
            rc = client_next(c, 5000, &f, &err);
        if (rc < 0)
            _exit(-rc - 100000);
        if (object_read(&doc, f.body, f.len, 0, &err) < 0)
            _exit(201);
        rc = rig_error(&doc);
        _exit(rc == 0 ? 0 : rc - 100000);
    }
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status) == 0 ? 0 : WEXITSTATUS(status) + 100000;
}

Test(limits, another_user_cannot_even_connect)
{
    struct rig r;

    if (geteuid() != 0)
        return; /* cannot become somebody else */
    rig_start(&r, &plain);
    cr_assert_eq(chmod(r.dir, 0755), 0);
    cr_assert_eq(as_nobody(&r, COMMAND_status), ERR_DENIED);
    rig_stop(&r);
}

Test(limits, a_user_who_is_not_on_the_list_is_refused_by_the_server)
{
    struct control_allow other = {.id = 4711, .role = ROLE_ADMIN};
    struct control_config cfg = {.allow = &other, .nallow = 1};
    struct rig r;
    struct client *c;

    if (geteuid() != 0)
        return;
    rig_start(&r, &cfg);
    cr_assert_eq(chmod(r.dir, 0755), 0);
    cr_assert_eq(as_nobody(&r, COMMAND_status), ERR_DENIED);
    c = rig_client(&r);
    cr_assert_eq(rig_count(c, "denied"), 1);
    client_close(c);
    rig_stop(&r);
}

Test(limits, a_role_permits_what_it_says_and_no_more)
{
    struct control_allow roles[] = {{.id = NOBODY, .role = ROLE_READ},
                                    {.is_group = true, .id = 4711, .role = ROLE_ADMIN}};
    struct control_config cfg = {.allow = roles, .nallow = 2};
    struct rig r;

    if (geteuid() != 0)
        return;
    rig_start(&r, &cfg);
    cr_assert_eq(chmod(r.dir, 0755), 0);
    cr_assert_eq(as_nobody(&r, COMMAND_status), 0);
    cr_assert_eq(as_nobody(&r, COMMAND_tell), ERR_DENIED);
    cr_assert_eq(as_nobody(&r, COMMAND_shutdown), ERR_DENIED);
    rig_stop(&r);
}

Test(limits, a_group_on_the_list_counts)
{
    struct control_allow group = {.is_group = true, .id = NOBODY, .role = ROLE_ADMIN};
    struct control_config cfg = {.allow = &group, .nallow = 1};
    struct rig r;

    if (geteuid() != 0)
        return;
    rig_start(&r, &cfg);
    cr_assert_eq(chmod(r.dir, 0755), 0);
    cr_assert_eq(as_nobody(&r, COMMAND_shutdown), 0);
    rig_stop(&r);
}
