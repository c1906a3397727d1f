/* tnode_rig.h - two actors and their timers, for the tests of asks and timers. Everything is static: each test file has its own. */
#ifndef TEST_TNODE_RIG_H
#define TEST_TNODE_RIG_H
#include "actor/tnode.h"
#include "fixture.h"

static actor_ref a, b;
static int64_t timer; /* armed last, by those that arm one */

static inline void
two(void)
{
    a = rig_spawn("t.thing");
    b = rig_spawn("t.thing");
}

/* Nodes that are neither free nor on their way home. */
static inline uint32_t
nodes_live(void)
{
    uint32_t n = 0;

    for (uint32_t h = 0; h < rig.sys.sched.nworkers; h++)
        for (uint32_t i = 1; i < rig.sys.tn[h]->used; i++)
            n += atomic_load(&tnode_at(&rig.sys, h << TNODE_HOME_SHIFT | i)->gen) & 1;
    return n;
}

/* --- what an actor does when it is told (rig_do) --- */
static inline actor_result
arm(actor_ctx *ctx, void *self, uint64_t after)
{
    (void)self;
    timer = actor_timer(ctx, after, 0, 7, num, .v = after);
    return ACTOR_OK;
}

static inline actor_result
arm_every(actor_ctx *ctx, void *self, uint64_t ms)
{
    (void)self;
    timer = actor_timer(ctx, ms, ms, 8, num, .v = ms);
    return ACTOR_OK;
}

static inline actor_result
arm_many(actor_ctx *ctx, void *self, uint64_t n)
{
    (void)self;
    for (uint64_t i = 0; i < n; i++)
        cr_assert_gt(actor_timer(ctx, 1 + i % 20, 0, i, num, .v = i), 0);
    return ACTOR_OK;
}

static inline actor_result
put_off(actor_ctx *ctx, void *self, uint64_t mode)
{
    (void)ctx;
    ((thing *)self)->mode = mode;
    return ACTOR_OK;
}

static inline actor_result
wake_up(actor_ctx *ctx, void *self, uint64_t arg)
{
    (void)arg;
    ((thing *)self)->mode = MODE_NOTE;
    cr_assert_geq(actor_unstash_all(ctx), 0);
    return ACTOR_OK;
}

#endif
