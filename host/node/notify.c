/* notify.c - one datagram a message, lines KEY=VALUE. */
#include "node/notify.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
notify_open(struct notify *n, const char *socket_name, struct err *e)
{
    size_t len = socket_name == NULL ? 0 : strlen(socket_name);

    *n = (struct notify){.fd = -1};
    if (len == 0)
        return 0;
    if (socket_name[0] != '/' && socket_name[0] != '@')
        return err_set(e, ERR_UNSUPPORTED, "NOTIFY_SOCKET \"%.100s\" is neither a path nor abstract",
                       socket_name);
    if (len >= sizeof n->to.sun_path)
        return err_set(e, ERR_RANGE, "NOTIFY_SOCKET is too long: %zu bytes", len);
    n->to.sun_family = AF_UNIX;
    memcpy(n->to.sun_path, socket_name, len);
    n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (socket_name[0] == '@')
        n->to.sun_path[0] = '\0'; /* abstract: the length ends the name */
    else
        n->to_len++;
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return n->fd < 0 ? err_set(e, ERR_IO, "no socket for NOTIFY_SOCKET: %s", strerror(errno)) : 0;
}

void
notify_close(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}

/* first, then a status line when there is one. */
static int
send_lines(const struct notify *n, const char *first, const char *status)
{
    char buf[512];
    int len;

    if (n->fd < 0)
        return 0;
    len = snprintf(buf, sizeof buf, "%s%s%s", first,
                   status == NULL     ? ""
                   : first[0] == '\0' ? "STATUS="
                                      : "\nSTATUS=",
                   status == NULL ? "" : status);
    if (len < 0)
        return -ERR_IO;
    if ((size_t)len >= sizeof buf)
        len = (int)sizeof buf - 1;
    /* A line feed in the status would begin another assignment. */
    for (char *p = status == NULL ? buf + len : strstr(buf, "STATUS="); p < buf + len; p++)
        if (*p == '\n')
            *p = ' ';
    if (sendto(n->fd, buf, (size_t)len, MSG_NOSIGNAL, (const struct sockaddr *)&n->to, n->to_len) < 0)
        return -ERR_IO;
    return 0;
}

int
notify_ready(const struct notify *n, const char *status)
{
    return send_lines(n, "READY=1", status);
}

int
notify_reloading(const struct notify *n, uint64_t mono_ns)
{
    char buf[64];

    snprintf(buf, sizeof buf, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)(mono_ns / 1000));
    return send_lines(n, buf, NULL);
}

int
notify_stopping(const struct notify *n, const char *status)
{
    return send_lines(n, "STOPPING=1", status);
}

int
notify_status(const struct notify *n, const char *status)
{
    return send_lines(n, "", status);
}

int
notify_extend(const struct notify *n, uint64_t more_ns)
{
    char buf[64];

    snprintf(buf, sizeof buf, "EXTEND_TIMEOUT_USEC=%llu", (unsigned long long)(more_ns / 1000));
    return send_lines(n, buf, NULL);
}

int
notify_watchdog(const struct notify *n)
{
    return send_lines(n, "WATCHDOG=1", NULL);
}

uint64_t
notify_watchdog_ns(const char *usec_text, const char *pid_text, int64_t pid)
{
    char *end;
    unsigned long long usec;

    if (usec_text == NULL || usec_text[0] < '0' || usec_text[0] > '9')
        return 0;
    if (pid_text != NULL && pid_text[0] != '\0' && strtoll(pid_text, NULL, 10) != pid)
        return 0;
    errno = 0;
    usec = strtoull(usec_text, &end, 10);
    if (errno != 0 || *end != '\0' || usec > UINT64_MAX / 1000)
        return 0;
    return usec * 1000 / 2;
}
