/* fixture_plugin.c - the behaviours that the tests of this folder drive: they do what they are told, and note what they see. */
#include "base/random.h"
#include "fixture.h"
#include <sched.h>
#include <stdio.h>
#include <string.h>

static actor_result
by_mode(actor_ctx *ctx, uint64_t mode, uint64_t v)
{
    switch (mode) {
    case MODE_STASH:
        return ACTOR_STASH;
    case MODE_UNHANDLED:
        return ACTOR_UNHANDLED;
    case MODE_FAIL:
        return actor_fail(ctx, 7, "told to fail at %llu", (unsigned long long)v);
    case MODE_STOP:
        return ACTOR_STOP;
    default:
        return ACTOR_OK;
    }
}

static actor_result
take_num(actor_ctx *ctx, uint64_t *n, uint64_t mode, uint64_t v)
{
    if (mode != MODE_STASH && !rig.threads)
        rig_note((struct event){.kind = EV_NUM,
                                .self = actor_self(ctx),
                                .from = actor_sender(ctx),
                                .a = v,
                                .tag = actor_tag(ctx)});
    (*n)++;
    return by_mode(ctx, mode, v);
}

static actor_result
take_terminated(actor_ctx *ctx, const actor_terminated *m)
{
    if (!rig.threads)
        rig_note((struct event){.kind = EV_TERMINATED,
                                .self = actor_self(ctx),
                                .who = m->who,
                                .a = m->reason,
                                .b = m->incarnation});
    return ACTOR_OK;
}

static actor_result
take_ask_failed(actor_ctx *ctx, const actor_ask_failed *m)
{
    if (!rig.threads)
        rig_note((struct event){.kind = EV_ASK_FAILED,
                                .self = actor_self(ctx),
                                .who = m->target,
                                .a = (uint64_t)-m->code,
                                .tag = actor_tag(ctx)});
    return ACTOR_OK;
}

static actor_result
run_go(actor_ctx *ctx, void *self, const go *m)
{
    return ((go_fn *)(uintptr_t)m->fn)(ctx, self, m->arg);
}

ACTOR_ON_START(thing, args, ctx, self, a)
{
    self->at_stop = 0;
    if (!rig.threads)
        rig_note((struct event){.kind = EV_START, .self = actor_self(ctx), .a = a->arg, .b = a->text.n});
    return a->fn == 0 ? ACTOR_OK : ((start_fn *)(uintptr_t)a->fn)(ctx, self, a);
}
ACTOR_ON_STOP(thing, ctx, self, reason)
{
    if (!rig.threads)
        rig_note((struct event){.kind = EV_STOPPED, .self = actor_self(ctx), .a = reason});
    if (self->at_stop != 0)
        ((stop_fn *)(uintptr_t)self->at_stop)(ctx, self, reason);
}
ACTOR_ON(thing, go, ctx, self, m)
{
    return run_go(ctx, self, m);
}
ACTOR_ON(thing, num, ctx, self, m)
{
    return take_num(ctx, &self->n, self->mode, m->v);
}
ACTOR_ON(thing, get, ctx, self, m)
{
    actor_reply(ctx, num, .v = self->n);
    return by_mode(ctx, self->mode, 0);
}
ACTOR_ON(thing, text, ctx, self, m)
{
    if (!rig.threads)
        rig_note((struct event){.kind = EV_TEXT, .self = actor_self(ctx), .a = m->s.n, .b = m->l.n});
    if (m->s.n != 0)
        actor_set(ctx, &self->text, m->s);
    for (uint32_t i = 0; i < m->l.n; i++)
        actor_append(ctx, &self->seen, m->l.v[i]);
    return by_mode(ctx, self->mode, 0);
}
ACTOR_ON(thing, actor_terminated, ctx, self, m)
{
    take_terminated(ctx, m);
    return by_mode(ctx, self->mode, 0);
}
ACTOR_ON(thing, actor_ask_failed, ctx, self, m)
{
    return take_ask_failed(ctx, m);
}
ACTOR_BEHAVIOUR(thing, ACTOR_ROW_STARTS(thing, args), ACTOR_ROW_STOPS(thing), ACTOR_ROW(thing, go),
                ACTOR_ROW(thing, num), ACTOR_ROW(thing, get), ACTOR_ROW(thing, text),
                ACTOR_ROW(thing, actor_terminated), ACTOR_ROW(thing, actor_ask_failed))

ACTOR_ON(small, go, ctx, self, m)
{
    return run_go(ctx, self, m);
}
ACTOR_ON(small, num, ctx, self, m)
{
    self->last = m->v;
    return take_num(ctx, &self->n, self->mode, m->v);
}
ACTOR_ON(small, get, ctx, self, m)
{
    actor_reply(ctx, num, .v = self->n);
    return ACTOR_OK;
}
ACTOR_ON(small, actor_terminated, ctx, self, m)
{
    return take_terminated(ctx, m);
}
ACTOR_ON(small, actor_ask_failed, ctx, self, m)
{
    return take_ask_failed(ctx, m);
}
ACTOR_BEHAVIOUR(small, ACTOR_ROW(small, go), ACTOR_ROW(small, num), ACTOR_ROW(small, get),
                ACTOR_ROW(small, actor_terminated), ACTOR_ROW(small, actor_ask_failed))

ACTOR_ON(sure, go, ctx, self, m)
{
    return run_go(ctx, self, m);
}
ACTOR_ON_NOFAIL(sure, num, ctx, self, m)
{
    self->n += m->v;
    actor_tell(ctx, actor_sender(ctx), num, .v = self->n);
}
#define ROW_THAT_LIES {ACTOR_ROW_MESSAGE, 0, &go_type, NULL, NULL, ACTOR_NOFAIL, (actor_fn)sure_on_go}
ACTOR_BEHAVIOUR(sure, ACTOR_ROW_NOFAIL(sure, num), ROW_THAT_LIES)

ACTOR_ON(large, go, ctx, self, m)
{
    return run_go(ctx, self, m);
}
ACTOR_BEHAVIOUR(large, ACTOR_ROW(large, go), ACTOR_ROW_ATOMIC_BYTES(8))
ACTOR_PLUGIN("t", "1.0.0", &thing_behaviour, &small_behaviour, &large_behaviour, &sure_behaviour)
