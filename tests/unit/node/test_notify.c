/* test_notify.c - datagrams as a service manager receives them. */
#include "node/notify.h"
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A bound socket and the name that $NOTIFY_SOCKET would have. */
static int
listen_at(bool abstract, char name[100])
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t len;

    snprintf(name, 100, "%sactord-notify-%d", abstract ? "@" : "/tmp/", (int)getpid());
    strcpy(a.sun_path, name);
    len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + !abstract);
    if (abstract)
        a.sun_path[0] = '\0';
    else
        unlink(name);
    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&a, len), 0);
    return fd;
}

static const char *
received(int fd)
{
    static char buf[600];
    ssize_t n = recv(fd, buf, sizeof buf - 1, 0);

    if (n < 0)
        return "";
    buf[n] = '\0';
    return buf;
}

static void
all_messages(bool abstract)
{
    char name[100];
    int fd = listen_at(abstract, name);
    struct notify n;

    cr_assert_eq(notify_open(&n, name, NULL), 0);
    cr_expect_eq(notify_ready(&n, "2 plugins"), 0);
    cr_expect_str_eq(received(fd), "READY=1\nSTATUS=2 plugins");
    cr_expect_eq(notify_reloading(&n, 5000001), 0);
    cr_expect_str_eq(received(fd), "RELOADING=1\nMONOTONIC_USEC=5000");
    cr_expect_eq(notify_ready(&n, NULL), 0);
    cr_expect_str_eq(received(fd), "READY=1");
    cr_expect_eq(notify_status(&n, "a\nREADY=1"), 0);
    cr_expect_str_eq(received(fd), "STATUS=a READY=1");
    cr_expect_eq(notify_watchdog(&n), 0);
    cr_expect_str_eq(received(fd), "WATCHDOG=1");
    cr_expect_eq(notify_extend(&n, 3000000000), 0);
    cr_expect_str_eq(received(fd), "EXTEND_TIMEOUT_USEC=3000000");
    cr_expect_eq(notify_stopping(&n, NULL), 0);
    cr_expect_str_eq(received(fd), "STOPPING=1");
    notify_close(&n);
    close(fd);
    if (!abstract)
        unlink(name);
}

Test(notify, every_message_arrives_at_a_path)
{
    all_messages(false);
}

Test(notify, every_message_arrives_at_an_abstract_name)
{
    all_messages(true);
}

Test(notify, without_a_socket_every_call_succeeds_and_does_nothing)
{
    struct notify n;

    cr_assert_eq(notify_open(&n, NULL, NULL), 0);
    cr_expect_eq(n.fd, -1);
    cr_expect_eq(notify_ready(&n, "x"), 0);
    notify_close(&n);
    cr_assert_eq(notify_open(&n, "", NULL), 0);
    cr_expect_eq(notify_stopping(&n, NULL), 0);
    notify_close(&n);
}

Test(notify, a_name_that_cannot_be_used_is_refused_and_leaves_a_silent_notifier)
{
    struct notify n;
    char lengthy[200];

    cr_expect_eq(notify_open(&n, "vsock:2:1", NULL), -ERR_UNSUPPORTED);
    cr_expect_eq(notify_ready(&n, NULL), 0);
    memset(lengthy, 'x', sizeof lengthy);
    lengthy[0] = '/';
    lengthy[sizeof lengthy - 1] = '\0';
    cr_expect_eq(notify_open(&n, lengthy, NULL), -ERR_RANGE);
    cr_expect_eq(notify_ready(&n, NULL), 0);
}

Test(notify, nobody_at_the_socket_is_an_error_and_no_signal)
{
    struct notify n;

    cr_assert_eq(notify_open(&n, "/tmp/actord-nobody-listens-here", NULL), 0);
    cr_expect_eq(notify_ready(&n, NULL), -ERR_IO);
    notify_close(&n);
}

Test(notify, a_full_socket_loses_the_datagram_and_never_blocks)
{
    char name[100];
    int fd = listen_at(true, name), r = 0;
    struct notify n;

    cr_assert_eq(notify_open(&n, name, NULL), 0);
    for (int i = 0; i < 100000 && r == 0; i++)
        r = notify_watchdog(&n);
    cr_expect_eq(r, -ERR_IO);
    notify_close(&n);
    close(fd);
}

Test(notify, the_watchdog_is_due_twice_in_its_time)
{
    cr_expect_eq(notify_watchdog_ns("30000000", NULL, 7), 15000000000);
    cr_expect_eq(notify_watchdog_ns("30000000", "7", 7), 15000000000);
    cr_expect_eq(notify_watchdog_ns("30000000", "8", 7), 0);
    cr_expect_eq(notify_watchdog_ns(NULL, NULL, 7), 0);
    cr_expect_eq(notify_watchdog_ns("soon", NULL, 7), 0);
    cr_expect_eq(notify_watchdog_ns("-1", NULL, 7), 0);
    cr_expect_eq(notify_watchdog_ns("99999999999999999999", NULL, 7), 0);
}
