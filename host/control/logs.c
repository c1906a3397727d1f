/* logs.c - a ring behind a lock: the log's writer adds, the loop copies out one line at a time, so that neither holds the
 * other up for longer than a line takes. */
#include "control/logs.h"
#include "base/list.h"
#include "base/thread.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 1024, LINE_BYTES = 4096, STAMP = 24 };

struct control_logs {
    struct log_sink behind;
    bool
        seen; /* writer thread only: the line at hand is in the ring, the sink behind has not taken all of it */

    struct mutex lock; /* of the next four */
    char *lines[LINES];
    uint64_t next; /* number of the line to come; line n is in lines[n % LINES] */
    bool attached;
    bool wanted; /* somebody follows */

    /* loop thread only */
    uv_async_t async;
    struct list followers;
    bool serving; /* the list is being walked: no follower is freed */
};

struct follower {
    struct list link;
    struct control_logs *l;
    struct control_call *call; /* NULL: over */
    enum log_level level;
    char *source; /* NULL: any */
    uint64_t next;
};

/* --- writer thread --- */

static void
keep(struct control_logs *l, const char *line, size_t n)
{
    char *copy;

    while (n > 0 && line[n - 1] == '\n')
        n--;
    n = n >= LINE_BYTES ? LINE_BYTES - 1 : n;
    copy = strndup(line, n); /* NULL: this line will be missing */
    mutex_lock(&l->lock);
    free(l->lines[l->next % LINES]);
    l->lines[l->next % LINES] = copy;
    l->next++;
    if (l->attached && l->wanted)
        uv_async_send(&l->async); /* under the lock: the handle is not closed meanwhile */
    mutex_unlock(&l->lock);
}

/* A line may come in parts, and again when the sink behind is busy: it is kept the first time. */
static int64_t
sink_write(void *self, const char *line, size_t n)
{
    struct control_logs *l = self;
    int64_t r;

    if (!l->seen)
        keep(l, line, n);
    r = l->behind.write == NULL ? (int64_t)n : l->behind.write(l->behind.self, line, n);
    l->seen = r < 0 ? r == -EAGAIN || r == -EINTR : (uint64_t)r < n;
    return r;
}

struct log_sink
control_logs_sink(struct control_logs *l)
{
    return (struct log_sink){.self = l, .write = sink_write};
}

/* --- reading --- */

struct parts {
    char buf[LINE_BYTES];
    char time[STAMP + 1], level[8];
    const char *source, *text; /* in buf */
};

/* Cut at `end` if it is there: returns what follows, NULL when it is not. */
static char *
cut(char *s, const char *end)
{
    char *at = strstr(s, end);

    if (at == NULL)
        return NULL;
    *at = '\0';
    return at + strlen(end);
}

/* Both formats of base/log.c begin the same way in every line. As JSON the whole object stays the text. */
static void
split(struct parts *p, const char *line)
{
    static const char json[] = "{\"time\":\"";
    const char *rest = line;
    char *at;

    p->time[0] = p->level[0] = '\0';
    p->source = NULL;
    p->text = line;
    if (strncmp(line, json, sizeof json - 1) == 0) {
        rest += sizeof json - 1;
        if (sscanf(rest, "%24[^\"]\",\"level\":\"%7[a-z]", p->time, p->level) != 2)
            return;
        snprintf(p->buf, sizeof p->buf, "%s", rest);
        at = cut(p->buf, "\",\"source\":\"");
        if (at != NULL && cut(at, "\"") != NULL)
            p->source = at;
        return;
    }
    if (sscanf(line, "%24s %7s", p->time, p->level) != 2 || strlen(line) < STAMP + 7)
        return;
    for (char *c = p->level; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    snprintf(p->buf, sizeof p->buf, "%s", line + STAMP + 7);
    at = cut(p->buf, ": ");
    if (at != NULL) {
        p->source = p->buf;
        p->text = at;
    }
}

/* Line *seq or the first after it that still is there. False: none. */
static bool
fetch(struct control_logs *l, uint64_t *seq, char out[LINE_BYTES])
{
    bool found = false;

    mutex_lock(&l->lock);
    if (l->next > LINES && *seq < l->next - LINES)
        *seq = l->next - LINES;
    for (; *seq < l->next && !found; ++*seq) {
        const char *line = l->lines[*seq % LINES];

        if (line == NULL)
            continue;
        snprintf(out, LINE_BYTES, "%s", line);
        found = true;
        break;
    }
    mutex_unlock(&l->lock);
    return found;
}

/* True: the line passes, *ret_view shows it and points into p and line. */
static bool
wanted(const struct follower *f, uint64_t seq, const char *line, struct parts *p,
       struct view_log_line *ret_view)
{
    enum log_level level;

    split(p, line);
    if (log_level_parse(p->level, &level) == 0 && level < f->level)
        return false;
    if (f->source != NULL && (p->source == NULL || strncmp(p->source, f->source, strlen(f->source)) != 0))
        return false;
    *ret_view = (struct view_log_line){.seq = seq,
                                       .time = p->time[0] == '\0' ? NULL : p->time,
                                       .level = p->level[0] == '\0' ? NULL : p->level,
                                       .source = p->source,
                                       .text = p->text};
    return true;
}

/* Number of the first line of the last `limit` ones that pass; f->next is set to it. */
static void
rewind_to_last(struct control_logs *l, struct follower *f, uint64_t limit)
{
    char line[LINE_BYTES];
    struct parts p;
    struct view_log_line v;
    uint64_t passed = 0;

    for (uint64_t seq = 0; fetch(l, &seq, line); seq++)
        passed += wanted(f, seq, line, &p, &v);
    for (f->next = 0; passed > limit && fetch(l, &f->next, line); f->next++)
        passed -= wanted(f, f->next, line, &p, &v);
    if (limit == 0)
        while (fetch(l, &f->next, line))
            f->next++;
}

/* Everything from f->next on: as progress when it follows, else into the answer. */
static void
serve(struct control_logs *l, struct follower *f, bool progress)
{
    char line[LINE_BYTES];
    struct parts p;
    struct view_log_line v;

    for (; f->call != NULL && fetch(l, &f->next, line); f->next++) {
        if (!wanted(f, f->next, line, &p, &v))
            continue;
        if (progress)
            control_progress_log_line(f->call, &v);
        else
            control_put_log_line(f->call, &v);
    }
}

/* --- followers --- */

static void
follower_free(struct follower *f)
{
    list_del(&f->link);
    free(f->source);
    free(f);
}

static void
set_wanted(struct control_logs *l)
{
    mutex_lock(&l->lock);
    l->wanted = !list_empty(&l->followers);
    mutex_unlock(&l->lock);
}

/* The client canceled or left. To stop following is no failure. */
static void
follower_over(void *arg)
{
    struct follower *f = arg;
    struct control_logs *l = f->l;
    struct control_call *call = f->call;

    f->call = NULL;
    if (!l->serving) {
        follower_free(f);
        set_wanted(l);
    }
    control_end(call, 0, NULL);
}

static void
serve_all(uv_async_t *h)
{
    struct control_logs *l = h->data;

    l->serving = true; /* a client that is cut in here takes its followers with it */
    list_each (it, &l->followers)
        serve(l, container_of(it, struct follower, link), true);
    l->serving = false;
    list_each_safe (it, &l->followers)
        if (container_of(it, struct follower, link)->call == NULL)
            follower_free(container_of(it, struct follower, link));
    set_wanted(l);
}

static int
follow(struct control_logs *l, const struct follower *start)
{
    struct follower *f;

    if (!l->attached)
        return -ERR_UNSUPPORTED;
    f = malloc(sizeof *f);
    if (f == NULL)
        return -ERR_NOMEM;
    *f = *start;
    list_push_back(&l->followers, &f->link);
    set_wanted(l);
    uv_async_send(&l->async); /* the past lines go out from there as well */
    control_on_cancel(f->call, follower_over, f);
    return 0;
}

void
control_logs_run(struct control_logs *l, struct control_call *call, const struct req_logs *req)
{
    struct follower f = {.l = l, .call = call, .level = LOG_DEBUG};
    struct err err = {0};
    int rc = 0;

    if (req->level != NULL && log_level_parse(req->level, &f.level) < 0) {
        rc = err_set(&err, ERR_INVALID, "\"%s\" is no log level", req->level);
        err_fix(&err, "use debug, info, warn or error");
    } else if (req->source != NULL && (f.source = strdup(req->source)) == NULL) {
        rc = -ERR_NOMEM;
    }
    if (rc == 0)
        rewind_to_last(l, &f, req->limit);
    if (rc == 0 && req->follow) {
        rc = follow(l, &f);
        if (rc == 0)
            return;
    } else if (rc == 0) {
        serve(l, &f, false);
    }
    free(f.source);
    control_end(call, rc, err.code == 0 ? NULL : &err);
}

/* --- life --- */

int
control_logs_new(struct control_logs **ret_logs, struct log_sink behind)
{
    struct control_logs *l = calloc(1, sizeof *l);

    if (l == NULL)
        return -ERR_NOMEM;
    l->behind = behind;
    mutex_init(&l->lock);
    list_init(&l->followers);
    *ret_logs = l;
    return 0;
}

void
control_logs_free(struct control_logs *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < LINES; i++)
        free(l->lines[i]);
    mutex_fini(&l->lock);
    free(l);
}

int
control_logs_attach(struct control_logs *l, uv_loop_t *loop)
{
    if (uv_async_init(loop, &l->async, serve_all) < 0)
        return -ERR_IO;
    l->async.data = l;
    uv_unref((uv_handle_t *)&l->async); /* the log does not keep a loop alive */
    mutex_lock(&l->lock);
    l->attached = true;
    mutex_unlock(&l->lock);
    return 0;
}

void
control_logs_detach(struct control_logs *l)
{
    bool was;

    mutex_lock(&l->lock);
    was = l->attached;
    l->attached = false;
    mutex_unlock(&l->lock);
    if (!was)
        return;
    while (!list_empty(&l->followers))
        follower_over(container_of(l->followers.next, struct follower, link));
    uv_close((uv_handle_t *)&l->async, NULL);
}
