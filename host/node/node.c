/* node.c - the loop's mailbox, spawning from outside, and the whole life. */
#include "node/crash.h"
#include "node/node.h"
#include "actor/call.h"
#include "actor/message.h"
#include <stdlib.h>
#include <string.h>

/* --- posts --- */
void
node_post(struct node *n, struct node_post *p)
{
    p->next = NULL;
    mutex_lock(&n->post_lock);
    *n->posts_end = p;
    n->posts_end = &p->next;
    mutex_unlock(&n->post_lock);
    uv_async_send(&n->posted);
}

static void
run_posts(uv_async_t *a)
{
    struct node *n = a->data;
    struct node_post *p;

    mutex_lock(&n->post_lock);
    p = n->posts;
    n->posts = NULL;
    n->posts_end = &n->posts;
    mutex_unlock(&n->post_lock);
    while (p != NULL) {
        struct node_post *next = p->next;

        p->fn(p);
        p = next;
    }
}

/* --- spawning --- */
struct spawning {
    struct node_post post;
    struct node *node;
    node_spawned_fn *done;
    void *arg;
    const struct msg_type *args_type;
    struct msg *args; /* a copy, whose block goes with this */
    int r;
    actor_ref ref;
    char behaviour[96], name[256];
};

static void
spawned(struct node_post *p)
{
    struct spawning *s = (struct spawning *)p; /* first member */

    s->done(s->arg, s->r, s->ref);
    free(s);
}

/* In the parent's slice. */
static void
spawn_here(struct actx *x, struct cell *parent, void *arg)
{
    struct spawning *s = arg;
    struct behaviour *b = registry_find(x->sys, s->behaviour, strlen(s->behaviour));
    struct cell *c;

    if (parent == NULL)
        s->r = -ERR_DEAD;
    else if (b == NULL)
        s->r = -ERR_NOTFOUND;
    else if (atomic_load_explicit(&x->sys->stopping, memory_order_relaxed))
        s->r = -ERR_STOPPING;
    else
        s->r = spawn_cell(x, &c, b, s->name, (uint32_t)strlen(s->name), NULL, s->args_type,
                          s->args == NULL ? NULL : msg_payload(s->args));
    if (s->r == 0)
        s->ref = c->ref;
    if (s->args != NULL)
        pool_put(&x->w.pool, MSG_CLASS(s->args->head), s->args);
    node_post(s->node, &s->post);
}

int
node_spawn(struct node *n, actor_ref parent, const char *behaviour, const char *name,
           const struct msg_type *args_type, const void *args, node_spawned_fn *done, void *arg)
{
    struct spawning *s = calloc(1, sizeof *s);
    struct actx *x;
    int r = 0;

    if (s == NULL)
        return -ERR_NOMEM;
    s->post.fn = spawned;
    s->node = n;
    s->done = done;
    s->arg = arg;
    s->args_type = args_type;
    if (strlen(behaviour) >= sizeof s->behaviour || (name != NULL && strlen(name) >= sizeof s->name)) {
        free(s);
        return -ERR_INVALID;
    }
    strcpy(s->behaviour, behaviour);
    if (name != NULL)
        strcpy(s->name, name);
    if (args != NULL) {
        x = system_enter(&n->sys, n->sys.root);
        r = message_build_type(x, &s->args, args_type, args, 0);
        system_leave(x);
    }
    if (r == 0)
        r = system_call(&n->sys, parent, spawn_here, s);
    if (r < 0) {
        if (s->args != NULL) {
            x = system_enter(&n->sys, n->sys.root);
            pool_put(&x->w.pool, MSG_CLASS(s->args->head), s->args);
            system_leave(x);
        }
        free(s);
    }
    return r;
}

/* --- life --- */
static void
tidy(uv_timer_t *t)
{
    struct node *n = t->data;

    if (n->runtime != NULL)
        runtime_tidy(n->runtime);
}

int
node_loop_start(void *ctx, struct err *e)
{
    struct boot *b = ctx;
    struct node *n = b->node;
    int r = uv_async_init(b->loop, &n->posted, run_posts);

    if (r == 0)
        r = uv_timer_init(b->loop, &n->tidy);
    if (r < 0)
        return err_set(e, ERR_IO, "no event loop: %s", uv_strerror(r));
    n->posted.data = n->tidy.data = n;
    crash_add(n);
    if (b->config->plugins.unload != RUNTIME_UNLOAD_NEVER)
        uv_timer_start(&n->tidy, tidy, 1000, 1000);
    return 0;
}

enum boot_end
node_run(struct config *c, const struct config_world *w, const char *notify_socket, struct err *e)
{
    struct node *n = calloc(1, sizeof *n);
    enum boot_end end;

    if (n == NULL) {
        err_set(e, ERR_NOMEM, "out of memory");
        return BOOT_FAILED;
    }
    mutex_init(&n->post_lock);
    n->posts_end = &n->posts;
    n->start_ns = env_mono_ns(env_real());
    end = boot_run(&n->boot, env_real(), c, w, node_phases, node_phases_n, n, notify_socket, e);
    crash_remove(n);
    if (end != BOOT_LATE) { /* else threads may still look at it: the process is about to end */
        backend_free(n);
        mutex_fini(&n->post_lock);
        vec_fini(&n->policies);
        free(n);
    }
    return end;
}
