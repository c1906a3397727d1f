/* call_life.c - the host's table: spawn, stop, watch, jobs. All of it waits for the end of the turn. */
#include "actor/call.h"
#include "actor/job.h"
#include "actor/life.h"
#include "actor/message.h"
#include "actor/outbox.h"
#include "actor/turn.h"
#include <string.h>

int
effect_add(struct actx *x, struct turn_effect fx)
{
    if (unlikely(x->nfx == x->fxcap)) {
        uint32_t cap = x->fxcap == 0 ? 64 : x->fxcap * 4;
        struct turn_effect *v;

        if (cap > TURN_MESSAGES_MAX * 4)
            return -ERR_LIMIT;
        v = env_alloc(x->sys->env, cap * sizeof *v);
        if (v == NULL)
            return -ERR_NOMEM;
        if (x->nfx != 0)
            memcpy(v, x->fx, x->nfx * sizeof *v);
        env_free(x->sys->env, x->fx, x->fxcap * sizeof *v);
        x->fx = v;
        x->fxcap = cap;
    }
    x->fx[x->nfx++] = fx;
    x->dirty |= TURN_SLOW_PARTS;
    return 0;
}

/* --- spawn --- */
/* Supervision may give a child's turns a limit of their own, by its name or by its parent's policy. */
static int
set_limit(struct actx *x, struct cell *c)
{
    const struct actor_hooks *h = &x->sys->hooks;
    uint64_t ns = h->hard_limit_ns == NULL ? 0 : h->hard_limit_ns(h->self, c);
    struct cell_ext *ext = ns == 0 ? NULL : cell_ext_get(x, c);

    if (ns == 0)
        return 0;
    if (ext == NULL)
        return -ERR_NOMEM;
    ext->hard_limit_ns = ns;
    atomic_fetch_or_explicit(&c->attn, ATTN_TIMED, memory_order_relaxed);
    return 0;
}

INLINE int
effect_spawn(struct actx *x, uint32_t slot)
{
    struct turn_effect *fx = x->fx + x->nfx;

    if (unlikely(x->nfx == x->fxcap))
        return effect_add(x, (struct turn_effect){.kind = FX_SPAWN, .slot = slot});
    fx->kind = FX_SPAWN; /* and nothing else of it is looked at */
    fx->slot = slot;
    x->nfx++;
    x->dirty = true;
    return 0;
}

INLINE int
spawn(struct actx *x, struct cell **ret, struct behaviour *b, const char *name, uint32_t name_len,
      const actor_spawn_opts *opts, const struct msg_type *args, const void *v)
{
    struct cell *c;
    int r = 0;

    /* a swap is under way: children start on the new version */
    for (struct swap *s; (s = atomic_load_explicit(&b->swap, memory_order_acquire)) != NULL;)
        b = s->to;
    if (args != NULL && args != x->sys->st.none && args != b->args &&
        (b->args == NULL || strcmp(args->schema->name, b->args->schema->name) != 0))
        return -ERR_TYPE; /* another layout of its arguments is converted before the start turn */
    if (args == NULL || args == x->sys->st.none)
        v = NULL;
    c = cell_new(x, b);
    if (c == NULL)
        return -ERR_NOMEM;
    if (v != NULL)
        r = message_build_type(x, &c->args, args, v, 0);
    else if (b->args != NULL && b->args != x->sys->st.none)
        r = message_defaults(x, &c->args, b->args);
    if (r == 0 && opts != NULL) {
        struct cell_ext *ext = cell_ext_get(x, c);

        if (ext == NULL)
            r = -ERR_NOMEM;
        else
            memcpy(&ext->opts, opts, opts->size < sizeof ext->opts ? opts->size : sizeof ext->opts);
    }
    if (r == 0) {
        life_adopt(x, x->me, c);
        gauge_raise(&x->sys->alive, x->w.id, 1);
        counter_inc(&x->w.counters, COUNTER_spawned);
        r = effect_spawn(x, c->ref.slot);
        if (unlikely(r < 0))
            goto unlink;
        if (name_len != 0)
            r = names_claim(x, c, name, name_len);
        if (r == 0 &&
            (name_len != 0 || atomic_load_explicit(&x->me->beh, memory_order_relaxed)->policy != NULL))
            r = set_limit(x, c);
        if (r == 0)
            r = outbox_add_fresh(x, c);
        if (r < 0)
            x->nfx--;
    } else {
        __atomic_store_n(&c->ref.gen, 0, __ATOMIC_RELEASE);
        gauge_lower(&b->actors, x->w.id, 1);
        cell_drop_state(x, c);
        cell_drop_ext(x, c);
        cell_free_slot(x, c);
        return r;
    }
unlink:
    if (r < 0) {
        life_roll_back_child(x, c);
        return r;
    }
    *ret = c;
    return 0;
}

int
spawn_cell(struct actx *x, struct cell **ret, struct behaviour *b, const char *name, uint32_t name_len,
           const actor_spawn_opts *opts, const struct msg_type *args, const void *v)
{
    return spawn(x, ret, b, name, name_len, opts, args, v);
}

/* NULL: there are none to be had. */
static const struct msg_type *
args_type(const struct actx *x, const actor_type *args)
{
    if (args == NULL || MSG_TYPE(args->head_) == x->sys->st.none->id)
        return NULL;
    return types_get(&x->sys->types, MSG_TYPE(args->head_));
}

int
call_spawn(actor_ctx *ctx, actor_ref *ret, actor_str behaviour, actor_str name, const actor_spawn_opts *opts,
           const actor_type *args, const void *m)
{
    struct actx *x = (struct actx *)ctx;
    struct behaviour *b;
    struct cell *c;
    int r;

    host_enter(x);
    b = behaviour.p == NULL
            ? NULL
            : registry_find_from(x, atomic_load_explicit(&x->me->beh, memory_order_relaxed), behaviour);
    if (b == NULL)
        r = -ERR_NOTFOUND;
    else if (atomic_load_explicit(&x->sys->stopping, memory_order_relaxed))
        r = -ERR_STOPPING;
    else if (x->me->life == CELL_DEAD)
        r = -ERR_DEAD;
    else if (args != NULL && args->head_ == 0)
        r = -ERR_TYPE;
    else
        r = spawn(x, &c, b, name.p, name.n, opts, args_type(x, args), m);
    if (r == 0) {
        /* In two words, from registers: a load of 16 B would wait until all that was written to the cell has left the store buffer,
         * and its lines come from far away. So would the caller's load of 8 B after stores of 4. */
        const uint64_t words[2] = {ref_word(x->node, c->ref.slot), cell_gen(c)};

        memcpy(ret, words, sizeof *ret);
    }
    host_leave(x);
    return r;
}

/* --- the simple ones --- */
static int
effect_call(actor_ctx *ctx, struct turn_effect fx)
{
    struct actx *x = (struct actx *)ctx;
    int r;

    host_enter(x);
    r = effect_add(x, fx);
    host_leave(x);
    return r;
}

int
call_stop(actor_ctx *ctx, actor_ref who, enum actor_stop_mode mode)
{
    struct actx *x = (struct actx *)ctx;
    struct cell *c;

    if (mode != ACTOR_STOP_NOW && mode != ACTOR_STOP_DRAIN)
        return -ERR_INVALID;
    host_enter(x);
    c = cell_resolve(x, who);
    host_leave(x);
    if (c == NULL)
        return -ERR_DEAD;
    /* not by its flags, which are its owner's */
    if (who.slot == x->sys->root.slot || who.slot == x->sys->system.slot || who.slot == x->sys->user.slot)
        return -ERR_DENIED;
    return effect_call(ctx, (struct turn_effect){.kind = FX_STOP, .slot = mode, .who = who});
}

int
call_watch(actor_ctx *ctx, actor_ref who)
{
    return actor_ref_is_nobody(who) ? -ERR_INVALID
                                    : effect_call(ctx, (struct turn_effect){.kind = FX_WATCH, .who = who});
}

int
call_unwatch(actor_ctx *ctx, actor_ref who)
{
    return effect_call(ctx, (struct turn_effect){.kind = FX_UNWATCH, .who = who});
}

int
call_unstash_all(actor_ctx *ctx)
{
    struct actx *x = (struct actx *)ctx;
    int n = x->me->ext == NULL ? 0 : (int)x->me->ext->nstash;
    int r = n == 0 ? 0 : effect_call(ctx, (struct turn_effect){.kind = FX_UNSTASH});

    return r < 0 ? r : n;
}

/* --- jobs --- */
int
call_job(actor_ctx *ctx, actor_str name, uint64_t tag, const actor_type *t, const void *v)
{
    struct actx *x = (struct actx *)ctx;
    struct behaviour *b = atomic_load_explicit(&x->me->beh, memory_order_relaxed);
    const struct behaviour_job *row = NULL;
    struct job *j;
    struct msg *m;
    int r;

    host_enter(x);
    for (uint32_t i = 0; i < b->njobs; i++)
        if (strlen(b->jobs[i].name) == name.n && memcmp(b->jobs[i].name, name.p, name.n) == 0)
            row = &b->jobs[i];
    if (row == NULL) {
        r = -ERR_NOTFOUND;
    } else if (row->in->id != MSG_TYPE(t->head_)) {
        r = -ERR_TYPE;
    } else if ((r = message_build(x, &m, t, v, 0)) == 0) {
        r = job_new(x, &j, b, row, m, tag);
        if (r < 0) {
            message_free(x, m);
        } else if ((r = effect_add(x, (struct turn_effect){.kind = FX_JOB, .p = j})) < 0) {
            job_drop(x, j);
        }
    }
    host_leave(x);
    return r;
}
