/* group.c - see group.h. */
#include "supervision/group.h"

struct out {
    const struct decision *d;
    const struct family *fam;
    void (*emit)(void *arg, const struct effect *e);
    void *arg;
};

static void
put(const struct out *o, enum effect_kind kind, void *actor, uint32_t directive, uint32_t why)
{
    struct effect e = {.kind = kind, .directive = directive, .why = why, .actor = actor};

    if (kind == EFFECT_APPLY)
        e.delay_ns = o->d->delay_ns;
    o->emit(o->arg, &e);
}

static void
apply(const struct out *o, void *actor)
{
    put(o, EFFECT_APPLY, actor, o->d->directive, actor == o->fam->failed ? o->d->why : (uint32_t)WHY_GROUP);
}

/* Stops run against the order of spawning, restarts along it: later siblings may lean on earlier ones. */
static void
apply_to_group(const struct out *o, enum policy_group group)
{
    const struct family *fam = o->fam;
    bool backwards = o->d->directive == ACTOR_DIRECTIVE_STOP;
    bool rest = group == GROUP_REST_FOR_ONE;
    void *at = rest && !backwards ? fam->failed : fam->step(fam->self, NULL, backwards);

    for (; at != NULL; at = fam->step(fam->self, at, backwards)) {
        apply(o, at);
        if (rest && backwards && at == fam->failed)
            return;
    }
}

static void
escalate(const struct out *o)
{
    const struct family *fam = o->fam;

    if (fam->parent_role == PARENT_USER) {
        put(o, EFFECT_APPLY, fam->failed, ACTOR_DIRECTIVE_STOP, WHY_GUARDIAN);
        put(o, EFFECT_LOG, fam->failed, ACTOR_DIRECTIVE_STOP, WHY_GUARDIAN);
        return;
    }
    put(o, EFFECT_TELL_PARENT, fam->parent, ACTOR_DIRECTIVE_ESCALATE, o->d->why);
    put(o, EFFECT_FAIL_PARENT, fam->parent, ACTOR_DIRECTIVE_ESCALATE, o->d->why);
}

void
supervision_spread(const struct decision *d, enum policy_group group, const struct family *fam,
                   void (*emit)(void *arg, const struct effect *e), void *arg)
{
    const struct out o = {d, fam, emit, arg};
    bool gives_up = d->directive == ACTOR_DIRECTIVE_STOP || d->directive == ACTOR_DIRECTIVE_ESCALATE;

    if (gives_up && fam->parent_role == PARENT_SYSTEM) {
        put(&o, EFFECT_STOP_NODE, fam->failed, d->directive, WHY_SYSTEM);
        return;
    }
    if (d->directive == ACTOR_DIRECTIVE_ESCALATE) {
        escalate(&o);
        return;
    }
    if (d->directive == ACTOR_DIRECTIVE_RESUME || group == GROUP_ONE_FOR_ONE)
        apply(&o, fam->failed);
    else
        apply_to_group(&o, group);
    if (d->directive == ACTOR_DIRECTIVE_STOP && fam->parent_role == PARENT_ACTOR)
        put(&o, EFFECT_TELL_PARENT, fam->parent, ACTOR_DIRECTIVE_STOP, d->why);
}
