/* backend_status.c - the node as a whole: status, counters, flight recorder, shutdown. */
#include "node/backend.h"
#include "sched/scheduler.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- sums --- */
/* Every worker that ever was has its counts, the port too. */
uint64_t
backend_dead(struct backend *b, enum dead_reason reason)
{
    struct sched *s = &b->n->sys.sched;
    uint64_t sum = 0;

    mutex_lock(&s->all_lock);
    for (uint32_t i = 0; i < s->nall; i++) {
        const struct dead_counts *d = actx_of(s->all[i])->dead;

        sum += dead_sum(&d, 1, reason);
    }
    mutex_unlock(&s->all_lock);
    return sum;
}

/* What became of messages is read first, what was sent last: while they run, queued may be too high, never too low. */
void
backend_totals(struct backend *b, struct totals *ret)
{
    struct sched *s = &b->n->sys.sched;
    uint64_t rolled_back = sched_counter(s, COUNTER_rolled_back);

    *ret = (struct totals){.handled = sched_counter(s, COUNTER_handled_user)};
    for (unsigned i = 0; i < DEAD_REASONS; i++)
        *(i == DEAD_failed ? &ret->failed : &ret->dead) += backend_dead(b, (enum dead_reason)i);
    ret->accepted = sched_counter(s, COUNTER_sent_user) - rolled_back;
    if (ret->accepted >= ret->handled + ret->failed + ret->dead)
        ret->queued = ret->accepted - ret->handled - ret->failed - ret->dead;
}

/* Field number `at` (from 0) of a line of numbers. */
static uint64_t
proc_number(const char *path, const char *before, unsigned at)
{
    char line[1024];
    FILE *f = fopen(path, "re");
    size_t n = f == NULL ? 0 : fread(line, 1, sizeof line - 1, f);
    char *p, *word, *save = NULL;

    if (f != NULL)
        fclose(f);
    line[n] = '\0';
    p = before == NULL ? line : strrchr(line, before[0]);
    if (p == NULL)
        return 0;
    word = strtok_r(p, " ", &save);
    while (word != NULL && at-- > 0)
        word = strtok_r(NULL, " ", &save);
    return word == NULL ? 0 : strtoull(word, NULL, 10);
}

uint64_t
backend_rss_bytes(void)
{
    return proc_number("/proc/self/statm", NULL, 1) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t
threads(void)
{
    return proc_number("/proc/self/stat", ")", 18); /* the name before may hold blanks */
}

void
backend_status(void *self, struct control_call *call, const struct req_status *req)
{
    struct backend *b = self;
    struct node *n = b->n;
    struct catalogue *c = runtime_catalogue(n->runtime);
    const struct version *v;
    struct totals t;
    size_t pos = 0;
    struct view_status s = {
        .node = n->boot.config->node.name,
        .version = ACTORD_VERSION,
        .state = n->boot.stopping ? "stopping" : "running",
        .pid = (uint64_t)getpid(),
        .uptime_ms = (env_mono_ns(n->boot.env) - n->start_ns) / 1000000,
        .config = n->boot.config->path,
        .data_dir = n->boot.config->node.data_dir,
        .workers = n->sys.sched.nworkers,
        .threads = threads(),
        .rss_bytes = backend_rss_bytes(),
        .actors = gauge_value(&n->sys.alive),
        .tainted = false, /* no plugin runs guarded yet: a fault ends the process */
    };

    (void)req;
    while ((v = catalogue_next(c, &pos)) != NULL) {
        s.versions++;
        s.plugins += catalogue_active(c, v->manifest->name) == v;
    }
    backend_totals(b, &t);
    s.accepted = t.accepted;
    s.handled = t.handled;
    s.failed = t.failed;
    s.dead = t.dead;
    s.queued = t.queued;
    control_put_status(call, &s);
    control_end(call, 0, NULL);
}

/* --- counters --- */
static void
put_counter(struct control_call *call, const struct req_counters *req, const char *name, uint64_t value,
            const char *unit, const char *help)
{
    struct view_counter v = {.name = name, .value = value, .unit = unit, .help = help};

    if (req->prefix != NULL && strncmp(name, req->prefix, strlen(req->prefix)) != 0)
        return;
    if (value != 0 || !req->nonzero)
        control_put_counter(call, &v);
}

void
backend_counters(void *self, struct control_call *call, const struct req_counters *req)
{
    struct backend *b = self;
    struct control_stats cs;
    char name[64];

    for (unsigned i = 0; i < COUNTER_N; i++)
        put_counter(call, req, counter_name((enum counter)i),
                    sched_counter(&b->n->sys.sched, (enum counter)i), counter_unit((enum counter)i),
                    counter_text((enum counter)i));
    for (unsigned i = 0; i < DEAD_REASONS; i++) {
        snprintf(name, sizeof name, "dead_%s", dead_reason_name((enum dead_reason)i));
        put_counter(call, req, name, backend_dead(b, (enum dead_reason)i), "messages",
                    dead_reason_text((enum dead_reason)i));
    }
    put_counter(call, req, "log_dropped", log_dropped(b->n->boot.log), "lines",
                "log lines that found the queue full");
    if (b->n->control != NULL) {
        control_stats(b->n->control, &cs);
        put_counter(call, req, "control_requests", cs.requests, "commands",
                    "commands taken from the control socket");
        put_counter(call, req, "control_failed", cs.failed, "commands", "of those, answered with an error");
        put_counter(call, req, "control_denied", cs.denied, "connections",
                    "connections refused: user not permitted");
    }
    control_end(call, 0, NULL);
}

/* --- flight recorder --- */
struct seen {
    struct record r;
    uint64_t seq;
    uint32_t worker;
};

static int
by_time(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;

    if (x->r.ns != y->r.ns)
        return x->r.ns < y->r.ns ? -1 : 1;
    if (x->worker != y->worker)
        return x->worker < y->worker ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static void
collect(struct backend *b, const struct req_recorder *req, uint32_t slot, struct seen **ret, size_t *ret_n)
{
    struct sched *s = &b->n->sys.sched;
    struct record *part = calloc(RECORDER_N, sizeof *part);

    mutex_lock(&s->all_lock);
    *ret = calloc((size_t)s->nall * RECORDER_N, sizeof **ret);
    for (uint32_t i = 0; part != NULL && *ret != NULL && i < s->nall; i++) {
        uint64_t first = 0;
        size_t n = 0;

        if (req->worker == UINT64_MAX || req->worker == s->all[i]->id)
            n = recorder_copy(s->all[i]->recorder, part, RECORDER_N, &first);
        for (size_t k = 0; k < n; k++)
            if (slot == CELL_NONE || part[k].slot == slot)
                (*ret)[(*ret_n)++] = (struct seen){part[k], first + k, s->all[i]->id};
    }
    mutex_unlock(&s->all_lock);
    free(part);
}

static void
put_record(struct backend *b, struct control_call *call, const struct seen *r)
{
    const struct cell *c = cell_at(&b->n->sys, r->r.slot);
    const struct msg_type *t = types_get(&b->n->sys.types, r->r.type);
    uint64_t gen = r->r.slot == CELL_NONE ? 0 : cell_gen(c);
    char who[48];
    struct view_record v = {.worker = r->worker,
                            .seq = r->seq,
                            .time_ns = r->r.ns,
                            .event = record_kind_name((enum record_kind)r->r.kind),
                            .turn = r->r.kind == REC_SLICE ? r->r.turn - r->r.n + 1 : r->r.turn,
                            .n = r->r.n,
                            .message = t == NULL ? NULL : t->schema->name,
                            .code = r->r.code};

    /* The record names a slot. Whoever had it then may be gone, and the slot be another's. */
    if (gen != 0)
        v.actor = ref_text((actor_ref){0, r->r.slot, gen}, who);
    else if (r->r.slot != CELL_NONE) {
        snprintf(who, sizeof who, "%u", r->r.slot);
        v.actor = who;
    }
    control_put_record(call, &v);
}

void
backend_recorder(void *self, struct control_call *call, const struct req_recorder *req)
{
    struct backend *b = self;
    actor_ref who = {0};
    struct err e = {0};
    struct seen *all;
    size_t n = 0;
    int r = req->actor == NULL ? 0 : find_actor(b, req->actor, &who, &e);

    if (r < 0) {
        control_end(call, r, &e);
        return;
    }
    collect(b, req, who.slot, &all, &n);
    if (all == NULL) {
        control_end(call, -ERR_NOMEM, NULL);
        return;
    }
    qsort(all, n, sizeof *all, by_time);
    for (size_t i = n > req->limit ? n - req->limit : 0; i < n; i++)
        put_record(b, call, &all[i]);
    free(all);
    control_end(call, 0, NULL);
}

/* --- shutdown --- */
void
backend_shutdown(void *self, struct control_call *call, const struct req_shutdown *req)
{
    struct backend *b = self;
    struct boot *boot = &b->n->boot;
    const struct control_peer *p = control_call_peer(call);
    char why[64];
    struct view_stopping v = {.actors = gauge_value(&b->n->sys.alive)};

    snprintf(why, sizeof why, "actorctl of user %u, process %d", (unsigned)p->uid, (int)p->pid);
    if (req->timeout != 0 && !boot->stopping)
        boot->config->node.stop_timeout_ns = req->timeout * 1000000;
    v.deadline_ms = boot->config->node.stop_timeout_ns / 1000000;
    control_put_stopping(call, &v);
    control_end(call, 0, NULL);
    boot_stop(boot, why);
}
