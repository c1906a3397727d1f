/* growth.c - see growth.h. */
#include "base/growth.h"

void
growth_step_(struct growth *g, struct env *env, char *step)
{
    uint32_t left = atomic_load_explicit(&g->left, memory_order_relaxed);
    uint32_t pause = atomic_load_explicit(&g->pause, memory_order_relaxed);
    uint64_t start;

    if (env->populate == NULL)
        return;
    if (left != 0) {
        atomic_store_explicit(&g->left, left - 1, memory_order_relaxed);
        return;
    }
    pause = pause < GROWTH_PAUSE_MIN ? GROWTH_PAUSE_MIN : pause;
    start = env_mono_ns(env);
    env->populate(env, step, GROWTH_STEP);
    if (env_mono_ns(env) - start > GROWTH_SLOW_NS) {
        atomic_store_explicit(&g->left, pause, memory_order_relaxed);
        pause = pause < GROWTH_PAUSE_MAX ? pause * 2 : pause;
    } else {
        pause /= 2;
    }
    atomic_store_explicit(&g->pause, pause, memory_order_relaxed);
}
