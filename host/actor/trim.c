/* trim.c - see trim.h.
 *
 *   own      nodes of timers and asks; the outbox and the list of effects, when one large turn made them large
 *   shared   blocks in the depot; cells; what the allocator keeps
 */
#include "actor/trim.h"
#include "actor/actor_system.h"
#include "actor/outbox.h"
#include "actor/slots.h"
#include "actor/tnode.h"

enum { OUTBOX_MOST = 4 * OUTBOX_INLINE, EFFECTS_MOST = 1024 };

static bool
large_turns(const struct actx *x)
{
    return x->obcap > OUTBOX_MOST || x->fxcap > EFFECTS_MOST;
}

bool
trim_surplus(struct worker *w, enum trim_what what)
{
    struct actx *x = actx_of(w);

    return what == TRIM_OWN ? tnodes_surplus(x) || large_turns(x) : slots_surplus(x->sys);
}

static void
trim_own(struct actx *x)
{
    if (tnodes_surplus(x))
        tnodes_trim(x);
    if (x->ob_top == NULL && x->nfx == 0 && large_turns(x)) {
        outbox_fini(x);
        env_free(x->sys->env, x->fx, x->fxcap * sizeof *x->fx);
        x->fx = NULL;
        x->fxcap = 0;
    }
}

static void
trim_shared(void *arg)
{
    struct system *sys = arg;

    slots_trim(sys);
    depot_trim(&sys->sched.depot);
    if (sys->env->trim != NULL)
        sys->env->trim(sys->env);
}

static void
trimmed(void *arg, int code)
{
    struct system *sys = arg;

    (void)code;
    atomic_store_explicit(&sys->trimming, false,
                          memory_order_release); /* pairs with the exchange in trim_do */
}

/* What the port has cached, unless somebody is there. */
static void
flush_port(struct sched *s)
{
    struct worker *port = sched_port_enter(s);

    pool_flush(&port->pool);
    sched_port_leave(s, port);
}

void
trim_do(struct worker *w, enum trim_what what)
{
    struct actx *x = actx_of(w);
    struct system *sys = x->sys;

    if (what == TRIM_OWN) {
        trim_own(x);
        return;
    }
    if (atomic_exchange_explicit(&sys->trimming, true, memory_order_acquire))
        return;
    slots_flush(x);
    flush_port(&sys->sched);
    if (sys->blocking == NULL || sys->blocking(sys->blocking_self, trim_shared, trimmed, sys) < 0) {
        trim_shared(sys);
        trimmed(sys, 0);
    }
}
