/* Every kind and every macro of the SDK once, for the compile matrix. Compiles as C11, C++17 and C++20. */
#define ACTOR_NAMESPACE "every"
#include <actor/actor.h>

#define POINT(F) F(i32, x, .dflt = -1) F(i32, y)
ACTOR_NESTED(point, 1, POINT)

/* clang-format off */
#define SCALARS(F)                                                                                     \
    F(bool, b, .dflt = 1) F(i8, i8_, .dflt = -8) F(i16, i16_) F(i32, i32_) F(i64, i64_)                \
    F(u8, u8_) F(u16, u16_) F(u32, u32_) F(u64, u64_, .was = "old_name", .dflt = 64)                   \
    F(f32, f32_, .dflt = 0.5) F(f64, f64_) F(str, s, .dflt = "text")                                   \
    F(bin, raw, .flags = ACTOR_REQUIRED) F(ref, who)
#define CONTAINERS(F)                                                                                  \
    F(list(u32), numbers) F(list(str), words) F(list(nested(point)), path)                             \
    F(opt(i64), maybe) F(opt(str), word) F(map(str, u64), totals)                                      \
    F(map(u32, nested(point)), places) F(nested(point), origin)
/* clang-format on */
#define ALL(F) SCALARS(F) CONTAINERS(F)
ACTOR_MESSAGE(all, 3, ALL)
ACTOR_MESSAGE_IN("shared", common, 1, SCALARS)
ACTOR_SIGNAL(poke, 1)
ACTOR_SIGNAL_IN("shared", nudge, 1)
#define ARGS(F) F(str, name) F(u32, limit, .dflt = 10)
ACTOR_ARGS(every_args, 1, ARGS)
#define SETTINGS(F) F(u64, max_items, .dflt = 100)
ACTOR_CONFIG(every_config, 1, SETTINGS)
typedef struct blob {
    int fd;
} blob;
#define EVERY(F) ALL(F) F(opaque(blob, blob), own) F(list(ref), friends)
ACTOR_STATE(every, 2, EVERY)
ACTOR_STATELESS(idle)

ACTOR_ON_START(every, every_args, ctx, self, args)
{
    const every_config *c = actor_config(ctx, every_config);

    self->u64_ = c != NULL ? c->max_items : args->limit;
    return actor_set(ctx, &self->s, args->name) < 0 ? actor_fail(ctx, 1, "no memory") : ACTOR_OK;
}
ACTOR_ON_STOP(every, ctx, self, reason)
{
    actor_log_debug(ctx, "reason %u", reason);
}
ACTOR_ON_MIGRATE(every, ctx, old, self)
{
    actor_str s;

    if (actor_old_version(ctx, old) < 2 && actor_old_get(ctx, old, "title", str, &s) == 0)
        actor_set(ctx, &self->s, s);
    return ACTOR_OK;
}
ACTOR_ON_SAVE(every, ctx, self, out)
{
    const actor_bin b = {(const uint8_t *)&self->own, (uint32_t)sizeof self->own};

    return actor_set(ctx, out, b) < 0 ? actor_fail(ctx, 4, "no memory") : ACTOR_OK;
}
ACTOR_ON_LOAD(every, ctx, self, in)
{
    if (in.n != sizeof self->own)
        return actor_fail(ctx, 5, "%u bytes saved", in.n);
    __builtin_memcpy(&self->own, in.p, in.n);
    return ACTOR_OK;
}
ACTOR_JOB(every, measure, all, common, job, in, out)
{
    out->u32_ = in->s.n;
    return job == NULL ? 5 : 0;
}
ACTOR_ON(every, all, ctx, self, m)
{
    const uint64_t *total;
    const point_state *place;
    actor_ref child = ACTOR_NOBODY;
    int64_t timer;
    int r = 0;

    r |= actor_set(ctx, &self->raw, m->raw);
    r |= actor_append(ctx, &self->numbers, 7u);
    r |= actor_append(ctx, &self->words, ACTOR_STR("w"));
    r |= actor_append(ctx, &self->words, actor_view(self->s));
    for (uint32_t i = 0; i < m->path.n; i++)
        r |= actor_append(ctx, &self->path, m->path.v[i]);
    r |= actor_insert(ctx, &self->friends, 0, actor_sender(ctx));
    r |= actor_set_at(ctx, &self->numbers, 0, 8u);
    r |= actor_remove_at(ctx, &self->numbers, 0);
    r |= actor_clear(ctx, &self->words);
    r |= actor_put(ctx, &self->totals, m->s, m->u64_);
    r |= actor_put(ctx, &self->places, 3u, m->origin);
    total = actor_get(ctx, &self->totals, ACTOR_STR("t"));
    place = actor_get(ctx, &self->places, 3u);
    r |= actor_remove(ctx, &self->totals, actor_cstr("t"));
    r |= actor_clear_map(ctx, &self->places);
    if (total != NULL && place != NULL)
        self->origin = *place;

    r |= actor_spawn(ctx, &child, "idle", NULL, actor_none);
    r |= actor_spawn(ctx, &child, self->s, m->s, every_args, .name = m->s, .limit = 1);
    r |= actor_tell(ctx, child, poke);
    r |= actor_tell(ctx, child, common, .u64_ = 1, .s = m->s);
    r |= actor_ask(ctx, child, common, 1000, 42, poke);
    r |= actor_reply(ctx, nudge);
    r |= actor_forward(ctx, actor_parent(ctx));
    r |= actor_flush(ctx);
    r |= actor_watch(ctx, child);
    r |= actor_unwatch(ctx, child);
    r |= actor_stop(ctx, actor_lookup(ctx, "/user/x"), ACTOR_STOP_DRAIN);
    r |= actor_unstash_all(ctx) < 0;
    r |= actor_run(ctx, measure, actor_tag(ctx), .s = m->s);
    timer = actor_timer(ctx, 10, 0, 1, poke);
    r |= actor_timer_cancel(ctx, timer);
    common *big = actor_new(ctx, common);
    if (big != NULL) {
        big->u64_ = actor_now_ns(ctx) ^ actor_real_ns(ctx) ^ actor_random(ctx);
        r |= actor_send(ctx, actor_self(ctx), big);
    }
    if (actor_alloc(ctx, 64) == NULL || actor_extension(ctx, "actor.none/1") != NULL ||
        !ACTOR_HAS(ctx, extension))
        return actor_fail(ctx, 3, "version %s", actor_version(ctx));
    actor_log_info(ctx, "%.*s and %.*s: %d", ACTOR_STR_ARG(m->s), ACTOR_STR_ARG(self->s), r);
    actor_log_warn(ctx, "warn");
    actor_log_error(ctx, "error");
    return r ? ACTOR_UNHANDLED : m->b ? ACTOR_STASH : ACTOR_STOP;
}
ACTOR_ON(every, actor_terminated, ctx, self, m)
{
    return actor_ref_eq(m->who, self->who) && !actor_ref_is_nobody(m->who) ? ACTOR_STOP : ACTOR_OK;
}
ACTOR_ON(idle, poke, ctx, self, m)
{
    return ACTOR_OK;
}
ACTOR_ON_NOFAIL(idle, common, ctx, self, m)
{
    actor_reply(ctx, poke);
}
ACTOR_BEHAVIOUR(every, ACTOR_ROW_STARTS(every, every_args), ACTOR_ROW_STOPS(every), ACTOR_ROW_MIGRATES(every),
                ACTOR_ROW_SAVES(every), ACTOR_ROW_LOADS(every), ACTOR_ROW_RUNS(every, measure, all, common),
                ACTOR_ROW(every, all), ACTOR_ROW(every, actor_terminated), ACTOR_ROW_ATOMIC_BYTES(1024))
ACTOR_BEHAVIOUR(idle, ACTOR_ROW(idle, poke), ACTOR_ROW_NOFAIL(idle, common))
ACTOR_PLUGIN("every", "1.0.0", &every_behaviour, &idle_behaviour)
