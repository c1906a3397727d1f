/* swapping.c - a swap under way.
 *
 *   begin: a struct swap for each behaviour, published in behaviour.swap      new children start on the new version at once
 *   step:  pass after pass of a sweep (actor/sweep.h): the workers move idle actors; busy ones switch in their own slices
 *   over:  no actor of the old version is left --> activate; or one refused --> the same back, by the reverse plan
 *
 * The structs that actors read (struct swap, plans) go when every worker has passed a slice end.
 */
#include "actor/sweep.h"
#include "actor/tnode.h"
#include "plugin/runtime_priv.h"
#include "sched/scheduler.h"
#include <string.h>

/* Steps between two passes of a sweep, and more for each that the last one took: who is left is busy for long or cannot move, and
 * looking at a million actors without end would cost a worker. */
enum { REST_LEAST = 4, REST_MOST = 20 };

enum stage {
    STAGE_FORWARD, /* old actors move to new */
    STAGE_TURN,    /* wait until nobody looks at the forward swap any more */
    STAGE_BACK,    /* new actors move to old */
    STAGE_NAMES,   /* names lead to the winner; wait for spawns that looked before, then move those too */
    STAGE_QUIET    /* nothing published any more; wait until nobody looks */
};

struct swapping {
    struct swapping *next; /* in rt->swapping */
    struct version *from, *to;
    struct bound *old, *new;
    struct swap_options options;
    struct swap_plan *plan, *back; /* back: made when it is needed */
    struct swap *swaps; /* one for each behaviour of old; those without successor have to == NULL */
    struct swap_status status;
    uint64_t start_ns;
    struct sweep *sweep;
    uint32_t rest; /* steps before its next pass */
    enum stage stage;
    uint64_t epoch; /* that the stage waits for */
};

static const struct swap_behaviour *
plan_of(const struct swap_plan *p, const char *name)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (p->v[i].from != NULL && p->v[i].to != NULL && strcmp(p->v[i].from->name, name) == 0)
            return &p->v[i];
    return NULL;
}

static const char *
short_name(const struct behaviour *b)
{
    return b->name + strlen(b->plugin) + 1;
}

/* Point every behaviour of `from` to its successor in `to`. */
static void
publish(struct runtime *rt, struct swapping *s, struct bound *from, struct bound *to,
        const struct swap_plan *plan)
{
    for (size_t i = 0; i < from->n; i++) {
        struct behaviour *b = &from->behaviours[i];
        const struct swap_behaviour *sb = plan_of(plan, short_name(b));
        struct swap *w = &s->swaps[i];

        w->id = ++rt->swaps;
        w->to = sb == NULL ? NULL : runtime_behaviour(to, sb->to->name);
        w->plan = sb == NULL ? NULL : sb->state;
        w->migrate = sb != NULL && sb->migrate && w->to->migrate != NULL;
        atomic_store_explicit(&w->done, 0, memory_order_relaxed);
        atomic_store_explicit(&w->refused, 0, memory_order_relaxed);
        atomic_store_explicit(&w->first_refused, 0, memory_order_relaxed);
        if (w->to != NULL) /* release; pairs with the acquire at the start of a slice */
            atomic_store_explicit(&b->swap, w, memory_order_release);
    }
    s->rest = 0;
}

static void
unpublish(struct bound *from)
{
    for (size_t i = 0; i < from->n; i++)
        atomic_store_explicit(&from->behaviours[i].swap, NULL, memory_order_release);
}

static uint64_t
actors_of(const struct bound *b)
{
    uint64_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        n += gauge_value(&b->behaviours[i].actors);
    return n;
}

/* Have those that `from` still has looked at, pass after pass. */
static void
sweep(struct swapping *s, const struct bound *from)
{
    if (!sweep_over(s->sweep)) {
        s->rest = s->rest + REST_LEAST < REST_MOST ? s->rest + REST_LEAST : REST_MOST;
    } else if (s->rest > 0) {
        s->rest--;
    } else {
        sweep_begin(s->sweep, from->behaviours, from->n);
        s->rest = REST_LEAST;
    }
}

static void
count(struct swapping *s, const struct bound *old)
{
    s->status.moved = s->status.refused = 0;
    for (size_t i = 0; i < old->n; i++) {
        struct swap *w = &s->swaps[i];
        uint32_t first;

        s->status.moved += atomic_load_explicit(&w->done, memory_order_relaxed);
        /* acquire; pairs with the release in refuse(): whoever is counted has left its reason, or was not the first */
        s->status.refused += atomic_load_explicit(&w->refused, memory_order_acquire);
        first = atomic_load_explicit(&w->first_refused, memory_order_relaxed);
        if (first != 0 && s->status.first_refused == 0) {
            s->status.first_refused = first;
            mutex_lock(&w->lock);
            s->status.err = w->err;
            mutex_unlock(&w->lock);
        }
    }
}

static void
swapping_free(struct runtime *rt, struct swapping *s)
{
    struct env *env = rt->sys->env;
    size_t n = s->old->n > s->new->n ? s->old->n : s->new->n;

    for (size_t i = 0; i < n; i++)
        mutex_fini(&s->swaps[i].lock);
    env_free(env, s->swaps, (n + 1) * sizeof *s->swaps);
    sweep_free(s->sweep);
    swap_plan_free(s->plan);
    swap_plan_free(s->back);
    for (struct swapping **p = &rt->swapping; *p != NULL; p = &(*p)->next)
        if (*p == s) {
            *p = s->next;
            break;
        }
    s->from->pins--;
    s->to->pins--;
    env_free(env, s, sizeof *s);
}

void
runtime_swaps_free(struct runtime *rt)
{
    while (rt->swapping != NULL)
        swapping_free(rt, rt->swapping);
}

static uint64_t
use_actors(void *self, const char *behaviour)
{
    const struct in_use *u = self;
    struct behaviour *b = runtime_behaviour(u->bound, behaviour);

    return b == NULL ? 0 : gauge_value(&b->actors);
}

/* Asks and timers that are armed, and jobs that run: their mail needs its row. */
static uint64_t
use_expected(void *self, const char *behaviour, const struct schema *type)
{
    const struct in_use *u = self;
    struct behaviour *b = runtime_behaviour(u->bound, behaviour);
    uint64_t n = b == NULL ? 0 : tnodes_waiting(u->sys, b, type->name);

    for (uint32_t i = 0; b != NULL && i < b->njobs; i++)
        if (strcmp(b->jobs[i].out->schema->name, type->name) == 0)
            n += atomic_load_explicit(&b->pins, memory_order_acquire);
    return n;
}

void
runtime_in_use(struct runtime *rt, const struct version *v, struct in_use *u, struct swap_use *ret)
{
    *u = (struct in_use){rt->sys, runtime_bound(rt, v)};
    *ret = (struct swap_use){.self = u, .actors = use_actors, .expected = use_expected};
}

int
runtime_swap(struct runtime *rt, struct version *to, const struct swap_options *o, struct swapping **ret,
             const struct swap_plan **ret_plan, struct err *e)
{
    struct env *env = rt->sys->env;
    struct version *from = catalogue_active(rt->catalogue, to->manifest->name);
    struct swapping *s;
    struct in_use in_use;
    struct swap_use use;
    size_t n;
    int r;

    if (from == NULL || from == to)
        return err_set(e, ERR_NOTFOUND, "%s %s: %s", to->manifest->name, to->manifest->version,
                       from == to ? "this version is active already" : "no version of this plugin is active");
    if (to->state == VERSION_UNLOADED || runtime_bound(rt, to) == NULL)
        return err_set(e, ERR_NOTFOUND, "%s %s is not loaded any more", to->manifest->name,
                       to->manifest->version);
    if (from->pins != 0 || to->pins != 0)
        return err_set(e, ERR_BUSY, "a swap of %s is under way", to->manifest->name);
    s = env_alloc(env, sizeof *s);
    if (s == NULL)
        return err_set(e, ERR_NOMEM, "no memory for a swap");
    s->from = from;
    s->to = to;
    s->old = runtime_bound(rt, from);
    s->new = runtime_bound(rt, to);
    s->options = *o;
    runtime_in_use(rt, from, &in_use, &use);
    n = s->old->n > s->new->n ? s->old->n : s->new->n;
    s->swaps = env_alloc(env, (n + 1) * sizeof *s->swaps);
    r = s->swaps == NULL || sweep_new(&s->sweep, rt->sys) < 0
            ? err_set(e, ERR_NOMEM, "no memory for a swap")
            : swap_plan_new(&s->plan, env, from->manifest, to->manifest, o->narrow, &use, e);
    if (r == 0) /* others may have come since it was loaded */
        r = catalogue_compare(rt->catalogue, to->manifest, NULL, e);
    if (r == 0 && s->plan->verdict == SWAP_IMPOSSIBLE)
        r = -(e->code != 0 ? e->code : ERR_MIGRATE);
    if (r < 0) {
        env_free(env, s->swaps, (n + 1) * sizeof *s->swaps);
        sweep_free(s->sweep);
        swap_plan_free(s->plan);
        env_free(env, s, sizeof *s);
        return r;
    }
    for (size_t i = 0; i < n; i++)
        mutex_init(&s->swaps[i].lock);
    from->pins++;
    to->pins++;
    s->start_ns = env_mono_ns(env);
    s->status.actors = actors_of(s->old);
    s->next = rt->swapping;
    rt->swapping = s;
    publish(rt, s, s->old, s->new, s->plan);
    *ret = s;
    if (ret_plan != NULL)
        *ret_plan = s->plan;
    return 0;
}

static uint64_t
refusals(const struct swapping *s, const struct bound *b)
{
    uint64_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        n += atomic_load_explicit(&s->swaps[i].refused, memory_order_relaxed);
    return n;
}

static void
stage(struct runtime *rt, struct swapping *s, enum stage next)
{
    s->stage = next;
    s->epoch = epoch_advance(&rt->sys->sched.epoch);
}

/* One could not follow: is there a way back for the rest? The reverse plan inverts renames and tests what it narrows. */
static bool
can_return(struct runtime *rt, struct swapping *s)
{
    return swap_plan_new(&s->back, rt->sys->env, s->to->manifest, s->from->manifest, true, NULL, NULL) == 0 &&
           s->back->verdict != SWAP_IMPOSSIBLE;
}

static void
forward(struct runtime *rt, struct swapping *s)
{
    uint64_t left = actors_of(s->old); /* before the counts: whoever left is in them */

    count(s, s->old);
    if (s->status.refused != 0 && !s->options.keep_refused) {
        s->options.keep_refused = !can_return(rt, s);
        if (!s->options.keep_refused) {
            unpublish(s->old);
            sweep_cancel(s->sweep);
            s->status.phase = SWAPPING_BACK;
            stage(rt, s, STAGE_TURN);
            return;
        }
    }
    if (left > s->status.refused) {
        sweep(s, s->old);
        return;
    }
    catalogue_activate(rt->catalogue, s->to);
    runtime_publish_names(rt); /* no memory: the old names lead to the new version by its swap */
    s->status.phase = SWAPPING_DONE;
    stage(rt, s, STAGE_NAMES);
}

static void
back(struct runtime *rt, struct swapping *s)
{
    if (actors_of(s->new) > refusals(s, s->new)) {
        sweep(s, s->new);
    } else {
        s->status.phase = SWAPPING_REVERTED;
        stage(rt, s, STAGE_NAMES);
    }
}

bool
runtime_swap_step(struct runtime *rt, struct swapping *s, struct swap_status *st)
{
    struct bound *loser = s->status.phase == SWAPPING_DONE ? s->old : s->new;
    bool passed = epoch_passed(&rt->sys->sched.epoch, s->epoch), over = false;

    if (s->stage <= STAGE_BACK)
        s->status.elapsed_ns = env_mono_ns(rt->sys->env) - s->start_ns;
    switch (s->stage) {
    case STAGE_FORWARD:
        forward(rt, s);
        break;
    case STAGE_TURN:
        if (passed && sweep_over(s->sweep)) {
            publish(rt, s, s->new, s->old, s->back);
            s->stage = STAGE_BACK;
        }
        break;
    case STAGE_BACK:
        back(rt, s);
        break;
    case STAGE_NAMES:
        if (actors_of(loser) > refusals(s, loser)) {
            sweep(s, loser);
        } else if (passed && sweep_over(s->sweep)) {
            unpublish(loser);
            stage(rt, s, STAGE_QUIET);
        }
        break;
    case STAGE_QUIET:
        over = passed;
        break;
    }
    *st = s->status;
    return over;
}

void
runtime_swap_end(struct runtime *rt, struct swapping *s)
{
    swapping_free(rt, s);
}
