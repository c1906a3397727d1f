/* litmus_mbox.c - host/mailbox/mbox.h among several senders, wakers and slices.
 *
 * Whoever is told to schedule the actor runs its slice at once: what lies between in the node, the run queues, has scenarios of its
 * own. The actor's state, the payloads and each block after its release are plain data, so an order that is missing shows as a race.
 */
#include "litmus.h"
#include "mailbox/mbox.h"
#include <string.h>

enum { MESSAGES = 4 };

static struct {
    struct mbox mb;
    struct msg m[MESSAGES];
    uint64_t state; /* the actor's */
    uint32_t handled[MESSAGES];
    uint32_t count, last; /* last: of thread 0's messages */
    uint32_t go;
    bool yielded;
} g;

static void
reset(void)
{
    memset(&g, 0, sizeof g);
}

static void
reset_scheduled(void)
{
    reset();
    g.mb.tail = MBOX_EMPTY;
}

static void
handle(struct msg *m)
{
    uint32_t i = (uint32_t)(m - g.m);

    must(i < MESSAGES && m->head == i + 1);
    must(!g.handled[i]);
    g.handled[i] = 1;
    if (i < 2) { /* one sender's, in order */
        must(i == g.last);
        g.last++;
    }
    g.count++;
    g.state++;
}

/* The block has another owner now. */
static void
release(struct msg *m)
{
    m->head = 0;
    atomic_store_explicit(&m->next, NULL, memory_order_relaxed);
}

static void
slice(void)
{
    struct msg *m, *next;

again:
    m = mbox_first(&g.mb);
    if (m == NULL) {
        if (!mbox_sleep(&g.mb))
            goto again;
        return;
    }
    do {
        handle(m);
        next = mbox_next(&g.mb, m);
        release(m);
        m = next;
    } while (m != NULL);
}

/* Takes each message out first, as control orders make it do. */
static void
slice_detached(void)
{
    struct msg *m, *next;

again:
    m = mbox_first(&g.mb);
    if (m == NULL) {
        if (!mbox_sleep(&g.mb))
            goto again;
        return;
    }
    next = mbox_detach(&g.mb, m);
    if (next != NULL)
        mbox_keep(&g.mb, next);
    handle(m);
    release(m);
    goto again;
}

/* Ends after one message; the next slice is another worker's. */
static void
slice_short(void)
{
    struct msg *m = mbox_first(&g.mb), *next;

    handle(m);
    next = mbox_next(&g.mb, m);
    release(m);
    must(next != NULL); /* there is a second one in the chain */
    mbox_keep(&g.mb, next);
}

static bool
push(unsigned i)
{
    g.m[i].head = i + 1;
    atomic_store_explicit(&g.m[i].next, NULL, memory_order_relaxed); /* as message_alloc does */
    return mbox_push(&g.mb, &g.m[i], &g.m[i]);
}

static void
send0(void)
{
    if (push(0))
        slice();
}
static void
send01(void)
{
    if (push(0))
        slice();
    if (push(1))
        slice();
}
static void
send2(void)
{
    if (push(2))
        slice();
}
static void
send3(void)
{
    if (push(3))
        slice();
}
static void
detached0(void)
{
    if (push(0))
        slice_detached();
}
static void
detached2(void)
{
    if (push(2))
        slice_detached();
}
static void
chain_of_two(void)
{
    g.m[0].head = 1;
    g.m[1].head = 2;
    atomic_store_explicit(&g.m[1].next, NULL, memory_order_relaxed);
    atomic_store_explicit(&g.m[0].next, &g.m[1], memory_order_relaxed); /* as outbox_add does */
}
static void
send_chain01(void)
{
    chain_of_two();
    if (mbox_push(&g.mb, &g.m[0], &g.m[1]))
        slice();
}
static void
short01(void)
{
    chain_of_two();
    g.yielded = mbox_push(&g.mb, &g.m[0], &g.m[1]);
    if (g.yielded)
        slice_short();
    explore_signal(&g.go); /* stands for the run queue */
}
static void
next_worker(void)
{
    explore_await(&g.go);
    if (g.yielded)
        slice();
}
static void
wake(void)
{
    if (mbox_wake(&g.mb)) {
        g.state++; /* an order is carried out */
        slice();
    }
}
static void
start(void)
{
    slice();
}

static void
settled(void)
{
    must(g.mb.tail == MBOX_IDLE && g.mb.head == NULL);
}
static void
all_of_two(void)
{
    must(g.count == 2);
    settled();
}
static void
all_of_three(void)
{
    must(g.count == 3);
    settled();
}
static void
one(void)
{
    must(g.count == 1);
    settled();
}
const struct scenario mbox_scenarios[] = {
    {"mbox: two senders", reset, {send0, send2}, all_of_two, false},
    {"mbox: two senders, three messages", reset, {send01, send2}, all_of_three, false},
    {"mbox: three senders", reset, {send0, send2, send3}, all_of_three, false},
    {"mbox: a chain and a message", reset, {send_chain01, send2}, all_of_three, false},
    {"mbox: a wake and a message", reset, {wake, send2}, one, false},
    {"mbox: a wake and two senders", reset, {wake, send0, send2}, all_of_two, false},
    {"mbox: scheduled without mail", reset_scheduled, {start, send0, send2}, all_of_two, false},
    {"mbox: taken out and kept", reset, {detached0, detached2}, all_of_two, false},
    {"mbox: short slices", reset, {short01, send2, next_worker}, all_of_three, false},
};
const unsigned mbox_scenarios_n = ARRAY_LEN(mbox_scenarios);
