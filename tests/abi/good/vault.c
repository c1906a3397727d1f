/* A state that only its plugin understands, in versions whose struct of it differs: VAULT=1, 2; 3 cannot read what 1 and 2 write;
 * 4 sends and changes things where it may only save. */
#define ACTOR_NAMESPACE "vault"
#include <actor/actor.h>

#if VAULT == 1
typedef struct box {
    uint32_t coins[2];
} box;
#else
typedef struct box {
    uint64_t label, coins[2];
} box;
#endif
#define PUT(F)   F(u32, where) F(u32, coins)
#define HELD(F)  F(u64, coins) F(u64, turns)
#define VAULT_1(F) F(u32, turns) F(opaque(box, box), inside) F(str, note)
#define VAULT_2(F) F(str, note) F(u64, turns) F(opaque(box, box), inside)
ACTOR_MESSAGE(put, 1, PUT)
ACTOR_MESSAGE(held, 1, HELD)
ACTOR_SIGNAL(look, 1)
#if VAULT == 1
ACTOR_STATE(vault, 1, VAULT_1)
#else
ACTOR_STATE(vault, 2, VAULT_2)
#endif

ACTOR_ON(vault, put, ctx, self, m)
{
    self->turns++;
    self->inside.coins[m->where % 2] += m->coins;
    return ACTOR_OK;
}
ACTOR_ON(vault, look, ctx, self, m)
{
    actor_reply(ctx, held, .coins = self->inside.coins[0] * 1000 + self->inside.coins[1], .turns = self->turns);
    return ACTOR_OK;
}
ACTOR_ON_SAVE(vault, ctx, self, out)
{
    uint64_t both[2] = {self->inside.coins[0], self->inside.coins[1]};

#if VAULT == 4
    if (actor_set(ctx, (actor_string *)&self->note, ACTOR_STR("changed")) == 0)
        return actor_fail(ctx, 9, "save() could change the state");
    actor_tell(ctx, actor_self(ctx), put, .where = 0, .coins = 500);
#endif
    if (actor_set(ctx, out, ((actor_bin){(const uint8_t *)both, sizeof both})) < 0)
        return actor_fail(ctx, 1, "no memory");
    return ACTOR_OK;
}
ACTOR_ON_LOAD(vault, ctx, self, in)
{
    uint64_t both[2];

#if VAULT == 3
    return actor_fail(ctx, 77, "cannot read %u bytes", in.n);
#endif
    if (in.n != sizeof both)
        return actor_fail(ctx, 2, "%u bytes", in.n);
    __builtin_memcpy(both, in.p, sizeof both);
    self->inside.coins[0] = (__typeof__(self->inside.coins[0]))both[0];
    self->inside.coins[1] = (__typeof__(self->inside.coins[0]))both[1];
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(vault, ACTOR_ROW(vault, put), ACTOR_ROW(vault, look), ACTOR_ROW_SAVES(vault), ACTOR_ROW_LOADS(vault))
ACTOR_PLUGIN("vault", VERSION, &vault_behaviour)
