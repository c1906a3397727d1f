/* node_actors.c - the [actor NAME] sections: spawned at start, and everything under /user stopped in order at the end. */
#include "actor/life.h"
#include "msg/textval.h"
#include "node/node.h"
#include <string.h>

/* --- policies --- */
int
node_policies(struct node *n, struct err *e)
{
    const struct config *c = n->boot.config;

    for (size_t i = 0; i < c->actor.n; i++) {
        struct node_policy p = {.name = c->actor.v[i].name};
        int r;

        if (c->actor.v[i].keys.on_failure == NULL)
            continue;
        r = policy_parse(c->actor.v[i].keys.on_failure, &p.policy, e);
        if (r == 0 && vec_push(&n->policies, p) < 0)
            r = err_set(e, ERR_NOMEM, "no memory for policies");
        if (r < 0) {
            err_at(e, "[actor %s]", c->actor.v[i].name);
            return r;
        }
    }
    return 0;
}

const struct policy *
node_policy_of(void *self, const struct cell *c)
{
    struct node *n = self;

    if (c->parent != n->sys.user.slot || c->ext == NULL || c->ext->name == NULL)
        return NULL;
    vec_each (p, &n->policies)
        if (strlen(p->name) == c->ext->name_len && memcmp(p->name, c->ext->name, c->ext->name_len) == 0)
            return &p->policy;
    return NULL;
}

/* --- start --- */
struct starting {
    bool done;
    int r;
    actor_ref ref;
};

static void
started(void *arg, int r, actor_ref ref)
{
    struct starting *s = arg;

    s->done = true;
    s->r = r;
    s->ref = ref;
}

static int
check_policy(struct node *n, const struct config_actor *a, const struct behaviour *b, struct err *e)
{
    vec_each (p, &n->policies) {
        int r = strcmp(p->name, a->name) != 0 ? 0 : policy_check_state(&p->policy, b->undoable, e);

        if (r < 0)
            return r;
    }
    return 0;
}

static int
make_args(const struct config_actor *a, const struct behaviour *b, struct arena *mem, void **ret,
          struct err *e)
{
    struct textval t;
    int r;

    *ret = NULL;
    if (b->args == NULL) {
        if (a->nargs != 0)
            return err_set(e, ERR_CONFIG, "behaviour %s takes no start arguments", b->name);
        return 0;
    }
    *ret = arena_alloc(mem, b->args->schema->bytes);
    r = *ret == NULL ? -ERR_NOMEM : textval_begin(&t, b->args->schema, *ret, mem);
    for (size_t i = 0; i < a->nargs && r == 0; i++) {
        r = textval_set(&t, a->args[i].name, strlen(a->args[i].name), a->args[i].text,
                        strlen(a->args[i].text), e);
        if (r < 0)
            err_at(e, "%s", a->args[i].origin);
    }
    if (r == 0)
        r = textval_end(&t, e);
    return r == 0 || e->code != 0 ? r : err_set(e, -r, "%s", err_text(r));
}

static int
aliases(struct node *n, const struct config_actor *a, actor_ref ref, struct err *e)
{
    for (size_t i = 0; i < a->keys.alias.n; i++) {
        const char *name = a->keys.alias.v[i];
        int r = names_alias(&n->sys, name, (uint32_t)strlen(name), ref);

        if (r < 0)
            return err_set(e, -r, "alias %s: %s", name, err_text(r));
    }
    return 0;
}

static int
start_one(struct node *n, const struct config_actor *a, struct err *e)
{
    struct starting s = {0};
    struct behaviour *b = registry_find(&n->sys, a->keys.behaviour, strlen(a->keys.behaviour));
    struct arena mem;
    void *args;
    int r;

    if (b == NULL) {
        err_set(e, ERR_NOTFOUND, "no loaded plugin has a behaviour '%s'", a->keys.behaviour);
        return err_fix(e, "load its plugin in a [plugin NAME] section, or name it PLUGIN.BEHAVIOUR");
    }
    r = check_policy(n, a, b, e);
    if (r < 0)
        return r;
    arena_init(&mem, &n->memory, NULL, 0);
    r = make_args(a, b, &mem, &args, e);
    if (r == 0) {
        r = node_spawn(n, n->sys.user, b->name, a->name, args == NULL ? NULL : b->args, args, started, &s);
        while (r == 0 && !s.done) /* the workers run already; their answer comes through the loop */
            uv_run(n->boot.loop, UV_RUN_ONCE);
        if (r == 0)
            r = s.r;
        if (r < 0)
            err_set(e, -r, "cannot spawn it as %s: %s", b->name, err_text(r));
    }
    arena_drop(&mem);
    return r < 0 ? r : aliases(n, a, s.ref, e);
}

int
node_actors_start(void *ctx, struct err *e)
{
    struct boot *b = ctx;
    struct node *n = b->node;

    for (size_t i = 0; i < b->config->actor.n; i++) {
        int r = start_one(n, &b->config->actor.v[i], e);

        if (r < 0) {
            err_at(e, "[actor %s] (%s)", b->config->actor.v[i].name, b->config->actor.v[i].origin);
            return r;
        }
    }
    return 0;
}

/* --- stop: children before parents, each with its stop hook --- */
bool
node_actors_stop(void *ctx, const struct deadline *d)
{
    struct node *n = ((struct boot *)ctx)->node;
    struct actx *x;

    (void)d;
    if (!n->actors_asked) {
        n->actors_asked = true;
        atomic_store_explicit(&n->sys.stopping, true, memory_order_relaxed);
        x = system_enter(&n->sys, n->sys.root);
        cell_poke(x, cell_at(&n->sys, n->sys.user.slot), ATTN_STOP);
        system_leave(x);
    }
    return cell_gen(cell_at(&n->sys, n->sys.user.slot)) != n->sys.user.gen;
}
