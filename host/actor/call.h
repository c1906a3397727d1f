/* call.h - the functions behind the plugin's host table, and the log of effects that they write. */
#ifndef ACTOR_CALL_H
#define ACTOR_CALL_H
#include "actor/actor_system.h"
#include <actor/host.h>

extern const actor_host call_table; /* constant; every context points to it */

/* Remember an effect of this turn. 0, -ERR_NOMEM, -ERR_LIMIT. */
int effect_add(struct actx *x, struct turn_effect fx);

/* call_send.c */
int call_tell(actor_ctx *, actor_ref to, const actor_type *t, const void *m);
int call_tell_word(actor_ctx *, actor_ref to, const actor_type *t, uint64_t word);
void *call_msg_new(actor_ctx *, const actor_type *t);
int call_send(actor_ctx *, actor_ref to, void *m);
int call_reply(actor_ctx *, const actor_type *t, const void *m);
int call_forward(actor_ctx *, actor_ref to);
int call_ask(actor_ctx *, actor_ref to, const actor_type *answer, uint64_t timeout_ms, uint64_t tag,
             const actor_type *t, const void *m);
int call_flush(actor_ctx *);
/* call_life.c */
int call_spawn(actor_ctx *, actor_ref *ret, actor_str behaviour, actor_str name, const actor_spawn_opts *opts,
               const actor_type *args, const void *m);
int call_stop(actor_ctx *, actor_ref who, enum actor_stop_mode mode);
int call_watch(actor_ctx *, actor_ref who);
int call_unwatch(actor_ctx *, actor_ref who);
int call_unstash_all(actor_ctx *);
int call_job(actor_ctx *, actor_str job, uint64_t tag, const actor_type *t, const void *m);
void *call_job_alloc(actor_job_ctx *, size_t bytes);
/* call_timer.c */
int64_t call_timer(actor_ctx *, uint64_t after_ms, uint64_t every_ms, uint64_t tag, const actor_type *t,
                   const void *m);
int call_timer_cancel(actor_ctx *, int64_t id);
/* call_state.c */
void *call_alloc(actor_ctx *, size_t bytes);
int call_set_str(actor_ctx *, actor_string *dst, actor_str v);
int call_set_bin(actor_ctx *, actor_bytes *dst, actor_bin v);
int call_list_insert(actor_ctx *, actor_list *l, uint32_t at, const void *v);
int call_list_set(actor_ctx *, actor_list *l, uint32_t at, const void *v);
int call_list_remove(actor_ctx *, actor_list *l, uint32_t at);
int call_list_clear(actor_ctx *, actor_list *l);
int call_map_put(actor_ctx *, actor_map *m, const void *key, const void *v);
const void *call_map_get(actor_ctx *, const actor_map *m, const void *key);
int call_map_remove(actor_ctx *, actor_map *m, const void *key);
int call_map_clear(actor_ctx *, actor_map *m);
int call_old_get(actor_ctx *, const actor_old *, const char *field, uint32_t kind, void *ret);
uint32_t call_old_version(actor_ctx *, const actor_old *);

/* Spawn by behaviour, for host code too: args is an encoded struct of the behaviour's own args type, or NULL. The child is in
 * the outbox of x and starts when that commits. */
int spawn_cell(struct actx *x, struct cell **ret, struct behaviour *b, const char *name, uint32_t name_len,
               const actor_spawn_opts *opts, const struct msg_type *args, const void *v);

#endif
