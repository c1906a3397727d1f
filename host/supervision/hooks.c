/* hooks.c - see hooks.h. */
#include "supervision/hooks.h"
#include "actor/life.h"
#include "actor/message.h"
#include "base/util.h"
#include "supervision/group.h"

struct record_of { /* cell_ext.supervision */
    struct policy policy;
    struct failure_history history;
};

void
supervision_policy(const struct supervision *s, const struct cell *c, struct policy *ret)
{
    const struct cell *parent = cell_at(s->sys, c->parent);
    const struct behaviour *pb = atomic_load_explicit(&parent->beh, memory_order_relaxed);
    const struct policy *layer[POLICY_LAYERS] = {0};
    struct policy opts;

    policy_init(&opts);
    if (c->ext != NULL && c->ext->opts.size != 0)
        policy_from_opts(&c->ext->opts, &opts, NULL); /* checked at the spawn */
    layer[0] = s->of_actor == NULL ? NULL : s->of_actor(s->self, c);
    layer[1] = &opts;
    layer[2] = pb == NULL ? NULL : pb->policy;
    layer[3] = &s->node;
    policy_merge(layer, POLICY_LAYERS, ret);
}

static struct record_of *
record_of(struct supervision *s, struct actx *x, struct cell *c)
{
    struct cell_ext *ext = cell_ext_get(x, c);
    struct record_of *r;

    if (ext == NULL || ext->supervision != NULL)
        return ext == NULL ? NULL : ext->supervision;
    r = env_alloc(s->sys->env, sizeof *r);
    if (r != NULL)
        supervision_policy(s, c, &r->policy);
    ext->supervision = r;
    return r;
}

/* --- groups: siblings get their directives as orders, in the parent's slice --- */
struct group_order {
    struct supervision *s;
    struct decision decision;
    enum policy_group group;
    actor_ref failed;
};

struct walk {
    struct system *sys;
    struct cell *parent;
};

/* Children hang youngest first; spawn order is the other way. */
static void *
step(void *self, void *at, bool backwards)
{
    struct walk *w = self;
    struct cell *c = at;
    uint32_t slot;

    if (c == NULL) {
        slot = w->parent->child;
        while (!backwards && slot != CELL_NONE && cell_at(w->sys, slot)->older != CELL_NONE)
            slot = cell_at(w->sys, slot)->older;
    } else {
        slot = backwards ? c->older : c->younger;
    }
    return slot == CELL_NONE ? NULL : cell_at(w->sys, slot);
}

static void
emit(void *arg, const struct effect *e)
{
    struct actx *x = arg;
    struct cell *c = e->actor;
    struct order *o;

    if (e->kind != EFFECT_APPLY)
        return;
    o = cell_order_new(x, ORDER_DIRECTIVE);
    if (o == NULL) {
        cell_poke(x, c, ATTN_STOP); /* no memory: the safe end of every directive */
        return;
    }
    o->a = e->directive;
    o->b = (int64_t)e->delay_ns;
    cell_order(x, c, o);
}

static void
spread(struct actx *x, struct cell *parent, void *arg)
{
    struct group_order *g = arg;
    struct cell *failed = parent == NULL ? NULL : cell_resolve(x, g->failed);

    if (failed != NULL) {
        struct walk w = {x->sys, parent};
        struct family f = {
            .parent_role = PARENT_ACTOR, .parent = parent, .failed = failed, .self = &w, .step = step};

        supervision_spread(&g->decision, g->group, &f, emit, x);
    }
    env_free(x->sys->env, g, sizeof *g);
}

static bool
ask_parent(struct supervision *s, struct actx *x, struct cell *c, const struct decision *d,
           enum policy_group group)
{
    struct order *o = cell_order_new(x, ORDER_CALL);
    struct group_order *g = env_alloc(s->sys->env, sizeof *g);

    if (o == NULL || g == NULL) {
        env_free(s->sys->env, g, sizeof *g);
        if (o != NULL)
            pool_put(&x->w.pool, 0, o);
        return false;
    }
    *g = (struct group_order){s, *d, group, c->ref};
    o->fn = spread;
    o->arg = g;
    cell_order(x, cell_at(s->sys, c->parent), o);
    return true;
}

static void
tell_parent(struct supervision *s, struct actx *x, struct cell *c, const struct failure *f,
            uint32_t directive)
{
    struct cell *parent = cell_at(s->sys, c->parent);
    actor_child_failed m = {c->ref, f->code, directive, actor_cstr(f->text)};
    struct msg *msg;

    if (parent->flags & CELL_SYSTEM) /* guardians have no rows */
        return;
    if (message_build_type(x, &msg, s->sys->st.child_failed, &m, MSG_F_SYSTEM) < 0)
        return; /* the directive is what counts; this is a notice */
    counter_inc(&x->w.counters, COUNTER_sent_system);
    if (mbox_push(&parent->mb, msg, msg))
        worker_push(&x->w, &parent->task);
}

static void
failed(void *self, struct actx *x, struct cell *c, const struct failure *f, struct verdict *ret)
{
    static const uint32_t kinds[] = {[FAILURE_RETURNED] = CAUSE_RETURNED,
                                     [FAILURE_START] = CAUSE_START,
                                     [FAILURE_LIMIT] = CAUSE_LIMIT,
                                     [FAILURE_CHILD] = CAUSE_CHILD};
    struct supervision *s = self;
    struct record_of *r = record_of(s, x, c);
    struct cause cause = {.kind = kinds[f->kind],
                          .code = f->code,
                          .resumable = f->resumable,
                          .has_message = f->has_message,
                          .redelivered = f->redelivered};
    struct decision d;
    char path[256];

    if (r == NULL) { /* no memory for a history: stop, and say so */
        ret->directive = ACTOR_DIRECTIVE_STOP;
        log_write(s->sys->log, LOG_ERROR, "supervision", "slot %u stops: out of memory", c->ref.slot);
        return;
    }
    supervision_decide(&r->policy, &r->history, x->w.now_ns, &x->w.rng, &cause, &d);
    ret->directive = (enum actor_directive)d.directive;
    ret->delay_ns = d.delay_ns;
    ret->retry = d.fate == FATE_RETRY;
    ret->quarantine = d.fate == FATE_QUARANTINE;
    names_path(s->sys, c, path, sizeof path);
    log_write(s->sys->log, d.directive == ACTOR_DIRECTIVE_RESUME ? LOG_INFO : LOG_WARN, path,
              "failed code=%d%s%s%s%s%s: %s (%s)", f->code, f->code < 0 ? " (" : "",
              f->code < 0 ? err_name(f->code) : "", f->code < 0 ? ")" : "", f->text[0] != 0 ? " " : "",
              f->text, directive_name(d.directive), failure_why_text((enum failure_why)d.why));
    if (d.tell_parent)
        tell_parent(s, x, c, f, d.directive);
    if (r->policy.group != GROUP_ONE_FOR_ONE &&
        (d.directive == ACTOR_DIRECTIVE_RESTART || d.directive == ACTOR_DIRECTIVE_STOP) &&
        !(cell_at(s->sys, c->parent)->flags & CELL_SYSTEM))
        ret->group = ask_parent(s, x, c, &d, (enum policy_group)r->policy.group);
}

static void
ended(void *self, struct actx *x, struct cell *c, bool final)
{
    struct supervision *s = self;

    (void)x;
    if (!final || c->ext == NULL)
        return;
    env_free(s->sys->env, c->ext->supervision, sizeof(struct record_of));
    c->ext->supervision = NULL;
}

static bool
keeps_children(void *self, const struct cell *c)
{
    struct policy p;

    supervision_policy(self, c, &p);
    return p.keep_children;
}

/* The node's default has none: [scheduler] hard_limit is for all. */
static uint64_t
hard_limit_ns(void *self, const struct cell *c)
{
    const struct supervision *s = self;
    const struct behaviour *pb = atomic_load_explicit(&cell_at(s->sys, c->parent)->beh, memory_order_relaxed);
    const struct policy *layer[] = {s->of_actor == NULL ? NULL : s->of_actor(s->self, c), pb->policy};

    for (size_t i = 0; i < ARRAY_LEN(layer); i++)
        if (layer[i] != NULL && layer[i]->set & POLICY_HAS_HARD_LIMIT)
            return layer[i]->hard_limit_ms == 0 ? UINT64_MAX : layer[i]->hard_limit_ms * UINT64_C(1000000);
    return 0;
}

void
supervision_bind(struct supervision *s, struct system *sys)
{
    s->sys = sys;
    sys->hooks = (struct actor_hooks){.self = s,
                                      .failed = failed,
                                      .ended = ended,
                                      .keeps_children = keeps_children,
                                      .hard_limit_ns = hard_limit_ns};
}
