/* oracle_mail.c - numbered messages: once, in order, one fate each. */
#include "oracle_priv.h"
#include <inttypes.h>
#include <string.h>

/* --- numbered mail --- */
uint64_t
oracle_next(uint32_t me, uint32_t to)
{
    return oracle_pair_(me, to)->n;
}

void
oracle_sent(uint32_t from, uint32_t to, uint64_t seq)
{
    struct pair *p = oracle_pair_(from, to);

    if (seq != p->n) {
        oracle_fail("message %" PRIu64 " from %u to %u follows %" PRIu64, seq, from, to, p->n);
        return;
    }
    p->fates = oracle_grow_(p->fates, &p->cap, p->n, 1);
    p->fates[p->n++] = IN_FLIGHT;
    oracle_undo_(UNDO_SENT, (uint64_t)(p - o.pairs), 0, ACTOR_NOBODY);
}

void
oracle_tell_status(actor_ref to, int r)
{
    bool alive = oracle_alive(to);

    if (r == 0 && !alive)
        oracle_fail("a send to slot %u generation %" PRIu64 " succeeds, and it has ended", to.slot, to.gen);
    if (r == ACTOR_E_DEAD && alive)
        oracle_fail("a send to slot %u generation %" PRIu64 " fails, and it lives", to.slot, to.gen);
    if (r != 0 && r != ACTOR_E_DEAD && r != ACTOR_E_NOMEM)
        oracle_fail("a send ended with %d", r);
}

/* Has everything before seq its fate? */
static bool
in_order(struct pair *p, uint64_t seq)
{
    while (p->low < seq && p->fates[p->low] != IN_FLIGHT)
        p->low++;
    return p->low >= seq;
}

bool
oracle_arrived(uint32_t from, uint32_t to, uint64_t seq, uint32_t id, uint64_t ask)
{
    struct pair *p = oracle_pair_(from, to);

    if (to != id) {
        if (ask == 0 || ask >= o.nasks || o.asks[ask].to != id) {
            oracle_fail("message %" PRIu64 " from %u to %u came to %u", seq, from, to, id);
            return false;
        }
        oracle_undo_(UNDO_FORWARDED, ask, 0, ACTOR_NOBODY); /* it is consumed, whatever becomes of the turn */
        o.asks[ask].to = 0;
        return false;
    }
    if (seq >= p->n) {
        oracle_fail("message %" PRIu64 " from %u to %u was never sent", seq, from, to);
        return true;
    }
    if (p->fates[seq] != IN_FLIGHT)
        oracle_dead_letters();
    if (p->fates[seq] != IN_FLIGHT) {
        oracle_fail("message %" PRIu64 " from %u to %u came twice (fate %u)", seq, from, to, p->fates[seq]);
        return true;
    }
    if (!in_order(p, seq)) {
        oracle_dead_letters();
        if (!in_order(p, seq))
            oracle_fail("message %" PRIu64 " from %u to %u came before %" PRIu64, seq, from, to, p->low);
    }
    p->fates[seq] = HANDLED;
    oracle_undo_(UNDO_HANDLED, (uint64_t)(p - o.pairs), seq, ACTOR_NOBODY);
    return true;
}

uint64_t
oracle_seen(uint32_t from, uint32_t me)
{
    return oracle_seen_(from, me)->next;
}

void
oracle_saw(uint32_t from, uint32_t me, uint64_t seq)
{
    struct seen *s = oracle_seen_(from, me);

    oracle_undo_(UNDO_SAW, (uint64_t)(s - o.seen), s->next, ACTOR_NOBODY);
    s->next = seq + 1;
}

/* --- dead letters --- */
struct work { /* how item and query begin, in every version */
    uint32_t from, to;
    uint64_t seq;
};

static void
one_letter(const struct dead_letter *l)
{
    const struct msg_type *t = types_get(&o.world->sys.types, l->type);
    struct work m;
    struct pair *p;

    if (t == NULL || l->reason == DEAD_no_actor || l->kept_bytes < sizeof m ||
        (strcmp(t->schema->name, "load.item") != 0 && strcmp(t->schema->name, "load.query") != 0))
        return;
    memcpy(&m, l->payload, sizeof m);
    if (!actor_ref_eq(l->target, o.actors[m.to].ref))
        return; /* a copy that was forwarded */
    p = oracle_pair_(m.from, m.to);
    if (m.seq >= p->n)
        oracle_fail("dead letter %" PRIu64 " from %u to %u was never sent", m.seq, m.from, m.to);
    else if (p->fates[m.seq] == HANDLED || p->fates[m.seq] == DEAD)
        oracle_fail("message %" PRIu64 " from %u to %u is a dead letter (%s) and had its fate", m.seq, m.from,
                    m.to, dead_reason_name((enum dead_reason)l->reason));
    else
        p->fates[m.seq] = DEAD;
}

void
oracle_dead_letters(void)
{
    struct dead_letter l[64];
    size_t n;

    do {
        uint64_t from = o.dead_seq;

        n = dead_copy(o.world->sys.dead, from, l, ARRAY_LEN(l), &o.dead_seq);
        if (n > 0 && l[0].seq != from)
            oracle_fail("the ring of dead letters is too small for this test");
        for (size_t i = 0; i < n; i++)
            one_letter(&l[i]);
    } while (n == ARRAY_LEN(l));
}
