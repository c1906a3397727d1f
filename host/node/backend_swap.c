/* backend_swap.c - replacing a plugin's code under its living actors.
 *
 *   file: checked and planned from its notes --> impossible: refused, nothing was loaded
 *                                            --> [rehearse: every actor builds its new state once, and drops it]
 *                                            --> loaded --> machine: steps of the runtime until all have switched, or are back
 *
 * The machine belongs to the backend, not to the command: it goes on when the client leaves or its time is up. An actor that cannot
 * follow: in a swap to an older version it stays where it is and is named; otherwise all go back and the command is refused.
 */
#include "node/backend_swap.h"
#include "sched/scheduler.h"
#include <stdlib.h>
#include <string.h>

enum { PROGRESS_MS = 100 };

/* --- op --- */
static void
swap_fini(struct op *op)
{
    struct swap_op *s = (struct swap_op *)op;

    if (s->m != NULL)
        s->m->op = NULL;
    swap_plan_free(s->plan);
    free(s->maps);
    free(s->requested);
    free(s->resolved);
    free(s->first_path);
}

static void
progress(struct swap_op *s, const char *phase, uint64_t done, uint64_t total, uint64_t kept)
{
    struct view_swap_progress v = {.plugin = s->plugin,
                                   .phase = phase,
                                   .done = done,
                                   .total = total,
                                   .kept = kept,
                                   .elapsed_ms = op_elapsed_ms(&s->op)};

    s->told_ms = v.elapsed_ms;
    control_progress_swap_progress(s->op.call, &v);
}

static void
put_swapped(struct swap_op *s, uint64_t switched, uint64_t kept, uint64_t failed, const char *reason)
{
    struct view_swapped v = {.plugin = s->plugin,
                             .requested = s->requested,
                             .resolved = s->resolved,
                             .from_version = s->from_version,
                             .to_version = s->to_version,
                             .from_sha256 = s->from_sha,
                             .to_sha256 = s->to_sha,
                             .verdict = verdict_word(s->verdict),
                             .switched = switched,
                             .kept = kept,
                             .failed = failed,
                             .messages = s->m == NULL ? 0 : s->m->handled,
                             .elapsed_ms = op_elapsed_ms(&s->op),
                             .reason = reason};

    control_put_swapped(s->op.call, &v);
}

static void begin(struct op *op);

/* --- the end of the command --- */
/* All that can be told: the machine is over, or time is up. */
static void
swap_told(struct swap_op *s)
{
    const struct swap_status *st = &s->m->st;
    struct backend *b = s->op.b;
    struct err e = {0};
    const char *path = s->op.path == NULL ? "an actor" : s->op.path;

    if (st->phase == SWAPPING_REVERTED) {
        put_swapped(s, 0, st->actors, st->refused, st->err.text);
        err_set(&e, st->err.code == 0 ? ERR_MIGRATE : st->err.code,
                "%s cannot follow: %.380s; all are back on %s", path, st->err.text, s->from_version);
        op_end(&s->op, -e.code, &e);
        return;
    }
    put_swapped(s, st->moved, st->refused, s->narrow ? 0 : st->refused, NULL);
    if (st->refused != 0)
        control_partial(s->op.call);
    log_write(b->n->boot.log, LOG_INFO, "plugin", "%s %s -> %s: the swap is done", s->plugin, s->from_version,
              s->to_version);
    op_end(&s->op, 0, NULL);
}

void
swap_fitted(struct swap_op *s)
{
    if (s->m != NULL) {
        s->slot = UINT32_MAX;
        s->m->over = true; /* its reasons are known: let go of the plan */
        backend_wake(s->op.b);
        swap_told(s);
        return;
    }
    if (s->unfit != 0) {
        struct err e = {0};

        put_swapped(s, 0, s->asked, s->unfit, s->first.text);
        err_set(&e, s->first.code, "rehearsed with %llu actors, %llu cannot follow; %s: %.300s",
                (unsigned long long)s->asked, (unsigned long long)s->unfit,
                s->first_path == NULL ? "one" : s->first_path, s->first.text);
        err_fix(&e, "nothing changed: %s serves on", s->from_version);
        op_end(&s->op, -e.code, &e);
        return;
    }
    op_again(&s->op, 0, begin);
}

/* Actors that have not reached a turn end: those that still run the old code. */
static void
swap_late(struct op *op)
{
    struct swap_op *s = (struct swap_op *)op;
    uint64_t left;

    if (s->m == NULL) {
        op_fail(op, ERR_TIMEOUT, "the rehearsal did not end within %llu ms; nothing changed",
                (unsigned long long)s->timeout_ms);
        return;
    }
    if (swap_maps(s) < 0) {
        op_end(op, -ERR_NOMEM, NULL);
        return;
    }
    left = swap_put_left(s);
    put_swapped(s, s->m->st.moved, left, 0, "time was up; the swap goes on");
    control_partial(op->call);
    op_end(op, 0, NULL);
}

/* --- the machine --- */
static void
machine_free(struct machine *m)
{
    if (m->op != NULL)
        m->op->m = NULL;
    list_del(&m->link);
    free(m);
}

static void
settle(struct backend *b, struct machine *m)
{
    struct swap_op *s = m->op;

    m->settled = true;
    m->handled = sched_counter(&b->n->sys.sched, COUNTER_handled_user) - m->handled;
    if (m->st.phase == SWAPPING_REVERTED)
        log_write(b->n->boot.log, LOG_WARN, "plugin", "%s %s -> %s was taken back: %s",
                  m->from->manifest->name, m->from->manifest->version, m->to->manifest->version,
                  m->st.err.text);
    if (s != NULL && !op_ended(&s->op)) {
        actor_ref who = {b->n->sys.cfg.node, m->st.first_refused, 0};

        progress(s, "commit", m->st.moved, m->st.actors, m->st.refused);
        if (who.slot != 0) {
            who.gen = cell_gen(cell_at(&b->n->sys, who.slot));
            s->op.path = backend_path(b, who, NULL);
        }
    }
}

/* The runtime has let go, but for the plan. true: the machine may go. */
static bool
finish(struct machine *m)
{
    struct swap_op *s = m->op;

    if (s == NULL || op_ended(&s->op) || m->over)
        return true;
    if (m->st.phase == SWAPPING_DONE && m->st.refused != 0) {
        if (s->slot == 0)
            swap_fit(s); /* swap_fitted() comes back here */
        return m->over || op_ended(&s->op);
    }
    swap_told(s);
    return true;
}

static void
machine_step(struct backend *b, struct machine *m)
{
    struct swap_op *s = m->op;
    bool over = m->s == NULL;

    if (m->s != NULL) {
        over = runtime_swap_step(b->n->runtime, m->s, &m->st);
        if (!m->settled && m->st.phase >= SWAPPING_DONE)
            settle(b, m);
        if (over) {
            runtime_swap_end(b->n->runtime, m->s);
            m->s = NULL;
        }
    }
    if (over && finish(m)) {
        machine_free(m);
    } else if (!over && s != NULL && !op_ended(&s->op) && op_elapsed_ms(&s->op) - s->told_ms >= PROGRESS_MS) {
        progress(s,
                 m->settled         ? "commit"
                 : m->st.moved == 0 ? "switch"
                                    : "sweep",
                 m->st.moved, m->st.actors, m->st.refused);
    }
}

void
backend_swaps_step(struct backend *b)
{
    list_each_safe (it, &b->swaps) {
        struct machine *m = container_of(it, struct machine, link);

        if (b->n->runtime != NULL)
            machine_step(b, m);
    }
}

void
backend_swaps_free(struct backend *b)
{
    while (!list_empty(&b->swaps))
        machine_free(container_of(b->swaps.next, struct machine, link));
}

/* --- the command --- */
static void
begin(struct op *op)
{
    struct swap_op *s = (struct swap_op *)op;
    struct backend *b = op->b;
    struct swap_options o = {.narrow = s->narrow, .keep_refused = s->narrow};
    struct machine *m = calloc(1, sizeof *m);
    struct err e = {0};
    int r;

    if (m == NULL) {
        op_end(op, -ERR_NOMEM, NULL);
        return;
    }
    progress(s, "switch", 0, runtime_actors(b->n->runtime, s->from), 0);
    m->from = s->from;
    m->to = s->to;
    m->handled = sched_counter(&b->n->sys.sched, COUNTER_handled_user);
    r = runtime_swap(b->n->runtime, s->to, &o, &m->s, NULL, &e);
    if (r < 0) {
        free(m);
        op_end(op, r, &e);
        return;
    }
    log_write(b->n->boot.log, LOG_INFO, "plugin", "swapping %s %s -> %s (%s)", s->plugin, s->from_version,
              s->to_version, verdict_word(s->verdict));
    m->op = s;
    s->m = m;
    s->slot = 0;
    list_push_back(&b->swaps, &m->link);
    backend_wake(b);
}

/* What the new version's notes say against the old ones; impossible: e, and rows that say why. */
static int
plan(struct swap_op *s, const struct manifest *to, bool dry_run, struct err *e)
{
    struct backend *b = s->op.b;
    struct in_use in_use;
    struct swap_use use;
    struct swap_plan *p = NULL;
    int r;

    s->narrow = version_text_compare(to->version, s->from->manifest->version) < 0;
    strcpy(s->to_version, to->version);
    runtime_in_use(b->n->runtime, s->from, &in_use, &use);
    r = swap_plan_new(&p, b->n->boot.env, s->from->manifest, to, s->narrow, &use, e);
    if (r < 0)
        return r;
    s->verdict = p->verdict;
    if (dry_run) {
        struct view_plan v = {.plugin = s->plugin,
                              .requested = s->requested,
                              .resolved = s->resolved,
                              .to_version = s->to_version,
                              .to_sha256 = s->to_sha};

        put_plan(b, s->op.call, p, s->from, &v);
        swap_plan_free(p);
        return 1;
    }
    put_plan_rows(b, s->op.call, p, s->from);
    swap_plan_free(p);
    if (s->verdict == SWAP_IMPOSSIBLE) {
        if (e->fix[0] == '\0')
            err_fix(e, "%s %s serves on; write migrate(), or keep the field as it was", s->plugin,
                    s->from_version);
        return -e->code;
    }
    return 0;
}

int
backend_check_file(struct backend *b, const char *path, const struct version *against, struct check *ret,
                   struct err *e)
{
    struct catalogue *c = runtime_catalogue(b->n->runtime);
    struct manifest *m = NULL;
    char sha[SHA256_HEX];
    struct in_use in_use;
    struct swap_use use;
    int r = inspect_file(&m, b->n->boot.env, path, sha, e);

    if (r < 0)
        return r;
    if (against == NULL)
        against = catalogue_active(c, m->name);
    if (against != NULL)
        runtime_in_use(b->n->runtime, against, &in_use, &use);
    r = catalogue_check(c, path, backend_allow(b, m->name), against, against == NULL ? NULL : &use, ret, e);
    manifest_free(m);
    return r;
}

static int
same_plugin(const struct swap_op *s, const struct manifest *to, const char *sha, struct err *e)
{
    if (strcmp(to->name, s->plugin) != 0) {
        err_set(e, ERR_INVALID, "%s is plugin '%s', it cannot take over from '%s'", s->requested, to->name,
                s->plugin);
        return err_fix(e, "actorctl load loads another plugin");
    }
    if (strcmp(sha, s->from_sha) == 0)
        return err_set(e, ERR_EXISTS, "%s %s serves already", s->plugin, s->from_version);
    return 0;
}

/* A file: everything is known before any of its code runs. 1: a dry run, which is over. */
static int
prepare_file(struct swap_op *s, bool dry_run, struct err *e)
{
    struct backend *b = s->op.b;
    struct check k;
    struct strbuf notice;
    int r = backend_check_file(b, s->requested, NULL, &k, e);

    if (r < 0)
        return r;
    strcpy(s->to_sha, k.sha256_hex);
    s->resolved = strdup(s->requested);
    r = same_plugin(s, k.manifest, k.sha256_hex, e);
    if (r == 0)
        r = plan(s, k.manifest, dry_run, e);
    check_fini(&k);
    if (r != 0)
        return r;
    progress(s, "open", 0, 0, 0);
    strbuf_init(&notice);
    r = backend_load_file(b, s->requested, &s->to, &notice, e);
    put_notices(s->op.call, strbuf_str(&notice));
    strbuf_fini(&notice);
    return r < 0 ? r : 0;
}

static int
prepare_version(struct swap_op *s, bool dry_run, struct err *e)
{
    struct backend *b = s->op.b;
    const char *file;
    int r = backend_version(b, s->plugin, s->requested, &s->to, e);

    if (r < 0)
        return r;
    strcpy(s->to_sha, s->to->sha256_hex);
    file = runtime_file(b->n->runtime, s->to);
    s->resolved = strdup(file == NULL ? s->to->path : file);
    r = same_plugin(s, s->to->manifest, s->to_sha, e);
    return r < 0 ? r : plan(s, s->to->manifest, dry_run, e);
}

static int
prepare(struct swap_op *s, const struct req_swap *req, struct err *e)
{
    struct backend *b = s->op.b;

    s->requested = strdup(req->to);
    if (s->requested == NULL)
        return -ERR_NOMEM;
    s->from = catalogue_active(runtime_catalogue(b->n->runtime), req->plugin);
    if (s->from == NULL) {
        err_set(e, ERR_NOTFOUND, "no version of a plugin '%s' serves", req->plugin);
        return err_fix(e, "actorctl plugins lists what is loaded; actorctl load loads a first version");
    }
    strcpy(s->plugin, s->from->manifest->name);
    strcpy(s->from_version, s->from->manifest->version);
    strcpy(s->from_sha, s->from->sha256_hex);
    if (s->from->pins != 0)
        return err_set(e, ERR_BUSY, "a swap of %s is under way", s->plugin);
    progress(s, "check", 0, 0, 0);
    return req->to[0] == '/' ? prepare_file(s, req->dry_run, e) : prepare_version(s, req->dry_run, e);
}

void
backend_swap(void *self, struct control_call *call, const struct req_swap *req)
{
    struct swap_op *s = op_new(self, call, sizeof *s, swap_fini);
    struct err e = {0};
    int r;

    if (s == NULL)
        return;
    s->timeout_ms = req->timeout;
    r = prepare(s, req, &e);
    if (r != 0) {
        op_end(&s->op, r > 0 ? 0 : r, &e);
        return;
    }
    s->op.late = swap_late;
    op_deadline(&s->op, req->timeout);
    if (req->rehearse) {
        progress(s, "rehearse", 0, runtime_actors(s->op.b->n->runtime, s->from), 0);
        swap_fit(s);
    } else {
        begin(&s->op);
    }
}
