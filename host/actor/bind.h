/* bind.h - from a plugin's descriptor to behaviours that run: types into the catalogue, rows into dispatch tables.
 *
 * The plugin floor calls this after its checks; the testkit for plugins that are linked in. Nothing is published yet.
 */
#ifndef ACTOR_BIND_H
#define ACTOR_BIND_H
#include "actor/actor_system.h"

struct bound {
    struct schema_set *schemas;
    struct behaviour *behaviours;
    size_t n;
    struct env *env;
    struct behaviour_msg *msgs; /* of all behaviours */
    struct behaviour_job *jobs;
    size_t nmsgs, njobs, rows, nall; /* rows, nall: what the arrays were made for */
};

/* version_id: unique in the node. p must stay while the result lives (its names and functions are used). Writes the type
 * objects of p: the same values in every node, so several nodes may bind one linked-in plugin. Control thread.
 * 0, or -ERR_* with e: -ERR_NOTE (a schema makes no sense), -ERR_NOMEM, -ERR_LIMIT, -ERR_SCHEMA. */
int bind_plugin(struct system *sys, const actor_plugin *p, uint32_t version_id, struct bound **ret,
                struct err *e);
static inline bool
bind_sendable(const struct schema *s)
{
    return s->form == ACTOR_FORM_MESSAGE || s->form == ACTOR_FORM_ARGS;
}
/* The host's part of a type object; m NULL: it cannot be sent. Atomic, relaxed: another node of this process may write the same
 * values; what publishes the behaviours orders them. */
void bind_type(actor_type *t, const struct schema *s, const struct msg_type *m);
/* No actor uses it and all workers passed a slice end. NULL is allowed. */
void bound_free(struct system *sys, struct bound *b);
/* The catalogue has grown: new layouts get rows. 0 or -ERR_NOMEM. */
int bound_refresh(struct system *sys, struct bound *b, struct err *e);
/* The names "plugin.behaviour" of all of these, into the registry. */
int bound_publish(struct system *sys, struct bound *const *all, size_t n);

#endif
