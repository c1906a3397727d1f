/* job.c - see job.h. */
#include "actor/job.h"
#include "actor/call.h"
#include "actor/message.h"
#include "actor/turn.h"
#include <string.h>

struct job_memory {
    struct job_memory *next;
    size_t bytes;
};
struct job {
    actor_job_ctx ctx; /* first: what the plugin sees */
    struct system *sys;
    struct behaviour *b;
    const struct behaviour_job *row;
    actor_ref who;
    uint64_t tag;
    struct msg *in;
    void *out;                 /* the output struct; NULL: no memory for it */
    int code;                  /* 0, or what actor_ask_failed tells: what the function returned, or -ERR_* */
    struct job_memory *memory; /* what the output points to */
    size_t memory_bytes;
};

int
job_new(struct actx *x, struct job **ret, struct behaviour *b, const struct behaviour_job *row,
        struct msg *in, uint64_t tag)
{
    struct job *j = env_alloc(x->sys->env, sizeof *j);

    if (j == NULL)
        return -ERR_NOMEM;
    *j = (struct job){
        .ctx = {&call_table}, .sys = x->sys, .b = b, .row = row, .who = x->me->ref, .tag = tag, .in = in};
    atomic_fetch_add_explicit(&b->pins, 1, memory_order_relaxed);
    *ret = j;
    return 0;
}

static void
job_free(struct actx *x, struct job *j)
{
    for (struct job_memory *m = j->memory, *next; m != NULL; m = next) {
        next = m->next;
        env_free(j->sys->env, m, m->bytes);
    }
    env_free(j->sys->env, j->out, j->row->out->schema->bytes);
    message_free(x, j->in);
    atomic_fetch_sub_explicit(&j->b->pins, 1,
                              memory_order_release); /* pairs with the acquire of the unloader */
    env_free(j->sys->env, j, sizeof *j);
}

void
job_drop(struct actx *x, struct job *j)
{
    job_free(x, j);
}

void *
call_job_alloc(actor_job_ctx *ctx, size_t bytes)
{
    struct job *j = (struct job *)ctx;
    struct job_memory *m;

    if (bytes > TURN_BYTES_MAX - j->memory_bytes)
        return NULL;
    m = env_alloc(j->sys->env, sizeof *m + bytes);
    if (m == NULL)
        return NULL;
    m->bytes = sizeof *m + bytes;
    m->next = j->memory;
    j->memory = m;
    j->memory_bytes += bytes;
    return m + 1;
}

/* The result as mail of the actor to itself. code: 0, or what actor_ask_failed tells. */
static void
deliver(struct actx *x, struct job *j, const void *out, int code)
{
    struct cell *c = cell_resolve(x, j->who);
    const struct msg_type *type = code == 0 ? j->row->out : x->sys->st.ask_failed;
    actor_ask_failed failed = {j->who, code};
    struct msg *m;
    int r = message_build_type(x, &m, type, code == 0 ? out : &failed, MSG_F_JOB | MSG_F_SYSTEM);

    if (r < 0) {
        log_write(x->sys->log, LOG_ERROR, "job", "result of %s.%s is lost: %s", j->b->name, j->row->name,
                  err_text(r));
        return;
    }
    message_ext(m)->tag = j->tag;
    m->sender = j->who;
    counter_inc(&x->w.counters, COUNTER_sent_system);
    if (c == NULL) {
        message_bury(x, j->who, m, DEAD_no_actor, 0);
        return;
    }
    if (mbox_push(&c->mb, m, m))
        worker_push(&x->w, &c->task);
}

/* On a thread of the blocking pool. */
static void
work(void *arg)
{
    struct job *j = arg;

    j->out = env_alloc(j->sys->env, j->row->out->schema->bytes);
    j->code = j->out == NULL ? -ERR_NOMEM : j->row->fn(&j->ctx, msg_payload(j->in), j->out);
}

/* Afterwards; -ERR_CANCELED: work never ran; -ERR_TIMEOUT: it still runs, and may use j, so j stays. */
static void
done(void *arg, int code)
{
    struct job *j = arg;
    struct system *sys = j->sys;
    struct actx *x = system_enter(sys, sys->root);

    deliver(x, j, code == 0 ? j->out : NULL,
            code == 0              ? j->code
            : code == -ERR_TIMEOUT ? -ERR_TIMEOUT
                                   : -ERR_STOPPING);
    if (code != -ERR_TIMEOUT)
        job_free(x, j);
    system_leave(x);
}

void
job_submit(struct actx *x, struct job *j)
{
    int r =
        x->sys->blocking == NULL ? -ERR_UNSUPPORTED : x->sys->blocking(x->sys->blocking_self, work, done, j);

    if (r < 0) {
        deliver(x, j, NULL, r);
        job_free(x, j);
    }
}
