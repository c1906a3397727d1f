/* crash - fails in every way on request, for tests of supervision. `touched` and `echo` show what a failed
 * turn undoes: the field goes back, the mail is never sent. */
#define ACTOR_NAMESPACE "crash"
#include <actor/actor.h>

#define CRASH_ARGS(F) F(i32, start_code) F(i32, stop_code)
#define FAIL(F)       F(i32, code, .dflt = 1) F(str, text)
#define SPIN(F)       F(u64, ms)   /* 0: for ever */
#define QUIT(F)       F(u32, mail) /* echoes to leave in the mailbox */
#define TICK(F)       F(u64, every_ms, .dflt = 1)
#define FLOOD(F)      F(u32, messages)
#define CHILD(F)      F(str, name) F(i32, start_code) F(u32, on_failure) F(u32, on_start_failure)
#define FLOODED(F)    F(u32, taken) F(i32, status)
#define TOLD(F)       F(u32, terminated) F(u32, reason) F(i32, code) F(u32, child_failures)
#define STATUS(F)     F(u32, queries) F(u32, touched) F(u32, echoes) TOLD(F)
#define CRASH(F)      STATUS(F) F(i32, stop_code) F(ref, ghost)
ACTOR_ARGS(crash_args, 1, CRASH_ARGS)
ACTOR_MESSAGE(fail, 1, FAIL)
ACTOR_SIGNAL(ignore, 1)
ACTOR_MESSAGE(quit, 1, QUIT)
ACTOR_MESSAGE(tick, 1, TICK)
ACTOR_SIGNAL(haunt, 1)
ACTOR_SIGNAL(fault, 1)
ACTOR_MESSAGE(spin, 1, SPIN)
ACTOR_MESSAGE(flood, 1, FLOOD)
ACTOR_MESSAGE(flooded, 1, FLOODED)
ACTOR_MESSAGE(child, 1, CHILD)
ACTOR_SIGNAL(echo, 1)
ACTOR_SIGNAL(query, 1)
ACTOR_MESSAGE(status, 1, STATUS)
ACTOR_STATE(crash, 1, CRASH)

ACTOR_ON_START(crash, crash_args, ctx, self, args)
{
    self->stop_code = args->stop_code;
    return args->start_code ? actor_fail(ctx, args->start_code, "start fails as asked") : ACTOR_OK;
}
ACTOR_ON_STOP(crash, ctx, self, reason)
{
    if (self->stop_code) /* a stop cannot be refused: the failure is logged and counted, the actor ends */
        actor_fail(ctx, self->stop_code, "stop fails as asked, reason %u", reason);
}
ACTOR_ON(crash, fail, ctx, self, m)
{
    actor_ref orphan;

    self->touched++;
    actor_tell(ctx, actor_self(ctx), echo);
    actor_spawn(ctx, &orphan, "crash", "orphan", crash_args); /* ends as rolled back */
    return actor_fail(ctx, m->code, "%.*s", ACTOR_STR_ARG(m->text));
}
ACTOR_ON(crash, ignore, ctx, self, m)
{
    self->touched++;
    return ACTOR_UNHANDLED;
}
ACTOR_ON(crash, quit, ctx, self, m)
{
    for (uint32_t i = 0; i < m->mail; i++)
        actor_tell(ctx, actor_self(ctx), echo); /* nobody is left to handle them: dead letters */
    return ACTOR_STOP;
}
ACTOR_ON(crash, tick, ctx, self, m)
{
    actor_timer(ctx, m->every_ms, m->every_ms, 0, echo); /* ends with this actor */
    return ACTOR_OK;
}
/* Tell the child that ended last, whoever lives in its place now. */
ACTOR_ON(crash, haunt, ctx, self, m)
{
    actor_reply(ctx, flooded, .taken = 1, .status = actor_tell(ctx, self->ghost, echo));
    return ACTOR_OK;
}
ACTOR_ON(crash, fault, ctx, self, m)
{
    *(volatile int *)0 = 0;
    return ACTOR_OK;
}
ACTOR_ON(crash, spin, ctx, self, m)
{
    const uint64_t end = actor_real_ns(ctx) + m->ms * 1000000;

    while (m->ms == 0 || actor_real_ns(ctx) < end)
        ;
    return ACTOR_OK;
}
ACTOR_ON(crash, flood, ctx, self, m)
{
    int r = 0;
    uint32_t taken = 0;

    for (; taken < m->messages && r == 0; taken += r == 0)
        r = actor_tell(ctx, actor_self(ctx), echo); /* past the cap of a turn: a status, not a failure */
    actor_flush(ctx);
    actor_reply(ctx, flooded, .taken = taken, .status = r);
    return ACTOR_OK;
}
ACTOR_ON(crash, child, ctx, self, m)
{
    const actor_spawn_opts opts = {
        .size = sizeof opts, .on_failure = m->on_failure, .on_start_failure = m->on_start_failure};
    actor_ref c;
    int r = actor_spawn_with(ctx, &c, "crash", m->name, &opts, crash_args, .start_code = m->start_code);

    if (r < 0)
        return actor_fail(ctx, 2, "cannot spawn: %d", r);
    actor_watch(ctx, c);
    return ACTOR_OK;
}
ACTOR_ON(crash, actor_terminated, ctx, self, m)
{
    self->terminated++;
    self->reason = m->reason;
    self->code = m->code;
    self->ghost = m->who;
    return ACTOR_OK;
}
ACTOR_ON(crash, actor_child_failed, ctx, self, m)
{
    self->child_failures++;
    return ACTOR_OK;
}
ACTOR_ON(crash, echo, ctx, self, m)
{
    self->echoes++;
    return ACTOR_OK;
}
ACTOR_ON(crash, query, ctx, self, m)
{
#define GIVE(kind, field, ...) .field = self->field,
    self->queries++;
    actor_reply(ctx, status, STATUS(GIVE));
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(crash, ACTOR_ROW_STARTS(crash, crash_args), ACTOR_ROW_STOPS(crash), ACTOR_ROW(crash, fail),
                ACTOR_ROW(crash, ignore), ACTOR_ROW(crash, quit), ACTOR_ROW(crash, tick),
                ACTOR_ROW(crash, haunt), ACTOR_ROW(crash, fault), ACTOR_ROW(crash, spin),
                ACTOR_ROW(crash, flood), ACTOR_ROW(crash, child), ACTOR_ROW(crash, actor_terminated),
                ACTOR_ROW(crash, actor_child_failed), ACTOR_ROW(crash, echo), ACTOR_ROW(crash, query))
ACTOR_PLUGIN("crash", "1.0.0", &crash_behaviour)
