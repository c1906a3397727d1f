/* backend.h - the commands of the control socket, carried out on a node.
 *
 *   loop thread: control_backend.spawn ... --> op --> visit --system_call--> slice of an actor: look, act
 *                control_end <-- op <-- back <------------node_post----------/
 *
 * An op is one command in progress. A visit is one trip into an actor's own slice: whatever lies inside an actor (state, mailbox,
 * children) is looked at there only. Answers, failed asks and Terminated come to one host actor, /system/control, which posts
 * them to the loop.
 *
 * Everything here belongs to the loop thread, but for `here` of a visit. A stuck actor never answers a visit: its op ends at its
 * deadline, the visit comes back later or dies with the backend.
 */
#ifndef NODE_BACKEND_H
#define NODE_BACKEND_H
#include "actor/actor_system.h"
#include "base/list.h"
#include "control/backend.h"
#include "node/file_views.h"
#include "node/node.h"
#include "wire/object.h"

struct backend {
    struct node *n;
    struct list ops;    /* struct op.link */
    struct list visits; /* out */
    struct list swaps;  /* machines that go on, with or without their command */
    unsigned walking;   /* ops are being walked: see backend.c */
    uint64_t next_id;
    struct behaviour voice; /* of /system/control */
    actor_ref control;
    uv_timer_t tick; /* runs while an op waits for a moment */
    bool closing;
};

struct heard;
struct op {
    struct list link;
    struct backend *b;
    struct control_call *call;                /* NULL: ended */
    uint32_t refs;                            /* its call, its visits */
    uint64_t id;                              /* tag of its ask */
    uint64_t start_ns, deadline_ns, again_ns; /* of mono; 0: none */
    void (*late)(struct op *);                /* the deadline passed; NULL: -ERR_TIMEOUT */
    void (*again)(struct op *);               /* again_ns passed */
    void (*answer)(struct op *,
                   const struct heard *); /* mail for /system/control with this op's id, or about `who` */
    void (*fini)(struct op *);            /* frees what hangs off it */
    actor_ref who;                        /* Terminated of it is for this op, which set it */
    char *path;                           /* of who, for words */
};

/* What /system/control got. */
enum heard_kind { HEARD_ANSWER, HEARD_FAILED, HEARD_TERMINATED };
struct heard {
    struct node_post post;
    struct node *n;
    enum heard_kind kind;
    uint64_t id;   /* of the ask */
    actor_ref who; /* that ended, or was asked */
    int32_t code; /* HEARD_FAILED: the handler's, above 0, or -ERR_*; HEARD_TERMINATED: of its last failure */
    uint32_t reason;
    const struct msg_type *type; /* HEARD_ANSWER */
    int encoded;                 /* 0, or -ERR_*: the answer cannot be shown */
    struct strbuf answer;        /* msgpack */
};

struct visit {
    struct node_post post; /* first */
    struct list link;
    struct op *op;
    actor_ref who;
    bool dead;                                                     /* it ended before: here() did not run */
    void (*here)(struct actx *x, struct cell *c, struct visit *v); /* in its slice */
    void (*back)(struct visit *v); /* on the loop; not when the op has ended */
    void (*fini)(struct visit *v); /* may be NULL */
};

/* --- ops --- */
/* bytes: of the struct that begins with an op; zeroed. NULL: the call was ended for lack of memory. */
void *op_new(struct backend *b, struct control_call *call, size_t bytes, void (*fini)(struct op *));
/* End the call; op is gone unless visits are out. */
void op_end(struct op *op, int r, const struct err *err);
/* The same with words. code: ERR_*. */
void op_fail(struct op *op, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void op_deadline(struct op *op, uint64_t ms);
void op_again(struct op *op, uint64_t ms, void (*again)(struct op *));
uint64_t op_elapsed_ms(const struct op *op);
INLINE bool
op_ended(const struct op *op)
{
    return op->call == NULL;
}

/* --- visits --- */
/* v: malloc'd, here and back set; freed afterwards in any case. 0; -ERR_DEAD, -ERR_NOMEM: it will not run. */
int visit_start(struct op *op, struct visit *v, actor_ref who);

/* --- names --- */
/* An argument of kind actor. 0, or -ERR_NOTFOUND with e. */
int find_actor(struct backend *b, const char *name, actor_ref *ret, struct err *e);
/* The path of an actor as the loop can know it: an absolute path as given, the names above it, or slot.generation. Malloc'd;
 * NULL: no memory. text may be NULL. */
char *backend_path(struct backend *b, actor_ref who, const char *text);
char *ref_text(actor_ref r, char buf[48]);
void backend_names(void *self, enum control_names what, bool (*each)(void *arg, const char *name), void *arg);
/* The version that serves, or any one, by a name of catalogue_find_version. */
int backend_version(struct backend *b, const char *plugin, const char *version, struct version **ret,
                    struct err *e);
const char *version_state_word(const struct version *v);
uint32_t backend_allow(struct backend *b, const char *plugin);
struct behaviour *backend_behaviour_of(struct backend *b, const struct version *v, const char *name);
/* v's rest and rows of behaviours and fields. from: the version that serves. */
void put_plan(struct backend *b, struct control_call *call, const struct swap_plan *p,
              const struct version *from, struct view_plan *v);
void put_plan_rows(struct backend *b, struct control_call *call, const struct swap_plan *p,
                   const struct version *from);
/* Plan a swap to a file without loading it. against NULL: the version that serves. As catalogue_check. */
int backend_check_file(struct backend *b, const char *path, const struct version *against, struct check *ret,
                       struct err *e);
/* As runtime_load, with what the plugin's section says. */
int backend_load_file(struct backend *b, const char *path, struct version **ret, struct strbuf *notice,
                      struct err *e);

/* --- values --- */
/* Read fields as a message-form struct of s into a malloc'd block. 0, or e says which field. */
int value_read(const struct schema *s, struct control_value v, void **ret, struct err *e);

/* --- sums --- */
struct totals {
    uint64_t accepted, handled, failed, dead, queued;
};
void backend_totals(struct backend *b, struct totals *ret);
uint64_t backend_dead(struct backend *b, enum dead_reason reason);
uint64_t backend_rss_bytes(void);

/* --- the machine behind a swap --- */
void backend_wake(struct backend *b); /* the tick runs while there is something to wait for */
void backend_swaps_step(struct backend *b);
void backend_swaps_free(struct backend *b);

/* --- commands, one function each; wire.c makes the table --- */
#define CMD(number, name, ...) \
    void backend_##name(void *self, struct control_call *call, const struct req_##name *req);
#include "control/commands.def"
#undef CMD

#endif
