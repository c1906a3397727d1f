/* boot.c - the main loop and what surrounds it. */
#include "node/boot.h"
#include "base/util.h"
#include "node/plugin_schemas.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_MS      5   /* how soon a phase that is not done is asked again */
#define LOG_FLUSH_MS 500 /* for the log's last lines, beyond the deadline if need be */

static void
close_handle(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

/* --- stop --- */

static void
finish(struct boot *b)
{
    b->done = true;
    uv_stop(b->loop);
}

static void
step(uv_timer_t *t)
{
    struct boot *b = t->data;
    const char *late;
    bool done = phases_stop(&b->phases, &b->deadline, &late);

    if (late != NULL)
        log_write(b->log, LOG_ERROR, "node", "%s did not stop in time; going on without it", late);
    if (done)
        finish(b);
    else
        uv_timer_start(t, step, late != NULL ? 0 : STEP_MS, 0);
}

void
boot_stop(struct boot *b, const char *why)
{
    if (b->stopping) {
        deadline_hurry(&b->deadline);
        log_write(b->log, LOG_WARN, "node", "%s again: %u ms left to stop %s", why,
                  deadline_left_ms(&b->deadline),
                  phases_now(&b->phases) == NULL ? "nothing" : phases_now(&b->phases));
        return;
    }
    b->stopping = true;
    deadline_init(&b->deadline, b->env, b->config->node.stop_timeout_ns);
    log_write(b->log, LOG_INFO, "node", "stopping: %s, %u ms at most", why, deadline_left_ms(&b->deadline));
    notify_stopping(&b->notify, why);
    uv_timer_start(&b->step, step, 0, 0);
}

static void
on_wake(uv_async_t *a)
{
    struct boot *b = a->data;

    if (b->stopping && !b->done)
        uv_timer_start(&b->step, step, 0, 0);
}

void
boot_wake(struct boot *b)
{
    uv_async_send(&b->wake);
}

/* --- reload --- */

static void
log_lines(struct boot *b, enum log_level level, char *text)
{
    for (char *line = text, *end; *line != '\0'; line = end) {
        end = line + strcspn(line, "\n");
        if (*end != '\0')
            *end++ = '\0';
        log_write(b->log, level, "config", "%s", line);
    }
}

static int
load_checked(struct boot *b, struct config **ret, struct diags *d)
{
    struct plugin_schemas *s = NULL;
    struct config *c = NULL;
    int r = plugin_schemas_new(&s, b->env);

    if (r == 0) {
        struct config_schemas face = plugin_schemas_face(s);

        r = config_load_checked(&c, b->config->path, b->world, &face, d);
    }
    plugin_schemas_free(s);
    if (r == 0)
        *ret = c;
    return r;
}

/* The log first: it may fail, and then nothing has changed. The same path is opened anew too. */
static int
apply(struct boot *b, const struct config *fresh, const struct config_changes *ch, struct diags *d)
{
    struct err e;
    int r = log_file_reopen(&b->log_file, fresh->log.file, &e);

    if (r < 0)
        return diags_add_err(d, NULL, &e);
    r = config_apply(b->config, ch);
    if (r < 0)
        return r;
    log_set_level(b->log, (enum log_level)b->config->log.level);
    log_set_format(b->log, (enum log_format)b->config->log.format);
    phases_reload(&b->phases);
    return 0;
}

int
boot_reload(struct boot *b, struct config **ret_fresh, struct config_changes *ret_changes, struct diags *d)
{
    struct config_changes ch = {.reloadable = 0};
    struct config *fresh = NULL;
    struct strbuf text;
    int r = load_checked(b, &fresh, d);

    strbuf_init(&text);
    if (r == 0)
        r = config_diff(&ch, b->config, fresh);
    if (r == 0)
        r = apply(b, fresh, &ch, d);
    if (r < 0) {
        config_changes_fini(&ch);
        config_free(fresh);
        diags_print(d, &text, false);
        strbuf_puts(&text, r == -ERR_NOMEM ? "out of memory\n" : "");
        strbuf_puts(&text, "reload refused: nothing changed\n");
    } else {
        config_changes_print(&ch, &text);
        *ret_fresh = fresh;
        *ret_changes = ch;
    }
    if (text.p != NULL)
        log_lines(b, r < 0 ? LOG_ERROR : LOG_INFO, text.p);
    strbuf_fini(&text);
    return r;
}

static void
reload(struct boot *b)
{
    struct config_changes ch;
    struct config *fresh;
    struct diags d;

    notify_reloading(&b->notify, env_mono_ns(b->env));
    diags_init(&d);
    if (boot_reload(b, &fresh, &ch, &d) == 0) {
        config_changes_fini(&ch);
        config_free(fresh);
        notify_ready(&b->notify, "configuration reloaded");
    } else {
        notify_ready(&b->notify, "reload refused, see the log; the old configuration stays");
    }
    diags_fini(&d);
}

/* --- signals, service manager --- */

static void
on_signal(uv_signal_t *h, int number)
{
    struct boot *b = h->data;

    if (number != SIGHUP)
        boot_stop(b, number == SIGTERM ? "SIGTERM" : "SIGINT");
    else if (!b->stopping)
        reload(b);
}

static void
on_alive(uv_timer_t *t)
{
    struct boot *b = t->data;

    notify_watchdog(&b->notify);
}

static int
open_loop(struct boot *b, struct err *e)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    int r;

    /* A reader of the log or a client that goes away is an error where it is written to, not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    r = uv_loop_init(&b->loop_);
    if (r < 0)
        return err_set(e, ERR_IO, "no event loop: %s", uv_strerror(r));
    b->loop = &b->loop_;
    uv_timer_init(b->loop, &b->step);
    uv_timer_init(b->loop, &b->alive);
    b->step.data = b->alive.data = b->wake.data = b;
    r = uv_async_init(b->loop, &b->wake, on_wake);
    for (size_t i = 0; i < ARRAY_LEN(numbers) && r == 0; i++) {
        r = uv_signal_init(b->loop, &b->signals[i]);
        b->signals[i].data = b;
        if (r == 0)
            r = uv_signal_start(&b->signals[i], on_signal, numbers[i]);
    }
    if (r == 0 && b->alive_ns > 0)
        r = uv_timer_start(&b->alive, on_alive, 0, b->alive_ns / 1000000 + 1);
    return r < 0 ? err_set(e, ERR_IO, "no event loop: %s", uv_strerror(r)) : 0;
}

static void
close_loop(struct boot *b)
{
    if (b->loop == NULL)
        return;
    uv_walk(b->loop, close_handle, NULL);
    uv_run(b->loop, UV_RUN_DEFAULT);
    uv_loop_close(b->loop);
    b->loop = NULL;
}

/* --- life --- */

static int
prepare(struct boot *b, const char *notify_socket, struct err *e)
{
    const struct config *c = b->config;
    struct err silent;
    int r = log_file_open(&b->log_file, c->log.file, e);

    if (r < 0)
        return r;
    r = control_logs_new(&b->lines, log_file_sink(&b->log_file));
    if (r < 0)
        return err_set(e, -r, "no memory for the log");
    r = log_new(&b->log, b->env, control_logs_sink(b->lines), (enum log_level)c->log.level,
                (enum log_format)c->log.format, true);
    if (r < 0)
        return err_set(e, -r, "cannot start the log: %s", err_text(r));
    if (notify_open(&b->notify, notify_socket, &silent) < 0)
        log_write(b->log, LOG_WARN, "node", "%s: the service manager will not hear of this node",
                  silent.text);
    b->alive_ns = notify_watchdog_ns(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"), getpid());
    r = data_dir_claim(&b->data_dir, c->node.data_dir, e);
    return r < 0 ? r : open_loop(b, e);
}

static void
start_failed(struct boot *b, const struct err *e)
{
    b->failed = true;
    b->told = b->log != NULL && b->config->log.file == NULL && log_on(b->log, LOG_ERROR);
    log_write(b->log, LOG_ERROR, "node", "start failed: %s%s%s", e->text,
              e->fix[0] == '\0' ? "" : "; fix: ", e->fix);
}

static void
live(struct boot *b, struct err *e)
{
    char status[160];

    if (phases_start(&b->phases, e) < 0) {
        start_failed(b, e);
        boot_stop(b, "start failed");
    } else if (!b->stopping) {
        snprintf(status, sizeof status, "node %s is up: %zu plugins, %zu actors configured",
                 b->config->node.name, b->config->plugin.n, b->config->actor.n);
        log_write(b->log, LOG_INFO, "node", "%s", status);
        notify_ready(&b->notify, status);
    }
    while (!b->done)
        uv_run(b->loop, UV_RUN_DEFAULT);
    log_write(b->log, LOG_INFO, "node", "stopped%s", b->phases.late > 0 ? ", not all of it in time" : "");
}

enum boot_end
boot_run(struct boot *b, struct env *env, struct config *c, const struct config_world *w,
         const struct phase *table, size_t n, void *node, const char *notify_socket, struct err *e)
{
    *b = (struct boot){.env = env, .config = c, .world = w, .node = node, .log_file.fd = -1, .notify.fd = -1};
    b->data_dir.lock = -1;
    phases_init(&b->phases, table, n, b);
    if (prepare(b, notify_socket, e) < 0)
        start_failed(b, e);
    else
        live(b, e);
    close_loop(b);
    log_free(b->log, LOG_FLUSH_MS);
    b->log = NULL;
    control_logs_free(b->lines);
    b->lines = NULL;
    log_file_close(&b->log_file);
    notify_close(&b->notify);
    data_dir_release(&b->data_dir);
    return b->failed ? BOOT_FAILED : b->phases.late > 0 ? BOOT_LATE : BOOT_STOPPED;
}
