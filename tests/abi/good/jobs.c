/* A row of every kind. */
#define ACTOR_NAMESPACE "jobs"
#include <actor/actor.h>

#define FILE_(F)   F(str, path)
#define DIGEST(F)  F(u64, sum)
#define POINT(F)   F(i32, x)  F(i32, y)
#define HASHER(F)  F(u64, done)  F(list(u32), sizes)  F(map(str, u64), sums)  F(nested(point), at)
#define SETTINGS(F) F(u32, limit, .dflt = 10)  F(str, mode, .dflt = "fast")
ACTOR_MESSAGE(file, 1, FILE_)
ACTOR_MESSAGE(digest, 1, DIGEST)
ACTOR_NESTED(point, 1, POINT)
ACTOR_STATE(hasher, 1, HASHER)
ACTOR_CONFIG(settings, 1, SETTINGS)

ACTOR_JOB(hasher, checksum, file, digest, job, in, out)
{
    out->sum = in->path.n;
    return 0;
}
ACTOR_ON(hasher, file, ctx, self, m)
{
    actor_run(ctx, checksum, 7, .path = m->path);
    return ACTOR_OK;
}
ACTOR_ON(hasher, digest, ctx, self, m)
{
    self->done += m->sum;
    return ACTOR_OK;
}
ACTOR_ON(hasher, actor_ask_failed, ctx, self, m)
{
    return ACTOR_OK;
}
ACTOR_ON_START(hasher, actor_none, ctx, self, args)
{
    return ACTOR_OK;
}
ACTOR_ON_STOP(hasher, ctx, self, reason) {}
ACTOR_ON_MIGRATE(hasher, ctx, old, self)
{
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(hasher, ACTOR_ROW_STARTS(hasher, actor_none), ACTOR_ROW_STOPS(hasher), ACTOR_ROW_MIGRATES(hasher),
                ACTOR_ROW_RUNS(hasher, checksum, file, digest), ACTOR_ROW(hasher, file), ACTOR_ROW(hasher, digest),
                ACTOR_ROW(hasher, actor_ask_failed), ACTOR_ROW_ATOMIC_BYTES(64))
ACTOR_PLUGIN("jobs", "1.2.3", &hasher_behaviour)
