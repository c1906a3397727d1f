/* oracle.c - see oracle.h. What a turn reports happens at once and is undone, newest first, when the turn fails. */
#include "actor/message.h"
#include "oracle_priv.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options opt;
bool oracle_healing;
uint32_t oracle_refuse;
struct oracle_state o;

/* --- what is wrong --- */
const char *
oracle_wrong(void)
{
    return o.wrong[0] != 0 ? o.wrong : NULL;
}

void
oracle_fail(const char *fmt, ...)
{
    va_list ap;

    if (o.wrong[0] != 0)
        return;
    va_start(ap, fmt);
    vsnprintf(o.wrong, sizeof o.wrong, fmt, ap);
    va_end(ap);
}

void *
oracle_grow_(void *v, size_t *cap, size_t n, size_t bytes)
{
    if (n < *cap)
        return v;
    *cap = *cap == 0 ? 64 : *cap * 2;
    v = realloc(v, *cap * bytes);
    if (v == NULL)
        abort(); /* the test's own memory */
    return v;
}

/* --- life --- */
void
oracle_init(struct world *w, const struct options *options)
{
    oracle_fini();
    opt = *options;
    oracle_healing = false;
    oracle_refuse = 0;
    o.world = w;
    o.nids = o.nmes = 1; /* 0 is the driver */
    o.nasks = o.ntimers = 1;
    o.asks = oracle_grow_(o.asks, &o.casks, 1, sizeof *o.asks);
    o.timers = oracle_grow_(o.timers, &o.ctimers, 1, sizeof *o.timers);
    o.dead_seq = 1;
}

void
oracle_fini(void)
{
    for (size_t i = 0; i < PAIRS; i++)
        free(o.pairs[i].fates);
    free(o.asks);
    free(o.timers);
    free(o.watches);
    free(o.undo);
    memset(&o, 0, sizeof o);
}

void
oracle_undo_(enum undo_kind kind, uint64_t a, uint64_t b, actor_ref ref)
{
    o.undo = oracle_grow_(o.undo, &o.cundo, o.nundo, sizeof *o.undo);
    o.undo[o.nundo++] = (struct undo_step){kind, a, b, ref};
}

uint64_t
oracle_events(void)
{
    return o.events;
}

bool
oracle_alive(actor_ref r)
{
    return r.gen != 0 && cell_gen(cell_at(&o.world->sys, r.slot)) == r.gen;
}

uint32_t
oracle_ids(void)
{
    return o.nids;
}

actor_ref
oracle_ref(uint32_t id)
{
    return o.actors[id].ref;
}

/* --- tables --- */
static size_t
place(uint64_t key)
{
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 48) % PAIRS;
}

struct pair *
oracle_pair_(uint32_t from, uint32_t to)
{
    uint64_t key = ((uint64_t)from << 32 | to) + 1;
    size_t i = place(key);

    while (o.pairs[i].key != 0 && o.pairs[i].key != key)
        i = (i + 1) % PAIRS;
    o.pairs[i].key = key;
    return &o.pairs[i];
}

struct seen *
oracle_seen_(uint32_t from, uint32_t me)
{
    uint64_t key = ((uint64_t)from << 32 | me) + 1;
    size_t i = place(key);

    while (o.seen[i].key != 0 && o.seen[i].key != key)
        i = (i + 1) % PAIRS;
    o.seen[i].key = key;
    return &o.seen[i];
}

/* --- turns --- */
static void
note(uint64_t v)
{
    o.events++;
    sim_note(&o.world->sim, v);
}

static void
compare(const struct shadow *is, const struct shadow *want, uint32_t id, uint32_t me)
{
    if (memcmp(is, want, sizeof *is) != 0)
        oracle_fail("state of actor %u (%u): handled %u stashing %u notes %u sum %" PRIu64
                    "; it should be handled %u stashing %u notes %u sum %" PRIu64,
                    id, me, is->handled, is->stashing, is->notes, is->sum, want->handled, want->stashing,
                    want->notes, want->sum);
}

static void
enter(uint32_t id, uint32_t me)
{
    if (o.in_turn)
        oracle_fail("a turn of actor %u runs inside one of %u", id, o.id);
    o.in_turn = true;
    o.id = id;
    o.me = me;
    o.nundo = 0;
}

void
oracle_begin(actor_ctx *ctx, uint32_t id, uint32_t me, const struct shadow *s)
{
    struct incarnation *in = &o.mes[me];

    enter(id, me);
    if (!actor_ref_eq(actor_self(ctx), o.actors[id].ref))
        oracle_fail("mail or state of actor %u is handled by slot %u", id, actor_self(ctx).slot);
    else if (o.actors[id].me != me || in->id != id)
        oracle_fail("actor %u runs as %u, its incarnation is %u", id, me, o.actors[id].me);
    else if (in->stopped)
        oracle_fail("actor %u (%u) has a turn after its stop hook", id, me);
    else
        compare(s, &in->shadow, id, me);
    if (actor_now_ns(ctx) < in->now_ns)
        oracle_fail("actor %u saw its clock go back by %" PRIu64 " ns", id, in->now_ns - actor_now_ns(ctx));
    in->now_ns = actor_now_ns(ctx);
}

static void
take_back(const struct undo_step *u)
{
    struct pair *p;

    switch (u->kind) {
    case UNDO_SENT:
        p = &o.pairs[u->a];
        p->n--;
        if (p->low > p->n)
            p->low = p->n;
        break;
    case UNDO_SAW:
        o.seen[u->a].next = u->b;
        break;
    case UNDO_HANDLED: /* it stays a turn that failed */
        o.pairs[u->a].fates[u->b] = FAILED;
        break;
    case UNDO_SPAWNED:
        o.actors[u->a].committed = false;
        break;
    case UNDO_ASKED:
        o.asks[u->a].state = ASK_GONE;
        break;
    case UNDO_FORWARDED:
        o.asks[u->a].to = (uint32_t)u->b;
        break;
    case UNDO_TIMER:
        o.timers[u->a].state = (uint8_t)u->b;
        break;
    case UNDO_WATCHED:
        for (size_t i = o.nwatches; i > 0; i--) {
            if (o.watches[i - 1].id == u->a && actor_ref_eq(o.watches[i - 1].who, u->ref)) {
                o.watches[i - 1] = o.watches[--o.nwatches];
                break;
            }
        }
        break;
    case UNDO_UNWATCHED:
        o.watches = oracle_grow_(o.watches, &o.cwatches, o.nwatches, sizeof *o.watches);
        o.watches[o.nwatches++] = (struct watch){(uint32_t)u->a, u->ref};
        break;
    }
}

void
oracle_end(const struct shadow *s, bool ok)
{
    o.in_turn = false;
    if (ok) {
        o.mes[o.me].shadow = *s;
    } else {
        o.mes[o.me].stopped |= o.starting; /* its state was never: no hook */
        while (o.nundo > 0)
            take_back(&o.undo[--o.nundo]);
    }
    o.starting = false;
    note((uint64_t)o.me << 32 | (uint64_t)ok << 31 | s->handled);
}

uint32_t
oracle_start(actor_ctx *ctx, uint32_t id)
{
    uint32_t me = o.nmes < MES_MAX ? o.nmes++ : 0;

    if (me == 0)
        oracle_fail("more incarnations than the test has room for");
    if (o.actors[id].me != 0 && !o.mes[o.actors[id].me].stopped)
        oracle_fail("actor %u starts again, and incarnation %u had no stop hook", id, o.actors[id].me);
    enter(id, me);
    o.starting = true;
    o.mes[me] = (struct incarnation){.id = id, .now_ns = actor_now_ns(ctx)};
    o.actors[id].me = me;
    if (!actor_ref_eq(actor_self(ctx), o.actors[id].ref))
        oracle_fail("actor %u starts in slot %u", id, actor_self(ctx).slot);
    return me;
}

void
oracle_stopped(uint32_t id, uint32_t me)
{
    if (o.actors[id].me != me || o.mes[me].stopped)
        oracle_fail("the stop hook of actor %u (%u) runs for %u", id, o.actors[id].me, me);
    o.mes[me].stopped = true;
    note(me);
}

void
oracle_outside(bool begin)
{
    if (begin)
        enter(0, 0);
    else
        o.in_turn = false;
}

/* --- actors --- */
uint32_t
oracle_new_id(void)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < o.nlive; i++)
        n += oracle_alive(o.actors[o.live[i]].ref);
    return n >= LIVE_MAX || o.nids == IDS_MAX ? 0 : o.nids++;
}

void
oracle_spawned(uint32_t id, actor_ref ref)
{
    o.actors[id].ref = ref;
    o.actors[id].committed = true;
    oracle_undo_(UNDO_SPAWNED, id, 0, ACTOR_NOBODY);
}

static void
look_for_live(void)
{
    o.nlive = 0;
    for (uint32_t id = 1; id < o.nids && o.nlive < ARRAY_LEN(o.live); id++)
        if (o.actors[id].committed && oracle_alive(o.actors[id].ref))
            o.live[o.nlive++] = id;
}

actor_ref
oracle_pick(uint64_t dice, uint32_t *ret_id)
{
    uint32_t id = 0;

    if (dice % 64 == 0 || o.nlive == 0)
        look_for_live();
    if (o.nids > 1 && dice % 16 == 1)
        id = 1 + (uint32_t)(dice / 16 % (o.nids - 1)); /* anyone who ever was */
    else if (o.nlive > 0)
        id = o.live[dice / 16 % o.nlive];
    *ret_id = id;
    return o.actors[id].ref;
}

/* --- the end --- */
static void
one_balance(const char *lane, const struct balance *b)
{
    if (!balance_holds(b))
        oracle_fail("%s lane: accepted %" PRIu64 " != handled %" PRIu64 " + dead %" PRIu64
                    " + rolled back %" PRIu64 " + queued %" PRIu64,
                    lane, b->accepted, b->handled, b->dead, b->rolled_back, b->queued);
}

void
oracle_balance(void)
{
    struct balance user, system;

    world_balance(o.world, &user, &system);
    one_balance("user", &user);
    one_balance("system", &system);
}

static const char *
fate_text(enum fate f)
{
    return f == IN_FLIGHT ? "has no fate: it is lost" : "failed, and no dead letter tells";
}

void
oracle_quiet(void)
{
    oracle_dead_letters();
    oracle_balance();
    for (size_t i = 0; i < PAIRS; i++) {
        const struct pair *p = &o.pairs[i];

        for (uint64_t k = 0; k < p->n; k++)
            if (p->fates[k] == IN_FLIGHT || p->fates[k] == FAILED)
                oracle_fail("message %" PRIu64 " from %u to %u %s", k, (uint32_t)((p->key - 1) >> 32),
                            (uint32_t)(p->key - 1), fate_text((enum fate)p->fates[k]));
    }
    for (size_t i = 1; i < o.nasks; i++) {
        const struct ask *a = &o.asks[i];

        if (a->state == ASK_OPEN && oracle_alive(o.actors[a->id].ref) &&
            (a->job ? !opt.faults : o.actors[a->id].me == a->me))
            oracle_fail("%s %zu of actor %u never ended", a->job ? "job" : "ask", i, a->id);
    }
    for (size_t i = 1; i < o.ntimers; i++) {
        const struct timer *t = &o.timers[i];
        uint32_t id = o.mes[t->me].id;

        if (t->state == TIMER_ARMED && oracle_alive(o.actors[id].ref) && o.actors[id].me == t->me &&
            !o.mes[t->me].stopped && !opt.faults)
            oracle_fail("timer %zu of actor %u (%u) never came", i, id, t->me);
    }
    for (size_t i = 0; i < o.nwatches; i++) {
        const struct watch *v = &o.watches[i];

        if (oracle_alive(o.actors[v->id].ref) && !oracle_alive(v->who) && !opt.faults)
            oracle_fail("actor %u was never told that slot %u generation %" PRIu64 " ended", v->id,
                        v->who.slot, v->who.gen);
    }
}
