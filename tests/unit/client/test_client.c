/* What the client says when there is no node, or one that does not behave. */
#include "client/client.h"
#include "control/socket.h"
#include "wire/pack.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char dir[64], path[96];
static struct socket_claim claim;

static void
setup(void)
{
    struct err err = {0};

    snprintf(dir, sizeof dir, "/tmp/actord-client-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/n.sock", dir);
    cr_assert_eq(socket_claim(&claim, path, false, &err), 0, "%s", err.text);
}

static void
teardown(void)
{
    close(claim.fd);
    unlink(path);
    cr_assert_eq(rmdir(dir), 0);
}

TestSuite(client, .init = setup, .fini = teardown);

/* Both ends of a connection, in one thread: the listener's queue takes the client before it is accepted. */
static struct client *
connected(int *ret_fd)
{
    struct client *c = NULL;
    struct err err = {0};

    cr_assert_eq(client_open(&c, path, 1000, &err), 0, "%s", err.text);
    do
        *ret_fd = accept(claim.fd, NULL, NULL);
    while (*ret_fd < 0);
    return c;
}

static void
send_frame(int fd, uint8_t type, uint32_t id, const char *body, size_t n)
{
    struct strbuf b;
    size_t mark;

    strbuf_init(&b);
    mark = frame_begin(&b, &(struct frame){.type = type, .id = id});
    strbuf_add(&b, body, n);
    cr_assert_eq(frame_end(&b, mark, FRAME_ANSWER_MAX), 0);
    cr_assert_eq(send(fd, b.p, b.len, 0), (ssize_t)b.len);
    strbuf_fini(&b);
}

Test(client, each_way_of_not_reaching_a_node_has_its_error_and_advice)
{
    struct client *c = NULL;
    struct err err = {0};
    char gone[128], longest[300];

    snprintf(gone, sizeof gone, "%s/absent.sock", dir);
    cr_assert_eq(client_open(&c, gone, 1000, &err), -ERR_NOTFOUND);
    cr_assert_not_null(strstr(err.text, "absent.sock"));
    cr_assert_neq(err.fix[0], '\0');
    shutdown(claim.fd, SHUT_RDWR);
    close(claim.fd);
    cr_assert_eq(client_open(&c, path, 1000, &err), -ERR_CLOSED);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    cr_assert_eq(client_open(&c, longest, 1000, &err), -ERR_RANGE);
    cr_assert_null(c);
    client_close(c);
    claim.fd = -1;
}

Test(client, an_answer_that_does_not_come_times_out_and_the_connection_stays)
{
    struct err err = {0};
    struct frame f;
    int fd;
    struct client *c = connected(&fd);

    cr_assert_eq(client_next(c, 20, &f, &err), -ERR_TIMEOUT);
    send_frame(fd, FRAME_ANSWER, 7, "\x80", 1);
    cr_assert_eq(client_next(c, 1000, &f, &err), 0);
    cr_assert_eq(f.id, 7);
    close(fd);
    client_close(c);
}

Test(client, frames_that_came_before_the_end_are_still_delivered)
{
    struct err err = {0};
    struct frame f;
    int fd;
    struct client *c = connected(&fd);

    send_frame(fd, FRAME_PROGRESS, 1, "\x80", 1);
    send_frame(fd, FRAME_ANSWER, 1, "\x80", 1);
    close(fd);
    cr_assert_eq(client_next(c, 1000, &f, &err), 0);
    cr_assert_eq(f.type, FRAME_PROGRESS);
    cr_assert_eq(client_next(c, 1000, &f, &err), 0);
    cr_assert_eq(f.type, FRAME_ANSWER);
    cr_assert_eq(client_next(c, 1000, &f, &err), -ERR_CLOSED);
    cr_assert_eq(client_next(c, 1000, &f, &err), -ERR_CLOSED, "and it stays so");
    client_close(c);
}

Test(client, a_node_that_talks_nonsense_is_not_believed)
{
    struct err err = {0};
    struct frame f;
    int fd;
    struct client *c = connected(&fd);

    cr_assert_eq(send(fd, "\xff\xff\xff\xff\x01\x02\0\0\0\0\0\0\0\0\0\0", 16, 0), 16);
    cr_assert_eq(client_next(c, 1000, &f, &err), -ERR_LIMIT);
    close(fd);
    client_close(c);
    c = connected(&fd);
    send_frame(fd, FRAME_REQUEST, 1, "", 0);
    cr_assert_eq(client_next(c, 1000, &f, &err), -ERR_UNSUPPORTED);
    close(fd);
    client_close(c);
    c = connected(&fd);
    send_frame(fd, FRAME_BYE, 0, "\xdd\xff\xff\xff\xff", 5);
    cr_assert_eq(client_next(c, 1000, &f, &err), -ERR_CLOSED, "a goodbye without words");
    close(fd);
    client_close(c);
}

Test(client, a_node_that_says_why_it_closes_is_quoted)
{
    struct err err = {0};
    struct strbuf b;
    msgpack_packer pk;
    uint32_t id;
    int fd, rc = 0;
    struct client *c = connected(&fd);

    strbuf_init(&b);
    pack_init(&pk, &b);
    pack_map(&pk, 2);
    pack_str(&pk, "code");
    pack_u64(&pk, ERR_BUSY);
    pack_str(&pk, "text");
    pack_str(&pk, "too many clients are connected");
    send_frame(fd, FRAME_BYE, 0, b.p, b.len);
    close(fd);
    while (rc == 0) /* the first writes may go through */
        rc = client_request(c, 1, NULL, 0, 1000, &id, &err);
    cr_assert_eq(rc, -ERR_BUSY, "%s", err.text);
    cr_assert_not_null(strstr(err.text, "too many clients"));
    strbuf_fini(&b);
    client_close(c);
}

Test(client, a_request_past_the_cap_is_not_sent)
{
    struct err err = {0};
    uint32_t id;
    int fd;
    struct client *c = connected(&fd);
    char *big = calloc(1, FRAME_REQUEST_MAX + 1);

    cr_assert_eq(client_request(c, 1, big, FRAME_REQUEST_MAX + 1, 1000, &id, &err), -ERR_LIMIT);
    cr_assert_eq(client_request(c, 1, big, FRAME_REQUEST_MAX, 1000, &id, &err), 0);
    cr_assert_eq(id, 1);
    free(big);
    close(fd);
    client_close(c);
}

Test(client, a_node_that_does_not_read_is_not_waited_for)
{
    struct err err = {0};
    uint32_t id;
    int fd, rc = 0;
    struct client *c = connected(&fd);
    char *big = calloc(1, FRAME_REQUEST_MAX);

    for (int i = 0; i < 10000 && rc == 0; i++)
        rc = client_request(c, 1, big, FRAME_REQUEST_MAX, 20, &id, &err);
    cr_assert_eq(rc, -ERR_TIMEOUT);
    free(big);
    close(fd);
    client_close(c);
}
