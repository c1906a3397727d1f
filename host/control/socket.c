/* socket.c - one file, one owner.
 *
 *   lock the directory --> bind --> done
 *                           | there is a file: connect to it
 *                           |   somebody answers: -ERR_EXISTS
 *                           |   nobody: it is left over from a crash; remove it, bind again
 *
 * The lock keeps two starters from removing each other's fresh file.
 */
#include "control/socket.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int
make_directory(char *dir, bool shared, struct err *err)
{
    /* Parents get the default mode: they hold nothing of ours. */
    for (char *s = strchr(dir + 1, '/'); s != NULL; s = strchr(s + 1, '/')) {
        *s = '\0';
        if (mkdir(dir, 0755) < 0 && errno != EEXIST) {
            err_set(err, ERR_IO, "cannot create directory %s: %s", dir, strerror(errno));
            *s = '/';
            return err_fix(err, "create it, or choose another socket with `[control] socket =`");
        }
        *s = '/';
    }
    if (mkdir(dir, shared ? 0711 : 0700) == 0)
        return chmod(dir, shared ? 0711 : 0700) == 0
                   ? 0
                   : err_set(err, ERR_IO, "cannot set the mode of %s: %s", dir, strerror(errno));
    if (errno == EEXIST)
        return 0;
    err_set(err, ERR_IO, "cannot create directory %s: %s", dir, strerror(errno));
    return err_fix(err, "create it, or choose another socket with `[control] socket =`");
}

/* Whoever can rename in the directory can put another socket in our place. */
static int
check_directory(int fd, const char *dir, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_set(err, ERR_IO, "cannot look at directory %s: %s", dir, strerror(errno));
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        err_set(err, ERR_DENIED, "directory %s belongs to user %u", dir, (unsigned)st.st_uid);
        return err_fix(err, "use a directory that belongs to this user or root");
    }
    if ((st.st_mode & 022) != 0 && (st.st_mode & S_ISVTX) == 0) {
        err_set(err, ERR_DENIED, "directory %s can be changed by other users (mode %04o)", dir,
                (unsigned)st.st_mode & 07777);
        return err_fix(err, "chmod go-w %s", dir);
    }
    return 0;
}

/* 0: the file is left over. -ERR_EXISTS: somebody serves. */
static int
probe(const struct sockaddr_un *sa, struct err *err)
{
    struct control_peer peer;
    struct stat st;
    int fd, rc = 0;

    if (lstat(sa->sun_path, &st) < 0)
        return 0; /* gone meanwhile */
    if (!S_ISSOCK(st.st_mode))
        return err_set(err, ERR_EXISTS, "%s exists and is not a socket", sa->sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set(err, ERR_IO, "cannot make a socket: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)sa, sizeof *sa) == 0) {
        if (socket_peer(fd, &peer) == 0)
            rc = err_set(err, ERR_EXISTS, "another node serves at %s (process %d)", sa->sun_path,
                         (int)peer.pid);
        else
            rc = err_set(err, ERR_EXISTS, "another node serves at %s", sa->sun_path);
    } else if (errno == EAGAIN) { /* its queue is full: it lives */
        rc = err_set(err, ERR_EXISTS, "another node serves at %s", sa->sun_path);
    } else if (errno != ECONNREFUSED && errno != ENOENT) {
        rc = err_set(err, ERR_IO, "cannot probe %s: %s", sa->sun_path, strerror(errno));
    }
    close(fd);
    if (rc == -ERR_EXISTS)
        err_fix(err, "stop it, or give this node another name or `[control] socket =`");
    return rc;
}

static int
bind_path(const struct sockaddr_un *sa, int fd, struct err *err)
{
    int rc;

    for (int attempt = 0; attempt < 2; attempt++) {
        if (bind(fd, (const struct sockaddr *)sa, sizeof *sa) == 0)
            return 0;
        if (errno != EADDRINUSE || attempt == 1)
            break;
        rc = probe(sa, err);
        if (rc < 0)
            return rc;
        if (unlink(sa->sun_path) < 0 && errno != ENOENT)
            return err_set(err, ERR_IO, "cannot remove the left-over %s: %s", sa->sun_path, strerror(errno));
    }
    return err_set(err, ERR_IO, "cannot bind %s: %s", sa->sun_path, strerror(errno));
}

static int
claim_locked(struct socket_claim *ret, const struct sockaddr_un *sa, bool shared, struct err *err)
{
    struct stat st;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc;

    if (fd < 0)
        return err_set(err, ERR_IO, "cannot make a socket: %s", strerror(errno));
    /* The mode of an unbound socket becomes the mode of its file: there is no moment with a wider one, and
     * the process-wide umask stays alone. The umask can only take away, so add what it took. */
    rc = fchmod(fd, shared ? 0666 : 0600) < 0 ? err_set(err, ERR_IO, "cannot set mode: %s", strerror(errno))
                                              : bind_path(sa, fd, err);
    if (rc == 0 && shared && chmod(sa->sun_path, 0666) < 0)
        rc = err_set(err, ERR_IO, "cannot set the mode of %s: %s", sa->sun_path, strerror(errno));
    if (rc == 0 && listen(fd, SOMAXCONN) <
                       0) /* before the lock goes: a bound socket that nobody serves looks left over */
        rc = err_set(err, ERR_IO, "cannot listen on %s: %s", sa->sun_path, strerror(errno));
    if (rc == 0 && lstat(sa->sun_path, &st) < 0)
        rc = err_set(err, ERR_IO, "cannot look at %s: %s", sa->sun_path, strerror(errno));
    if (rc < 0) {
        close(fd);
        return rc;
    }
    *ret = (struct socket_claim){.fd = fd, .dev = st.st_dev, .ino = st.st_ino, .made = st.st_mtim};
    return 0;
}

int
socket_claim(struct socket_claim *ret_claim, const char *path, bool shared, struct err *err)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    char dir[sizeof sa.sun_path];
    char *slash;
    int lock, rc;

    if (strlen(path) >= sizeof sa.sun_path) {
        err_set(err, ERR_RANGE, "socket path is longer than %zu bytes: %s", sizeof sa.sun_path - 1, path);
        return err_fix(err, "choose a shorter one with `[control] socket =`");
    }
    snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
    snprintf(dir, sizeof dir, "%s", path);
    slash = strrchr(dir, '/');
    if (slash == NULL)
        snprintf(dir, sizeof dir, ".");
    else
        slash[slash == dir] = '\0';
    rc = make_directory(dir, shared, err);
    if (rc < 0)
        return rc;
    lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0)
        return err_set(err, ERR_IO, "cannot open directory %s: %s", dir, strerror(errno));
    rc = check_directory(lock, dir, err);
    if (rc == 0 && flock(lock, LOCK_EX) < 0)
        rc = err_set(err, ERR_IO, "cannot lock directory %s: %s", dir, strerror(errno));
    if (rc == 0)
        rc = claim_locked(ret_claim, &sa, shared, err);
    close(lock);
    return rc;
}

void
socket_unclaim(const struct socket_claim *claim, const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && st.st_dev == claim->dev && st.st_ino == claim->ino &&
        st.st_mtim.tv_sec == claim->made.tv_sec && st.st_mtim.tv_nsec == claim->made.tv_nsec)
        unlink(path);
}

int
socket_peer(int fd, struct control_peer *ret_peer)
{
    struct ucred cred;
    socklen_t n = sizeof cred;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0)
        return -ERR_IO;
    *ret_peer = (struct control_peer){.uid = cred.uid, .gid = cred.gid, .pid = cred.pid};
    return 0;
}
