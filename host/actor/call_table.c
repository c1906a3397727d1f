/* call_table.c - the table itself, and its shortest functions. */
#include "actor/call.h"
#include "actor/turn.h"
#include <stdarg.h>
#include <stdio.h>

static actor_ref
call_self(actor_ctx *ctx)
{
    return ((struct actx *)ctx)->me->ref;
}

static actor_ref
call_sender(actor_ctx *ctx)
{
    struct actx *x = (struct actx *)ctx;

    return x->cur == NULL ? ACTOR_NOBODY : x->cur->sender;
}

static actor_ref
call_parent(actor_ctx *ctx)
{
    struct actx *x = (struct actx *)ctx;

    return cell_at(x->sys, x->me->parent)->ref;
}

static uint64_t
call_tag(actor_ctx *ctx)
{
    return turn_tag((struct actx *)ctx);
}

static actor_ref
call_lookup(actor_ctx *ctx, actor_str path)
{
    struct actx *x = (struct actx *)ctx;
    actor_ref r;

    host_enter(x);
    r = names_lookup(x->sys, path.p, path.n);
    host_leave(x);
    return r;
}

static uint64_t
call_now_ns(actor_ctx *ctx)
{
    return turn_now((struct actx *)ctx);
}

static uint64_t
call_real_ns(actor_ctx *ctx)
{
    struct actx *x = (struct actx *)ctx;
    uint64_t t;

    host_enter(x);
    t = x->sys->env->real_ns(x->sys->env);
    host_leave(x);
    return t;
}

static uint64_t
call_random(actor_ctx *ctx)
{
    return rng_u64(&((struct actx *)ctx)->w.rng);
}

static actor_result
call_fail(actor_ctx *ctx, int32_t code, const char *fmt, ...)
{
    struct actx *x = (struct actx *)ctx;
    va_list ap;

    host_enter(x);
    if (code < 1 || code > 65535)
        code = ERR_FAILED; /* outside the plugin's range */
    x->fail_code = -code;
    va_start(ap, fmt);
    vsnprintf(x->fail_text, sizeof x->fail_text, fmt, ap);
    va_end(ap);
    host_leave(x);
    return actor_result_make_(-code);
}

static void
call_log(actor_ctx *ctx, enum actor_log_level level, const char *fmt, ...)
{
    struct actx *x = (struct actx *)ctx;
    enum log_level l = (unsigned)level > ACTOR_LOG_ERROR ? LOG_ERROR : (enum log_level)level;
    char path[256];
    va_list ap;

    host_enter(x);
    if (log_on(x->sys->log, l)) {
        names_path(x->sys, x->me, path, sizeof path);
        va_start(ap, fmt);
        log_vwrite(x->sys->log, l, path, fmt, ap);
        va_end(ap);
    }
    host_leave(x);
}

static const void *
call_config(actor_ctx *ctx)
{
    return atomic_load_explicit(&((struct actx *)ctx)->me->beh, memory_order_relaxed)->config;
}

static const char *
call_version(actor_ctx *ctx)
{
    return atomic_load_explicit(&((struct actx *)ctx)->me->beh, memory_order_relaxed)->version;
}

static const void *
call_extension(actor_ctx *ctx, const char *id)
{
    (void)ctx;
    (void)id;
    return NULL; /* none yet */
}

const actor_host call_table = {
    .size = sizeof(actor_host),
    .abi_major = ACTOR_ABI_MAJOR,
    .abi_minor = ACTOR_ABI_MINOR,
    .tell = call_tell,
    .tell_word = call_tell_word,
    .msg_new = call_msg_new,
    .send = call_send,
    .reply = call_reply,
    .ask = call_ask,
    .forward = call_forward,
    .flush = call_flush,
    .self = call_self,
    .sender = call_sender,
    .parent = call_parent,
    .tag = call_tag,
    .lookup = call_lookup,
    .spawn = call_spawn,
    .stop = call_stop,
    .watch = call_watch,
    .unwatch = call_unwatch,
    .unstash_all = call_unstash_all,
    .now_ns = call_now_ns,
    .real_ns = call_real_ns,
    .random = call_random,
    .timer = call_timer,
    .timer_cancel = call_timer_cancel,
    .alloc = call_alloc,
    .set_str = call_set_str,
    .set_bin = call_set_bin,
    .list_insert = call_list_insert,
    .list_set = call_list_set,
    .list_remove = call_list_remove,
    .list_clear = call_list_clear,
    .map_put = call_map_put,
    .map_get = call_map_get,
    .map_remove = call_map_remove,
    .map_clear = call_map_clear,
    .job = call_job,
    .job_alloc = call_job_alloc,
    .fail = call_fail,
    .log = call_log,
    .config = call_config,
    .version = call_version,
    .old_get = call_old_get,
    .old_version = call_old_version,
    .extension = call_extension,
};
