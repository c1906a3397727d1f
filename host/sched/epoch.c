/* epoch.c - see epoch.h. */
#include "sched/epoch.h"

void
epoch_init(struct epoch *e)
{
    mutex_init(&e->lock);
    atomic_store_explicit(&e->now, 1, memory_order_relaxed);
    e->head = NULL;
    e->tail = &e->head;
}

static uint32_t
free_all(struct retired *x, void *arg)
{
    uint32_t n = 0;

    for (struct retired *next; x != NULL; x = next, n++) {
        next = x->next;
        x->free(x, arg);
    }
    return n;
}

void
epoch_fini(struct epoch *e, void *arg)
{
    struct retired *x = e->head;

    e->head = NULL;
    e->tail = &e->head;
    free_all(x, arg);
    for (struct epoch_seat *s = atomic_load_explicit(&e->seats, memory_order_relaxed); s != NULL;
         s = s->next) {
        free_all(s->batch, arg);
        free_all(s->fresh, arg);
        s->batch = s->fresh = NULL;
    }
    mutex_fini(&e->lock);
}

void
epoch_join(struct epoch *e, struct epoch_seat *s)
{
    struct epoch_seat *head = atomic_load_explicit(&e->seats, memory_order_relaxed);

    atomic_store_explicit(&s->seen, EPOCH_OFFLINE, memory_order_relaxed);
    do
        s->next = head; /* release; pairs with the acquire in oldest(). seq_cst: see epoch_online */
    while (!atomic_compare_exchange_weak_explicit(&e->seats, &head, s, memory_order_seq_cst,
                                                  memory_order_relaxed));
}

void
epoch_retire(struct epoch *e, struct retired *x, void (*free)(struct retired *, void *arg))
{
    x->free = free;
    x->next = NULL;
    mutex_lock(&e->lock);
    x->epoch = atomic_load_explicit(&e->now, memory_order_relaxed);
    *e->tail = x;
    e->tail = &x->next;
    atomic_fetch_add_explicit(&e->waiting, 1, memory_order_relaxed);
    mutex_unlock(&e->lock);
}

uint64_t
epoch_advance(struct epoch *e)
{
    return atomic_fetch_add_explicit(&e->now, 1, memory_order_seq_cst) + 1;
}

/* The lowest epoch that a participant still may look from. */
static uint64_t
oldest(struct epoch *e)
{
    uint64_t low = EPOCH_OFFLINE;

    /* seq_cst: who joined before is seen, and who joins later sees the epoch that we have moved */
    for (struct epoch_seat *s = atomic_load_explicit(&e->seats, memory_order_seq_cst); s != NULL;
         s = s->next) {
        /* a read-modify-write: takes part in one order with the exchange in epoch_online */
        uint64_t seen = atomic_fetch_add_explicit(&s->seen, 0, memory_order_seq_cst);

        if (seen < low)
            low = seen;
    }
    return low;
}

bool
epoch_passed(struct epoch *e, uint64_t epoch)
{
    return oldest(e) >= epoch;
}

uint32_t
epoch_collect(struct epoch *e, void *arg)
{
    struct retired *x = NULL, **end = &x;
    uint64_t low;
    uint32_t n = 0;

    if (atomic_load_explicit(&e->waiting, memory_order_relaxed) == 0)
        return 0;
    epoch_advance(e);
    low = oldest(e);
    mutex_lock(&e->lock);
    while (e->head != NULL && e->head->epoch < low) {
        *end = e->head;
        end = &e->head->next;
        e->head = e->head->next;
        n++;
    }
    *end = NULL;
    if (e->head == NULL)
        e->tail = &e->head;
    atomic_fetch_sub_explicit(&e->waiting, n, memory_order_relaxed);
    mutex_unlock(&e->lock);
    free_all(x, arg);
    return n;
}

uint32_t
epoch_collect_own(struct epoch *e, struct epoch_seat *s, void *arg)
{
    struct retired *x;

    if (s->batch == NULL) {
        if (s->fresh == NULL)
            return 0;
        s->batch = s->fresh;
        s->fresh = NULL;
        s->batch_epoch = epoch_advance(e);
    }
    if (!epoch_passed(e, s->batch_epoch))
        return 0;
    x = s->batch;
    s->batch = NULL;
    return free_all(x, arg);
}

void
epoch_hand_over(struct epoch *e, struct epoch_seat *s)
{
    struct retired *x[] = {s->batch, s->fresh};
    uint64_t before;

    if (s->batch == NULL && s->fresh == NULL)
        return;
    s->batch = s->fresh = NULL;
    before = epoch_advance(e) - 1;
    mutex_lock(&e->lock);
    for (unsigned i = 0; i < ARRAY_LEN(x); i++)
        for (; x[i] != NULL; x[i] = x[i]->next) {
            x[i]->epoch = before;
            *e->tail = x[i];
            e->tail = &x[i]->next;
            atomic_fetch_add_explicit(&e->waiting, 1, memory_order_relaxed);
        }
    *e->tail = NULL;
    mutex_unlock(&e->lock);
}
