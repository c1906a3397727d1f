#include "base/thread.h"
#include "mailbox/mbox.h"
#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>

static struct mbox mb;
static struct msg m[8];

static void
start(void)
{
    memset(&mb, 0, sizeof mb);
    memset(m, 0, sizeof m);
}
TestSuite(mbox, .init = start);

static bool
push(struct msg *x)
{
    atomic_store(&x->next, NULL);
    return mbox_push(&mb, x, x);
}

Test(mbox, a_push_on_an_idle_mailbox_asks_for_a_schedule)
{
    cr_assert(push(&m[0]));
    cr_assert_not(push(&m[1]));
    cr_assert_not(push(&m[2]));
}

Test(mbox, mail_comes_out_in_the_order_of_pushes)
{
    push(&m[0]);
    push(&m[1]);
    push(&m[2]);
    cr_assert_eq(mbox_first(&mb), &m[0]);
    cr_assert_eq(mbox_next(&mb, &m[0]), &m[1]);
    cr_assert_eq(mbox_next(&mb, &m[1]), &m[2]);
    cr_assert_null(mbox_next(&mb, &m[2]));
}

Test(mbox, a_chain_is_one_push)
{
    atomic_store(&m[0].next, &m[1]);
    atomic_store(&m[1].next, &m[2]);
    cr_assert(mbox_push(&mb, &m[0], &m[2]));
    push(&m[3]);
    cr_assert_eq(mbox_first(&mb), &m[0]);
    cr_assert_eq(mbox_next(&mb, &m[0]), &m[1]);
    cr_assert_eq(mbox_next(&mb, &m[1]), &m[2]);
    cr_assert_eq(mbox_next(&mb, &m[2]), &m[3]);
}

Test(mbox, an_idle_mailbox_holds_no_block)
{
    push(&m[0]);
    cr_assert_eq(mbox_first(&mb), &m[0]);
    cr_assert_null(mbox_next(&mb, &m[0]));
    cr_assert_eq(atomic_load(&mb.tail), MBOX_IDLE);
    cr_assert_null(atomic_load(&mb.head));
    cr_assert(push(&m[0])); /* the same block may come again at once */
}

Test(mbox, a_message_that_is_detached_leaves_the_actor_scheduled)
{
    push(&m[0]);
    cr_assert_null(mbox_detach(&mb, mbox_first(&mb)));
    cr_assert_eq(atomic_load(&mb.tail), MBOX_EMPTY);
    cr_assert_null(mbox_first(&mb));
    cr_assert_not(push(&m[1])); /* it is scheduled already */
    cr_assert_eq(mbox_first(&mb), &m[1]);
}

Test(mbox, a_wake_schedules_an_idle_actor_only)
{
    cr_assert(mbox_wake(&mb));
    cr_assert_not(mbox_wake(&mb));
    cr_assert_null(mbox_first(&mb));
    cr_assert(mbox_sleep(&mb));
    push(&m[0]);
    cr_assert_not(mbox_wake(&mb));
}

Test(mbox, an_owner_without_mail_cannot_sleep_when_mail_has_come)
{
    cr_assert(mbox_wake(&mb));
    push(&m[0]);
    cr_assert_not(mbox_sleep(&mb));
    cr_assert_eq(mbox_first(&mb), &m[0]);
}

Test(mbox, what_is_kept_comes_first_next_time)
{
    struct msg *x;

    push(&m[0]);
    push(&m[1]);
    push(&m[2]);
    x = mbox_next(&mb, mbox_first(&mb));
    mbox_keep(&mb, x);
    push(&m[3]);
    cr_assert_eq(mbox_first(&mb), &m[1]);
}

/* --- with threads --- */
enum { PRODUCERS = 3, EACH = 60000, BLOCKS = 64 };
struct item {
    struct msg m;
    uint32_t from, seq;
    _Atomic(bool) free;
};
static struct item items[PRODUCERS][BLOCKS];
static _Atomic(uint32_t) scheduled; /* 1: the actor is in the run queue; more would be a double schedule */
static _Atomic(uint32_t) doubled;

static void
schedule(void)
{
    if (atomic_fetch_add(&scheduled, 1) != 0)
        atomic_fetch_add(&doubled, 1);
}

static void
produce(void *arg)
{
    uint32_t from = (uint32_t)(uintptr_t)arg;

    for (uint32_t i = 0; i < EACH; i++) {
        struct item *it = &items[from][i % BLOCKS];

        while (!atomic_load_explicit(&it->free, memory_order_acquire)) /* pairs with the consumer's release */
            sched_yield();
        atomic_store_explicit(&it->free, false, memory_order_relaxed);
        it->from = from;
        it->seq = i;
        atomic_store_explicit(&it->m.next, NULL, memory_order_relaxed);
        if (mbox_push(&mb, &it->m, &it->m))
            schedule();
    }
}

static void
done_with(struct msg *x)
{
    atomic_store_explicit(&((struct item *)(void *)x)->free, true,
                          memory_order_release); /* pairs with produce */
}

/* A slice as turn.c does it, a few messages long. Returns how many. */
static uint32_t
consume(uint32_t *next, uint32_t *wrong)
{
    struct msg *x = mbox_first(&mb), *y;
    uint32_t n = 0;

    if (x == NULL) {
        if (mbox_sleep(&mb))
            return 0;
        x = mbox_first(&mb);
    }
    for (;;) {
        struct item *it = (struct item *)(void *)x;

        *wrong += it->seq != next[it->from]++;
        n++;
        if (n % 7 == 0) {
            y = mbox_detach(&mb, x);
            if (y != NULL)
                mbox_keep(&mb, y);
            done_with(x);
            schedule();
            return n;
        }
        y = mbox_next(&mb, x);
        done_with(x);
        if (y == NULL)
            return n;
        x = y;
    }
}

Test(mbox, no_message_is_lost_or_reordered_and_no_schedule_missed_under_threads)
{
    struct thread t[PRODUCERS];
    uint32_t next[PRODUCERS] = {0}, got = 0, wrong = 0;

    for (uint32_t p = 0; p < PRODUCERS; p++)
        for (uint32_t i = 0; i < BLOCKS; i++)
            atomic_store(&items[p][i].free, true);
    for (uintptr_t p = 0; p < PRODUCERS; p++)
        cr_assert_eq(thread_start(&t[p], "producer", produce, (void *)p, 0), 0);
    while (got < PRODUCERS * EACH) {
        if (atomic_load(&scheduled) == 0) {
            sched_yield();
            continue;
        }
        atomic_fetch_sub(&scheduled, 1);
        got += consume(next, &wrong);
    }
    for (uint32_t p = 0; p < PRODUCERS; p++)
        thread_join(&t[p]);
    cr_assert_eq(wrong, 0);
    cr_assert_eq(atomic_load(&doubled), 0);
    for (uint32_t p = 0; p < PRODUCERS; p++)
        cr_assert_eq(next[p], EACH);
}
