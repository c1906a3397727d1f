/* phase.c - forwards, and backwards against the clock. */
#include "node/phase.h"

void
deadline_init(struct deadline *d, struct env *env, uint64_t after_ns)
{
    d->env = env;
    atomic_init(&d->at_ns, env_mono_ns(env) + after_ns);
}

uint64_t
deadline_left_ns(const struct deadline *d)
{
    uint64_t now = env_mono_ns(d->env), at = atomic_load_explicit(&d->at_ns, memory_order_relaxed);

    return at > now ? at - now : 0;
}

uint32_t
deadline_left_ms(const struct deadline *d)
{
    uint64_t ms = (deadline_left_ns(d) + 999999) / 1000000;

    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

void
deadline_hurry(struct deadline *d)
{
    uint64_t now = env_mono_ns(d->env), left = deadline_left_ns(d);

    atomic_store_explicit(&d->at_ns, now + left / 10, memory_order_relaxed);
}

void
phases_init(struct phases *p, const struct phase *table, size_t n, void *ctx)
{
    *p = (struct phases){.table = table, .n = n, .ctx = ctx};
    atomic_init(&p->now, "nothing");
}

static void
at(struct phases *p, const struct phase *x)
{
    atomic_store_explicit(&p->now, x->name, memory_order_relaxed);
}

int
phases_start(struct phases *p, struct env *env, uint64_t stop_ns, struct err *e)
{
    while (p->started < p->n) {
        const struct phase *x = &p->table[p->started];
        struct deadline d;
        int r;

        at(p, x);
        r = x->start(p->ctx, e);
        if (r < 0) {
            err_at(e, "%s", x->name);
            deadline_init(&d, env, stop_ns);
            phases_stop(p, &d);
            return r;
        }
        p->started++;
    }
    return 0;
}

size_t
phases_stop(struct phases *p, const struct deadline *d)
{
    size_t late = 0;

    while (p->started > 0) {
        const struct phase *x = &p->table[--p->started];

        at(p, x);
        if (x->stop != NULL && !x->stop(p->ctx, d))
            late++;
    }
    return late;
}
