/* phase.c - forwards, and backwards against the clock. */
#include "node/phase.h"

void
deadline_init(struct deadline *d, struct env *env, uint64_t after_ns)
{
    d->env = env;
    d->at_ns = env_mono_ns(env) + after_ns;
}

uint64_t
deadline_left_ns(const struct deadline *d)
{
    uint64_t now = env_mono_ns(d->env);

    return d->at_ns > now ? d->at_ns - now : 0;
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
    d->at_ns = env_mono_ns(d->env) + deadline_left_ns(d) / 10;
}

void
phases_init(struct phases *p, const struct phase *table, size_t n, void *ctx)
{
    *p = (struct phases){.table = table, .n = n, .ctx = ctx};
}

int
phases_start(struct phases *p, struct err *e)
{
    for (; p->started < p->n; p->started++) {
        int r = p->table[p->started].start(p->ctx, e);

        if (r < 0) {
            err_at(e, "%s", p->table[p->started].name);
            return r;
        }
    }
    return 0;
}

bool
phases_stop(struct phases *p, const struct deadline *d, const char **ret_late)
{
    if (ret_late != NULL)
        *ret_late = NULL;
    while (p->started > 0) {
        const struct phase *x = &p->table[p->started - 1];
        bool out_of_time = deadline_left_ns(d) == 0; /* looked at first: the phase sees it too */

        if (x->stop == NULL || x->stop(p->ctx, d)) {
            p->started--;
            continue;
        }
        if (!out_of_time)
            return false;
        p->started--;
        p->late++;
        if (ret_late != NULL)
            *ret_late = x->name;
        return p->started == 0;
    }
    return true;
}

const char *
phases_now(const struct phases *p)
{
    return p->started == 0 ? NULL : p->table[p->started - 1].name;
}

void
phases_reload(struct phases *p)
{
    for (size_t i = 0; i < p->started; i++)
        if (p->table[i].reload != NULL)
            p->table[i].reload(p->ctx);
}
