/* explore_mem.c - the memory model: what an operation may read, where a write may land, who learns what. See explore.h. */
#include "explore_mem.h"
#include <string.h>

static bool
acquires(int order)
{
    return order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static bool
releases(int order)
{
    return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static void
learn(struct memory *m, struct view *v, uint8_t w)
{
    uint8_t l = m->write[w].loc;

    if (m->write[w].pos > m->write[v->at[l]].pos)
        v->at[l] = w;
}

void
mem_join(const struct memory *m, struct view *v, const struct view *w)
{
    for (unsigned l = 0; l < m->nlocs; l++)
        if (m->write[w->at[l]].pos > m->write[v->at[l]].pos)
            v->at[l] = w->at[l];
    for (unsigned t = 0; t < m->nthreads; t++)
        if (w->clock[t] > v->clock[t])
            v->clock[t] = w->clock[t];
}

static void
mix(struct thread *t, uint64_t x)
{
    t->trace[0] = (t->trace[0] ^ x) * UINT64_C(0x9e3779b97f4a7c15);
    t->trace[0] ^= t->trace[0] >> 29;
    t->trace[1] = (t->trace[1] + x) * UINT64_C(0xc2b2ae3d27d4eb4f);
    t->trace[1] ^= t->trace[1] >> 31;
}

static uint64_t
name_of(const struct write *w)
{
    return ((uint64_t)w->thread << 8 | w->event) + 1;
}

static bool
tied_after(const struct memory *m, uint8_t w)
{
    const struct loc *l = &m->loc[m->write[w].loc];
    unsigned next = m->write[w].pos + 1u;

    return next < l->n && m->write[l->order[next]].tied;
}

/* seq_cst operations are in one order, the one in which they run here: none goes behind the last seq_cst write. */
static unsigned
oldest(const struct memory *m, const struct thread *t, uint8_t loc, int order)
{
    const struct loc *l = &m->loc[loc];
    unsigned min = m->write[t->view.at[loc]].pos;

    if (order == __ATOMIC_SEQ_CST)
        for (unsigned p = min + 1; p < l->n; p++)
            if (m->write[l->order[p]].sc)
                min = p;
    return min;
}

/* After a fruitless round of a loop that waits for one location, the next round sees something newer. A loop that looks at several
 * may see old values some rounds longer. */
static bool
stale_for_loop(const struct memory *m, const struct thread *t, uint8_t w)
{
    const struct write *x = &m->write[w];

    if (t->rounds > PATIENCE && t->event - t->paused < ROUND && x->pos + 1u < m->loc[x->loc].n)
        return true;
    return t->spins && t->nwaits == 1 && m->write[t->waits[0]].loc == x->loc &&
           x->pos <= m->write[t->waits[0]].pos;
}

unsigned
mem_choices(const struct memory *m, const struct thread *t, uint8_t out[WRITES])
{
    const struct op *o = &t->op;
    const struct loc *l = &m->loc[o->loc];
    unsigned n = 0;

    if (o->kind == CHOOSE) {
        for (; n < o->value; n++)
            out[n] = (uint8_t)n;
        return n;
    }
    if (o->kind != LOAD && o->kind != STORE && o->kind != RMW && o->kind != CAS) {
        out[0] = 0;
        return 1;
    }
    for (unsigned p = l->n; p-- > 0;) {
        uint8_t w = l->order[p];
        bool fails = o->kind == CAS && m->write[w].value != o->expect;
        int order = fails ? o->fails->now : o->site->now;

        if (p < oldest(m, t, o->loc, order))
            continue;
        if (o->kind != LOAD && !fails && tied_after(m, w))
            continue;
        if ((o->kind == LOAD || fails) && stale_for_loop(m, t, w))
            continue;
        out[n++] = w;
    }
    for (unsigned i = 0; i < m->nlates && o->kind == LOAD && o->site->now == __ATOMIC_RELAXED; i++)
        if (m->late[i].addr == l->addr && !m->late[i].open)
            out[n++] = (uint8_t)(FROM_LATER + i);
    return n;
}

bool
mem_open(const struct memory *m)
{
    for (unsigned i = 0; i < m->nlates; i++)
        if (m->late[i].open)
            return true;
    return false;
}

static void
read_late(struct memory *m, struct thread *t, struct late *e)
{
    e->open = true;
    e->thread = (uint8_t)(t - m->thread);
    e->clock = t->view.clock[e->thread];
    e->after = t->view.at[t->op.loc];
    t->result = e->value;
    mix(t, e->value);
}

/* w was just written by t. */
static void
keep_late(struct memory *m, const struct thread *t, const struct write *w)
{
    for (unsigned i = 0; i < m->nlates; i++) {
        struct late *e = &m->late[i];

        if (e->open && e->addr == m->loc[w->loc].addr && e->value == w->value && e->thread != t - m->thread &&
            t->view.clock[e->thread] <= e->clock && w->pos > m->write[e->after].pos) {
            e->open = false;
            mix(&m->thread[e->thread], name_of(w));
        }
    }
}

static struct lock *
lock_of(const struct memory *m, const struct thread *t)
{
    return (struct lock *)&m->lock[t->op.loc];
}

bool
mem_enabled(const struct memory *m, const struct thread *t)
{
    if (t->finished)
        return false;
    if (t->op.kind == LOCK)
        return lock_of(m, t)->holder == NOBODY;
    if (t->op.kind == AWAIT)
        return lock_of(m, t)->holder != NOBODY;
    if (t->op.kind == WAIT && t->asleep)
        return t->woken || t->op.timed;
    if (t->spins) { /* not before something that it reads has changed */
        for (unsigned i = 0; i < t->nwaits; i++) {
            const struct write *w = &m->write[t->waits[i]];

            if (w->pos + 1u < m->loc[w->loc].n)
                return true;
        }
        return false;
    }
    return true;
}

static uint8_t
write_new(struct memory *m, struct thread *t, uint8_t after, uint64_t value, int order, bool tied)
{
    uint8_t id = (uint8_t)m->nwrites++, loc = m->write[after].loc;
    struct write *w = &m->write[id];
    struct loc *l = &m->loc[loc];
    unsigned pos = m->write[after].pos + 1u;

    for (unsigned p = l->n; p > pos; p--) {
        l->order[p] = l->order[p - 1];
        m->write[l->order[p]].pos++;
    }
    l->order[pos] = id;
    l->n++;
    *w = (struct write){.value = value,
                        .loc = loc,
                        .pos = (uint8_t)pos,
                        .thread = (uint8_t)(t - m->thread),
                        .event = t->event,
                        .tied = tied,
                        .sc = order == __ATOMIC_SEQ_CST};
    t->view.at[loc] = id;
    if (releases(order)) {
        w->view = t->view;
    } else {
        for (unsigned i = 0; i < m->nlocs; i++)
            w->view.at[i] = (uint8_t)i; /* the initial writes */
        w->view.at[loc] = id;
    }
    if (tied) /* a release sequence goes on through read-modify-writes */
        mem_join(m, &w->view, &m->write[after].view);
    if (pos + 1u == l->n)
        memcpy((void *)(uintptr_t)l->addr, &value, l->size);
    keep_late(m, t, w);
    return id;
}

static void
read_from(struct memory *m, struct thread *t, uint8_t w, int order)
{
    learn(m, &t->view, w);
    if (acquires(order)) {
        mem_join(m, &t->view, &m->write[w].view);
        mem_join(m, &t->view, &t->pending); /* what follows an acquire stays behind it, in the compiler too */
    }
    t->result = m->write[w].value;
    mix(t, name_of(&m->write[w]));
    if (t->nreads < READS) {
        unsigned i = 0;

        while (i < t->nreads && m->write[t->reads[i]].loc != m->write[w].loc)
            i++;
        t->reads[i] = w;
        if (i == t->nreads)
            t->nreads++;
    }
}

static uint64_t
combine(enum explore_rmw_kind kind, uint64_t a, uint64_t b, size_t size)
{
    uint64_t v = kind == EXPLORE_ADD   ? a + b
                 : kind == EXPLORE_SUB ? a - b
                 : kind == EXPLORE_OR  ? (a | b)
                 : kind == EXPLORE_AND ? (a & b)
                                       : b;

    return size < 8 ? v & ((UINT64_C(1) << size * 8) - 1) : v;
}

/* The plain accesses of a thread since its last operation may as well come after the barrier. */
static void
barrier(struct memory *m, struct thread *t)
{
    struct view all = t->view;

    for (unsigned i = 0; i < m->nthreads; i++) {
        struct view v = m->thread[i].view;

        v.clock[i]--;
        mem_join(m, &all, &v);
        mix(t, m->thread[i].event);
    }
    for (unsigned i = 0; i < m->nthreads; i++)
        mem_join(m, &m->thread[i].pending, &all);
    mem_join(m, &t->view, &all);
}

static void
futex(struct memory *m, struct thread *t)
{
    struct loc *l = &m->loc[t->op.loc];
    uint8_t bit = (uint8_t)(1u << (t - m->thread));

    if (t->op.kind == WAKE) {
        mix(t, 0x100u + l->sleepers);
        for (unsigned i = 0; i < m->nthreads; i++)
            if (l->sleepers & 1u << i) {
                m->thread[i].woken = true;
                l->sleepers = (uint8_t)(l->sleepers & ~(1u << i));
                break;
            }
        t->result = 0;
    } else if (t->asleep) { /* woken, or its time is over */
        mix(t, t->woken);
        t->result = t->woken ? 0 : 2;
        t->asleep = t->woken = false;
        l->sleepers = (uint8_t)(l->sleepers & ~bit);
    } else { /* the kernel compares and sleeps in one step */
        const struct write *w = &m->write[l->order[l->n - 1u]];

        mix(t, name_of(w));
        learn(m, &t->view, l->order[l->n - 1u]); /* the kernel's read is ours too */
        t->asleep = w->value == t->op.expect;
        t->result = 1;
        if (t->asleep)
            l->sleepers |= bit;
    }
}

void
mem_apply(struct memory *m, struct thread *t, uint8_t choice)
{
    const struct op *o = &t->op;
    struct lock *k;

    t->event++;
    mix(t, (uint64_t)o->kind << 8 | (o->kind == LOCK || o->kind == AWAIT || o->kind == TRYLOCK ? 0 : o->loc));
    switch (o->kind) {
    case LOAD:
        if (choice >= FROM_LATER)
            read_late(m, t, &m->late[choice - FROM_LATER]);
        else
            read_from(m, t, choice, o->site->now);
        break;
    case STORE:
        write_new(m, t, choice, o->value, o->site->now, false);
        break;
    case CAS:
        t->flag = m->write[choice].value == o->expect;
        read_from(m, t, choice, t->flag ? o->site->now : o->fails->now);
        if (t->flag)
            write_new(m, t, choice, o->value, o->site->now, true);
        break;
    case RMW:
        read_from(m, t, choice, o->site->now);
        write_new(m, t, choice, combine(o->rmw, t->result, o->value, m->loc[o->loc].size), o->site->now,
                  true);
        break;
    case TRYLOCK:
        t->flag = lock_of(m, t)->holder == NOBODY;
        mix(t, t->flag);
        if (!t->flag)
            break;
        /* fall through */
    case LOCK:
        k = lock_of(m, t);
        k->holder = (uint8_t)(t - m->thread);
        mix(t, (uintptr_t)k->addr);
        mix(t, (uint64_t)k->last_thread << 8 | k->last_event);
        mem_join(m, &t->view, &k->view);
        mem_join(m, &t->view, &t->pending);
        break;
    case AWAIT:
        k = lock_of(m, t);
        mem_join(m, &t->view, &k->view);
        break;
    case BARRIER:
        barrier(m, t);
        break;
    case WAIT:
    case WAKE:
        futex(m, t);
        break;
    case CHOOSE:
        t->result = choice;
        mix(t, choice);
        break;
    }
    t->view.clock[t - m->thread]++;
    t->spins = false; /* something had changed: the loop goes on */
}

void
mem_key(const struct memory *m, uint64_t key[2])
{
    struct thread sum = {.trace = {1, 2}};

    for (unsigned i = 0; i < m->nthreads; i++) {
        mix(&sum, m->thread[i].trace[0]);
        mix(&sum, m->thread[i].trace[1]);
    }
    for (unsigned i = 0; i < m->nlates; i++)
        mix(&sum, m->late[i].open);
    for (unsigned l = 0; l < m->nlocs; l++)
        for (unsigned p = 1; p < m->loc[l].n; p++)
            mix(&sum, name_of(&m->write[m->loc[l].order[p]]));
    key[0] = sum.trace[0];
    key[1] = sum.trace[1];
}
