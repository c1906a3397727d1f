/* gauge.c - see gauge.h. */
#include "base/gauge.h"
#include "base/err.h"

int
gauge_init(struct gauge *g, struct env *env, uint32_t parts)
{
    g->parts = env_alloc_lines(env, parts * sizeof *g->parts);
    if (g->parts == NULL)
        return -ERR_NOMEM;
    g->n = parts;
    return 0;
}

void
gauge_fini(struct gauge *g, struct env *env)
{
    env_free_lines(env, g->parts, g->n * sizeof *g->parts);
    *g = (struct gauge){0};
}

uint64_t
gauge_value(const struct gauge *g)
{
    uint64_t lowered = 0, raised = 0;

    for (uint32_t i = 0; i < g->n; i++) /* acquire; pairs with the release in gauge_lower */
        lowered += atomic_load_explicit(&g->parts[i].lowered, memory_order_acquire);
    for (uint32_t i = 0; i < g->n; i++)
        raised += atomic_load_explicit(&g->parts[i].raised, memory_order_relaxed);
    return raised - lowered;
}
