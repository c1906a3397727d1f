/* backend_look.c - see backend_look.h. */
#include "node/backend_look.h"
#include <stdlib.h>
#include <string.h>

static uint64_t
listed(const struct msg *m)
{
    uint64_t n = 0;

    for (; m != NULL;
         m = atomic_load_explicit(&m->next, memory_order_acquire)) /* pairs with the release in mbox_push */
        n++;
    return n;
}

/* The owner may walk its mailbox: what is queued is linked, but for a pusher's last step. */
uint64_t
look_queued(const struct cell *c)
{
    uint64_t n = listed(atomic_load_explicit(&c->mb.head, memory_order_acquire)); /* pairs with mbox_push */

    return c->ext == NULL ? n : n + c->ext->nstash + listed(c->ext->replay);
}

/* Siblings are linked by the parent's turns only. */
uint64_t
look_children(const struct system *sys, const struct cell *c)
{
    uint64_t n = 0;

    for (uint32_t s = c->child; s != CELL_NONE; s = cell_at(sys, s)->older)
        n++;
    return n;
}

static const char *
state_word(const struct cell *c, uint64_t queued)
{
    switch ((enum cell_life)c->life) {
    case CELL_HELD:
    case CELL_RESTARTING:
        return "suspended";
    case CELL_STOPPING:
    case CELL_DEAD:
        return "stopping";
    case CELL_FREE:
    case CELL_NEW:
    case CELL_RUNNING:
        break;
    }
    return queued != 0 || c->life == CELL_NEW ? "ready" : "idle";
}

void
look_behaviour(struct look *l, const struct behaviour *beh)
{
    strncpy(l->behaviour, beh->name, sizeof l->behaviour - 1);
    strncpy(l->version, beh->version, sizeof l->version - 1);
    if (beh->plugin != NULL)
        strncpy(l->plugin, beh->plugin, sizeof l->plugin - 1);
}

void
look_take(struct look *l, struct actx *x, struct cell *c)
{
    size_t n = names_path(x->sys, c, NULL, 0);

    l->ref = c->ref;
    l->path = malloc(n + 1);
    if (l->path != NULL)
        names_path(x->sys, c, l->path, n + 1);
    look_behaviour(l, atomic_load_explicit(&c->beh, memory_order_relaxed));
    l->queued = look_queued(c);
    l->state = state_word(c, l->queued);
    l->turns = c->turn;
    l->failures = c->ext == NULL || c->ext->failure == NULL ? 0 : c->ext->failure->n;
    l->restarts = c->incarnation;
    l->children = look_children(x->sys, c);
    l->system = (c->flags & CELL_SYSTEM) != 0;
}

void
look_from_afar(struct look *l, struct backend *b, actor_ref who)
{
    l->ref = who;
    l->path = backend_path(b, who, NULL);
    look_behaviour(l, atomic_load_explicit(&cell_at(&b->n->sys, who.slot)->beh, memory_order_relaxed));
    l->state = "running";
}

void
look_fini(struct look *l)
{
    free(l->path);
    l->path = NULL;
}
