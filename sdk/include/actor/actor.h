/* actor/actor.h - the SDK: all that a behaviour needs. sdk/README.md walks through a first plugin.
 *
 *   ACTOR_MESSAGE / ACTOR_STATE / ACTOR_ARGS / ACTOR_CONFIG    one field list each (schema.h)
 *   ACTOR_ON(behaviour, message, ctx, self, m) { ... }         a typed handler
 *   ACTOR_BEHAVIOUR(behaviour, ACTOR_ROW(...), ...)            the rows
 *   ACTOR_PLUGIN("name", "1.0.0", &behaviour_behaviour)        the one exported symbol
 *
 * A handler runs alone on its actor, may move between threads from call to call, must not block, keep ctx, start threads,
 * or keep pointers into m. Its effects happen when it returns ACTOR_OK or ACTOR_STOP.
 */
#ifndef ACTOR_ACTOR_H
#define ACTOR_ACTOR_H

#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC system_header /* designated initialisers leave fields out on purpose; g++ -Wextra warns of each */
#endif

#include <actor/host.h>
#include <actor/plugin.h>
#include <actor/schema.h>
#include <actor/system.h>
#include <actor/types.h>

/* Names are given as a C string, an actor_str or an actor_string. */
#ifdef __cplusplus
static inline actor_str
actor_text_(const char *s)
{
    return actor_cstr(s);
}
static inline actor_str
actor_text_(actor_str s)
{
    return s;
}
static inline actor_str
actor_text_(actor_string s)
{
    return actor_view(s);
}
#define ACTOR_TEXT_(s) (actor_text_(s))
#else
static inline actor_str
actor_text_(actor_str s)
{
    return s;
}
#define ACTOR_TEXT_(s) (_Generic((s), actor_str : actor_text_, actor_string : actor_view, default : actor_cstr)(s))
#endif

/* --- sending: actor_tell(ctx, to, greet, .name = ACTOR_STR("you"), .times = 2) --- */
#define actor_tell(ctx, to, T, ...)                                                                            \
    (sizeof(T) == sizeof(uint64_t)                                                                             \
         ? (ctx)->host->tell_word((ctx), (to), &T##_type, actor_word_(ACTOR_ARG_(T, __VA_ARGS__)))             \
         : (ctx)->host->tell((ctx), (to), &T##_type, ACTOR_ARG_(T, __VA_ARGS__)))
static inline uint64_t
actor_word_(const void *m)
{
    uint64_t w;

    __builtin_memcpy(&w, m, sizeof w);
    return w;
}
#define actor_reply(ctx, T, ...) ((ctx)->host->reply((ctx), &T##_type, ACTOR_ARG_(T, __VA_ARGS__)))
#define actor_ask(ctx, to, ANSWER, timeout_ms, tag, T, ...)                                                    \
    ((ctx)->host->ask((ctx), (to), &ANSWER##_type, (timeout_ms), (tag), &T##_type, ACTOR_ARG_(T, __VA_ARGS__)))
#define actor_forward(ctx, to) ((ctx)->host->forward((ctx), (to)))
#define actor_flush(ctx)       ((ctx)->host->flush(ctx))
/* greet *m = actor_new(ctx, greet); fill; actor_send(ctx, to, m): saves the copy of a large message. */
#define actor_new(ctx, T)       ((T *)(ctx)->host->msg_new((ctx), &T##_type))
#define actor_send(ctx, to, m)  ((ctx)->host->send((ctx), (to), (m)))

/* --- who --- */
#define actor_self(ctx)   ((ctx)->host->self(ctx))
#define actor_sender(ctx) ((ctx)->host->sender(ctx))
#define actor_parent(ctx) ((ctx)->host->parent(ctx))
#define actor_tag(ctx)    ((ctx)->host->tag(ctx))
#define actor_lookup(ctx, path) ((ctx)->host->lookup((ctx), ACTOR_TEXT_(path)))

/* --- life: actor_spawn(ctx, &ref, "counter", "c1", counter_args, .from = 5); name may be NULL --- */
#define actor_spawn(ctx, ret_ref, behaviour, name, ARGS, ...)                                                  \
    ((ctx)->host->spawn((ctx), (ret_ref), ACTOR_TEXT_(behaviour), ACTOR_TEXT_(name), NULL, &ARGS##_type,         \
                        ACTOR_ARG_(ARGS, __VA_ARGS__)))
#define actor_spawn_with(ctx, ret_ref, behaviour, name, opts, ARGS, ...)                                       \
    ((ctx)->host->spawn((ctx), (ret_ref), ACTOR_TEXT_(behaviour), ACTOR_TEXT_(name), (opts), &ARGS##_type,       \
                        ACTOR_ARG_(ARGS, __VA_ARGS__)))
#define actor_stop(ctx, who, mode) ((ctx)->host->stop((ctx), (who), (mode)))
#define actor_watch(ctx, who)      ((ctx)->host->watch((ctx), (who)))
#define actor_unwatch(ctx, who)    ((ctx)->host->unwatch((ctx), (who)))
#define actor_unstash_all(ctx)     ((ctx)->host->unstash_all(ctx))

/* --- time --- */
#define actor_now_ns(ctx)  ((ctx)->host->now_ns(ctx))
#define actor_real_ns(ctx) ((ctx)->host->real_ns(ctx))
#define actor_random(ctx)  ((ctx)->host->random(ctx))
#define actor_timer(ctx, after_ms, every_ms, tag, T, ...)                                                      \
    ((ctx)->host->timer((ctx), (after_ms), (every_ms), (tag), &T##_type, ACTOR_ARG_(T, __VA_ARGS__)))
#define actor_timer_cancel(ctx, id) ((ctx)->host->timer_cancel((ctx), (id)))

/* --- memory and state --- */
#define actor_alloc(ctx, bytes) ((ctx)->host->alloc((ctx), (bytes)))
#ifdef __cplusplus
static inline int
actor_set(actor_ctx *ctx, actor_string *dst, actor_str v)
{
    return ctx->host->set_str(ctx, dst, v);
}
static inline int
actor_set(actor_ctx *ctx, actor_bytes *dst, actor_bin v)
{
    return ctx->host->set_bin(ctx, dst, v);
}
#else
static inline int
actor_set_str_(actor_ctx *ctx, actor_string *dst, actor_str v)
{
    return ctx->host->set_str(ctx, dst, v);
}
static inline int
actor_set_bin_(actor_ctx *ctx, actor_bytes *dst, actor_bin v)
{
    return ctx->host->set_bin(ctx, dst, v);
}
#define actor_set(ctx, dst, v)                                                                                 \
    (_Generic((dst), actor_string * : actor_set_str_, actor_bytes * : actor_set_bin_)((ctx), (dst), (v)))
#endif
/* Elements are given as in messages: a number, an actor_str, a nested struct; they are copied. */
#define actor_insert(ctx, list, at, value)                                                                     \
    (__extension__({                                                                                           \
        const __typeof__((list)->view_[0]) value_ = (value);                                                   \
        (ctx)->host->list_insert((ctx), (actor_list *)(void *)(list), (at), &value_);                          \
    }))
#define actor_append(ctx, list, value) actor_insert(ctx, list, (list)->n, value)
#define actor_set_at(ctx, list, at, value)                                                                     \
    (__extension__({                                                                                           \
        const __typeof__((list)->view_[0]) value_ = (value);                                                   \
        (ctx)->host->list_set((ctx), (actor_list *)(void *)(list), (at), &value_);                             \
    }))
#define actor_remove_at(ctx, list, at) ((ctx)->host->list_remove((ctx), (actor_list *)(void *)(list), (at)))
#define actor_clear(ctx, list)         ((ctx)->host->list_clear((ctx), (actor_list *)(void *)(list)))
#define actor_put(ctx, map, k, value)                                                                          \
    (__extension__({                                                                                           \
        const __typeof__((map)->key_view_[0]) key_ = (k);                                                      \
        const __typeof__((map)->view_[0]) value_ = (value);                                                    \
        (ctx)->host->map_put((ctx), (actor_map *)(void *)(map), &key_, &value_);                               \
    }))
#define actor_get(ctx, map, k)                                                                                 \
    (__extension__({                                                                                           \
        const __typeof__((map)->key_view_[0]) key_ = (k);                                                      \
        (__typeof__(&(map)->v->value))(ctx)->host->map_get((ctx), (const actor_map *)(const void *)(map), &key_); \
    }))
#define actor_remove(ctx, map, k)                                                                              \
    (__extension__({                                                                                           \
        const __typeof__((map)->key_view_[0]) key_ = (k);                                                      \
        (ctx)->host->map_remove((ctx), (actor_map *)(void *)(map), &key_);                                     \
    }))
#define actor_clear_map(ctx, map) ((ctx)->host->map_clear((ctx), (actor_map *)(void *)(map)))

/* --- work that blocks: actor_run(ctx, checksum, tag, .path = ...) runs ACTOR_JOB(checksum, ...) --- */
#define actor_run(ctx, job_, tag, ...)                                                                         \
    ((ctx)->host->job((ctx), actor_cstr(#job_), (tag), job_##_in_type_(), ACTOR_ARG_(job_##_in_, __VA_ARGS__)))

/* In a job: zeroed memory for what its output points to; lives until the output is mailed. NULL: none. */
#define actor_job_alloc(job, bytes) ((job)->host->job_alloc((job), (bytes)))

/* --- words --- */
#define actor_fail(ctx, code, ...)  ((ctx)->host->fail((ctx), (code), __VA_ARGS__))
#define actor_log_debug(ctx, ...)   ((ctx)->host->log((ctx), ACTOR_LOG_DEBUG, __VA_ARGS__))
#define actor_log_info(ctx, ...)    ((ctx)->host->log((ctx), ACTOR_LOG_INFO, __VA_ARGS__))
#define actor_log_warn(ctx, ...)    ((ctx)->host->log((ctx), ACTOR_LOG_WARN, __VA_ARGS__))
#define actor_log_error(ctx, ...)   ((ctx)->host->log((ctx), ACTOR_LOG_ERROR, __VA_ARGS__))
#define actor_config(ctx, T)        ((const T *)(ctx)->host->config(ctx))
#define actor_version(ctx)          ((ctx)->host->version(ctx))
#define actor_extension(ctx, id)    ((ctx)->host->extension((ctx), (id)))
#define ACTOR_HAS(ctx, fn)                                                                                     \
    (offsetof(actor_host, fn) + sizeof((ctx)->host->fn) <= (ctx)->host->size && (ctx)->host->fn != NULL)

/* --- old state, in ACTOR_ON_MIGRATE: 0, or ACTOR_E_NOTFOUND (no such field), ACTOR_E_TYPE --- */
#define actor_old_get(ctx, old, field, K, ret)                                                                 \
    (__extension__({                                                                                           \
        ACTOR_T_##K *ret_ = (ret);                                                                             \
        (ctx)->host->old_get((ctx), (old), (field), ACTOR_KIND_##K, ret_);                                     \
    }))
#define actor_old_version(ctx, old) ((ctx)->host->old_version((ctx), (old)))

#endif
