#include "sched/epoch.h"
#include <criterion/criterion.h>
#include <sched.h>
#include <string.h>

static struct epoch e;
static struct epoch_seat one, two, three;
static struct thing {
    struct retired retired;
    int freed;
} a, b;

static void
release(struct retired *r, void *arg)
{
    cr_assert_eq(arg, &e);
    ((struct thing *)(void *)r)->freed++;
}

static void
start(void)
{
    memset(&e, 0, sizeof e);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    epoch_init(&e);
    epoch_join(&e, &one);
    epoch_join(&e, &two);
}

static void
stop(void)
{
    epoch_fini(&e, &e);
}
TestSuite(epoch, .init = start, .fini = stop);

Test(epoch, what_is_retired_goes_at_once_while_nobody_takes_part)
{
    epoch_retire(&e, &a.retired, release);
    cr_assert_eq(epoch_collect(&e, &e), 1);
    cr_assert_eq(a.freed, 1);
    cr_assert_eq(epoch_collect(&e, &e), 0);
}

Test(epoch, what_is_retired_waits_for_everyone_who_was_online)
{
    epoch_online(&e, &one);
    epoch_online(&e, &two);
    epoch_retire(&e, &a.retired, release);
    cr_assert_eq(epoch_collect(&e, &e), 0);
    epoch_quiet(&e, &one);
    cr_assert_eq(epoch_collect(&e, &e), 0);
    epoch_quiet(&e, &two);
    cr_assert_eq(epoch_collect(&e, &e), 1);
    epoch_offline(&one);
    epoch_offline(&two);
}

Test(epoch, who_goes_offline_is_not_waited_for)
{
    epoch_online(&e, &one);
    epoch_retire(&e, &a.retired, release);
    epoch_offline(&one);
    cr_assert_eq(epoch_collect(&e, &e), 1);
}

Test(epoch, who_comes_online_later_is_not_waited_for)
{
    epoch_retire(&e, &a.retired, release);
    epoch_advance(&e);
    epoch_online(&e, &one);
    cr_assert_eq(epoch_collect(&e, &e), 1);
    epoch_offline(&one);
}

Test(epoch, the_older_goes_before_the_newer)
{
    epoch_online(&e, &one);
    epoch_retire(&e, &a.retired, release);
    epoch_collect(&e, &e); /* moves the epoch on */
    epoch_quiet(&e, &one);
    epoch_retire(&e, &b.retired, release);
    cr_assert_eq(epoch_collect(&e, &e), 1);
    cr_assert_eq(a.freed, 1);
    cr_assert_eq(b.freed, 0);
    epoch_offline(&one);
    cr_assert_eq(epoch_collect(&e, &e), 1);
}

Test(epoch, an_epoch_has_passed_when_all_have_announced_it)
{
    uint64_t now;

    epoch_online(&e, &one);
    now = epoch_advance(&e);
    cr_assert_not(epoch_passed(&e, now));
    epoch_quiet(&e, &one);
    cr_assert(epoch_passed(&e, now));
    epoch_offline(&one);
}

Test(epoch, what_is_retired_at_a_seat_waits_for_everyone_and_needs_no_lock)
{
    epoch_online(&e, &one);
    epoch_online(&e, &two);
    mutex_lock(&e.lock);
    epoch_retire_own(&one, &a.retired, release);
    cr_assert_eq(epoch_collect_own(&e, &one, &e), 0);
    epoch_quiet(&e, &one);
    epoch_retire_own(&one, &b.retired, release); /* not of the batch that is on its way */
    cr_assert_eq(epoch_collect_own(&e, &one, &e), 0);
    epoch_quiet(&e, &two);
    cr_assert_eq(epoch_collect_own(&e, &one, &e), 1);
    cr_assert_eq(a.freed, 1);
    cr_assert_eq(epoch_collect_own(&e, &one, &e), 0);
    epoch_quiet(&e, &one);
    epoch_quiet(&e, &two);
    cr_assert_eq(epoch_collect_own(&e, &one, &e), 1);
    cr_assert_eq(b.freed, 1);
    cr_assert_eq(epoch_collect_own(&e, &one, &e), 0);
    mutex_unlock(&e.lock);
    epoch_offline(&one);
    epoch_offline(&two);
}

Test(epoch, what_is_handed_over_others_collect)
{
    epoch_online(&e, &one);
    epoch_online(&e, &two);
    epoch_retire_own(&one, &a.retired, release);
    cr_assert_eq(epoch_collect_own(&e, &one, &e), 0);
    epoch_retire_own(&one, &b.retired, release);
    epoch_hand_over(&e, &one);
    epoch_offline(&one);
    cr_assert_eq(epoch_collect(&e, &e), 0, "two may look at them");
    epoch_quiet(&e, &two);
    cr_assert_eq(epoch_collect(&e, &e), 2);
    cr_assert(a.freed == 1 && b.freed == 1);
    epoch_offline(&two);
}

Test(epoch, the_end_frees_what_waits)
{
    epoch_retire_own(&two, &b.retired, release);

    epoch_online(&e, &one);
    epoch_retire(&e, &a.retired, release);
    epoch_offline(&one);
    epoch_fini(&e, &e);
    cr_assert(a.freed == 1 && b.freed == 1);
    epoch_init(&e);
}

/* --- with threads: a reader never sees a thing that was freed --- */
enum { ROUNDS = 20000, POISON = 0x5a5a5a5a };
struct node {
    struct retired retired;
    _Atomic(uint32_t) value;
};
static _Atomic(struct node *) shared;
static _Atomic(bool) over;
static _Atomic(uint32_t) seen_freed;
static struct node pool[64];
static uint32_t nfree;
static struct node *freed[64];

static void
poison(struct retired *r, void *arg)
{
    struct node *n = (struct node *)(void *)r;

    (void)arg;
    atomic_store_explicit(&n->value, POISON, memory_order_relaxed);
    freed[nfree++] = n;
}

static void
read_on(void *arg)
{
    struct epoch_seat *s = arg;

    epoch_online(&e, s);
    for (uint32_t i = 0; !atomic_load(&over); i++) {
        struct node *n = atomic_load_explicit(&shared, memory_order_acquire);

        if (atomic_load_explicit(&n->value, memory_order_relaxed) == POISON)
            atomic_fetch_add(&seen_freed, 1);
        epoch_quiet(&e, s);
        if (i % 64 == 0) {
            epoch_offline(s);
            sched_yield();
            epoch_online(&e, s);
        }
    }
    epoch_offline(s);
}

Test(epoch, readers_never_see_what_was_freed)
{
    struct thread t[2];

    epoch_join(&e, &three); /* offline: it only keeps what is retired */
    for (uint32_t i = 0; i < 64; i++)
        freed[nfree++] = &pool[i];
    atomic_store(&shared, freed[--nfree]);
    cr_assert_eq(thread_start(&t[0], "reader 1", read_on, &one, 0), 0);
    cr_assert_eq(thread_start(&t[1], "reader 2", read_on, &two, 0), 0);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct node *old, *fresh;

        while (nfree == 0) {
            epoch_collect_own(&e, &three, &e);
            epoch_collect(&e, &e);
            sched_yield();
        }
        fresh = freed[--nfree];
        atomic_store_explicit(&fresh->value, i, memory_order_relaxed);
        old = atomic_exchange(&shared, fresh);
        if (i % 2 == 0)
            epoch_retire(&e, &old->retired, poison);
        else
            epoch_retire_own(&three, &old->retired, poison);
        if (i % 3 == 0)
            epoch_collect(&e, &e);
        if (i % 5 == 0)
            epoch_collect_own(&e, &three, &e);
    }
    atomic_store(&over, true);
    thread_join(&t[0]);
    thread_join(&t[1]);
    cr_assert_eq(atomic_load(&seen_freed), 0);
}
